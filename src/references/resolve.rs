//! From what a file writes to what the view holds.

use crate::snapshot::{Absence, Lead, Mode, RepoPath, Snapshot, under};

/// What the view holds at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A file, a link, or something that only Nix could tell.
    File,
    /// A directory; whether `default.nix` is in it.
    Directory {
        /// A directory that is imported needs it.
        has_default: bool,
    },
    /// Nothing. The path is what the links on the way lead to.
    Nothing(RepoPath),
    /// The path leads out of the repository.
    Outside,
}

/// Looks `path` up. One that exists costs two searches in the sorted list of entries.
pub(super) fn find(snapshot: &Snapshot, path: &RepoPath) -> Found {
    if let Some(entry) = snapshot.entry_now(path)
        && entry.mode != Mode::Submodule
    {
        return match entry.mode {
            Mode::Symlink => find_through_links(snapshot, path),
            _ => Found::File,
        };
    }
    if snapshot.has_directory(path) {
        return directory(snapshot, path);
    }
    find_through_links(snapshot, path)
}

/// Follows tracked links on the way. What a link hides outside the view is taken to exist: nobody here can tell.
fn find_through_links(snapshot: &Snapshot, path: &RepoPath) -> Found {
    match snapshot.follow(path) {
        Lead::Directory(target) => directory(snapshot, &target),
        Lead::Nothing(target) => Found::Nothing(target),
        Lead::Outside => Found::Outside,
        Lead::Circle => Found::Nothing(path.clone()),
        Lead::File(_) | Lead::Away | Lead::Unknown => Found::File,
    }
}

fn directory(snapshot: &Snapshot, path: &RepoPath) -> Found {
    Found::Directory { has_default: snapshot.has_file(&path.child("default.nix")) }
}

/// What `path` leads to if a directory on the way that is a link is called as the view calls it, in other case; the path
/// is written with the link's name then.
pub(super) fn through_other_case(snapshot: &Snapshot, path: &RepoPath) -> Option<RepoPath> {
    let bytes = path.as_bytes();
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(index, _)| index);
    let missing = slashes.map(|end| RepoPath::new(&bytes[..end])).find(|above| !snapshot.has_directory(above))?;
    let Absence::OtherCase(link) = snapshot.absence(&missing) else { return None };
    snapshot.link_target(&link)?;
    let whole = link.join(bytes.get(missing.as_bytes().len() + 1..)?)?;
    matches!(snapshot.follow(&whole), Lead::File(_) | Lead::Directory(_)).then_some(whole)
}

/// Whether `path` is a link that `nix build` leaves in a flake's directory, or below one.
pub(super) fn is_build_result(path: &RepoPath, flake: &RepoPath) -> bool {
    let inside = path.as_bytes().get(flake.as_bytes().len()..).unwrap_or_default();
    let first = inside.split(|byte| *byte == b'/').find(|part| !part.is_empty()).unwrap_or_default();
    under(path.as_bytes(), flake.as_bytes()) && (first == b"result" || first.starts_with(b"result-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{FileState, Memory};

    #[test]
    fn files_directories_and_what_is_missing() {
        let snapshot = Memory::new()
            .file("a/default.nix", "", FileState::Tracked)
            .file("b/x.nix", "", FileState::Tracked)
            .file("c.nix", "", FileState::Untracked)
            .snapshot();
        let look = |path: &str| find(&snapshot, &path.into());
        assert_eq!(look("b/x.nix"), Found::File);
        assert_eq!(look("a"), Found::Directory { has_default: true });
        assert_eq!(look("b"), Found::Directory { has_default: false });
        assert_eq!(look("c.nix"), Found::Nothing("c.nix".into()));
        assert_eq!(look("b/x.nix/y"), Found::Nothing("b/x.nix/y".into()));
    }

    #[test]
    fn a_link_in_other_case() {
        let snapshot = Memory::new()
            .file("d/x.nix", "", FileState::Tracked)
            .file("sub/link", "../d", FileState::Link)
            .file("sub/gone", "nowhere", FileState::Link)
            .snapshot();
        let look = |path: &str| through_other_case(&snapshot, &path.into());
        assert_eq!(look("sub/Link/x.nix"), Some("sub/link/x.nix".into()));
        assert_eq!(look("sub/Link/y.nix"), None);
        assert_eq!(look("sub/Gone/x.nix"), None);
        assert_eq!(look("D/x.nix"), None);
    }

    #[test]
    fn a_build_result_is_known_by_its_place() {
        assert!(is_build_result(&"sub/result-man/x".into(), &"sub".into()));
        assert!(!is_build_result(&"sub/results/x".into(), &"sub".into()));
    }
}
