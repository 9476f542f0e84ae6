//! Where symbolic links of the view lead.

use super::{Mode, RepoPath, Snapshot};

/// What a path leads to, with every link of the view on the way followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    /// To this file.
    File(RepoPath),
    /// To this directory.
    Directory(RepoPath),
    /// To this path, which the view does not hold; a submodule counts as nothing, for what is in it is not in the view.
    Nothing(RepoPath),
    /// The path goes on out of the repository.
    Outside,
    /// A link on the way points out of the repository.
    Away,
    /// The links lead in a circle, or there are more of them than Linux follows.
    Circle,
    /// Into what the view does not list, or cannot read: nobody here can tell.
    Unknown,
}

/// As many links as Linux follows in one path.
const MAX_LINKS: usize = 40;

impl Snapshot {
    /// Follows the links of the view on the way of `path`, and the one that it may itself be.
    #[must_use]
    pub fn follow(&self, path: &RepoPath) -> Lead {
        let mut target = path.clone();
        for _ in 0..=MAX_LINKS {
            if self.has_directory(&target) {
                return Lead::Directory(target);
            }
            let Some((leaf, mode)) = self.leaf_above(&target) else { return Lead::Nothing(target) };
            match mode {
                Mode::Symlink => {}
                Mode::File | Mode::Executable if leaf == target => return Lead::File(target),
                Mode::SparseDirectory => return Lead::Unknown,
                Mode::File | Mode::Executable | Mode::Submodule => return Lead::Nothing(target),
            }
            let rest = target.as_bytes().get(leaf.as_bytes().len()..).unwrap_or_default();
            let Some(points) = self.link_target(&leaf) else { return Lead::Unknown };
            let Some(next) = leaf.parent().join(&points) else { return Lead::Away };
            let Some(next) = next.join(rest.strip_prefix(b"/").unwrap_or(rest)) else { return Lead::Outside };
            target = next;
        }
        Lead::Circle
    }

    /// The entry that is `path` or a parent of it: the first from the top.
    fn leaf_above(&self, path: &RepoPath) -> Option<(RepoPath, Mode)> {
        let bytes = path.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(index, _)| index);
        slashes.chain([bytes.len()]).find_map(|end| {
            let entry = self.entry_at(&bytes[..end])?;
            Some((RepoPath::new(entry.path), self.store.mode_now(entry)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{FileState, Memory};

    #[test]
    fn links_are_followed_as_far_as_they_lead() {
        let snapshot = Memory::new()
            .file("d/x.nix", "", FileState::Tracked)
            .file("link", "d", FileState::Link)
            .file("a/far", "../link/x.nix", FileState::Link)
            .file("gone", "nowhere", FileState::Link)
            .file("away", "../elsewhere", FileState::Link)
            .file("round", "./round", FileState::Link)
            .snapshot();
        let look = |path: &str| snapshot.follow(&path.into());
        assert_eq!(look("d/x.nix"), Lead::File("d/x.nix".into()));
        assert_eq!(look("link"), Lead::Directory("d".into()));
        assert_eq!(look("link/x.nix"), Lead::File("d/x.nix".into()));
        assert_eq!(look("a/far"), Lead::File("d/x.nix".into()));
        assert_eq!(look("gone"), Lead::Nothing("nowhere".into()));
        assert_eq!(look("d/x.nix/y"), Lead::Nothing("d/x.nix/y".into()));
        assert_eq!(look("away/x"), Lead::Away);
        assert_eq!(look("round"), Lead::Circle);
    }
}
