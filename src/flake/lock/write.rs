//! flake.lock as Nix writes it, byte for byte (`lockfile.cc: LockFile::toJSON`).

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use super::{LockEdge, LockGraph, LockNode, NodeId, plain};
use crate::flake::flakeref::{Attr, FlakeRef};

/// Writes a graph.
pub(super) fn to_json(graph: &LockGraph) -> String {
    let keys = name_nodes(graph);
    let mut sorted: Vec<(&str, &LockNode)> =
        keys.iter().zip(&graph.nodes).filter_map(|(key, node)| Some((key.as_deref()?, node))).collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    // About as much as a node takes.
    let mut text = String::with_capacity(sorted.len() * 512);
    text.push_str("{\n  \"nodes\": {");
    for (position, (key, value)) in sorted.into_iter().enumerate() {
        text.push_str(if position == 0 { "\n    " } else { ",\n    " });
        string(&mut text, key);
        text.push_str(": ");
        node(&mut text, value, &keys);
    }
    text.push_str("\n  },\n  \"root\": ");
    string(&mut text, keys[LockGraph::ROOT.0].as_deref().unwrap_or("root"));
    text.push_str(",\n  \"version\": 7\n}\n");
    text
}

/// Gives every reachable node its key: the name of the input by which it is first reached, depth first, children in
/// order of name; if taken, with the first free number.
fn name_nodes(graph: &LockGraph) -> Vec<Option<String>> {
    let mut keys: Vec<Option<String>> = vec![None; graph.nodes.len()];
    let mut taken = HashSet::with_capacity(graph.nodes.len());
    let mut next_number: BTreeMap<&str, usize> = BTreeMap::new();
    // Depth first with children in order: the stack holds what is still to be visited, the next one last.
    let mut stack: Vec<(&str, NodeId)> = vec![("root", LockGraph::ROOT)];
    while let Some((name, id)) = stack.pop() {
        if keys[id.0].is_some() {
            continue;
        }
        let mut key = name.to_owned();
        if taken.contains(&key) {
            // Keys are never given back, so the search may go on where it ended for this name.
            let number = next_number.entry(name).or_insert(2);
            loop {
                key = format!("{name}_{number}");
                *number += 1;
                if !taken.contains(&key) {
                    break;
                }
            }
        }
        taken.insert(key.clone());
        keys[id.0] = Some(key);
        for (child_name, edge) in graph.node(id).inputs.iter().rev() {
            if let LockEdge::Node(child) = edge {
                stack.push((child_name, *child));
            }
        }
    }
    keys
}

fn node(text: &mut String, node: &LockNode, keys: &[Option<String>]) {
    let before = text.len();
    let member = |text: &mut String, name: &str| {
        text.push_str(if text.len() == before { "{\n      \"" } else { ",\n      \"" });
        text.push_str(name);
        text.push_str("\": ");
    };
    if node.source.as_ref().is_some_and(|source| !source.is_flake) {
        member(text, "flake");
        text.push_str("false");
    }
    if !node.inputs.is_empty() {
        member(text, "inputs");
        inputs(text, node, keys);
    }
    if let Some(source) = &node.source {
        member(text, "locked");
        reference(text, &source.locked);
        member(text, "original");
        reference(text, &source.original);
        if let Some(parent) = &source.parent {
            member(text, "parent");
            array(text, &parent.0, 6);
        }
    }
    text.push_str(if text.len() == before { "{}" } else { "\n    }" });
}

fn inputs(text: &mut String, node: &LockNode, keys: &[Option<String>]) {
    text.push('{');
    for (position, (name, edge)) in node.inputs.iter().enumerate() {
        text.push_str(if position == 0 { "\n        " } else { ",\n        " });
        string(text, name);
        text.push_str(": ");
        match edge {
            LockEdge::Node(id) => string(text, keys[id.0].as_deref().unwrap_or_default()),
            LockEdge::Follows(path) => array(text, &path.0, 8),
        }
    }
    text.push_str("\n      }");
}

/// The attributes with `dir` among them, in order of name.
fn reference(text: &mut String, reference: &FlakeRef) {
    let before = text.len();
    let name = |text: &mut String, name: &str| {
        text.push_str(if text.len() == before { "{\n        " } else { ",\n        " });
        string(text, name);
        text.push_str(": ");
    };
    let mut dir = Some(&reference.dir).filter(|dir| !dir.is_empty());
    for (attr, value) in &reference.attrs {
        if let Some(dir) = dir.take_if(|_| attr > "dir") {
            name(text, "dir");
            string(text, dir);
        }
        name(text, attr);
        match value {
            Attr::String(value) => string(text, value),
            Attr::Integer(value) => text.push_str(&value.to_string()),
            Attr::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        }
    }
    if let Some(dir) = dir {
        name(text, "dir");
        string(text, dir);
    }
    text.push_str(if text.len() == before { "{}" } else { "\n      }" });
}

fn array(text: &mut String, items: &[String], indent: usize) {
    if items.is_empty() {
        text.push_str("[]");
        return;
    }
    for (position, item) in items.iter().enumerate() {
        text.push_str(if position == 0 { "[\n" } else { ",\n" });
        text.extend(std::iter::repeat_n(' ', indent + 2));
        string(text, item);
    }
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
    text.push(']');
}

/// Only quotes, backslashes and control characters are escaped.
fn string(text: &mut String, value: &str) {
    text.push('"');
    if plain::length(value.as_bytes()) == value.len() {
        text.push_str(value);
        text.push('"');
        return;
    }
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                let written = write!(text, "\\u{:04x}", u32::from(control));
                debug_assert!(written.is_ok(), "writing to a string does not fail");
            }
            other => text.push(other),
        }
    }
    text.push('"');
}
