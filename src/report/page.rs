//! A rule's page on a terminal: headings stand out, paragraphs fill the width, code is indented.
//!
//! Knows the Markdown of the pages and no more: headings, paragraphs, lists, fences, and in a line code, bold text and
//! links.

use super::{Style, link};

const BOLD: &str = "1";
const TITLE: &str = "1;4";
const DIM: &str = "2";
const CODE: &str = "35";
const LINK: &str = "4";

/// How wide lines may be: longer ones are hard to read.
const MAX_WIDTH: usize = 100;

/// Renders a page.
#[must_use]
pub fn render(markdown: &str, style: Style) -> String {
    let mut page = Page { style, text: String::new(), paragraph: String::new(), is_item: false };
    let mut in_code = false;
    for line in markdown.lines() {
        if let Some(info) = line.strip_prefix("```") {
            page.flush();
            in_code = !in_code;
            page.fence(in_code, info);
        } else if in_code {
            page.code(line);
        } else {
            page.line(line);
        }
    }
    page.flush();
    page.text
}

/// Breaks a text into lines of at most `width` characters, at spaces.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let glyphs: Vec<Glyph> = text.chars().map(|character| Glyph { character, face: Face::Plain }).collect();
    let lines = lines(&glyphs, width);
    lines.iter().map(|line| line.iter().map(|glyph| glyph.character).collect()).collect()
}

struct Page {
    style: Style,
    text: String,
    /// The lines of the paragraph or list item under way, joined.
    paragraph: String,
    is_item: bool,
}

/// How a character looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Face {
    Plain,
    Bold,
    Code,
    /// Part of a link, by number.
    Link(usize),
}

#[derive(Clone, Copy)]
struct Glyph {
    character: char,
    face: Face,
}

impl Page {
    fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// An empty line, unless there is one.
    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        let heading = line.trim_start_matches('#');
        if line.starts_with('#') && heading.starts_with(' ') {
            self.flush();
            self.space();
            let color = if line.starts_with("# ") { TITLE } else { BOLD };
            let heading = self.style.paint(color, heading.trim());
            self.push(&heading);
        } else if line.trim().is_empty() {
            self.flush();
            self.space();
        } else if let Some(item) = line.strip_prefix("- ") {
            self.flush();
            self.is_item = true;
            item.clone_into(&mut self.paragraph);
        } else {
            if !self.paragraph.is_empty() {
                self.paragraph.push(' ');
            }
            self.paragraph.push_str(line.trim());
        }
    }

    /// Above a fence stands the file that it is, below it nothing.
    fn fence(&mut self, begins: bool, info: &str) {
        if begins {
            let file = info.split_whitespace().skip(1).collect::<Vec<_>>().join(", ");
            let label = if file.is_empty() { String::new() } else { format!("  {}", self.style.paint(DIM, &file)) };
            self.space();
            if !label.is_empty() {
                self.push(&label);
            }
        } else {
            self.space();
        }
    }

    fn code(&mut self, line: &str) {
        let line = format!("    {line}");
        self.push(&line);
    }

    /// Writes the paragraph that is complete now.
    fn flush(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let is_item = std::mem::take(&mut self.is_item);
        if paragraph.is_empty() {
            return;
        }
        let (glyphs, addresses) = self.inline(&paragraph);
        let (first, rest) = if is_item { ("  • ", "    ") } else { ("", "") };
        let width = self.style.width.min(MAX_WIDTH).saturating_sub(rest.len());
        for (number, line) in lines(&glyphs, width).into_iter().enumerate() {
            let mut text = if number == 0 { first } else { rest }.to_owned();
            for run in line.chunk_by(|a, b| a.face == b.face) {
                let words: String = run.iter().map(|glyph| glyph.character).collect();
                text.push_str(&match run[0].face {
                    Face::Plain => words,
                    Face::Bold => self.style.paint(BOLD, &words),
                    Face::Code => self.style.paint(CODE, &words),
                    Face::Link(index) => self.link(&words, addresses.get(index).map_or("", String::as_str)),
                });
            }
            self.push(&text);
        }
    }

    fn link(&self, words: &str, address: &str) -> String {
        let words = self.style.paint(LINK, words);
        if self.style.links { link(address, &words) } else { words }
    }

    /// The characters of a paragraph with their looks, and where its links lead. Where the terminal has no links, the
    /// address stands behind the text.
    fn inline(&self, text: &str) -> (Vec<Glyph>, Vec<String>) {
        let (mut glyphs, mut addresses) = (Vec::new(), Vec::new());
        let mut rest = text;
        while !rest.is_empty() {
            if let Some((words, address, after)) = link_at(rest) {
                let face = if self.style.links { Face::Link(addresses.len()) } else { Face::Plain };
                glyphs.extend(words.chars().filter(|c| *c != '`').map(|character| Glyph { character, face }));
                if !self.style.links {
                    let shown = format!(" <{address}>");
                    glyphs.extend(shown.chars().map(|character| Glyph { character, face: Face::Plain }));
                }
                addresses.push(address.to_owned());
                rest = after;
                continue;
            }
            let marked = marked(rest, "`", Face::Code).or_else(|| marked(rest, "**", Face::Bold));
            if let Some((words, face, after)) = marked {
                glyphs.extend(words.chars().map(|character| Glyph { character, face }));
                rest = after;
                continue;
            }
            let mut characters = rest.chars();
            glyphs.extend(characters.next().map(|character| Glyph { character, face: Face::Plain }));
            rest = characters.as_str();
        }
        (glyphs, addresses)
    }
}

/// A text between two marks at the start of `text`, and what comes after.
fn marked<'t>(text: &'t str, mark: &str, face: Face) -> Option<(&'t str, Face, &'t str)> {
    let (words, after) = text.strip_prefix(mark)?.split_once(mark)?;
    Some((words, face, after))
}

/// A link at the start of `text`: its words, its address, and what comes after.
fn link_at(text: &str) -> Option<(&str, &str, &str)> {
    let (words, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (address, after) = rest.split_once(')')?;
    (!words.contains(']')).then_some((words, address, after))
}

/// Breaks at spaces. A word that is longer than a line stands alone.
fn lines(glyphs: &[Glyph], width: usize) -> Vec<Vec<Glyph>> {
    let mut lines: Vec<Vec<Glyph>> = Vec::new();
    for word in glyphs.split(|glyph| glyph.character == ' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                // A space between two words of one look has that look, so that code and links are not cut up.
                let face =
                    if line.last().map(|glyph| glyph.face) == Some(word[0].face) { word[0].face } else { Face::Plain };
                line.push(Glyph { character: ' ', face });
                line.extend_from_slice(word);
            }
            _ => lines.push(word.to_vec()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { color: false, links: false, terminal: true, width: 40, quiet: false };
    const PAGE: &str = "# a-rule\n\n## What it does\nFinds `things` that are not\nwhere they should be, and says so.\n\n\
                        ## Example\n```nix a.nix untracked\n{\n  a = 1;\n}\n```\n\n## References\n\
                        - [Nix's `manual`](https://nix.dev) on things\n- others\n";

    #[test]
    fn plain_on_a_terminal_without_colours() {
        expect_test::expect![[r"
            a-rule

            What it does
            Finds things that are not where they
            should be, and says so.

            Example

              a.nix, untracked
                {
                  a = 1;
                }

            References
              • Nix's manual <https://nix.dev> on
                things
              • others
        "]]
        .assert_eq(&render(PAGE, STYLE));
    }

    #[test]
    fn colours_and_links() {
        let text = render(PAGE, Style { color: true, links: true, ..STYLE });
        assert!(text.starts_with("\u{1b}[1;4ma-rule\u{1b}[0m\n"), "{text:?}");
        assert!(text.contains("\u{1b}[35mthings\u{1b}[0m"), "{text:?}");
        let linked = "\u{1b}]8;;https://nix.dev\u{1b}\\\u{1b}[4mNix's manual\u{1b}[0m\u{1b}]8;;\u{1b}\\ on";
        assert!(text.contains(linked), "{text:?}");
    }

    #[test]
    fn every_page_is_rendered_whole() {
        for rule in crate::rules::RULES {
            let text = render(rule.docs, STYLE);
            assert!(!text.contains("```") && !text.contains("]("), "{text}");
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            assert!(letters(&text) * 10 > letters(rule.docs) * 9, "{}", rule.name);
        }
    }
}
