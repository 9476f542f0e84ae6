//! What the rules on copies of a repository share: which are left alone, and how they are said.

use super::Rule;
use super::evidence::follows_line;
use crate::diagnostic::{Applicability, Diagnostic, Fix, Label, Severity};
use crate::flake::follows::{self, Copy, Difference};
use crate::flake::lock::{LockFile, Place};
use crate::flake::{Flake, InputAttrPath, edit};
use crate::source::Span;
use crate::text::count;

/// The copies in a flake's lock that nobody asked to keep; `allowed` are input paths, as written, that may have them.
pub(super) fn unwanted(flake: &Flake, lock: &LockFile, allowed: &[String]) -> Vec<Copy> {
    let mut copies = follows::copies(flake, lock);
    copies.retain(|copy| {
        // Already written down, for it or for what it is an input of: that the lock does not know it yet is for another
        // rule to say.
        let is_written = (1..=copy.path.0.len()).any(|length| {
            let above = InputAttrPath(copy.path.0[..length].to_vec());
            flake.nix.declaration(&above).is_some_and(|written| written.follows.is_some())
        });
        let written = copy.path.to_string();
        let is_allowed = allowed.iter().any(|allowed| *allowed == written || Some(allowed) == copy.path.0.first());
        !is_written
            && !is_allowed
            && !commented_out(flake, &copy.path)
            && !follows::keeps_its_own(&lock.graph, &copy.path)
    });
    copies
}

/// The finding on a copy. `None` where its input is not declared in flake.nix.
pub(super) fn finding(rule: &'static Rule, flake: &Flake, lock: &LockFile, copy: &Copy) -> Option<Diagnostic> {
    let (name, holder) = copy.path.0.split_last()?;
    let declared = flake.nix.input(holder.first()?)?;
    let doubt = match &copy.difference {
        Difference::None | Difference::Channel => None,
        Difference::Branch(branch) => Some(branch.clone()),
        Difference::Pinned => Some("pinned to a revision".to_owned()),
    };
    let severity = if doubt.is_some() { Severity::Warning } else { rule.severity() };
    let suffix = doubt.as_ref().map(|doubt| format!(", {doubt}")).unwrap_or_default();
    let message = format!("input `{}` locks its own `{name}`{suffix}", InputAttrPath(holder.to_vec()));
    let span: Span = lock.span_of(Place::Edge(&lock.graph.node(copy.holder).key, name));
    let line = follows_line(&copy.path, &copy.target);
    let help = match (&doubt, copy.choices) {
        (Some(_), _) => format!("if it works with yours, add `{line}`"),
        (None, 1) => format!("add `{line}`"),
        (None, _) => format!("add `{line}` (`{}` is the nearest of your {})", copy.target, copy.choices),
    };
    let evidence = match copy.copies {
        0..=2 => "a copy of its own".to_owned(),
        copies => format!("one of {}", count(copies, "copy").replace("copys", "copies")),
    };
    let primary = Label::new(&flake.nix_path, declared.name_span, "declared here");
    let finding = Diagnostic::new(rule.name, severity, message, primary)
        .help(help)
        .input(copy.path.clone())
        .related(Label::new(&flake.lock_path, span, evidence));
    let Ok(edits) = edit::add_follows(flake, &copy.path, &InputAttrPath::of(&copy.target)) else {
        return Some(finding);
    };
    let title = format!("add `{line}`");
    Some(finding.fix(Fix { title, applicability: Applicability::Unsafe, edits, stage: Vec::new() }))
}

/// Whether a comment beside the input holds the `follows` as its author once had it: `# inputs.nixpkgs.follows = …`.
fn commented_out(flake: &Flake, path: &InputAttrPath) -> bool {
    let Some(declared) = path.0.first().and_then(|first| flake.nix.input(first)) else { return false };
    let whole = format!("{}.follows", path.0.join(".inputs."));
    let inner = format!("inputs.{}.follows", path.0[1..].join(".inputs."));
    flake.nix.comments.iter().any(|comment| {
        let Some((key, _)) = comment.value.split_once('=') else { return false };
        let key = key.trim().replace('"', "");
        let key = key.as_str();
        if key == whole || key.strip_prefix("inputs.").is_some_and(|rest| rest == whole) {
            return true;
        }
        key == inner && declared.bindings.iter().any(|binding| beside(flake, *binding, comment.span))
    })
}

/// Inside a binding, or on one of the two lines around it.
fn beside(flake: &Flake, binding: Span, comment: Span) -> bool {
    let line = |offset: usize| flake.source.position(offset).line;
    let at = line(comment.start);
    line(binding.start) <= at + 2 && at <= line(binding.end) + 2
}
