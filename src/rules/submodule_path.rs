//! `submodule-path`: a path in a submodule that the flake does not ask for.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::references::FlakeTrees;
use crate::snapshot::{Absence, RepoPath};

pub(super) static RULE: Rule = Rule {
    name: "submodule-path",
    summary: "a path lies in a submodule that the flake does not ask for",
    docs: include_str!("submodule_path.md"),
    level: Level::Warn,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let trees = FlakeTrees::of(cx.flakes);
    for reference in &cx.references().absent {
        let Absence::Submodule(submodule) = &reference.absence else { continue };
        let flake = trees.innermost(&reference.file);
        if cx.flakes.iter().any(|other| Some(&other.dir) == flake && other.nix.self_submodules) {
            continue;
        }
        let label = Label::new(&reference.file, reference.span, "");
        out.push(Diagnostic::new(RULE.name, RULE.severity(), message(&reference.path, submodule), label).help(HELP));
    }
}

const HELP: &str =
    "add `inputs.self.submodules = true;` to flake.nix (Nix 2.27 or later), or make the submodule an input";

fn message(path: &RepoPath, submodule: &RepoPath) -> String {
    if path == submodule {
        format!("`{submodule}` is a submodule, which the flake does not see")
    } else {
        format!("`{path}` lies in the submodule `{submodule}`, which the flake does not see")
    }
}
