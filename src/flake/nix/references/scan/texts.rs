//! Strings and indented strings, and the paths that go on in them.

use memchr::memchr2;

use super::super::blocks;
use super::super::token::{goes_on, is_path_byte, is_space, run};
use super::{Frame, Last, Pending, Scanner, Stage};
use crate::source::Span;

impl Scanner<'_> {
    /// At the opening quote of a string.
    pub(super) fn string(&mut self) {
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
        let end = blocks::plain_end(self.bytes, start);
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

    pub(super) fn text(&mut self) {
        self.at = blocks::plain_end(self.bytes, self.at);
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

    pub(super) fn indented_text(&mut self) {
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

    fn dollar(&mut self) {
        match self.bytes.get(self.at + 1) {
            Some(b'{') => self.open(Frame::Interpolation, 2),
            Some(b'$') => self.at += 2,
            _ => self.at += 1,
        }
    }

    /// Behind `${base}` in a string: what follows in the string may go on from the base.
    pub(super) fn interpolated_base(&mut self, close: usize) {
        let Some(mut pending) = self.pending.take() else { return };
        let is_sole = pending.first && pending.stage == Stage::Base;
        let name = run(self.bytes, self.at, |byte| byte == b'/');
        if !is_sole || name == self.at || !names_something(self.bytes, name) {
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
            (Some(Frame::Text { indented: true }), Some(b'\'')) => {
                let next = |ahead: usize| self.bytes.get(end + ahead);
                next(1) == Some(&b'\'') && !matches!(next(2), Some(b'\'' | b'$' | b'\\'))
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
