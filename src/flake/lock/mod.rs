//! flake.lock as a graph.
//!
//! The graph itself has no spans; [`LockFile::span_of`] finds the place of a node, an edge or a field when a finding
//! wants to show it.

mod graph;
mod json;
mod place;
mod plain;
mod read;
mod source;
mod write;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

pub use graph::Unresolved;
pub use read::read;
pub use source::LockedSource;

use self::place::Places;

use super::{InputAttrPath, InputName, LockState, Problem};
use crate::snapshot::{Mode, RepoPath, Snapshot};
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
    pub source: Option<Rc<LockedSource>>,
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
    pub graph: Rc<LockGraph>,
    /// Keys of the nodes that the root does not lead to, sorted.
    pub unreachable: Vec<String>,
    places: OnceCell<Places>,
    paths: OnceCell<Vec<(InputAttrPath, NodeId)>>,
}

impl LockFile {
    /// Finds a place in the file; the whole file where there is no such place.
    #[must_use]
    pub fn span_of(&self, place: Place<'_>) -> Span {
        let places = self.places.get_or_init(|| Places::of(self.source.text()));
        places.find(place).unwrap_or(Span::new(0, self.source.bytes().len()))
    }

    /// [`LockGraph::nodes_by_path`] of the graph, computed once.
    #[must_use]
    pub fn nodes_by_path(&self) -> &[(InputAttrPath, NodeId)] {
        self.paths.get_or_init(|| self.graph.nodes_by_path())
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

    /// Whether two graphs differ in nothing but the order and the keys of their nodes; Nix writes such graphs alike.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        graph::is_same(self, other)
    }

    /// The node that a path of input names leads to, through `follows` edges. `None` where it leads nowhere or in a
    /// circle.
    #[must_use]
    pub fn resolve(&self, path: &InputAttrPath) -> Option<NodeId> {
        self.find(path).ok()
    }

    /// The file Nix would write for this graph, byte for byte.
    #[must_use]
    pub fn to_json(&self) -> String {
        write::to_json(self)
    }

    /// Whether that is what `text` holds.
    #[must_use]
    pub fn is_written(&self, text: &[u8]) -> bool {
        write::is_written(self, text)
    }
}

/// The command that brings the lock of the flake in `dir` up to date, as typed at the repository's root.
#[must_use]
pub fn lock_command(dir: &RepoPath) -> String {
    if dir.is_root() { "nix flake lock".to_owned() } else { format!("nix flake lock ./{dir}") }
}

/// Reads the lock file at `path` of the view.
#[must_use]
pub fn read_beside(snapshot: &Snapshot, path: &RepoPath) -> LockState {
    let Some(entry) = snapshot.entry(path) else { return LockState::Missing };
    if entry.mode == Mode::Symlink {
        // Nix 2.26 and later refuse it.
        let problem =
            Problem { message: "is a symlink".to_owned(), help: None, span: Span::at(0), input: None, first: None };
        return LockState::Invalid { source: None, problems: vec![problem] };
    }
    match snapshot.read(path) {
        Ok(source) => read(source),
        Err(error) => {
            let problem = Problem { message: error.reason, help: None, span: Span::at(0), input: None, first: None };
            LockState::Invalid { source: None, problems: vec![problem] }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> LockState {
        read(Rc::new(SourceFile::new(RepoPath::from("flake.lock"), text.as_bytes().to_vec())))
    }

    fn problems(text: &str) -> Vec<String> {
        match state(text) {
            LockState::Invalid { problems, .. } => problems.into_iter().map(|problem| problem.message).collect(),
            LockState::Valid(_) | LockState::Missing => Vec::new(),
        }
    }

    const ONE: &str = r#"{"nodes":{"a":{"locked":{"narHash":"","path":"/a","type":"path"},"original":{"id":"a","type":"indirect"}},"root":{"inputs":{"a":"a"}}},"root":"root","version":7}"#;

    #[test]
    fn what_nix_would_not_read() {
        assert_eq!(problems(ONE), [] as [&str; 0]);
        assert_eq!(problems("{}"), ["has unsupported version 0: it says none"]);
        assert_eq!(problems(""), ["not valid JSON: unexpected end of file, expected a value"]);
        assert_eq!(problems(&ONE.replace(":7", ":8")), ["has unsupported version 8"]);
        assert_eq!(problems(&ONE.replace(":7", ":\"7\"")), ["`version` must be a number, but is string"]);
        assert_eq!(problems(&ONE.replace("\"a\":\"a\"", "\"a\":\"b\"")), ["lock file references missing node `b`"]);
        assert_eq!(problems(&ONE.replace("\"a\":\"a\"", "\"a\":\"root\"")), ["lock file contains cycle to root node"]);
        assert_eq!(problems(&ONE.replace("\"original\"", "\"x\"")), ["attribute `original` missing in node `a`"]);
        assert_eq!(problems(&ONE.replace("\"narHash\":\"\",", "")), ["lock file contains unlocked input `path:/a`"]);
        assert_eq!(
            problems("{\n<<<<<<< HEAD\n=======\n>>>>>>> topic\n}"),
            ["has merge-conflict markers between `HEAD` and `topic`"]
        );
    }

    #[test]
    fn node_cycles_are_refused() {
        let text = ONE.replace("\"locked\"", "\"inputs\":{\"b\":\"a\"},\"locked\"");
        assert_eq!(problems(&text), ["lock file contains a cycle through node `a`"]);
    }

    #[test]
    fn written_as_nix_writes() {
        let LockState::Valid(lock) = state(ONE) else { panic!("valid") };
        let wanted = r#"{
  "nodes": {
    "a": {
      "locked": {
        "narHash": "",
        "path": "/a",
        "type": "path"
      },
      "original": {
        "id": "a",
        "type": "indirect"
      }
    },
    "root": {
      "inputs": {
        "a": "a"
      }
    }
  },
  "root": "root",
  "version": 7
}
"#;
        assert_eq!(lock.graph.to_json(), wanted);
        let LockState::Valid(again) = state(wanted) else { panic!("valid") };
        assert_eq!(&wanted[again.span_of(Place::Locked("a", "path")).start..][..4], "\"/a\"");
    }

    /// Locks that Nix wrote come back byte for byte; skipped, with a line, where the collection is absent.
    #[test]
    fn real_locks_come_back_unchanged() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
        let Ok(cases) = std::fs::read_dir(&corpus) else {
            eprintln!("skipped: no {}", corpus.display());
            return;
        };
        let (mut same, mut other) = (0, Vec::new());
        for case in cases.flatten() {
            let Ok(text) = std::fs::read_to_string(case.path().join("flake.lock")) else { continue };
            match state(&text) {
                LockState::Valid(lock) if lock.graph.to_json() == text => same += 1,
                LockState::Valid(_) => other.push(format!("{:?} differs", case.file_name())),
                _ => other.push(format!("{:?}: {:?}", case.file_name(), problems(&text))),
            }
        }
        assert!(other.len() * 20 <= same, "{same} come back unchanged, these do not: {other:#?}");
        eprintln!("{same} unchanged, {} not: {other:#?}", other.len());
    }
}
