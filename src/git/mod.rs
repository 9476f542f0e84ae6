//! Everything preflake knows from git, behind one small interface: open a [`Repository`], take a [`Snapshot`] of one
//! of its views, stage files. The only module that knows git2, and the only one that starts git.
//!
//! Index, ignore rules and worktree are read by code of our own, after git's own documentation and sources: it is
//! faster than git on what a hook asks, and does not care how objects and references are stored. Of objects and
//! references the files are read as well; git itself is asked in a child process for what is not plain there. libgit2
//! merges texts. Nothing that a repository configures is ever run: no hook, no filter, no file-system monitor.

mod beside;
mod changes;
mod child;
mod commits;
mod config;
mod discover;
mod entries;
mod environment;
mod error;
mod folded;
mod history;
mod ignore;
mod index;
mod listing;
mod merge_text;
mod objects;
mod owner;
mod refs;
mod revisions;
mod settings;
mod store;
mod threads;
mod walk;

use std::path::{Path, PathBuf};

pub use self::environment::Environment;
pub use self::error::GitError;
pub use self::merge_text::{Markers, MergedText, merge_text};

use self::child::Git;
use self::config::Config;
use self::discover::Layout;
use self::entries::{Builder, EntryList, SKIP_WORKTREE};
use self::objects::Objects;
use self::store::{Base, Cache, GitStore, Worktree};
use self::walk::CacheFile;
use crate::snapshot::{Mode, RepoPath, Snapshot, View};

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

/// A git repository, opened as git's environment says.
pub struct Repository {
    layout: Layout,
    config: Config,
    environment: Environment,
    uses_cache: bool,
}

impl Repository {
    /// Opens the repository that the directory `start` lies in, or that `GIT_DIR` and its kin name. `None` where
    /// there is none.
    ///
    /// # Errors
    /// When there is one that cannot be opened: no permission, another owner, an unknown format.
    pub fn discover(start: &Path) -> Result<Option<Self>, GitError> {
        Self::discover_with(start, Environment::current())
    }

    /// Like [`Repository::discover`], with these environment variables in place of the process's.
    ///
    /// # Errors
    /// As there.
    pub fn discover_with(start: &Path, environment: Environment) -> Result<Option<Self>, GitError> {
        let found = discover::discover(start, &environment)?;
        let uses_cache = environment.path("PREFLAKE_NO_CACHE").is_none();
        Ok(found.map(|(layout, config)| Self { layout, config, environment, uses_cache }))
    }

    /// Reads every directory of the worktree each time. Else, of a worktree with some hundreds of directories, what
    /// they held is kept in the file `preflake-cache` of the git directory, unless `PREFLAKE_NO_CACHE` is set.
    pub const fn forget_directories(&mut self) {
        self.uses_cache = false;
    }

    /// The root of the worktree; `None` for a bare repository.
    #[must_use]
    pub fn workdir(&self) -> Option<&Path> {
        self.layout.workdir.as_deref()
    }

    /// The directory that holds `HEAD` and the index.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        &self.layout.git_dir
    }

    /// The directory that holds what linked worktrees share: objects, configuration, hooks.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        &self.layout.common_dir
    }

    /// Where the work started, relative to the root: the start directory, or `GIT_PREFIX` in a hook.
    #[must_use]
    pub fn prefix(&self) -> &RepoPath {
        &self.layout.prefix
    }

    /// Whether there is no worktree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.layout.workdir.is_none()
    }

    /// Where git looks for hooks: `core.hooksPath`, or `hooks` in the common directory.
    ///
    /// # Errors
    /// None now; configuration that cannot be read counts as empty.
    pub fn hooks_dir(&self) -> Result<PathBuf, GitError> {
        let configured = self.config.get("core.hookspath").filter(|path| !path.is_empty());
        Ok(match configured.and_then(|path| config::expand(path, &self.environment)) {
            // git runs hooks at the top of the worktree and takes a relative path from there.
            Some(path) => self.top().join(path),
            None => self.layout.common_dir.join("hooks"),
        })
    }

    /// Whether hooks come from a directory that `core.hooksPath` names.
    #[must_use]
    pub fn has_hooks_path(&self) -> bool {
        self.config.get("core.hookspath").is_some_and(|path| !path.is_empty())
    }

    /// The last value of a setting in git's configuration; section and name in lower case.
    #[must_use]
    pub fn config(&self, name: &str) -> Option<String> {
        self.config.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The directory of `path`, which is on disk, relative to the root; `None` where it lies outside.
    #[must_use]
    pub fn relative(&self, path: &Path) -> Option<RepoPath> {
        discover::relative(self.workdir()?, path)
    }

    /// Takes a snapshot of a view.
    ///
    /// # Errors
    /// When the index or the commit cannot be read, or a bare repository is asked for a worktree.
    pub fn snapshot(&self, choice: &ViewChoice) -> Result<Snapshot, GitError> {
        self.take(choice, None)
    }

    /// A view whose changes are those since `base`; of none, those since its last commit.
    fn take(&self, choice: &ViewChoice, base: Option<Base>) -> Result<Snapshot, GitError> {
        let (objects, revisions) = (self.objects(), self.revisions());
        if let ViewChoice::Revision(revision) = choice {
            let commit = revisions.commit(&objects, revision).map_err(|error| self.explain(error))?;
            let entries = objects.files(&commit.tree)?;
            let base = base.unwrap_or(Base::Tree(commit.parent_tree));
            let store =
                GitStore { objects, revisions, entries, worktree: None, on_disk: false, base, cache: Cache::default() };
            return Ok(Snapshot::new(View::Revision(commit.id), Box::new(store)));
        }
        let Some(root) = self.workdir() else {
            let error = GitError::new("a bare repository has no index and no worktree");
            return Err(error.with_help("name a commit: `preflake --rev HEAD`"));
        };
        let entries = self.entries(&self.index_path(), &objects)?;
        let worktree = Some(self.worktree(root, &objects));
        let on_disk = *choice == ViewChoice::Worktree;
        let view = if on_disk { View::Worktree } else { View::Index };
        let store = GitStore {
            objects,
            revisions,
            entries,
            worktree,
            on_disk,
            base: base.unwrap_or(Base::Head),
            cache: Cache::default(),
        };
        Ok(Snapshot::new(view, Box::new(store)))
    }

    /// Stages files as `git add` does.
    ///
    /// # Errors
    /// As [`Repository::can_stage`], and when git refuses.
    pub fn stage(&self, paths: &[RepoPath]) -> Result<(), GitError> {
        self.can_stage()?;
        if paths.is_empty() { Ok(()) } else { self.git().add(paths) }
    }

    /// Whether files could be staged now.
    ///
    /// # Errors
    /// Inside a hook, where git holds the index; while another process holds it; and without a worktree.
    pub fn can_stage(&self) -> Result<(), GitError> {
        if self.environment.path("GIT_INDEX_FILE").is_some() {
            let error = GitError::new("inside a hook the index is not written");
            return Err(error.with_help("run `preflake fix` outside of the hook"));
        }
        if self.is_bare() {
            return Err(GitError::new("a bare repository has no worktree"));
        }
        let mut lock = self.index_path().into_os_string();
        lock.push(".lock");
        let lock = PathBuf::from(lock);
        if lock.symlink_metadata().is_ok() {
            let error = GitError::at(&lock, "another git process holds the index");
            return Err(error.with_help("wait for it to finish; if none runs, remove the file"));
        }
        Ok(())
    }

    fn git(&self) -> Git {
        Git {
            directory: self.layout.git_dir.clone(),
            common: self.layout.common_dir.clone(),
            workdir: self.layout.workdir.clone(),
            environment: self.environment.clone(),
        }
    }

    fn top(&self) -> &Path {
        self.workdir().unwrap_or(&self.layout.git_dir)
    }

    fn index_path(&self) -> PathBuf {
        match self.environment.path("GIT_INDEX_FILE") {
            Some(path) => self.top().join(path),
            None => self.layout.git_dir.join("index"),
        }
    }

    /// The entries of an index, the directories of a sparse one unfolded as far as their trees are there.
    fn entries(&self, path: &Path, objects: &Objects) -> Result<EntryList, GitError> {
        let id_len = self.layout.id_len;
        let list = index::read(path, &self.layout.git_dir, id_len)?;
        if !list.records().iter().any(|record| record.mode == Mode::SparseDirectory) {
            return Ok(list);
        }
        let mut builder = Builder::new(id_len);
        for (entry, record) in list.iter().zip(list.records()) {
            if entry.mode == Mode::SparseDirectory {
                let mut below = Vec::new();
                let unfolded = objects.each_file(entry.id, &mut |path, id, mode| {
                    below.push(([entry.path, b"/", path].concat(), id.to_vec(), mode));
                });
                if unfolded.is_ok() {
                    for (path, id, mode) in below {
                        builder.push(&path, &id, mode, 0, SKIP_WORKTREE);
                    }
                    continue;
                }
            }
            builder.push(entry.path, entry.id, entry.mode, record.stage, record.flags);
        }
        Ok(builder.finish())
    }

    fn worktree(&self, root: &Path, objects: &Objects) -> Worktree {
        let excludes_file = match self.config.get("core.excludesfile") {
            Some(path) => config::expand(path, &self.environment).map(|path| root.join(path)),
            None => config::xdg_config(&self.environment).map(|base| base.join("git/ignore")),
        };
        let info = self.layout.common_dir.join("info/exclude");
        let shown = info.strip_prefix(root).unwrap_or(&info).as_os_str().as_encoded_bytes().to_vec();
        let main_index = self.layout.git_dir.join("index");
        let whole_index = (self.index_path() != main_index).then(|| self.entries(&main_index, objects).ok()).flatten();
        let path = self.layout.git_dir.join("preflake-cache");
        let cache = CacheFile { path, may_write: self.index_path() == main_index };
        Worktree {
            directories: self.uses_cache.then_some(cache),
            root: root.to_path_buf(),
            git_dir: self.layout.git_dir.clone(),
            excludes_file,
            info_exclude: (info, shown),
            fold: self.config.boolean("core.ignorecase") == Some(true),
            symlinks: self.config.boolean("core.symlinks") != Some(false),
            sparse: self.config.boolean("core.sparsecheckout") == Some(true),
            whole_index,
        }
    }
}

/// An object id in hexadecimal.
fn hex(id: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    id.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// An object id from hexadecimal.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits?;
    (digits.len() % 2 == 0).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
