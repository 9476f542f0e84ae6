//! What the reading of an object yields: its kind and content, or why there is none.

use std::fmt;
use std::io;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::git::error::shown;
use crate::git::hex;

/// The four kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::git) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Kind {
    /// The kind of this name, as headers spell it.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        [Self::Commit, Self::Tree, Self::Blob, Self::Tag].into_iter().find(|kind| kind.name().as_bytes() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// An object as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) content: Vec<u8>,
}

impl Object {
    /// Whether this is the object with this id.
    pub(super) fn has_id(&self, id: &[u8]) -> bool {
        is_hash(id, self.kind, &self.content)
    }
}

/// Whether this is the content of the blob with this id.
pub(in crate::git) fn is_blob(id: &[u8], content: &[u8]) -> bool {
    is_hash(id, Kind::Blob, content)
}

/// Git names each object by the hash of its kind, size and content.
fn is_hash(id: &[u8], kind: Kind, content: &[u8]) -> bool {
    let header = format!("{kind} {}\0", content.len());
    if id.len() == 20 {
        Sha1::new().chain_update(header).chain_update(content).finalize().as_slice() == id
    } else {
        Sha256::new().chain_update(header).chain_update(content).finalize().as_slice() == id
    }
}

/// Why there is no object. In the order of how much it says: of two places, the one to tell of is the greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::git) enum Fault {
    /// It is nowhere.
    Absent,
    /// What is stored is not what its id names: cut short, changed, or no object at all.
    Damaged(String),
    /// It is of another kind than was asked for.
    OtherKind(Kind),
    /// It is longer than anybody wants to read.
    TooLarge,
    /// A file that holds it, or could, cannot be read; which, and why.
    Unreadable(String),
}

impl Fault {
    /// A file that is not there holds nothing; of one that cannot be read, nobody knows.
    pub(super) fn of_file(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent,
            io::ErrorKind::PermissionDenied => Self::Unreadable(format!("{}: Permission denied", shown(path))),
            _ => Self::Unreadable(format!("{}: {error}", shown(path))),
        }
    }

    pub(super) fn damaged(id: &[u8]) -> Self {
        Self::Damaged(hex(id))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("the object is missing from the repository"),
            Self::Damaged(id) => write!(formatter, "the object {id} is damaged"),
            Self::OtherKind(wanted) => write!(formatter, "not a {wanted}"),
            Self::TooLarge => formatter.write_str("larger than 256 MB"),
            Self::Unreadable(reason) => formatter.write_str(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::unhex;

    #[test]
    fn a_blob_is_known_by_its_hash() {
        let id = unhex("ce013625030ba8dba906f756967f9e9ca394464a").expect("hexadecimal");
        assert!(is_blob(&id, b"hello\n"));
        assert!(!is_blob(&id, b"hello"));
        let id = unhex("2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4").expect("hexadecimal");
        assert!(is_blob(&id, b"hello\n"));
    }
}
