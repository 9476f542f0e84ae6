//! Which paths a flake's Nix files name, and whether the view holds them.
//!
//! [`References::find`] reads every Nix file of the flakes once. A path that names something costs a token and a
//! look-up; the few others are looked at closely, and what is left is what the rules report.

pub mod advice;
mod compose;
pub mod explain;
mod find;
mod reach;
mod resolve;
mod scope;
#[cfg(test)]
pub(crate) mod testing;
mod tree;

pub use tree::{FlakeTrees, name as flake_name};

use std::rc::Rc;

use crate::flake::Flake;
use crate::flake::nix::references::Origin;
use crate::snapshot::{Absence, RepoPath, Snapshot};
use crate::source::{SourceFile, Span};

/// What every suppression begins with; a file without it has none.
pub const MARKER: &str = "preflake:";

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The view does not hold it.
    Absent,
    /// It is a directory that is imported, without a `default.nix`.
    NeedsDefault,
    /// Pure evaluation does not allow it.
    Impure,
}

/// A path that a Nix file names in vain.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The file that names it.
    pub file: RepoPath,
    /// That file's content.
    pub source: Rc<SourceFile>,
    /// Where it does.
    pub span: Span,
    /// What is wanted: the file or directory that is missing. The root for an impure path.
    pub path: RepoPath,
    /// What is wrong.
    pub standing: Standing,
    /// Where the missing path is instead.
    pub absence: Absence,
    /// What the path starts from.
    pub origin: Origin,
    /// Whether it would be read as Nix.
    pub is_import: bool,
    /// Whether it is a function argument's default.
    pub is_default: bool,
    /// Whether a flake can be seen to reach the file.
    pub is_reached: bool,
}

impl Reference {
    /// The path as the file writes it, on one line.
    #[must_use]
    pub fn written(&self) -> String {
        let text = self.source.text().get(self.span.start..self.span.end).unwrap_or_default();
        let printable = |character: char| if character.is_control() { ' ' } else { character };
        text.chars().map(printable).collect()
    }
}

/// The paths that the flakes' Nix files name and cannot have.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// Those that the view does not hold, by file and position.
    pub absent: Vec<Reference>,
    /// Those that pure evaluation does not allow, in files that flake.nix imports.
    pub impure: Vec<Reference>,
    /// Files in which a suppression may stand, in order.
    pub annotated: Vec<RepoPath>,
    /// How many Nix files were looked through.
    pub files: usize,
    /// There are more than anybody wants to see: some files were not looked into.
    pub is_cut: bool,
}

impl References {
    /// Looks through every Nix file that belongs to one of the flakes.
    #[must_use]
    pub fn find(snapshot: &Snapshot, flakes: &[Flake]) -> Self {
        find::find(snapshot, flakes)
    }
}
