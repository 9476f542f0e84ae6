//! Path literals, with their interpolations and what `+` puts behind them.

use super::super::token::{is_interpolation, is_path_byte, run};
use super::super::{Mention, Origin};
use super::{Frame, Last, Pending, Scanner, Stage, mention};
use crate::source::Span;

impl Scanner<'_> {
    pub(super) fn begin_path(&mut self, origin: Origin) {
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
    pub(super) fn path_part(&mut self, mut mention: Mention) {
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
}
