//! What lies on disk where the view holds nothing, and whether `git add` would take it.

use std::path::Path;

use super::discover;
use super::entries::EntryList;
use super::ignore::Ignore;
use crate::snapshot::disk::{self, Kind};
use crate::snapshot::{Absence, IgnoreRule, RepoPath};

/// What is known of the worktree.
pub(super) struct Beside<'a> {
    pub(super) root: &'a Path,
    pub(super) git_dir: &'a Path,
    pub(super) entries: &'a EntryList,
    pub(super) ignore: &'a Ignore,
}

/// So many files of a directory are looked at.
const MAX_FILES: usize = 10_000;

impl Beside<'_> {
    /// Where `path` is, at which git tracks nothing; `None` where nothing is there that git could track.
    pub(super) fn absence(&self, path: &RepoPath) -> Option<Absence> {
        if path.as_bytes().split(|byte| *byte == b'/').any(|part| part == b".git") {
            return None;
        }
        let kind = disk::kind_inside(self.root, path).filter(|kind| *kind != Kind::Other)?;
        if let Some(repository) = self.repository_above(path, kind) {
            return Some(Absence::Repository(repository));
        }
        if let Some(verdict) = self.ignore.decide(path.as_bytes(), kind == Kind::Directory) {
            return Some(Absence::Ignored(verdict.rule()));
        }
        if kind == Kind::Directory { self.inside(path) } else { Some(Absence::Untracked) }
    }

    /// A directory is untracked where git would take one of its files, and ignored where it would take none.
    fn inside(&self, directory: &RepoPath) -> Option<Absence> {
        let mut ignored: Option<IgnoreRule> = None;
        let mut directories = vec![directory.clone()];
        let mut seen = 0;
        while let Some(directory) = directories.pop() {
            for name in names(&directory.on_disk(self.root)) {
                seen += 1;
                let path = RepoPath::new([directory.as_bytes(), b"/", &name].concat());
                let kind = disk::kind_inside(self.root, &path).unwrap_or(Kind::Other);
                let is_directory = kind == Kind::Directory;
                if kind == Kind::Other || (is_directory && self.is_repository(&path)) {
                    continue;
                }
                match self.ignore.decide(path.as_bytes(), is_directory) {
                    Some(verdict) => drop(ignored.get_or_insert_with(|| verdict.rule())),
                    None if is_directory && seen < MAX_FILES => directories.push(path),
                    None => return Some(Absence::Untracked),
                }
            }
        }
        ignored.map(Absence::Ignored)
    }

    /// The outermost repository of its own that `path` lies in.
    fn repository_above(&self, path: &RepoPath, kind: Kind) -> Option<RepoPath> {
        let mut at = if kind == Kind::Directory { path.clone() } else { path.parent() };
        let mut found = None;
        while !at.is_root() {
            if self.is_repository(&at) {
                found = Some(at.clone());
            }
            at = at.parent();
        }
        found
    }

    /// git enters a directory whatever it holds where it tracks something in it.
    fn is_repository(&self, directory: &RepoPath) -> bool {
        let is_tracked = self.entries.below(directory.as_bytes()).next().is_some();
        !is_tracked && discover::is_nested(&directory.on_disk(self.root), self.git_dir)
    }
}

/// The names in a directory, sorted; none where it cannot be read.
fn names(directory: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<Vec<u8>> = entries.map(|entry| entry.file_name().as_encoded_bytes().to_vec()).collect();
    names.retain(|name| name != b".git");
    names.sort();
    names
}
