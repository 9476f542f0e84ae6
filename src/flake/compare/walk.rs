//! Nix's `computeLocks`, offline (`flake.cc: lockFlake`).
//!
//! The walk keeps its own stack, so that no lock can overflow the process's, and gives up on graphs that would grow
//! beyond [`MAX_NODES`] when every shared node is copied, as Nix copies them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Change, ChangeKind, InputError};
use crate::flake::flakeref::FlakeRef;
use crate::flake::lock::{self, LockEdge, LockGraph, LockNode, LockedSource, NodeId};
use crate::flake::nix::{self, FlakeInput, FlakeNix};
use crate::flake::{InputAttrPath, InputName, LockState};
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

/// What a flake.nix further up says about an input.
struct Override {
    reference: Option<Rc<FlakeRef>>,
    follows: Option<InputAttrPath>,
    /// The flake that says so: its path, and its directory where it lies in our tree.
    declared_by: InputAttrPath,
    dir: Option<RepoPath>,
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
    /// Registers the overrides that the inputs of the flake at `declared_by` carry; what is there already stays.
    fn register(&mut self, inputs: &[FlakeInput], declared_by: &InputAttrPath, dir: Option<&RepoPath>) {
        let mut pending: Vec<(InputAttrPath, &FlakeInput)> =
            inputs.iter().map(|input| (declared_by.child(&input.name), input)).collect();
        while let Some((path, input)) = pending.pop() {
            for inner in &input.overrides {
                pending.push((path.child(&inner.name), inner));
                if inner.reference.is_none() && inner.follows.is_none() {
                    continue;
                }
                let absolute = |target: &InputAttrPath| InputAttrPath([declared_by.0.as_slice(), &target.0].concat());
                let new = Override {
                    reference: inner.reference.as_ref().map(|reference| Rc::new(reference.value.clone())),
                    follows: inner.follows.as_ref().map(|follows| absolute(&follows.value)),
                    declared_by: declared_by.clone(),
                    dir: dir.cloned(),
                };
                self.overrides.entry(path.clone()).or_default().entry(inner.name.clone()).or_insert(new);
            }
        }
    }

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

    fn compare_follows(&mut self, frame: &Frame, path: &InputAttrPath, old: Option<&LockEdge>, target: &InputAttrPath) {
        let kind = match old {
            Some(LockEdge::Follows(edge)) => {
                let from = InputAttrPath([frame.prefix.0.as_slice(), &edge.0].concat());
                if from == *target {
                    return;
                }
                ChangeKind::FollowsRetargeted { from, to: target.clone() }
            }
            Some(LockEdge::Node(_)) | None => ChangeKind::FollowsAdded { target: target.clone() },
        };
        self.change(frame, path.clone(), kind, false);
    }

    /// Says why a node cannot be kept.
    fn report_new(
        &mut self,
        frame: &Frame,
        path: &InputAttrPath,
        reference: &FlakeRef,
        parent: Option<&InputAttrPath>,
    ) {
        let name = path.0.last().map_or("", String::as_str);
        let old_edge = frame.old.as_ref().and_then(|(graph, id)| graph.node(*id).inputs.get(name).map(|e| (graph, e)));
        let kind = match old_edge {
            None => ChangeKind::Added { reference: reference.clone() },
            Some((_, LockEdge::Follows(edge))) => {
                let target = InputAttrPath([frame.prefix.0.as_slice(), &edge.0].concat());
                ChangeKind::FollowsRemoved { target }
            }
            Some((graph, LockEdge::Node(id))) => match &graph.node(*id).source {
                Some(source) if source.original.canonicalize() == reference.canonicalize() => ChangeKind::Reparented,
                Some(source) => ChangeKind::Changed { from: FlakeRef::clone(&source.original), to: reference.clone() },
                None => ChangeKind::Added { reference: reference.clone() },
            },
        };
        self.change(frame, path.clone(), kind, parent.is_none());
    }

    /// Keeps a node of the old lock; what its flake.nix says is believed or, where an override has gone, read anew.
    fn keep(
        &mut self,
        frame: &Frame,
        input: &Wanted,
        path: InputAttrPath,
        graph: &Rc<LockGraph>,
        id: NodeId,
        base: Option<&RepoPath>,
    ) {
        let Some(source) = graph.node(id).source.clone() else { return };
        if !frame.quiet && frame.prefix.is_root() && std::mem::replace(&mut self.seen[id.0], true) {
            self.out.shared.get_or_insert_with(|| path.clone());
        }
        let dir = directory(base, &source.original, &source.locked.dir);
        let node = self.add_node(source);
        self.set_edge(frame.node, &input.name, LockEdge::Node(node));
        let mut refetch = false;
        let mut inputs = Vec::new();
        for (name, edge) in &graph.node(id).inputs {
            let (reference, follows, is_flake) = match edge {
                LockEdge::Node(child) => {
                    let Some(source) = &graph.node(*child).source else { continue };
                    (Some(source.original.clone()), None, source.is_flake)
                }
                LockEdge::Follows(target) => {
                    let target = InputAttrPath([frame.prefix.0.as_slice(), &target.0].concat());
                    let overridden = self.overrides.get(&path).is_some_and(|known| known.contains_key(name));
                    refetch |= !frame.trusted && !overridden;
                    (None, Some(target), true)
                }
            };
            inputs.push(Wanted { name: name.clone(), reference, follows, is_flake });
        }
        let mut inner = Frame {
            inputs,
            node,
            path,
            old: Some((Rc::clone(graph), id)),
            prefix: frame.prefix.clone(),
            trusted: !refetch,
            assumed: frame.assumed.clone(),
            dir,
            creating: frame.creating.clone(),
            quiet: frame.quiet,
        };
        if !refetch {
            // A flake that is not read has no directory: Nix stays in that of the flake it read last.
            inner.dir.clone_from(&frame.dir);
        } else if !self.reread(&mut inner) {
            return;
        }
        self.stack.push(inner);
    }

    /// A kept flake has to be looked into. In our own tree that is done for real; elsewhere its word is
    /// taken for `follows` into its own inputs, and every other one can only come from an override that has gone.
    /// Says whether the walk goes on below.
    fn reread(&mut self, inner: &mut Frame) -> bool {
        if let Some(dir) = inner.dir.clone() {
            let Some(flake) = self.flake(&dir, &inner.path) else { return false };
            self.register(&flake.inputs, &inner.path, Some(&dir));
            inner.inputs = wanted(&flake.inputs, &inner.path);
            return true;
        }
        let trust = inner.assumed.clone().unwrap_or_else(|| inner.path.clone());
        let mut gone = Vec::new();
        for input in &inner.inputs {
            let Some(target) = &input.follows else { continue };
            let overridden = self.overrides.get(&inner.path).is_some_and(|known| known.contains_key(&input.name));
            if !overridden && !target.starts_with(&trust) {
                gone.push((inner.path.child(&input.name), target.clone()));
            }
        }
        for (path, target) in &gone {
            self.change(inner, path.clone(), ChangeKind::FollowsRemoved { target: target.clone() }, true);
        }
        if gone.is_empty() {
            self.out.undecided.push(inner.path.clone());
        } else {
            self.out.unknown.insert(inner.path.clone());
        }
        inner.assumed = Some(trust);
        gone.is_empty()
    }

    /// Locks an input that the old lock does not have: possible without fetching only for relative paths.
    fn create(
        &mut self,
        frame: &Frame,
        input: &Wanted,
        path: InputAttrPath,
        reference: Rc<FlakeRef>,
        parent: Option<InputAttrPath>,
        base: Option<&RepoPath>,
    ) {
        let relative = parent.is_some();
        let dir = directory(base, &reference, &reference.dir);
        let locked = FlakeRef::clone(&reference);
        let asked = Rc::clone(&reference);
        let source = LockedSource::new(reference, locked, input.is_flake, parent);
        let node = self.add_node(Rc::new(source));
        self.set_edge(frame.node, &input.name, LockEdge::Node(node));
        let Some(dir) = dir.filter(|_| relative) else {
            if relative && base.is_some() {
                let message = "its path leads out of the flake's tree".to_owned();
                self.out.input_errors.push(InputError { input: path.clone(), message });
            }
            self.out.unknown.insert(path);
            return;
        };
        if let Err(error) = asked.check_pin() {
            self.out.input_errors.push(InputError { input: path, message: error.0 });
            return;
        }
        if !input.is_flake {
            return;
        }
        // Nix compares what is written: the same words may mean another directory, and other words the same one.
        if frame.creating.contains(&asked) {
            let message = format!("circular import of flake `{asked}`");
            self.out.input_errors.push(InputError { input: path, message });
            return;
        }
        let Some(flake) = self.flake(&dir, &path) else { return };
        let old = match lock::read_beside(self.snapshot, &dir.child("flake.lock")) {
            LockState::Missing => None,
            LockState::Valid(lock) => Some((lock.graph, LockGraph::ROOT)),
            LockState::Invalid { .. } => {
                let message = format!("its `{}` is invalid", dir.child("flake.lock"));
                self.out.input_errors.push(InputError { input: path, message });
                return;
            }
        };
        self.register(&flake.inputs, &path, Some(&dir));
        let mut creating = frame.creating.clone();
        creating.push(asked);
        self.stack.push(Frame {
            inputs: wanted(&flake.inputs, &path),
            node,
            prefix: path.clone(),
            path,
            old,
            trusted: false,
            assumed: None,
            dir: Some(dir),
            creating,
            quiet: true,
        });
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
