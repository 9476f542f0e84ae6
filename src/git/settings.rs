//! Settings and attributes of a repository, written and asked for through git.

use super::{GitError, Repository};

impl Repository {
    /// Sets a value in the configuration that all worktrees of the repository share.
    ///
    /// # Errors
    /// When git refuses.
    pub fn set_config(&self, name: &str, value: &str) -> Result<(), GitError> {
        self.git().output(&["config", "--local", name, value]).map(drop)
    }

    /// Removes a section of that configuration.
    ///
    /// # Errors
    /// When git refuses: there is no such section, the file cannot be written.
    pub fn remove_config(&self, section: &str) -> Result<(), GitError> {
        self.git().output(&["config", "--local", "--remove-section", section]).map(drop)
    }

    /// The value of an attribute of a path; `None` where it has none.
    #[must_use]
    pub fn attribute(&self, name: &str, path: &str) -> Option<String> {
        let output = self.git().output(&["check-attr", "-z", name, "--", path]).ok()?;
        let value = output.split(|byte| *byte == 0).nth(2)?;
        let value = String::from_utf8_lossy(value).into_owned();
        (!matches!(value.as_str(), "unspecified" | "unset")).then_some(value)
    }
}
