//! `install` and `uninstall`: git hooks that nobody else wrote, and the merge driver.

pub(crate) mod merge_driver;

use std::fs;
use std::path::{Path, PathBuf};

use crate::git::Repository;
use crate::run::{Failure, tell};
use crate::text::escape;

/// The hooks and what they hold; the files of `hooks/`.
const HOOKS: &[(&str, &str)] = &[
    ("pre-commit", include_str!("../../hooks/pre-commit")),
    ("pre-merge-commit", include_str!("../../hooks/pre-merge-commit")),
    ("pre-push", include_str!("../../hooks/pre-push")),
];

/// What tells our hooks from everybody else's.
const MARK: &str = "# Written by `preflake install`";

struct Hooks {
    dir: PathBuf,
    outside: bool,
}

fn hooks() -> Result<Hooks, Failure> {
    let repository = Repository::discover(Path::new("."))?
        .ok_or_else(|| Failure::new("not in a git repository").help("run `git init` first"))?;
    let dir = repository.hooks_dir()?;
    let inside = repository.workdir().is_some_and(|workdir| dir.starts_with(workdir));
    Ok(Hooks { outside: repository.has_hooks_path() && !inside, dir })
}

/// Writes the hooks that are not there yet. Exit status 1 where one of somebody else's is in the way.
pub(crate) fn install() -> Result<u8, Failure> {
    let hooks = hooks()?;
    let shown = escape(&hooks.dir.to_string_lossy());
    if hooks.outside {
        return Err(Failure::new(format!("core.hooksPath is {shown}, outside of this repository"))
            .help("its hooks serve other repositories too; add `preflake check --staged` to its pre-commit by hand"));
    }
    fs::create_dir_all(&hooks.dir).map_err(|error| Failure::new(format!("cannot create {shown}: {error}")))?;
    let mut status = 0;
    for (name, script) in HOOKS {
        let path = hooks.dir.join(name);
        let shown = escape(&path.to_string_lossy());
        match fs::symlink_metadata(&path) {
            Ok(_) if !is_ours(&path) => {
                status = 1;
                tell(&format!("preflake: {shown} exists and is not ours; add this line to it:"));
                tell(&format!("  preflake hook {name} \"$@\" || exit"));
                continue;
            }
            _ => {}
        }
        write(&path, script).map_err(|error| Failure::new(format!("cannot write {shown}: {error}")))?;
        tell(&format!("preflake: wrote {shown}"));
    }
    Ok(status)
}

/// Removes what `install` wrote.
pub(crate) fn uninstall() -> Result<u8, Failure> {
    merge_driver::uninstall()?;
    let hooks = hooks()?;
    for (name, _) in HOOKS {
        let path = hooks.dir.join(name);
        let shown = escape(&path.to_string_lossy());
        if is_ours(&path) {
            fs::remove_file(&path).map_err(|error| Failure::new(format!("cannot remove {shown}: {error}")))?;
            tell(&format!("preflake: removed {shown}"));
        }
    }
    Ok(0)
}

/// Whether a hook is a plain file that `install` wrote.
fn is_ours(path: &Path) -> bool {
    let plain = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    plain && fs::read_to_string(path).is_ok_and(|text| text.contains(MARK))
}

/// Writes beside and renames, so that git never runs half a hook.
fn write(path: &Path, script: &str) -> std::io::Result<()> {
    let beside = path.with_extension(format!("preflake-{}", std::process::id()));
    fs::write(&beside, script)?;
    executable(&beside)?;
    fs::rename(&beside, path)
}

#[cfg(unix)]
fn executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn executable(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
