//! The directories that hold tracked files, as ranges of the sorted list of entries.

use std::cmp::Ordering;

use crate::git::entries::EntryList;
use crate::snapshot::Mode;

/// One directory: its path is the first `path_len` bytes of the path of entry `start`, and everything tracked below it
/// is `start..end`.
pub(super) struct TrackedDirectory {
    start: usize,
    end: usize,
    path_len: usize,
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
pub(super) fn directories(entries: &EntryList) -> Vec<TrackedDirectory> {
    let mut found = vec![TrackedDirectory { start: 0, end: entries.len(), path_len: 0 }];
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
            open.push(found.len());
            found.push(TrackedDirectory { start: index, end: entries.len(), path_len });
            inside = &path[..path_len];
            from = path_len + 1;
        }
    }
    found
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
        let from = if self.path_len == 0 { 0 } else { self.path_len + 1 };
        entries.path(index).get(from..).unwrap_or_default()
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
