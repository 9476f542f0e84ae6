//! What one thread of a walk does with one directory.

use std::sync::atomic::Ordering;

use super::Shared;
use super::cache::{DIRECTORY, FILE};
use super::tracked::{Subdirectory, TrackedDirectory};
use crate::git::discover;
use crate::git::folded::Tracked;
use crate::git::listing::{Lister, Stamp};
use crate::snapshot::disk::Kind;
use crate::snapshot::{Mode, RepoPath};

/// What became of a tracked directory.
pub(super) enum Outcome {
    /// It is not there, or a link is in the way.
    Absent,
    /// It is there, but cannot be read; what lies below it may be.
    Closed,
    /// It is as this record of the cache says, if the directories above it are real.
    Known(usize),
    /// It was read; the record to make of it, where one may be made.
    Read(Option<Box<Fresh>>),
}

/// What a directory that was read held.
pub(super) struct Fresh {
    pub(super) stamp: Stamp,
    /// As [`Records`](super::cache::Records) keeps them.
    pub(super) names: Vec<u8>,
}

/// One thread's part of a walk.
pub(super) struct Worker<'a> {
    shared: &'a Shared<'a>,
    untracked: Vec<RepoPath>,
    /// Untracked directories still to be listed.
    pending: Vec<Vec<u8>>,
    /// The untracked names of the directory that is being read, for its record.
    names: Vec<u8>,
    /// How many of its entries are there.
    seen: usize,
    /// One of them is a link and was none, or the other way round.
    is_altered: bool,
    /// Where the cache is likely to know the next directory.
    hint: usize,
}

impl<'a> Worker<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Self {
        let (untracked, pending, names) = (Vec::new(), Vec::new(), Vec::new());
        Self { shared, untracked, pending, names, seen: 0, is_altered: false, hint: 0 }
    }

    pub(super) fn into_untracked(self) -> Vec<RepoPath> {
        self.untracked
    }

    /// Says that the next directory is the one at `index`.
    pub(super) const fn go_to(&mut self, index: usize) {
        self.hint = index;
    }

    /// Looks at a tracked directory: asks the cache, or reads it and what is untracked below it.
    pub(super) fn tracked(&mut self, lister: &mut Lister<'_>, index: usize) -> Outcome {
        let shared = self.shared;
        let directory = &shared.tree.directories[index];
        let path = directory.path(shared.walk.entries);
        let stamp = shared.session.as_ref().and_then(|_| lister.stamp(path));
        if let Some((session, stamp)) = shared.session.as_ref().zip(stamp)
            && let Some(known) = session.find(self.hint, &stamp, shared.names[index].hash)
        {
            self.hint = known + 1;
            return Outcome::Known(known);
        }
        (self.seen, self.is_altered) = (0, false);
        self.names.clear();
        let read = lister.list(path, &mut |name, kind| self.visit_tracked(directory, path, name, kind));
        self.drain(lister);
        let Some(read) = read else {
            return if stamp.is_some() { Outcome::Closed } else { Outcome::Absent };
        };
        let Some(session) = &shared.session else { return Outcome::Read(None) };
        let is_complete = read.is_whole && self.seen == shared.names[index].entries && !self.is_altered;
        let stamp = read.stamp.filter(|stamp| is_complete && session.is_settled(stamp));
        Outcome::Read(stamp.map(|stamp| Box::new(Fresh { stamp, names: self.names.clone() })))
    }

    /// Takes the untracked names that the cache knows of a directory, and reads what lies below them.
    pub(super) fn known(&mut self, lister: &mut Lister<'_>, directory: &TrackedDirectory, names: &[u8]) {
        let path = directory.path(self.shared.walk.entries);
        for name in names.split(|byte| *byte == 0) {
            match name.split_first() {
                Some((&DIRECTORY, name)) => self.candidate_directory(&join(path, name)),
                Some((&FILE, name)) => self.candidate_file(join(path, name)),
                _ => {}
            }
        }
        self.drain(lister);
    }

    fn drain(&mut self, lister: &mut Lister<'_>) {
        while let Some(path) = self.pending.pop() {
            lister.list(&path, &mut |name, kind| self.visit_untracked(&path, name, kind));
        }
    }

    fn visit_tracked(&mut self, directory: &TrackedDirectory, path: &[u8], name: &[u8], kind: Kind) {
        if self.is_dot_git(name) {
            return;
        }
        let shared = self.shared;
        let walk = shared.walk;
        if kind == Kind::Directory {
            match directory.subdirectory(walk.entries, name) {
                Subdirectory::Untracked => {
                    self.remember(DIRECTORY, name);
                    self.candidate_directory(&join(path, name));
                }
                Subdirectory::Submodule(index) => self.seen(index),
                Subdirectory::Tracked => {}
            }
            return;
        }
        let wanted = name.ends_with(b".nix");
        if kind == Kind::Other || !(wanted || walk.presence || shared.session.is_some()) {
            return;
        }
        match directory.file(walk.entries, name) {
            Some(index) if walk.entries.get(index).mode == Mode::Submodule => {}
            Some(index) => {
                let was_link = walk.entries.get(index).mode == Mode::Symlink;
                if was_link != (kind == Kind::Symlink) {
                    self.is_altered = true;
                    shared.is_altered.store(true, Ordering::Relaxed);
                }
                self.seen(index);
            }
            None if wanted => {
                self.remember(FILE, name);
                self.candidate_file(join(path, name));
            }
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

    fn remember(&mut self, kind: u8, name: &[u8]) {
        if self.shared.session.is_some() {
            self.names.push(kind);
            self.names.extend_from_slice(name);
            self.names.push(0);
        }
    }

    fn seen(&mut self, index: usize) {
        self.seen += 1;
        if let Some(present) = self.shared.present.get(index) {
            present.store(true, Ordering::Relaxed);
        }
    }
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}
