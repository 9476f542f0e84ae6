//! The paths that a Nix file names: found by a tokenizer, understood by the parser only where that is needed.
//!
//! [`scan`] costs one pass over the bytes and finds every path literal, and the strings that are put behind one or
//! behind `self`. Nearly all of them name something that exists, and are done with. For the others [`uses`] parses the
//! file and says what each path is there for.

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

pub use compose::{Composed, compose};
pub use context::{Purpose, Use, uses};
pub use exports::exports;
pub use lead::{is_lead, is_made_string, is_odd_string};
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
        if self.origin == Origin::Flake && buffer.first() == Some(&b'/') {
            buffer.remove(0);
        }
    }

    /// The path that is meant if what ends it in a string, a blank or a letter that no path literal has, belongs to a
    /// name: `"${self}/my notes/x"`. It goes on to whatever ends the text. False where nothing more is there.
    pub fn write_whole(&self, bytes: &[u8], buffer: &mut Vec<u8>) -> bool {
        self.write_up_to(bytes, buffer, |rest| {
            rest.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'$' | b'\\' | b'\n'))
        })
    }

    /// The same with `'` in the name. False where there is none.
    pub fn write_quoted(&self, bytes: &[u8], buffer: &mut Vec<u8>) -> bool {
        let mut has_quote = false;
        let is_written = self.write_up_to(bytes, buffer, |rest| {
            let end = rest.iter().position(|byte| matches!(byte, b'"' | b'$' | b'\\' | b'\n'));
            has_quote = rest[..end.unwrap_or(rest.len())].contains(&b'\'');
            end
        });
        is_written && has_quote
    }

    fn write_up_to(&self, bytes: &[u8], buffer: &mut Vec<u8>, end: impl FnOnce(&[u8]) -> Option<usize>) -> bool {
        let Some(suffix) = self.suffix else { return false };
        let rest = bytes.get(suffix.end..).unwrap_or_default();
        let more = &rest[..end(rest).unwrap_or(rest.len())];
        Self { open: false, ..*self }.write_path(bytes, buffer);
        buffer.extend_from_slice(more);
        !more.is_empty()
    }
}

#[cfg(test)]
mod tests;
