//! `stale-follows`: an override for an input that does not exist.

use super::evidence::edge;
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Label};
use crate::flake::edit;
use crate::flake::nix::FlakeInput;
use crate::flake::{Flake, InputAttrPath};
use crate::text::nearest;

pub(super) static RULE: Rule = Rule {
    name: "stale-follows",
    summary: "an override is for an input that does not exist",
    docs: include_str!("stale_follows.md"),
    level: Level::Error,
    fix: FixAvailability::Safe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        for path in flake.comparison.iter().flat_map(|comparison| &comparison.unused_overrides) {
            let Some(written) = flake.nix.declaration(path) else { continue };
            out.push(finding(flake, path, written));
        }
    }
}

fn finding(flake: &Flake, path: &InputAttrPath, written: &FlakeInput) -> Diagnostic {
    let (name, parent) = path.0.split_last().map_or(("", Vec::new()), |(name, parent)| (name, parent.to_vec()));
    let parent = InputAttrPath(parent);
    let message = format!("input `{parent}` has no input `{name}` to override");
    let primary = Label::new(&flake.nix_path, written.name_span, "overridden here");
    let mut finding = Diagnostic::new(RULE.name, RULE.severity(), message, primary).input(path.clone());
    let mut help = "remove the override".to_owned();
    if let Some(lock) = flake.valid_lock() {
        if let Some(node) = lock.graph.resolve(&parent) {
            let names = lock.graph.node(node).inputs.keys().map(String::as_str);
            if let Some(near) = nearest(name, names) {
                help = format!("did you mean `{near}`? Else remove the override");
            }
        }
        finding = finding.related(edge(flake, lock, &parent, "locked without it"));
    }
    let finding = finding.help(help);
    let Ok(edits) = edit::remove_override(flake, path) else { return finding };
    finding.fix(Fix {
        title: format!("remove the override of `{path}`"),
        applicability: Applicability::Safe,
        edits,
        stage: Vec::new(),
    })
}
