//! Labels and commands that several rules share.

use std::collections::BTreeSet;

use super::Rule;
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::identity::Identity;
use crate::flake::lock::{LockEdge, LockFile, LockGraph, LockNode, LockedSource, Place};
use crate::flake::{Flake, InputAttrPath, is_flake_id};
use crate::source::Span;

/// The key of the node that holds the edge of an input path, as the lock spells it.
pub(super) fn holder<'l>(lock: &'l LockFile, input: &InputAttrPath) -> &'l str {
    let (_, parent) = input.0.split_last().unwrap_or((&EMPTY, &[]));
    let id = lock.graph.resolve(&InputAttrPath(parent.to_vec())).unwrap_or(LockGraph::ROOT);
    &lock.graph.node(id).key
}

static EMPTY: String = String::new();

/// A label on an input's edge in the lock; where there is none, on the inputs of the node that would hold it.
pub(super) fn edge(flake: &Flake, lock: &LockFile, input: &InputAttrPath, message: impl Into<String>) -> Label {
    let holder = holder(lock, input);
    let name = input.0.last().map_or("", String::as_str);
    let whole = Span::new(0, lock.source.bytes().len());
    let mut span = lock.span_of(Place::Edge(holder, name));
    if span == whole {
        span = lock.span_of(Place::Node(holder));
    }
    Label::new(&flake.lock_path, span, message)
}

/// The place in flake.nix that says most about an input: its `follows`, its reference, its name; of the nearest input
/// around it where it is not written down itself.
pub(super) fn declaration(flake: &Flake, input: &InputAttrPath) -> Option<Span> {
    if let Some(found) = flake.nix.declaration(input) {
        let follows = found.follows.as_ref().map(|follows| follows.span);
        return Some(follows.or_else(|| found.reference.as_ref().map(|r| r.span)).unwrap_or(found.name_span));
    }
    (1..input.0.len()).rev().find_map(|length| {
        flake.nix.declaration(&InputAttrPath(input.0[..length].to_vec())).map(|found| found.name_span)
    })
}

/// The line that makes an input follow: `home-manager.inputs.nixpkgs.follows = "nixpkgs";`, as it stands inside
/// `inputs`.
pub(super) fn follows_line(path: &InputAttrPath, target: &str) -> String {
    let quoted = |name: &String| if is_flake_id(name) { name.clone() } else { format!("\"{name}\"") };
    let names: Vec<String> = path.0.iter().map(quoted).collect();
    format!("{}.follows = \"{target}\";", names.join(".inputs."))
}

/// Every node of a lock that has a source, with the path by which it is first reached, parents first.
pub(super) fn sources(lock: &LockFile) -> impl Iterator<Item = (&InputAttrPath, &LockNode, &LockedSource)> {
    lock.nodes_by_path().iter().filter_map(|(path, id)| {
        let node = lock.graph.node(*id);
        Some((path, node, node.source.as_deref()?))
    })
}

/// A finding on a field of `locked`, or on the node where it lacks that; the input's declaration is its evidence, so
/// that a suppression can stand there.
pub(super) fn locked_finding(
    rule: &'static Rule,
    flake: &Flake,
    lock: &LockFile,
    (input, key): (&InputAttrPath, &str),
    (field, label): (&str, &str),
    message: String,
) -> Diagnostic {
    let whole = Span::new(0, lock.source.bytes().len());
    let span = Some(lock.span_of(Place::Locked(key, field))).filter(|span| *span != whole);
    let span = span.unwrap_or_else(|| lock.span_of(Place::Node(key)));
    let mut finding = Diagnostic::new(rule.name, rule.severity(), message, Label::new(&flake.lock_path, span, label))
        .input(input.clone());
    if let Some(span) = declaration(flake, input) {
        finding = finding.related(Label::new(&flake.nix_path, span, "declared here"));
    }
    finding
}

/// The first twelve digits of a revision: as many as Nix shows.
pub(super) fn short(revision: &str) -> &str {
    revision.get(..12).unwrap_or(revision)
}

/// One of the flake's own inputs, as locked.
pub(super) struct RootInput<'l> {
    /// Its name.
    pub(super) path: InputAttrPath,
    /// The root input that has to be updated for it to change: another one where it follows an input of that.
    pub(super) updated_by: &'l str,
    /// Its node.
    pub(super) node: &'l LockNode,
    /// What the node locks.
    pub(super) source: &'l LockedSource,
    /// What that means.
    pub(super) identity: &'l Identity,
}

/// The flake's own inputs, also those that follow an input of an input; no node twice.
pub(super) fn root_inputs(lock: &LockFile) -> Vec<RootInput<'_>> {
    let graph = &lock.graph;
    let mut edges: Vec<(&String, &LockEdge)> = graph.node(LockGraph::ROOT).inputs.iter().collect();
    edges.sort_by_key(|(_, edge)| matches!(edge, LockEdge::Follows(_)));
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (name, edge) in edges {
        let path = InputAttrPath::of(name);
        let Some(node) = graph.resolve(&path).filter(|id| seen.insert(*id)).map(|id| graph.node(id)) else { continue };
        let Some(source) = node.source.as_deref() else { continue };
        let updated_by = match edge {
            LockEdge::Node(_) => name,
            LockEdge::Follows(target) => target.0.first().unwrap_or(name),
        };
        let identity = source.identity();
        found.push(RootInput { path, updated_by, node, source, identity });
    }
    found
}

/// Every nixpkgs among the flake's own inputs, whatever it is called and however it is fetched.
pub(super) fn root_nixpkgs(lock: &LockFile) -> impl Iterator<Item = RootInput<'_>> {
    root_inputs(lock).into_iter().filter(|input| input.identity.is_nixpkgs())
}
