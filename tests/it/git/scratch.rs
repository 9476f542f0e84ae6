//! A hermetic repository, made by the real git.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use preflake::git::{Environment, Repository, ViewChoice};
use preflake::snapshot::{RepoPath, Snapshot};

/// A repository in a temporary directory, with an environment of its own.
pub(crate) struct Scratch {
    pub(crate) root: PathBuf,
    home: tempfile::TempDir,
    extra: Vec<(String, String)>,
}

impl Scratch {
    /// `git init` with these options.
    pub(crate) fn new(options: &[&str]) -> Self {
        let scratch = Self::empty();
        scratch.git(&[&["init", "-q", "-b", "main"], options].concat());
        scratch
    }

    /// No repository yet.
    pub(crate) fn empty() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let root = home.path().canonicalize().expect("it exists").join("work");
        std::fs::create_dir(&root).expect("it is empty");
        Self { root, home, extra: Vec::new() }
    }

    /// The same place, seen with one more variable in the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.extra.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let home = self.home.path().to_string_lossy().into_owned();
        let fixed = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", home),
            ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("GIT_AUTHOR_NAME", "A".to_owned()),
            ("GIT_AUTHOR_EMAIL", "a@example.org".to_owned()),
            ("GIT_COMMITTER_NAME", "A".to_owned()),
            ("GIT_COMMITTER_EMAIL", "a@example.org".to_owned()),
            ("GIT_AUTHOR_DATE", "2024-01-01T00:00:00Z".to_owned()),
            ("GIT_COMMITTER_DATE", "2024-01-01T00:00:00Z".to_owned()),
        ];
        let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value));
        fixed.chain(self.extra.iter().cloned()).collect()
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, directory: &Path, arguments: &[S]) -> Output {
        let mut command = Command::new("git");
        command.current_dir(directory).env_clear().envs(self.environment()).args(arguments);
        command.output().expect("git is installed")
    }

    /// Runs git, which must succeed, and gives its output.
    pub(crate) fn git(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.run(&self.root, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        output.stdout
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("directories can be made");
        std::fs::write(path, content).expect("files can be written");
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "x"]);
    }

    pub(crate) fn repository_at(&self, start: &Path) -> Repository {
        let found = Repository::discover_with(start, Environment::of(self.environment()));
        found.expect("the repository can be opened").expect("there is one")
    }

    pub(crate) fn repository(&self) -> Repository {
        self.repository_at(&self.root)
    }

    pub(crate) fn snapshot(&self, view: &ViewChoice) -> Snapshot {
        self.repository().snapshot(view).expect("the view can be taken")
    }

    /// What we say is untracked.
    pub(crate) fn untracked(&self, view: &ViewChoice) -> Vec<String> {
        let snapshot = self.snapshot(view);
        let found = snapshot.untracked_nix_files().expect("the worktree can be listed");
        found.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// What git says is untracked.
    pub(crate) fn untracked_of_git(&self) -> Vec<String> {
        lines(&self.git(&["ls-files", "--others", "--exclude-standard", "-z", "--", "*.nix"]))
    }

    /// Both must be the same in both views.
    pub(crate) fn check_untracked(&self, what: &str) {
        let expected = self.untracked_of_git();
        for view in [ViewChoice::Index, ViewChoice::Worktree] {
            assert_eq!(self.untracked(&view), expected, "{what}, {view:?}");
        }
    }

    /// Entries of the index view: git's list and ours must be the same.
    pub(crate) fn check_entries(&self, what: &str) {
        let mut expected = lines(&self.git(&["ls-files", "-z"]));
        expected.dedup();
        let snapshot = self.snapshot(&ViewChoice::Index);
        assert_eq!(paths(&snapshot), expected, "{what}");
    }
}

/// The paths of all entries.
pub(crate) fn paths(snapshot: &Snapshot) -> Vec<String> {
    snapshot.all_entries().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect()
}

/// The content of a file of a view.
pub(crate) fn content(snapshot: &Snapshot, path: &str) -> String {
    let file = snapshot.read(&RepoPath::from(path)).expect("the file can be read");
    String::from_utf8_lossy(file.bytes()).into_owned()
}

/// Fields that end with a zero byte, sorted.
pub(crate) fn lines(output: &[u8]) -> Vec<String> {
    let fields = output.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let mut found: Vec<String> = fields.map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    found.sort();
    found
}
