//! `missing-lock`: the flake has inputs, and the view holds no flake.lock.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::lock::lock_command;
use crate::flake::{Flake, LockState};
use crate::references::advice;
use crate::snapshot::{Absence, View};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "missing-lock",
    summary: "the flake has inputs, but no flake.lock that Nix would see",
    docs: include_str!("missing_lock.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        if !matches!(flake.lock, LockState::Missing) || flake.nix.inputs.is_empty() || flake.nix.is_invalid() {
            continue;
        }
        let absence = cx.snapshot.absence(&flake.lock_path);
        let on_disk = !matches!(absence, Absence::Nowhere | Absence::Outside | Absence::Deleted);
        if flake.lock_expected || on_disk {
            out.push(finding(flake, &absence, cx.snapshot.view()));
        }
    }
}

fn finding(flake: &Flake, absence: &Absence, view: &View) -> Diagnostic {
    let lock = &flake.lock_path;
    let (message, help) = match absence {
        Absence::Untracked => {
            (format!("`{lock}` is not tracked by git, so Nix does not see it"), format!("run `git add {lock}`"))
        }
        Absence::IntentToAdd => (format!("`{lock}` is only intended to be added"), format!("run `git add {lock}`")),
        Absence::Ignored(rule) => (
            format!("`{lock}` is ignored by git (`{}` in {}:{})", rule.pattern, rule.source, rule.line),
            format!("remove that pattern, then run `git add {lock}`"),
        ),
        Absence::OtherCase(other) => (format!("`{lock}` is called `{other}`"), format!("run `git mv {other} {lock}`")),
        Absence::Deleted if *view == View::Worktree => {
            (format!("`{lock}` is deleted on disk"), format!("run `git checkout -- {lock}`"))
        }
        Absence::LeftOut => (
            format!("`{lock}` is left out of this sparse checkout"),
            "take its directory in with `git sparse-checkout add`".to_owned(),
        ),
        Absence::Skipped => {
            (format!("`{lock}` is marked skip-worktree and not on disk"), format!("run `{}`", advice::unskip(lock)))
        }
        Absence::Circle => (
            format!("`{lock}` is a link that leads in a circle"),
            "let the link lead to a file, or remove it".to_owned(),
        ),
        Absence::Submodule(_) | Absence::Repository(_) | Absence::Deleted | Absence::Nowhere | Absence::Outside => {
            let command = lock_command(&flake.dir);
            ("the flake has inputs, but no flake.lock".to_owned(), format!("run `{command}`, then `git add {lock}`"))
        }
    };
    let span = flake.nix.inputs_key.or_else(|| flake.nix.inputs.first().map(|input| input.name_span));
    let primary = Label::new(&flake.nix_path, span.unwrap_or(Span::at(0)), "these inputs are not pinned");
    Diagnostic::new(RULE.name, RULE.severity(), message, primary).help(help)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::references::testing::{findings, messages, view_of};
    use crate::snapshot::{FileState, Memory};

    const NIX: &str = "{ inputs.a.url = \"github:o/a\"; outputs = _: { }; }";

    fn with_lock(dir: &str, state: Option<FileState>) -> Memory {
        let memory = Memory::new().file(&format!("{dir}flake.nix"), NIX, FileState::Tracked);
        match state {
            Some(state) => memory.file(&format!("{dir}flake.lock"), "{}", state),
            None => memory,
        }
    }

    #[test]
    fn says_why_the_lock_is_not_there() {
        let found = |dir, state| messages(&RULE, &view_of(with_lock(dir, state)));
        assert_eq!(found("", None), ["error: the flake has inputs, but no flake.lock"]);
        assert_eq!(
            found("", Some(FileState::Untracked)),
            ["error: `flake.lock` is not tracked by git, so Nix does not see it"]
        );
        assert_eq!(found("template/", None), [] as [&str; 0]);
        assert_eq!(found("template/", Some(FileState::Untracked)).len(), 1);
    }

    #[test]
    fn the_command_names_the_file_from_the_root() {
        let found = findings(&RULE, &view_of(with_lock("sub/", Some(FileState::Untracked))));
        assert_eq!(found[0].help.as_deref(), Some("run `git add sub/flake.lock`"));
    }
}
