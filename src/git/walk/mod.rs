//! Untracked Nix files, and which tracked files are gone: one listing of each tracked directory.
//!
//! The list of tracked directories comes from the index, so that directories are opened by a plain loop that threads
//! share, in place of a recursive walk. Ignore rules are asked only of candidates: untracked files named `*.nix`, and
//! untracked directories, which are then walked one after another. Which directories are entered is git's decision
//! (`dir.c`, `treat_directory`). A large tree is read once: later walks look only whether directories have changed
//! ([`cache`]).

mod cache;
mod tracked;
mod worker;

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub(super) use self::cache::CacheFile;
use self::cache::{LEAST_DIRECTORIES, Records, Session};
use self::tracked::{Names, Tree};
use self::worker::{Outcome, Worker};
use super::entries::EntryList;
use super::folded::Folded;
use super::ignore::Ignore;
use super::listing::Lister;
use super::threads;
use crate::snapshot::RepoPath;

/// A thread costs more than it saves on fewer directories.
const DIRECTORIES_PER_THREAD: usize = 256;

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
    /// Where what directories held is kept; `None` to read all of them.
    pub(super) cache: Option<&'a CacheFile>,
}

/// What a walk found.
pub(super) struct Found {
    /// Untracked files named `*.nix` that git does not ignore, sorted.
    pub(super) untracked: Vec<RepoPath>,
    /// For each entry whether it is on disk; empty where it was not asked for.
    pub(super) present: Vec<bool>,
    /// Some of those that are there are links and were none, or the other way round.
    pub(super) is_altered: bool,
    /// Some directories may not be listed: of what lies in them nobody knows whether it is there.
    pub(super) is_closed: bool,
}

impl Walk<'_> {
    /// Walks the worktree.
    pub(super) fn run(&self) -> std::io::Result<Found> {
        let tree = tracked::directories(self.entries);
        let count = if self.presence { self.entries.len() } else { 0 };
        let present = std::iter::repeat_with(|| AtomicBool::new(false)).take(count).collect();
        let mut lister = Lister::new(self.root)?;
        let session = self.session(&tree, &lister);
        lister.stamps = session.is_some();
        let shared = Shared {
            walk: self,
            batch: (tree.directories.len() / (8 * threads::MAX_THREADS)).clamp(16, 512),
            names: if session.is_some() { tree.names(self.entries) } else { Vec::new() },
            session,
            tree,
            next: AtomicUsize::new(0),
            present,
            is_altered: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            folded: OnceLock::new(),
        };
        let (mut untracked, outcomes) = shared.run_threads(&mut lister)?;
        if let Some(session) = &shared.session {
            untracked.append(&mut shared.settle(session, outcomes, &mut lister));
        }
        lister.outcome()?;
        self.ignore.outcome()?;
        untracked.sort_unstable();
        let present = shared.present.into_iter().map(AtomicBool::into_inner).collect();
        let (is_altered, is_closed) = (shared.is_altered.into_inner(), shared.is_closed.into_inner());
        Ok(Found { untracked, present, is_altered, is_closed })
    }

    fn session(&self, tree: &Tree, lister: &Lister<'_>) -> Option<Session> {
        let file = self.cache.filter(|_| !self.fold && tree.directories.len() >= LEAST_DIRECTORIES)?;
        Session::open(file, lister)
    }
}

/// What the threads of one walk share.
struct Shared<'a> {
    walk: &'a Walk<'a>,
    tree: Tree,
    /// What the index holds in each directory; empty without a cache.
    names: Vec<Names>,
    session: Option<Session>,
    batch: usize,
    next: AtomicUsize,
    present: Vec<AtomicBool>,
    is_altered: AtomicBool,
    is_closed: AtomicBool,
    folded: OnceLock<Folded>,
}

/// What became of each directory.
type Outcomes = Vec<(usize, Outcome)>;

impl Shared<'_> {
    fn run_threads(&self, lister: &mut Lister<'_>) -> std::io::Result<(Vec<RepoPath>, Outcomes)> {
        let threads = threads::number(self.tree.directories.len(), DIRECTORIES_PER_THREAD);
        if threads == 1 {
            return Ok(self.work(lister));
        }
        let other = || {
            let mut lister = Lister::new(self.walk.root)?;
            lister.stamps = self.session.is_some();
            let found = self.work(&mut lister);
            lister.outcome()?;
            Ok::<_, std::io::Error>(found)
        };
        std::thread::scope(|scope| {
            let others = threads::start(scope, threads - 1, other);
            let (mut untracked, mut outcomes) = self.work(lister);
            for other in others {
                let found = other.join().map_err(|_| std::io::Error::other("a thread of the walk broke down"))?;
                let (mut more, mut of_more) = found?;
                untracked.append(&mut more);
                outcomes.append(&mut of_more);
            }
            Ok((untracked, outcomes))
        })
    }

    /// Takes batches of directories until none is left.
    fn work(&self, lister: &mut Lister<'_>) -> (Vec<RepoPath>, Outcomes) {
        let mut worker = Worker::new(self);
        let mut outcomes = Vec::new();
        loop {
            let start = self.next.fetch_add(self.batch, Ordering::Relaxed);
            let end = start.saturating_add(self.batch).min(self.tree.directories.len());
            if start >= end {
                self.is_closed.fetch_or(lister.is_closed, Ordering::Relaxed);
                return (worker.into_untracked(), outcomes);
            }
            worker.go_to(start);
            for index in start..end {
                let outcome = worker.tracked(lister, index);
                if self.session.is_some() {
                    outcomes.push((index, outcome));
                }
            }
        }
    }

    /// Takes what is known of the directories that have not changed, and records those that were read.
    fn settle(&self, session: &Session, mut outcomes: Outcomes, lister: &mut Lister<'_>) -> Vec<RepoPath> {
        outcomes.sort_unstable_by_key(|(index, _)| *index);
        let mut worker = Worker::new(self);
        // A directory's parent comes before it. What a link leads to, or nothing holds, is not there for git.
        let mut is_known = vec![false; outcomes.len()];
        let mut is_real = vec![false; outcomes.len()];
        let (mut records, mut read_anew) = (Records::default(), 0);
        for (index, outcome) in &outcomes {
            let directory = &self.tree.directories[*index];
            let below_real = *index == 0 || is_real[directory.parent];
            match outcome {
                Outcome::Known(known) if below_real => {
                    (is_real[*index], is_known[*index]) = (true, true);
                    let record = session.known().get(*known);
                    let names = session.known().names(*known);
                    worker.known(lister, directory, names);
                    records.push(record.stamp, record.tracked, names);
                }
                Outcome::Known(_) | Outcome::Absent => {}
                // Below what cannot be read, a directory that can be opened is there all the same.
                Outcome::Closed => is_real[*index] = below_real,
                Outcome::Read(fresh) => {
                    is_real[*index] = true;
                    if let Some(fresh) = fresh {
                        records.push(fresh.stamp, self.names[*index].hash, &fresh.names);
                        read_anew += 1;
                    }
                }
            }
        }
        for (present, owner) in self.present.iter().zip(&self.tree.owners) {
            present.fetch_or(is_known[*owner], Ordering::Relaxed);
        }
        session.save(&records, read_anew);
        worker.into_untracked()
    }

    fn folded(&self) -> Option<&Folded> {
        self.walk.fold.then(|| self.folded.get_or_init(|| Folded::new(self.walk.entries)))
    }
}
