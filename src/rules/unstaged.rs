//! What lies on disk beside what a commit takes of a flake: often only a `git add` is missing.

use super::Context;
use crate::flake::compare::compare;
use crate::flake::lock::{self, LockFile};
use crate::flake::nix::{self, FlakeNix};
use crate::flake::{Flake, LockState, LockVerdict};
use crate::references::advice::argument;
use crate::snapshot::RepoPath;

/// The command that takes what is on disk into the commit, where that makes a stale lock agree with its flake.nix.
pub(super) fn help(cx: &Context<'_>, flake: &Flake) -> Option<String> {
    let paths = files_to_add(cx, flake)?;
    let arguments: Vec<String> = paths.iter().map(|path| argument(path)).collect();
    let reason = match paths.as_slice() {
        [path] if **path == flake.lock_path => "on disk flake.lock agrees with this flake.nix",
        [_] => "on disk flake.nix agrees with this flake.lock",
        _ => "on disk the two agree",
    };
    Some(format!("run `git add {}`: {reason}", arguments.join(" ")))
}

/// The files of a flake whose lock is stale that, added as they are on disk, make the two agree: as few as can be.
fn files_to_add<'f>(cx: &Context<'_>, flake: &'f Flake) -> Option<Vec<&'f RepoPath>> {
    let on_disk = |path: &RepoPath| cx.snapshot.read_unstaged(path);
    let agree = |nix: &FlakeNix, lock: &LockFile| {
        compare(cx.snapshot, &flake.dir, nix, Some(lock)).verdict() == LockVerdict::Consistent
    };
    let lock = on_disk(&flake.lock_path).map(lock::read);
    let nix = on_disk(&flake.nix_path).map(|source| nix::read(&source)).filter(|nix| !nix.is_invalid());
    if let Some(LockState::Valid(lock)) = &lock
        && agree(&flake.nix, lock)
    {
        return Some(vec![&flake.lock_path]);
    }
    let nix = nix?;
    if flake.valid_lock().is_some_and(|lock| agree(&nix, lock)) {
        return Some(vec![&flake.nix_path]);
    }
    match &lock {
        Some(LockState::Valid(lock)) if agree(&nix, lock) => Some(vec![&flake.nix_path, &flake.lock_path]),
        _ => None,
    }
}
