//! The graph of inputs that a generated lock records, and the two files made from it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::render::Value;
use crate::rng::Rng;
use crate::sources::{Source, as_fields};

/// The inputs of a flake, by name.
pub(crate) type Inputs = BTreeMap<String, Edge>;

/// One input.
#[derive(Clone, Debug)]
pub(crate) enum Edge {
    Node(Box<Node>),
    /// A path from the root.
    Follows(Vec<String>),
}

/// A locked input.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) source: Source,
    pub(crate) flake: bool,
    /// For a relative path: the flake that declares it.
    pub(crate) parent: Option<Vec<String>>,
    pub(crate) inputs: Inputs,
}

/// The lock of a root flake with these inputs, as Nix names and orders its nodes.
pub(crate) fn lock(root: &Inputs) -> Json {
    let mut writer = LockWriter { nodes: Map::new(), names: BTreeSet::from(["root".to_owned()]) };
    let inputs = writer.inputs(root);
    let node = if inputs.is_empty() { json!({}) } else { json!({ "inputs": inputs }) };
    writer.nodes.insert("root".to_owned(), node);
    json!({ "nodes": writer.nodes, "root": "root", "version": 7 })
}

/// The bytes that Nix writes for a lock.
pub(crate) fn lock_text(lock: &Json) -> String {
    format!("{lock:#}\n")
}

struct LockWriter {
    nodes: Map<String, Json>,
    names: BTreeSet<String>,
}

impl LockWriter {
    fn inputs(&mut self, inputs: &Inputs) -> Map<String, Json> {
        let edge = |writer: &mut Self, name: &String, edge: &Edge| match edge {
            Edge::Follows(path) => json!(path),
            Edge::Node(node) => json!(writer.node(name, node)),
        };
        inputs.iter().map(|(name, value)| (name.clone(), edge(self, name, value))).collect()
    }

    fn node(&mut self, name: &str, node: &Node) -> String {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let key = std::iter::once(name.to_owned()).chain(numbered).find(|key| !self.names.contains(key));
        let key = key.expect("numbers do not run out");
        self.names.insert(key.clone());
        let mut json = json!({ "locked": node.source.locked, "original": node.source.original });
        let inputs = self.inputs(&node.inputs);
        if !inputs.is_empty() {
            json["inputs"] = json!(inputs);
        }
        if !node.flake {
            json["flake"] = json!(false);
        }
        if let Some(parent) = &node.parent {
            json["parent"] = json!(parent);
        }
        self.nodes.insert(key.clone(), json);
        key
    }
}

/// How a flake.nix declares its inputs. `at` is the path of the flake itself: empty for the root.
pub(crate) fn declarations(inputs: &Inputs, at: &[String], rng: &mut Rng) -> Value {
    let mut declared = Value::empty();
    for (name, edge) in inputs {
        match edge {
            Edge::Follows(target) => {
                let target = target.strip_prefix(at).unwrap_or(target);
                declared.entry(&[name, "follows"]).clone_from(&follows(target, rng));
            }
            Edge::Node(node) => {
                *declared.entry(&[name]) = reference(name, node, rng);
                let mut path = at.to_vec();
                path.push(name.clone());
                overrides(&mut declared, &[name], &path, node, rng);
            }
        }
    }
    declared
}

/// The overrides that make a kept `node` keep what it follows: all of them just below a declared input, some deeper.
fn overrides(declared: &mut Value, place: &[&str], path: &[String], node: &Node, rng: &mut Rng) {
    let depth = path.len();
    for (name, edge) in &node.inputs {
        let mut inner = place.to_vec();
        inner.extend(["inputs", name]);
        match edge {
            Edge::Follows(target) => {
                let own = target.starts_with(path);
                if depth > 1 && rng.chance(60) || depth == 1 && own && rng.chance(50) {
                    continue;
                }
                *declared.entry(&inner) = Value::Set(vec![("follows".into(), follows(target, rng))]);
            }
            Edge::Node(child) => {
                if node.parent.is_none() && rng.chance(8) {
                    *declared.entry(&inner) = reference(name, child, rng);
                }
                let mut path = path.to_vec();
                path.push(name.clone());
                if depth < 3 {
                    overrides(declared, &inner, &path, child, rng);
                }
            }
        }
    }
}

fn follows(target: &[String], rng: &mut Rng) -> Value {
    let text = target.join("/");
    if rng.chance(5) { Value::Text(format!("/{text}/")) } else { Value::Text(text) }
}

/// What flake.nix writes for the source of one input.
fn reference(name: &str, node: &Node, rng: &mut Rng) -> Value {
    let mut value = Value::empty();
    let source = &node.source;
    let is_default = source.original.get("type") == Some(&json!("indirect"))
        && source.original.get("id") == Some(&json!(name))
        && source.original.len() == 2;
    if is_default && rng.chance(70) {
        value = Value::empty();
    } else if rng.chance(15) || source.urls.is_empty() {
        value = Value::Set(as_fields(&source.original));
    } else {
        *value.entry(&["url"]) = Value::text(rng.pick(&source.urls));
    }
    if !node.flake {
        *value.entry(&["flake"]) = Value::Flag(false);
    } else if rng.chance(4) {
        *value.entry(&["flake"]) = Value::Flag(true);
    }
    value
}
