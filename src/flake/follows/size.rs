//! What follows save: nodes of the lock, and copies of Nixpkgs among them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::lock::{LockEdge, LockFile, LockGraph, NodeId};
use super::super::{Flake, InputAttrPath};

/// A part of a lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Nodes; the root is none.
    pub nodes: usize,
    /// Those of them that are Nixpkgs.
    pub nixpkgs: usize,
}

impl Size {
    fn add(&mut self, graph: &LockGraph, id: NodeId) {
        if let Some(source) = &graph.node(id).source {
            self.nodes += 1;
            self.nixpkgs += usize::from(source.identity().is_nixpkgs());
        }
    }
}

/// The size of a lock now, and when some of its inputs follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    /// As it is.
    pub before: Size,
    /// As it would be.
    pub after: Size,
}

/// What the lock would be if the inputs at these paths followed others. `None` where there is no lock to say so of, or
/// none of the paths is an input in it.
pub fn gain<'p>(flake: &Flake, paths: impl Iterator<Item = &'p InputAttrPath>) -> Option<Gain> {
    let lock: &LockFile = flake.valid_lock()?;
    let mut cut = BTreeSet::new();
    for path in paths {
        let Some((name, holder)) = path.0.split_last() else { continue };
        if let Some(holder) = lock.graph.resolve(&InputAttrPath(holder.to_vec())) {
            cut.insert((holder, name.as_str()));
        }
    }
    let size = |cut: &BTreeSet<(NodeId, &str)>| reachable(&lock.graph, cut);
    (!cut.is_empty()).then(|| Gain { before: size(&BTreeSet::new()), after: size(&cut) })
}

/// What the root leads to without the edges in `cut`.
fn reachable(graph: &LockGraph, cut: &BTreeSet<(NodeId, &str)>) -> Size {
    let mut seen = vec![false; graph.nodes.len()];
    let mut pending = vec![LockGraph::ROOT];
    let mut size = Size::default();
    while let Some(id) = pending.pop() {
        if std::mem::replace(&mut seen[id.0], true) {
            continue;
        }
        size.add(graph, id);
        for (name, edge) in &graph.node(id).inputs {
            if let LockEdge::Node(child) = edge
                && !cut.contains(&(id, name.as_str()))
            {
                pending.push(*child);
            }
        }
    }
    size
}

/// As many nodes are counted below all edges of a lock together: a file could make them more than anybody waits for.
const MAX_COUNTED: usize = 1_000_000;

/// Counts what only one edge leads to.
pub(super) struct Counter<'g> {
    graph: &'g LockGraph,
    /// How many edges lead to each node.
    leading: Vec<usize>,
    left: usize,
}

impl<'g> Counter<'g> {
    pub(super) fn of(graph: &'g LockGraph) -> Self {
        let mut leading = vec![0; graph.nodes.len()];
        for child in graph.nodes.iter().flat_map(|node| children(&node.inputs)) {
            leading[child.0] += 1;
        }
        Self { graph, leading, left: MAX_COUNTED }
    }

    /// What goes with an edge to `id`: nothing while others lead there too.
    pub(super) fn below(&mut self, id: NodeId) -> Size {
        let mut size = Size::default();
        let mut taken: BTreeMap<NodeId, usize> = BTreeMap::new();
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            let taken = taken.entry(id).or_default();
            *taken += 1;
            if *taken < self.leading[id.0] || self.left == 0 {
                continue;
            }
            self.left -= 1;
            size.add(self.graph, id);
            pending.extend(children(&self.graph.node(id).inputs));
        }
        size
    }
}

fn children(inputs: &BTreeMap<String, LockEdge>) -> impl Iterator<Item = NodeId> + '_ {
    inputs.values().filter_map(|edge| match edge {
        LockEdge::Node(child) => Some(*child),
        LockEdge::Follows(_) => None,
    })
}
