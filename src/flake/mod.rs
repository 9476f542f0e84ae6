//! The flake as Nix sees it: `flake.nix`, `flake.lock`, and whether they agree.
//!
//! [`nix`] reads flake.nix without evaluating it, [`flakeref`] parses references, [`lock`] reads and writes flake.lock
//! as a graph, and [`compare`] recomputes the lock from both and says what Nix would change.

mod blocks;
pub mod compare;
mod conflict;
pub mod edit;
pub mod flakeref;
pub mod follows;
pub mod hash;
pub mod identity;
pub mod keepers;
pub mod lock;
pub mod merge;
pub mod nix;
mod unread;

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use self::compare::Comparison;
use self::follows::Copy;
use self::lock::LockFile;
use self::nix::FlakeNix;
use crate::snapshot::{ReadError, RepoPath, Snapshot};
use crate::source::{SourceFile, Span};

/// The name of an input: any string for a declared input; see [`is_flake_id`] for those that `follows` can name.
pub type InputName = String;

/// A path of input names from a root: `["home-manager", "nixpkgs"]`. Empty means the root flake itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputAttrPath(pub Vec<InputName>);

impl InputAttrPath {
    /// The path of one root input.
    pub fn of(name: impl Into<InputName>) -> Self {
        Self(vec![name.into()])
    }

    /// This path and one more name.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// Whether this is the root flake.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `prefix` begins this path.
    #[must_use]
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }
}

/// As Nix prints input paths: names joined by `/`.
impl fmt::Display for InputAttrPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("/"))
    }
}

/// Whether `name` is a flake id, `[a-zA-Z][a-zA-Z0-9_-]*`: only these can be registry names or part of `follows`.
#[must_use]
pub fn is_flake_id(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Something that makes Nix reject a file, with the reason in Nix's words where it has any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong; style as for [`crate::diagnostic::Diagnostic::message`].
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where.
    pub span: Span,
    /// The input concerned.
    pub input: Option<InputAttrPath>,
    /// Where what it contradicts is defined first.
    pub first: Option<Span>,
}

/// The state of the lock file beside a flake.nix.
#[derive(Debug)]
pub enum LockState {
    /// The view holds none.
    Missing,
    /// The view holds one that Nix would not read.
    Invalid {
        /// The file, where its content could be had at all.
        source: Option<Rc<SourceFile>>,
        /// Why; at least one.
        problems: Vec<Problem>,
    },
    /// Nix would read it.
    Valid(LockFile),
}

/// The verdict on the lock of one flake, in the words of the JSON report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockVerdict {
    /// Nix would leave it alone.
    Consistent,
    /// Nix would change it.
    Stale,
    /// The flake has inputs and no lock.
    Missing,
    /// Nix would not read it, or rejects what its `follows` lead to.
    Invalid,
    /// No inputs, no lock.
    NotNeeded,
    /// Nix itself would have to fetch a locked input to decide.
    Undecided,
}

impl LockVerdict {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consistent => "consistent",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::NotNeeded => "not-needed",
            Self::Undecided => "undecided",
        }
    }
}

/// Adds a problem for each path in `nixConfig` that the view does not hold, or that leads out of it, where Nix does not go.
fn check_config_paths(snapshot: &Snapshot, dir: &RepoPath, nix: &mut FlakeNix) {
    for path in &nix.config_paths {
        let message = match dir.join(path.value.as_bytes()) {
            None if path.value.starts_with('/') => {
                format!("access to absolute path `{}` is forbidden in pure evaluation mode", path.value)
            }
            None => format!("path `{}` does not exist: it leads out of the flake's tree", path.value),
            Some(target) if !snapshot.has_file(&target) && !snapshot.has_directory(&target) => {
                format!("path `{}` does not exist", target.to_string_lossy())
            }
            Some(_) => continue,
        };
        nix.problems.push(Problem { message, help: None, span: path.span, input: None, first: None });
    }
}

/// One flake of the view: a directory with a `flake.nix`.
#[derive(Debug)]
pub struct Flake {
    /// The directory; the root for most.
    pub dir: RepoPath,
    /// `flake.nix`.
    pub nix_path: RepoPath,
    /// `flake.lock` beside it, whether or not the view holds one.
    pub lock_path: RepoPath,
    /// flake.nix as read.
    pub source: Rc<SourceFile>,
    /// What it declares and what is wrong with it.
    pub nix: FlakeNix,
    /// The lock beside it.
    pub lock: LockState,
    /// The lock recomputed from both; `None` where flake.nix or flake.lock is invalid.
    pub comparison: Option<Comparison>,
    /// Whether a missing lock is to be reported: false for a flake below the root that has none (a template, a
    /// fixture).
    pub lock_expected: bool,
    copies: OnceCell<Vec<Copy>>,
    written: OnceCell<Option<edit::Written>>,
}

impl Flake {
    /// Reads the flake in `dir`.
    ///
    /// # Errors
    /// When the file flake.nix cannot be read; whatever is wrong inside it, or that it is no file, is in the result.
    pub fn read(snapshot: &Snapshot, dir: &RepoPath) -> Result<Self, ReadError> {
        let nix_path = dir.child("flake.nix");
        let lock_path = dir.child("flake.lock");
        let (source, mut nix) = unread::read(snapshot, &nix_path)?;
        check_config_paths(snapshot, dir, &mut nix);
        let lock = lock::read_beside(snapshot, &lock_path);
        let lock_expected = dir.is_root() || !matches!(lock, LockState::Missing);
        let comparison = match &lock {
            _ if nix.is_invalid() => None,
            LockState::Invalid { .. } => None,
            LockState::Missing => Some(compare::compare(snapshot, dir, &nix, None)),
            LockState::Valid(lock) => Some(compare::compare(snapshot, dir, &nix, Some(lock))),
        };
        let (dir, copies, written) = (dir.clone(), OnceCell::new(), OnceCell::new());
        Ok(Self { dir, nix_path, lock_path, source, nix, lock, comparison, lock_expected, copies, written })
    }

    /// The lock file, where Nix would read it.
    #[must_use]
    pub fn valid_lock(&self) -> Option<&LockFile> {
        match &self.lock {
            LockState::Valid(lock) => Some(lock),
            LockState::Missing | LockState::Invalid { .. } => None,
        }
    }

    /// What its inputs lock copies of although the flake has it too: [`follows::copies`], computed once. None where
    /// Nix would not read the lock.
    #[must_use]
    pub fn copies(&self) -> &[Copy] {
        self.copies.get_or_init(|| self.valid_lock().map(|lock| follows::copies(self, lock)).unwrap_or_default())
    }

    /// What edits of flake.nix begin with: [`edit::Written::of`], computed once.
    #[must_use]
    pub fn written(&self) -> Option<&edit::Written> {
        self.written.get_or_init(|| edit::Written::of(&self.source, &self.nix)).as_ref()
    }

    /// The verdict for reports.
    #[must_use]
    pub fn lock_verdict(&self) -> LockVerdict {
        match (&self.lock, &self.comparison) {
            (LockState::Invalid { .. }, _) => LockVerdict::Invalid,
            (LockState::Missing, _) if self.nix.inputs.is_empty() => LockVerdict::NotNeeded,
            (LockState::Missing, _) => LockVerdict::Missing,
            (LockState::Valid(_), None) => LockVerdict::Undecided,
            (LockState::Valid(_), Some(comparison)) => comparison.verdict(),
        }
    }
}
