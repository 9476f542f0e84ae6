//! Whether a path may go on where its tokens end: a question to the bytes around it.

use memchr::memmem;

use super::range::Hole;
use super::token::{is_identifier_byte, is_interpolation, is_space, run};
use super::{Mention, Origin};

/// The questions about one file.
#[derive(Default)]
pub struct Leads {
    /// So many names were looked for in the whole file.
    names: usize,
}

/// No more names than this are looked for in one file: each search may read all of it.
const MAX_NAMES: usize = 200;

/// So many places where a name stands are looked at.
const MAX_PLACES: usize = 10_000;

impl Leads {
    /// Whether a path that exists may be the beginning of a longer one that only a parse can see. Of one that is whole,
    /// ask only if it is a directory.
    pub fn is_lead(&mut self, bytes: &[u8], mention: &Mention) -> bool {
        if !matches!(mention.origin, Origin::File | Origin::Flake) {
            return false;
        }
        if mention.open {
            goes_on(bytes, mention)
        } else {
            is_made_string(bytes, mention) || is_plus(bytes, mention.span.end) || self.is_named(bytes, mention)
        }
    }

    /// `d = ./m;`, with something put behind `d` in the same file.
    fn is_named(&mut self, bytes: &[u8], mention: &Mention) -> bool {
        let next = run(bytes, mention.span.end, |byte| is_space(byte) || byte == b')');
        if bytes.get(next) != Some(&b';') {
            return false;
        }
        let head = before(bytes, mention.span.start);
        let head = head.trim_ascii_end().strip_suffix(b"=").unwrap_or_default().trim_ascii_end();
        let name = head.iter().rposition(|byte| !is_identifier_byte(*byte)).map_or(head, |index| &head[index + 1..]);
        if name.is_empty() || self.names >= MAX_NAMES {
            return false;
        }
        self.names += 1;
        memmem::find_iter(bytes, name).take(MAX_PLACES).any(|at| is_extended(bytes, at, at + name.len()))
    }
}

/// Whether a path is written in a string of its own that holds something no path literal can: it is one name, or a
/// command with its arguments. Only what is done with the string tells.
#[must_use]
pub fn is_odd_string(bytes: &[u8], mention: &Mention) -> bool {
    let Some(suffix) = mention.suffix else { return false };
    let begins = bytes.get(..mention.span.start).is_some_and(|before| before.ends_with(b"\"${"));
    let rest = bytes.get(suffix.end..).unwrap_or_default();
    let odd = rest.iter().position(|byte| matches!(byte, b'"' | b'$' | b'\\' | b'\n')).unwrap_or(rest.len());
    begins && odd > 0 && rest.get(odd) == Some(&b'"')
}

/// `./m/${"x"}`, `./m + "/x" + …`, and what has more than one name to be filled in.
fn goes_on(bytes: &[u8], mention: &Mention) -> bool {
    let known = mention.suffix.map_or(mention.text.end, |suffix| suffix.end);
    if is_interpolation(bytes, known) {
        let inner = bytes.get(known + 2).copied().unwrap_or_default();
        let name = run(bytes, known + 2, is_identifier_byte);
        let is_known = inner == b'"' || (name > known + 2 && bytes.get(name) == Some(&b'}'));
        return is_known && Hole::of(bytes, *mention).is_none();
    }
    is_plus(bytes, mention.span.end)
}

/// Whether `toString` stands before a path: `toString ./. + "/x"` adds to a string, whatever the tokens look like.
#[must_use]
pub fn is_made_string(bytes: &[u8], mention: &Mention) -> bool {
    before(bytes, mention.span.start).ends_with(b"toString")
}

/// Whether the name between two offsets is one that something is put behind.
fn is_extended(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = bytes.get(..start).unwrap_or_default();
    if before.last().is_some_and(|byte| is_identifier_byte(*byte) || *byte == b'.') {
        return false;
    }
    let interpolated = before.ends_with(b"${") && bytes.get(end..).is_some_and(|rest| rest.starts_with(b"}/"));
    interpolated || is_plus(bytes, end) || before.trim_ascii_end().ends_with(b"append")
}

/// Whether `+`, and not `++`, follows.
fn is_plus(bytes: &[u8], at: usize) -> bool {
    let next = run(bytes, at, |byte| is_space(byte) || byte == b')');
    bytes.get(next) == Some(&b'+') && bytes.get(next + 1) != Some(&b'+')
}

/// What stands before an offset, parentheses and blanks aside.
fn before(bytes: &[u8], at: usize) -> &[u8] {
    let before = bytes.get(..at).unwrap_or_default();
    let end = before.iter().rposition(|byte| !is_space(*byte) && *byte != b'(').map_or(0, |index| index + 1);
    &before[..end]
}
