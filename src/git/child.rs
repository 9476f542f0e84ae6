//! The few questions that git itself answers best, asked in a child process that runs nothing of the repository's.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::GitError;
use crate::snapshot::{IgnoreRule, RepoPath};

fn git(workdir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .current_dir(workdir)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null());
    command
}

/// The rule that ignores a path, as `git check-ignore -v` names it; `None` where none does or git is not there.
pub(super) fn ignore_rule(workdir: &Path, path: &RepoPath) -> Option<IgnoreRule> {
    let mut command = git(workdir);
    command.env_remove("GIT_LITERAL_PATHSPECS").args(["check-ignore", "-v", "-z", "--stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    child.stdin.take()?.write_all(&[path.as_bytes(), b"\0"].concat()).ok()?;
    let output = child.wait_with_output().ok()?;
    let mut fields = output.stdout.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field).into_owned());
    let (source, line, pattern) = (fields.next()?, fields.next()?, fields.next()?);
    // A negated pattern that matches last is listed, and says that the path is not ignored.
    if pattern.is_empty() || pattern.starts_with('!') {
        return None;
    }
    Some(IgnoreRule { source, line: line.parse().unwrap_or(1), pattern })
}

/// Stages files.
pub(super) fn add(workdir: &Path, paths: &[RepoPath]) -> Result<(), GitError> {
    let mut command = git(workdir);
    command.args(["add", "--"]);
    command.args(paths.iter().map(|path| path.on_disk(Path::new(""))));
    let output = command.output().map_err(|error| GitError::new(format!("cannot run git: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(GitError::new(format!("git add failed: {}", reason.lines().next().unwrap_or_default().escape_debug())))
}
