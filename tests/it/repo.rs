//! Throw-away repositories made by the real git, untouched by the machine's own configuration.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A repository.
pub(crate) struct Repo {
    dir: TempDir,
}

/// What a run of preflake gave.
pub(crate) struct Run {
    /// The exit status.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// Makes a named pipe. No system call does that everywhere; mkfifo(1) does.
pub(crate) fn pipe(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status();
    assert!(status.is_ok_and(|status| status.success()), "no pipe at {}", path.display());
}

/// A command that sees nothing of the machine's git configuration, with our binary first on the PATH.
pub(crate) fn hermetic(program: &str, dir: &Path) -> Command {
    let bin = Path::new(env!("CARGO_BIN_EXE_preflake")).parent().expect("a file has a directory").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).expect("no colon in it");
    let mut command = Command::new(program);
    command
        .current_dir(dir)
        .env_clear()
        .env("PATH", path)
        .env("HOME", dir)
        .env("LC_ALL", "C.UTF-8")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "A")
        .env("GIT_AUTHOR_EMAIL", "a@example.org")
        .env("GIT_COMMITTER_NAME", "A")
        .env("GIT_COMMITTER_EMAIL", "a@example.org")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z");
    command
}

impl Repo {
    /// An empty repository.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// An empty repository, made with these options of `git init`.
    pub(crate) fn with(options: &[&str]) -> Self {
        let repo = Self { dir: tempfile::tempdir().expect("a place for files") };
        repo.git(&[&["init", "-q", "-b", "main"], options].concat());
        repo
    }

    /// Its root.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, and the directories above it.
    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Replaces a text that must be there in a file.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path().join(path)).expect("a file to edit");
        assert!(text.contains(from), "{path} does not hold {from:?}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Runs git and returns what it printed; it must succeed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.try_git(arguments);
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs git with this input, which must succeed, and gives its output.
    pub(crate) fn git_with_input(&self, arguments: &[&str], input: &str) -> String {
        let file = self.dir.path().join("input");
        std::fs::write(&file, input).expect("a file");
        let mut command = hermetic("git", self.path());
        let output = command.args(arguments).stdin(std::fs::File::open(&file).expect("a file")).output();
        std::fs::remove_file(&file).expect("it is there");
        let output = output.expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs git.
    pub(crate) fn try_git(&self, arguments: &[&str]) -> Output {
        hermetic("git", self.path()).args(arguments).output().expect("git is installed")
    }

    /// Stages and commits everything, past the hooks.
    pub(crate) fn commit_all(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "all"]);
    }

    /// Runs preflake at the root.
    pub(crate) fn preflake(&self, arguments: &[&str]) -> Run {
        run(self.path(), arguments)
    }

    /// Findings as `rule path:line`, from the JSON report.
    pub(crate) fn findings(&self, arguments: &[&str]) -> Vec<String> {
        let run = self.preflake(&[&["check", "--format", "json"], arguments].concat());
        let report: serde_json::Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", run.stdout, run.stderr));
        let text = |value: &serde_json::Value| value.as_str().expect("a string").to_owned();
        let found = report["findings"].as_array().expect("a list").iter();
        found.map(|f| format!("{} {}:{}", text(&f["rule"]), text(&f["path"]), f["span"]["start"]["line"])).collect()
    }
}

/// Runs preflake in a directory.
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> Run {
    let output = hermetic(env!("CARGO_BIN_EXE_preflake"), dir).args(arguments).output().expect("the binary runs");
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
