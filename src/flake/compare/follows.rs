//! The check of every `follows` in the new lock (`lockfile.cc: LockFile::check`).

use std::collections::BTreeSet;

use super::FollowsError;
use crate::flake::InputAttrPath;
use crate::flake::lock::{LockEdge, LockGraph, NodeId, Unresolved};

/// After as many look-ups that were too long the check is given up: a file could hold one in every line.
const MAX_LOOK_UPS_OF_LONG_WAYS: usize = 100;

/// In a circle of thousands each input's error holds the whole of it: after so many names in all it is given up too.
const MAX_NAMES_IN_CIRCLES: usize = 100_000;

/// Checks every reachable `follows` with a target. What would have to be looked up in an input that is not known yet
/// (`unknown`: it must be fetched first) is left out. The flag says whether the check was given up.
pub(super) fn check(graph: &LockGraph, unknown: &BTreeSet<InputAttrPath>) -> (Vec<FollowsError>, bool) {
    // Nearly always all of them lead somewhere, and no path by which an error could be named is needed.
    let leads = |edge: &LockEdge| match edge {
        LockEdge::Follows(target) => target.is_root() || graph.find(target).is_ok(),
        LockEdge::Node(_) => true,
    };
    if graph.nodes.iter().flat_map(|node| node.inputs.values()).all(leads) {
        return (Vec::new(), false);
    }
    let mut errors = Vec::new();
    let (mut too_long, mut in_circles) = (0, 0);
    let mut reached = graph.nodes_by_path();
    reached.push((InputAttrPath::default(), LockGraph::ROOT));
    let unknown_nodes: BTreeSet<NodeId> = unknown.iter().filter_map(|path| graph.resolve(path)).collect();
    for (path, id) in reached {
        for (name, edge) in &graph.node(id).inputs {
            let LockEdge::Follows(target) = edge else { continue };
            if target.is_root() {
                continue;
            }
            match graph.find(target) {
                Ok(_) => {}
                Err(Unresolved::Cycle(cycle)) => {
                    in_circles += cycle.len();
                    errors.push(FollowsError::Cycle { input: path.child(name), cycle });
                }
                Err(Unresolved::Missing) if leads_into(graph, target, &unknown_nodes) => {}
                Err(Unresolved::Missing) => {
                    errors.push(FollowsError::Missing { input: path.child(name), target: target.clone() });
                }
                Err(Unresolved::TooLong) => too_long += 1,
            }
            if too_long > MAX_LOOK_UPS_OF_LONG_WAYS || in_circles > MAX_NAMES_IN_CIRCLES {
                return (errors, true);
            }
        }
    }
    errors.sort_by(|a, b| a.input().cmp(b.input()));
    (errors, too_long > 0)
}

/// Whether a path that does not resolve stops inside one of these nodes.
fn leads_into(graph: &LockGraph, target: &InputAttrPath, nodes: &BTreeSet<NodeId>) -> bool {
    // The longest prefix that resolves is where the look-up stopped.
    !nodes.is_empty()
        && (0..=target.0.len())
            .rev()
            .find_map(|length| graph.resolve(&InputAttrPath(target.0[..length].to_vec())))
            .is_some_and(|id| nodes.contains(&id))
}
