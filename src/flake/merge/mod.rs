//! Two sides of a flake.lock, merged root input by root input: a three-way merge of graphs, in which the keys of nodes
//! mean nothing and the order of lines even less.
//!
//! What only one side changed is taken from that side. Where both changed an input, one may have moved it to another
//! revision and the other made something below it follow: these go together. All else is a conflict, for nobody can know
//! offline which of two revisions comes after the other.

mod copy;
mod same;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::copy::Copier;
use self::same::Comparer;
use super::InputName;
use super::lock::{LockEdge, LockGraph, LockNode, LockedSource, NodeId};

/// Inputs nested deeper than this are not merged: the deepest public locks have a dozen levels.
const MAX_DEPTH: usize = 100;

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The one that is merged into.
    Ours,
    /// The one that is merged.
    Theirs,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            Self::Theirs => Self::Ours,
        }
    }

    /// The word in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        }
    }
}

/// The locks to merge.
#[derive(Clone, Copy, Debug)]
pub struct Locks<'g> {
    /// What both come from; an empty graph where there was no lock.
    pub base: &'g LockGraph,
    /// The side that is merged into.
    pub ours: &'g LockGraph,
    /// The side that is merged.
    pub theirs: &'g LockGraph,
}

/// The locks are nested too deeply, or share too much, to be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// A merged lock.
#[derive(Debug)]
pub struct Merged {
    /// The graph. Inputs in conflict are missing from it.
    pub graph: LockGraph,
    /// The root inputs that both sides changed, each its own way, in order of name.
    pub conflicts: Vec<InputName>,
}

impl<'g> Locks<'g> {
    /// Merges the locks. An input that `chosen` names is taken from that side whatever happened to it.
    ///
    /// # Errors
    /// When the locks are too large.
    pub fn merge(self, chosen: &BTreeMap<InputName, Side>) -> Result<Merged, TooLarge> {
        let mut merger = Merger {
            locks: self,
            out: Copier::new(),
            comparer: Comparer::default(),
            merged: BTreeMap::new(),
            depth: 0,
        };
        let names = names(&[self.base, self.ours, self.theirs].map(|graph| graph.node(LockGraph::ROOT)));
        let mut conflicts = Vec::new();
        for name in names {
            let edges = Edges::of(&self, name);
            let edge = match chosen.get(name) {
                Some(side) => merger.take(*side, edges.on(*side))?,
                None => match merger.edge(edges, None)? {
                    Outcome::Merged(edge) => edge,
                    Outcome::Conflict => {
                        conflicts.push(name.clone());
                        continue;
                    }
                },
            };
            if let Some(edge) = edge {
                merger.out.graph.nodes[LockGraph::ROOT.0].inputs.insert(name.clone(), edge);
            }
        }
        Ok(Merged { graph: merger.out.graph, conflicts })
    }

    fn of(&self, side: Side) -> &'g LockGraph {
        match side {
            Side::Ours => self.ours,
            Side::Theirs => self.theirs,
        }
    }
}

/// The names of all inputs of some nodes.
fn names<'g>(nodes: &[&'g LockNode]) -> BTreeSet<&'g InputName> {
    nodes.iter().flat_map(|node| node.inputs.keys()).collect()
}

/// One input, as each of the three graphs has it.
#[derive(Clone, Copy)]
struct Edges<'g> {
    base: Option<&'g LockEdge>,
    ours: Option<&'g LockEdge>,
    theirs: Option<&'g LockEdge>,
}

impl<'g> Edges<'g> {
    fn of(locks: &Locks<'g>, name: &str) -> Self {
        let edge = |graph: &'g LockGraph| graph.node(LockGraph::ROOT).inputs.get(name);
        Self { base: edge(locks.base), ours: edge(locks.ours), theirs: edge(locks.theirs) }
    }

    const fn on(self, side: Side) -> Option<&'g LockEdge> {
        match side {
            Side::Ours => self.ours,
            Side::Theirs => self.theirs,
        }
    }
}

/// What became of an input: an edge or, where it is gone, none.
enum Outcome<T> {
    Merged(T),
    Conflict,
}

struct Merger<'g> {
    locks: Locks<'g>,
    out: Copier,
    comparer: Comparer,
    /// Nodes that were merged already, by the three they come from.
    merged: BTreeMap<(NodeId, NodeId, NodeId, Option<Side>), NodeId>,
    depth: usize,
}

impl<'g> Merger<'g> {
    fn take(&mut self, side: Side, edge: Option<&LockEdge>) -> Result<Option<LockEdge>, TooLarge> {
        edge.map(|edge| self.out.edge(self.locks.of(side), side, edge)).transpose()
    }

    /// Whether an input of `side` is as it was.
    fn is_unchanged(&mut self, edges: Edges<'g>, side: Side) -> Result<bool, TooLarge> {
        self.comparer.same((self.locks.base, edges.base), (self.locks.of(side), edges.on(side)))
    }

    /// Merges one input. `moved` is the side that moved the input it is an input of to another revision: below it, all
    /// comes as that revision has it.
    fn edge(&mut self, edges: Edges<'g>, moved: Option<Side>) -> Result<Outcome<Option<LockEdge>>, TooLarge> {
        if self.comparer.same((self.locks.ours, edges.ours), (self.locks.theirs, edges.theirs))? {
            return Ok(Outcome::Merged(self.take(Side::Ours, edges.ours)?));
        }
        for side in [Side::Ours, Side::Theirs] {
            if self.is_unchanged(edges, side)? {
                let changed = side.other();
                // What is left of an old revision does not belong below a new one, a target to follow does.
                let fits = moved.is_none_or(|moved| moved == changed)
                    || (is_follows(edges.on(changed)) && edges.on(side).is_some());
                if fits {
                    return Ok(Outcome::Merged(self.take(changed, edges.on(changed))?));
                }
                return Ok(Outcome::Conflict);
            }
        }
        if let Some(moved) = moved
            && is_follows(edges.on(moved.other()))
            && matches!(edges.on(moved), Some(LockEdge::Node(_)))
        {
            return Ok(Outcome::Merged(self.take(moved.other(), edges.on(moved.other()))?));
        }
        match (edges.base, edges.ours, edges.theirs) {
            (Some(LockEdge::Node(base)), Some(LockEdge::Node(ours)), Some(LockEdge::Node(theirs))) => {
                let node = self.node((*base, *ours, *theirs), moved)?;
                Ok(match node {
                    Outcome::Merged(id) => Outcome::Merged(Some(LockEdge::Node(id))),
                    Outcome::Conflict => Outcome::Conflict,
                })
            }
            _ => Ok(Outcome::Conflict),
        }
    }

    /// Merges a node that all three have.
    fn node(&mut self, ids: (NodeId, NodeId, NodeId), moved: Option<Side>) -> Result<Outcome<NodeId>, TooLarge> {
        let key = (ids.0, ids.1, ids.2, moved);
        if let Some(id) = self.merged.get(&key) {
            return Ok(Outcome::Merged(*id));
        }
        let locks = self.locks;
        let (base, ours, theirs) = (locks.base.node(ids.0), locks.ours.node(ids.1), locks.theirs.node(ids.2));
        let Some((source, by)) = source([base, ours, theirs]) else { return Ok(Outcome::Conflict) };
        if by.is_some() && moved.is_some_and(|moved| by != Some(moved)) {
            return Ok(Outcome::Conflict);
        }
        if self.depth == MAX_DEPTH {
            return Err(TooLarge);
        }
        self.depth += 1;
        let inputs = self.inputs([base, ours, theirs], moved.or(by))?;
        self.depth -= 1;
        let Outcome::Merged(inputs) = inputs else { return Ok(Outcome::Conflict) };
        let id = self.out.add(Some(source), inputs);
        self.merged.insert(key, id);
        Ok(Outcome::Merged(id))
    }

    /// Merges the inputs of a node.
    fn inputs(
        &mut self,
        nodes: [&'g LockNode; 3],
        moved: Option<Side>,
    ) -> Result<Outcome<BTreeMap<InputName, LockEdge>>, TooLarge> {
        let mut inputs = BTreeMap::new();
        for name in names(&nodes) {
            let [base, ours, theirs] = nodes.map(|node| node.inputs.get(name));
            match self.edge(Edges { base, ours, theirs }, moved)? {
                Outcome::Merged(Some(edge)) => drop(inputs.insert(name.clone(), edge)),
                Outcome::Merged(None) => {}
                Outcome::Conflict => return Ok(Outcome::Conflict),
            }
        }
        Ok(Outcome::Merged(inputs))
    }
}

fn is_follows(edge: Option<&LockEdge>) -> bool {
    matches!(edge, Some(LockEdge::Follows(_)))
}

/// What a merged node stands for, and the side that changed it, if only one did; `None` where both did, differently.
fn source([base, ours, theirs]: [&LockNode; 3]) -> Option<(Rc<LockedSource>, Option<Side>)> {
    let (ours, theirs) = (ours.source.as_ref()?, theirs.source.as_ref()?);
    if ours == theirs {
        return Some((Rc::clone(ours), None));
    }
    match base.source.as_ref()? {
        base if base == ours => Some((Rc::clone(theirs), Some(Side::Theirs))),
        base if base == theirs => Some((Rc::clone(ours), Some(Side::Ours))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flake::LockState;
    use crate::flake::lock::read;
    use crate::snapshot::RepoPath;
    use crate::source::SourceFile;

    const HASH: &str = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    /// A lock with one input, at this revision, whose own input is what `below` says: a revision, or `=` and a target.
    fn one(revision: &str, below: &str) -> Rc<LockGraph> {
        let node = |revision: &str, inputs: &str| {
            format!(
                r#"{{"inputs":{{{inputs}}},"locked":{{"type":"path","path":"/x","narHash":"{HASH}","lastModified":{revision}}},"original":{{"type":"path","path":"/x"}}}}"#
            )
        };
        let (edge, inner) = match below.strip_prefix('=') {
            Some(target) => (format!(r#""n":["{target}"]"#), String::new()),
            None if below.is_empty() => (String::new(), String::new()),
            None => (r#""n":"n""#.to_owned(), format!(r#""n":{},"#, node(below, ""))),
        };
        let a = node(revision, &edge);
        let text =
            format!(r#"{{"nodes":{{"a":{a},{inner}"root":{{"inputs":{{"a":"a"}}}}}},"root":"root","version":7}}"#);
        match read(Rc::new(SourceFile::new(RepoPath::from("flake.lock"), text.into_bytes()))) {
            LockState::Valid(lock) => lock.graph,
            other => panic!("{other:?}"),
        }
    }

    /// The merge of three such locks, as it would have been written above; `None` for a conflict.
    fn merged(base: (&str, &str), ours: (&str, &str), theirs: (&str, &str), wanted: Option<(&str, &str)>) {
        let [base, left, right] = [base, ours, theirs].map(|(revision, below)| one(revision, below));
        for (ours, theirs) in [(&left, &right), (&right, &left)] {
            let merged = Locks { base: &base, ours, theirs }.merge(&BTreeMap::new()).expect("it is small");
            match wanted {
                Some((revision, below)) => {
                    assert_eq!(merged.conflicts, [""; 0]);
                    assert!(merged.graph.is_same(&one(revision, below)), "{}", merged.graph.to_json());
                }
                None => assert_eq!(merged.conflicts, ["a"]),
            }
        }
    }

    #[test]
    fn an_update_takes_along_what_the_other_side_lets_follow() {
        merged(("1", "7"), ("2", "7"), ("1", "=a"), Some(("2", "=a")));
        merged(("1", "7"), ("2", "8"), ("1", "=a"), Some(("2", "=a")));
        merged(("1", "7"), ("2", ""), ("1", "=a"), None);
        merged(("1", "=a"), ("2", "=a"), ("1", "=b"), Some(("2", "=b")));
    }

    #[test]
    fn what_an_old_revision_had_does_not_go_below_a_new_one() {
        merged(("1", "=a"), ("2", "=a"), ("1", "7"), None);
        merged(("1", "7"), ("2", "7"), ("1", "8"), None);
        merged(("1", "7"), ("2", "8"), ("1", "9"), None);
    }

    #[test]
    fn two_updates_are_a_conflict_and_one_made_twice_is_none() {
        merged(("1", "7"), ("2", "7"), ("3", "7"), None);
        merged(("1", "7"), ("2", "8"), ("2", "8"), Some(("2", "8")));
        merged(("1", "7"), ("1", "8"), ("1", "7"), Some(("1", "8")));
    }

    #[test]
    fn a_side_that_is_chosen_is_taken_whole() {
        let [base, ours, theirs] = [("1", "7"), ("2", "7"), ("3", "8")].map(|(revision, below)| one(revision, below));
        let chosen = BTreeMap::from([("a".to_owned(), Side::Theirs)]);
        let merged = Locks { base: &base, ours: &ours, theirs: &theirs }.merge(&chosen).expect("it is small");
        assert!(merged.graph.is_same(&theirs));
    }
}
