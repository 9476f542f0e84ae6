//! The files of a git view as a [`Store`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::child;
use super::entries::EntryList;
use crate::snapshot::disk;
use crate::snapshot::{Absence, Entry, Mode, ReadError, RepoPath, Store};

/// Where content comes from.
pub(super) enum Content {
    /// From objects; nothing is on disk.
    Objects,
    /// From objects, beside the worktree at this path.
    Index(PathBuf),
    /// From the worktree at this path.
    Disk(PathBuf),
}

/// A view of a repository.
pub(super) struct GitStore {
    repository: git2::Repository,
    entries: EntryList,
    content: Content,
    base: Option<git2::Oid>,
}

impl GitStore {
    pub(super) fn new(
        repository: git2::Repository,
        entries: EntryList,
        content: Content,
        base: Option<git2::Oid>,
    ) -> Self {
        Self { repository, entries, content, base }
    }

    fn workdir(&self) -> Option<&Path> {
        match &self.content {
            Content::Objects => None,
            Content::Index(workdir) | Content::Disk(workdir) => Some(workdir),
        }
    }

    fn submodule_above(&self, path: &RepoPath) -> Option<RepoPath> {
        let mut above = path.clone();
        while !above.is_root() {
            if self.entries.find(above.as_bytes()).is_some_and(|entry| entry.mode == Mode::Submodule) {
                return Some(above);
            }
            above = above.parent();
        }
        None
    }

    /// A tracked path that differs only in case, cut to the length asked for.
    fn other_case(&self, path: &RepoPath) -> Option<RepoPath> {
        let wanted = path.as_bytes();
        let same = |entry: &Entry<'_>| {
            let long_enough = entry.path.get(..wanted.len());
            let whole = entry.path.len() == wanted.len() || entry.path.get(wanted.len()) == Some(&b'/');
            whole && long_enough.is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        };
        let found = self.entries.iter().find(same)?;
        Some(RepoPath::new(&found.path[..wanted.len()]))
    }

    fn blob(&self, path: &[u8], id: git2::Oid) -> Result<Vec<u8>, ReadError> {
        let fail = |reason: String| ReadError { path: RepoPath::new(path), reason };
        let size = self.repository.odb().and_then(|odb| odb.read_header(id)).map_or(0, |(size, _)| size);
        if size as u64 > disk::MAX_SIZE {
            return Err(fail("larger than 256 MB".to_owned()));
        }
        let blob = self.repository.find_blob(id).map_err(|error| fail(error.message().to_owned()))?;
        Ok(blob.content().to_vec())
    }
}

impl Store for GitStore {
    fn count(&self) -> usize {
        self.entries.len()
    }

    fn entry(&self, index: usize) -> Entry<'_> {
        self.entries.get(index)
    }

    fn is_present(&self, entry: Entry<'_>) -> bool {
        match &self.content {
            Content::Objects => true,
            Content::Index(_) => !entry.intent_to_add,
            Content::Disk(workdir) => {
                entry.mode == Mode::Submodule || disk::exists(&RepoPath::new(entry.path).on_disk(workdir))
            }
        }
    }

    fn read(&self, entry: Entry<'_>) -> Result<Vec<u8>, ReadError> {
        if let Content::Disk(workdir) = &self.content {
            let path = RepoPath::new(entry.path);
            return disk::read(&path.on_disk(workdir)).map_err(|reason| ReadError { path, reason });
        }
        let id = git2::Oid::from_bytes(entry.id)
            .map_err(|error| ReadError { path: RepoPath::new(entry.path), reason: error.message().to_owned() })?;
        self.blob(entry.path, id)
    }

    fn untracked_nix_files(&self) -> Result<Vec<RepoPath>, ReadError> {
        if self.workdir().is_none() {
            return Ok(Vec::new());
        }
        let fail = |error: git2::Error| ReadError { path: RepoPath::default(), reason: error.message().to_owned() };
        let mut options = git2::StatusOptions::new();
        options
            .include_untracked(true)
            .recurse_untracked_dirs(true)
            .include_ignored(false)
            .exclude_submodules(true)
            .no_refresh(true)
            .show(git2::StatusShow::Workdir)
            .pathspec("*.nix");
        let statuses = self.repository.statuses(Some(&mut options)).map_err(fail)?;
        let mut untracked: BTreeSet<RepoPath> = statuses
            .iter()
            .filter(|status| status.status().is_wt_new())
            .map(|status| RepoPath::new(status.path_bytes()))
            .collect();
        // In a commit of some files only, git's environment names an index without the rest of what is staged. That is
        // left for a later commit, not forgotten.
        if std::env::var_os("GIT_INDEX_FILE").is_some()
            && let Ok(whole) = git2::Index::open(&self.repository.path().join("index"))
        {
            untracked.retain(|path| whole.get_path(&path.on_disk(Path::new("")), 0).is_none());
        }
        Ok(untracked.into_iter().collect())
    }

    fn absence(&self, path: &RepoPath) -> Absence {
        if let Some(submodule) = self.submodule_above(path) {
            return Absence::Submodule(submodule);
        }
        let tracked = self.entries.find(path.as_bytes());
        let on_disk = self.workdir().is_some_and(|workdir| disk::exists(&path.on_disk(workdir)));
        match (tracked, self.workdir()) {
            (Some(entry), _) if entry.intent_to_add => Absence::IntentToAdd,
            (Some(_), Some(_)) => Absence::Deleted,
            (None, Some(workdir)) if on_disk => {
                child::ignore_rule(workdir, path).map_or(Absence::Untracked, Absence::Ignored)
            }
            _ => self.other_case(path).map_or(Absence::Nowhere, Absence::OtherCase),
        }
    }

    fn read_base(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let tree = self.repository.find_tree(self.base?).ok()?;
        let entry = tree.get_path(&path.on_disk(Path::new(""))).ok()?;
        self.blob(path.as_bytes(), entry.id()).ok()
    }
}
