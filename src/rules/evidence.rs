//! Labels and commands that several rules share.

use crate::diagnostic::Label;
use crate::flake::lock::{LockFile, LockGraph, Place};
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
