//! One pass over the bytes of a Nix file.
//!
//! Comments, strings, indented strings, interpolations in strings and in paths are told apart as Nix's lexer does;
//! everything else is skipped. No recursion: what is open stands on a stack.

mod paths;
mod texts;

use memchr::{memchr2, memmem};

use super::token::{Lookahead, Start, begins_name, is_interpolation, is_separator, is_space, run};
use super::{Before, Mention, Origin, blocks, words};
use crate::flake::blocks::spaces_end;
use crate::source::Span;

/// What one pass finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Every path named, in the order in which they end.
    pub mentions: Vec<Mention>,
    /// Whether the file asks what a directory holds: `readDir` or one of the helpers that import a tree they are given.
    pub lists_directories: bool,
    /// Whether it names a framework that takes in the flake's whole tree by its own conventions.
    pub takes_all: bool,
}

/// Finds the paths that a file names. Never fails: what is no Nix at all yields what looks like paths.
#[must_use]
pub fn scan(bytes: &[u8]) -> Scan {
    let mut scanner = Scanner {
        bytes,
        at: 0,
        frames: Vec::new(),
        pending: None,
        last: Last::Nothing,
        names_inputs: false,
        lookahead: Lookahead::default(),
        scan: Scan::default(),
    };
    while scanner.at < bytes.len() {
        scanner.step();
    }
    scanner.flush();
    scanner.scan
}

/// What is open around the current place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Text { indented: bool },
    Interpolation,
    Path { mention: Mention },
    Braces,
    List,
    Parentheses,
}

/// The token before the current place, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// None: the beginning of the file or of an interpolation.
    Nothing,
    Import,
    Append,
    Name,
    Dot,
    Other,
}

/// A base that the next tokens may add to.
#[derive(Clone, Copy)]
struct Pending {
    mention: Mention,
    stage: Stage,
    /// Nothing stands before it in its interpolation.
    first: bool,
    /// It is the first argument of `append`.
    append: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A path literal or `self`.
    Base,
    /// `self.`
    Dotted,
    /// A base and `+`.
    Plus,
    /// A base with its suffix.
    Whole,
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    frames: Vec<Frame>,
    pending: Option<Pending>,
    last: Last,
    /// The chain of names and dots that ends here is `inputs` or `….inputs`.
    names_inputs: bool,
    lookahead: Lookahead,
    scan: Scan,
}

impl Scanner<'_> {
    fn step(&mut self) {
        match self.frames.last() {
            Some(Frame::Text { indented: false }) => self.text(),
            Some(Frame::Text { indented: true }) => self.indented_text(),
            Some(Frame::Path { mention }) => self.path_part(*mention),
            _ => self.code(),
        }
    }

    /// Code, up to where a text or a path begins or goes on.
    fn code(&mut self) {
        loop {
            if self.pending.is_none() {
                self.pass_over();
            }
            let Some(byte) = self.bytes.get(self.at).copied() else { return };
            self.piece(byte);
            if matches!(self.frames.last(), Some(Frame::Text { .. } | Frame::Path { .. })) {
                return;
            }
        }
    }

    /// Passes over what neither is a path nor decides about one, with nothing pending: blanks, names that nobody looks
    /// for, the dots between them, strings without anything in them, brackets, and what stands between values. Most of
    /// every file is that; [`Scanner::piece`] would do the same.
    fn pass_over(&mut self) {
        let bytes = self.bytes;
        let (mut at, mut last, mut names_inputs) = (self.at, self.last, self.names_inputs);
        while let Some(byte) = bytes.get(at).copied() {
            if is_space(byte) {
                // Lines are indented.
                at = if byte == b'\n' { spaces_end(bytes, at + 1) } else { at + 1 };
            } else if begins_name(byte) {
                let end = blocks::name_end(bytes, at + 1);
                let is_name = match bytes.get(end) {
                    Some(b'.') => self.lookahead.is_plain(bytes, at),
                    Some(b'+' | b'/' | b':') => false,
                    _ => true,
                };
                if !is_name || words::may_matter(&bytes[at..end]) {
                    break;
                }
                (at, last, names_inputs) = (end, Last::Name, false);
            } else if is_separator(byte) {
                (at, last, names_inputs) = (at + 1, Last::Other, false);
            } else if byte == b'.'
                && bytes.get(at + 1).is_some_and(|next| begins_name(*next))
                && self.lookahead.is_plain(bytes, at)
            {
                (at, last) = (at + 1, Last::Dot);
            } else {
                let next = match (byte, self.frames.last()) {
                    (b'"', _) => match blocks::plain_end(bytes, at + 1) {
                        end if bytes.get(end) == Some(&b'"') => end + 1,
                        _ => break,
                    },
                    (b'{', _) => {
                        self.frames.push(Frame::Braces);
                        at + 1
                    }
                    (b'[', _) => {
                        self.frames.push(Frame::List);
                        at + 1
                    }
                    (b'}', Some(Frame::Braces)) | (b']', Some(Frame::List)) | (b')', Some(Frame::Parentheses)) => {
                        self.frames.pop();
                        at + 1
                    }
                    _ => break,
                };
                (at, last, names_inputs) = (next, Last::Other, false);
            }
        }
        (self.at, self.last, self.names_inputs) = (at, last, names_inputs);
    }

    fn piece(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.at = run(self.bytes, self.at + 1, is_space),
            _ if begins_name(byte) => self.word(),
            // Nix ends a comment at either; what follows of a line's end is blank.
            b'#' => self.at = self.find(|rest| memchr2(b'\n', b'\r', rest)),
            b'/' if self.bytes.get(self.at + 1) == Some(&b'*') => self.block_comment(),
            b'"' => self.string(),
            b'\'' if self.bytes.get(self.at + 1) == Some(&b'\'') => {
                self.flush();
                self.at += 2;
                self.frames.push(Frame::Text { indented: true });
            }
            b'$' if is_interpolation(self.bytes, self.at) => {
                self.flush();
                self.open(Frame::Interpolation, 2);
            }
            _ if is_separator(byte) => self.operator(1),
            b'{' => self.open_bracket(Frame::Braces),
            b'[' => self.open_bracket(Frame::List),
            b'(' => self.open_bracket(Frame::Parentheses),
            b'}' => self.close_brace(),
            b']' => self.close_bracket(Frame::List),
            b')' => self.close_bracket(Frame::Parentheses),
            _ => self.token(),
        }
    }

    /// A name, or a path or a URI that begins like one.
    fn word(&mut self) {
        let end = blocks::name_end(self.bytes, self.at + 1);
        // Most names end the run of bytes that paths have, too, or hold a quote, which does: no path and no URI goes on.
        match self.bytes.get(end) {
            Some(b'.' | b'+' | b'/' | b':') => self.token(),
            _ => self.identifier(end),
        }
    }

    fn token(&mut self) {
        let at = self.at;
        match self.lookahead.start(self.bytes, at) {
            Start::Relative => self.begin_path(Origin::File),
            Start::Absolute => self.begin_path(Origin::Absolute),
            Start::Home => self.begin_path(Origin::Home),
            Start::Search(end) => {
                self.flush();
                let span = Span::new(at, end);
                let before = self.before();
                self.scan.mentions.push(mention(Origin::Search, span, before));
                self.advance(end, Last::Other);
            }
            Start::Uri(end) | Start::Number(end) => {
                self.flush();
                self.advance(end, Last::Other);
            }
            Start::Identifier(end) => self.identifier(end),
            Start::Other(length) => self.operator(length),
        }
    }

    fn identifier(&mut self, end: usize) {
        let name = self.bytes.get(self.at..end).unwrap_or_default();
        if self.pending.is_none() && !words::may_matter(name) {
            (self.at, self.last, self.names_inputs) = (end, Last::Name, false);
            return;
        }
        let span = Span::new(self.at, end);
        let behind_dot = self.last == Last::Dot;
        if let Some(pending) = &mut self.pending
            && pending.stage == Stage::Dotted
            && name == b"outPath"
        {
            pending.stage = Stage::Base;
            pending.mention.span.end = end;
            return self.advance(end, Last::Name);
        }
        self.flush();
        let first = self.last == Last::Nothing || (behind_dot && self.names_inputs);
        if name == b"self" && (!behind_dot || self.names_inputs) {
            let mention = Mention { text: Span::at(self.at), ..mention(Origin::Flake, span, self.before()) };
            self.pending = Some(Pending { mention, stage: Stage::Base, first, append: self.last == Last::Append });
        }
        self.names_inputs = name == b"inputs";
        self.scan.lists_directories |= words::is_listing(name);
        self.scan.takes_all |= words::is_framework(name);
        let last = if words::is_import(name) {
            Last::Import
        } else if name == b"append" {
            Last::Append
        } else {
            Last::Name
        };
        self.advance(end, last);
    }

    fn operator(&mut self, length: usize) {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        let last = if byte == b'.' && length == 1 { Last::Dot } else { Last::Other };
        match &mut self.pending {
            Some(pending) if byte == b'+' && length == 1 && pending.stage == Stage::Base => {
                pending.stage = Stage::Plus;
            }
            Some(pending) if byte == b'+' && length == 1 => {
                pending.mention.open = true;
                self.flush();
            }
            Some(pending)
                if last == Last::Dot && pending.stage == Stage::Base && pending.mention.origin == Origin::Flake =>
            {
                pending.stage = Stage::Dotted;
            }
            _ => self.flush(),
        }
        self.at += length;
        if last != Last::Dot {
            self.names_inputs = false;
        }
        self.last = last;
    }

    /// Where a search of the bytes from here on finds something; the end where it does not.
    fn find(&self, search: impl Fn(&[u8]) -> Option<usize>) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at + search(rest).unwrap_or(rest.len())
    }

    fn open(&mut self, frame: Frame, length: usize) {
        self.frames.push(frame);
        self.names_inputs = false;
        self.at += length;
        self.last = Last::Nothing;
    }

    fn open_bracket(&mut self, frame: Frame) {
        self.flush();
        self.frames.push(frame);
        // `import (./a + "/b")` imports what `import ./a/b` does.
        let is_import = frame == Frame::Parentheses && self.last == Last::Import;
        self.advance(self.at + 1, if is_import { Last::Import } else { Last::Other });
        self.names_inputs = false;
    }

    fn close_bracket(&mut self, frame: Frame) {
        self.flush();
        if self.frames.last() == Some(&frame) {
            self.frames.pop();
        }
        self.advance(self.at + 1, Last::Other);
    }

    fn close_brace(&mut self) {
        while matches!(self.frames.last(), Some(Frame::List | Frame::Parentheses)) {
            self.frames.pop();
        }
        let closed = self.frames.pop();
        let start = self.at;
        self.at += 1;
        if closed == Some(Frame::Interpolation) && matches!(self.frames.last(), Some(Frame::Text { .. })) {
            self.interpolated_base(start);
        } else {
            self.flush();
        }
        self.last = Last::Other;
        self.names_inputs = false;
    }

    fn block_comment(&mut self) {
        let rest = self.bytes.get(self.at + 2..).unwrap_or_default();
        let length = memmem::find(rest, b"*/").map_or(rest.len(), |index| index + 2);
        self.at += 2 + length;
    }

    fn before(&self) -> Before {
        match self.last {
            Last::Import => Before::Import,
            _ if self.frames.last() == Some(&Frame::List) => Before::List,
            _ => Before::Other,
        }
    }

    fn advance(&mut self, to: usize, last: Last) {
        self.at = to;
        if last == Last::Other {
            self.names_inputs = false;
        }
        self.last = last;
    }

    /// Takes the pending base as it is. There is one before a few tokens only.
    #[inline]
    fn flush(&mut self) {
        if self.pending.is_some() {
            self.take_pending();
        }
    }

    #[cold]
    fn take_pending(&mut self) {
        let Some(Pending { mut mention, stage, .. }) = self.pending.take() else { return };
        if mention.origin == Origin::Flake && mention.suffix.is_none() {
            return;
        }
        mention.open |= stage == Stage::Plus;
        self.scan.mentions.push(mention);
    }
}

const fn mention(origin: Origin, span: Span, before: Before) -> Mention {
    Mention { origin, span, text: span, suffix: None, open: false, before, is_text: false }
}
