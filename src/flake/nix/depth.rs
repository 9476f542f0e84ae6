//! What rnix and rowan would overflow the stack on, or take for ever with, found before they are asked.
//!
//! rnix bounds nested expressions, but recurses without bound on lists, prefix operators, operators that associate to
//! the right and `or`. rowan hashes chains of applications and operators recursively, again and again. And at every
//! token rnix looks for a path as far as it could reach.

use rnix::SyntaxKind;

/// More of the constructs that rnix does not bound than this at one place are refused: no real file has them.
const MAX_UNBOUNDED: usize = 1_000;

/// More operands than this without a separator are refused.
const MAX_CHAIN: usize = 2_000;

/// Texts below this size cannot hold a chain that does harm.
const SHORT: usize = 16 << 10;

/// Where a path could reach farther than this, it is counted, and given up when it comes to more than
/// [`MAX_LOOKAHEAD`] bytes.
const LONG_RUN: usize = 4_096;
const MAX_LOOKAHEAD: usize = 1 << 27;

/// Where a text nests too deeply to be parsed.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let far = too_far(text);
    if far.is_some() {
        return far;
    }
    let bytes = text.as_bytes();
    let is_sign =
        |byte: u8| matches!(byte, b'[' | b'-' | b'!' | b'+' | b'/' | b'<' | b'>' | b'*' | b'=' | b'&' | b'|' | b'?');
    let signs = bytes.iter().filter(|byte| is_sign(**byte)).count();
    let alternatives = || memchr::memmem::find_iter(bytes, b"or").take(MAX_UNBOUNDED).count();
    if text.len() <= SHORT && signs <= MAX_UNBOUNDED && alternatives() < MAX_UNBOUNDED {
        return None;
    }
    let (mut nesting, mut offset) = (Nesting::default(), 0);
    for (kind, token) in rnix::tokenize(text) {
        nesting.token(kind);
        let Frame { chain, operators, .. } = nesting.here;
        if nesting.total > MAX_UNBOUNDED || chain.max(operators) > MAX_CHAIN {
            return Some(offset);
        }
        offset += token.len();
    }
    None
}

/// Where rnix would look ahead over too many bytes. Its tokens are made one after another, so that no more than the limit
/// is spent on finding out.
pub(super) fn too_far(text: &str) -> Option<usize> {
    if !too_far_anywhere(text) {
        return None;
    }
    let bytes = text.as_bytes();
    let (mut offset, mut run_end, mut spent) = (0, 0, 0_usize);
    for (kind, token) in rnix::tokenize(text) {
        if !matches!(kind, SyntaxKind::TOKEN_STRING_CONTENT | SyntaxKind::TOKEN_COMMENT) {
            if offset >= run_end {
                run_end = offset + bytes[offset..].iter().take_while(|byte| could_be_path(**byte)).count();
            }
            spent += if run_end - offset > LONG_RUN { run_end - offset } else { 0 };
            if spent > MAX_LOOKAHEAD {
                return Some(offset);
            }
        }
        offset += token.len();
    }
    None
}

/// Whether some token might be one that rnix looks too far ahead at, wherever tokens begin.
pub(super) fn too_far_anywhere(text: &str) -> bool {
    text.as_bytes().split(|byte| !could_be_path(*byte)).any(|run| run.len() > LONG_RUN)
}

fn could_be_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'/' | b'<')
}

/// What stands in one bracket, since its last separator.
#[derive(Clone, Copy, Default)]
struct Frame {
    /// Constructs that the parser recurses on.
    unbounded: usize,
    /// Operands in a row.
    chain: usize,
    /// Operators in a row: each makes a level, whether or not there are operands.
    operators: usize,
    /// Whether what stands side by side is no application: elements of a list, names of an `inherit`.
    is_list: bool,
}

/// Counts within each bracket and up to the end of each binding; the sum over all open brackets is what the parser's
/// stack sees.
#[derive(Default)]
struct Nesting {
    open: Vec<Frame>,
    here: Frame,
    total: usize,
}

impl Nesting {
    fn token(&mut self, kind: SyntaxKind) {
        match kind {
            SyntaxKind::TOKEN_L_BRACK => {
                self.here.unbounded += 1;
                self.total += 1;
                self.descend(true);
            }
            SyntaxKind::TOKEN_L_BRACE | SyntaxKind::TOKEN_L_PAREN | SyntaxKind::TOKEN_INTERPOL_START => {
                self.descend(false);
            }
            SyntaxKind::TOKEN_R_BRACK => {
                self.ascend();
                self.here.unbounded = self.here.unbounded.saturating_sub(1);
                self.total = self.total.saturating_sub(1);
            }
            SyntaxKind::TOKEN_R_BRACE | SyntaxKind::TOKEN_R_PAREN | SyntaxKind::TOKEN_INTERPOL_END => self.ascend(),
            SyntaxKind::TOKEN_SEMICOLON | SyntaxKind::TOKEN_COMMA => {
                self.total = self.total.saturating_sub(self.here.unbounded);
                self.here = Frame::default();
            }
            SyntaxKind::TOKEN_SUB
            | SyntaxKind::TOKEN_INVERT
            | SyntaxKind::TOKEN_CONCAT
            | SyntaxKind::TOKEN_UPDATE
            | SyntaxKind::TOKEN_IMPLICATION
            | SyntaxKind::TOKEN_PIPE_LEFT
            | SyntaxKind::TOKEN_OR => {
                self.here.unbounded += 1;
                self.total += 1;
            }
            SyntaxKind::TOKEN_INHERIT => self.here.is_list = true,
            SyntaxKind::TOKEN_ASSIGN
            | SyntaxKind::TOKEN_COLON
            | SyntaxKind::TOKEN_THEN
            | SyntaxKind::TOKEN_ELSE
            | SyntaxKind::TOKEN_IN => (self.here.chain, self.here.operators) = (0, 0),
            kind if is_operand(kind) => self.operand(),
            kind if is_operator(kind) => self.here.operators += 1,
            _ => {}
        }
    }

    fn descend(&mut self, is_list: bool) {
        self.open.push(self.here);
        self.here = Frame { is_list, ..Frame::default() };
    }

    fn ascend(&mut self) {
        self.total = self.total.saturating_sub(self.here.unbounded);
        self.here = self.open.pop().unwrap_or_default();
        self.operand();
    }

    fn operand(&mut self) {
        self.here.chain += usize::from(!self.here.is_list);
    }
}

/// The operators between two operands that are not counted otherwise.
fn is_operator(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::TOKEN_ADD
            | SyntaxKind::TOKEN_AND_AND
            | SyntaxKind::TOKEN_DIV
            | SyntaxKind::TOKEN_EQUAL
            | SyntaxKind::TOKEN_LESS
            | SyntaxKind::TOKEN_LESS_OR_EQ
            | SyntaxKind::TOKEN_MORE
            | SyntaxKind::TOKEN_MORE_OR_EQ
            | SyntaxKind::TOKEN_MUL
            | SyntaxKind::TOKEN_NOT_EQUAL
            | SyntaxKind::TOKEN_OR_OR
            | SyntaxKind::TOKEN_PIPE_RIGHT
            | SyntaxKind::TOKEN_QUESTION
    )
}

fn is_operand(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::TOKEN_IDENT
            | SyntaxKind::TOKEN_INTEGER
            | SyntaxKind::TOKEN_FLOAT
            | SyntaxKind::TOKEN_URI
            | SyntaxKind::TOKEN_STRING_END
            | SyntaxKind::TOKEN_PATH_ABS
            | SyntaxKind::TOKEN_PATH_REL
            | SyntaxKind::TOKEN_PATH_HOME
            | SyntaxKind::TOKEN_PATH_SEARCH
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No repetition of two tokens makes a tree much deeper than the limits: rowan takes a time that grows with the
    /// square of the depth.
    #[test]
    fn what_is_let_through_is_not_deep() {
        let tokens = [
            "a ", "1 ", "\"\" ", "./a ", "[ ", "[a] ", "{ ", "{} ", "( ", "(a) ", "${ ", ". ", "or ", "- ", "! ", "+ ",
            "++ ", "* ", "/ ", "// ", "< ", ">= ", "== ", "&& ", "|| ", "-> ", "<| ", "|> ", "? ", "@ ", ": ", "= ",
            "; ", ", ", "if ", "then ", "else ", "let ", "in ", "with ", "assert ", "inherit ", "rec ", "... ", "' ",
            "~ ", "] ", "} ", ") ",
        ];
        // Shorter texts are not looked at.
        let count = SHORT / 2 + 1;
        let mut refused = 0;
        for first in tokens {
            for second in tokens.iter().step_by(if cfg!(debug_assertions) { 7 } else { 1 }).copied().chain([""]) {
                for begin in ["", "{ a = "] {
                    let text = begin.to_owned() + &(first.to_owned() + second).repeat(count);
                    if too_deep(&text).is_some() {
                        refused += 1;
                        continue;
                    }
                    let tree = rnix::Root::parse(&text).syntax();
                    let (mut depth, mut deepest) = (0_usize, 0);
                    for event in tree.preorder() {
                        match event {
                            rnix::WalkEvent::Enter(_) => depth += 1,
                            rnix::WalkEvent::Leave(_) => depth -= 1,
                        }
                        deepest = deepest.max(depth);
                    }
                    assert!(deepest <= 2 * MAX_CHAIN, "{begin}{first}{second} makes a tree of {deepest} levels");
                }
            }
        }
        assert!(refused > 50, "{refused}");
    }
}
