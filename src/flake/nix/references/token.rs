//! The few rules of Nix's lexer that decide where a path begins and ends.

/// What the bytes at a place begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// A path literal of this kind.
    Relative,
    /// `/x`.
    Absolute,
    /// `~/x`.
    Home,
    /// `<x>`, up to and including this offset's byte before.
    Search(usize),
    /// A URI, up to this offset.
    Uri(usize),
    /// An identifier, up to this offset.
    Identifier(usize),
    /// A number, up to this offset.
    Number(usize),
    /// Something of this many bytes that matters to nobody here.
    Other(usize),
}

/// Remembers how far the characters that can begin a path reach, so that `a.a.a.a` is looked at once and not once for
/// every name.
#[derive(Default)]
pub(super) struct Lookahead {
    end: usize,
    last_underscore: Option<usize>,
}

const PATH: u8 = 1;
const URI: u8 = 2;
const IDENTIFIER: u8 = 4;
const SPACE: u8 = 8;
const NAME: u8 = 16;
const SEPARATOR: u8 = 32;

/// What each byte can be part of: every byte of every Nix file passes here.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let path = word || matches!(byte, b'.' | b'+');
        let uri = path
            || matches!(
                byte,
                b'/' | b'%' | b'?' | b':' | b'@' | b'&' | b'=' | b'$' | b',' | b'!' | b'~' | b'*' | b'\''
            );
        let space = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        classes[byte as usize] = (if path { PATH } else { 0 })
            | (if uri { URI } else { 0 })
            | (if word || byte == b'\'' { IDENTIFIER } else { 0 })
            | (if space { SPACE } else { 0 })
            | (if byte.is_ascii_alphabetic() || byte == b'_' { NAME } else { 0 })
            | (if matches!(byte, b'=' | b';' | b',' | b':') { SEPARATOR } else { 0 });
        byte += 1;
    }
    classes
};

#[inline]
fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// Whether the byte can be in a path, the slash aside.
#[inline]
pub(super) fn is_path_byte(byte: u8) -> bool {
    is(byte, PATH)
}

fn is_uri_byte(byte: u8) -> bool {
    is(byte, URI)
}

/// Whether the byte can be in a name, behind its first.
#[inline]
pub(super) fn is_identifier_byte(byte: u8) -> bool {
    is(byte, IDENTIFIER)
}

/// Whether a name begins with the byte.
#[inline]
pub(super) fn begins_name(byte: u8) -> bool {
    is(byte, NAME)
}

/// Whether the byte, where no path and no URI begins, is an operator of its own that stands between others' values.
#[inline]
pub(super) fn is_separator(byte: u8) -> bool {
    is(byte, SEPARATOR)
}

/// White space between tokens.
#[inline]
pub(super) fn is_space(byte: u8) -> bool {
    is(byte, SPACE)
}

/// The end of the longest run of bytes from `at` that satisfy `wanted`.
#[inline]
pub(super) fn run(bytes: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len())
}

/// Whether a path goes on at `at`, behind a slash.
pub(super) fn goes_on(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|byte| is_path_byte(*byte)) || is_interpolation(bytes, at)
}

/// Whether `${` stands at `at`.
#[inline]
pub(super) fn is_interpolation(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(b"${"))
}

impl Lookahead {
    /// What begins at `at`, which is not white space, a comment or a quote.
    pub(super) fn start(&mut self, bytes: &[u8], at: usize) -> Start {
        let byte = bytes.get(at).copied().unwrap_or(0);
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => Start::Other(2),
            b'/' if goes_on(bytes, at + 1) => Start::Absolute,
            b'~' if bytes.get(at + 1) == Some(&b'/') && goes_on(bytes, at + 2) => Start::Home,
            b'<' => search_path(bytes, at),
            b'.' if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"...")) => match self.word(bytes, at, byte) {
                // `.../x` is a path like any other.
                Start::Relative => Start::Relative,
                _ => Start::Other(3),
            },
            byte if is_path_byte(byte) => self.word(bytes, at, byte),
            _ => Start::Other(1),
        }
    }

    /// Whether no path and no URI begins at `at`, which is in a run of the characters that can begin a path, nor at any
    /// later place in it. False where more than its end would have to be looked at.
    #[inline]
    pub(super) fn is_plain(&mut self, bytes: &[u8], at: usize) -> bool {
        self.look(bytes, at);
        !matches!(bytes.get(self.end), Some(b'/' | b':'))
    }

    #[inline]
    fn look(&mut self, bytes: &[u8], at: usize) {
        if at >= self.end {
            self.end = run(bytes, at, is_path_byte);
            // Only in front of a colon does it matter.
            self.last_underscore = if bytes.get(self.end) == Some(&b':') {
                let word = bytes.get(at..self.end).unwrap_or_default();
                word.iter().rposition(|byte| *byte == b'_').map(|index| at + index)
            } else {
                None
            };
        }
    }

    fn word(&mut self, bytes: &[u8], at: usize, byte: u8) -> Start {
        self.look(bytes, at);
        match bytes.get(self.end) {
            Some(b'/') if goes_on(bytes, self.end + 1) => return Start::Relative,
            Some(b':')
                if byte.is_ascii_alphabetic()
                    && self.last_underscore.is_none_or(|underscore| underscore < at)
                    && bytes.get(self.end + 1).is_some_and(|byte| is_uri_byte(*byte)) =>
            {
                return Start::Uri(run(bytes, self.end + 1, is_uri_byte));
            }
            _ => {}
        }
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Start::Identifier(run(bytes, at, is_identifier_byte)),
            b'0'..=b'9' => Start::Number(run(bytes, at, |byte| byte.is_ascii_digit())),
            b'+' if bytes.get(at + 1) == Some(&b'+') => Start::Other(2),
            _ => Start::Other(1),
        }
    }
}

fn search_path(bytes: &[u8], at: usize) -> Start {
    let end = run(bytes, at + 1, |byte| is_path_byte(byte) || byte == b'/');
    if end > at + 1 && bytes.get(end) == Some(&b'>') { Start::Search(end + 1) } else { Start::Other(1) }
}
