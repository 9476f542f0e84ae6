//! A snapshot made from literals: for tests and for the examples in the rules' pages.

use super::{Absence, Entry, IgnoreRule, Mode, ReadError, RepoPath, Snapshot, Store, View};

/// What git would say of a file in a [`Memory`] store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Tracked with this content.
    Tracked,
    /// On disk only.
    Untracked,
    /// On disk only, and an ignore rule matches.
    Ignored,
    /// Added with `git add -N`.
    IntentToAdd,
    /// A submodule at this path; its content is not looked at.
    Submodule,
    /// Tracked, a symbolic link; the content is where it points.
    Link,
}

struct MemoryFile {
    path: RepoPath,
    content: Vec<u8>,
    state: FileState,
    base: Option<Vec<u8>>,
}

/// A store without a disk. Build it with [`Memory::file`], then turn it into a [`Snapshot`].
#[derive(Default)]
pub struct Memory {
    files: Vec<MemoryFile>,
    tracked: Vec<usize>,
    view: Option<View>,
}

impl Memory {
    /// An empty store that shows the index view.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses another view.
    #[must_use]
    pub fn view(mut self, view: View) -> Self {
        self.view = Some(view);
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: &str, state: FileState) -> Self {
        let content = content.as_bytes().to_vec();
        self.files.push(MemoryFile { path: RepoPath::from(path), content, state, base: None });
        self
    }

    /// Gives the file added last the content that the parent commit has.
    #[must_use]
    pub fn base(mut self, content: &str) -> Self {
        if let Some(file) = self.files.last_mut() {
            file.base = Some(content.as_bytes().to_vec());
        }
        self
    }

    /// The snapshot over these files.
    #[must_use]
    pub fn snapshot(mut self) -> Snapshot {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        let tracked = |file: &MemoryFile| !matches!(file.state, FileState::Untracked | FileState::Ignored);
        self.tracked = (0..self.files.len()).filter(|index| tracked(&self.files[*index])).collect();
        let view = self.view.clone().unwrap_or(View::Index);
        Snapshot::new(view, Box::new(self))
    }

    fn find(&self, path: &[u8]) -> Option<&MemoryFile> {
        self.files.iter().find(|file| file.path.as_bytes() == path)
    }
}

impl Store for Memory {
    fn count(&self) -> usize {
        self.tracked.len()
    }

    fn entry(&self, index: usize) -> Entry<'_> {
        let file = &self.files[self.tracked[index]];
        Entry {
            path: file.path.as_bytes(),
            mode: match file.state {
                FileState::Submodule => Mode::Submodule,
                FileState::Link => Mode::Symlink,
                _ => Mode::File,
            },
            id: &[],
            intent_to_add: file.state == FileState::IntentToAdd,
            skip_worktree: false,
            conflicted: false,
        }
    }

    fn is_present(&self, entry: Entry<'_>) -> bool {
        !(entry.intent_to_add && self.view.as_ref().is_none_or(|view| *view == View::Index))
    }

    fn read(&self, entry: Entry<'_>) -> Result<Vec<u8>, ReadError> {
        match self.find(entry.path) {
            Some(file) => Ok(file.content.clone()),
            None => Err(ReadError {
                path: RepoPath::new(entry.path),
                reason: "not in the view".to_owned(),
                is_withheld: false,
            }),
        }
    }

    fn untracked_nix_files(&self) -> Result<Vec<RepoPath>, ReadError> {
        let wanted = |file: &&MemoryFile| file.state == FileState::Untracked && file.path.as_bytes().ends_with(b".nix");
        Ok(self.files.iter().filter(wanted).map(|file| file.path.clone()).collect())
    }

    fn absence(&self, path: &RepoPath) -> Absence {
        let around = |file: &&MemoryFile| file.state == FileState::Submodule && path.is_under(&file.path);
        if let Some(submodule) = self.files.iter().find(around) {
            return Absence::Submodule(submodule.path.clone());
        }
        let below = |file: &&MemoryFile| file.path.is_under(path);
        match self.files.iter().find(below).map(|file| &file.state) {
            None => {
                let lower = path.as_bytes().to_ascii_lowercase();
                let same = |file: &&MemoryFile| file.path.as_bytes().to_ascii_lowercase() == lower;
                self.files.iter().find(same).map_or(Absence::Nowhere, |file| Absence::OtherCase(file.path.clone()))
            }
            Some(FileState::Ignored) => Absence::Ignored(IgnoreRule {
                source: ".gitignore".to_owned(),
                line: 1,
                pattern: path.to_string_lossy().into_owned(),
            }),
            Some(FileState::IntentToAdd) => Absence::IntentToAdd,
            Some(FileState::Untracked) => Absence::Untracked,
            Some(FileState::Tracked | FileState::Submodule | FileState::Link) => Absence::Deleted,
        }
    }

    fn read_base(&self, path: &RepoPath) -> Option<Vec<u8>> {
        self.find(path.as_bytes()).and_then(|file| file.base.clone())
    }
}
