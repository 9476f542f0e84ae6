//! Ways through the graph.

use super::{LockEdge, LockGraph, NodeId};
use crate::flake::InputAttrPath;

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// Some name on the way does not exist.
    Missing,
    /// It comes back to a path that is being looked up; the paths in order, the first one again at the end.
    Cycle(Vec<InputAttrPath>),
}

/// Longer chains of `follows` than this are given up; Nix's own recursion ends not much later.
const MAX_HOPS: usize = 1_000;

impl LockGraph {
    /// Follows a path of input names from the root as Nix does (`lockfile.cc: doFind`): the list of paths under way is
    /// not unwound, so that a path needed twice in one look-up counts as a cycle.
    ///
    /// # Errors
    /// Where the path leads nowhere or in a circle.
    pub fn find(&self, path: &InputAttrPath) -> Result<NodeId, Unresolved> {
        self.find_on(path, &mut Vec::new())
    }

    fn find_on(&self, path: &InputAttrPath, visited: &mut Vec<InputAttrPath>) -> Result<NodeId, Unresolved> {
        if let Some(start) = visited.iter().position(|known| known == path) {
            let mut cycle = visited[start..].to_vec();
            cycle.push(path.clone());
            return Err(Unresolved::Cycle(cycle));
        }
        if visited.len() >= MAX_HOPS {
            return Err(Unresolved::Missing);
        }
        visited.push(path.clone());
        let mut position = Self::ROOT;
        for name in &path.0 {
            position = match self.node(position).inputs.get(name) {
                None => return Err(Unresolved::Missing),
                Some(LockEdge::Node(id)) => *id,
                Some(LockEdge::Follows(target)) => self.find_on(target, visited)?,
            };
        }
        Ok(position)
    }

    /// Every node that an input leads to directly, with the path by which it is first reached, parents first. The root
    /// is not among them. Linear in edges; no node twice.
    #[must_use]
    pub fn nodes_by_path(&self) -> Vec<(InputAttrPath, NodeId)> {
        let mut seen = vec![false; self.nodes.len()];
        let mut found = Vec::new();
        let mut stack = vec![(InputAttrPath::default(), Self::ROOT)];
        while let Some((path, id)) = stack.pop() {
            if std::mem::replace(&mut seen[id.0], true) {
                continue;
            }
            for (name, edge) in self.node(id).inputs.iter().rev() {
                if let LockEdge::Node(child) = edge {
                    stack.push((path.child(name), *child));
                }
            }
            if id != Self::ROOT {
                found.push((path, id));
            }
        }
        found
    }
}
