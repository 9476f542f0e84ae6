//! For Mermaid, which GitHub and GitLab draw in Markdown.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{FILLS, Graph, Target};
use crate::text::escape;

pub(super) fn write(graph: &Graph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for node in 0..graph.shown {
        let lines: Vec<String> = graph.lines(node).iter().map(|line| escaped(line)).collect();
        let class = graph.nodes[node].copy.filter(|copy| copy.repository < FILLS.len());
        let class = class.map(|copy| format!(":::copy{}", copy.repository)).unwrap_or_default();
        writeln!(out, "  n{node}[\"{}\"]{class}", lines.join("<br/>"))?;
    }
    for node in 0..graph.shown {
        edges(graph, node, out)?;
    }
    for (index, (fill, line)) in FILLS.iter().enumerate().take(graph.copied.len()) {
        writeln!(out, "  classDef copy{index} fill:{fill},stroke:{line},color:#1f2328")?;
    }
    Ok(())
}

fn edges(graph: &Graph, node: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut nowhere = 0;
    for input in &graph.nodes[node].inputs {
        let (arrow, target) = match &input.target {
            Target::Own(target) | Target::Shared(target) => ("-->", *target),
            Target::Follows(_, Some(target)) => ("-.->", *target),
            Target::Follows(path, None) => {
                let label = escaped(&format!("{path} (leads nowhere)"));
                let name = escaped(&input.name);
                writeln!(out, "  n{node} -.->|\"{name}\"| n{node}x{nowhere}[\"{label}\"]")?;
                nowhere += 1;
                continue;
            }
        };
        if target >= graph.shown {
            continue;
        }
        let mut label = String::new();
        if graph.name(target) != input.name {
            let _ = write!(label, "|\"{}\"|", escaped(&input.name));
        }
        writeln!(out, "  n{node} {arrow}{label} n{target}")?;
    }
    Ok(())
}

/// Text inside quotes. Whatever is not plain is written by its number, so that it is neither HTML, Markdown nor the end
/// of the quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in escape(text).chars() {
        if character.is_alphanumeric() || " ./:-_+@=?…·×→~,()".contains(character) {
            escaped.push(character);
        } else {
            let _ = write!(escaped, "#{};", u32::from(character));
        }
    }
    escaped
}
