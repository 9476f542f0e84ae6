//! Two sides that went different ways from one flake, as people do: they update inputs, add and remove some, let others
//! follow.

use crate::case::Files;
use crate::generate;
use crate::graph::{Edge, Inputs, Node, declarations, lock, lock_text};
use crate::render::{FlakeText, render};
use crate::rng::Rng;
use crate::sources::{Source, any, repinned};

/// What a generated history consists of.
pub(super) struct Trees {
    pub(super) base: Files,
    pub(super) ours: Files,
    pub(super) theirs: Files,
    /// What each side did.
    pub(super) edits: [Vec<&'static str>; 2],
}

/// What a side may do; whether it could.
type Edit = (&'static str, fn(&mut Inputs, &mut Rng) -> bool);

const EDITS: &[Edit] = &[
    ("update one", update_one),
    ("update one", update_one),
    ("update all", update_all),
    ("update below", update_below),
    ("add", add),
    ("add", add),
    ("remove", remove),
    ("other reference", other_reference),
    ("follow", follow),
    ("follow", follow),
    ("follow no more", follow_no_more),
    ("follow at the root", follow_at_root),
    ("change the sub-flake", change_sub_flake),
    ("change the sub-flake", change_sub_flake),
];

/// The history of a seed.
pub(super) fn trees(seed: u64) -> Trees {
    let mut base = generate::inputs(seed);
    let rng = &mut Rng::part(seed, 30);
    for _ in 0..2 {
        add(&mut base, rng);
    }
    if rng.chance(30) && !base.contains_key("sub") {
        base.insert("sub".to_owned(), Edge::Node(Box::new(generate::sub_flake(rng))));
    }
    let mut edits = [Vec::new(), Vec::new()];
    let mut side = |number: usize| {
        let mut inputs = base.clone();
        for _ in 0..=rng.below(3) {
            let (name, edit) = *rng.pick(EDITS);
            if edit(&mut inputs, rng) {
                edits[number].push(name);
            }
        }
        inputs
    };
    let (ours, theirs) = (side(0), side(1));
    let [base, ours, theirs] = [&base, &ours, &theirs].map(|inputs| files(inputs, seed));
    Trees { base, ours, theirs, edits }
}

/// The files of a flake with these inputs, and of the sub-flake where there is one.
fn files(inputs: &Inputs, seed: u64) -> Files {
    let mut files = Files::new();
    let mut flake = |dir: &str, inputs: &Inputs, with_lock: bool| {
        files.insert(format!("{dir}flake.nix"), flake_nix(inputs, seed).into_bytes());
        if with_lock {
            files.insert(format!("{dir}flake.lock"), lock_text(&lock(inputs)).into_bytes());
        }
    };
    flake("", inputs, true);
    if let Some(Edge::Node(sub)) = inputs.get("sub") {
        let rng = &mut Rng::part(seed, 3);
        let with_lock = rng.chance(80);
        flake("sub/", &generate::own_inputs(sub, rng), with_lock);
    }
    files
}

/// A flake.nix with each input on lines of its own, spelled alike on both sides.
fn flake_nix(inputs: &Inputs, seed: u64) -> String {
    let mut nix = String::from("{\n");
    for (name, edge) in inputs {
        let rng = &mut Rng::part(seed, name.bytes().fold(31, |hash, byte| hash * 31 % 1_000_003 + u64::from(byte)));
        let only = Inputs::from([(name.clone(), edge.clone())]);
        let inputs = declarations(&only, &[], rng);
        let flake = FlakeText { inputs, others: Vec::new(), formals: None, outputs: Some(String::new()) };
        let text = render(&flake, rng, true);
        let binding = text.trim().trim_start_matches('{').trim_end_matches('}').trim_matches('\n').to_owned();
        nix.extend([format!("  # {name} begins"), format!("\n{binding}\n"), format!("  # {name} ends\n\n")]);
    }
    nix.push_str("  outputs = _: { };\n}\n");
    nix
}

/// The names of root inputs that are nodes and not in this tree.
fn nodes(inputs: &Inputs) -> Vec<String> {
    let is_node = |edge: &Edge| matches!(edge, Edge::Node(node) if node.parent.is_none());
    inputs.iter().filter(|(_, edge)| is_node(edge)).map(|(name, _)| name.clone()).collect()
}

fn some_node<'a>(inputs: &'a mut Inputs, rng: &mut Rng) -> Option<&'a mut Node> {
    let names = nodes(inputs);
    let name = (!names.is_empty()).then(|| rng.pick(&names))?;
    match inputs.get_mut(name)? {
        Edge::Node(node) => Some(node),
        Edge::Follows(_) => None,
    }
}

fn update_node(node: &mut Node, rng: &mut Rng) {
    node.source = repinned(&node.source, rng);
    for edge in node.inputs.values_mut() {
        if let Edge::Node(child) = edge
            && rng.chance(50)
        {
            update_node(child, rng);
        }
    }
}

fn update_one(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    some_node(inputs, rng).map(|node| update_node(node, rng)).is_some()
}

fn update_all(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    for name in nodes(inputs) {
        if let Some(Edge::Node(node)) = inputs.get_mut(&name) {
            update_node(node, rng);
        }
    }
    true
}

fn update_below(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    some_node(inputs, rng)
        .and_then(|node| some_node(&mut node.inputs, rng))
        .map(|node| update_node(node, rng))
        .is_some()
}

fn fresh_name(inputs: &Inputs, rng: &mut Rng) -> String {
    let mut name = (*rng.pick(&["alpha", "beta", "delta", "kappa", "omega", "zeta"])).to_owned();
    while inputs.contains_key(&name) {
        name.push('x');
    }
    name
}

fn add(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    let name = fresh_name(inputs, rng);
    inputs.insert(name, Edge::Node(Box::new(generate::node(rng, 1))));
    true
}

fn remove(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    let names: Vec<String> = inputs.keys().cloned().collect();
    if names.len() < 2 {
        return false;
    }
    let name = rng.pick(&names).clone();
    inputs.remove(&name);
    forget(inputs, &name);
    true
}

/// Removes everything that follows a root input which is gone, and what follows that.
fn forget(inputs: &mut Inputs, name: &str) {
    let gone: Vec<String> = inputs
        .iter()
        .filter(|(_, edge)| matches!(edge, Edge::Follows(target) if target.first().is_some_and(|first| first == name)))
        .map(|(name, _)| name.clone())
        .collect();
    for name in &gone {
        inputs.remove(name);
    }
    for edge in inputs.values_mut() {
        forget_below(edge, name);
    }
    for name in &gone {
        forget(inputs, name);
    }
}

fn forget_below(edge: &mut Edge, name: &str) {
    let Edge::Node(node) = edge else { return };
    node.inputs
        .retain(|_, edge| !matches!(edge, Edge::Follows(target) if target.first().is_some_and(|first| first == name)));
    for edge in node.inputs.values_mut() {
        forget_below(edge, name);
    }
}

fn other_reference(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    let source: Source = any(rng);
    let Some(node) = some_node(inputs, rng) else { return false };
    if source.only_file && node.flake {
        return false;
    }
    node.source = source;
    true
}

/// Lets an input of an input follow one of the root.
fn follow(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    let targets: Vec<String> = nodes(inputs).into_iter().filter(|name| crate::mutate::is_flake_id(name)).collect();
    if targets.is_empty() {
        return false;
    }
    let target = rng.pick(&targets).clone();
    let holders: Vec<String> = nodes(inputs).into_iter().filter(|name| *name != target).collect();
    if holders.is_empty() {
        return false;
    }
    let Some(Edge::Node(node)) = inputs.get_mut(rng.pick(&holders)) else { return false };
    let names = nodes(&node.inputs);
    if names.is_empty() {
        return false;
    }
    node.inputs.insert(rng.pick(&names).clone(), Edge::Follows(vec![target]));
    true
}

/// Gives an input of an input a node of its own again.
fn follow_no_more(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    let child = generate::node(rng, 2);
    let Some(node) = some_node(inputs, rng) else { return false };
    let follows = |edge: &Edge| matches!(edge, Edge::Follows(_));
    let names: Vec<String> =
        node.inputs.iter().filter(|(_, edge)| follows(edge)).map(|(name, _)| name.clone()).collect();
    if names.is_empty() {
        return false;
    }
    node.inputs.insert(rng.pick(&names).clone(), Edge::Node(Box::new(child)));
    true
}

/// Updates, adds or removes an input of the flake in the same tree.
fn change_sub_flake(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    let followed: Vec<String> = inputs.keys().filter(|name| *name != "sub").cloned().collect();
    let is_followed = inputs.values().any(|edge| leads_into(edge, "sub"));
    let Some(Edge::Node(sub)) = inputs.get_mut("sub").filter(|edge| matches!(edge, Edge::Node(node) if node.flake))
    else {
        return false;
    };
    let names: Vec<String> = sub.inputs.keys().cloned().collect();
    match rng.below(4) {
        0 if !is_followed && !names.is_empty() => sub.inputs.remove(rng.pick(&names)).is_some(),
        1 => {
            let mut node = generate::node(rng, 2);
            node.inputs.clear();
            let name = fresh_name(&sub.inputs, rng);
            sub.inputs.insert(name, Edge::Node(Box::new(node)));
            true
        }
        2 if !followed.is_empty() && !names.is_empty() => {
            let target = rng.pick(&followed).clone();
            let is_id = crate::mutate::is_flake_id(&target) && !is_followed;
            is_id && sub.inputs.insert(rng.pick(&names).clone(), Edge::Follows(vec![target])).is_some()
        }
        _ => update_one(&mut sub.inputs, rng),
    }
}

/// Whether an input, or one below it, follows an input of `name`.
fn leads_into(edge: &Edge, name: &str) -> bool {
    match edge {
        Edge::Follows(target) => target.len() > 1 && target[0] == name,
        Edge::Node(node) => node.inputs.values().any(|edge| leads_into(edge, name)),
    }
}

fn follow_at_root(inputs: &mut Inputs, rng: &mut Rng) -> bool {
    let targets: Vec<String> = nodes(inputs).into_iter().filter(|name| crate::mutate::is_flake_id(name)).collect();
    if targets.is_empty() {
        return false;
    }
    let name = fresh_name(inputs, rng);
    inputs.insert(name, Edge::Follows(vec![rng.pick(&targets).clone()]));
    true
}
