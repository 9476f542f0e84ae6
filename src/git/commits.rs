//! Commits by name: their files, their ancestors, and comparing a view with them.

use std::cell::OnceCell;

use super::objects::Objects;
use super::revisions::{Revisions, shown};
use super::store::Base;
use super::{GitError, Repository, ViewChoice};
use crate::snapshot::{RepoPath, Snapshot};

impl Repository {
    /// Takes a snapshot of a view whose changes are those since a commit, and not those since its last one.
    ///
    /// # Errors
    /// As [`Repository::snapshot`], and when there is no such commit.
    pub fn snapshot_since(&self, choice: &ViewChoice, since: &str) -> Result<Snapshot, GitError> {
        let found = self.revisions().commit(&self.objects(), since);
        let tree = found.map_err(|error| self.explain(error))?.tree;
        self.take(choice, Some(Base::Tree(Some(tree))))
    }

    /// The commit from which two others went different ways.
    ///
    /// # Errors
    /// When one of them is no commit, or they have no history in common.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<String, GitError> {
        let (revisions, objects) = (self.revisions(), self.objects());
        let id = |revision: &str| {
            revisions.commit(&objects, revision).map(|commit| commit.id).map_err(|error| self.explain(error))
        };
        let (left, right) = (id(one)?, id(other)?);
        let none = || GitError::new(format!("`{}` and `{}` have no commit in common", shown(one), shown(other)));
        revisions.merge_base(&objects, &left, &right)?.ok_or_else(|| self.explain(none()))
    }

    /// Whether a revision stands for the time before the first commit: an id of zeros, as servers write it, and `HEAD`
    /// where there is no commit yet.
    #[must_use]
    pub fn is_before_all(&self, revision: &str) -> bool {
        let zeros = revision.len() >= 40 && revision.bytes().all(|byte| byte == b'0');
        zeros || (revision == "HEAD" && self.revisions().is_unborn(&self.objects()))
    }

    /// The content of a file in a commit, and the id of the commit; `None` where there is no such commit or file.
    #[must_use]
    pub fn file_at(&self, revision: &str, path: &RepoPath) -> Option<(String, Vec<u8>)> {
        let objects = self.objects();
        let commit = self.revisions().commit(&objects, revision).ok()?;
        let content = objects.blob(&objects.id_at(&commit.tree, path.as_bytes())?).ok()?;
        Some((commit.id, content))
    }

    /// The commits that git names to the programs it runs during a merge.
    #[must_use]
    pub fn merged_heads(&self) -> Vec<String> {
        let names = self.environment.iter().filter_map(|(name, _)| name.to_str()?.strip_prefix("GITHEAD_"));
        names.map(str::to_owned).collect()
    }

    pub(super) fn objects(&self) -> Objects {
        Objects::new(&self.layout, &self.environment)
    }

    pub(super) fn revisions(&self) -> Revisions {
        Revisions { git: self.git(), layout: self.layout.clone(), shallow: OnceCell::new() }
    }

    /// In a shallow clone, that is the reason why a commit is not there.
    pub(super) fn explain(&self, error: GitError) -> GitError {
        if self.layout.common_dir.join("shallow").exists() {
            return error
                .with_help("the clone is shallow: run `git fetch --unshallow`, or check out with full history");
        }
        error
    }
}
