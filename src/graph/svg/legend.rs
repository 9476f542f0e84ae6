//! Which colour is which repository, above the picture.

use std::fmt::Write as _;

use super::text::{pixels, shorten, xml};
use super::{COLORS, LINE, MARGIN, SMALL};
use crate::graph::Graph;
use crate::text::escape;

/// Characters that the name of a repository may have.
const MAX_NAME: usize = 46;

/// The legend, drawn.
pub(super) struct Legend {
    pub(super) text: String,
    pub(super) height: f64,
}

impl Legend {
    pub(super) fn of(graph: &Graph, width: f64) -> Self {
        let mut text = String::new();
        let (mut left, mut base) = (MARGIN, MARGIN + 10.0);
        for (index, copied) in graph.copied.iter().enumerate().take(COLORS) {
            let name = shorten(&escape(&copied.name), MAX_NAME);
            let label = format!("{} × {name}", copied.number);
            let room = pixels(&label, SMALL) + 18.0;
            if left > MARGIN && left + room > width - MARGIN {
                left = MARGIN;
                base += LINE + 4.0;
            }
            let (box_top, text_left) = (base - 9.5, left + 16.0);
            let _ = writeln!(
                text,
                "<rect class=\"box c{index}\" x=\"{left:.0}\" y=\"{box_top:.1}\" width=\"11\" height=\"11\" rx=\"2\"/>\
                 <text x=\"{text_left:.0}\" y=\"{base:.0}\">{}</text>",
                xml(&label)
            );
            left += room + 16.0;
        }
        let height = if graph.copied.is_empty() { 0.0 } else { base - MARGIN + 18.0 };
        Self { text, height }
    }
}
