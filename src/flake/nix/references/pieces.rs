//! The texts that an expression can be seen to be, piece by piece.

use rnix::ast;
use rnix::{NodeOrToken, SyntaxKind, SyntaxNode};
use rowan::ast::AstNode as _;

use super::range::values_of;
use super::token::{is_path_byte, is_space, run};
use crate::source::Span;

/// A text, or several where a name in it ranges over values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pieces {
    /// What is known, and the value that makes it so.
    texts: Vec<(Vec<u8>, Option<Span>)>,
    /// More follows that is not known.
    pub(super) open: bool,
}

/// Deeper sums are not looked into.
const MAX_STEPS: usize = 64;

/// A name that ranges over more than this is not known.
const MAX_TEXTS: usize = 100;

impl Pieces {
    pub(super) fn of_text(text: &[u8]) -> Self {
        Self { texts: vec![(text.to_vec(), None)], open: false }
    }

    fn unknown() -> Self {
        Self { open: true, ..Self::of_text(b"") }
    }

    /// Puts more behind each text. Two names that both range over something are more than can be told.
    pub(super) fn add(&mut self, more: &Self) {
        if self.open {
            return;
        }
        match (self.texts.as_slice(), more.texts.as_slice()) {
            ([(before, value)], _) => {
                let join = |(text, other): &(Vec<u8>, Option<Span>)| ([&before[..], text].concat(), other.or(*value));
                self.texts = more.texts.iter().map(join).collect();
                self.open = more.open;
            }
            (_, [(behind, _)]) => {
                self.texts.iter_mut().for_each(|(text, _)| text.extend_from_slice(behind));
                self.open = more.open;
            }
            _ => self.open = true,
        }
    }

    fn and(mut self, more: &Self) -> Self {
        self.add(more);
        self
    }

    /// The texts; of an open one, what comes before its last `/`.
    pub(super) fn known(&self) -> impl Iterator<Item = (Vec<u8>, Option<Span>)> {
        self.texts.iter().cloned().map(|(mut text, value)| {
            if self.open {
                let end = text.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
                text.truncate(end);
            }
            (text, value)
        })
    }
}

/// What an expression behind a `+` is.
pub(super) fn of(source: &str, expression: &ast::Expr) -> Pieces {
    of_nested(source, expression, 0)
}

fn of_nested(source: &str, expression: &ast::Expr, steps: usize) -> Pieces {
    if steps > MAX_STEPS {
        return Pieces::unknown();
    }
    match expression {
        ast::Expr::Paren(paren) => {
            paren.expr().map_or_else(Pieces::unknown, |inner| of_nested(source, &inner, steps + 1))
        }
        ast::Expr::Str(string) => parts(source, string.syntax(), steps).unwrap_or_else(Pieces::unknown),
        ast::Expr::PathAbs(path) => parts(source, path.syntax(), steps).unwrap_or_else(Pieces::unknown),
        ast::Expr::BinOp(sum) if sum.operator() == Some(ast::BinOpKind::Add) => {
            let (Some(left), Some(right)) = (sum.lhs(), sum.rhs()) else { return Pieces::unknown() };
            let mut text = of_nested(source, &left, steps + 1);
            text.add(&of_nested(source, &right, steps + 1));
            text
        }
        ast::Expr::Ident(ident) => {
            let values = values_of(ident.syntax(), &ident.syntax().text().to_string());
            if values.is_empty() || values.len() > MAX_TEXTS {
                return Pieces::unknown();
            }
            let text = |span: &Span| Some((source.get(span.start..span.end)?.as_bytes().to_vec(), Some(*span)));
            let texts: Option<Vec<_>> = values.iter().map(text).collect();
            texts.map_or_else(Pieces::unknown, |texts| Pieces { texts, open: false })
        }
        _ => Pieces::unknown(),
    }
}

/// A path literal with its interpolations.
pub(super) fn of_path(source: &str, path: &SyntaxNode) -> Option<Pieces> {
    parts(source, path, 0)
}

/// The parts of a string or path. `None` where a text is not what it seems: with escapes, or with an indentation that
/// is taken off.
fn parts(source: &str, node: &SyntaxNode, steps: usize) -> Option<Pieces> {
    let mut found = Pieces::of_text(b"");
    for part in node.children_with_tokens() {
        match part {
            NodeOrToken::Node(part) => found.add(&interpolated(source, part, steps)),
            NodeOrToken::Token(token) => match token.kind() {
                SyntaxKind::TOKEN_STRING_START | SyntaxKind::TOKEN_STRING_END => {}
                _ if token.text().contains(['\\', '\n', '\r']) || token.text().contains("''") => return None,
                _ => found.add(&Pieces::of_text(token.text().as_bytes())),
            },
        }
        if found.open {
            break;
        }
    }
    Some(found)
}

fn interpolated(source: &str, part: SyntaxNode, steps: usize) -> Pieces {
    let inner = ast::Interpol::cast(part).and_then(|part| part.expr());
    inner.map_or_else(Pieces::unknown, |inner| of_nested(source, &inner, steps + 1))
}

/// What a string puts behind one of its interpolations.
pub(super) struct Behind {
    pub(super) string: SyntaxNode,
    pub(super) pieces: Pieces,
    /// There is nothing else in the string.
    pub(super) is_all: bool,
    /// All of it, where it holds something that no path literal can, and nothing that is computed.
    pub(super) odd: Option<Pieces>,
}

/// What a string goes on with behind an interpolation, if that is a path. A blank ends a path.
pub(super) fn behind(source: &str, interpolation: &SyntaxNode) -> Option<Behind> {
    let string = interpolation.parent().filter(|parent| parent.kind() == SyntaxKind::NODE_STRING)?;
    let before = interpolation.prev_sibling_or_token()?;
    let mut is_first = before.as_token()?.text() == "\"";
    let (mut pieces, mut odd) = (Pieces::of_text(b""), None);
    let mut next = interpolation.next_sibling_or_token();
    if !next.as_ref()?.as_token()?.text().starts_with('/') {
        return None;
    }
    while let Some(part) = next {
        next = part.next_sibling_or_token();
        match part {
            NodeOrToken::Node(part) => pieces.add(&interpolated(source, part, 0)),
            NodeOrToken::Token(token) if token.kind() == SyntaxKind::TOKEN_STRING_END => break,
            NodeOrToken::Token(token) => {
                let text = token.text().as_bytes();
                let end = run(text, 0, |byte| is_path_byte(byte) || byte == b'/');
                let so_far = pieces.clone();
                pieces.add(&Pieces::of_text(&text[..end]));
                if end < text.len() {
                    pieces.open |= !is_space(text[end]);
                    let is_last = next.is_some_and(|next| next.kind() == SyntaxKind::TOKEN_STRING_END);
                    let is_plain = is_first && is_last && !token.text().contains(['\\', '\n']);
                    odd = is_plain.then(|| so_far.and(&Pieces::of_text(text)));
                    is_first = false;
                    break;
                }
            }
        }
    }
    Some(Behind { string, pieces, is_all: is_first, odd })
}
