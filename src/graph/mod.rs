//! The inputs of a flake as a picture: a small model of flake.lock, and one file for each way to draw it.
//!
//! The model is a tree: every node hangs where it is reached by the shortest way, and whatever else leads to it refers
//! to that place. Nothing here recurses, every walk looks at each input once, and every text is escaped by the format
//! that prints it.

mod dot;
mod layout;
mod mermaid;
mod resolve;
mod svg;
mod tree;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::resolve::Resolver;
use crate::cli::GraphFormat;
use crate::flake::flakeref::{Attr, FlakeRef};
use crate::flake::identity::Repository;
use crate::flake::lock::{LockEdge, LockGraph, LockNode};
use crate::flake::{InputAttrPath, InputName};
use crate::report::Style;
use crate::text::{count, date};

/// What lies deeper is not drawn: the indent of a tree would take more room than its names.
pub const MAX_DEPTH: usize = 64;

/// As many names of a long path are shown.
const MAX_PATH_NAMES: usize = 8;

/// Fill and line of the repositories that are there several times; what comes later has the last way to look.
const FILLS: &[(&str, &str)] = &[
    ("#fff1cc", "#b7791f"),
    ("#d9f0ff", "#1f78b4"),
    ("#f3e0ff", "#8e44ad"),
    ("#ddf5dd", "#2e8b57"),
    ("#ffe0dd", "#c0392b"),
    ("#d9f5f0", "#16877a"),
    ("#ffe2f0", "#c2185b"),
    ("#e8e6ff", "#5b50c0"),
];

/// The inputs of a flake.
#[derive(Debug)]
pub struct Graph {
    /// How the flake itself is called: `flake.nix`, or `hosts/flake.nix`.
    pub title: String,
    /// The flake itself, then every input that a node is locked for, nearer ones first.
    pub nodes: Vec<Node>,
    /// How deep it is drawn.
    pub depth: usize,
    /// How many of the nodes are drawn; the others lie too deep.
    pub shown: usize,
    /// The repositories that are locked more than once: Nixpkgs first, then those with most copies.
    pub copied: Vec<Copied>,
}

/// A node: the flake itself, or something that was fetched.
#[derive(Debug)]
pub struct Node {
    /// The name of the input by which it is reached; empty for the flake itself.
    pub name: InputName,
    /// The node whose input it is; the flake itself has itself here.
    pub parent: usize,
    /// Inputs on the way from the flake to it.
    pub depth: usize,
    /// What flake.nix asks for: `github:NixOS/nixpkgs/nixos-unstable`. Empty for the flake itself.
    pub reference: String,
    /// The first digits of the revision that is locked.
    pub rev: Option<String>,
    /// The day it was last modified: `2026-11-24`.
    pub date: Option<String>,
    /// False for `flake = false`.
    pub is_flake: bool,
    /// Which copy of which repository of [`Graph::copied`] it is.
    pub copy: Option<Copy>,
    /// Its inputs by name.
    pub inputs: Vec<Input>,
}

/// A node that is not the only one of its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Index in [`Graph::copied`].
    pub repository: usize,
    /// Counts from 1, nearest to the flake first.
    pub number: usize,
}

/// A repository that is locked more than once.
#[derive(Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its name: `github.com/nixos/nixpkgs`.
    pub name: String,
    /// How often it is locked.
    pub number: usize,
}

/// An input of a node.
#[derive(Debug)]
pub struct Input {
    /// Its name.
    pub name: InputName,
    /// Where it leads.
    pub target: Target,
}

/// Where an input leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a node that hangs here.
    Own(usize),
    /// To a node that hangs elsewhere.
    Shared(usize),
    /// To whatever this path from the flake leads to; of no node where it leads nowhere, or in a circle.
    Follows(InputAttrPath, Option<usize>),
}

impl Graph {
    /// The graph of a lock; `depth` limits how deep it is drawn.
    #[must_use]
    pub fn new(title: impl Into<String>, lock: &LockGraph, depth: Option<usize>) -> Self {
        let mut nodes = vec![Node::of(lock.node(LockGraph::ROOT), String::new(), 0, 0)];
        // The lock's node for each of ours, in the order in which they are reached, and the other way round.
        let mut ids = vec![LockGraph::ROOT];
        let mut places: Vec<Option<usize>> = vec![None; lock.nodes.len()];
        places[LockGraph::ROOT.0] = Some(0);
        let mut next = 0;
        while let Some(&id) = ids.get(next) {
            for (name, edge) in &lock.node(id).inputs {
                let LockEdge::Node(child) = edge else { continue };
                if places[child.0].is_none() {
                    places[child.0] = Some(nodes.len());
                    ids.push(*child);
                    nodes.push(Node::of(lock.node(*child), name.clone(), next, nodes[next].depth + 1));
                }
            }
            next += 1;
        }
        let mut resolver = Resolver::new(lock);
        for (index, id) in ids.iter().enumerate() {
            for (name, edge) in &lock.node(*id).inputs {
                let target = match edge {
                    LockEdge::Node(child) => {
                        let place = places[child.0].unwrap_or_default();
                        let is_own = nodes[place].parent == index && nodes[place].name == *name;
                        if is_own { Target::Own(place) } else { Target::Shared(place) }
                    }
                    LockEdge::Follows(path) => {
                        let found = resolver.input(*id, name).and_then(|found| places[found.0]);
                        Target::Follows(path.clone(), found)
                    }
                };
                nodes[index].inputs.push(Input { name: name.clone(), target });
            }
        }
        let copied = count_copies(&mut nodes, &ids.iter().map(|id| lock.node(*id)).collect::<Vec<_>>());
        let depth = depth.unwrap_or(MAX_DEPTH).min(MAX_DEPTH);
        let shown = nodes.iter().take_while(|node| node.depth <= depth).count();
        Self { title: title.into(), nodes, depth, shown, copied }
    }

    /// Draws it. Only a tree has colours.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&self, format: GraphFormat, style: Style, out: &mut dyn Write) -> io::Result<()> {
        match format {
            GraphFormat::Tree => tree::write(self, style, out),
            GraphFormat::Dot => dot::write(self, out),
            GraphFormat::Mermaid => mermaid::write(self, out),
            GraphFormat::Svg => svg::write(self, out),
        }
    }

    /// How many inputs are locked, and how many of them are drawn where that is not all.
    #[must_use]
    pub fn summary(&self) -> String {
        let inputs = count(self.nodes.len() - 1, "input");
        if self.shown < self.nodes.len() { format!("{inputs}, {} shown", self.shown - 1) } else { inputs }
    }

    /// The name of a node: of the input, or the flake's own.
    #[must_use]
    pub fn name(&self, node: usize) -> &str {
        if node == 0 { &self.title } else { &self.nodes[node].name }
    }

    /// The way to a node as Nix writes input paths; the beginning of a very long one is left out.
    #[must_use]
    pub fn path(&self, node: usize) -> String {
        let mut names = Vec::new();
        let mut at = node;
        while at != 0 && names.len() < MAX_PATH_NAMES {
            names.push(self.nodes[at].name.as_str());
            at = self.nodes[at].parent;
        }
        if at != 0 {
            names.push("…");
        }
        names.reverse();
        names.join("/")
    }

    /// Inputs of a node that hang on it but lie too deep to be drawn.
    fn hidden(&self, node: usize) -> usize {
        self.nodes[node]
            .inputs
            .iter()
            .filter(|input| matches!(input.target, Target::Own(at) if at >= self.shown))
            .count()
    }

    /// What is written into the box of a node: its name, what it is, and what is locked.
    fn lines(&self, index: usize) -> Vec<String> {
        let node = &self.nodes[index];
        let copy = self.copy_label(index).map(|label| format!(" ({label})")).unwrap_or_default();
        let mut lines = vec![format!("{}{copy}", self.name(index))];
        lines.extend(Some(&node.reference).filter(|reference| !reference.is_empty()).cloned());
        let flake = (!node.is_flake).then(|| "not a flake".to_owned());
        let details: Vec<String> = node.rev.clone().into_iter().chain(node.date.clone()).chain(flake).collect();
        lines.extend(Some(details.join(" · ")).filter(|details| !details.is_empty()));
        let hidden = self.hidden(index);
        if hidden > 0 {
            lines.push(format!("… {}", count(hidden, "more input")));
        }
        lines
    }

    /// `2 of 9`, for a node that is not the only one of its repository.
    fn copy_label(&self, node: usize) -> Option<String> {
        let copy = self.nodes[node].copy?;
        Some(format!("{} of {}", copy.number, self.copied[copy.repository].number))
    }
}

impl Node {
    fn of(node: &LockNode, name: InputName, parent: usize, depth: usize) -> Self {
        let source = node.source.as_deref();
        let modified = source.and_then(|source| match source.locked.attrs.get("lastModified") {
            Some(Attr::Integer(seconds)) => Some(date(*seconds)),
            _ => None,
        });
        let rev = source.and_then(|source| source.locked.get("rev"));
        Self {
            name,
            parent,
            depth,
            reference: source.map(|source| readable(&source.original)).unwrap_or_default(),
            rev: rev.map(|rev| rev.chars().take(7).collect()),
            date: modified,
            is_flake: source.is_none_or(|source| source.is_flake),
            copy: None,
            inputs: Vec::new(),
        }
    }
}

/// A reference as people write it: Nix reads `github:o/r/release/1`, and writes `github:o/r/release%2F1`.
fn readable(reference: &FlakeRef) -> String {
    reference.to_string().replace("%2F", "/").replace("%2f", "/")
}

/// Numbers the nodes of each repository that has several.
fn count_copies(nodes: &mut [Node], locked: &[&LockNode]) -> Vec<Copied> {
    let mut places: BTreeMap<(&Repository, &str), Vec<usize>> = BTreeMap::new();
    for (place, node) in locked.iter().enumerate() {
        let Some(source) = &node.source else { continue };
        let identity = source.identity();
        places.entry((&identity.repository, identity.dir.as_str())).or_default().push(place);
    }
    let mut several: Vec<_> = places.into_iter().filter(|(_, places)| places.len() > 1).collect();
    several.sort_by_key(|((repository, _), places)| (!repository.is_nixpkgs(), std::cmp::Reverse(places.len())));
    let mut copied = Vec::new();
    for ((repository, dir), places) in several {
        for (index, place) in places.iter().enumerate() {
            nodes[*place].copy = Some(Copy { repository: copied.len(), number: index + 1 });
        }
        let name = if dir.is_empty() { repository.to_string() } else { format!("{repository} in {dir}") };
        copied.push(Copied { name, number: places.len() });
    }
    copied
}
