//! Flakes from nothing: a graph, a lock that records it and a flake.nix that asks for it. Nix finds most of them
//! consistent; the mutations see to the rest.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::graph::{Edge, Inputs, Node, declarations, lock, lock_text};
use crate::render::{FlakeText, Value, is_identifier, render};
use crate::rng::Rng;
use crate::sources::{any, indirect, relative};

/// Both files before they are written out, and the other files of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) flake: FlakeText,
    pub(crate) lock: Json,
    pub(crate) files: BTreeMap<String, String>,
}

const NAMES: &[&str] = &[
    "nixpkgs",
    "home-manager",
    "flake-utils",
    "systems",
    "disko",
    "a",
    "B",
    "c",
    "c_2",
    "nixpkgs-stable",
    "root",
    "utils_2",
    "x1",
    "Z-z",
    "self-ref",
    "rust-overlay",
];
const ODD_NAMES: &[&str] = &["x.y", "über", "_x", "with space", "1st", "in", "a/b"];

/// A flake and its lock. `dropped` names root inputs that are left out, for shrinking.
pub(crate) fn base(seed: u64, dropped: &[String]) -> Draft {
    let mut inputs = inputs(seed);
    inputs.retain(|name, _| !dropped.contains(name));
    let declared = declarations(&inputs, &[], &mut Rng::part(seed, 2));
    let rng = &mut Rng::part(seed, 3);
    let files = sub_tree(&inputs, rng);
    let flake = FlakeText { formals: formals(&inputs, rng), inputs: declared, others: others(rng), outputs: None };
    let lock = lock(&inputs);
    Draft { flake, lock, files }
}

/// The graph of a flake.
pub(crate) fn inputs(seed: u64) -> Inputs {
    let rng = &mut Rng::part(seed, 1);
    let mut inputs = Inputs::new();
    for _ in 0..rng.below(6) {
        let (name, node) = (name(rng), node(rng, 0));
        inputs.insert(name, Edge::Node(Box::new(node)));
    }
    let with_sub = rng.chance(20);
    if with_sub {
        inputs.insert("sub".into(), Edge::Node(Box::new(sub_flake(rng))));
    }
    sprinkle_follows(&mut inputs, rng);
    inputs
}

/// The files of the flake in `sub`, where there is one.
pub(crate) fn sub_tree(inputs: &Inputs, rng: &mut Rng) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    if let Some(Edge::Node(sub)) = inputs.get("sub") {
        sub_files(sub, &mut files, rng);
    }
    files
}

/// What a flake with some inputs from elsewhere declares, and what its lock records.
pub(crate) fn pinned_inputs(rng: &mut Rng) -> (Value, Inputs) {
    let mut inputs = Inputs::new();
    for _ in 0..=rng.below(3) {
        let (name, node) = (name(rng), node(rng, 1));
        inputs.insert(name, Edge::Node(Box::new(node)));
    }
    sprinkle_follows(&mut inputs, rng);
    (declarations(&inputs, &[], rng), inputs)
}

fn name(rng: &mut Rng) -> String {
    if rng.chance(3) { (*rng.pick(ODD_NAMES)).to_owned() } else { (*rng.pick(NAMES)).to_owned() }
}

/// Any input, with inputs of its own that get fewer further down.
pub(crate) fn node(rng: &mut Rng, depth: usize) -> Node {
    let source = any(rng);
    let flake = !source.only_file && !rng.chance(15);
    let mut inputs = Inputs::new();
    let most = if flake { [4, 3, 2, 0][depth.min(3)] } else { 0 };
    for _ in 0..rng.below(most) {
        let (name, node) = (name(rng), node(rng, depth + 1));
        inputs.insert(name, Edge::Node(Box::new(node)));
    }
    Node { source, flake, parent: None, inputs }
}

/// A flake in `sub` of the same tree, with an input of its own or two.
pub(crate) fn sub_flake(rng: &mut Rng) -> Node {
    let written = *rng.pick(&["./sub", "path:sub", "./sub/"]);
    let source = relative(written);
    let mut inputs = Inputs::new();
    for _ in 0..rng.below(3) {
        let (name, mut node) = (name(rng), node(rng, 2));
        node.inputs.clear();
        inputs.insert(name, Edge::Node(Box::new(node)));
    }
    Node { source, flake: true, parent: Some(Vec::new()), inputs }
}

/// The inputs of the sub-flake as it declares them itself: the part of the graph below it, seen from there.
pub(crate) fn own_inputs(sub: &Node, rng: &mut Rng) -> Inputs {
    let at = ["sub".to_owned()];
    let mut own = Inputs::new();
    for (name, edge) in &sub.inputs {
        match edge {
            Edge::Follows(target) if target.len() > 1 && target.starts_with(&at) => {
                own.insert(name.clone(), Edge::Follows(target[1..].to_vec()));
            }
            Edge::Follows(_) => {
                let node = Node { source: indirect("nixpkgs", rng), flake: true, parent: None, inputs: Inputs::new() };
                own.insert(name.clone(), Edge::Node(Box::new(node)));
            }
            Edge::Node(_) => {
                own.insert(name.clone(), edge.clone());
            }
        }
    }
    own
}

/// The sub-flake's own flake.nix and, mostly, its lock.
fn sub_files(sub: &Node, files: &mut BTreeMap<String, String>, rng: &mut Rng) {
    let own = own_inputs(sub, rng);
    let inputs = declarations(&own, &[], rng);
    let flake = FlakeText { inputs, others: Vec::new(), formals: None, outputs: None };
    files.insert("sub/flake.nix".into(), render(&flake, rng, true));
    if rng.chance(80) {
        files.insert("sub/flake.lock".into(), lock_text(&lock(&own)));
    }
}

/// Adds inputs that follow others to any node that is a flake.
fn sprinkle_follows(inputs: &mut Inputs, rng: &mut Rng) {
    let mut targets = Vec::new();
    collect(inputs, &[], &mut targets);
    targets.retain(|path| path.iter().all(|name| crate::mutate::is_flake_id(name)));
    if targets.is_empty() {
        return;
    }
    let root = targets.clone();
    for _ in 0..rng.below(4) {
        let holder = if rng.chance(25) { Vec::new() } else { rng.pick(&root).clone() };
        let target = if rng.chance(4) { Vec::new() } else { rng.pick(&targets).clone() };
        let name = name(rng);
        let Some(place) = children(inputs, &holder) else { continue };
        if place.contains_key(&name) || target.starts_with(&[holder.as_slice(), std::slice::from_ref(&name)].concat()) {
            continue;
        }
        place.insert(name.clone(), Edge::Follows(target));
        if rng.chance(25) && crate::mutate::is_flake_id(&name) {
            targets.push([holder, vec![name]].concat());
        }
    }
}

/// The paths of all nodes.
fn collect(inputs: &Inputs, at: &[String], paths: &mut Vec<Vec<String>>) {
    for (name, edge) in inputs {
        if let Edge::Node(node) = edge {
            let path = [at, std::slice::from_ref(name)].concat();
            collect(&node.inputs, &path, paths);
            paths.push(path);
        }
    }
}

/// The inputs of the flake at a path.
fn children<'a>(inputs: &'a mut Inputs, path: &[String]) -> Option<&'a mut Inputs> {
    let Some((first, rest)) = path.split_first() else { return Some(inputs) };
    match inputs.get_mut(first)? {
        Edge::Node(node) if node.flake => children(&mut node.inputs, rest),
        _ => None,
    }
}

fn formals(inputs: &Inputs, rng: &mut Rng) -> Option<Vec<String>> {
    if rng.chance(25) {
        return None;
    }
    let usable = |name: &&String| crate::mutate::is_flake_id(name) && is_identifier(name);
    let mut formals: Vec<String> = inputs.keys().filter(usable).filter(|_| rng.chance(60)).cloned().collect();
    if rng.chance(80) {
        formals.push("self".to_owned());
    }
    Some(formals)
}

fn others(rng: &mut Rng) -> Vec<(String, Value)> {
    let mut others = Vec::new();
    if rng.chance(40) {
        others.push(("description".to_owned(), Value::text(*rng.pick(&["A flake", "x = \"${y}\"", "", "ä\n b"]))));
    }
    if rng.chance(10) {
        let list = Value::Raw("[ \"https://cache.example.org\" ]".to_owned());
        others.push(("nixConfig".to_owned(), Value::Set(vec![("extra-substituters".to_owned(), list)])));
    }
    others
}
