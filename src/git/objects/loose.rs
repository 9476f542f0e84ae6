//! Objects in files of their own (gitformat-loose(5)): what has been committed lately is nearly always there.
//!
//! They are not left to libgit2: it does not come back from one that was cut short
//! (<https://github.com/libgit2/libgit2/issues/7342>), it makes room for as much as a header claims, and opening it takes
//! longer than reading the few objects that a commit needs.

use std::cell::OnceCell;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use flate2::bufread::ZlibDecoder;

use crate::git::hex;
use crate::snapshot::{RepoPath, disk};

/// A directory `objects`, and those that it borrows from.
pub(super) struct Loose {
    directory: PathBuf,
    alternates: OnceCell<Vec<PathBuf>>,
}

/// Why there is no content.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// There is no such file.
    Absent,
    /// There is one that cannot be read: a pipe, one that may not be opened.
    Unreadable(String),
    /// What the file holds is no object, or is cut short.
    Damaged,
    /// It is of another kind.
    OtherKind,
    /// It is longer than anybody wants to read.
    TooLarge,
}

/// As many directories as git follows from one to the next.
const MAX_DEPTH: usize = 5;

/// As many directories are looked into.
const MAX_ALTERNATES: usize = 100;

/// More than any header has: kind, blank, twenty digits, null.
const MAX_HEADER: usize = 64;

impl Loose {
    pub(super) const fn new(directory: PathBuf) -> Self {
        Self { directory, alternates: OnceCell::new() }
    }

    /// The content of an object of this kind.
    pub(super) fn read(&self, id: &[u8], kind: &str) -> Result<Vec<u8>, Missing> {
        let name = hex(id);
        let Some((first, rest)) = name.split_at_checked(2) else { return Err(Missing::Absent) };
        let place = Path::new(first).join(rest);
        match read_file(&self.directory.join(&place), kind) {
            Err(Missing::Absent) => {}
            read => return read,
        }
        let alternates = self.alternates.get_or_init(|| alternates_of(&self.directory)).iter();
        let mut read = alternates.map(|directory| read_file(&directory.join(&place), kind));
        read.find(|read| *read != Err(Missing::Absent)).unwrap_or(Err(Missing::Absent))
    }
}

fn read_file(path: &Path, kind: &str) -> Result<Vec<u8>, Missing> {
    let deflated = match disk::read_file(path, disk::MAX_SIZE) {
        Ok(deflated) => deflated,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(Missing::Absent);
        }
        Err(error) => return Err(Missing::Unreadable(error.to_string())),
    };
    inflate(&deflated, kind)
}

/// Header and content are deflated together: `blob 6`, a null byte, and six bytes.
fn inflate(deflated: &[u8], kind: &str) -> Result<Vec<u8>, Missing> {
    let mut content = Vec::new();
    // Whatever a header claims, room is made for what is there.
    let mut decoder = ZlibDecoder::new(deflated).take(disk::MAX_SIZE + MAX_HEADER as u64);
    decoder.read_to_end(&mut content).map_err(|_| Missing::Damaged)?;
    let end = content.iter().take(MAX_HEADER).position(|byte| *byte == 0).ok_or(Missing::Damaged)?;
    let header = std::str::from_utf8(&content[..end]).map_err(|_| Missing::Damaged)?;
    let (found, size) = header.split_once(' ').ok_or(Missing::Damaged)?;
    let size: u64 = size.parse().map_err(|_| Missing::Damaged)?;
    if found != kind {
        return Err(if matches!(found, "blob" | "tree" | "commit" | "tag") {
            Missing::OtherKind
        } else {
            Missing::Damaged
        });
    }
    if size > disk::MAX_SIZE {
        return Err(Missing::TooLarge);
    }
    content.drain(..=end);
    if content.len() as u64 == size { Ok(content) } else { Err(Missing::Damaged) }
}

/// The directories that `info/alternates` names, and those that theirs do. Relative ones are taken from the first only,
/// as git does.
fn alternates_of(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut pending = vec![(directory.to_path_buf(), 0)];
    while let Some((directory, depth)) = pending.pop() {
        let Ok(content) = disk::read_file(&directory.join("info/alternates"), 1 << 20) else { continue };
        for line in content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && line[0] != b'#') {
            let path = RepoPath::new(line).on_disk(Path::new(""));
            let path = if depth == 0 { directory.join(path) } else { path };
            if path.is_absolute() && !found.contains(&path) && found.len() < MAX_ALTERNATES {
                found.push(path.clone());
                if depth < MAX_DEPTH {
                    pending.push((path, depth + 1));
                }
            }
        }
    }
    found
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
        assert_eq!(inflate(&whole, "blob"), Ok(b"hello\n".to_vec()));
        assert_eq!(inflate(&whole, "tree"), Err(Missing::OtherKind));
        for end in 0..whole.len() {
            // The checksum at the end is not needed to know the content.
            let read = inflate(&whole[..end], "blob");
            assert!(read == Err(Missing::Damaged), "{end}: {read:?}");
        }
        for (text, wanted) in [
            (&b"blob 7\0hello\n"[..], Missing::Damaged),
            (b"blob 5\0hello\n", Missing::Damaged),
            (b"blob 8589934592\0x", Missing::TooLarge),
            (b"blob -1\0", Missing::Damaged),
            (b"blob", Missing::Damaged),
            (b"blub 0\0", Missing::Damaged),
            (b"", Missing::Damaged),
        ] {
            assert_eq!(inflate(&deflated(text), "blob"), Err(wanted), "{text:?}");
        }
    }

    #[test]
    fn directories_that_borrow_from_each_other_end() {
        let top = tempfile::tempdir().expect("a place for files");
        for (name, other) in [("a", "../b\n#x\n\n"), ("b", "../a\n")] {
            std::fs::create_dir_all(top.path().join(name).join("info")).expect("a directory");
            std::fs::write(top.path().join(name).join("info/alternates"), other).expect("a file");
        }
        assert_eq!(alternates_of(&top.path().join("a")), [top.path().join("a/../b")]);
    }
}
