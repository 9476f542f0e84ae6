//! Tracked paths without regard to upper and lower case, as `core.ignoreCase` has git compare them (ASCII alone).

use std::collections::HashMap;

use super::entries::EntryList;
use crate::snapshot::Mode;

/// What a folded path is in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracked {
    File,
    Directory,
    Submodule,
}

/// Tracked files and their directories by their lower-case paths, with the spelling of the first one.
pub(super) struct Folded {
    paths: HashMap<Vec<u8>, (Tracked, usize)>,
}

impl Folded {
    /// Folds every path once.
    pub(super) fn new(entries: &EntryList) -> Self {
        let mut paths = HashMap::with_capacity(entries.len() * 2);
        for index in 0..entries.len() {
            let entry = entries.get(index);
            let lower = entry.path.to_ascii_lowercase();
            let mut end = lower.len();
            let mut kind = match entry.mode {
                Mode::Submodule => Tracked::Submodule,
                Mode::SparseDirectory => Tracked::Directory,
                _ => Tracked::File,
            };
            // From the leaf upwards until a directory that is known: its parents are too.
            loop {
                let known = paths.contains_key(&lower[..end]);
                if !known {
                    paths.insert(lower[..end].to_vec(), (kind, index));
                }
                kind = Tracked::Directory;
                match lower[..end].iter().rposition(|byte| *byte == b'/') {
                    Some(slash) if !known => end = slash,
                    _ => break,
                }
            }
        }
        Self { paths }
    }

    /// What the index holds under this path or one that differs only in case.
    pub(super) fn find(&self, path: &[u8]) -> Option<Tracked> {
        self.paths.get(&path.to_ascii_lowercase()).map(|(kind, _)| *kind)
    }

    /// The tracked spelling of this path.
    pub(super) fn spelling<'a>(&self, entries: &'a EntryList, path: &[u8]) -> Option<&'a [u8]> {
        let (_, index) = self.paths.get(&path.to_ascii_lowercase())?;
        entries.path(*index).get(..path.len())
    }
}
