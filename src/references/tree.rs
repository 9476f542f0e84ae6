//! Which flake a file belongs to.

use crate::flake::Flake;
use crate::snapshot::{RepoPath, Snapshot};

/// The directories that hold a flake, so that a file's flake is a few look-ups away.
///
/// Nix copies the whole repository, but a file counts for a flake when it lies below the flake's directory: what lies
/// elsewhere is that flake's business only where a path names it.
#[derive(Clone, Debug, Default)]
pub struct FlakeTrees {
    dirs: Vec<RepoPath>,
}

impl FlakeTrees {
    /// The directories of these flakes.
    #[must_use]
    pub fn of(flakes: &[Flake]) -> Self {
        Self::new(flakes.iter().map(|flake| flake.dir.clone()).collect())
    }

    /// Adds the directories of flakes that the view does not hold yet: a `flake.nix` that is untracked or only
    /// intended.
    #[must_use]
    pub fn and_absent(self, snapshot: &Snapshot) -> Self {
        let is_flake = |path: &[u8]| path == b"flake.nix" || path.ends_with(b"/flake.nix");
        let untracked = snapshot.untracked_nix_files().unwrap_or_default().iter();
        let intended = snapshot.all_entries().filter(|entry| entry.intent_to_add && is_flake(entry.path));
        let mut dirs = self.dirs;
        dirs.extend(untracked.filter(|path| is_flake(path.as_bytes())).map(RepoPath::parent));
        dirs.extend(intended.map(|entry| RepoPath::new(entry.path).parent()));
        Self::new(dirs)
    }

    /// The directory of the innermost flake that `path` lies in.
    #[must_use]
    pub fn innermost(&self, path: &RepoPath) -> Option<&RepoPath> {
        let mut at = path.as_bytes();
        loop {
            at = &at[..at.iter().rposition(|byte| *byte == b'/').unwrap_or_default()];
            if let Ok(index) = self.dirs.binary_search_by(|dir| dir.as_bytes().cmp(at)) {
                return self.dirs.get(index);
            }
            if at.is_empty() {
                return None;
            }
        }
    }

    /// Whether there is no flake at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.dirs.is_empty()
    }

    /// The directories of the flakes around the one in `dir`.
    pub fn enclosing<'a>(&'a self, dir: &'a RepoPath) -> impl Iterator<Item = &'a RepoPath> {
        self.dirs.iter().filter(move |outer| *outer != dir && dir.is_under(outer))
    }

    fn new(mut dirs: Vec<RepoPath>) -> Self {
        dirs.sort();
        dirs.dedup();
        Self { dirs }
    }
}

/// A flake in words: "the flake", or with its directory where it is not the root's.
#[must_use]
pub fn name(dir: &RepoPath) -> String {
    if dir.is_root() { "the flake".to_owned() } else { format!("the flake in `{dir}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees(dirs: &[&str]) -> FlakeTrees {
        FlakeTrees::new(dirs.iter().map(|dir| RepoPath::from(*dir)).collect())
    }

    #[test]
    fn the_innermost_flake_wins() {
        let trees = trees(&["", "a/b"]);
        assert_eq!(trees.innermost(&"a/b/c/d.nix".into()), Some(&"a/b".into()));
        assert_eq!(trees.innermost(&"a/bc/d.nix".into()), Some(&"".into()));
    }

    #[test]
    fn a_file_beside_every_flake_has_none() {
        assert_eq!(trees(&["a"]).innermost(&"b/c.nix".into()), None);
    }
}
