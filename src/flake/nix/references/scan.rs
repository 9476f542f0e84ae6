//! One pass over the bytes of a Nix file.
//!
//! Comments, strings, indented strings, interpolations in strings and in paths are told apart as Nix's lexer does;
//! everything else is skipped. No recursion: what is open stands on a stack.

use memchr::{memchr, memchr2, memchr3};

use super::token::{Lookahead, Start, goes_on, is_identifier_byte, is_interpolation, is_path_byte, is_space, run};
use super::{Before, Mention, Origin, words};
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
        let depth = self.frames.len();
        while let Some(byte) = self.bytes.get(self.at).copied() {
            self.piece(byte);
            // Most tokens open and close nothing.
            if self.frames.len() != depth {
                return;
            }
        }
    }

    fn piece(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.at = run(self.bytes, self.at + 1, is_space),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'#' => self.at = self.find(|rest| memchr(b'\n', rest)),
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
            b'=' | b';' | b':' | b',' => self.operator(1),
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
        let end = run(self.bytes, self.at + 1, is_identifier_byte);
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

    fn begin_path(&mut self, origin: Origin) {
        if origin == Origin::Absolute && self.path_suffix() {
            return;
        }
        self.flush();
        let start = self.at + usize::from(origin == Origin::Home);
        let end = run(self.bytes, start, |byte| is_path_byte(byte) || byte == b'/');
        let mention = mention(origin, Span::new(self.at, end), self.before());
        self.at = end;
        self.path_end(mention);
    }

    /// `self + /x`, which means what `self + "/x"` means.
    fn path_suffix(&mut self) -> bool {
        let Some(mut pending) = self.pending.filter(|pending| pending.stage == Stage::Plus) else { return false };
        let end = run(self.bytes, self.at, |byte| is_path_byte(byte) || byte == b'/');
        if is_interpolation(self.bytes, end) {
            return false;
        }
        pending.mention.suffix = Some(Span::new(self.at, end));
        pending.mention.span.end = end;
        pending.stage = Stage::Whole;
        self.pending = Some(pending);
        self.advance(end, Last::Other);
        true
    }

    /// Behind a part of a path: more of it, or the end.
    fn path_part(&mut self, mut mention: Mention) {
        self.frames.pop();
        self.at = run(self.bytes, self.at, |byte| is_path_byte(byte) || byte == b'/');
        mention.span.end = self.at;
        self.path_end(mention);
    }

    fn path_end(&mut self, mut mention: Mention) {
        if is_interpolation(self.bytes, self.at) {
            mention.open = true;
            self.frames.push(Frame::Path { mention });
            self.open(Frame::Interpolation, 2);
            return;
        }
        let append = self.last == Last::Append;
        let first = self.last == Last::Nothing;
        self.last = Last::Other;
        self.names_inputs = false;
        if mention.open {
            self.scan.mentions.push(mention);
        } else {
            self.pending = Some(Pending { mention, stage: Stage::Base, first, append });
        }
    }

    /// At the opening quote of a string.
    fn string(&mut self) {
        if let Some(mut pending) = self.pending.take() {
            let appended = pending.append && pending.stage == Stage::Base;
            if appended || pending.stage == Stage::Plus {
                self.plain_suffix(&mut pending, appended);
                return;
            }
            self.pending = Some(pending);
            self.flush();
        }
        self.at += 1;
        self.frames.push(Frame::Text { indented: false });
    }

    /// A string behind `base +` or `append base`: as much of it as is plain.
    fn plain_suffix(&mut self, pending: &mut Pending, appended: bool) {
        let start = self.at + 1;
        let end = run(self.bytes, start, |byte| !matches!(byte, b'"' | b'$' | b'\\'));
        pending.mention.suffix = Some(Span::new(if appended { self.at } else { start }, end));
        pending.mention.span.end = (end + 1).min(self.bytes.len());
        if self.bytes.get(end) == Some(&b'"') {
            pending.stage = Stage::Whole;
            self.pending = Some(*pending);
            return self.advance(end + 1, Last::Other);
        }
        pending.mention.open = true;
        self.scan.mentions.push(pending.mention);
        self.at = start;
        self.frames.push(Frame::Text { indented: false });
    }

    fn text(&mut self) {
        self.at = self.find(|rest| memchr3(b'"', b'$', b'\\', rest));
        match self.bytes.get(self.at) {
            Some(b'"') => {
                self.frames.pop();
                self.advance(self.at + 1, Last::Other);
            }
            Some(b'\\') => self.at += 2,
            Some(_) => self.dollar(),
            None => {}
        }
    }

    fn indented_text(&mut self) {
        self.at = self.find(|rest| memchr2(b'\'', b'$', rest));
        let next = |ahead: usize| self.bytes.get(self.at + ahead).copied();
        match (next(0), next(1), next(2)) {
            (Some(b'\''), Some(b'\''), Some(b'\'' | b'$')) => self.at += 3,
            (Some(b'\''), Some(b'\''), Some(b'\\')) => self.at += 4,
            (Some(b'\''), Some(b'\''), _) => {
                self.frames.pop();
                self.advance(self.at + 2, Last::Other);
            }
            (Some(b'\''), ..) => self.at += 1,
            (Some(_), ..) => self.dollar(),
            (None, ..) => {}
        }
    }

    /// Where a search of the bytes from here on finds something; the end where it does not.
    fn find(&self, search: impl Fn(&[u8]) -> Option<usize>) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at + search(rest).unwrap_or(rest.len())
    }

    fn dollar(&mut self) {
        match self.bytes.get(self.at + 1) {
            Some(b'{') => self.open(Frame::Interpolation, 2),
            Some(b'$') => self.at += 2,
            _ => self.at += 1,
        }
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

    /// Behind `${base}` in a string: what follows in the string may go on from the base.
    fn interpolated_base(&mut self, close: usize) {
        let Some(mut pending) = self.pending.take() else { return };
        let is_sole = pending.first && pending.stage == Stage::Base;
        if !is_sole || self.bytes.get(self.at) != Some(&b'/') || !names_something(self.bytes, self.at + 1) {
            pending.mention.is_text = is_sole;
            self.pending = Some(pending);
            return self.flush();
        }
        let end = run(self.bytes, self.at, |byte| is_path_byte(byte) || byte == b'/');
        let ends_here = match (self.frames.last(), self.bytes.get(end)) {
            (Some(Frame::Text { indented: false }), Some(b'"')) | (_, None | Some(b' ' | b'\n' | b'\t' | b'\r')) => {
                true
            }
            // In a shell script a quote may close only for the name to go on behind it.
            (_, Some(b'"')) => {
                matches!(self.bytes.get(end + 1), None | Some(b' ' | b'\n' | b'\t' | b'\r' | b';' | b')'))
            }
            _ => false,
        };
        // The interpolation's braces belong to what is shown.
        pending.mention.span = Span::new(pending.mention.span.start, end.max(close));
        pending.mention.suffix = Some(Span::new(self.at, end));
        // A full stop may end the sentence, not the name.
        pending.mention.open = !ends_here || self.bytes.get(end - 1) == Some(&b'.');
        self.at = end;
        self.scan.mentions.push(pending.mention);
    }

    fn block_comment(&mut self) {
        let rest = self.bytes.get(self.at + 2..).unwrap_or_default();
        let length = rest.windows(2).position(|pair| pair == b"*/").map_or(rest.len(), |index| index + 2);
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

/// Whether a name begins behind a slash in a string: also one that no path literal has, but nothing that ends a word.
fn names_something(bytes: &[u8], at: usize) -> bool {
    let ends = |byte: u8| {
        is_space(byte)
            || matches!(
                byte,
                b'"' | b'\'' | b'\\' | b'/' | b'$' | b'*' | b'{' | b';' | b')' | b',' | b'|' | b'&' | b'<' | b'>'
            )
    };
    goes_on(bytes, at) || bytes.get(at).is_some_and(|byte| !ends(*byte))
}

const fn mention(origin: Origin, span: Span, before: Before) -> Mention {
    Mention { origin, span, text: span, suffix: None, open: false, before, is_text: false }
}
