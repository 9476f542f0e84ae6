//! Where every `follows` of a lock leads, each looked up once.

use std::collections::BTreeMap;

use crate::flake::InputName;
use crate::flake::lock::{LockEdge, LockGraph, NodeId};

/// What is known of an input that follows.
#[derive(Clone, Copy)]
enum Progress {
    /// It is being looked up: to need it now is to go in a circle.
    Open,
    /// Where it leads, if anywhere.
    Done(Option<NodeId>),
}

/// An input of a node.
type Edge<'g> = (NodeId, &'g InputName);

/// Remembers what it has found, so that all inputs of a lock together cost as much as the lock is long.
pub(super) struct Resolver<'g> {
    lock: &'g LockGraph,
    known: BTreeMap<Edge<'g>, Progress>,
}

/// A path that is being walked for the sake of an input.
struct Walk<'g> {
    edge: Edge<'g>,
    names: std::slice::Iter<'g, InputName>,
    at: NodeId,
}

/// What looking at one input came to.
#[derive(Clone, Copy)]
enum Step {
    /// It leads there, or nowhere.
    Known(Option<NodeId>),
    /// A path has to be walked first.
    Begun,
}

impl Step {
    const fn end(self) -> Option<NodeId> {
        match self {
            Self::Known(end) => end,
            Self::Begun => None,
        }
    }
}

impl<'g> Resolver<'g> {
    pub(super) const fn new(lock: &'g LockGraph) -> Self {
        Self { lock, known: BTreeMap::new() }
    }

    /// The node that an input of a node leads to.
    pub(super) fn input(&mut self, node: NodeId, name: &'g InputName) -> Option<NodeId> {
        let mut under_way = Vec::new();
        let mut step = self.step(&mut under_way, (node, name));
        loop {
            // An input that leads nowhere ends the walk that needs it, and so on up.
            let end = match (under_way.last_mut(), step) {
                (None, last) => return last.end(),
                (Some(_), Step::Known(None)) => None,
                (Some(walk), last) => {
                    walk.at = last.end().unwrap_or(walk.at);
                    if let Some(name) = walk.names.next() {
                        let edge = (walk.at, name);
                        step = self.step(&mut under_way, edge);
                        continue;
                    }
                    Some(walk.at)
                }
            };
            if let Some(walk) = under_way.pop() {
                self.known.insert(walk.edge, Progress::Done(end));
            }
            step = Step::Known(end);
        }
    }

    /// Where an input leads, if that is known already; otherwise its path is the next one to walk.
    fn step(&mut self, under_way: &mut Vec<Walk<'g>>, edge: Edge<'g>) -> Step {
        match self.lock.node(edge.0).inputs.get(edge.1) {
            None => Step::Known(None),
            Some(LockEdge::Node(id)) => Step::Known(Some(*id)),
            Some(LockEdge::Follows(path)) => match self.known.get(&edge) {
                Some(Progress::Done(end)) => Step::Known(*end),
                Some(Progress::Open) => Step::Known(None),
                None => {
                    self.known.insert(edge, Progress::Open);
                    under_way.push(Walk { edge, names: path.0.iter(), at: LockGraph::ROOT });
                    Step::Begun
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flake::InputAttrPath;

    fn chain(length: usize, last: LockEdge) -> LockGraph {
        let mut lock = LockGraph::empty();
        for number in 0..length {
            let target = InputAttrPath::of(format!("a{}", number + 1));
            lock.nodes[0].inputs.insert(format!("a{number}"), LockEdge::Follows(target));
        }
        lock.nodes[0].inputs.insert(format!("a{length}"), last);
        lock
    }

    fn ends(lock: &LockGraph) -> Vec<Option<NodeId>> {
        let mut resolver = Resolver::new(lock);
        lock.nodes[0].inputs.keys().map(|name| resolver.input(LockGraph::ROOT, name)).collect()
    }

    #[test]
    fn long_chains_lead_to_their_end_and_circles_nowhere() {
        let lock = chain(100_000, LockEdge::Follows(InputAttrPath::default()));
        assert!(ends(&lock).iter().all(|end| *end == Some(LockGraph::ROOT)));
        let lock = chain(3, LockEdge::Follows(InputAttrPath::of("a1")));
        assert_eq!(ends(&lock), [None; 4]);
        let lock = chain(3, LockEdge::Follows(InputAttrPath::of("nothing")));
        assert_eq!(ends(&lock), [None; 4]);
    }
}
