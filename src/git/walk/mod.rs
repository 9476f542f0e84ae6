//! Untracked Nix files, and which tracked files are gone: one listing of each tracked directory.
//!
//! The list of tracked directories comes from the index, so that directories are opened by a plain loop that threads
//! share, in place of a recursive walk. Ignore rules are asked only of candidates: untracked files named `*.nix`, and
//! untracked directories, which are then walked one after another. Which directories are entered is git's decision
//! (`dir.c`, `treat_directory`).

mod tracked;

use std::num::NonZero;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use self::tracked::{Subdirectory, TrackedDirectory};
use super::discover;
use super::entries::EntryList;
use super::folded::{Folded, Tracked};
use super::ignore::Ignore;
use super::listing::Lister;
use crate::snapshot::disk::Kind;
use crate::snapshot::{Mode, RepoPath};

/// A thread costs more than it saves on fewer directories.
const DIRECTORIES_PER_THREAD: usize = 256;
const MAX_THREADS: usize = 8;

/// What to walk.
pub(super) struct Walk<'a> {
    pub(super) root: &'a Path,
    pub(super) git_dir: &'a Path,
    pub(super) entries: &'a EntryList,
    pub(super) ignore: &'a Ignore,
    /// `core.ignoreCase`.
    pub(super) fold: bool,
    /// Whether to say which tracked files are there.
    pub(super) presence: bool,
}

/// What a walk found.
pub(super) struct Found {
    /// Untracked files named `*.nix` that git does not ignore, sorted.
    pub(super) untracked: Vec<RepoPath>,
    /// For each entry whether it is on disk; empty where it was not asked for.
    pub(super) present: Vec<bool>,
}

impl Walk<'_> {
    /// Walks the worktree.
    pub(super) fn run(&self) -> std::io::Result<Found> {
        let directories = tracked::directories(self.entries);
        let count = if self.presence { self.entries.len() } else { 0 };
        let present = std::iter::repeat_with(|| AtomicBool::new(false)).take(count).collect();
        let shared = Shared {
            walk: self,
            batch: (directories.len() / (8 * MAX_THREADS)).clamp(16, 512),
            directories,
            next: AtomicUsize::new(0),
            present,
            folded: OnceLock::new(),
        };
        let mut untracked = shared.run_threads()?;
        untracked.sort_unstable();
        let present = shared.present.into_iter().map(AtomicBool::into_inner).collect();
        Ok(Found { untracked, present })
    }
}

/// What the threads of one walk share.
struct Shared<'a> {
    walk: &'a Walk<'a>,
    directories: Vec<TrackedDirectory>,
    batch: usize,
    next: AtomicUsize,
    present: Vec<AtomicBool>,
    folded: OnceLock<Folded>,
}

impl Shared<'_> {
    fn run_threads(&self) -> std::io::Result<Vec<RepoPath>> {
        let useful = self.directories.len() / DIRECTORIES_PER_THREAD;
        let threads = if useful < 2 {
            1
        } else {
            let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
            useful.min(cores).min(MAX_THREADS)
        };
        if threads == 1 {
            return self.work();
        }
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| self.work())).collect();
            let mut untracked = self.work()?;
            for other in others {
                let found = other.join().map_err(|_| std::io::Error::other("a thread of the walk broke down"))?;
                untracked.append(&mut found?);
            }
            Ok(untracked)
        })
    }

    /// Takes batches of directories until none is left.
    fn work(&self) -> std::io::Result<Vec<RepoPath>> {
        let mut worker = Worker { shared: self, untracked: Vec::new(), pending: Vec::new() };
        let mut lister = Lister::new(self.walk.root)?;
        loop {
            let start = self.next.fetch_add(self.batch, Ordering::Relaxed);
            let Some(batch) = self.directories.get(start..) else { break };
            if batch.is_empty() {
                break;
            }
            for directory in batch.iter().take(self.batch) {
                let path = directory.path(self.walk.entries);
                lister.list(path, &mut |name, kind| worker.visit_tracked(directory, path, name, kind));
                while let Some(path) = worker.pending.pop() {
                    lister.list(&path, &mut |name, kind| worker.visit_untracked(&path, name, kind));
                }
            }
        }
        Ok(worker.untracked)
    }

    fn folded(&self) -> Option<&Folded> {
        self.walk.fold.then(|| self.folded.get_or_init(|| Folded::new(self.walk.entries)))
    }
}

struct Worker<'a> {
    shared: &'a Shared<'a>,
    untracked: Vec<RepoPath>,
    /// Untracked directories still to be listed.
    pending: Vec<Vec<u8>>,
}

impl Worker<'_> {
    fn visit_tracked(&mut self, directory: &TrackedDirectory, path: &[u8], name: &[u8], kind: Kind) {
        if self.is_dot_git(name) {
            return;
        }
        let walk = self.shared.walk;
        if kind == Kind::Directory {
            match directory.subdirectory(walk.entries, name) {
                Subdirectory::Untracked => self.candidate_directory(&join(path, name)),
                Subdirectory::Submodule(index) => self.seen(index),
                Subdirectory::Tracked => {}
            }
            return;
        }
        let wanted = name.ends_with(b".nix");
        if kind == Kind::Other || !(wanted || walk.presence) {
            return;
        }
        match directory.file(walk.entries, name) {
            Some(index) if walk.entries.get(index).mode == Mode::Submodule => {}
            Some(index) => self.seen(index),
            None if wanted => self.candidate_file(join(path, name)),
            None => {}
        }
    }

    fn visit_untracked(&mut self, path: &[u8], name: &[u8], kind: Kind) {
        if self.is_dot_git(name) {
            return;
        }
        match kind {
            Kind::Directory => self.candidate_directory(&join(path, name)),
            Kind::File | Kind::Symlink if name.ends_with(b".nix") => self.candidate_file(join(path, name)),
            _ => {}
        }
    }

    fn candidate_directory(&mut self, path: &[u8]) {
        let tracked = self.shared.folded().and_then(|folded| folded.find(path));
        if tracked == Some(Tracked::Submodule) || self.is_ignored(path, true) {
            return;
        }
        let path = RepoPath::new(path);
        if tracked != Some(Tracked::Directory)
            && discover::is_nested(&path.on_disk(self.shared.walk.root), self.shared.walk.git_dir)
        {
            return;
        }
        self.pending.push(path.as_bytes().to_vec());
    }

    fn candidate_file(&mut self, path: Vec<u8>) {
        let tracked = self.shared.folded().and_then(|folded| folded.find(&path));
        if tracked != Some(Tracked::File) && !self.is_ignored(&path, false) {
            self.untracked.push(RepoPath::new(path));
        }
    }

    fn is_ignored(&self, path: &[u8], is_directory: bool) -> bool {
        self.shared.walk.ignore.decide(path, is_directory).is_some()
    }

    fn is_dot_git(&self, name: &[u8]) -> bool {
        name == b".git" || (self.shared.walk.fold && name.eq_ignore_ascii_case(b".git"))
    }

    fn seen(&self, index: usize) {
        if let Some(present) = self.shared.present.get(index) {
            present.store(true, Ordering::Relaxed);
        }
    }
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}
