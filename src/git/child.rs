//! git itself in a child process, for what nothing else can: writing the index, and references that are no plain files
//! (reftable) or no plain names.
//!
//! Nothing that a repository configures is run: no hook, no file-system monitor, no fetch of missing objects. One thing
//! is as in git itself: files are staged by `git add`, and only when the user asks for that. What ends up in the commit
//! then passes the clean filters (`git lfs`, `git-crypt`) that the user's own configuration names, as it must.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::environment::Environment;
use super::error::GitError;
use crate::snapshot::RepoPath;

/// How to call git for one repository.
#[derive(Clone)]
pub(super) struct Git {
    /// The repository's git directory.
    pub(super) directory: PathBuf,
    /// What it shares with linked worktrees: objects, references, configuration.
    pub(super) common: PathBuf,
    pub(super) workdir: Option<PathBuf>,
    pub(super) environment: Environment,
}

impl Git {
    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command
            .args(["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
            // git before 2.44 does not know `GIT_NO_LAZY_FETCH`; without transports it fetches nothing either.
            .args(["-c", "protocol.allow=never"])
            .current_dir(self.workdir.as_deref().unwrap_or(&self.directory))
            .env_clear()
            .envs(self.environment.iter())
            .env("GIT_DIR", &self.directory)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            // Our own reader does not know of them.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null());
        if let Some(workdir) = &self.workdir {
            command.env("GIT_WORK_TREE", workdir);
        }
        command
    }

    /// Checks that what git would read from the git directory are files: on a pipe they would wait for ever.
    pub(super) fn check_files(&self) -> Result<(), GitError> {
        for name in ["HEAD", "config.worktree", "commondir"] {
            check_file(&self.directory.join(name))?;
        }
        for name in ["config", "packed-refs", "shallow"] {
            check_file(&self.common.join(name))?;
        }
        check_directory(&self.common.join("objects/info"))?;
        check_directory(&self.common.join("objects/pack"))?;
        // One of two digits holds the objects whose names begin so.
        (0..=u8::MAX).try_for_each(|first| check_directory(&self.common.join(format!("objects/{first:02x}"))))
    }

    /// Runs git and takes its output.
    pub(super) fn output(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        self.check_files()?;
        finish(self.command().args(arguments), arguments.first().copied().unwrap_or_default())
    }

    /// Stages files as they are.
    pub(super) fn add(&self, paths: &[RepoPath]) -> Result<(), GitError> {
        self.check_files()?;
        let mut child = self
            .command()
            .args(["add", "--pathspec-from-file=-", "--pathspec-file-nul"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot_run(&error))?;
        if let Some(mut input) = child.stdin.take() {
            for path in paths {
                // git that has gone says why on its error output.
                let written = input.write_all(path.as_bytes()).and_then(|()| input.write_all(b"\0"));
                if written.is_err() {
                    break;
                }
            }
        }
        let output = child.wait_with_output().map_err(|error| cannot_run(&error))?;
        if output.status.success() { Ok(()) } else { Err(failed("add", &output.stderr)) }
    }
}

fn check_directory(path: &Path) -> Result<(), GitError> {
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file() || kind.is_dir());
        if !is_plain {
            check_file(&entry.path())?;
        }
    }
    Ok(())
}

/// What is not there is no pipe.
fn check_file(path: &Path) -> Result<(), GitError> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(GitError::at(path, "not a regular file")),
        _ => Ok(()),
    }
}

fn finish(command: &mut Command, what: &str) -> Result<Vec<u8>, GitError> {
    let output = command.output().map_err(|error| cannot_run(&error))?;
    if output.status.success() { Ok(output.stdout) } else { Err(failed(what, &output.stderr)) }
}

fn cannot_run(error: &std::io::Error) -> GitError {
    GitError::new(format!("cannot run git: {error}")).with_help("what was asked needs git in PATH")
}

fn failed(what: &str, stderr: &[u8]) -> GitError {
    let reason = String::from_utf8_lossy(stderr);
    let reason = reason.lines().next().unwrap_or("no reason given").trim_start_matches("fatal: ");
    GitError::new(format!("git {what}: {}", super::error::shown(Path::new(reason))))
}
