//! `install --merge-driver`: the merge driver for flake.lock, in the repository's own git configuration.

use std::path::Path;

use crate::git::Repository;
use crate::run::{Failure, tell};
use crate::text::escape;

/// The line that gives the driver its files.
const ATTRIBUTE: &str = "flake.lock merge=preflake";

/// What git runs. Who removes preflake and keeps the configuration gets git's own merge; its labels are words, because
/// git before 2.44 knows no others.
const DRIVER: &str = "if command -v preflake >/dev/null; then preflake merge-driver --base-label %S --ours-label %X \
                      --theirs-label %Y --marker-size %L %O %A %B %P; else \
                      echo 'preflake: not on the PATH; flake.lock is merged line by line' >&2; \
                      git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B; fi";

/// The settings. The ancestor that git makes up where there are several is kept free of conflict markers.
const SETTINGS: &[(&str, &str)] = &[
    ("merge.preflake.name", "flake.lock by input"),
    ("merge.preflake.driver", DRIVER),
    ("merge.preflake.recursive", "binary"),
];

/// Writes the settings, and says which line of `.gitattributes` makes git use them.
pub(crate) fn install() -> Result<u8, Failure> {
    let repository = repository()?;
    for (name, value) in SETTINGS {
        repository.set_config(name, value)?;
    }
    tell("preflake: set merge.preflake in the configuration of this repository");
    if repository.attribute("merge", "flake.lock").as_deref() == Some("preflake") {
        return Ok(0);
    }
    tell("preflake: now let git use it for flake.lock, for everybody:");
    tell(&format!("  echo '{ATTRIBUTE}' >> {}", escape(&attributes(&repository))));
    Ok(0)
}

/// The file for the attribute, as typed in the current directory.
fn attributes(repository: &Repository) -> String {
    let Some(root) = repository.workdir() else { return "info/attributes".to_owned() };
    let is_here = std::env::current_dir().is_ok_and(|here| here.canonicalize().ok() == root.canonicalize().ok());
    if is_here { ".gitattributes".to_owned() } else { "\"$(git rev-parse --show-toplevel)\"/.gitattributes".to_owned() }
}

/// Removes the settings, where there are any.
pub(super) fn uninstall() -> Result<(), Failure> {
    let repository = repository()?;
    if repository.config("merge.preflake.driver").is_none() {
        return Ok(());
    }
    repository.remove_config("merge.preflake")?;
    tell("preflake: removed merge.preflake from the configuration of this repository");
    if let Some(attribute) = repository.attribute("merge", "flake.lock").filter(|attribute| attribute == "preflake") {
        tell(&format!(
            "preflake: .gitattributes still says merge={}; without it git merges by line",
            escape(&attribute)
        ));
    }
    Ok(())
}

fn repository() -> Result<Repository, Failure> {
    Repository::discover(Path::new("."))?
        .ok_or_else(|| Failure::new("not in a git repository").help("run `git init` first"))
}
