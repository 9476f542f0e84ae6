//! From what the walk met to one change an input.

use std::collections::BTreeMap;

use super::walk::Walked;
use super::{Change, ChangeKind, Comparison, FollowsError};
use crate::flake::InputAttrPath;
use crate::flake::flakeref::FlakeRef;
use crate::flake::lock::{LockEdge, LockGraph};

/// Puts the result together.
pub(super) fn summarize(old: &LockGraph, walked: Walked, follows_errors: Vec<FollowsError>) -> Comparison {
    let mut changes = join_renamed(old, walked.changes);
    let complete = walked.unknown.is_empty() && walked.undecided.is_empty() && !walked.gave_up;
    let sound = complete && follows_errors.is_empty() && walked.input_errors.is_empty();
    // Nix compares what it would write, so do we.
    let differs = || !walked.new.is_same(old) && walked.new.to_json() != old.to_json();
    let mut undecided = walked.undecided;
    if walked.gave_up && walked.shared.is_none() {
        undecided.push(InputAttrPath::default());
    }
    if changes.is_empty() && (walked.shared.is_some() || (sound && differs())) {
        let input = walked.shared.unwrap_or_default();
        changes.push(Change { input, kind: ChangeKind::Shared, needs_fetch: false });
    }
    if !walked.unknown.is_empty() {
        // The walk could not see below these; what it says of the rest stands, but Nix must fetch.
        for change in &mut changes {
            change.needs_fetch |= walked.unknown.contains(&change.input);
        }
    }
    changes.sort_by(|a, b| a.input.cmp(&b.input));
    let writable = || {
        let pinned = |node: &crate::flake::lock::LockNode| {
            node.source
                .as_ref()
                .is_none_or(|source| source.locked.relative_path().is_some() || source.locked.is_locked())
        };
        walked.new.nodes.iter().all(pinned)
    };
    let new_graph = (sound && !changes.is_empty() && writable()).then_some(walked.new);
    Comparison {
        changes,
        follows_errors,
        input_errors: walked.input_errors,
        unused_overrides: walked.unused_overrides,
        undecided,
        new_graph,
    }
}

/// A removed and an added root input with one reference are one renamed input; what followed the old name and follows
/// the new one is part of that.
fn join_renamed(old: &LockGraph, changes: Vec<Change>) -> Vec<Change> {
    let original = |input: &InputAttrPath| -> Option<FlakeRef> {
        let [name] = input.0.as_slice() else { return None };
        match old.node(LockGraph::ROOT).inputs.get(name)? {
            LockEdge::Node(id) => old.node(*id).source.as_ref().map(|source| source.original.canonicalize()),
            LockEdge::Follows(_) => None,
        }
    };
    let mut removed: BTreeMap<String, InputAttrPath> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.kind == ChangeKind::Removed) {
        if let Some(reference) = original(&change.input) {
            removed.insert(reference.to_string(), change.input.clone());
        }
    }
    let mut gone = Vec::new();
    let mut joined: Vec<Change> = Vec::new();
    for mut change in changes {
        if let ChangeKind::Added { reference } = &change.kind
            && change.input.0.len() == 1
            && let Some(from) = removed.remove(&reference.canonicalize().to_string())
        {
            gone.push(from.clone());
            change.kind = ChangeKind::Renamed { from };
        }
        joined.push(change);
    }
    let renamed: BTreeMap<InputAttrPath, InputAttrPath> = joined
        .iter()
        .filter_map(|change| match &change.kind {
            ChangeKind::Renamed { from } => Some((from.clone(), change.input.clone())),
            _ => None,
        })
        .collect();
    joined.retain(|change| match &change.kind {
        ChangeKind::Removed => !gone.contains(&change.input),
        ChangeKind::FollowsRetargeted { from, to } => !is_renamed(&renamed, from, to),
        _ => true,
    });
    joined
}

/// Whether one path is the other with its root input renamed.
fn is_renamed(renamed: &BTreeMap<InputAttrPath, InputAttrPath>, from: &InputAttrPath, to: &InputAttrPath) -> bool {
    let (Some((from, from_rest)), Some((to, to_rest))) = (from.0.split_first(), to.0.split_first()) else {
        return false;
    };
    from_rest == to_rest && renamed.get(&InputAttrPath::of(from)) == Some(&InputAttrPath::of(to))
}
