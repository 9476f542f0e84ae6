//! What the rules on copies of a repository share: which are left alone, and how they are said.

use super::evidence::follows_line;
use super::{Rule, opt_out};
use crate::config::Wishes;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, Severity};
use crate::flake::edit::{self, Refusal};
use crate::flake::follows::{Copy, Difference};
use crate::flake::lock::{LockFile, Place};
use crate::flake::nix::FlakeInput;
use crate::flake::{Flake, InputAttrPath, keepers};
use crate::source::Span;
use crate::text::count;

/// The copies in a flake's lock that nobody asked to keep.
pub(super) fn unwanted<'f>(flake: &'f Flake, lock: &'f LockFile, wishes: &'f Wishes) -> impl Iterator<Item = &'f Copy> {
    flake.copies().iter().filter(move |copy| {
        !is_written(flake, copy)
            && !wishes.allows(&copy.path)
            && !opt_out::is_commented_out(flake, &copy.path)
            && (wishes.requires(&copy.path) || keepers::keeper_of(&lock.graph, &copy.path).is_none())
    })
}

/// Whether flake.nix says already where the input comes from: a `follows` for it or for what it is an input of (that
/// the lock does not know it yet is for another rule to say), or a reference of its own that asks for something else.
fn is_written(flake: &Flake, copy: &Copy) -> bool {
    let is_followed = (1..=copy.path.0.len()).any(|length| {
        let above = InputAttrPath(copy.path.0[..length].to_vec());
        flake.nix.declaration(&above).is_some_and(|written| written.follows.is_some())
    });
    let has_reference = || flake.nix.declaration(&copy.path).is_some_and(|written| written.reference.is_some());
    is_followed || (doubt(copy).is_some() && has_reference())
}

/// What speaks against following, in words that go on from "locks its own x, ".
fn doubt(copy: &Copy) -> Option<String> {
    match &copy.difference {
        Difference::None | Difference::Channel => None,
        Difference::Branch(branch) => Some(branch.clone()),
        Difference::Pinned => Some("pinned to a revision".to_owned()),
    }
}

/// The findings on copies. None on those whose input is not declared in flake.nix.
pub(super) fn findings(rule: &'static Rule, flake: &Flake, lock: &LockFile, copies: &[&Copy]) -> Vec<Diagnostic> {
    let declared = |copy: &&Copy| flake.nix.input(copy.path.0.first().filter(|_| copy.path.0.len() > 1)?);
    let copies: Vec<(&Copy, &FlakeInput)> = copies.iter().filter_map(|copy| Some((*copy, declared(copy)?))).collect();
    let wanted: Vec<edit::Follows<'_>> =
        copies.iter().map(|(copy, _)| (&copy.path, InputAttrPath::of(&copy.target))).collect();
    let edits = edit::add_follows(flake, &wanted);
    copies
        .iter()
        .zip(edits)
        .map(|((copy, declared), edits)| finding(rule, flake, lock, copy, declared, edits))
        .collect()
}

fn finding(
    rule: &'static Rule,
    flake: &Flake,
    lock: &LockFile,
    copy: &Copy,
    declared: &FlakeInput,
    edits: Result<Vec<Edit>, Refusal>,
) -> Diagnostic {
    let (holder, name) = copy.path.0.split_at(copy.path.0.len() - 1);
    let name = &name[0];
    let doubt = doubt(copy);
    let severity = if doubt.is_some() { Severity::Warning } else { rule.severity() };
    let suffix = doubt.as_ref().map(|doubt| format!(", {doubt}")).unwrap_or_default();
    let message = format!("input `{}` locks its own `{name}`{suffix}", InputAttrPath(holder.to_vec()));
    let span: Span = lock.span_of(Place::Edge(&lock.graph.node(copy.holder).key, name));
    let line = follows_line(&copy.path, &copy.target);
    let condition = if doubt.is_some() { "if it works with yours, " } else { "" };
    let choice = match copy.choices {
        1 => String::new(),
        choices => format!(" (`{}` is the nearest of your {choices})", copy.target),
    };
    let help = format!("{condition}add `{line}`{choice}");
    let primary = Label::new(&flake.nix_path, declared.name_span, "declared here");
    let related = Label::new(&flake.lock_path, span, cost(copy));
    let finding = Diagnostic::new(rule.name, severity, message, primary).input(copy.path.clone()).related(related);
    match edits {
        Ok(edits) => {
            let title = format!("add `{line}`");
            let fix = Fix { title, applicability: Applicability::Unsafe, edits, stage: Vec::new() };
            finding.help(help).fix(fix)
        }
        Err(refusal) => finding.help(format!("{help} by hand: {}", refusal.as_str())),
    }
}

/// What a copy costs, and what goes with it.
fn cost(copy: &Copy) -> String {
    let (what, price) = if copy.is_nixpkgs { ("nixpkgs", "download and evaluate") } else { ("copy", "download") };
    let place = match copy.copies {
        0..=2 => format!("a second {what} to {price}"),
        copies if copy.is_nixpkgs => format!("one of {copies} nixpkgs to {price}"),
        copies => format!("one of {copies} copies to {price}"),
    };
    let below = copy.below.nodes.saturating_sub(1);
    let nixpkgs = copy.below.nixpkgs.saturating_sub(usize::from(copy.is_nixpkgs));
    match (below, nixpkgs) {
        (0, _) => place,
        (below, 0) => format!("{place}, with {} below it", count(below, "input")),
        (below, nixpkgs) => format!("{place}, with {} below it, {nixpkgs} of them nixpkgs", count(below, "input")),
    }
}
