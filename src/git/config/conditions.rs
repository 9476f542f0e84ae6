//! What decides whether a file that the configuration includes belongs to it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::super::environment::Environment;
use super::super::ignore::wildmatch::{self, Flags};
use crate::snapshot::disk;

/// What `includeIf` conditions look at.
#[derive(Clone, Debug, Default)]
pub(in crate::git) struct Conditions {
    pub(super) git_dir: PathBuf,
    /// Read where a condition asks.
    branch: OnceCell<Option<Vec<u8>>>,
}

impl Conditions {
    /// Those of the repository with this git directory.
    pub(in crate::git) fn of(git_dir: &Path) -> Self {
        Self { git_dir: git_dir.to_path_buf(), branch: OnceCell::new() }
    }

    /// The branch that `HEAD` names.
    fn branch(&self) -> Option<&[u8]> {
        let read = || {
            let content = disk::read_file(&self.git_dir.join("HEAD"), 1 << 16).ok()?;
            Some(content.strip_prefix(b"ref: refs/heads/")?.trim_ascii_end().to_vec())
        };
        self.branch.get_or_init(read).as_deref()
    }

    /// Whether a `path` in this section names a file that belongs here.
    pub(super) fn includes(&self, section: &[u8], file: &Path, environment: &Environment) -> bool {
        if section == b"include" {
            return true;
        }
        let Some(condition) = section.strip_prefix(b"includeif.") else { return false };
        if let Some(pattern) = condition.strip_prefix(b"gitdir:") {
            self.git_dir_matches(pattern, false, file, environment)
        } else if let Some(pattern) = condition.strip_prefix(b"gitdir/i:") {
            self.git_dir_matches(pattern, true, file, environment)
        } else if let Some(pattern) = condition.strip_prefix(b"onbranch:") {
            let mut pattern = pattern.to_vec();
            if pattern.ends_with(b"/") {
                pattern.extend_from_slice(b"**");
            }
            let flags = Flags { pathname: true, fold: false };
            self.branch().is_some_and(|branch| wildmatch::matches(&pattern, branch, flags))
        } else {
            false
        }
    }

    fn git_dir_matches(&self, pattern: &[u8], fold: bool, file: &Path, environment: &Environment) -> bool {
        let mut whole = Vec::new();
        if let Some(rest) = pattern.strip_prefix(b"./") {
            let here = file.canonicalize().ok().and_then(|file| Some(file.parent()?.to_path_buf()));
            let Some(here) = here else { return false };
            whole.extend_from_slice(here.as_os_str().as_encoded_bytes());
            whole.push(b'/');
            whole.extend_from_slice(rest);
        } else if let Some(rest) = pattern.strip_prefix(b"~/") {
            let Some(home) = environment.path("HOME") else { return false };
            whole.extend_from_slice(home.as_os_str().as_encoded_bytes());
            whole.push(b'/');
            whole.extend_from_slice(rest);
        } else {
            if !pattern.starts_with(b"/") {
                whole.extend_from_slice(b"**/");
            }
            whole.extend_from_slice(pattern);
        }
        if whole.ends_with(b"/") {
            whole.extend_from_slice(b"**");
        }
        let flags = Flags { pathname: true, fold };
        let matches = |path: &Path| wildmatch::matches(&whole, path.as_os_str().as_encoded_bytes(), flags);
        matches(&self.git_dir) || self.git_dir.canonicalize().is_ok_and(|real| matches(&real))
    }
}
