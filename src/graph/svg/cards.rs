//! What is written into the box of a node, and how large that makes it.

use super::text::{columns_of, pixels, shorten, spaces};
use super::{LARGE, LINE, PADDING, SMALL, class};
use crate::graph::{Graph, Target};
use crate::text::{count, escape};

/// Characters that a line of a box may have.
const MAX_COLUMNS: usize = 52;
/// Characters that the name of a node may have.
const MAX_NAME: usize = 32;

/// A piece of text in one colour: a class of [`STYLE`], or none.
pub(super) struct Piece {
    pub(super) class: String,
    pub(super) text: String,
}

/// What is written into the box of a node.
pub(super) struct Card {
    pub(super) name: String,
    pub(super) copy: String,
    pub(super) date: String,
    pub(super) reference: String,
    pub(super) chips: Vec<Vec<Piece>>,
}

impl Card {
    pub(super) fn of(graph: &Graph, index: usize) -> Self {
        let node = &graph.nodes[index];
        let rev = node.rev.as_ref().map(|rev| format!(" · {}", escape(rev))).unwrap_or_default();
        let details = format!("{rev}{}", if node.is_flake { "" } else { " · not a flake" });
        let reference = if index == 0 { graph.summary() } else { escape(&node.reference) };
        Self {
            name: shorten(&escape(graph.name(index)), MAX_NAME),
            copy: graph.copy_label(index).unwrap_or_default(),
            date: node.date.clone().unwrap_or_default(),
            reference: format!("{}{details}", shorten(&reference, MAX_COLUMNS - columns_of(&details))),
            chips: wrap(chips(graph, index)),
        }
    }

    pub(super) fn height(&self) -> f64 {
        let lines = 1 + usize::from(!self.reference.is_empty()) + self.chips.len();
        lines_to_pixels(lines) + PADDING
    }

    pub(super) fn width(&self) -> f64 {
        let copy = if self.copy.is_empty() { 0 } else { columns_of(&self.copy) + 1 };
        let first = pixels(&self.name, LARGE) + spaces(copy + 2 + columns_of(&self.date), SMALL);
        let chips = self.chips.iter().map(|line| line.iter().map(|piece| pixels(&piece.text, SMALL)).sum::<f64>());
        chips.fold(first.max(pixels(&self.reference, SMALL)), f64::max).ceil() + 2.0 * PADDING
    }
}

/// The inputs of a node that hang elsewhere or nowhere, each a few words.
fn chips(graph: &Graph, index: usize) -> Vec<Piece> {
    let mut chips = Vec::new();
    for input in &graph.nodes[index].inputs {
        let (class, target, sign) = match &input.target {
            Target::Own(_) => continue,
            Target::Shared(node) => (class(graph, *node), graph.path(*node), "="),
            Target::Follows(path, Some(_)) if path.is_root() => (String::new(), "\"\"".to_owned(), "→"),
            Target::Follows(path, Some(node)) => (class(graph, *node), path.to_string(), "→"),
            Target::Follows(path, None) => ("bad".to_owned(), format!("{path} (nowhere)"), "→"),
        };
        let name = shorten(&escape(&input.name), MAX_COLUMNS / 2);
        let target = shorten(&escape(&target), MAX_COLUMNS - 3 - columns_of(&name));
        let text = if name == target { format!("{sign} {target}") } else { format!("{name} {sign} {target}") };
        chips.push(Piece { class, text });
    }
    let hidden = graph.hidden(index);
    if hidden > 0 {
        chips.push(Piece { class: String::new(), text: format!("… {}", count(hidden, "more input")) });
    }
    chips
}

/// Lines of chips, two spaces between them.
fn wrap(chips: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let mut used = 0;
    for mut chip in chips {
        let columns = columns_of(&chip.text);
        match lines.last_mut() {
            Some(line) if used + 2 + columns <= MAX_COLUMNS => {
                chip.text.insert_str(0, "  ");
                used += 2 + columns;
                line.push(chip);
            }
            _ => {
                used = columns;
                lines.push(vec![chip]);
            }
        }
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "a box has few lines")]
fn lines_to_pixels(lines: usize) -> f64 {
    lines as f64 * LINE
}
