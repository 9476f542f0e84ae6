//! `untracked-nix-file`: a Nix file of the flake that git does not track.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::references::{FlakeTrees, advice, flake_name};
use crate::snapshot::RepoPath;

pub(super) static RULE: Rule = Rule {
    name: "untracked-nix-file",
    summary: "a Nix file in the flake's tree is neither tracked nor ignored",
    docs: include_str!("untracked_nix_file.md"),
    level: Level::Error,
    fix: FixAvailability::Unsafe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // That the worktree cannot be listed is for the run to say; a rule has only the files that are known.
    let Ok(files) = cx.snapshot.untracked_nix_files() else { return };
    if files.is_empty() {
        return;
    }
    let trees = FlakeTrees::of(cx.flakes).and_absent(cx.snapshot);
    for path in files {
        if let Some(flake) = trees.innermost(path) {
            out.push(finding(path, flake));
        }
    }
}

fn finding(path: &RepoPath, flake: &RepoPath) -> Diagnostic {
    let message = if *path == flake.child("flake.nix") {
        format!("`{path}` is not tracked by git, so Nix finds no flake there")
    } else {
        format!("`{path}` is not tracked by git, so {} does not see it", flake_name(flake))
    };
    Diagnostic::new(RULE.name, RULE.severity(), message, Label::file(path, ""))
        .help(format!("run `{}`, or ignore the file if the flake does not need it", advice::git_add(path)))
        .fix(advice::stage(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::flake::Flake;
    use crate::snapshot::{FileState, Memory};

    const FLAKE: &str = "{ outputs = _: { }; }";

    fn check(memory: Memory, dirs: &[&str]) -> Vec<String> {
        let snapshot = memory.snapshot();
        let flakes: Vec<Flake> =
            dirs.iter().map(|dir| Flake::read(&snapshot, &(*dir).into()).expect("the test has the file")).collect();
        let mut out = Vec::new();
        super::check(&Context::new(&snapshot, &flakes, &Settings::default()), &mut out);
        out.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn files_below_the_flake_count_and_ignored_or_other_ones_do_not() {
        let memory = Memory::new()
            .file("sub/flake.nix", FLAKE, FileState::Tracked)
            .file("sub/modules/new.nix", "{ }", FileState::Untracked)
            .file("sub/modules/notes.txt", "", FileState::Untracked)
            .file("sub/private.nix", "{ }", FileState::Ignored)
            .file("shell.nix", "{ }", FileState::Untracked);
        assert_eq!(
            check(memory, &["sub"]),
            ["`sub/modules/new.nix` is not tracked by git, so the flake in `sub` does not see it"]
        );
    }

    #[test]
    fn a_flake_that_is_itself_untracked_is_found_with_its_files() {
        let memory = Memory::new()
            .file("README", "", FileState::Tracked)
            .file("flake.nix", FLAKE, FileState::Untracked)
            .file("package.nix", "{ }", FileState::Untracked);
        assert_eq!(
            check(memory, &[]),
            [
                "`flake.nix` is not tracked by git, so Nix finds no flake there",
                "`package.nix` is not tracked by git, so the flake does not see it"
            ]
        );
    }

    #[test]
    fn without_any_flake_nothing_is_said() {
        assert!(check(Memory::new().file("default.nix", "{ }", FileState::Untracked), &[]).is_empty());
    }
}
