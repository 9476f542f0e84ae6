//! A picture that stands alone: no script, no font, no link, readable on light and dark pages.
//!
//! Boxes in columns by depth. What follows is written into the box of the node whose input it is: lines to the nixpkgs
//! that fifty inputs follow would hide everything else.

mod cards;
mod legend;
mod text;

use std::io::{self, Write};

use self::cards::Card;
use self::legend::Legend;
use self::text::xml;
use super::Graph;
use super::layout::{self, Layout};

/// Sizes in pixels: of a node's name, of all other text, and of its lines.
const LARGE: f64 = 13.0;
const SMALL: f64 = 11.0;
const LINE: f64 = 15.0;
const PADDING: f64 = 8.0;
const MARGIN: f64 = 20.0;
/// Between the columns.
const GUTTER: f64 = 56.0;
/// The legend is not narrower, however small the picture.
const MIN_WIDTH: f64 = 420.0;
/// Colours in [`STYLE`].
const COLORS: usize = 8;

const STYLE: &str = include_str!("style.css");

pub(super) fn write(graph: &Graph, out: &mut dyn Write) -> io::Result<()> {
    let boxes: Vec<Card> = (0..graph.shown).map(|node| Card::of(graph, node)).collect();
    let heights: Vec<f64> = boxes.iter().map(Card::height).collect();
    let layout = layout::place(graph, &heights);
    let (lefts, widths, right) = columns(graph, &boxes);
    let width = (right + MARGIN).max(MIN_WIDTH);
    let legend = Legend::of(graph, width);
    let top = MARGIN + legend.height;
    let height = top + layout.height + MARGIN;
    let (title, description) = (xml(&format!("Inputs of {}", graph.title)), xml(&describe(graph)));
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-labelledby=\"title description\">"
    )?;
    writeln!(out, "<title id=\"title\">{title}</title>\n<desc id=\"description\">{description}</desc>")?;
    writeln!(out, "<style>\n{STYLE}</style>")?;
    let (inner_width, inner_height) = (width - 1.0, height - 1.0);
    writeln!(
        out,
        "<rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"{inner_width:.0}\" height=\"{inner_height:.0}\" rx=\"8\"/>"
    )?;
    out.write_all(legend.text.as_bytes())?;
    let page = Page { graph, boxes, layout, lefts, widths, top };
    for node in 1..graph.shown {
        page.line(node, out)?;
    }
    for node in 0..graph.shown {
        page.draw(node, out)?;
    }
    writeln!(out, "</svg>")
}

/// The left edge and the width of each column, and the right edge of the last.
fn columns(graph: &Graph, boxes: &[Card]) -> (Vec<f64>, Vec<f64>, f64) {
    let mut widths: Vec<f64> = Vec::new();
    for (index, drawn) in boxes.iter().enumerate() {
        let depth = graph.nodes[index].depth;
        if widths.len() <= depth {
            widths.push(0.0);
        }
        widths[depth] = widths[depth].max(drawn.width());
    }
    let mut left = MARGIN;
    let mut lefts = Vec::new();
    for width in &widths {
        lefts.push(left);
        left += width + GUTTER;
    }
    (lefts, widths, left - GUTTER)
}

fn describe(graph: &Graph) -> String {
    let several: Vec<String> =
        graph.copied.iter().take(COLORS).map(|copied| format!("{} × {}", copied.number, copied.name)).collect();
    if several.is_empty() {
        format!("{}, each of a repository of its own.", graph.summary())
    } else {
        format!("{}; locked more than once: {}.", graph.summary(), several.join(", "))
    }
}

struct Page<'g> {
    graph: &'g Graph,
    boxes: Vec<Card>,
    layout: Layout,
    lefts: Vec<f64>,
    widths: Vec<f64>,
    top: f64,
}

impl Page<'_> {
    /// The middle of a node's first line: there lines begin and end.
    fn middle(&self, node: usize) -> f64 {
        self.top + self.layout.tops[node] + self.boxes[node].height() / 2.0
    }

    fn line(&self, node: usize, out: &mut dyn Write) -> io::Result<()> {
        let parent = self.graph.nodes[node].parent;
        let depth = self.graph.nodes[node].depth;
        let (from, to) = (self.lefts[depth - 1] + self.boxes[parent].width(), self.lefts[depth]);
        let (start, end) = (self.middle(parent), self.middle(node));
        let edge = self.lefts[depth - 1] + self.widths[depth - 1];
        let bend = edge + GUTTER / 2.0;
        writeln!(
            out,
            "<path class=\"line\" d=\"M{from:.0} {start:.0}H{edge:.0}C{bend:.0} {start:.0} {bend:.0} {end:.0} {to:.0} {end:.0}\"/>"
        )
    }

    fn draw(&self, node: usize, out: &mut dyn Write) -> io::Result<()> {
        let (drawn, left) = (&self.boxes[node], self.lefts[self.graph.nodes[node].depth]);
        let (top, class) = (self.top + self.layout.tops[node], class(self.graph, node));
        let (width, height, space) = (drawn.width(), drawn.height(), if class.is_empty() { "" } else { " " });
        let (text_left, text_right) = (left + PADDING, left + width - PADDING);
        let whole = self.graph.lines(node).join("\n");
        let path = if node == 0 { String::new() } else { format!("{}\n", self.graph.path(node)) };
        writeln!(out, "<g><title>{}</title>", xml(&format!("{path}{whole}")))?;
        writeln!(
            out,
            "<rect class=\"box{space}{class}\" x=\"{left:.0}\" y=\"{top:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" rx=\"5\"/>"
        )?;
        let mut base = top + PADDING / 2.0 + 12.0;
        write!(out, "<text x=\"{text_left:.0}\" y=\"{base:.0}\"><tspan class=\"name\">{}</tspan>", xml(&drawn.name))?;
        if !drawn.copy.is_empty() {
            write!(out, "<tspan class=\"{class}\"> {}</tspan>", xml(&drawn.copy))?;
        }
        writeln!(out, "</text>")?;
        if !drawn.date.is_empty() {
            writeln!(out, "<text x=\"{text_right:.0}\" y=\"{base:.0}\" text-anchor=\"end\">{}</text>", drawn.date)?;
        }
        if !drawn.reference.is_empty() {
            base += LINE;
            writeln!(out, "<text x=\"{text_left:.0}\" y=\"{base:.0}\">{}</text>", xml(&drawn.reference))?;
        }
        for line in &drawn.chips {
            base += LINE;
            write!(out, "<text x=\"{text_left:.0}\" y=\"{base:.0}\" xml:space=\"preserve\">")?;
            for piece in line {
                write!(out, "<tspan class=\"{}\">{}</tspan>", piece.class, xml(&piece.text))?;
            }
            writeln!(out, "</text>")?;
        }
        writeln!(out, "</g>")
    }
}

/// The class of a node's repository; empty where it is the only one, or there are too many to tell apart.
fn class(graph: &Graph, node: usize) -> String {
    let copy = graph.nodes[node].copy.filter(|copy| copy.repository < COLORS);
    copy.map(|copy| format!("c{}", copy.repository)).unwrap_or_default()
}
