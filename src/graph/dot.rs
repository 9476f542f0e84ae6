//! For Graphviz.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{FILLS, Graph, Target};
use crate::text::escape;

const PLAIN: (&str, &str) = ("#ffffff", "#777777");

pub(super) fn write(graph: &Graph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph inputs {{")?;
    writeln!(out, "  label={};", quoted(&format!("{}: {}", graph.title, graph.summary())))?;
    writeln!(out, "  labelloc=t; rankdir=LR; bgcolor=transparent; ranksep=0.6; nodesep=0.15; fontcolor=\"#777777\";")?;
    writeln!(out, "  fontname=\"monospace\"; fontsize=12;")?;
    writeln!(
        out,
        "  node [shape=box, style=\"rounded,filled\", fontname=\"monospace\", fontsize=11, margin=\"0.12,0.06\"];"
    )?;
    writeln!(
        out,
        "  edge [color=\"#888888\", fontcolor=\"#888888\", fontname=\"monospace\", fontsize=10, arrowsize=0.7];"
    )?;
    for node in 0..graph.shown {
        let (fill, line) = color(graph, node);
        let label = graph.lines(node).join("\n");
        writeln!(out, "  n{node} [label={}, fillcolor=\"{fill}\", color=\"{line}\"];", quoted(&label))?;
    }
    for node in 0..graph.shown {
        edges(graph, node, out)?;
    }
    writeln!(out, "}}")
}

fn color(graph: &Graph, node: usize) -> (&'static str, &'static str) {
    let copy = graph.nodes[node].copy;
    copy.and_then(|copy| FILLS.get(copy.repository)).copied().unwrap_or(PLAIN)
}

fn edges(graph: &Graph, node: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut nowhere = 0;
    for input in &graph.nodes[node].inputs {
        let mut attributes = String::new();
        let target = match &input.target {
            Target::Own(target) | Target::Shared(target) => *target,
            Target::Follows(_, Some(target)) => {
                attributes.push_str("style=dashed, constraint=false");
                *target
            }
            Target::Follows(path, None) => {
                let label = quoted(&format!("{path} (leads nowhere)"));
                writeln!(out, "  n{node}_{nowhere} [label={label}, style=dashed, color=\"#c0392b\"];")?;
                writeln!(out, "  n{node} -> n{node}_{nowhere} [label={}, style=dashed];", quoted(&input.name))?;
                nowhere += 1;
                continue;
            }
        };
        if target >= graph.shown {
            continue;
        }
        if graph.name(target) != input.name {
            let comma = if attributes.is_empty() { "" } else { ", " };
            let _ = write!(attributes, "{comma}label={}", quoted(&input.name));
        }
        let attributes = if attributes.is_empty() { attributes } else { format!(" [{attributes}]") };
        writeln!(out, "  n{node} -> n{target}{attributes};")?;
    }
    Ok(())
}

/// A string of the language, as a label: a backslash begins an escape there, and an ampersand an entity.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            quoted.push_str("\\n");
        }
        for character in escape(line).chars() {
            match character {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '&' => quoted.push_str("&amp;"),
                other => quoted.push(other),
            }
        }
    }
    quoted.push('"');
    quoted
}
