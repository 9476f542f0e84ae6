//! Text with positions.
//!
//! Everything inside preflake speaks in byte [`Span`]s; lines and columns exist only where a reporter prints them.
//! Nix reads files as bytes, so a file that is not UTF-8 is still a file: [`SourceFile::text`] replaces each byte that
//! is not part of a valid character by one placeholder byte, which keeps every offset true.

use std::cell::{Cell, OnceCell};

use crate::snapshot::RepoPath;

/// A half-open range of bytes, counted from 0, in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, but not including, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// An empty span at `offset`.
    #[must_use]
    pub const fn at(offset: usize) -> Self {
        Self { start: offset, end: offset }
    }

    /// Number of bytes covered.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span covers nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether every byte of `other` is in `self`.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place in the file it was read from.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a value and its place together.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A place as people count: lines and columns from 1, columns in Unicode scalar values, the offset in bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in Unicode scalar values.
    pub column: usize,
    /// Offset in bytes, from 0.
    pub offset: usize,
}

/// One file of the view with its content.
#[derive(Debug)]
pub struct SourceFile {
    path: RepoPath,
    content: Content,
    line_starts: OnceCell<Vec<usize>>,
    /// The place asked for last: of a long line, the next is counted from there.
    last: Cell<Position>,
}

#[derive(Debug)]
enum Content {
    Text(String),
    /// What is not UTF-8, and see [`SourceFile::text`].
    Bytes(Vec<u8>, String),
}

impl SourceFile {
    /// The placeholder for a byte that is not part of a valid UTF-8 character: ASCII "substitute".
    pub const REPLACEMENT: char = '\u{1a}';

    /// Takes a file's path and content.
    #[must_use]
    pub fn new(path: RepoPath, bytes: Vec<u8>) -> Self {
        let content = String::from_utf8(bytes).map_or_else(
            |error| {
                let bytes = error.into_bytes();
                let text = replace_invalid(&bytes);
                Content::Bytes(bytes, text)
            },
            Content::Text,
        );
        let last = Cell::new(Position { line: 1, column: 1, offset: 0 });
        Self { path, content, line_starts: OnceCell::new(), last }
    }

    /// The file's path in the repository.
    #[must_use]
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// The content as stored.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Text(text) => text.as_bytes(),
            Content::Bytes(bytes, _) => bytes,
        }
    }

    /// The content as text of the same length in bytes: offsets into it are offsets into [`SourceFile::bytes`].
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.content {
            Content::Text(text) | Content::Bytes(_, text) => text,
        }
    }

    /// Whether the content is valid UTF-8.
    #[must_use]
    pub const fn is_utf8(&self) -> bool {
        matches!(self.content, Content::Text(_))
    }

    /// Line and column of a byte offset; an offset past the end, or inside a character, counts as the next boundary
    /// before it.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let text = self.text();
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset);
        let last = self.last.get();
        let is_further = last.line == line && last.offset <= offset;
        let (start, before) = if is_further { (last.offset, last.column) } else { (starts[line - 1], 1) };
        let position = Position { line, column: before + text[start..offset].chars().count(), offset };
        self.last.set(position);
        position
    }

    /// The number of the line that holds `offset`, from 1.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts().partition_point(|start| *start <= offset)
    }

    /// The line that holds `offset`, without its line ending, as a span.
    #[must_use]
    pub fn line_span(&self, offset: usize) -> Span {
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset.min(self.text().len()));
        let start = starts[line - 1];
        let end = starts.get(line).copied().unwrap_or(self.text().len());
        let trimmed = self.text()[start..end].trim_end_matches(['\n', '\r']);
        Span::new(start, start + trimmed.len())
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let after_newline = |(index, byte): (usize, &u8)| (*byte == b'\n').then_some(index + 1);
            std::iter::once(0).chain(self.bytes().iter().enumerate().filter_map(after_newline)).collect()
        })
    }
}

fn replace_invalid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n(SourceFile::REPLACEMENT, chunk.invalid().len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> SourceFile {
        SourceFile::new(RepoPath::new("flake.nix"), text.to_vec())
    }

    #[test]
    fn columns_count_characters_and_offsets_bytes() {
        let file = file("a\nüb\n".as_bytes());
        assert_eq!(file.position(4), Position { line: 2, column: 2, offset: 4 });
        assert_eq!(file.position(99), Position { line: 3, column: 1, offset: 6 });
        // In whatever order they are asked for.
        for (offset, column) in [(2, 1), (5, 3), (4, 2), (3, 1), (5, 3)] {
            assert_eq!((file.position(offset).line, file.position(offset).column), (2, column), "{offset}");
        }
    }

    #[test]
    fn invalid_bytes_keep_every_offset() {
        let file = file(b"# \xff\xfe caf\xe9\nx");
        assert_eq!(file.text().len(), file.bytes().len());
        assert_eq!(file.position(10).line, 2);
    }

    #[test]
    fn line_span_leaves_the_line_ending_out() {
        let file = file(b"ab\r\ncd");
        assert_eq!(file.line_span(1), Span::new(0, 2));
        assert_eq!(file.line_span(5), Span::new(4, 6));
    }
}
