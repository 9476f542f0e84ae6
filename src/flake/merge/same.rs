//! Whether two inputs of two graphs are the same, with all that lies below.

use std::collections::BTreeSet;

use super::TooLarge;
use crate::flake::lock::{LockEdge, LockGraph, NodeId};

/// So many pairs of nodes are compared in one merge at most; two ordinary locks have some hundreds.
const MAX_PAIRS: usize = 2_000_000;

/// Compares, and counts how often.
#[derive(Default)]
pub(super) struct Comparer {
    pairs: usize,
}

impl Comparer {
    /// Whether two inputs are the same; so are two that are both missing.
    pub(super) fn same(
        &mut self,
        (left_graph, left): (&LockGraph, Option<&LockEdge>),
        (right_graph, right): (&LockGraph, Option<&LockEdge>),
    ) -> Result<bool, TooLarge> {
        let mut seen: BTreeSet<(NodeId, NodeId)> = BTreeSet::new();
        let mut pending = vec![(left, right)];
        while let Some(pair) = pending.pop() {
            self.pairs += 1;
            if self.pairs > MAX_PAIRS {
                return Err(TooLarge);
            }
            match pair {
                (None, None) => {}
                (Some(LockEdge::Follows(left)), Some(LockEdge::Follows(right))) if left == right => {}
                (Some(LockEdge::Node(left)), Some(LockEdge::Node(right))) => {
                    if !seen.insert((*left, *right)) {
                        continue;
                    }
                    let (left, right) = (left_graph.node(*left), right_graph.node(*right));
                    if left.source != right.source || left.inputs.len() != right.inputs.len() {
                        return Ok(false);
                    }
                    pending.extend(left.inputs.iter().map(|(name, edge)| (Some(edge), right.inputs.get(name))));
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}
