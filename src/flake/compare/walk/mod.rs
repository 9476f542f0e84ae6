//! Nix's `computeLocks`, offline (`flake.cc: lockFlake`).
//!
//! The walk keeps its own stack, so that no lock can overflow the process's, and gives up on graphs that would grow
//! beyond [`MAX_NODES`] when every shared node is copied, as Nix copies them.

mod changes;
mod create;
mod keep;
mod overrides;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::overrides::Override;
use super::{Change, ChangeKind, InputError};
use crate::flake::flakeref::FlakeRef;
use crate::flake::lock::{LockEdge, LockGraph, LockNode, LockedSource, NodeId};
use crate::flake::nix::{self, FlakeInput, FlakeNix};
use crate::flake::{InputAttrPath, InputName};
use crate::snapshot::{RepoPath, Snapshot};

/// As many errors of inputs are looked for.
const MAX_ERRORS: usize = 100;

/// More nodes than this are not computed: the largest public locks have some hundreds.
const MAX_NODES: usize = 200_000;

/// Longer input paths than this are not followed.
const MAX_DEPTH: usize = 1_000;

/// Nor are all paths together to have more names than this: each level copies the path that leads to it.
const MAX_NAMES: usize = 1_000_000;

/// What the walk met.
pub(super) struct Walked {
    /// The new lock; without what lies below inputs in `unknown`.
    pub(super) new: LockGraph,
    /// Differences, in the order met.
    pub(super) changes: Vec<Change>,
    /// Overrides that match nothing.
    pub(super) unused_overrides: Vec<InputAttrPath>,
    /// Inputs that must be fetched at their locked revision to decide.
    pub(super) undecided: Vec<InputAttrPath>,
    /// Relative inputs that cannot be read.
    pub(super) input_errors: Vec<InputError>,
    /// Inputs whose own inputs are not known.
    pub(super) unknown: BTreeSet<InputAttrPath>,
    /// An input whose node another input has too.
    pub(super) shared: Option<InputAttrPath>,
    /// Whether the walk was given up.
    pub(super) gave_up: bool,
}

/// An input to lock: from a flake.nix, or made from a lock node that is kept.
struct Wanted {
    name: InputName,
    reference: Option<Rc<FlakeRef>>,
    follows: Option<InputAttrPath>,
    is_flake: bool,
}

/// One set of inputs still to be walked.
struct Frame {
    inputs: Vec<Wanted>,
    /// The node they belong to.
    node: NodeId,
    path: InputAttrPath,
    /// Where the old lock has that node: the graph and the node in it.
    old: Option<(Rc<LockGraph>, NodeId)>,
    /// What `follows` in that graph are relative to.
    prefix: InputAttrPath,
    /// Whether the lock's own edges are believed.
    trusted: bool,
    /// The outermost input above that had to be taken at its word.
    assumed: Option<InputAttrPath>,
    /// The directory of the flake at `path`, where it lies in our tree.
    dir: Option<RepoPath>,
    /// What the flakes that are being created on this branch were asked for as.
    creating: Vec<Rc<FlakeRef>>,
    /// Inside an input that is new: its differences are said there.
    quiet: bool,
}

/// Recomputes the lock.
pub(super) fn walk(snapshot: &Snapshot, dir: &RepoPath, nix: &FlakeNix, old: Rc<LockGraph>) -> Walked {
    let mut walker = Walker {
        snapshot,
        flakes: BTreeMap::new(),
        overrides: BTreeMap::new(),
        seen: vec![false; old.nodes.len()],
        stack: Vec::new(),
        out: Walked {
            new: LockGraph::empty(),
            changes: Vec::new(),
            unused_overrides: Vec::new(),
            undecided: Vec::new(),
            input_errors: Vec::new(),
            unknown: BTreeSet::new(),
            shared: None,
            gave_up: false,
        },
    };
    let root = InputAttrPath::default();
    walker.register(&nix.inputs, &root, Some(dir));
    walker.stack.push(Frame {
        inputs: wanted(&nix.inputs, &root),
        node: LockGraph::ROOT,
        path: root.clone(),
        old: Some((old, LockGraph::ROOT)),
        prefix: root,
        trusted: false,
        assumed: None,
        dir: Some(dir.clone()),
        creating: Vec::new(),
        quiet: false,
    });
    let mut names = 0;
    while let Some(frame) = walker.stack.pop() {
        names += (frame.path.0.len() + 1) * (frame.inputs.len() + 1);
        if walker.out.new.nodes.len() > MAX_NODES || frame.path.0.len() > MAX_DEPTH || names > MAX_NAMES {
            walker.out.gave_up = true;
            break;
        }
        // Nix stops at the first. Flakes that all name each other have more than anybody can count.
        if walker.out.input_errors.len() >= MAX_ERRORS {
            break;
        }
        walker.frame(&frame);
    }
    walker.out
}

/// The inputs of a flake.nix at `path`, their `follows` made absolute.
fn wanted(inputs: &[FlakeInput], path: &InputAttrPath) -> Vec<Wanted> {
    let absolute = |target: &InputAttrPath| InputAttrPath([path.0.as_slice(), &target.0].concat());
    let mut list: Vec<Wanted> = inputs
        .iter()
        .map(|input| Wanted {
            name: input.name.clone(),
            reference: input.reference.as_ref().map(|reference| Rc::new(reference.value.clone())),
            follows: input.follows.as_ref().map(|follows| absolute(&follows.value)),
            is_flake: input.flake(),
        })
        .collect();
    list.sort_by(|a, b| a.name.cmp(&b.name));
    list
}

struct Walker<'s> {
    snapshot: &'s Snapshot,
    flakes: BTreeMap<RepoPath, Option<Rc<FlakeNix>>>,
    /// By the path of the overridden input's flake, then by its name.
    overrides: BTreeMap<InputAttrPath, BTreeMap<InputName, Override>>,
    /// Nodes of the main lock that were kept once.
    seen: Vec<bool>,
    stack: Vec<Frame>,
    out: Walked,
}

impl Walker<'_> {
    fn frame(&mut self, frame: &Frame) {
        if let Some(overrides) = self.overrides.get(&frame.path) {
            let names: BTreeSet<&InputName> = frame.inputs.iter().map(|input| &input.name).collect();
            let unknown = |name: &&InputName| !names.contains(*name);
            let unused: Vec<InputAttrPath> =
                overrides.keys().filter(unknown).map(|name| frame.path.child(name)).collect();
            self.out.unused_overrides.extend(unused);
        }
        self.removed(frame);
        for input in &frame.inputs {
            self.input(frame, input);
        }
    }

    fn change(&mut self, frame: &Frame, input: InputAttrPath, kind: ChangeKind, needs_fetch: bool) {
        if !frame.quiet {
            self.out.changes.push(Change { input, kind, needs_fetch });
        }
    }

    /// Inputs that the old node has and the flake does not.
    fn removed(&mut self, frame: &Frame) {
        let Some((graph, id)) = &frame.old else { return };
        let names: BTreeSet<&str> = frame.inputs.iter().map(|input| input.name.as_str()).collect();
        for name in graph.node(*id).inputs.keys().filter(|name| !names.contains(name.as_str())) {
            self.change(frame, frame.path.child(name), ChangeKind::Removed, false);
        }
    }

    fn input(&mut self, frame: &Frame, input: &Wanted) {
        let path = frame.path.child(&input.name);
        let known = self.overrides.get(&frame.path).and_then(|overrides| overrides.get(&input.name));
        let (reference, follows) = match known {
            Some(known) => (known.reference.clone(), known.follows.clone()),
            None => (input.reference.clone(), input.follows.clone()),
        };
        let old_edge = frame.old.as_ref().and_then(|(graph, id)| graph.node(*id).inputs.get(&input.name));
        if let Some(target) = follows {
            self.compare_follows(frame, &path, old_edge, &target);
            self.set_edge(frame.node, &input.name, LockEdge::Follows(target));
            return;
        }
        let reference = match reference.map_or_else(|| FlakeRef::indirect(&input.name).map(Rc::new), Ok) {
            Ok(reference) => reference,
            Err(error) => {
                self.out.input_errors.push(InputError { input: path, message: error.0 });
                return;
            }
        };
        let relative = reference.relative_path().is_some();
        let (parent, base) = match known {
            Some(known) => (relative.then(|| known.declared_by.clone()), known.dir.clone()),
            None => (relative.then(|| frame.path.clone()), frame.dir.clone()),
        };
        let old = match (&frame.old, old_edge) {
            (Some((graph, _)), Some(LockEdge::Node(id))) => Some((graph, *id)),
            _ => None,
        };
        if let Some((graph, id)) = old
            && let Some(source) = &graph.node(id).source
            && source.parent == parent
            && (source.original == reference || source.original.canonicalize() == reference.canonicalize())
        {
            let graph = Rc::clone(graph);
            self.keep(frame, input, path, &graph, id, base.as_ref());
            return;
        }
        self.report_new(frame, &path, &reference, parent.as_ref());
        self.create(frame, input, path, reference, parent, base.as_ref());
    }

    fn set_edge(&mut self, node: NodeId, name: &str, edge: LockEdge) {
        self.out.new.nodes[node.0].inputs.insert(name.to_owned(), edge);
    }

    fn add_node(&mut self, source: Rc<LockedSource>) -> NodeId {
        let id = NodeId(self.out.new.nodes.len());
        self.out.new.nodes.push(LockNode { key: String::new(), inputs: BTreeMap::new(), source: Some(source) });
        id
    }

    /// Reads a flake of our tree; reports where that fails.
    fn flake(&mut self, dir: &RepoPath, path: &InputAttrPath) -> Option<Rc<FlakeNix>> {
        let snapshot = self.snapshot;
        let known = self.flakes.entry(dir.clone()).or_insert_with(|| {
            let source = snapshot.read(&dir.child("flake.nix")).ok()?;
            Some(Rc::new(nix::read(&source)))
        });
        let message = match known {
            Some(flake) if flake.is_invalid() => format!("its `{}` is invalid", dir.child("flake.nix")),
            Some(flake) => return Some(Rc::clone(flake)),
            None => format!("`{}` does not exist in the flake's tree", dir.child("flake.nix")),
        };
        self.out.input_errors.push(InputError { input: path.clone(), message });
        None
    }
}

/// The directory in our tree of the flake that a relative path names. Nix goes by the path that is asked for, also where
/// the lock has another one, and by the directory in it that is locked.
fn directory(base: Option<&RepoPath>, reference: &FlakeRef, dir: &str) -> Option<RepoPath> {
    let target = base?.join(reference.relative_path()?.as_bytes())?;
    target.join(dir.as_bytes())
}
