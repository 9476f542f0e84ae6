//! Places in a lock file: found once, when the first finding asks.

use std::collections::BTreeMap;

use super::Place;
use super::json::{self, Document};
use crate::source::Span;

/// Spans by path of keys, values and, for nodes and edges, keys.
#[derive(Debug, Default)]
pub(super) struct Places {
    top: BTreeMap<String, Span>,
    nodes: BTreeMap<String, NodePlaces>,
}

#[derive(Debug, Default)]
struct NodePlaces {
    key: Span,
    fields: BTreeMap<String, Span>,
    inputs: BTreeMap<String, Span>,
    locked: BTreeMap<String, Span>,
    original: BTreeMap<String, Span>,
}

impl Places {
    /// Finds all places of a text that is known to be a lock file.
    pub(super) fn of(text: &str) -> Self {
        let Ok(document) = json::parse(text) else { return Self::default() };
        let mut places = Self::default();
        for member in document.members(Document::ROOT) {
            places.top.insert(member.key.to_string(), document.get(member.value).span);
        }
        let Some(nodes) = document.member(Document::ROOT, "nodes") else { return places };
        for node in document.members(nodes.value) {
            let mut found = NodePlaces { key: node.key_span, ..NodePlaces::default() };
            for field in document.members(node.value) {
                let values = document
                    .members(field.value)
                    .iter()
                    .map(|member| (member.key.to_string(), document.get(member.value).span));
                match field.key.as_ref() {
                    "inputs" => found.inputs = values.collect(),
                    "locked" => found.locked = values.collect(),
                    "original" => found.original = values.collect(),
                    _ => {}
                }
                found.fields.insert(field.key.to_string(), document.get(field.value).span);
            }
            places.nodes.insert(node.key.to_string(), found);
        }
        places
    }

    /// A place, where it exists.
    pub(super) fn find(&self, place: Place<'_>) -> Option<Span> {
        let node = |key: &str| self.nodes.get(key);
        match place {
            Place::Node(key) => node(key).map(|node| node.key),
            Place::Edge(key, name) => node(key)?.inputs.get(name).copied(),
            Place::Locked(key, name) => node(key)?.locked.get(name).copied(),
            Place::Original(key, name) => node(key)?.original.get(name).copied(),
            Place::Field(key, name) => node(key)?.fields.get(name).copied(),
            Place::Top(name) => self.top.get(name).copied(),
        }
    }
}
