//! `intent-to-add`: a file that Nix sees now and the commit will not hold.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::flake::Flake;
use crate::references::{FlakeTrees, advice};
use crate::snapshot::{RepoPath, View};

pub(super) static RULE: Rule = Rule {
    name: "intent-to-add",
    summary: "a file added with `git add -N` will not be in the commit",
    docs: include_str!("intent_to_add.md"),
    level: Level::Error,
    fix: FixAvailability::Unsafe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    if *cx.snapshot.view() != View::Index {
        return;
    }
    let mut intended = cx.snapshot.all_entries().filter(|entry| entry.intent_to_add).peekable();
    if intended.peek().is_none() {
        return;
    }
    let trees = FlakeTrees::of(cx.flakes).and_absent(cx.snapshot);
    let wanted = OnceCell::new();
    for entry in intended {
        let path = RepoPath::new(entry.path);
        if trees.innermost(&path).is_some() && !is_missing_lock(cx.flakes, &path) {
            let named = || is_named(&path, wanted.get_or_init(|| wanted_paths(cx)));
            let is_needed = entry.path.ends_with(b".nix") || path.file_name() == b"flake.lock" || named();
            out.push(finding(&path, is_needed));
        }
    }
}

fn wanted_paths<'a>(cx: &'a Context<'_>) -> BTreeSet<&'a RepoPath> {
    cx.references().absent.iter().map(|reference| &reference.path).collect()
}

/// Whether one of the paths is `path` or a directory above it.
fn is_named(path: &RepoPath, wanted: &BTreeSet<&RepoPath>) -> bool {
    let mut at = path.clone();
    while !at.is_root() {
        if wanted.contains(&at) {
            return true;
        }
        at = at.parent();
    }
    false
}

/// `missing-lock` says it already, with the reason.
fn is_missing_lock(flakes: &[Flake], path: &RepoPath) -> bool {
    flakes.iter().any(|flake| flake.lock_path == *path && !flake.nix.inputs.is_empty())
}

/// A file that is no Nix file, and that no path names, may be meant for a later commit.
fn finding(path: &RepoPath, is_needed: bool) -> Diagnostic {
    let severity = if is_needed { RULE.severity() } else { Severity::Warning };
    let message = format!("`{path}` was added with `git add -N`: Nix sees it now, but the commit will not hold it");
    Diagnostic::new(RULE.name, severity, message, Label::file(path, ""))
        .help(format!("run `{}`", advice::git_add(path)))
        .fix(advice::stage(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::snapshot::{FileState, Memory};

    fn check(memory: Memory, dirs: &[&str]) -> Vec<(String, Severity)> {
        let snapshot = memory.snapshot();
        let flakes: Vec<Flake> =
            dirs.iter().map(|dir| Flake::read(&snapshot, &(*dir).into()).expect("the test has the file")).collect();
        let mut out = Vec::new();
        super::check(&Context::new(&snapshot, &flakes, &Settings::default()), &mut out);
        out.into_iter().map(|finding| (finding.primary.path.to_string(), finding.severity)).collect()
    }

    fn intended() -> Memory {
        Memory::new()
            .file("flake.nix", "{ outputs = _: { }; }", FileState::Tracked)
            .file("notes.md", "", FileState::IntentToAdd)
            .file("new.nix", "{ }", FileState::IntentToAdd)
    }

    #[test]
    fn nix_files_are_errors_and_others_warnings() {
        assert_eq!(
            check(intended(), &[""]),
            [("new.nix".to_owned(), Severity::Error), ("notes.md".to_owned(), Severity::Warning)]
        );
    }

    #[test]
    fn the_worktree_view_is_what_nix_sees_so_all_is_well() {
        assert!(check(intended().view(View::Worktree), &[""]).is_empty());
    }

    #[test]
    fn a_flake_that_is_only_intended_is_found() {
        let memory = Memory::new().file("flake.nix", "{ outputs = _: { }; }", FileState::IntentToAdd);
        assert_eq!(check(memory, &[]), [("flake.nix".to_owned(), Severity::Error)]);
    }
}
