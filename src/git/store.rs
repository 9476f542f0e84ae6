//! The files of a git view as a [`Store`].

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::beside::Beside;
use super::changes;
use super::entries::{EntryList, SKIP_WORKTREE};
use super::folded::Folded;
use super::ignore::{Ignore, Sources};
use super::objects::{Fault, Objects, is_blob};
use super::revisions::Revisions;
use super::threads;
use super::walk::{CacheFile, Found, Walk};
use crate::snapshot::disk::{self, Kind, Root};
use crate::snapshot::{Absence, Changes, Entry, Holds, Mode, ReadError, RepoPath, Store};

/// The worktree beside a view.
pub(super) struct Worktree {
    pub(super) root: PathBuf,
    pub(super) git_dir: PathBuf,
    pub(super) excludes_file: Option<PathBuf>,
    pub(super) info_exclude: (PathBuf, Vec<u8>),
    pub(super) fold: bool,
    /// `core.symlinks` is not false.
    pub(super) symlinks: bool,
    /// `core.sparseCheckout`: what is not on disk was left out by a pattern.
    pub(super) sparse: bool,
    /// In a commit of some files only, git's environment names an index without the rest of what is staged: this is
    /// the whole one. What it holds is left for a later commit, not forgotten.
    pub(super) whole_index: Option<EntryList>,
    /// Where to keep what directories held; `None` to read all of them each time.
    pub(super) directories: Option<CacheFile>,
}

/// Which tree the view is compared with.
pub(super) enum Base {
    Head,
    Tree(Option<Vec<u8>>),
}

/// A view of a repository.
pub(super) struct GitStore {
    pub(super) objects: Objects,
    pub(super) revisions: Revisions,
    pub(super) entries: EntryList,
    /// `None` where nothing is on disk: the revision view.
    pub(super) worktree: Option<Worktree>,
    /// Whether content is that of the disk.
    pub(super) on_disk: bool,
    pub(super) base: Base,
    pub(super) cache: Cache,
}

/// What is worked out when first asked for.
#[derive(Default)]
pub(super) struct Cache {
    ignore: OnceCell<Ignore>,
    walk: OnceCell<std::io::Result<Found>>,
    folded: OnceCell<Folded>,
    head: OnceCell<Option<Vec<u8>>>,
    changes: OnceCell<Option<Changes>>,
    root: OnceCell<Root>,
    single_questions: Cell<usize>,
}

/// A thread costs more than it saves on fewer files.
const FILES_PER_THREAD: usize = 100;

/// After so many questions about single files, one walk answers the rest.
const SINGLE_QUESTIONS: usize = 64;

impl GitStore {
    fn ignore(&self, worktree: &Worktree) -> &Ignore {
        self.cache.ignore.get_or_init(|| {
            Ignore::new(Sources {
                root: worktree.root.clone(),
                excludes_file: worktree.excludes_file.clone(),
                info_exclude: worktree.info_exclude.clone(),
                fold: worktree.fold,
                left_out: self.left_out(),
            })
        })
    }

    /// The ignore files that a sparse checkout keeps off the disk.
    fn left_out(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let skipped = |index: &usize| self.entries.records()[*index].flags & SKIP_WORKTREE != 0;
        let entries = (0..self.entries.len()).filter(skipped).map(|index| self.entries.get(index));
        entries
            .filter(|entry| entry.path == b".gitignore" || entry.path.ends_with(b"/.gitignore"))
            .filter_map(|entry| Some((entry.path.to_vec(), self.objects.blob(entry.id).ok()?)))
            .collect()
    }

    fn walk(&self, worktree: &Worktree) -> Result<&Found, &std::io::Error> {
        let walk = || {
            let walk = Walk {
                root: &worktree.root,
                git_dir: &worktree.git_dir,
                entries: &self.entries,
                ignore: self.ignore(worktree),
                fold: worktree.fold,
                presence: self.on_disk,
                cache: worktree.directories.as_ref(),
            };
            walk.run()
        };
        self.cache.walk.get_or_init(walk).as_ref()
    }

    /// The content of a blob that was, or is, the file at `path`. The file on disk is nearly always the same, which its
    /// id proves, and reading it takes a fraction of the time that the object does.
    fn content(&self, path: &[u8], id: &[u8]) -> Result<Vec<u8>, Fault> {
        let on_disk = self.worktree.as_ref().and_then(|worktree| self.disk(worktree).read_file(path).ok());
        match on_disk {
            Some(content) if is_blob(id, &content) => Ok(content),
            _ => self.objects.blob(id),
        }
    }

    fn disk(&self, worktree: &Worktree) -> &Root {
        self.cache.root.get_or_init(|| Root::new(&worktree.root))
    }

    fn folded(&self) -> &Folded {
        self.cache.folded.get_or_init(|| Folded::new(&self.entries))
    }

    fn base_tree(&self) -> Option<&[u8]> {
        match &self.base {
            Base::Head => self.cache.head.get_or_init(|| self.revisions.head_tree(&self.objects)).as_deref(),
            Base::Tree(tree) => tree.as_deref(),
        }
    }

    fn base_id(&self, path: &RepoPath) -> Option<Vec<u8>> {
        self.objects.id_at(self.base_tree()?, path.as_bytes())
    }

    fn submodule_above(&self, path: &RepoPath) -> Option<RepoPath> {
        let is_submodule = |above: &&[u8]| self.entries.find(above).is_some_and(|entry| entry.mode == Mode::Submodule);
        path.upwards().find(is_submodule).map(RepoPath::new)
    }

    fn in_sparse_directory(&self, path: &RepoPath) -> bool {
        let is_sparse = |entry: Entry<'_>| entry.mode == Mode::SparseDirectory;
        path.upwards().any(|above| self.entries.find(above).is_some_and(is_sparse))
    }

    /// Why the view does not show something that is tracked at or below `path`.
    fn tracked_absence(&self, path: &RepoPath) -> Option<Absence> {
        let below = self.entries.below(path.as_bytes());
        let tracked = self.entries.position(path.as_bytes()).into_iter().chain(below);
        tracked.clone().next()?;
        let any = |flag: fn(Entry<'_>) -> bool| tracked.clone().any(|index| flag(self.entries.get(index)));
        Some(if !self.on_disk && any(|entry| entry.intent_to_add) {
            Absence::IntentToAdd
        } else if any(|entry| entry.skip_worktree) {
            let is_sparse = self.worktree.as_ref().is_some_and(|worktree| worktree.sparse);
            if is_sparse { Absence::LeftOut } else { Absence::Skipped }
        } else {
            Absence::Deleted
        })
    }

    fn other_case(&self, path: &RepoPath) -> Option<Absence> {
        let spelling = self.folded().spelling(&self.entries, path.as_bytes())?;
        (spelling != path.as_bytes()).then(|| Absence::OtherCase(RepoPath::new(spelling)))
    }
}

/// The content on disk, whatever has become of the file there; the error says what.
fn read_checked(worktree: &Worktree, entry: Entry<'_>, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
    let reason = match disk::kind_inside(&worktree.root, path) {
        Some(Kind::Symlink) if entry.mode != Mode::Symlink => "has become a symbolic link",
        Some(Kind::File) if entry.mode == Mode::Symlink && worktree.symlinks => {
            "was a symbolic link and has become a file"
        }
        _ => return disk::read(&worktree.root, path).map_err(|error| ReadError::of_disk(path.clone(), &error)),
    };
    Err(ReadError { path: path.clone(), reason: reason.to_owned(), is_withheld: false })
}

fn is_on_disk(worktree: &Worktree, entry: Entry<'_>) -> bool {
    match disk::kind_inside(&worktree.root, &RepoPath::new(entry.path)) {
        Some(Kind::File | Kind::Symlink) => !matches!(entry.mode, Mode::Submodule | Mode::SparseDirectory),
        Some(Kind::Directory) => matches!(entry.mode, Mode::Submodule),
        Some(Kind::Other) => false,
        // What may not be looked at is taken to be there: whoever needs it is told why it cannot be read.
        None => RepoPath::new(entry.path)
            .on_disk(&worktree.root)
            .symlink_metadata()
            .is_err_and(|error| error.kind() == ErrorKind::PermissionDenied),
    }
}

impl Store for GitStore {
    fn count(&self) -> usize {
        self.entries.len()
    }

    fn entry(&self, index: usize) -> Entry<'_> {
        self.entries.get(index)
    }

    fn is_present(&self, entry: Entry<'_>) -> bool {
        let Some(worktree) = self.worktree.as_ref().filter(|_| self.on_disk) else {
            return self.worktree.is_none() || !entry.intent_to_add;
        };
        let asked = self.cache.single_questions.get();
        if self.cache.walk.get().is_some() || asked >= SINGLE_QUESTIONS {
            let found = self.walk(worktree).ok();
            let present = found.and_then(|found| found.present.get(self.entries.position(entry.path)?));
            let is_known = |present: &&bool| **present || !found.is_some_and(|found| found.is_closed);
            if let Some(present) = present.filter(is_known) {
                return *present;
            }
        }
        self.cache.single_questions.set(asked + 1);
        is_on_disk(worktree, entry)
    }

    fn mode_now(&self, entry: Entry<'_>) -> Mode {
        let Some(worktree) = self.worktree.as_ref().filter(|_| self.on_disk) else { return entry.mode };
        if self.cache.walk.get().and_then(|walk| walk.as_ref().ok()).is_some_and(|found| !found.is_altered) {
            return entry.mode;
        }
        // That it is present says already that no link leads there.
        let found = RepoPath::new(entry.path).on_disk(&worktree.root).symlink_metadata();
        let Ok(found) = found else { return entry.mode };
        match entry.mode {
            // Without links, git writes files that hold what they lead to.
            Mode::Symlink if worktree.symlinks && found.is_file() => Mode::File,
            Mode::File | Mode::Executable if found.is_symlink() => Mode::Symlink,
            mode => mode,
        }
    }

    fn read(&self, entry: Entry<'_>) -> Result<Vec<u8>, ReadError> {
        let path = RepoPath::new(entry.path);
        match self.worktree.as_ref().filter(|_| self.on_disk) {
            Some(worktree) if entry.mode != Mode::Symlink => match self.disk(worktree).read_file(entry.path) {
                Ok(bytes) => Ok(bytes),
                // Why it cannot be read is asked only then.
                Err(_) => read_checked(worktree, entry, &path),
            },
            Some(worktree) => read_checked(worktree, entry, &path),
            None => self.content(entry.path, entry.id).map_err(|fault| ReadError {
                reason: fault.to_string(),
                is_withheld: fault != Fault::TooLarge,
                path,
            }),
        }
    }

    fn read_ahead(&self, paths: &[RepoPath], seen: &(dyn Fn(usize, &mut Vec<u8>, &Holds<'_>) + Sync)) {
        let Some(worktree) = &self.worktree else { return };
        let (disk, entries, on_disk) = (self.disk(worktree), &self.entries, self.on_disk);
        let walk = on_disk.then(|| self.walk(worktree).ok());
        let holds = |path: &RepoPath| {
            let Some(index) = entries.position(path.as_bytes()) else { return false };
            let entry = entries.get(index);
            let is_there = || match walk {
                Some(found) => found.is_some_and(|found| {
                    found.present.get(index) == Some(&true) && (!found.is_altered || disk.is_file(entry.path))
                }),
                None => !entry.intent_to_add,
            };
            matches!(entry.mode, Mode::File | Mode::Executable) && is_there()
        };
        let next = AtomicUsize::new(0);
        let read = || {
            let mut content = Vec::new();
            while let number = next.fetch_add(1, Ordering::Relaxed)
                && let Some(path) = paths.get(number)
            {
                let is_staged =
                    |content: &[u8]| entries.find(path.as_bytes()).is_some_and(|entry| is_blob(entry.id, content));
                let is_read = disk.read_file_into(path.as_bytes(), &mut content).is_ok();
                if is_read && (on_disk || is_staged(&content)) {
                    seen(number, &mut content, &holds);
                }
            }
        };
        std::thread::scope(|scope| {
            let number = threads::number(paths.len(), FILES_PER_THREAD);
            if threads::start(scope, if number > 1 { number } else { 0 }, read).is_empty() {
                read();
            }
        });
    }

    fn untracked_nix_files(&self) -> Result<Vec<RepoPath>, ReadError> {
        let Some(worktree) = &self.worktree else { return Ok(Vec::new()) };
        let failed = |error| ReadError {
            path: RepoPath::default(),
            reason: format!("the worktree: {error}"),
            is_withheld: true,
        };
        let found = self.walk(worktree).map_err(failed)?;
        let later = |path: &&RepoPath| {
            worktree.whole_index.as_ref().is_none_or(|whole| whole.position(path.as_bytes()).is_none())
        };
        Ok(found.untracked.iter().filter(later).cloned().collect())
    }

    fn absence(&self, path: &RepoPath) -> Absence {
        if let Some(submodule) = self.submodule_above(path) {
            return Absence::Submodule(submodule);
        }
        if let Some(absence) = self.tracked_absence(path) {
            return absence;
        }
        let Some(worktree) = &self.worktree else { return self.other_case(path).unwrap_or(Absence::Nowhere) };
        let kind = disk::kind_inside(&worktree.root, path);
        if self.in_sparse_directory(path) && kind.is_none() {
            return Absence::LeftOut;
        }
        // On a disk that does not tell case apart, the tracked file is found under the other name too.
        if worktree.fold && kind.is_some() && self.folded().find(path.as_bytes()).is_some() {
            return self.other_case(path).unwrap_or(Absence::Nowhere);
        }
        let (root, git_dir) = (&worktree.root, &worktree.git_dir);
        let beside = Beside { root, git_dir, entries: &self.entries, ignore: self.ignore(worktree) };
        beside.absence(path).or_else(|| self.other_case(path)).unwrap_or(Absence::Nowhere)
    }

    fn link_on_the_way(&self, path: &RepoPath) -> Option<RepoPath> {
        disk::link_on_the_way(&self.worktree.as_ref()?.root, path)
    }

    fn read_base(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let id = self.base_id(path)?;
        // What the view holds otherwise, the disk does too, mostly.
        let is_other = self.entries.find(path.as_bytes()).is_some_and(|entry| entry.id != id);
        let object = if is_other { self.objects.blob(&id).ok() } else { None };
        object.or_else(|| self.content(path.as_bytes(), &id).ok())
    }

    fn read_unstaged(&self, path: &RepoPath) -> Option<Vec<u8>> {
        // A commit of some files only takes them from the disk, whatever is staged.
        let worktree = self.worktree.as_ref().filter(|worktree| !self.on_disk && worktree.whole_index.is_none())?;
        let entry = self.entries.find(path.as_bytes())?;
        if !matches!(entry.mode, Mode::File | Mode::Executable) || entry.skip_worktree || entry.conflicted {
            return None;
        }
        self.disk(worktree).read_file(entry.path).ok().filter(|content| !is_blob(entry.id, content))
    }

    fn is_as_in_base(&self, path: &RepoPath) -> bool {
        // Content that is read from the disk has no id yet, and a link is followed in the view only.
        let entry = self.entries.find(path.as_bytes()).filter(|_| !self.on_disk);
        let Some(entry) = entry.filter(|entry| matches!(entry.mode, Mode::File | Mode::Executable)) else {
            return false;
        };
        if entry.intent_to_add {
            return false;
        }
        match self.cache.changes.get() {
            Some(Some(changes)) => !changes.changed.contains(path) && !changes.added.contains(path),
            _ => self.base_id(path).is_some_and(|id| id == entry.id),
        }
    }

    fn changes(&self) -> Option<Changes> {
        // Only the index of a commit that is being made.
        self.worktree.as_ref().filter(|_| !self.on_disk)?;
        let changes = || changes::between(&self.objects, self.base_tree()?, &self.entries).ok();
        self.cache.changes.get_or_init(changes).clone()
    }
}
