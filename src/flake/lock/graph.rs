//! Ways through the graph.

use std::collections::BTreeSet;

use super::{LockEdge, LockGraph, NodeId};
use crate::flake::InputAttrPath;

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// Some name on the way does not exist.
    Missing,
    /// It comes back to a path that is being looked up; the paths in order, the first one again at the end.
    Cycle(Vec<InputAttrPath>),
    /// The way is longer than is worth walking; see `MAX_STEPS`.
    TooLong,
}

/// Longer ways are given up: no flake that people write has one, and a file could make every look-up as long as itself.
const MAX_STEPS: usize = 20_000;

/// As many names as all paths of [`LockGraph::nodes_by_path`] may have together, so that a deep chain of nodes does not
/// take memory that grows with the square of its length.
const MAX_NAMES: usize = 1_000_000;

/// See [`LockGraph::is_same`]: walks both at once, pairing each node with its counterpart.
pub(super) fn is_same(a: &LockGraph, b: &LockGraph) -> bool {
    if a.nodes.len() != b.nodes.len() {
        return false;
    }
    let (mut there, mut back) = (vec![None; a.nodes.len()], vec![None; b.nodes.len()]);
    let mut pending = vec![(LockGraph::ROOT, LockGraph::ROOT)];
    while let Some((left, right)) = pending.pop() {
        match (there[left.0], back[right.0]) {
            (None, None) => (there[left.0], back[right.0]) = (Some(right), Some(left)),
            (Some(other), Some(_)) if other == right => continue,
            _ => return false,
        }
        let (left, right) = (a.node(left), b.node(right));
        if left.source != right.source || left.inputs.len() != right.inputs.len() {
            return false;
        }
        for ((left_name, left), (right_name, right)) in left.inputs.iter().zip(&right.inputs) {
            match (left, right) {
                _ if left_name != right_name => return false,
                (LockEdge::Node(left), LockEdge::Node(right)) => pending.push((*left, *right)),
                (LockEdge::Follows(left), LockEdge::Follows(right)) if left == right => {}
                _ => return false,
            }
        }
    }
    true
}

impl LockGraph {
    /// Follows a path of input names from the root as Nix does (`lockfile.cc: doFind`): the list of paths under way is
    /// not unwound, so that a path needed twice in one look-up counts as a cycle.
    ///
    /// # Errors
    /// Where the path leads nowhere or in a circle.
    pub fn find(&self, path: &InputAttrPath) -> Result<NodeId, Unresolved> {
        let mut visited = vec![path];
        let mut known = BTreeSet::from([path]);
        // What is left of the paths under way: the one asked for first, then each target that was met on it.
        let mut pending = vec![path.0.iter()];
        let mut position = Self::ROOT;
        let mut steps = 0;
        while let Some(names) = pending.last_mut() {
            let Some(name) = names.next() else {
                pending.pop();
                continue;
            };
            steps += 1;
            if steps > MAX_STEPS {
                return Err(Unresolved::TooLong);
            }
            match self.node(position).inputs.get(name) {
                None => return Err(Unresolved::Missing),
                Some(LockEdge::Node(id)) => position = *id,
                Some(LockEdge::Follows(target)) => {
                    if !known.insert(target) {
                        let from = visited.iter().position(|seen| *seen == target).unwrap_or_default();
                        let cycle = visited[from..].iter().copied().chain([target]).cloned().collect();
                        return Err(Unresolved::Cycle(cycle));
                    }
                    visited.push(target);
                    pending.push(target.0.iter());
                    position = Self::ROOT;
                }
            }
        }
        Ok(position)
    }

    /// Every node that an input leads to directly, with the path by which it is first reached, parents first. The root
    /// is not among them. Linear in edges; no node twice. Of graphs with very long paths only a part.
    #[must_use]
    pub fn nodes_by_path(&self) -> Vec<(InputAttrPath, NodeId)> {
        let mut seen = vec![false; self.nodes.len()];
        let mut found = Vec::new();
        let mut names = 0;
        let mut stack = vec![(InputAttrPath::default(), Self::ROOT)];
        while let Some((path, id)) = stack.pop() {
            if std::mem::replace(&mut seen[id.0], true) {
                continue;
            }
            for (name, edge) in self.node(id).inputs.iter().rev() {
                let LockEdge::Node(child) = edge else { continue };
                names += path.0.len() + 1;
                if names <= MAX_NAMES {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flake::lock::LockNode;

    fn follows(pairs: &[(&str, &[&str])]) -> LockGraph {
        let mut graph = LockGraph::empty();
        for (name, target) in pairs {
            let path = InputAttrPath(target.iter().map(|name| (*name).to_owned()).collect());
            graph.nodes[0].inputs.insert((*name).to_owned(), LockEdge::Follows(path));
        }
        graph
    }

    #[test]
    fn a_circle_names_its_paths_in_order() {
        let graph = follows(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]);
        let paths = |names: &[&str]| names.iter().copied().map(InputAttrPath::of).collect::<Vec<_>>();
        assert_eq!(graph.find(&InputAttrPath::of("a")), Err(Unresolved::Cycle(paths(&["b", "c", "b"]))));
        assert_eq!(graph.find(&InputAttrPath::of("x")), Err(Unresolved::Missing));
    }

    /// Nix reports this as "follow cycle detected: [n -> n]" although it is none.
    #[test]
    fn a_target_needed_twice_counts_as_a_circle() {
        let mut graph = follows(&[("x", &["n"])]);
        graph.nodes[0].inputs.insert("n".to_owned(), LockEdge::Node(NodeId(1)));
        let inner = [("y".to_owned(), LockEdge::Follows(InputAttrPath::of("n")))];
        graph.nodes.push(LockNode { key: "n".to_owned(), inputs: inner.into(), source: None });
        let target = InputAttrPath(vec!["x".to_owned(), "y".to_owned()]);
        assert!(matches!(graph.find(&target), Err(Unresolved::Cycle(cycle)) if cycle.len() == 2));
    }

    #[test]
    fn long_chains_end() {
        let mut graph = LockGraph::empty();
        for number in 0..100_000_usize {
            let target = InputAttrPath::of(format!("a{}", number + 1));
            graph.nodes[0].inputs.insert(format!("a{number}"), LockEdge::Follows(target));
        }
        assert_eq!(graph.find(&InputAttrPath::of("a0")), Err(Unresolved::TooLong));
        assert_eq!(graph.find(&InputAttrPath::of("a90000")), Err(Unresolved::Missing));
    }
}
