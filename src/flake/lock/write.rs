//! flake.lock as Nix writes it, byte for byte (`lockfile.cc: LockFile::toJSON`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{LockEdge, LockGraph, LockNode, NodeId};
use crate::flake::flakeref::{Attr, Attrs};

/// Writes a graph.
pub(super) fn to_json(graph: &LockGraph) -> String {
    let keys = name_nodes(graph);
    let mut sorted: BTreeMap<&str, NodeId> = BTreeMap::new();
    for (id, key) in &keys {
        sorted.insert(key, *id);
    }
    let mut text = String::from("{\n  \"nodes\": {");
    for (position, (key, id)) in sorted.iter().enumerate() {
        text.push_str(if position == 0 { "\n    " } else { ",\n    " });
        string(&mut text, key);
        text.push_str(": ");
        node(&mut text, graph.node(*id), &keys);
    }
    text.push_str("\n  },\n  \"root\": ");
    string(&mut text, keys.get(&LockGraph::ROOT).map_or("root", String::as_str));
    text.push_str(",\n  \"version\": 7\n}\n");
    text
}

/// Gives every reachable node its key: the name of the input by which it is first reached, depth first, children in
/// order of name; if taken, with the first free number.
fn name_nodes(graph: &LockGraph) -> BTreeMap<NodeId, String> {
    let mut keys = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let mut next_number: BTreeMap<&str, usize> = BTreeMap::new();
    // Depth first with children in order: the stack holds what is still to be visited, the next one last.
    let mut stack: Vec<(&str, NodeId)> = vec![("root", LockGraph::ROOT)];
    while let Some((name, id)) = stack.pop() {
        if keys.contains_key(&id) {
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
        keys.insert(id, key);
        for (child_name, edge) in graph.node(id).inputs.iter().rev() {
            if let LockEdge::Node(child) = edge {
                stack.push((child_name, *child));
            }
        }
    }
    keys
}

fn node(text: &mut String, node: &LockNode, keys: &BTreeMap<NodeId, String>) {
    let mut members: Vec<String> = Vec::new();
    if let Some(source) = &node.source
        && !source.is_flake
    {
        members.push("\"flake\": false".to_owned());
    }
    if !node.inputs.is_empty() {
        members.push(inputs(node, keys));
    }
    if let Some(source) = &node.source {
        members.push(format!("\"locked\": {}", attributes(&source.locked.to_attrs())));
        members.push(format!("\"original\": {}", attributes(&source.original.to_attrs())));
        if let Some(parent) = &source.parent {
            let mut member = String::from("\"parent\": ");
            array(&mut member, &parent.0, 6);
            members.push(member);
        }
    }
    if members.is_empty() {
        text.push_str("{}");
        return;
    }
    for (position, member) in members.iter().enumerate() {
        text.push_str(if position == 0 { "{\n      " } else { ",\n      " });
        text.push_str(member);
    }
    text.push_str("\n    }");
}

fn inputs(node: &LockNode, keys: &BTreeMap<NodeId, String>) -> String {
    let mut text = String::from("\"inputs\": {");
    for (position, (name, edge)) in node.inputs.iter().enumerate() {
        text.push_str(if position == 0 { "\n        " } else { ",\n        " });
        string(&mut text, name);
        text.push_str(": ");
        match edge {
            LockEdge::Node(id) => string(&mut text, keys.get(id).map_or("", String::as_str)),
            LockEdge::Follows(path) => array(&mut text, &path.0, 8),
        }
    }
    text.push_str("\n      }");
    text
}

fn attributes(attrs: &Attrs) -> String {
    if attrs.is_empty() {
        return "{}".to_owned();
    }
    let mut text = String::from("{");
    for (position, (name, value)) in attrs.iter().enumerate() {
        text.push_str(if position == 0 { "\n        " } else { ",\n        " });
        string(&mut text, name);
        text.push_str(": ");
        match value {
            Attr::String(value) => string(&mut text, value),
            Attr::Integer(value) => text.push_str(&value.to_string()),
            Attr::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        }
    }
    text.push_str("\n      }");
    text
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
    if !value.bytes().any(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
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
