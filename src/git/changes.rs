//! What an index changes of the tree that its commit builds on.
//!
//! The index remembers which of its directories are as a tree has them. Where that tree is the commit's too, nothing
//! below has changed, and no object below is read: of a large repository a commit reads a handful of trees.

use std::collections::HashMap;
use std::ops::Range;

use super::entries::EntryList;
use super::error::GitError;
use super::index::cache_tree::CacheTree;
use super::objects::{MAX_ITEMS, MAX_PATH, Objects, tree};
use crate::snapshot::{Changes, Mode, RepoPath};

/// Compares a tree with the entries of an index.
pub(super) fn between(objects: &Objects, tree: &[u8], entries: &EntryList) -> Result<Changes, GitError> {
    let cache = entries.cache_tree();
    let mut comparison = Comparison { objects, entries, cache, changes: Changes::default(), pending: Vec::new() };
    let node = comparison.cache.as_ref().map(|_| CacheTree::ROOT);
    comparison.pending.push(Pending { prefix: Vec::new(), tree: tree.to_vec(), range: 0..entries.len(), node });
    while let Some(next) = comparison.pending.pop() {
        comparison.directory(&next)?;
    }
    Ok(comparison.changes)
}

/// A directory that is to be compared.
struct Pending {
    /// Its path and a `/`; empty for the root.
    prefix: Vec<u8>,
    tree: Vec<u8>,
    /// The entries below it.
    range: Range<usize>,
    /// Its node in the cache.
    node: Option<usize>,
}

struct Comparison<'a> {
    objects: &'a Objects,
    entries: &'a EntryList,
    cache: Option<CacheTree<'a>>,
    changes: Changes,
    /// A list in place of recursion: trees can be nested deeper than a stack.
    pending: Vec<Pending>,
}

impl Comparison<'_> {
    fn directory(&mut self, directory: &Pending) -> Result<(), GitError> {
        let Pending { prefix, tree, range, node } = directory;
        let cache = self.cache.as_ref().zip(*node);
        if cache.is_some_and(|(cache, node)| cache.tree(node, range.len()) == Some(tree)) {
            return Ok(());
        }
        if prefix.len() > MAX_PATH {
            return Err(GitError::new("the tree is nested too deeply"));
        }
        if self.pending.len() + self.changes.removed.len() > MAX_ITEMS {
            return Err(GitError::new("the tree holds more than five million files"));
        }
        let below = cache.map(|(cache, node)| cache.below(node)).unwrap_or_default();
        let content = self.objects.tree(tree)?;
        let mut at = range.start;
        let mut path = prefix.clone();
        for item in tree::items(&content, self.objects.id_len()) {
            path.truncate(prefix.len());
            path.extend_from_slice(item.name);
            at = match item.mode {
                Some(mode) => self.file(at..range.end, &path, item.id, mode),
                None => self.subdirectory(at..range.end, &mut path, &item, &below),
            };
        }
        self.added(at..range.end);
        Ok(())
    }

    /// Compares a file of the tree; returns the first entry behind it.
    fn file(&mut self, range: Range<usize>, path: &[u8], id: &[u8], mode: Mode) -> usize {
        let at = self.entries.lower_bound_near(range.clone(), path);
        self.added(range.start..at);
        let entry = (at < range.end).then(|| self.entries.get(at)).filter(|entry| entry.path == path);
        // What is only intended to be added will not be in the commit.
        match entry.filter(|entry| !entry.intent_to_add) {
            None => _ = self.changes.removed.insert(RepoPath::new(path)),
            Some(entry) if entry.id != id || entry.mode != mode || entry.conflicted => {
                if leads_on(mode) || leads_on(entry.mode) {
                    self.changes.removed.insert(RepoPath::new(path));
                }
                self.changes.changed.insert(RepoPath::new(path));
            }
            Some(_) => {}
        }
        at + usize::from(entry.is_some())
    }

    /// Puts a directory of the tree aside to be compared; returns the first entry behind it.
    fn subdirectory(
        &mut self,
        range: Range<usize>,
        path: &mut Vec<u8>,
        item: &tree::Item<'_>,
        below: &HashMap<&[u8], usize>,
    ) -> usize {
        if let Some(at) = self.sparse(range.clone(), path, item.id) {
            return at;
        }
        path.push(b'/');
        let start = self.entries.lower_bound_near(range.clone(), path);
        self.added(range.start..start);
        // The byte after the slash bounds everything that begins with it.
        let set_last = |path: &mut Vec<u8>, byte| path.last_mut().map(|last| *last = byte);
        set_last(path, b'/' + 1);
        let end = self.entries.lower_bound_near(start..range.end, path);
        set_last(path, b'/');
        let node = below.get(item.name).copied();
        let cached = self.cache.as_ref().zip(node).and_then(|(cache, node)| cache.tree(node, end - start));
        if cached != Some(item.id) {
            self.pending.push(Pending { prefix: path.clone(), tree: item.id.to_vec(), range: start..end, node });
        }
        end
    }

    /// A directory of a sparse index whose tree could not be read is an entry of its own.
    fn sparse(&mut self, range: Range<usize>, path: &[u8], id: &[u8]) -> Option<usize> {
        let at = self.entries.lower_bound_near(range.clone(), path);
        let entry = (at < range.end).then(|| self.entries.get(at))?;
        if entry.path != path || entry.mode != Mode::SparseDirectory {
            return None;
        }
        self.added(range.start..at);
        if entry.id != id {
            // Nobody can tell what has gone from it.
            self.changes.removed.insert(RepoPath::new(path));
            self.changes.changed.insert(RepoPath::new(path));
        }
        Some(at + 1)
    }

    fn added(&mut self, range: Range<usize>) {
        let entries = range.map(|index| self.entries.get(index)).filter(|entry| !entry.intent_to_add);
        self.changes.added.extend(entries.map(|entry| RepoPath::new(entry.path)));
    }
}

/// Whether paths can lead through what has this mode.
fn leads_on(mode: Mode) -> bool {
    !matches!(mode, Mode::File | Mode::Executable)
}
