//! `flakeness-mismatch`: flake.nix and flake.lock do not agree whether an input is a flake. Nix does not notice: it
//! keeps what the lock says.

use super::evidence::edge;
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::lock::{LockEdge, LockFile, LockGraph};
use crate::flake::nix::FlakeInput;
use crate::flake::{Flake, InputAttrPath};

pub(super) static RULE: Rule = Rule {
    name: "flakeness-mismatch",
    summary: "`flake = false` is not what the lock was made with",
    docs: include_str!("flakeness_mismatch.md"),
    level: Level::Warn,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let (Some(lock), Some(comparison)) = (flake.valid_lock(), &flake.comparison) else { continue };
        for input in &flake.nix.inputs {
            let path = InputAttrPath::of(&input.name);
            // An input that is locked anew gets what flake.nix says.
            if input.follows.is_none() && comparison.changes.iter().all(|change| change.input != path) {
                out.extend(finding(flake, lock, input, path));
            }
        }
    }
}

fn finding(flake: &Flake, lock: &LockFile, input: &FlakeInput, path: InputAttrPath) -> Option<Diagnostic> {
    let LockEdge::Node(id) = lock.graph.node(LockGraph::ROOT).inputs.get(&input.name)? else { return None };
    let locked = lock.graph.node(*id).source.as_ref()?.is_flake;
    if locked == input.flake() {
        return None;
    }
    let (now, then) = if locked { ("is no flake", "is one") } else { ("is a flake", "is none") };
    let message =
        format!("input `{path}` {now} in flake.nix, but {then} in flake.lock, and Nix keeps what the lock says");
    let span = match (&input.is_flake, &input.reference) {
        (Some(flake), _) => flake.span,
        (None, Some(reference)) => reference.span,
        (None, None) => input.name_span,
    };
    Some(
        Diagnostic::new(RULE.name, RULE.severity(), message, Label::new(&flake.nix_path, span, "declared here"))
            .help(format!("run `nix flake update {path}` to lock it anew"))
            .related(edge(flake, lock, &path, "locked here"))
            .input(path),
    )
}
