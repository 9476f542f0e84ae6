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
    let signs = bytes.iter().filter(|byte| matches!(byte, b'[' | b'-' | b'!' | b'+' | b'/' | b'<')).count();
    let alternatives = || memchr::memmem::find_iter(bytes, b"or").take(MAX_UNBOUNDED).count();
    if text.len() <= SHORT && signs <= MAX_UNBOUNDED && alternatives() < MAX_UNBOUNDED {
        return None;
    }
    let (mut nesting, mut offset) = (Nesting::default(), 0);
    for (kind, token) in rnix::tokenize(text) {
        nesting.token(kind);
        if nesting.total > MAX_UNBOUNDED || nesting.here.chain > MAX_CHAIN {
            return Some(offset);
        }
        offset += token.len();
    }
    None
}

/// Where rnix would look ahead over too many bytes. Its tokens are made one after another, so that no more than the limit
/// is spent on finding out.
pub(super) fn too_far(text: &str) -> Option<usize> {
    let could_be_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-+/<".contains(byte);
    let bytes = text.as_bytes();
    if !bytes.split(|byte| !could_be_path(byte)).any(|run| run.len() > LONG_RUN) {
        return None;
    }
    let (mut offset, mut run_end, mut spent) = (0, 0, 0_usize);
    for (kind, token) in rnix::tokenize(text) {
        if !matches!(kind, SyntaxKind::TOKEN_STRING_CONTENT | SyntaxKind::TOKEN_COMMENT) {
            if offset >= run_end {
                run_end = offset + bytes[offset..].iter().take_while(|byte| could_be_path(byte)).count();
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

/// What stands in one bracket, since its last separator.
#[derive(Clone, Copy, Default)]
struct Frame {
    /// Constructs that the parser recurses on.
    unbounded: usize,
    /// Operands in a row.
    chain: usize,
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
            | SyntaxKind::TOKEN_IN => self.here.chain = 0,
            kind if is_operand(kind) => self.operand(),
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
