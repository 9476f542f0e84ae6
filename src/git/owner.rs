//! git's `safe.directory`: a repository of another user's is not touched unless it is trusted.

use std::path::Path;

use super::config::{self, Config};
use super::discover::Found;
use super::environment::Environment;
use super::error::{GitError, shown};

/// Refuses a repository that somebody else owns and that no `safe.directory` of the user's names.
pub(super) fn check(found: &Found, trusted: &Config, environment: &Environment) -> Result<(), GitError> {
    let paths = [found.git_file.as_deref(), found.top.as_deref(), Some(found.git_dir.as_path())];
    let assumed = environment.boolean("GIT_TEST_ASSUME_DIFFERENT_OWNER") == Some(true);
    if !assumed && paths.into_iter().flatten().all(|path| is_own(path, environment)) {
        return Ok(());
    }
    let subject = found.top.as_deref().unwrap_or(&found.git_dir);
    let real = subject.canonicalize().unwrap_or_else(|_| subject.to_path_buf());
    if is_safe(&real, trusted, environment) {
        return Ok(());
    }
    let help = format!("if you trust it: `git config --global --add safe.directory {}`", shown(&real));
    Err(GitError::at(&real, "detected dubious ownership in repository").with_help(help))
}

/// The last word counts: an empty value takes back all before it.
fn is_safe(path: &Path, trusted: &Config, environment: &Environment) -> bool {
    let mut safe = false;
    for value in trusted.all("safe.directory") {
        if value.is_empty() {
            safe = false;
        } else if value == b"*" {
            safe = true;
        } else if let Some(named) = config::expand(value, environment) {
            let below = named.file_name().is_some_and(|name| name == "*");
            let base = if below { named.parent().unwrap_or(&named) } else { &named };
            let base = base.canonicalize().unwrap_or_else(|_| base.to_path_buf());
            safe |= if below { path.starts_with(&base) && path != base } else { path == base };
        }
    }
    safe
}

#[cfg(unix)]
fn is_own(path: &Path, environment: &Environment) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return true };
    let user = rustix::process::geteuid();
    if metadata.uid() == user.as_raw() {
        return true;
    }
    // Under sudo, what belongs to the user who called it is trusted too.
    let caller = environment.get("SUDO_UID").and_then(|value| value.to_str()?.parse::<u32>().ok());
    user.is_root() && caller == Some(metadata.uid())
}

#[cfg(not(unix))]
fn is_own(_path: &Path, _environment: &Environment) -> bool {
    true
}
