//! What tracked directories held when they were last read, kept in the git directory.
//!
//! A large tree is walked for some new file in one directory. Each directory that is as it was costs one `lstat` in
//! place of being opened and read. The cache holds nothing but the names of a directory's files `*.nix` and
//! subdirectories that git did not track; what those are worth (ignored? a repository of its own? what lies below?) is
//! asked anew in each run.
//!
//! Why it is never wrong. A record is used for a directory whose inode, change time, modification time and tracked names
//! are the record's:
//!
//! - Whatever is created, removed or renamed in a directory sets its change time to the kernel's clock, and nobody can
//!   set that back. A record is made only when the change time, taken before the names were read and from the descriptor
//!   that they were read from, lay before what that clock showed then: each later change has a later time.
//! - That holds for file systems of the kernel's own; on all others, and across mounts, nothing is kept.
//! - A directory counts only when all directories above it are real ones in the same run: one that a link has replaced
//!   hides what was below it.
//! - What is tracked enters as a hash of the names that the index holds in the directory, and of which of them are links.
//!   Where a tracked file was not there, or a link had replaced it, nothing is kept.
//! - The file is replaced whole and carries a checksum: what is torn, damaged or of another version is as good as none.
//!
//! What remains is a clock that is set back, and shows to the nanosecond the time of a change before.

mod format;

use std::path::PathBuf;
use std::sync::OnceLock;

use super::super::listing::{Lister, Stamp};
use crate::snapshot::disk;

/// On fewer directories nothing is gained.
pub(super) const LEAST_DIRECTORIES: usize = 400;
/// So many directories read anew make it worth writing the file again.
const WORTH_WRITING: usize = 24;
const MAX_FILE: u64 = 256 << 20;

/// Where the cache is kept.
#[derive(Clone, Debug)]
pub(in crate::git) struct CacheFile {
    pub(in crate::git) path: PathBuf,
    /// Not for an index that is not the repository's own: the next run would start from the wrong names.
    pub(in crate::git) may_write: bool,
}

/// What was known of one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) stamp: Stamp,
    /// The hash of what the index holds in the directory.
    pub(super) tracked: u64,
    /// Where its untracked names end in the list of all.
    names_end: u32,
}

/// Records in the order of the directories that they were made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    records: Vec<Record>,
    /// Each name with its kind before it and a zero behind.
    names: Vec<u8>,
}

/// The marks before names.
pub(super) const FILE: u8 = b'f';
pub(super) const DIRECTORY: u8 = b'd';

impl Records {
    /// Adds a directory's record.
    pub(super) fn push(&mut self, stamp: Stamp, tracked: u64, names: &[u8]) {
        if let Ok(names_end) = u32::try_from(self.names.len() + names.len()) {
            self.names.extend_from_slice(names);
            self.records.push(Record { stamp, tracked, names_end });
        }
    }

    /// The untracked names of a directory, as they were put in.
    pub(super) fn names(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.records[before].names_end as usize);
        &self.names[start..self.records[index].names_end as usize]
    }

    pub(super) fn get(&self, index: usize) -> &Record {
        &self.records[index]
    }
}

/// The cache in one walk.
pub(super) struct Session {
    known: Records,
    by_inode: OnceLock<Vec<(u64, usize)>>,
    /// The device of the worktree's root: other file systems below it are not kept.
    device: u64,
    /// What the file system's clock showed before anything was read.
    start: (i64, u32),
    file: CacheFile,
}

impl Session {
    /// Reads what is known. `None` where the file system cannot be relied on.
    pub(super) fn open(file: &CacheFile, lister: &Lister<'_>) -> Option<Self> {
        let start = lister.trusted_clock()?;
        let device = lister.stamp(b"")?.device;
        let content = disk::read_file(&file.path, MAX_FILE).unwrap_or_default();
        let known = format::read(&content, device).unwrap_or_default();
        Some(Self { known, by_inode: OnceLock::new(), device, start, file: file.clone() })
    }

    /// The record that holds for a directory in this state; `hint` is where it would be if nothing had changed.
    pub(super) fn find(&self, hint: usize, stamp: &Stamp, tracked: u64) -> Option<usize> {
        let is_inode = |record: &Record| record.stamp.inode == stamp.inode;
        let near = [hint, hint + 1, hint.saturating_sub(1)];
        let index = near.into_iter().find(|index| self.known.records.get(*index).is_some_and(is_inode));
        let index = index.or_else(|| self.search(stamp.inode))?;
        let record = self.known.get(index);
        (record.stamp == *stamp && record.tracked == tracked).then_some(index)
    }

    fn search(&self, inode: u64) -> Option<usize> {
        let sorted = self.by_inode.get_or_init(|| {
            let mut sorted: Vec<(u64, usize)> =
                self.known.records.iter().enumerate().map(|(index, record)| (record.stamp.inode, index)).collect();
            sorted.sort_unstable();
            sorted
        });
        let found = sorted.binary_search_by_key(&inode, |(inode, _)| *inode).ok()?;
        Some(sorted[found].1)
    }

    /// What is known.
    pub(super) const fn known(&self) -> &Records {
        &self.known
    }

    /// Whether a directory that was read in this state may be recorded: see the module's documentation.
    pub(super) fn is_settled(&self, stamp: &Stamp) -> bool {
        let latest = stamp.changed.max(stamp.modified);
        // Some file systems keep whole seconds.
        let start = if latest.1 == 0 { (self.start.0, 0) } else { self.start };
        stamp.device == self.device && latest < start
    }

    /// Writes the file anew where that is worth it. That it cannot be written is no reason to fail.
    pub(super) fn save(&self, records: &Records, read_anew: usize) {
        let is_first = self.known.records.is_empty() && !records.records.is_empty();
        if self.file.may_write && (read_anew >= WORTH_WRITING || is_first) {
            // The next run does without.
            let _ = format::write(&self.file.path, &format::of(records, self.device));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(inode: u64, seconds: i64) -> Stamp {
        Stamp { device: 1, inode, changed: (seconds, 5), modified: (seconds, 5) }
    }

    fn session(known: Records) -> Session {
        let file = CacheFile { path: PathBuf::new(), may_write: false };
        Session { known, by_inode: OnceLock::new(), device: 1, start: (100, 7), file }
    }

    #[test]
    fn a_record_holds_for_the_same_state_only() {
        let mut records = Records::default();
        records.push(stamp(7, 1), 70, b"fa.nix\0");
        records.push(stamp(8, 2), 80, b"");
        let session = session(records);
        assert_eq!(session.find(0, &stamp(7, 1), 70), Some(0));
        assert_eq!(session.find(5, &stamp(7, 1), 70), Some(0));
        assert_eq!(session.find(0, &stamp(8, 2), 80), Some(1));
        assert_eq!(session.find(0, &stamp(7, 2), 70), None);
        assert_eq!(session.find(0, &stamp(7, 1), 71), None);
        let touched = Stamp { modified: (0, 5), ..stamp(7, 1) };
        assert_eq!(session.find(0, &touched, 70), None);
        assert_eq!(session.known().names(0), b"fa.nix\0");
        assert_eq!(session.known().names(1), b"");
    }

    #[test]
    fn what_may_still_change_within_the_same_instant_is_not_recorded() {
        let session = session(Records::default());
        let at = |changed, modified| Stamp { changed, modified, ..stamp(7, 1) };
        assert!(session.is_settled(&at((100, 6), (1, 1))));
        assert!(!session.is_settled(&at((100, 7), (1, 1))));
        assert!(!session.is_settled(&at((1, 1), (100, 8))));
        // Whole seconds: the second that is passing may bring more.
        assert!(!session.is_settled(&at((100, 0), (1, 0))));
        assert!(session.is_settled(&at((99, 0), (1, 0))));
        assert!(!session.is_settled(&Stamp { device: 2, ..stamp(7, 1) }));
    }
}
