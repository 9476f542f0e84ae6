//! For a terminal: one line an input, children indented below.

use std::io::{self, Write};

use super::{Graph, Input, Target};
use crate::report::Style;
use crate::text::{count, escape};

/// One for each repository that is there several times; the others share the last way to look, without a colour.
const COLORS: &[&str] = &["35", "32", "36", "33", "34", "31", "95", "92", "96", "93", "94", "91"];

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";

pub(super) fn write(graph: &Graph, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let painter = Painter { graph, style };
    writeln!(out, "{}", painter.style.paint(BOLD, &escape(&graph.title)))?;
    // Nodes under way with the number of inputs that were drawn; the indent grows and shrinks with them.
    let mut under_way = vec![(0, 0)];
    let mut indent = String::new();
    while let Some((node, done)) = under_way.last_mut() {
        let inputs = &graph.nodes[*node].inputs;
        let Some(input) = inputs.get(*done) else {
            under_way.pop();
            for _ in 0..4 {
                indent.pop();
            }
            continue;
        };
        *done += 1;
        let is_last = *done == inputs.len();
        let branch = if is_last { "└── " } else { "├── " };
        let room = painter.room(&indent);
        writeln!(out, "{}{}", painter.style.paint(DIM, &format!("{indent}{branch}")), painter.input(input, room))?;
        if let Target::Own(child) = input.target {
            indent.push_str(if is_last { "    " } else { "│   " });
            if graph.nodes[child].depth < graph.depth {
                under_way.push((child, 0));
            } else {
                painter.cut(child, &indent, out)?;
                for _ in 0..4 {
                    indent.pop();
                }
            }
        }
    }
    painter.summary(out)
}

struct Painter<'g> {
    graph: &'g Graph,
    style: Style,
}

impl Painter<'_> {
    /// The colour of a node's repository.
    fn color(&self, node: usize) -> &'static str {
        let repository = self.graph.nodes[node].copy.map(|copy| copy.repository);
        repository.and_then(|repository| COLORS.get(repository)).copied().unwrap_or_default()
    }

    fn input(&self, input: &Input, room: Option<usize>) -> String {
        let name = escape(&input.name);
        match &input.target {
            Target::Own(node) => self.own(&name, *node, room),
            Target::Shared(node) => {
                let path = escape(&self.graph.path(*node));
                format!("{name} {} {}", self.style.paint(DIM, "="), self.style.paint(self.color(*node), &path))
            }
            Target::Follows(path, Some(_)) if path.is_root() => {
                format!("{name} {} {}", self.style.paint(DIM, "→"), self.style.paint(DIM, "\"\" (this flake itself)"))
            }
            Target::Follows(path, node) => {
                let path = escape(&path.to_string());
                let (color, remark) = match node {
                    Some(node) => (self.color(*node), ""),
                    None => (RED, " (leads nowhere)"),
                };
                format!("{name} {} {}", self.style.paint(DIM, "→"), self.style.paint(color, &format!("{path}{remark}")))
            }
        }
    }

    /// Columns that are left beside an indent; without limit where it is no terminal that would break the line.
    fn room(&self, indent: &str) -> Option<usize> {
        self.style.terminal.then(|| self.style.width.saturating_sub(indent.chars().count() + 4))
    }

    fn own(&self, name: &str, index: usize, room: Option<usize>) -> String {
        let node = &self.graph.nodes[index];
        let color = self.color(index);
        let label = self.graph.copy_label(index).map(|label| format!("[{label}]"));
        let mut details = vec![escape(&node.reference)];
        details.extend(node.rev.as_deref().map(escape));
        details.extend(node.date.clone());
        details.extend((!node.is_flake).then(|| "(not a flake)".to_owned()));
        // What matters least goes first where a line is too long: the day, then the revision, then the reference.
        let length = |parts: &[String]| parts.iter().map(|part| part.chars().count() + 2).sum::<usize>();
        let others = name.chars().count() + length(label.as_slice());
        while room.is_some_and(|room| others + length(&details) > room) && details.pop().is_some() {}
        // Bold and coloured at once, many terminals brighten it until it cannot be read on white.
        let mut parts = vec![self.style.paint(if color.is_empty() { BOLD } else { color }, name)];
        parts.extend((!details.is_empty()).then(|| self.style.paint(DIM, &details.join("  "))));
        parts.extend(label.map(|label| self.style.paint(color, &label)));
        parts.join("  ")
    }

    /// What hangs below a node that is the last to be drawn.
    fn cut(&self, node: usize, indent: &str, out: &mut dyn Write) -> io::Result<()> {
        let inputs = self.graph.nodes[node].inputs.len();
        if inputs == 0 {
            return Ok(());
        }
        let text = format!("{indent}└── … {}", count(inputs, "input"));
        writeln!(out, "{}", self.style.paint(DIM, &text))
    }

    fn summary(&self, out: &mut dyn Write) -> io::Result<()> {
        let graph = self.graph;
        writeln!(out, "\n{}", graph.summary())?;
        for (index, copied) in graph.copied.iter().enumerate() {
            let text = format!("{:>5} × {}", copied.number, escape(&copied.name));
            writeln!(out, "{}", self.style.paint(COLORS.get(index).copied().unwrap_or_default(), &text))?;
        }
        Ok(())
    }
}
