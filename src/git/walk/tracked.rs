//! The directories that hold tracked files, as ranges of the sorted list of entries.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hasher as _};

use crate::git::entries::EntryList;
use crate::snapshot::Mode;

/// One directory: its path is the first `path_len` bytes of the path of entry `start`, and everything tracked below it
/// is `start..end`.
pub(super) struct TrackedDirectory {
    start: usize,
    end: usize,
    path_len: usize,
    /// The directory above; the root's is the root.
    pub(super) parent: usize,
}

/// All directories of an index.
pub(super) struct Tree {
    /// The root first, each before what lies below it.
    pub(super) directories: Vec<TrackedDirectory>,
    /// For each entry the directory that it lies in.
    pub(super) owners: Vec<usize>,
}

/// What the index holds directly in a directory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Names {
    /// Of their names and kinds, whatever their order.
    pub(super) hash: u64,
    /// How many are entries: not directories.
    pub(super) entries: usize,
}

/// What the index holds at a directory's path.
pub(super) enum Subdirectory {
    /// Nothing, or a file.
    Untracked,
    /// Files below it.
    Tracked,
    /// The submodule of this entry.
    Submodule(usize),
}

/// All directories with something tracked below them, the root first. One pass over the paths.
pub(super) fn directories(entries: &EntryList) -> Tree {
    let mut found = vec![TrackedDirectory { start: 0, end: entries.len(), path_len: 0, parent: 0 }];
    let mut owners = Vec::with_capacity(entries.len());
    // The directories that the entry before lies in, innermost last; the root is none of them.
    let mut open: Vec<usize> = Vec::new();
    let mut inside: &[u8] = &[];
    for index in 0..entries.len() {
        let path = entries.path(index);
        let is_inside = |directory: &[u8]| path.starts_with(directory) && path.get(directory.len()) == Some(&b'/');
        while !inside.is_empty() && !is_inside(inside) {
            let Some(closed) = open.pop() else { break };
            found[closed].end = index;
            let parent_len = open.last().map_or(0, |parent| found[*parent].path_len);
            inside = &inside[..parent_len];
        }
        let mut from = if inside.is_empty() { 0 } else { inside.len() + 1 };
        while let Some(slash) = path[from..].iter().position(|byte| *byte == b'/') {
            let path_len = from + slash;
            let parent = open.last().copied().unwrap_or(0);
            open.push(found.len());
            found.push(TrackedDirectory { start: index, end: entries.len(), path_len, parent });
            inside = &path[..path_len];
            from = path_len + 1;
        }
        owners.push(open.last().copied().unwrap_or(0));
    }
    Tree { directories: found, owners }
}

impl Tree {
    /// For each directory, what the index holds in it.
    pub(super) fn names(&self, entries: &EntryList) -> Vec<Names> {
        let mut found = vec![Names::default(); self.directories.len()];
        for (index, owner) in self.owners.iter().enumerate() {
            let mark = match entries.get(index).mode {
                Mode::File | Mode::Executable => 0,
                Mode::Submodule => 1,
                Mode::SparseDirectory => 2,
                Mode::Symlink => 4,
            };
            let name = self.directories[*owner].rest(entries, index);
            found[*owner].hash = found[*owner].hash.wrapping_add(hash(name, mark));
            found[*owner].entries += 1;
        }
        for directory in self.directories.iter().skip(1) {
            let path = directory.path(entries);
            let name = path.get(self.directories[directory.parent].rest_at()..).unwrap_or_default();
            let names = &mut found[directory.parent];
            names.hash = names.hash.wrapping_add(hash(name, 3));
        }
        found
    }
}

fn hash(name: &[u8], mark: u8) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    hasher.write_u8(mark);
    hasher.finish()
}

impl TrackedDirectory {
    pub(super) fn path<'a>(&self, entries: &'a EntryList) -> &'a [u8] {
        entries.path(self.start).get(..self.path_len).unwrap_or_default()
    }

    /// The entry with this name directly in the directory.
    pub(super) fn file(&self, entries: &EntryList, name: &[u8]) -> Option<usize> {
        let index = self.lower_bound(entries, |rest| rest.cmp(name));
        (index < self.end && self.rest(entries, index) == name).then_some(index)
    }

    /// What the index holds at a directory of this name.
    pub(super) fn subdirectory(&self, entries: &EntryList, name: &[u8]) -> Subdirectory {
        let below = |rest: &[u8]| match rest.strip_prefix(name) {
            Some([]) => Ordering::Less,
            Some([next, ..]) => next.cmp(&b'/'),
            None => rest.cmp(name),
        };
        let index = self.lower_bound(entries, below);
        if index < self.end && below(self.rest(entries, index)) == Ordering::Equal {
            return Subdirectory::Tracked;
        }
        let Some(index) = self.file(entries, name) else { return Subdirectory::Untracked };
        match entries.get(index).mode {
            Mode::Submodule => Subdirectory::Submodule(index),
            Mode::SparseDirectory => Subdirectory::Tracked,
            _ => Subdirectory::Untracked,
        }
    }

    fn rest<'a>(&self, entries: &'a EntryList, index: usize) -> &'a [u8] {
        entries.path(index).get(self.rest_at()..).unwrap_or_default()
    }

    /// Where names directly in the directory begin.
    const fn rest_at(&self) -> usize {
        if self.path_len == 0 { 0 } else { self.path_len + 1 }
    }

    fn lower_bound(&self, entries: &EntryList, order: impl Fn(&[u8]) -> Ordering) -> usize {
        let (mut low, mut high) = (self.start, self.end);
        while low < high {
            let middle = usize::midpoint(low, high);
            if order(self.rest(entries, middle)) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
