//! A small JSON reader that keeps the place of every value.
//!
//! It accepts and rejects what nlohmann's library, which Nix reads locks with, accepts and rejects: a byte-order mark,
//! repeated keys (the last one counts), numbers of any size. It does not recurse, neither when reading nor when
//! dropping, so that no file can overflow the stack.

use std::borrow::Cow;
use std::ops::Range;

use super::plain;
use crate::flake::blocks::spaces_end;
use crate::source::Span;

/// Index of a value in its [`Document`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ValueId(usize);

/// A text's values; the first one is the outermost.
#[derive(Debug)]
pub(super) struct Document<'a> {
    values: Vec<Value<'a>>,
    /// Those of each array together; all in one list, as a list of its own for each would cost more than its content.
    items: Vec<ValueId>,
    /// Those of each object together.
    members: Vec<Member<'a>>,
}

/// One value and its place.
#[derive(Debug)]
pub(super) struct Value<'a> {
    /// From its first to its last byte.
    pub(super) span: Span,
    /// What it is.
    pub(super) kind: Kind<'a>,
}

/// What a value is.
#[derive(Debug, PartialEq)]
pub(super) enum Kind<'a> {
    Null,
    Boolean(bool),
    /// A whole number that fits without sign.
    Unsigned(u64),
    /// A negative whole number.
    Negative(i64),
    Float(f64),
    String(Cow<'a, str>),
    /// Where the document keeps its items.
    Array(Range<usize>),
    /// Where the document keeps its members; in order, repeated keys are all there.
    Object(Range<usize>),
}

/// A member of an object.
#[derive(Debug, PartialEq)]
pub(super) struct Member<'a> {
    /// The name, unescaped.
    pub(super) key: Cow<'a, str>,
    /// The name with its quotes.
    pub(super) key_span: Span,
    /// The value.
    pub(super) value: ValueId,
}

/// Where and why a text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// Offset in bytes.
    pub(super) offset: usize,
    /// In a few words.
    pub(super) message: String,
}

impl<'a> Document<'a> {
    /// The outermost value.
    pub(super) const ROOT: ValueId = ValueId(0);

    /// A value.
    pub(super) fn get(&self, id: ValueId) -> &Value<'a> {
        &self.values[id.0]
    }

    /// A member of an object, the last of that name; `None` for other values.
    pub(super) fn member(&self, id: ValueId, key: &str) -> Option<&Member<'a>> {
        self.members(id).iter().rev().find(|member| member.key == key)
    }

    /// The members of an object; none for other values.
    pub(super) fn members(&self, id: ValueId) -> &[Member<'a>] {
        match &self.get(id).kind {
            Kind::Object(range) => self.members.get(range.clone()).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The items of an array; none for other values.
    pub(super) fn items(&self, id: ValueId) -> &[ValueId] {
        match &self.get(id).kind {
            Kind::Array(range) => self.items.get(range.clone()).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The text of a string.
    pub(super) fn string(&self, id: ValueId) -> Option<&str> {
        match &self.get(id).kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Kind<'_> {
    /// The type, as nlohmann names it in its messages.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Unsigned(_) | Self::Negative(_) | Self::Float(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Document<'_>, SyntaxError> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader::new(text, start, MAX_VALUES);
    reader.read()?;
    Ok(reader.document)
}

/// As many bytes as a value of a lock takes, or fewer.
const BYTES_PER_VALUE: usize = 24;

/// Room for so many values at most is made before they are read.
const MAX_LIKELY: usize = 1 << 20;

/// A file of brackets takes a hundred times its size in memory. A lock of 100 MB has some four million values.
const MAX_VALUES: usize = 10_000_000;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    document: Document<'a>,
    /// The containers that are open, outermost first.
    open: Vec<Open>,
    /// What the open arrays hold so far, one behind the other.
    items: Vec<ValueId>,
    /// What the open objects hold so far.
    members: Vec<Member<'a>>,
    /// So many values are read.
    most: usize,
}

/// A container that is being read.
#[derive(Clone, Copy)]
struct Open {
    id: ValueId,
    is_object: bool,
    /// Where its content begins in the list of its kind.
    start: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, at: usize, most: usize) -> Self {
        let likely = (text.len() / BYTES_PER_VALUE).min(MAX_LIKELY);
        let (values, members) = (Vec::with_capacity(likely), Vec::with_capacity(likely));
        let document = Document { values, items: Vec::new(), members };
        Self { text, at, document, open: Vec::new(), items: Vec::new(), members: Vec::new(), most }
    }

    fn read(&mut self) -> Result<(), SyntaxError> {
        loop {
            // A value is due here, or the end of an empty container.
            self.blank();
            let opened = self.value()?;
            if opened {
                continue;
            }
            // A value has ended: what follows it?
            loop {
                let Some(&Open { is_object, .. }) = self.open.last() else {
                    self.blank();
                    // Nix's reader takes a null byte for the end, whatever follows it.
                    let ends = matches!(self.peek(), None | Some(0));
                    return if ends { Ok(()) } else { Err(self.unexpected("the end")) };
                };
                self.blank();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if is_object {
                            self.key()?;
                        }
                        break;
                    }
                    Some(b'}') if is_object => self.close(),
                    Some(b']') if !is_object => self.close(),
                    _ => return Err(self.unexpected(if is_object { "`,` or `}`" } else { "`,` or `]`" })),
                }
            }
        }
    }

    fn close(&mut self) {
        self.at += 1;
        let Some(Open { id, is_object, start }) = self.open.pop() else { return };
        let value = &mut self.document.values[id.0];
        value.span.end = self.at;
        value.kind = if is_object {
            Kind::Object(take_from(&mut self.members, start, &mut self.document.members))
        } else {
            Kind::Array(take_from(&mut self.items, start, &mut self.document.items))
        };
    }

    /// Reads one value; says whether it is a container that now waits for its first value.
    fn value(&mut self) -> Result<bool, SyntaxError> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => Kind::Object(0..0),
            Some(b'[') => Kind::Array(0..0),
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        let id = ValueId(self.document.values.len());
        if id.0 >= self.most {
            return Err(SyntaxError { offset: start, message: "more values than any lock has".to_owned() });
        }
        match self.open.last() {
            // `key` has put the member there with a place for this value.
            Some(Open { is_object: true, .. }) => {
                if let Some(member) = self.members.last_mut() {
                    member.value = id;
                }
            }
            Some(_) => self.items.push(id),
            None => {}
        }
        let container = matches!(kind, Kind::Object(_) | Kind::Array(_));
        let is_object = matches!(kind, Kind::Object(_));
        self.document.values.push(Value { span: Span::new(start, self.at), kind });
        if !container {
            return Ok(false);
        }
        self.at += 1;
        self.blank();
        self.open.push(Open { id, is_object, start: if is_object { self.members.len() } else { self.items.len() } });
        match self.peek() {
            Some(b'}') if is_object => self.close(),
            Some(b']') if !is_object => self.close(),
            _ if is_object => {
                self.key()?;
                return Ok(true);
            }
            _ => return Ok(true),
        }
        Ok(false)
    }

    /// Reads a key and its colon.
    fn key(&mut self) -> Result<(), SyntaxError> {
        self.blank();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key"));
        }
        let key = self.string()?;
        let key_span = Span::new(start, self.at);
        self.blank();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        self.members.push(Member { key, key_span, value: Document::ROOT });
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        self.at += 1;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut owned: Option<String> = None;
        let mut copied = start;
        loop {
            self.at += plain::length(bytes.get(self.at..).unwrap_or_default());
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(&self.text[copied..self.at]);
                    let character = self.escape()?;
                    owned.get_or_insert_default().push(character);
                    copied = self.at;
                }
                Some(_) => return Err(self.unexpected("a string without control characters")),
                None => return Err(self.unexpected("`\"`")),
            }
        }
        let rest = &self.text[copied..self.at];
        self.at += 1;
        Ok(match owned {
            Some(mut text) => {
                text.push_str(rest);
                Cow::Owned(text)
            }
            None => Cow::Borrowed(rest),
        })
    }

    /// Reads an escape from its backslash on.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let bytes = self.text.as_bytes();
        let character = match bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.unexpected("an escape sequence")),
        };
        self.at += 2;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, SyntaxError> {
        let first = self.four_digits()?;
        let code = match first {
            0xd800..=0xdbff => {
                let second = if self.text[self.at..].starts_with("\\u") { self.four_digits()? } else { 0 };
                if !(0xdc00..=0xdfff).contains(&second) {
                    return Err(self.unexpected("the second half of a surrogate pair"));
                }
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.unexpected("the first half of a surrogate pair"))
    }

    fn four_digits(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.text.as_bytes().get(self.at + 2..self.at + 6);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.unexpected("four hexadecimal digits"))?;
        self.at += 6;
        Ok(code)
    }

    fn number(&mut self) -> Result<Kind<'a>, SyntaxError> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while reader.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                reader.at += 1;
            }
            reader.at - from
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if digits(self) == 0 {
            return Err(self.unexpected("a digit"));
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            if digits(self) == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if digits(self) == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        let text = &self.text[start..self.at];
        if whole && let Ok(number) = text.parse() {
            return Ok(Kind::Unsigned(number));
        }
        if whole && let Ok(number) = text.parse() {
            return Ok(Kind::Negative(number));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Kind::Float(number)),
            _ => Err(SyntaxError { offset: start, message: format!("number overflow `{text}`") }),
        }
    }

    fn word(&mut self) -> Result<Kind<'a>, SyntaxError> {
        let rest = &self.text[self.at..];
        for (word, kind) in [("null", Kind::Null), ("true", Kind::Boolean(true)), ("false", Kind::Boolean(false))] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.unexpected("a value"))
    }

    fn blank(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.peek() {
            self.at += 1;
            if byte == b'\n' {
                // Lines are indented.
                self.at = spaces_end(self.text.as_bytes(), self.at);
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let message = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(character) => format!("unexpected `{}`, expected {wanted}", character.escape_debug()),
            None => format!("unexpected end of file, expected {wanted}"),
        };
        SyntaxError { offset: self.at, message }
    }
}

/// Moves what comes from `start` on to the end of another list; returns where it is there.
fn take_from<T>(from: &mut Vec<T>, start: usize, to: &mut Vec<T>) -> Range<usize> {
    let begin = to.len();
    to.extend(from.drain(start..));
    begin..to.len()
}

#[cfg(test)]
mod tests;
