//! Where a run takes place: in a repository, or in a directory without git.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

use super::Failure;
use crate::cli::Cli;
use crate::git::{Repository, ViewChoice};
use crate::snapshot::{RepoPath, Snapshot, directory};
use crate::text::{escape, nearest};

/// The repository or directory that a run is about.
pub(super) struct Place {
    pub(super) repository: Option<Repository>,
    pub(super) root: PathBuf,
}

impl Place {
    /// The repository around the current directory. Where there is none, what `named`, a path of the command line, lies
    /// in: its repository, or the directory of its flake; and otherwise the current directory.
    pub(super) fn find(named: Option<&Path>) -> Result<Self, Failure> {
        let here = std::env::current_dir()
            .map_err(|error| Failure::new(format!("cannot read the current directory: {error}")))?;
        let mut repository = Repository::discover(&here)?;
        let mut root = here;
        if repository.is_none()
            && let Some(named) = named
        {
            let path = named.canonicalize().map_err(|error| missing_path(named, &error))?;
            let dir = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
            repository = Repository::discover(dir)?;
            let flake = dir.ancestors().find(|dir| dir.join("flake.nix").is_file());
            root = flake.unwrap_or(dir).to_path_buf();
        }
        let workdir = repository.as_ref().and_then(|repository| repository.workdir().map(Path::to_path_buf));
        Ok(Self { repository, root: workdir.unwrap_or(root) })
    }

    pub(super) fn snapshot(&self, choice: &ViewChoice) -> Result<Snapshot, Failure> {
        self.snapshot_since(choice, None)
    }

    /// A view; with `since`, its changes are those since that commit.
    pub(super) fn snapshot_since(&self, choice: &ViewChoice, since: Option<&str>) -> Result<Snapshot, Failure> {
        match (&self.repository, choice) {
            (Some(repository), choice) => {
                // A bare repository has but commits.
                let head = ViewChoice::Revision("HEAD".to_owned());
                let bare = repository.workdir().is_none() && *choice == ViewChoice::Worktree;
                let choice = if bare { &head } else { choice };
                Ok(match since {
                    Some(since) => repository.snapshot_since(choice, since)?,
                    None => repository.snapshot(choice)?,
                })
            }
            (None, ViewChoice::Worktree) if since.is_none() => {
                // What cannot be read would look like a directory without a flake.
                let unreadable = fs::read_dir(&self.root).err();
                if let Some(error) = unreadable {
                    return Err(Failure::new(format!("cannot read {}: {error}", self.root.to_string_lossy())));
                }
                Ok(directory(&self.root))
            }
            (None, _) => {
                Err(Failure::new("not in a git repository")
                    .help("without git, run `preflake` in the flake's directory"))
            }
        }
    }

    /// A path of the command line, relative to the root.
    pub(super) fn relative(&self, path: &Path) -> Result<RepoPath, Failure> {
        let shown = escape(&path.to_string_lossy());
        let absolute = path.canonicalize().map_err(|error| missing_path(path, &error))?;
        let root = self.root.canonicalize().map_err(|error| Failure::new(format!("{shown}: {error}")))?;
        let relative = absolute.strip_prefix(&root).map_err(|_| {
            let (what, dir) = match self.repository {
                Some(_) => ("the repository", "there"),
                None => ("the flake's directory", "once in each"),
            };
            Failure::new(format!("{shown} lies outside of {what} {}", root.to_string_lossy()))
                .help(format!("run preflake {dir}"))
        })?;
        let components: Vec<Vec<u8>> =
            relative.components().map(|part| part.as_os_str().as_encoded_bytes().to_vec()).collect();
        Ok(RepoPath::new(components.join(&b'/')))
    }
}

/// Why a path of the command line is of no use. A mistyped command is taken for a path.
fn missing_path(path: &Path, error: &io::Error) -> Failure {
    let shown = path.to_string_lossy();
    let commands = Cli::command();
    let names = commands.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let failure = Failure::new(format!("{shown}: {}", reason(error)));
    match nearest(&shown, names) {
        _ if error.kind() != io::ErrorKind::NotFound => failure,
        Some(command) => failure.help(format!("did you mean the command `{command}`?")),
        None => failure.help("name a file or directory that is there; `preflake --help` lists the commands"),
    }
}

/// Why a file is of no use, without the number that the system has for the most ordinary reason.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        _ => error.to_string(),
    }
}
