//! What is judged: the files of one view of the repository.
//!
//! A [`Snapshot`] is the only thing that the flake model and the rules see of the world. It answers from one of four
//! views (product words: index, worktree, revision, directory), reads lazily, and keeps what it has read, so that a
//! question nobody asks costs nothing.

mod directory;
pub(crate) mod disk;
mod links;
mod memory;
mod path;
mod store;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;
use std::sync::mpsc;

pub use directory::directory;
pub use links::Lead;
pub use memory::{FileState, Memory};
pub use path::{RepoPath, under};
pub use store::{Holds, Store};

use crate::source::SourceFile;

/// Which state of the repository a snapshot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// The commit git is about to make.
    Index,
    /// What Nix sees now: tracked files with their content on disk.
    Worktree,
    /// The tree of a commit; the object id in hexadecimal.
    Revision(String),
    /// No git: everything on disk is visible.
    Directory,
}

/// What kind of file an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An ordinary file.
    File,
    /// An ordinary file with the executable bit.
    Executable,
    /// A symbolic link; its content is the target.
    Symlink,
    /// A submodule.
    Submodule,
    /// A whole directory that a sparse index keeps as one entry: everything below it is tracked.
    SparseDirectory,
}

/// A file that git tracks in the view, or, in the directory view, a file on disk.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Path from the root.
    pub path: &'a [u8],
    /// Kind of file.
    pub mode: Mode,
    /// Object id: 20 or 32 bytes, empty where there is none.
    pub id: &'a [u8],
    /// Put there by `git add -N`: no commit will hold it.
    pub intent_to_add: bool,
    /// Left out of the worktree on purpose (sparse checkout).
    pub skip_worktree: bool,
    /// One of several versions of a merge conflict.
    pub conflicted: bool,
}

/// Where a path that the view does not hold was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Nowhere: neither in the view nor on disk.
    Nowhere,
    /// On disk, neither tracked nor ignored.
    Untracked,
    /// On disk, not tracked, and this rule ignores it.
    Ignored(IgnoreRule),
    /// Only as an intention: `git add -N`, in the index view.
    IntentToAdd,
    /// Tracked, but gone from the disk (worktree view).
    Deleted,
    /// Tracked, but a sparse checkout leaves it off the disk (worktree view).
    LeftOut,
    /// Tracked, but marked skip-worktree by hand and gone from the disk (worktree view).
    Skipped,
    /// Tracked, as a symbolic link that leads in a circle, or below one.
    Circle,
    /// Inside the submodule at this path.
    Submodule(RepoPath),
    /// On disk, in or as the repository of its own at this path, which git does not look into.
    Repository(RepoPath),
    /// Under this name, which differs only in upper and lower case.
    OtherCase(RepoPath),
    /// Outside the repository.
    Outside,
}

/// The ignore rule that decided, as `git check-ignore -v` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreRule {
    /// The file that holds it, as git would show it: relative to the root, or absolute.
    pub source: String,
    /// Line in that file, from 1.
    pub line: usize,
    /// The pattern as written.
    pub pattern: String,
}

/// What a commit changes of the one it builds on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files that were there, with other content or of another kind.
    pub changed: BTreeSet<RepoPath>,
    /// Files that were not there.
    pub added: BTreeSet<RepoPath>,
    /// Files that are gone, and what was or has become a link or a submodule: paths through them lead elsewhere now.
    pub removed: BTreeSet<RepoPath>,
}

impl Changes {
    /// Whether nobody is about to commit: nothing is staged but what goes. A check of everything is what is wanted then,
    /// as from a framework that is told to run on all files.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty()
    }
}

/// Why content could not be had. Displayed behind the path, where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file asked for.
    pub path: RepoPath,
    /// The reason, lower case, without the path.
    pub reason: String,
    /// The file is there, but not its content: it may not be read, or what git has stored is damaged or gone. Nobody can
    /// say what it names.
    pub is_withheld: bool,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_root() {
            return formatter.write_str(&self.reason);
        }
        write!(formatter, "{}: {}", self.path, self.reason)
    }
}

impl std::error::Error for ReadError {}

impl ReadError {
    /// A file that is read from the disk.
    pub(crate) fn of_disk(path: RepoPath, error: &io::Error) -> Self {
        let is_withheld = error.kind() == io::ErrorKind::PermissionDenied || disk::is_exhausted(error);
        Self { path, reason: error.to_string(), is_withheld }
    }
}

/// What is kept of a file that was looked at ahead; see [`Snapshot::read_ahead`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: nobody is expected to ask again.
    Nothing,
    /// The content.
    Content,
}

/// The files of one view. See the module's documentation.
pub struct Snapshot {
    view: View,
    store: Box<dyn Store>,
    sources: RefCell<BTreeMap<RepoPath, Result<Rc<SourceFile>, ReadError>>>,
    /// Bytes of all of them.
    kept: Cell<usize>,
    replaced: BTreeSet<RepoPath>,
    /// What [`Store::read_base`] has said.
    bases: RefCell<BTreeMap<RepoPath, Option<Rc<SourceFile>>>>,
    untracked: OnceCell<Result<Vec<RepoPath>, ReadError>>,
}

impl Snapshot {
    /// A snapshot over a store.
    #[must_use]
    pub fn new(view: View, store: Box<dyn Store>) -> Self {
        Self {
            view,
            store,
            sources: RefCell::default(),
            kept: Cell::default(),
            replaced: BTreeSet::new(),
            bases: RefCell::default(),
            untracked: OnceCell::new(),
        }
    }

    /// The view shown.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Every entry that is present in the view, in bytewise order of path.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.store.count()).map(|index| self.store.entry(index)).filter(|entry| self.store.is_present(*entry))
    }

    /// Every entry of the list, also those that [`Store::is_present`] denies.
    pub fn all_entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.store.count()).map(|index| self.store.entry(index))
    }

    /// The entry with exactly this path, if the view holds it.
    #[must_use]
    pub fn entry(&self, path: &RepoPath) -> Option<Entry<'_>> {
        self.entry_at(path.as_bytes())
    }

    fn entry_at(&self, path: &[u8]) -> Option<Entry<'_>> {
        let index = self.lower_bound(path);
        let entry = (index < self.store.count()).then(|| self.store.entry(index))?;
        (entry.path == path && self.store.is_present(entry)).then_some(entry)
    }

    /// The same, with the kind of file that it is in the view; see [`Store::mode_now`].
    #[must_use]
    pub fn entry_now(&self, path: &RepoPath) -> Option<Entry<'_>> {
        self.entry(path).map(|entry| Entry { mode: self.store.mode_now(entry), ..entry })
    }

    /// Whether an entry is a regular file in the view, whatever it was when it was staged.
    #[must_use]
    pub fn is_regular(&self, entry: &Entry<'_>) -> bool {
        match entry.mode {
            Mode::File | Mode::Executable => true,
            Mode::Symlink => self.store.mode_now(*entry) == Mode::File,
            Mode::Submodule | Mode::SparseDirectory => false,
        }
    }

    /// Whether the view holds a file (of any kind) with this path.
    #[must_use]
    pub fn has_file(&self, path: &RepoPath) -> bool {
        self.entry(path).is_some()
    }

    /// Whether the view holds a file below this path; always true for the root.
    #[must_use]
    pub fn has_directory(&self, path: &RepoPath) -> bool {
        path.is_root() || self.entries_under(path).next().is_some()
    }

    /// The present entries strictly below a directory.
    pub fn entries_under(&self, directory: &RepoPath) -> impl Iterator<Item = Entry<'_>> {
        let mut prefix = directory.as_bytes().to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let start = self.lower_bound(&prefix);
        (start..self.store.count())
            .map(|index| self.store.entry(index))
            .take_while(move |entry| entry.path.starts_with(&prefix))
            .filter(|entry| self.store.is_present(*entry))
    }

    /// The content of a file of the view. Symbolic links are followed inside the view.
    ///
    /// # Errors
    /// When the view does not hold it, a link leads out of the view or in a circle, or its content cannot be read.
    pub fn read(&self, path: &RepoPath) -> Result<Rc<SourceFile>, ReadError> {
        if let Some(known) = self.sources.borrow().get(path) {
            return known.clone();
        }
        let result = self.read_new(path);
        if result.as_ref().map_or(true, |source| self.keeps(source.bytes().len())) {
            self.sources.borrow_mut().insert(path.clone(), result.clone());
        }
        result
    }

    /// Whether there is room for one more file of this size among those that are kept.
    fn keeps(&self, size: usize) -> bool {
        let kept = self.kept.get().saturating_add(size);
        if kept <= MAX_KEPT {
            self.kept.set(kept);
        }
        kept <= MAX_KEPT
    }

    /// Reads many files, where that can be done by several threads at once, and lets them do some work on each content.
    /// Only of files that `work` calls worth it is the content kept. `None` for those that [`Snapshot::read`] is left to
    /// read.
    pub fn read_ahead<T: Send>(
        &self,
        paths: &[RepoPath],
        work: impl Fn(&RepoPath, &[u8], &Holds<'_>) -> (T, Keep) + Sync,
    ) -> Vec<Option<T>> {
        let mut done: Vec<Option<T>> = paths.iter().map(|_| None).collect();
        if paths.len() < MANY {
            return done;
        }
        let (send, receive) = mpsc::channel();
        self.store.read_ahead(paths, &move |number, bytes: &mut Vec<u8>, holds: &Holds<'_>| {
            let path = &paths[number];
            let (result, keep) = work(path, bytes, holds);
            let kept = (keep == Keep::Content).then(|| SourceFile::new(path.clone(), std::mem::take(bytes)));
            // Nobody stops listening before all is said.
            let _ = send.send((number, kept, result));
        });
        let mut sources = self.sources.borrow_mut();
        for (number, kept, result) in receive {
            // What was read or replaced before stays.
            if sources.contains_key(&paths[number]) {
                continue;
            }
            if let Some(source) = kept.filter(|source| self.keeps(source.bytes().len())) {
                sources.insert(paths[number].clone(), Ok(Rc::new(source)));
            }
            done[number] = Some(result);
        }
        done
    }

    /// The first file that was asked for and whose content is withheld.
    #[must_use]
    pub fn withheld(&self) -> Option<ReadError> {
        let sources = self.sources.borrow();
        let mut errors = sources.values().filter_map(|read| read.as_ref().err());
        errors.find(|error| error.is_withheld).cloned()
    }

    /// Shows other content for a file from now on, as an edit would leave it. What was read before stays as it was.
    pub fn replace(&mut self, path: &RepoPath, bytes: Vec<u8>) {
        let source = Ok(Rc::new(SourceFile::new(path.clone(), bytes)));
        let mut sources = std::mem::take(self.sources.get_mut());
        // Links may lead there.
        let is_link = |known: &RepoPath| self.entry_now(known).is_some_and(|entry| entry.mode == Mode::Symlink);
        sources.retain(|known, _| self.replaced.contains(known) || !is_link(known));
        sources.insert(path.clone(), source);
        *self.sources.get_mut() = sources;
        self.replaced.insert(path.clone());
    }

    /// Where a symbolic link of the view points, as written in it.
    #[must_use]
    pub fn link_target(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let entry = self.entry_now(path).filter(|entry| entry.mode == Mode::Symlink)?;
        self.store.read(entry).ok()
    }

    /// All untracked files that git does not ignore and whose name ends in `.nix`, sorted; computed once.
    ///
    /// # Errors
    /// When the worktree or an ignore file cannot be read.
    pub fn untracked_nix_files(&self) -> Result<&[RepoPath], ReadError> {
        let result = self.untracked.get_or_init(|| self.store.untracked_nix_files());
        result.as_deref().map_err(Clone::clone)
    }

    /// Where a path is that the view does not hold.
    #[must_use]
    pub fn absence(&self, path: &RepoPath) -> Absence {
        match self.store.absence(path) {
            Absence::Nowhere | Absence::Deleted if self.follow(path) == Lead::Circle => Absence::Circle,
            absence => absence,
        }
    }

    /// The link that is missing where a path that the view does not hold leads through one on disk; see
    /// [`Store::link_on_the_way`].
    #[must_use]
    pub fn link_on_the_way(&self, path: &RepoPath) -> Option<RepoPath> {
        self.store.link_on_the_way(path)
    }

    /// The content of `path` in the commit that the view's commit builds on; the same source as [`Snapshot::read`]
    /// gives where the commit leaves it alone.
    #[must_use]
    pub fn read_base(&self, path: &RepoPath) -> Option<Rc<SourceFile>> {
        if !self.replaced.contains(path) && self.store.is_as_in_base(path) {
            return self.read(path).ok();
        }
        if let Some(known) = self.bases.borrow().get(path) {
            return known.clone();
        }
        let base = self.store.read_base(path).map(|bytes| Rc::new(SourceFile::new(path.clone(), bytes)));
        self.bases.borrow_mut().insert(path.clone(), base.clone());
        base
    }

    /// What `git add` would make of a file; see [`Store::read_unstaged`].
    #[must_use]
    pub fn read_unstaged(&self, path: &RepoPath) -> Option<Rc<SourceFile>> {
        let bytes = self.store.read_unstaged(path).filter(|_| !self.replaced.contains(path))?;
        Some(Rc::new(SourceFile::new(path.clone(), bytes)))
    }

    /// What the commit that is being made changes; see [`Store::changes`].
    #[must_use]
    pub fn changes(&self) -> Option<Changes> {
        self.store.changes()
    }

    fn read_new(&self, path: &RepoPath) -> Result<Rc<SourceFile>, ReadError> {
        let source = |bytes| Rc::new(SourceFile::new(path.clone(), bytes));
        let fail = |reason: &str| Err(ReadError { path: path.clone(), reason: reason.to_owned(), is_withheld: false });
        if let Some(entry) = self.entry(path).filter(|entry| matches!(entry.mode, Mode::File | Mode::Executable)) {
            match self.store.read(entry) {
                Ok(bytes) => return Ok(source(bytes)),
                Err(error) if self.store.mode_now(entry) == entry.mode => return Err(error),
                // It has become a link.
                Err(_) => {}
            }
        }
        match self.follow(path) {
            Lead::File(target) if self.replaced.contains(&target) => Ok(source(self.read(&target)?.bytes().to_vec())),
            Lead::File(target) => match self.entry_now(&target) {
                Some(entry) => self.store.read(entry).map(source),
                None => fail("not in the view"),
            },
            Lead::Directory(_) => fail("a directory"),
            Lead::Nothing(_) | Lead::Unknown => fail("not in the view"),
            Lead::Outside | Lead::Away => fail("a link that leaves the repository"),
            Lead::Circle => fail("too many symbolic links"),
        }
    }

    fn lower_bound(&self, path: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.store.count());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.store.entry(middle).path < path {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// For so many files it is worth to start threads.
const MANY: usize = 200;

/// As many bytes of files are kept; the same content may be in a commit under thousands of names. What is not kept is read
/// again.
const MAX_KEPT: usize = 128 << 20;
