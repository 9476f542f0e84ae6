//! The list of files that git tracks in a view: offsets into one buffer, sorted bytewise by path.

use std::ops::Range;

use super::index::cache_tree::CacheTree;
use crate::snapshot::{Entry, Mode};

pub(super) const INTENT_TO_ADD: u8 = 1;
pub(super) const SKIP_WORKTREE: u8 = 2;

/// Where one entry's path and id lie in the buffer.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) path: u32,
    pub(super) path_len: u32,
    pub(super) id: u32,
    pub(super) mode: Mode,
    pub(super) stage: u8,
    pub(super) flags: u8,
}

/// Entries sorted bytewise by path, each path once.
pub(super) struct EntryList {
    bytes: Vec<u8>,
    records: Vec<Record>,
    id_len: usize,
    cache_tree: Option<Range<usize>>,
}

impl EntryList {
    /// Takes records that point into `bytes`, in any order. Of a conflicted path one entry stays: our side, else
    /// theirs, which is what a merge leaves in the worktree, else the base.
    pub(super) fn new(bytes: Vec<u8>, records: Vec<Record>, id_len: usize) -> Self {
        let mut list = Self { bytes, records, id_len, cache_tree: None };
        let bytes = &list.bytes;
        if !list.records.is_sorted_by(|a, b| path_of(bytes, a) < path_of(bytes, b)) {
            let order = |a: &Record, b: &Record| {
                path_of(bytes, a).cmp(path_of(bytes, b)).then_with(|| rank(a.stage).cmp(&rank(b.stage)))
            };
            list.records.sort_by(order);
            list.records.dedup_by(|later, first| path_of(bytes, later) == path_of(bytes, first));
        }
        list
    }

    /// Says where in the bytes the index keeps the trees of its directories.
    pub(super) fn with_cache_tree(mut self, body: Option<Range<usize>>) -> Self {
        self.cache_tree = body;
        self
    }

    /// The trees that the index knows of its directories; `None` where it knows none.
    pub(super) fn cache_tree(&self) -> Option<CacheTree<'_>> {
        CacheTree::parse(self.bytes.get(self.cache_tree.clone()?)?, self.id_len)
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn path(&self, index: usize) -> &[u8] {
        self.records.get(index).map(|record| path_of(&self.bytes, record)).unwrap_or_default()
    }

    pub(super) fn get(&self, index: usize) -> Entry<'_> {
        let record = &self.records[index];
        let id = record.id as usize;
        Entry {
            path: path_of(&self.bytes, record),
            mode: record.mode,
            id: self.bytes.get(id..id + self.id_len).unwrap_or_default(),
            intent_to_add: record.flags & INTENT_TO_ADD != 0,
            skip_worktree: record.flags & SKIP_WORKTREE != 0,
            conflicted: record.stage != 0,
        }
    }

    /// The first index in `range` whose path is not less than `path`.
    pub(super) fn lower_bound(&self, range: Range<usize>, path: &[u8]) -> usize {
        let start = range.start.min(self.len());
        let end = range.end.clamp(start, self.len());
        start + self.records[start..end].partition_point(|record| path_of(&self.bytes, record) < path)
    }

    /// The same, for a path that is likely to be near the beginning of the range.
    pub(super) fn lower_bound_near(&self, range: Range<usize>, path: &[u8]) -> usize {
        let end = range.end.min(self.len());
        let (mut start, mut step) = (range.start.min(end), 1);
        while start + step <= end && self.path(start + step - 1) < path {
            start += step;
            step *= 2;
        }
        self.lower_bound(start..end.min(start + step), path)
    }

    /// The index of exactly this path.
    pub(super) fn position(&self, path: &[u8]) -> Option<usize> {
        let index = self.lower_bound(0..self.len(), path);
        (index < self.len() && self.path(index) == path).then_some(index)
    }

    pub(super) fn find(&self, path: &[u8]) -> Option<Entry<'_>> {
        self.position(path).map(|index| self.get(index))
    }

    /// The entries strictly below a directory, as a range of indices.
    pub(super) fn below(&self, directory: &[u8]) -> Range<usize> {
        if directory.is_empty() {
            return 0..self.len();
        }
        let mut bound = [directory, b"/"].concat();
        let start = self.lower_bound(0..self.len(), &bound);
        // The byte after the slash bounds everything that begins with it.
        if let Some(last) = bound.last_mut() {
            *last = b'0';
        }
        start..self.lower_bound(start..self.len(), &bound)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }
}

/// Collects entries that do not lie in one buffer already.
pub(super) struct Builder {
    bytes: Vec<u8>,
    records: Vec<Record>,
    id_len: usize,
}

impl Builder {
    pub(super) fn new(id_len: usize) -> Self {
        Self { bytes: Vec::new(), records: Vec::new(), id_len }
    }

    pub(super) fn push(&mut self, path: &[u8], id: &[u8], mode: Mode, stage: u8, flags: u8) {
        let (Ok(at), Ok(path_len)) = (u32::try_from(self.bytes.len()), u32::try_from(path.len())) else { return };
        self.bytes.extend_from_slice(path);
        let id_at = at + path_len;
        self.bytes.extend_from_slice(id);
        self.bytes.resize(self.bytes.len() + self.id_len.saturating_sub(id.len()), 0);
        self.records.push(Record { path: at, path_len, id: id_at, mode, stage, flags });
    }

    pub(super) fn finish(self) -> EntryList {
        EntryList::new(self.bytes, self.records, self.id_len)
    }
}

fn path_of<'a>(bytes: &'a [u8], record: &Record) -> &'a [u8] {
    let start = record.path as usize;
    bytes.get(start..start + record.path_len as usize).unwrap_or_default()
}

const fn rank(stage: u8) -> u8 {
    match stage {
        0 => 0,
        2 => 1,
        3 => 2,
        _ => 3,
    }
}

/// The kind of file that git's mode bits mean.
pub(super) const fn mode(bits: u32) -> Mode {
    match bits & 0o170_000 {
        0o120_000 => Mode::Symlink,
        0o160_000 => Mode::Submodule,
        0o040_000 => Mode::SparseDirectory,
        _ if bits & 0o111 != 0 => Mode::Executable,
        _ => Mode::File,
    }
}

/// Whether a path may be one of a repository's: git refuses the others, and following them could leave the worktree.
pub(super) fn is_sound(path: &[u8]) -> bool {
    is_plain(path) || has_sound_parts(path)
}

/// Whether the path is sound at first sight, as most are: no part begins with a full stop.
#[expect(clippy::needless_bitwise_bool, reason = "without a way out of the loop many bytes are looked at at once")]
fn is_plain(path: &[u8]) -> bool {
    let (Some(first), Some(last)) = (path.first(), path.last()) else { return false };
    let next = path.get(1..).unwrap_or_default();
    let is_odd = |odd: bool, (byte, next): (&u8, &u8)| odd | ((*byte == b'/') & ((*next == b'/') | (*next == b'.')));
    !matches!(first, b'/' | b'.') && *last != b'/' && !path.iter().zip(next).fold(false, is_odd)
}

fn has_sound_parts(path: &[u8]) -> bool {
    let mut start = true;
    for (index, byte) in path.iter().enumerate() {
        if start && (*byte == b'/' || (*byte == b'.' && is_dots(&path[index..]))) {
            return false;
        }
        start = *byte == b'/';
    }
    !start
}

fn is_dots(rest: &[u8]) -> bool {
    let component = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
    matches!(component, b"." | b"..") || component.eq_ignore_ascii_case(b".git")
}
