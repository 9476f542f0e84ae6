//! flake.lock as Nix writes it, byte for byte (`lockfile.cc: LockFile::toJSON`).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::{LockEdge, LockGraph, LockNode, NodeId, plain};
use crate::flake::flakeref::{Attr, FlakeRef};

/// Where a file is written to, piece by piece.
trait Sink {
    fn push_str(&mut self, text: &str);

    /// The number of bytes so far.
    fn len(&self) -> usize;
}

impl Sink for String {
    fn push_str(&mut self, text: &str) {
        self.push_str(text);
    }

    fn len(&self) -> usize {
        self.len()
    }
}

/// Compares what is written with what is there already.
struct Comparison<'a> {
    present: &'a [u8],
    written: usize,
    is_same: bool,
}

impl Sink for Comparison<'_> {
    #[inline]
    fn push_str(&mut self, text: &str) {
        let end = self.written + text.len();
        self.is_same = self.is_same && self.present.get(self.written..end) == Some(text.as_bytes());
        self.written = end;
    }

    fn len(&self) -> usize {
        self.written
    }
}

/// Whether [`to_json`] of the graph is this text.
pub(super) fn is_written(graph: &LockGraph, text: &[u8]) -> bool {
    let mut comparison = Comparison { present: text, written: 0, is_same: true };
    write(graph, &mut comparison);
    comparison.is_same && comparison.written == text.len()
}

/// Writes a graph.
pub(super) fn to_json(graph: &LockGraph) -> String {
    // About as much as a node takes.
    let mut text = String::with_capacity(graph.nodes.len() * 512);
    write(graph, &mut text);
    text
}

fn write(graph: &LockGraph, text: &mut impl Sink) {
    let keys = name_nodes(graph);
    let mut sorted: Vec<(&str, &LockNode)> =
        keys.iter().zip(&graph.nodes).filter_map(|(key, node)| Some((key.as_deref()?, node))).collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    text.push_str("{\n  \"nodes\": {");
    for (position, (key, value)) in sorted.into_iter().enumerate() {
        text.push_str(if position == 0 { "\n    " } else { ",\n    " });
        string(text, key);
        text.push_str(": ");
        node(text, value, &keys);
    }
    text.push_str("\n  },\n  \"root\": ");
    string(text, keys[LockGraph::ROOT.0].as_deref().unwrap_or("root"));
    text.push_str(",\n  \"version\": 7\n}\n");
}

/// Gives every reachable node its key: the name of the input by which it is first reached, depth first, children in
/// order of name; if taken, with the first free number.
fn name_nodes(graph: &LockGraph) -> Vec<Option<Cow<'_, str>>> {
    let mut keys: Vec<Option<Cow<'_, str>>> = vec![None; graph.nodes.len()];
    let mut taken = HashSet::with_capacity(graph.nodes.len());
    let mut next_number: BTreeMap<&str, usize> = BTreeMap::new();
    // Depth first with children in order: the stack holds what is still to be visited, the next one last.
    let mut stack: Vec<(&str, NodeId)> = vec![("root", LockGraph::ROOT)];
    while let Some((name, id)) = stack.pop() {
        if keys[id.0].is_some() {
            continue;
        }
        let mut key = Cow::Borrowed(name);
        if taken.contains(&key) {
            // Keys are never given back, so the search may go on where it ended for this name.
            let number = next_number.entry(name).or_insert(2);
            loop {
                key = Cow::Owned(format!("{name}_{number}"));
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

fn node<S: Sink>(text: &mut S, node: &LockNode, keys: &[Option<Cow<'_, str>>]) {
    let before = text.len();
    let member = |text: &mut S, name: &str| {
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

fn inputs(text: &mut impl Sink, node: &LockNode, keys: &[Option<Cow<'_, str>>]) {
    text.push_str("{");
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
fn reference<S: Sink>(text: &mut S, reference: &FlakeRef) {
    let before = text.len();
    let name = |text: &mut S, name: &str| {
        text.push_str(if text.len() == before { "{\n        \"" } else { ",\n        \"" });
        inside_quotes(text, name);
        text.push_str("\": ");
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

fn array(text: &mut impl Sink, items: &[String], indent: usize) {
    if items.is_empty() {
        text.push_str("[]");
        return;
    }
    for (position, item) in items.iter().enumerate() {
        text.push_str(if position == 0 { "[\n" } else { ",\n" });
        blanks(text, indent + 2);
        string(text, item);
    }
    text.push_str("\n");
    blanks(text, indent);
    text.push_str("]");
}

fn blanks(text: &mut impl Sink, count: usize) {
    for _ in 0..count {
        text.push_str(" ");
    }
}

/// Only quotes, backslashes and control characters are escaped.
fn string(text: &mut impl Sink, value: &str) {
    text.push_str("\"");
    inside_quotes(text, value);
    text.push_str("\"");
}

fn inside_quotes(text: &mut impl Sink, value: &str) {
    let mut rest = value;
    while let Some((plain, special)) = rest.split_at_checked(plain::length(rest.as_bytes())) {
        text.push_str(plain);
        let mut characters = special.chars();
        let Some(character) = characters.next() else { break };
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control => text.push_str(&format!("\\u{:04x}", u32::from(control))),
        }
        rest = characters.as_str();
    }
}
