//! `untracked-reference`: a path that is on disk, but that git will not give Nix.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::references::{Reference, Standing, advice, explain};
use crate::snapshot::{Absence, IgnoreRule, RepoPath};

pub(super) static RULE: Rule = Rule {
    name: "untracked-reference",
    summary: "a path is on disk, but git does not track it",
    docs: include_str!("untracked_reference.md"),
    level: Level::Error,
    fix: FixAvailability::Unsafe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for reference in &cx.references().absent {
        match &reference.absence {
            Absence::Untracked => out.push(untracked(reference)),
            Absence::Ignored(rule) => out.push(ignored(reference, rule)),
            Absence::Repository(repository) => out.push(nested(reference, repository)),
            _ => {}
        }
    }
}

fn untracked(reference: &Reference) -> Diagnostic {
    let path = &reference.path;
    let message = match reference.standing {
        Standing::NeedsDefault => format!("`{path}`, which this directory is imported for, is not tracked by git"),
        _ => format!("`{path}` is not tracked by git, so the flake does not see it"),
    };
    new(reference, message).help(format!("run `{}`", advice::git_add(path))).fix(advice::stage(path))
}

/// No fix: the ignore rule is there for a reason, and only the user knows which of the two is wrong.
fn ignored(reference: &Reference, rule: &IgnoreRule) -> Diagnostic {
    let path = &reference.path;
    let IgnoreRule { source, line, pattern } = rule;
    let message = format!("`{path}` is ignored by git, so the flake does not see it");
    let force = advice::git_add(path).replacen("git add", "git add -f", 1);
    let change = format!("`{}` in `{}` line {line} ignores it", printable(pattern), printable(source));
    let help = match explain::hint(path) {
        Some(hint) => format!("{change}: {hint}"),
        None => format!("{change}: change that rule, or run `{force}`"),
    };
    new(reference, message).help(help)
}

/// git adds nothing from inside another repository, and a flake sees nothing of one.
fn nested(reference: &Reference, repository: &RepoPath) -> Diagnostic {
    let path = &reference.path;
    let message = if path == repository {
        format!("`{path}` is a git repository of its own, which the flake does not see")
    } else {
        format!("`{path}` lies in the git repository `{repository}`, which the flake does not see")
    };
    new(reference, message).help("make that repository an input, or a submodule with `inputs.self.submodules = true;`")
}

fn new(reference: &Reference, message: String) -> Diagnostic {
    Diagnostic::new(RULE.name, RULE.severity(), message, Label::new(&reference.file, reference.span, ""))
}

/// A pattern may hold anything; what a terminal would act on is shown escaped, as in a path.
fn printable(text: &str) -> RepoPath {
    RepoPath::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::testing::{findings, messages, view_of};
    use crate::snapshot::{FileState, Memory};

    fn memory(path: &str, state: &FileState) -> Memory {
        let flake = "{ outputs = _: { a = ./data; b = import ./lib; c = ./key.txt; }; }";
        [("data/x", FileState::Tracked), ("lib/default.nix", FileState::Tracked), ("key.txt", FileState::Tracked)]
            .into_iter()
            .fold(Memory::new().file("flake.nix", flake, FileState::Tracked), |memory, (file, tracked)| {
                let state = if file == path { state.clone() } else { tracked };
                memory.file(file, "", state)
            })
    }

    #[test]
    fn files_directories_and_the_default_of_a_directory() {
        for (path, wanted) in [("data/x", "data"), ("lib/default.nix", "lib"), ("key.txt", "key.txt")] {
            let found = messages(&RULE, &view_of(memory(path, &FileState::Untracked)));
            assert_eq!(found, [format!("error: `{wanted}` is not tracked by git, so the flake does not see it")]);
        }
    }

    #[test]
    fn an_ignored_file_names_the_pattern_and_has_no_fix() {
        let found = findings(&RULE, &view_of(memory("key.txt", &FileState::Ignored)));
        let [finding] = found.as_slice() else { panic!("one finding expected, not {found:?}") };
        assert_eq!(
            finding.help.as_deref(),
            Some("`key.txt` in `.gitignore` line 1 ignores it: change that rule, or run `git add -f key.txt`")
        );
        assert_eq!(finding.fix, None);
    }

    #[test]
    fn a_tracked_tree_is_clean() {
        assert_eq!(messages(&RULE, &view_of(memory("", &FileState::Untracked))), [""; 0]);
    }
}
