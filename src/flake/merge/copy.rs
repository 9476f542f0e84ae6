//! The graph that a merge makes: nodes copied from the sides, each once, so that what is shared stays shared.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Side, TooLarge};
use crate::flake::InputName;
use crate::flake::lock::{LockEdge, LockGraph, LockNode, LockedSource, NodeId};

/// More nodes than this are not copied.
const MAX_NODES: usize = 500_000;

/// A graph under construction.
pub(super) struct Copier {
    pub(super) graph: LockGraph,
    copies: BTreeMap<(Side, NodeId), NodeId>,
}

impl Copier {
    pub(super) fn new() -> Self {
        Self { graph: LockGraph::empty(), copies: BTreeMap::new() }
    }

    /// Adds a node.
    pub(super) fn add(&mut self, source: Option<Rc<LockedSource>>, inputs: BTreeMap<InputName, LockEdge>) -> NodeId {
        let id = NodeId(self.graph.nodes.len());
        self.graph.nodes.push(LockNode { key: String::new(), inputs, source });
        id
    }

    /// Copies an input of one side, with all that lies below.
    pub(super) fn edge(&mut self, from: &LockGraph, side: Side, edge: &LockEdge) -> Result<LockEdge, TooLarge> {
        let LockEdge::Node(top) = edge else { return Ok(edge.clone()) };
        let mut pending = Vec::new();
        let id = self.copy_of(from, side, *top, &mut pending);
        while let Some((original, copy)) = pending.pop() {
            if self.graph.nodes.len() > MAX_NODES {
                return Err(TooLarge);
            }
            for (name, edge) in &from.node(original).inputs {
                let edge = match edge {
                    LockEdge::Node(child) => LockEdge::Node(self.copy_of(from, side, *child, &mut pending)),
                    LockEdge::Follows(target) => LockEdge::Follows(target.clone()),
                };
                self.graph.nodes[copy.0].inputs.insert(name.clone(), edge);
            }
        }
        Ok(LockEdge::Node(id))
    }

    /// The copy of a node; one that is new goes to `pending`, for its inputs to be copied.
    fn copy_of(
        &mut self,
        from: &LockGraph,
        side: Side,
        original: NodeId,
        pending: &mut Vec<(NodeId, NodeId)>,
    ) -> NodeId {
        if let Some(copy) = self.copies.get(&(side, original)) {
            return *copy;
        }
        let copy = self.add(from.node(original).source.clone(), BTreeMap::new());
        self.copies.insert((side, original), copy);
        pending.push((original, copy));
        copy
    }
}
