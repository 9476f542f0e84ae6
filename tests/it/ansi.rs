//! What a terminal would show, as a picture: text with colours to SVG.

use std::fmt::Write as _;

const WIDTH: f64 = 7.8;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 16.0;

/// A terminal with light text on dark. Each run of characters has its own place, so that lines which are drawn with
/// characters meet whatever the font.
const STYLE: &str = "\
text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, \"DejaVu Sans Mono\", monospace; font-size: 13px; fill: #d1d7e0; white-space: pre }
.b { font-weight: bold }
.d { fill: #8b949e }
.u { text-decoration: underline }
.c31 { fill: #ff7b72 }
.c32 { fill: #7ee787 }
.c33 { fill: #e3b341 }
.c34 { fill: #79c0ff }
.c35 { fill: #d2a8ff }
.c36 { fill: #56d4dd }
.prompt { fill: #7ee787 }
";

/// How characters look: the classes of [`STYLE`].
#[derive(Clone, Default, PartialEq, Eq)]
struct Face {
    bold: bool,
    dim: bool,
    underlined: bool,
    color: Option<u8>,
}

impl Face {
    fn class(&self) -> String {
        let marks = [(self.bold, "b"), (self.dim, "d"), (self.underlined, "u")];
        let mut classes: Vec<String> = marks.iter().filter(|(on, _)| *on).map(|(_, name)| (*name).to_owned()).collect();
        classes.extend(self.color.map(|color| format!("c{color}")));
        classes.join(" ")
    }

    /// Applies a sequence `ESC [ … m`.
    fn apply(&mut self, codes: &str) {
        for code in codes.split(';') {
            match code.parse().unwrap_or(0) {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                4 => self.underlined = true,
                22 => (self.bold, self.dim) = (false, false),
                24 => self.underlined = false,
                39 => self.color = None,
                color @ 31..=36 => self.color = Some(color),
                other => panic!("{other} is not drawn"),
            }
        }
    }
}

/// The runs of a line: where they begin, how they look, and what they say.
fn runs(line: &str) -> Vec<(usize, Face, String)> {
    let (mut runs, mut face, mut column) = (Vec::<(usize, Face, String)>::new(), Face::default(), 0);
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        if let Some(sequence) = rest.strip_prefix("\u{1b}[") {
            let (codes, after) = sequence.split_once('m').expect("only colours");
            face.apply(codes);
            rest = after;
            continue;
        }
        assert!(!character.is_control(), "{line:?}");
        match runs.last_mut() {
            Some((_, last, text)) if *last == face => text.push(character),
            _ => runs.push((column, face.clone(), character.to_string())),
        }
        column += 1;
        rest = &rest[character.len_utf8()..];
    }
    runs
}

#[expect(clippy::cast_precision_loss, reason = "a terminal is small")]
fn place(count: usize, size: f64) -> f64 {
    MARGIN + count as f64 * size
}

/// A picture of a terminal with these lines; `title` is for those who do not see it.
pub(crate) fn to_svg(title: &str, text: &str) -> String {
    let lines: Vec<_> = text.lines().map(runs).collect();
    let columns = lines.iter().flatten().map(|(column, _, text)| column + text.chars().count()).max().unwrap_or(0);
    let (width, height) = (place(columns, WIDTH) + MARGIN, place(lines.len(), HEIGHT) + MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-labelledby=\"title\" xml:space=\"preserve\">\n<title id=\"title\">{title}</title>\n\
         <style>\n{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n"
    );
    for (number, line) in lines.iter().enumerate() {
        for (column, face, text) in line.iter().filter(|(_, _, text)| !text.trim().is_empty()) {
            let indent = text.chars().take_while(|character| *character == ' ').count();
            let (x, y) = (place(column + indent, WIDTH), place(number, HEIGHT) + 13.0);
            let text = text.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let class = if text == "$" { "prompt".to_owned() } else { face.class() };
            let class = if class.is_empty() { class } else { format!(" class=\"{class}\"") };
            let _ = writeln!(svg, "<text{class} x=\"{x:.1}\" y=\"{y:.0}\">{text}</text>");
        }
    }
    svg + "</svg>\n"
}
