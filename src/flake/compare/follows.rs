//! The check of every `follows` in the new lock (`lockfile.cc: LockFile::check`; section 4.6).

use std::collections::BTreeSet;

use super::FollowsError;
use crate::flake::InputAttrPath;
use crate::flake::lock::{LockEdge, LockGraph, NodeId, Unresolved};

/// Checks every reachable `follows` with a target. What would have to be looked up in an input that is not known yet
/// (`unknown`: it must be fetched first) is left out.
pub(super) fn check(graph: &LockGraph, unknown: &BTreeSet<InputAttrPath>) -> Vec<FollowsError> {
    let mut errors = Vec::new();
    let mut reached = graph.nodes_by_path();
    reached.push((InputAttrPath::default(), LockGraph::ROOT));
    for (path, id) in reached {
        for (name, edge) in &graph.node(id).inputs {
            let LockEdge::Follows(target) = edge else { continue };
            if target.is_root() {
                continue;
            }
            match graph.find(target) {
                Ok(_) => {}
                Err(Unresolved::Cycle(cycle)) => errors.push(FollowsError::Cycle { input: path.child(name), cycle }),
                Err(Unresolved::Missing) if leads_into_unknown(graph, target, unknown) => {}
                Err(Unresolved::Missing) => {
                    errors.push(FollowsError::Missing { input: path.child(name), target: target.clone() });
                }
            }
        }
    }
    errors.sort_by(|a, b| a.input().cmp(b.input()));
    errors
}

/// Whether a path that does not resolve stops inside an input whose own inputs are not known.
fn leads_into_unknown(graph: &LockGraph, target: &InputAttrPath, unknown: &BTreeSet<InputAttrPath>) -> bool {
    if unknown.is_empty() {
        return false;
    }
    let unknown_nodes: BTreeSet<NodeId> = unknown.iter().filter_map(|path| graph.resolve(path)).collect();
    // The longest prefix that resolves is where the look-up stopped.
    (0..=target.0.len())
        .rev()
        .find_map(|length| graph.resolve(&InputAttrPath(target.0[..length].to_vec())))
        .is_some_and(|id| unknown_nodes.contains(&id))
}
