//! Everything preflake knows from git, behind one small interface: open a [`Repository`], take a [`Snapshot`] of one
//! of its views, stage files. The only module that knows git2, and the only one that starts git.
//!
//! Nothing that a repository configures is ever run: no hook, no filter, no file-system monitor.

mod child;
mod entries;
mod store;

use std::fmt;
use std::path::{Path, PathBuf};

use self::entries::EntryList;
use self::store::{Content, GitStore};
use crate::snapshot::{RepoPath, Snapshot, View};

/// Which view to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewChoice {
    /// The commit git is about to make: the index that git's environment names.
    Index,
    /// Tracked files with their content on disk.
    Worktree,
    /// The tree of a commit.
    Revision(String),
}

/// Why git's side could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitError {
    /// What failed, in one line, with the path or the name concerned.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for GitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for GitError {}

impl GitError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn from_git2(what: &str, error: &git2::Error) -> Self {
        let help = (error.code() == git2::ErrorCode::Owner)
            .then(|| "if you trust it: `git config --global --add safe.directory DIRECTORY`".to_owned());
        Self { message: format!("{what}: {}", error.message()), help }
    }
}

/// A git repository, opened as git's environment says.
pub struct Repository {
    inner: git2::Repository,
    workdir: Option<PathBuf>,
    prefix: RepoPath,
}

impl Repository {
    /// Opens the repository that the directory `start` lies in, or that `GIT_DIR` and its kin name. `None` where
    /// there is none.
    ///
    /// # Errors
    /// When there is one that cannot be opened: no permission, another owner, an unknown format.
    pub fn discover(start: &Path) -> Result<Option<Self>, GitError> {
        let found = match std::env::var_os("GIT_DIR") {
            Some(_) => git2::Repository::open_from_env(),
            None => git2::Repository::discover(start),
        };
        match found {
            Ok(inner) => {
                let workdir = inner.workdir().map(Path::to_path_buf);
                let repository = Self { inner, workdir, prefix: RepoPath::default() };
                let prefix = repository.relative(start).unwrap_or_default();
                Ok(Some(Self { prefix, ..repository }))
            }
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(GitError::from_git2("cannot open the git repository", &error)),
        }
    }

    /// The directory that holds `HEAD` and the index.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// The directory that holds what linked worktrees share: objects, configuration, hooks.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        self.inner.commondir()
    }

    /// Where the work started, relative to the root: the start directory, or `GIT_PREFIX` in a hook.
    #[must_use]
    pub fn prefix(&self) -> &RepoPath {
        &self.prefix
    }

    /// Whether there is no worktree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.workdir.is_none()
    }

    /// The root of the worktree; `None` for a bare repository.
    #[must_use]
    pub fn workdir(&self) -> Option<&Path> {
        self.workdir.as_deref()
    }

    /// Where git looks for hooks: `core.hooksPath`, or `hooks` beside the objects.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn hooks_dir(&self) -> Result<PathBuf, GitError> {
        let failed = |error: git2::Error| GitError::from_git2("cannot read git's configuration", &error);
        let config = self.inner.config().and_then(|mut config| config.snapshot()).map_err(failed)?;
        match config.get_path("core.hooksPath") {
            // git runs hooks at the top of the worktree and takes the path from there.
            Ok(path) => Ok(self.workdir.as_deref().unwrap_or(self.inner.path()).join(path)),
            Err(_) => Ok(self.inner.commondir().join("hooks")),
        }
    }

    /// Whether hooks come from a directory that `core.hooksPath` names.
    #[must_use]
    pub fn has_hooks_path(&self) -> bool {
        self.inner.config().is_ok_and(|config| config.get_entry("core.hooksPath").is_ok())
    }

    /// The directory of `path`, which is on disk, relative to the root; `None` where it lies outside.
    #[must_use]
    pub fn relative(&self, path: &Path) -> Option<RepoPath> {
        let absolute = path.canonicalize().ok()?;
        let root = self.workdir.as_deref()?.canonicalize().ok()?;
        let relative = absolute.strip_prefix(root).ok()?;
        Some(RepoPath::new(relative.to_string_lossy().replace('\\', "/").into_bytes()))
    }

    /// Takes a snapshot of a view.
    ///
    /// # Errors
    /// When the index or the commit cannot be read, or a bare repository is asked for a worktree.
    pub fn snapshot(&self, choice: &ViewChoice) -> Result<Snapshot, GitError> {
        let reopened = git2::Repository::open_from_env()
            .map_err(|error| GitError::from_git2("cannot open the git repository", &error))?;
        let (view, list, content, base) = match choice {
            ViewChoice::Revision(rev) => {
                let commit = reopened
                    .revparse_single(rev)
                    .and_then(|object| object.peel_to_commit())
                    .map_err(|error| GitError::from_git2(&format!("no commit `{rev}`"), &error))?;
                let tree = commit.tree().map_err(|error| GitError::from_git2("cannot read the commit", &error))?;
                let list =
                    EntryList::of_tree(&tree).map_err(|error| GitError::from_git2("cannot read a tree", &error))?;
                let base = commit.parent(0).and_then(|parent| parent.tree()).ok().map(|tree| tree.id());
                (View::Revision(commit.id().to_string()), list, Content::Objects, base)
            }
            ViewChoice::Index | ViewChoice::Worktree => {
                let Some(workdir) = &self.workdir else {
                    let help = Some("name a commit: `preflake --rev HEAD`".to_owned());
                    return Err(GitError { help, ..GitError::new("a bare repository has no index and no worktree") });
                };
                let index = reopened.index().map_err(|error| GitError::from_git2("cannot read the index", &error))?;
                let list = EntryList::of_index(&index);
                let base = reopened.head().and_then(|head| head.peel_to_tree()).ok().map(|tree| tree.id());
                if *choice == ViewChoice::Index {
                    (View::Index, list, Content::Index(workdir.clone()), base)
                } else {
                    (View::Worktree, list, Content::Disk(workdir.clone()), base)
                }
            }
        };
        Ok(Snapshot::new(view, Box::new(GitStore::new(reopened, list, content, base))))
    }

    /// Stages files as `git add` does.
    ///
    /// # Errors
    /// Inside a hook, where git holds the index; while another process holds it; and when git refuses.
    pub fn stage(&self, paths: &[RepoPath]) -> Result<(), GitError> {
        if std::env::var_os("GIT_INDEX_FILE").is_some() {
            return Err(GitError::new("inside a hook the index is not written"));
        }
        let Some(workdir) = &self.workdir else {
            return Err(GitError::new("a bare repository has no worktree"));
        };
        child::add(workdir, paths)
    }
}
