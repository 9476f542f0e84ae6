//! flake.lock as a graph (`nix-lock-semantics` section 5).
//!
//! The graph itself has no spans; [`LockFile::span_of`] finds the place of a node, an edge or a field when a finding
//! wants to show it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::flakeref::FlakeRef;
use super::{InputAttrPath, InputName, LockState};
use crate::snapshot::{RepoPath, Snapshot};
use crate::source::{SourceFile, Span};

/// Index of a node in [`LockGraph::nodes`]; the root is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Where an input of a node leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockEdge {
    /// To a node of its own.
    Node(NodeId),
    /// To whatever this path from the root leads to.
    Follows(InputAttrPath),
}

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockNode {
    /// The key in the file it was read from; arbitrary, and empty in a graph that was computed.
    pub key: String,
    /// Inputs by name.
    pub inputs: BTreeMap<InputName, LockEdge>,
    /// What was fetched, what was asked for; `None` for the root only.
    pub source: Option<LockedSource>,
}

/// What a node that is not the root stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedSource {
    /// What flake.nix asked for.
    pub original: FlakeRef,
    /// What Nix fetched.
    pub locked: FlakeRef,
    /// False for `flake = false`.
    pub is_flake: bool,
    /// For a relative path: the input path of the flake that declares it.
    pub parent: Option<InputAttrPath>,
}

/// The graph: what Nix compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockGraph {
    /// The nodes; the first is the root.
    pub nodes: Vec<LockNode>,
}

/// What in a lock file a place is wanted of.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// The key of a node in `nodes`.
    Node(&'a str),
    /// The value of an input of a node.
    Edge(&'a str, &'a str),
    /// The value of `locked.FIELD` of a node.
    Locked(&'a str, &'a str),
    /// The value of `original.FIELD` of a node.
    Original(&'a str, &'a str),
    /// The value of another field of a node.
    Field(&'a str, &'a str),
    /// The value of a field at the top.
    Top(&'a str),
}

/// A lock file that Nix would read.
#[derive(Debug)]
pub struct LockFile {
    /// The file.
    pub source: Rc<SourceFile>,
    /// 5, 6 or 7.
    pub version: u64,
    /// What the root leads to; unreachable nodes are not in it.
    pub graph: LockGraph,
    /// Keys of the nodes that the root does not lead to, sorted.
    pub unreachable: Vec<String>,
}

impl LockFile {
    /// Finds a place in the file; the whole file where there is no such place.
    #[must_use]
    pub fn span_of(&self, place: Place<'_>) -> Span {
        let _ = place;
        Span::new(0, self.source.bytes().len())
    }
}

impl LockGraph {
    /// A root without inputs.
    #[must_use]
    pub fn empty() -> Self {
        Self { nodes: vec![LockNode { key: "root".to_owned(), inputs: BTreeMap::new(), source: None }] }
    }

    /// The root node.
    pub const ROOT: NodeId = NodeId(0);

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &LockNode {
        &self.nodes[id.0]
    }

    /// Follows a path of input names from the root, through `follows` edges. `None` where it leads nowhere or in a
    /// circle.
    #[must_use]
    pub fn resolve(&self, path: &InputAttrPath) -> Option<NodeId> {
        let _ = path;
        None
    }

    /// The file Nix would write for this graph, byte for byte.
    #[must_use]
    pub fn to_json(&self) -> String {
        String::new()
    }
}

/// Reads the lock file at `path` of the view.
#[must_use]
pub fn read_beside(snapshot: &Snapshot, path: &RepoPath) -> LockState {
    if snapshot.entry(path).is_none() {
        return LockState::Missing;
    }
    match snapshot.read(path) {
        Ok(source) => read(source),
        Err(_) => LockState::Missing,
    }
}

/// Reads a lock file.
#[must_use]
pub fn read(source: Rc<SourceFile>) -> LockState {
    LockState::Invalid { source: Some(source), problems: Vec::new() }
}
