//! What an index changes of the tree that its commit builds on.

use super::entries::EntryList;
use crate::snapshot::{Changes, RepoPath};

/// Compares two lists of files, both sorted by path.
pub(super) fn between(old: &EntryList, new: &EntryList) -> Changes {
    let mut changes = Changes::default();
    let (mut at, mut entries) = (0, new.iter().filter(|entry| !entry.intent_to_add).peekable());
    loop {
        let before = (at < old.len()).then(|| old.get(at));
        match (before, entries.peek()) {
            (None, None) => return changes,
            (Some(before), Some(entry)) if before.path == entry.path => {
                if before.id != entry.id || before.mode != entry.mode || entry.conflicted {
                    changes.changed.insert(RepoPath::new(entry.path));
                }
                at += 1;
                entries.next();
            }
            (Some(before), Some(entry)) if before.path < entry.path => {
                changes.removed.insert(RepoPath::new(before.path));
                at += 1;
            }
            (Some(before), None) => {
                changes.removed.insert(RepoPath::new(before.path));
                at += 1;
            }
            (_, Some(entry)) => {
                changes.added.insert(RepoPath::new(entry.path));
                entries.next();
            }
        }
    }
}
