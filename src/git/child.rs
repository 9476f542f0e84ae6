//! git itself in a child process, for what nothing else can: writing the index, and repositories that libgit2 does not
//! read (SHA-256, reftable, some extensions).
//!
//! Nothing that a repository configures is run: no hook, no file-system monitor, no fetch of missing objects. One thing
//! is as in git itself: files are staged by `git add`, and only when the user asks for that. What ends up in the commit
//! then passes the clean filters (`git lfs`, `git-crypt`) that the user's own configuration names, as it must.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::environment::Environment;
use super::error::GitError;
use crate::snapshot::{RepoPath, disk};

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
            // Our own reader and libgit2 do not know of them.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null());
        if let Some(workdir) = &self.workdir {
            command.env("GIT_WORK_TREE", workdir);
        }
        command
    }

    /// Checks that what git and libgit2 would read from the git directory are files: on a pipe they would wait for ever.
    pub(super) fn check_files(&self) -> Result<(), GitError> {
        for name in ["HEAD", "config.worktree", "commondir"] {
            check_file(&self.directory.join(name))?;
        }
        for name in ["config", "packed-refs", "shallow"] {
            check_file(&self.common.join(name))?;
        }
        self.check_objects()?;
        // One of two digits holds the objects whose names begin so.
        (0..=u8::MAX).try_for_each(|first| check_directory(&self.common.join(format!("objects/{first:02x}"))))
    }

    /// The same, of what is read before the first object.
    pub(super) fn check_objects(&self) -> Result<(), GitError> {
        check_directory(&self.common.join("objects/info"))?;
        check_directory(&self.common.join("objects/pack"))
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

    /// Starts a process that gives objects one after another.
    pub(super) fn batch(&self) -> Result<Batch, GitError> {
        self.check_files()?;
        let mut command = self.command();
        let child = command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = child.stderr(Stdio::null()).spawn().map_err(|error| cannot_run(&error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitError::new("cannot talk to git"));
        };
        Ok(Batch { child, input: Some(input), output: BufReader::new(output) })
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
    GitError::new(format!("cannot run git: {error}")).with_help("this kind of repository needs git in PATH")
}

fn failed(what: &str, stderr: &[u8]) -> GitError {
    let reason = String::from_utf8_lossy(stderr);
    let reason = reason.lines().next().unwrap_or("no reason given").trim_start_matches("fatal: ");
    GitError::new(format!("git {what}: {}", super::error::shown(Path::new(reason))))
}

/// A running `git cat-file --batch`.
pub(super) struct Batch {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Batch {
    /// The content of an object of this kind, named by its id.
    pub(super) fn read(&mut self, id: &str, kind: &str) -> Result<Vec<u8>, String> {
        let plain = |error: std::io::Error| format!("git cat-file: {error}");
        let input = self.input.as_mut().ok_or("git cat-file has gone")?;
        input.write_all(format!("{id}\n").as_bytes()).and_then(|()| input.flush()).map_err(plain)?;
        let mut header = String::new();
        self.output.read_line(&mut header).map_err(plain)?;
        let size = header.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let Some(size) = size else { return Err("the object is missing".to_owned()) };
        let is_expected = header.split(' ').nth(1) == Some(kind);
        if size > disk::MAX_SIZE || !is_expected {
            std::io::copy(&mut (&mut self.output).take(size + 1), &mut std::io::sink()).map_err(plain)?;
            return Err(if is_expected { "larger than 256 MB".to_owned() } else { format!("not a {kind}") });
        }
        let mut content = Vec::new();
        (&mut self.output).take(size + 1).read_to_end(&mut content).map_err(plain)?;
        if content.pop().is_none() || content.len() as u64 != size {
            return Err("git cat-file stopped early".to_owned());
        }
        Ok(content)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // The end of its input ends the process; its status says nothing we need.
        self.input.take();
        drop(self.child.wait());
    }
}
