//! The list of files that git tracks in a view.

use crate::snapshot::{Entry, Mode};

const INTENT_TO_ADD: u16 = 1 << 13;
const SKIP_WORKTREE: u16 = 1 << 14;

struct Tracked {
    path: Vec<u8>,
    mode: Mode,
    id: git2::Oid,
    stage: u16,
    intent_to_add: bool,
    skip_worktree: bool,
}

/// Entries sorted bytewise by path, each path once.
pub(super) struct EntryList(Vec<Tracked>);

impl EntryList {
    /// The index; of a conflicted path our side counts, else the base, else theirs.
    pub(super) fn of_index(index: &git2::Index) -> Self {
        let mut list: Vec<Tracked> = index
            .iter()
            .map(|entry| Tracked {
                mode: mode(entry.mode),
                id: entry.id,
                stage: (entry.flags >> 12) & 3,
                intent_to_add: entry.flags_extended & INTENT_TO_ADD != 0,
                skip_worktree: entry.flags_extended & SKIP_WORKTREE != 0,
                path: entry.path,
            })
            .collect();
        let preference = |entry: &Tracked| match entry.stage {
            0 => 0,
            2 => 1,
            1 => 2,
            _ => 3,
        };
        list.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| preference(a).cmp(&preference(b))));
        list.dedup_by(|later, first| later.path == first.path);
        Self(list)
    }

    /// All files of a tree, however deep.
    pub(super) fn of_tree(tree: &git2::Tree<'_>) -> Result<Self, git2::Error> {
        let mut list = Vec::new();
        tree.walk(git2::TreeWalkMode::PreOrder, |directory, entry| {
            if entry.kind() != Some(git2::ObjectType::Tree) {
                let mut path = directory.as_bytes().to_vec();
                path.extend_from_slice(entry.name_bytes());
                let mode = mode(u32::try_from(entry.filemode()).unwrap_or_default());
                let id = entry.id();
                list.push(Tracked { path, mode, id, stage: 0, intent_to_add: false, skip_worktree: false });
            }
            git2::TreeWalkResult::Ok
        })?;
        list.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self(list))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, index: usize) -> Entry<'_> {
        let entry = &self.0[index];
        Entry {
            path: &entry.path,
            mode: entry.mode,
            id: entry.id.as_bytes(),
            intent_to_add: entry.intent_to_add,
            skip_worktree: entry.skip_worktree,
            conflicted: entry.stage != 0,
        }
    }

    pub(super) fn find(&self, path: &[u8]) -> Option<Entry<'_>> {
        let index = self.0.binary_search_by(|entry| entry.path.as_slice().cmp(path)).ok()?;
        Some(self.get(index))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }
}

const fn mode(bits: u32) -> Mode {
    match bits & 0o170_000 {
        0o120_000 => Mode::Symlink,
        0o160_000 => Mode::Submodule,
        0o040_000 => Mode::SparseDirectory,
        _ if bits & 0o111 != 0 => Mode::Executable,
        _ => Mode::File,
    }
}
