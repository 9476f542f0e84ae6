//! Excerpts of files for pictures: each found by the line table, so that a report is linear in its findings however
//! large the file is.

use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::source::SourceFile;
use crate::text::escape;

/// A line longer than this is not shown: nobody reads a minified lock.
const MAX_LINE: usize = 400;

/// A file as it may be shown: its name, its text with everything that a terminal would act on replaced byte for byte,
/// and where its lines begin.
#[derive(Debug)]
pub(super) struct Shown {
    name: String,
    text: String,
    line_starts: Vec<usize>,
}

impl Shown {
    /// Prepares a file.
    pub(super) fn new(source: &SourceFile) -> Self {
        let text = harmless(source.text());
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(newlines).collect();
        Self { name: source.path().to_string(), text, line_starts }
    }

    /// Whether the line at an offset, and the one on either side of it, are short enough to be shown.
    pub(super) fn is_readable_at(&self, offset: usize) -> bool {
        let line = self.line_of(offset);
        (line.saturating_sub(1)..=line + 1).all(|line| self.start_of(line + 1) - self.start_of(line) <= MAX_LINE)
    }

    /// The line, from 0, that holds an offset.
    fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset.min(self.text.len())).saturating_sub(1)
    }

    /// Where a line begins; the end of the text behind the last.
    fn start_of(&self, line: usize) -> usize {
        self.line_starts.get(line).copied().unwrap_or(self.text.len())
    }
}

/// A shared [`Shown`], as miette wants it.
#[derive(Clone, Debug)]
pub(super) struct Excerpt(pub(super) Arc<Shown>);

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let shown = &self.0;
        let (first, last) = (span.offset(), span.offset() + span.len());
        if last > shown.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let line = shown.line_of(first).saturating_sub(before);
        // Without lines before it, an excerpt begins at the span itself.
        let start = if before == 0 { first } else { shown.start_of(line) };
        let column = shown.text.get(shown.start_of(line)..start).map_or(0, |text| text.chars().count());
        let last_line = shown.line_of(last.saturating_sub(1).max(first)) + after;
        let end = shown.start_of(last_line + 1).max(last);
        let data = shown.text.as_bytes().get(start..end).ok_or(MietteError::OutOfBounds)?;
        let place = SourceSpan::from((start, end - start));
        Ok(Box::new(MietteSpanContents::new_named(shown.name.clone(), data, place, line, column, last_line)))
    }
}

/// Replaces every character that a terminal would act on by as many `?` as it has bytes.
fn harmless(text: &str) -> String {
    let safe = |character: char| {
        matches!(character, '\n' | '\t') || escape(character.encode_utf8(&mut [0; 4])).len() == character.len_utf8()
    };
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_graphic() || character == ' ' || safe(character) {
            clean.push(character);
        } else if character == '\r' {
            clean.push(' ');
        } else {
            clean.extend(std::iter::repeat_n('?', character.len_utf8()));
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::RepoPath;

    fn excerpt(text: &str) -> Excerpt {
        Excerpt(Arc::new(Shown::new(&SourceFile::new(RepoPath::new("flake.nix"), text.as_bytes().to_vec()))))
    }

    /// miette's own reader of whole texts is the oracle.
    #[test]
    fn reads_what_miette_reads() {
        let text = "a\nbc\n\ndéf\n  g\nh";
        let ours = excerpt(text);
        for start in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            for end in (start..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                if text[start..end].ends_with('\n') {
                    continue;
                }
                let span = SourceSpan::from((start, end - start));
                let (Ok(wanted), Ok(found)) = (text.read_span(&span, 1, 1), ours.read_span(&span, 1, 1)) else {
                    panic!("{start}..{end}");
                };
                let place = |contents: &dyn SpanContents<'_>| (contents.line(), contents.column());
                assert_eq!(place(&*found), place(&*wanted), "{start}..{end}");
                let visible = |contents: &dyn SpanContents<'_>| {
                    String::from_utf8_lossy(contents.data()).lines().map(str::to_owned).collect::<Vec<_>>()
                };
                let (found, wanted) = (visible(&*found), visible(&*wanted));
                assert!(found.starts_with(&wanted) && found.len() <= wanted.len() + 1, "{start}..{end}");
            }
        }
    }

    #[test]
    fn long_lines_are_not_shown() {
        let long = format!("short\n{}\nshort\nshort\n", "x".repeat(1_000));
        let shown = excerpt(&long).0;
        assert_eq!([0, 6, 1_010, 1_014].map(|at| shown.is_readable_at(at)), [false, false, false, true]);
    }

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_act_on() {
        assert_eq!(harmless("a\u{1b}[31m\r\n\tü\u{202e}"), "a?[31m \n\tü???");
    }
}
