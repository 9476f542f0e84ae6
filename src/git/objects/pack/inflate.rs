//! The entries of a pack: a header, and deflated bytes behind it.

use std::fs::File;

use flate2::{Decompress, FlushDecompress, Status};

use super::at::read_at;

/// As much of a pack is read at once.
const CHUNK: usize = 4 << 10;

/// As much, where an entry is long.
const LONG_CHUNK: usize = 64 << 10;

/// More than any header needs.
const MAX_HEADER: usize = 48;

/// What stands at a place of a pack.
pub(super) struct Header {
    /// The number of its kind: 1 to 4 are objects as they are, 6 and 7 changes to another.
    pub(super) kind: u8,
    /// Of the inflated bytes.
    pub(super) size: u64,
    /// Where what follows begins.
    pub(super) end: u64,
}

/// Reads pieces of one file after another, with what all of them need.
pub(super) struct Inflater {
    state: Decompress,
    window: Window,
}

/// A piece of the file.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    start: u64,
}

impl Window {
    /// The bytes at this place, at least `least` of them where the file has so many; else `chunk` are read.
    fn bytes(&mut self, file: &File, at: u64, least: usize, chunk: usize) -> Option<&[u8]> {
        let known = at.checked_sub(self.start).and_then(|skip| usize::try_from(skip).ok());
        let known = known.filter(|skip| self.bytes.len() >= skip.saturating_add(least));
        if known.is_none() {
            self.bytes.resize(chunk, 0);
            let read = read_at(file, at, &mut self.bytes).ok()?;
            self.bytes.truncate(read);
            self.start = at;
        }
        Some(&self.bytes[known.unwrap_or(0)..])
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self { state: Decompress::new(true), window: Window::default() }
    }
}

impl Inflater {
    /// Forgets what was read of another file.
    pub(super) fn begin(&mut self) {
        self.window = Window { bytes: std::mem::take(&mut self.window.bytes), start: 0 };
        self.window.bytes.clear();
    }

    /// The header of the entry at this place; `None` where there is none.
    pub(super) fn header(&mut self, file: &File, at: u64) -> Option<Header> {
        let bytes = self.window.bytes(file, at, MAX_HEADER, CHUNK)?;
        let (first, rest) = bytes.split_first()?;
        let mut size = u64::from(first & 15);
        let mut last = first;
        let mut length = 1;
        // Four bits, then seven a byte.
        for (index, byte) in rest.iter().enumerate().take(8) {
            if last & 0x80 == 0 {
                break;
            }
            size |= u64::from(byte & 0x7f) << (4 + 7 * index);
            last = byte;
            length += 1;
        }
        (last & 0x80 == 0).then(|| Header { kind: first >> 4 & 7, size, end: at + length })
    }

    /// How far before an entry its base stands, and where what follows begins.
    pub(super) fn distance(&mut self, file: &File, at: u64) -> Option<(u64, u64)> {
        let bytes = self.window.bytes(file, at, MAX_HEADER / 2, CHUNK)?;
        let mut distance = u64::from(bytes.first()? & 0x7f);
        let mut length = 1;
        while bytes[length - 1] & 0x80 != 0 {
            let byte = *bytes.get(length)?;
            // Each byte that follows adds one, so that no distance can be written in two ways.
            distance = distance.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
            length += 1;
        }
        Some((distance, at + length as u64))
    }

    /// The id at this place.
    pub(super) fn id(&mut self, file: &File, at: u64, id_len: usize) -> Option<Vec<u8>> {
        Some(self.window.bytes(file, at, id_len, CHUNK)?.get(..id_len)?.to_vec())
    }

    /// Whether more than `limit` bytes are deflated at this place.
    pub(super) fn is_longer(&mut self, file: &File, mut at: u64, limit: u64) -> bool {
        let mut passed = Vec::with_capacity(LONG_CHUNK);
        self.state.reset(true);
        while self.state.total_out() <= limit {
            let Some(bytes) = self.window.bytes(file, at, 1, LONG_CHUNK) else { return false };
            let before = (self.state.total_in(), self.state.total_out());
            passed.clear();
            match self.state.decompress_vec(bytes, &mut passed, FlushDecompress::None) {
                Ok(Status::Ok | Status::BufError) if before != (self.state.total_in(), self.state.total_out()) => {}
                _ => return self.state.total_out() > limit,
            }
            at += self.state.total_in() - before.0;
        }
        true
    }

    /// The `size` bytes that are deflated at this place. `None` where there are fewer, or more.
    pub(super) fn inflate(&mut self, file: &File, mut at: u64, size: u64) -> Option<Vec<u8>> {
        let size = usize::try_from(size).ok()?;
        // What is claimed is not trusted with memory.
        let mut content = Vec::with_capacity((size + 1).min(1 << 20));
        self.state.reset(true);
        let mut chunk = CHUNK;
        while content.len() <= size {
            if content.len() == content.capacity() {
                // One more than there should be, to see whether there is more.
                content.try_reserve((size + 1 - content.len()).min(content.len())).ok()?;
            }
            let bytes = self.window.bytes(file, at, 1, chunk)?;
            let before = (self.state.total_in(), content.len());
            let status = self.state.decompress_vec(bytes, &mut content, FlushDecompress::None).ok()?;
            at += self.state.total_in() - before.0;
            if status == Status::StreamEnd {
                return (content.len() == size).then_some(content);
            }
            let has_room = content.len() < content.capacity();
            if (self.state.total_in(), content.len()) == before && has_room {
                return None;
            }
            chunk = LONG_CHUNK;
        }
        None
    }
}
