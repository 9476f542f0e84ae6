//! What references name, where they are files, loose and packed (gitrepository-layout(5)).

use std::path::{Path, PathBuf};

use super::discover::Layout;
use super::unhex;
use crate::snapshot::{RepoPath, disk};

/// What a reference names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The object with this id.
    Object(Vec<u8>),
    /// Nothing: there is no such reference, or it is a branch without a commit yet.
    Nothing,
    /// References are kept in a way that is not read here, or are damaged.
    Unknown,
}

/// As many symbolic references as git follows.
const MAX_LINKS: usize = 5;
const MAX_LOOSE: u64 = 1 << 16;
const MAX_PACKED: u64 = 256 << 20;

/// Reads the reference with this whole name and what it leads to.
pub(super) fn read(layout: &Layout, name: &str) -> Target {
    if !layout.files_hold_refs {
        return Target::Unknown;
    }
    let mut name = name.as_bytes().to_vec();
    for _ in 0..MAX_LINKS {
        let path = place(layout, &name);
        let content = match disk::read_file(&path, MAX_LOOSE) {
            Ok(content) => content,
            // `core.preferSymlinkRefs`: the link's target is the name.
            Err(error) if is_absent(&error) && path.is_symlink() => return Target::Unknown,
            Err(error) if is_absent(&error) || path.is_dir() => return packed(layout, &name),
            Err(_) => return Target::Unknown,
        };
        match content.strip_prefix(b"ref:") {
            Some(target) => name = target.trim_ascii().to_vec(),
            None => return id(&content, layout.id_len).map_or(Target::Unknown, Target::Object),
        }
        if !name.starts_with(b"refs/") || !super::entries::is_sound(&name) {
            return Target::Unknown;
        }
    }
    Target::Unknown
}

/// Each worktree has a `HEAD` and some references of its own; the others are shared.
fn place(layout: &Layout, name: &[u8]) -> PathBuf {
    let is_own = !name.starts_with(b"refs/")
        || [b"refs/bisect/".as_slice(), b"refs/worktree/", b"refs/rewritten/"].iter().any(|own| name.starts_with(own));
    let base = if is_own { &layout.git_dir } else { &layout.common_dir };
    RepoPath::new(name).on_disk(base)
}

/// A branch can also be absent because another one is a directory of its name, or has been.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

fn packed(layout: &Layout, name: &[u8]) -> Target {
    match disk::read_file(&layout.common_dir.join(Path::new("packed-refs")), MAX_PACKED) {
        Ok(content) => find(&content, name, layout.id_len),
        Err(error) if is_absent(&error) => Target::Nothing,
        Err(_) => Target::Unknown,
    }
}

/// Each line of `packed-refs` is an id and a name; comments and the ids that tags lead to begin otherwise.
fn find(content: &[u8], name: &[u8], id_len: usize) -> Target {
    let start = 2 * id_len + 1;
    for at in memchr::memmem::find_iter(content, name) {
        let is_whole = matches!(content.get(at + name.len()), None | Some(b'\n' | b'\r'));
        let Some(line) = at.checked_sub(start).filter(|_| is_whole) else { continue };
        if (line == 0 || content[line - 1] == b'\n') && content[at - 1] == b' ' {
            return id(&content[line..at - 1], id_len).map_or(Target::Unknown, Target::Object);
        }
    }
    Target::Nothing
}

/// The id that a text begins with; a blank may follow, and anything behind that.
fn id(text: &[u8], id_len: usize) -> Option<Vec<u8>> {
    let (id, rest) = text.split_at_checked(2 * id_len)?;
    let is_whole = rest.first().is_none_or(u8::is_ascii_whitespace);
    unhex(std::str::from_utf8(id).ok().filter(|_| is_whole)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_references_by_their_whole_name() {
        let content = format!(
            "# pack-refs with: peeled fully-peeled sorted \n{} refs/heads/main-2\n{} refs/heads/main\n^{}\n",
            "1".repeat(40),
            "2".repeat(40),
            "3".repeat(40),
        );
        let look = |name: &str| find(content.as_bytes(), name.as_bytes(), 20);
        assert_eq!(look("refs/heads/main"), Target::Object(vec![0x22; 20]));
        assert_eq!(look("refs/heads/main-2"), Target::Object(vec![0x11; 20]));
        assert_eq!(look("refs/heads/mai"), Target::Nothing);
        assert_eq!(look("heads/main"), Target::Nothing);
        let (a, b) = ("a".repeat(40), vec![0xaa; 20]);
        assert_eq!(id(a.as_bytes(), 20), Some(b.clone()));
        assert_eq!(id(format!("{a}\t\tbranch 'x'\n").as_bytes(), 20), Some(b));
        assert_eq!(
            [format!(" {a}"), format!("{a}a"), a[1..].to_owned()].map(|text| id(text.as_bytes(), 20)),
            [None, None, None]
        );
    }
}
