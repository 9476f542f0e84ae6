//! `missing-follows`: an input locks a nixpkgs of its own although the flake has one to follow.

use super::evidence::follows_line;
use super::{Context, FixAvailability, Level, Rule};
use crate::config::Settings;
use crate::diagnostic::{Applicability, Diagnostic, Fix, Label, Severity};
use crate::flake::edit;
use crate::flake::lock::{LockEdge, LockFile, LockGraph, NodeId, Place};
use crate::flake::nixpkgs::{self, Channel, Nixpkgs};
use crate::flake::{Flake, InputAttrPath};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "missing-follows",
    summary: "an input locks a nixpkgs of its own although the flake has one to follow",
    docs: include_str!("missing_follows.md"),
    level: Level::Error,
    fix: FixAvailability::Unsafe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        let roots = root_nixpkgs(flake, lock);
        if roots.is_empty() {
            continue;
        }
        for (path, parent, found) in nested_nixpkgs(&lock.graph) {
            if opted_out(cx.settings, flake, &lock.graph, &path) {
                continue;
            }
            out.extend(finding(flake, lock, &roots, &path, parent, &found));
        }
    }
}

/// A nixpkgs among the flake's own inputs.
struct Root<'f> {
    name: &'f str,
    nixpkgs: Nixpkgs,
}

fn root_nixpkgs<'f>(flake: &'f Flake, lock: &LockFile) -> Vec<Root<'f>> {
    let mut roots = Vec::new();
    for input in &flake.nix.inputs {
        let Some(id) = lock.graph.resolve(&InputAttrPath::of(&input.name)) else { continue };
        let Some(source) = &lock.graph.node(id).source else { continue };
        if let Some(nixpkgs) = source.is_flake.then(|| nixpkgs::recognize(&source.original)).flatten() {
            roots.push(Root { name: &input.name, nixpkgs });
        }
    }
    roots
}

/// Every nixpkgs node below the flake's own inputs, by the path that leads to it first, with the node that holds it.
fn nested_nixpkgs(graph: &LockGraph) -> Vec<(InputAttrPath, NodeId, Nixpkgs)> {
    let mut found = Vec::new();
    for (path, id) in graph.nodes_by_path() {
        for (name, edge) in &graph.node(id).inputs {
            let LockEdge::Node(child) = edge else { continue };
            let Some(source) = graph.node(*child).source.as_ref().filter(|source| source.is_flake) else { continue };
            // Only the library: small, and often a repository or an archive of its own.
            if name.ends_with("nixpkgs-lib") {
                continue;
            }
            if let Some(nixpkgs) = nixpkgs::recognize(&source.original) {
                found.push((path.child(name), id, nixpkgs));
            }
        }
    }
    found
}

fn finding(
    flake: &Flake,
    lock: &LockFile,
    roots: &[Root<'_>],
    path: &InputAttrPath,
    parent: NodeId,
    found: &Nixpkgs,
) -> Option<Diagnostic> {
    // Already written down: that the lock does not know it yet is for another rule to say.
    if flake.nix.declaration(path).is_some_and(|written| written.follows.is_some()) {
        return None;
    }
    let (name, holder) = path.0.split_last()?;
    let root = roots.iter().min_by_key(|root| (distance(&root.nixpkgs, found), root.name != name, root.name))?;
    let declared = flake.nix.input(holder.first()?)?;
    let holder_path = InputAttrPath(holder.to_vec());
    let doubt = doubt(&root.nixpkgs, found);
    let severity = if doubt.is_some() { Severity::Warning } else { RULE.severity() };
    let suffix = doubt.as_ref().map(|doubt| format!(", {doubt}")).unwrap_or_default();
    let message = format!("input `{holder_path}` locks its own `{name}`{suffix}");
    let key = &lock.graph.node(parent).key;
    let span: Span = lock.span_of(Place::Edge(key, name));
    let line = follows_line(path, root.name);
    let help = match (&doubt, roots.len()) {
        (Some(_), _) => format!("if it works with yours, add `{line}`"),
        (None, 1) => format!("add `{line}`"),
        (None, _) => format!("add `{line}` (`{}` is the nearest of your {} nixpkgs)", root.name, roots.len()),
    };
    let primary = Label::new(&flake.nix_path, declared.name_span, "declared here");
    let finding = Diagnostic::new(RULE.name, severity, message, primary)
        .help(help)
        .input(path.clone())
        .related(Label::new(&flake.lock_path, span, "a nixpkgs of its own"));
    let Ok(edits) = edit::add_follows(flake, path, &InputAttrPath::of(root.name)) else { return Some(finding) };
    Some(finding.fix(Fix {
        title: format!("add `{line}`"),
        applicability: Applicability::Unsafe,
        edits,
        stage: Vec::new(),
    }))
}

/// How far two nixpkgs are apart: the same branch, another of the same kind, something else.
fn distance(root: &Nixpkgs, found: &Nixpkgs) -> u8 {
    if root.pinned == found.pinned && root.branch == found.branch {
        0
    } else if root.channel == found.channel {
        1
    } else {
        2
    }
}

/// Why following might change more than the copy.
fn doubt(root: &Nixpkgs, found: &Nixpkgs) -> Option<String> {
    if found.pinned {
        return Some("pinned to a revision".to_owned());
    }
    if found.dir != root.dir {
        return Some(format!("its directory `{}`", found.dir));
    }
    if root.channel == found.channel {
        return None;
    }
    Some(match &found.channel {
        Channel::Unstable => "of the unstable branch".to_owned(),
        Channel::Release(release) => format!("of release {release}"),
        Channel::Other(branch) => format!("of branch `{branch}`"),
    })
}

fn opted_out(settings: &Settings, flake: &Flake, graph: &LockGraph, path: &InputAttrPath) -> bool {
    let Some(first) = path.0.first() else { return true };
    let written = path.to_string();
    if settings.follows_allowed.iter().any(|allowed| *allowed == written || allowed == first) {
        return true;
    }
    let keeps = |length: usize| {
        let id = graph.resolve(&InputAttrPath(path.0[..length].to_vec()));
        let source = id.and_then(|id| graph.node(id).source.as_ref());
        source.is_some_and(|source| nixpkgs::keeps_its_own(&source.locked))
    };
    (1..path.0.len()).any(keeps) || commented_out(flake, path)
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
