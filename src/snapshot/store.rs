//! What a view is made of.

use super::{Absence, Changes, Entry, Mode, ReadError, RepoPath};

/// Whether the view is known to hold a regular file at a path, by a question that several threads may ask. False where it
/// holds something else, and where that takes more than a look.
pub type Holds<'a> = dyn Fn(&RepoPath) -> bool + Sync + 'a;

/// Where a snapshot's files come from: git's index, worktree and objects, a plain directory, or memory.
///
/// The list of entries is sorted bytewise by path and does not change while the store lives.
pub trait Store {
    /// Number of entries.
    fn count(&self) -> usize;

    /// The entry at `index`, which is less than [`Store::count`].
    fn entry(&self, index: usize) -> Entry<'_>;

    /// Whether the entry is there in this view: false for a tracked file that is gone from the disk (worktree view),
    /// for an intent-to-add entry (index view).
    fn is_present(&self, entry: Entry<'_>) -> bool;

    /// What kind of file the entry is in this view: on disk, a file may have been replaced by a link, or a link by a
    /// file.
    fn mode_now(&self, entry: Entry<'_>) -> Mode {
        entry.mode
    }

    /// The content of an entry in this view; for a symbolic link, its target.
    ///
    /// # Errors
    /// When the object is missing or the file cannot be read.
    fn read(&self, entry: Entry<'_>) -> Result<Vec<u8>, ReadError>;

    /// Reads many files at once and calls `seen` with the number in `paths` and the content of each, in any order, which
    /// it may take. May pass over any of them: [`Store::read`] says then what is there.
    fn read_ahead(&self, paths: &[RepoPath], seen: &(dyn Fn(usize, &mut Vec<u8>, &Holds<'_>) + Sync)) {
        let _ = (paths, seen);
    }

    /// All untracked files that git does not ignore and whose name ends in `.nix`, sorted. Empty where there is no
    /// worktree to look at (revision and directory views).
    ///
    /// # Errors
    /// When the worktree or an ignore file cannot be read.
    fn untracked_nix_files(&self) -> Result<Vec<RepoPath>, ReadError>;

    /// Says where a path is that the view does not hold. `path` is a file or a directory.
    fn absence(&self, path: &RepoPath) -> Absence;

    /// The symbolic link on disk, not in the view, that leads from `path` to a file of the repository.
    fn link_on_the_way(&self, _path: &RepoPath) -> Option<RepoPath> {
        None
    }

    /// The content of `path` in the commit that the view's commit builds on: `HEAD` for index and worktree, the first
    /// parent for a revision. `None` where there is no such commit or file.
    fn read_base(&self, path: &RepoPath) -> Option<Vec<u8>>;

    /// The content on disk of a tracked file, where the view is the index of a commit that is being made and holds
    /// other content: what `git add` would put there.
    fn read_unstaged(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let _ = path;
        None
    }

    /// Whether `path` is known, without reading either, to be the same file in the view and in the commit that the
    /// view's commit builds on.
    fn is_as_in_base(&self, path: &RepoPath) -> bool {
        let _ = path;
        false
    }

    /// What the commit that the view shows would change. `None` where the view is no commit that is being made, or
    /// there is none to build on.
    fn changes(&self) -> Option<Changes> {
        None
    }
}
