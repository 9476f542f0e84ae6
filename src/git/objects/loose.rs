//! Objects in files of their own (gitformat-loose(5)): what has been committed lately is nearly always there.

use std::io::Read as _;
use std::path::Path;

use flate2::bufread::ZlibDecoder;

use super::object::{Fault, Kind, Object};
use crate::git::hex;
use crate::snapshot::disk;

/// More than any header has: kind, blank, twenty digits, null.
const MAX_HEADER: usize = 64;

/// The object that has a file of its own below `directory`.
pub(super) fn read(directory: &Path, id: &[u8]) -> Result<Object, Fault> {
    let name = hex(id);
    let Some((first, rest)) = name.split_at_checked(2) else { return Err(Fault::Absent) };
    let path = directory.join(first).join(rest);
    let deflated = disk::read_file(&path, disk::MAX_SIZE).map_err(|error| Fault::of_file(&path, &error))?;
    inflate(&deflated).unwrap_or_else(|| Err(Fault::damaged(id)))
}

/// Header and content are deflated together: `blob 6`, a null byte, and six bytes. `None` for what is damaged.
fn inflate(deflated: &[u8]) -> Option<Result<Object, Fault>> {
    let mut content = Vec::new();
    // Whatever a header claims, room is made for what is there.
    let limit = disk::MAX_SIZE + MAX_HEADER as u64;
    ZlibDecoder::new(deflated).take(limit).read_to_end(&mut content).ok()?;
    let end = content.iter().take(MAX_HEADER).position(|byte| *byte == 0)?;
    let space = memchr::memchr(b' ', &content[..end])?;
    let kind = Kind::named(&content[..space])?;
    let size: u64 = std::str::from_utf8(&content[space + 1..end]).ok()?.parse().ok()?;
    if size > disk::MAX_SIZE && content.len() as u64 == limit {
        return Some(Err(Fault::TooLarge));
    }
    content.drain(..=end);
    (content.len() as u64 == size).then_some(Ok(Object { kind, content }))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("written to memory");
        encoder.finish().expect("written to memory")
    }

    #[test]
    fn whole_objects_only() {
        let whole = deflated(b"blob 6\0hello\n");
        assert_eq!(inflate(&whole), Some(Ok(Object { kind: Kind::Blob, content: b"hello\n".to_vec() })));
        for end in 0..whole.len() {
            assert_eq!(inflate(&whole[..end]), None, "{end}");
        }
        for text in [
            &b"blob 7\0hello\n"[..],
            b"blob 5\0hello\n",
            b"blob 8589934592\0x",
            b"blob -1\0",
            b"blob",
            b"blub 0\0",
            b"tree\0",
            b"",
        ] {
            assert_eq!(inflate(&deflated(text)), None, "{text:?}");
        }
    }
}
