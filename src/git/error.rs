//! What goes wrong on git's side.

use std::fmt;
use std::path::Path;

/// Why git's side could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitError {
    /// What failed, in one line, with the path or the name concerned.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for GitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for GitError {}

impl GitError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(super) fn at(path: &Path, reason: impl fmt::Display) -> Self {
        Self::new(format!("{}: {reason}", shown(path)))
    }

    pub(super) fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A path as a terminal may see it.
pub(super) fn shown(path: &Path) -> String {
    crate::text::escape(&path.to_string_lossy())
}
