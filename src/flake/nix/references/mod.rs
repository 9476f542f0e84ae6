//! The paths that a Nix file names: found by a tokenizer, understood by the parser only where that is needed.
//!
//! [`scan`] costs one pass over the bytes and finds every path literal, and the strings that are put behind one or
//! behind `self`. Nearly all of them name something that exists, and are done with. For the others [`uses`] parses the
//! file and says what each path is there for.

mod blocks;
mod compose;
mod context;
mod exports;
mod guards;
mod lead;
mod names;
mod pieces;
mod range;
mod scan;
mod syntax;
mod token;
mod words;

pub use compose::{Composed, compose};
pub use context::{Purpose, Use, uses};
pub use exports::exports;
pub use lead::{Leads, is_made_string, is_odd_string};
pub use range::{Hole, values};
pub use scan::{Scan, scan};

use crate::source::Span;

/// What a path starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The directory of the file that names it.
    File,
    /// The flake's directory: `self + "/x"`, `"${self}/x"`, `inputs.self`.
    Flake,
    /// The root of the file system.
    Absolute,
    /// The user's home, `~/`.
    Home,
    /// `NIX_PATH`: `<nixpkgs>`.
    Search,
}

/// What stands before a path, as far as a tokenizer can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// `import`, `callPackage` and the like: a directory needs its `default.nix`.
    Import,
    /// An element of a list: it may be one of `imports`.
    List,
    /// Anything else.
    Other,
}

/// One place where a file names a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// What it starts from.
    pub origin: Origin,
    /// All that belongs to it: `./. + "/x"`, `${self}/x`.
    pub span: Span,
    /// The path literal, up to its first interpolation; empty where `self` stands instead.
    pub text: Span,
    /// The text put behind it.
    pub suffix: Option<Span>,
    /// More follows that is not known here: only what comes before the last `/` is certain.
    pub open: bool,
    /// What stands before it.
    pub before: Before,
    /// It is all there is in an interpolation in a string: its text goes into the string, nothing is imported.
    pub is_text: bool,
}

impl Mention {
    /// The path as far as it is known, relative to its origin, written into `buffer`.
    pub fn write_path(&self, bytes: &[u8], buffer: &mut Vec<u8>) {
        let slice = |span: Span| bytes.get(span.start..span.end).unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(slice(self.text));
        if let Some(suffix) = self.suffix {
            let suffix = slice(suffix);
            // `lib.path.append ./x "y"` has no slash; `./x + "y"` is told apart by the span of its suffix, which begins
            // at the quote for the former.
            match suffix.strip_prefix(b"\"") {
                Some(appended) => {
                    buffer.push(b'/');
                    buffer.extend_from_slice(appended);
                }
                None => buffer.extend_from_slice(suffix),
            }
        }
        if self.open {
            let end = buffer.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
            buffer.truncate(end);
        }
        if self.origin == Origin::Flake {
            let slashes = buffer.iter().take_while(|byte| **byte == b'/').count();
            buffer.drain(..slashes);
        }
    }

    /// Where the path may end instead, farthest first, if what ends it in a string, a blank or a letter that no path
    /// literal has, belongs to a name: `"${self}/my notes/x"`. None where nothing more is there.
    pub fn farther_ends(&self, bytes: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let start = self.suffix.map_or(bytes.len(), |suffix| suffix.end);
        let rest = bytes.get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'$' | b'\\' | b'\n')).unwrap_or(rest.len());
        let ends = |(index, byte): (usize, &u8)| matches!(byte, b'\'' | b' ').then_some(index);
        let inner = rest[..length].iter().enumerate().filter_map(ends).take(MAX_WORDS);
        let mut ends: Vec<usize> = inner.chain([length]).filter(|end| *end > 0).map(|end| start + end).collect();
        ends.reverse();
        ends.into_iter()
    }

    /// The path up to one of these ends, relative to its origin, written into `buffer`.
    pub fn write_up_to(&self, end: usize, bytes: &[u8], buffer: &mut Vec<u8>) {
        Self { open: false, ..*self }.write_path(bytes, buffer);
        let start = self.suffix.map_or(end, |suffix| suffix.end);
        buffer.extend_from_slice(bytes.get(start..end).unwrap_or_default());
    }
}

/// So many words behind a path in a text are tried as parts of its name.
const MAX_WORDS: usize = 8;

#[cfg(test)]
mod tests;
