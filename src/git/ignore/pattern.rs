//! One line of an ignore file, and a file of them: git's `dir.c`, `parse_path_pattern` and what follows.

use super::wildmatch::{self, Flags};

/// Larger ignore files are not read, as in git.
pub(super) const MAX_FILE: u64 = 100 << 20;

/// A pattern as an ignore file states it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "git's flags of a pattern, each on its own")]
struct Pattern {
    /// Without the leading `!` and the trailing `/`.
    text: Vec<u8>,
    negative: bool,
    directories_only: bool,
    /// No slash inside: matches the last component alone.
    basename: bool,
    /// `*` and then nothing special.
    ends_with: bool,
    /// How many bytes come before the first special one.
    literal: usize,
    line: usize,
}

/// The patterns of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct PatternFile {
    /// As git names it.
    pub(super) source: Vec<u8>,
    /// The directory whose file it is, without a trailing slash; empty for the root and for files of no directory.
    base: Vec<u8>,
    patterns: Vec<Pattern>,
}

/// What the last matching pattern says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) ignored: bool,
    pub(super) line: usize,
    /// As git shows it.
    pub(super) pattern: Vec<u8>,
}

impl PatternFile {
    /// Takes the content of an ignore file.
    pub(super) fn new(source: Vec<u8>, base: Vec<u8>, content: &[u8]) -> Self {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let mut lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
        if lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        let patterns = lines.into_iter().enumerate().filter_map(|(index, line)| Pattern::parse(line, index + 1));
        Self { source, base, patterns: patterns.collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The last pattern that matches `path`, which lies below this file's directory.
    pub(super) fn decide(&self, path: &[u8], is_directory: bool, fold: bool) -> Option<Decision> {
        let basename = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let applies = |pattern: &&Pattern| {
            if pattern.directories_only && !is_directory {
                return false;
            }
            if pattern.basename { pattern.matches_name(basename, fold) } else { self.matches_path(pattern, path, fold) }
        };
        let pattern = self.patterns.iter().rev().find(applies)?;
        Some(Decision { ignored: !pattern.negative, line: pattern.line, pattern: pattern.shown() })
    }

    fn matches_path(&self, pattern: &Pattern, path: &[u8], fold: bool) -> bool {
        let (mut text, mut literal) = (pattern.text.as_slice(), pattern.literal);
        if let Some(rest) = text.strip_prefix(b"/") {
            (text, literal) = (rest, literal.saturating_sub(1));
        }
        let name = if self.base.is_empty() {
            path
        } else {
            let Some((base, rest)) = path.split_at_checked(self.base.len()) else { return false };
            let Some(name) = rest.strip_prefix(b"/") else { return false };
            if !same(base, &self.base, fold) {
                return false;
            }
            name
        };
        let (Some((start, pattern)), Some((begin, name))) =
            (text.split_at_checked(literal), name.split_at_checked(literal))
        else {
            return false;
        };
        if !same(start, begin, fold) {
            return false;
        }
        (pattern.is_empty() && name.is_empty()) || wildmatch::matches(pattern, name, Flags { pathname: true, fold })
    }
}

impl Pattern {
    fn parse(line: &[u8], number: usize) -> Option<Self> {
        if line.is_empty() || line[0] == b'#' {
            return None;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // git keeps lines as C strings.
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let line = trim_trailing_spaces(line);
        let (negative, rest) = match line.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (directories_only, text) = match rest.strip_suffix(b"/") {
            Some(text) => (true, text),
            None => (false, rest),
        };
        let ends_with = rest.strip_prefix(b"*").is_some_and(|tail| !tail.iter().any(|byte| is_special(*byte)));
        Some(Self {
            negative,
            directories_only,
            basename: !text.contains(&b'/'),
            ends_with,
            literal: text.iter().position(|byte| is_special(*byte)).unwrap_or(text.len()),
            text: text.to_vec(),
            line: number,
        })
    }

    fn matches_name(&self, name: &[u8], fold: bool) -> bool {
        if self.literal == self.text.len() {
            same(&self.text, name, fold)
        } else if self.ends_with {
            let tail = self.text.get(1..).unwrap_or_default();
            name.len() >= tail.len() && same(tail, &name[name.len() - tail.len()..], fold)
        } else {
            wildmatch::matches(&self.text, name, Flags { pathname: false, fold })
        }
    }

    fn shown(&self) -> Vec<u8> {
        let (bang, slash) = (if self.negative { "!" } else { "" }, if self.directories_only { "/" } else { "" });
        [bang.as_bytes(), &self.text, slash.as_bytes()].concat()
    }
}

fn same(a: &[u8], b: &[u8], fold: bool) -> bool {
    if fold { a.eq_ignore_ascii_case(b) } else { a == b }
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'\\')
}

/// Spaces at the end go, unless a backslash stands before the first of them.
fn trim_trailing_spaces(line: &[u8]) -> &[u8] {
    let mut last_space = None;
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        match byte {
            b' ' => {
                last_space.get_or_insert(at);
            }
            b'\\' => {
                at += 1;
                if at >= line.len() {
                    return line;
                }
                last_space = None;
            }
            _ => last_space = None,
        }
        at += 1;
    }
    last_space.map_or(line, |end| &line[..end])
}
