//! Text to syntax tree, guarded against trees so deep that walking or dropping them would overflow the stack.

use rnix::ast;
use rnix::{NodeOrToken, ParseError, SyntaxKind, SyntaxNode, TextRange, WalkEvent};
use rowan::ast::AstNode as _;

use super::depth::{too_deep, too_far};
use super::dialect;
use crate::flake::Problem;
use crate::source::{SourceFile, Span, Spanned};

/// A tree deeper than this is refused. rnix itself stops at 512 nested expressions; what can grow beyond that are
/// chains of binary operators and applications, which nobody writes this long.
const MAX_DEPTH: usize = 10_000;

/// A parsed file.
pub(super) struct Parsed {
    /// The root expression; `None` for an empty file or one with a syntax error.
    pub(super) root: Option<ast::Expr>,
    /// The syntax error, if any: the first one, since the rest usually follows from it.
    pub(super) problem: Option<Problem>,
    /// Comments in order, without their markers.
    pub(super) comments: Vec<Spanned<String>>,
}

/// Every name of a binding's path is a set of its own: `a.b.c = 1` nests as deep as `a = { b = { c = 1; }; }`. So many
/// may be open at one place.
const MAX_NAMES: usize = 2_000;

/// The tree of a text takes up to fifty times its size in memory. The largest Nix file that people write has 20 MB.
const MAX_TEXT: usize = 32 << 20;

/// Parses a whole file.
pub(super) fn parse(text: &str) -> Parsed {
    if text.len() > MAX_TEXT {
        let problem = Some(problem("larger than 32 MB", Span::at(0)));
        return Parsed { root: None, problem, comments: Vec::new() };
    }
    let text = &*dialect::with_line_ends(text);
    if let Some(offset) = too_deep(text) {
        let problem = Some(problem("nested too deeply", Span::at(offset)));
        return Parsed { root: None, problem, comments: Vec::new() };
    }
    if let Some(span) = odd_blank(text) {
        let problem = Some(Problem {
            help: Some("a blank of another kind, perhaps copied from a page: write a space".to_owned()),
            ..problem("syntax error, unexpected invalid token", span)
        });
        return Parsed { root: None, problem, comments: Vec::new() };
    }
    let mut parsed = rnix::Root::parse(text);
    if !parsed.errors().is_empty()
        && let Some(plain) = dialect::plainer(text).filter(|plain| too_deep(plain).is_none())
    {
        parsed = Some(rnix::Root::parse(&plain)).filter(|plain| plain.errors().is_empty()).unwrap_or(parsed);
    }
    let syntax = parsed.syntax();
    let survey = survey(&syntax);
    let comments = survey.comments;
    if survey.depth > MAX_DEPTH {
        // Dropping the tree would recurse once a level. It stays allocated: the process is about to report and end.
        std::mem::forget(parsed);
        std::mem::forget(syntax);
        return Parsed { root: None, problem: Some(problem("nested too deeply", Span::at(0))), comments };
    }
    if survey.names > MAX_NAMES {
        return Parsed { root: None, problem: Some(problem("nested too deeply", Span::at(0))), comments };
    }
    if let Some(error) = parsed.errors().first() {
        return Parsed { root: None, problem: Some(describe(error, text)), comments };
    }
    let root = ast::Root::cast(syntax).and_then(|root| root.expr());
    let missing = root.is_none().then(|| problem("syntax error, unexpected end of file", Span::at(text.len())));
    Parsed { root, problem: missing, comments }
}

/// A blank that Unicode knows and Nix does not, between tokens; in strings and comments it is one character of many.
fn odd_blank(text: &str) -> Option<Span> {
    let is_odd = |character: char| character.is_whitespace() && !matches!(character, ' ' | '\t' | '\r' | '\n');
    if !text.contains(is_odd) {
        return None;
    }
    let mut offset = 0;
    for (kind, token) in rnix::tokenize(text) {
        if kind == SyntaxKind::TOKEN_WHITESPACE
            && let Some((at, character)) = token.char_indices().find(|(_, character)| is_odd(*character))
        {
            return Some(Span::new(offset + at, offset + at + character.len_utf8()));
        }
        offset += token.len();
    }
    None
}

/// Whether a file has no syntax error.
#[must_use]
pub fn parses(source: &SourceFile) -> bool {
    parse(source.text()).root.is_some()
}

/// The tokens of any Nix file, without blanks and comments, whatever its syntax. `None` for what is too long to be one
/// text.
#[must_use]
pub fn code(source: &SourceFile) -> Option<Vec<String>> {
    let text = dialect::with_line_ends(source.text());
    if too_far(&text).is_some() {
        return None;
    }
    let is_code = |kind| !matches!(kind, SyntaxKind::TOKEN_WHITESPACE | SyntaxKind::TOKEN_COMMENT);
    Some(rnix::tokenize(&text).filter(|(kind, _)| is_code(*kind)).map(|(_, text)| text.to_owned()).collect())
}

/// The comments of any Nix file in order, without their markers; from its tokens, whatever its syntax.
#[must_use]
pub fn comments(source: &SourceFile) -> Vec<Spanned<String>> {
    let mut offset = 0;
    let mut found = Vec::new();
    let text = dialect::with_line_ends(source.text());
    if too_far(&text).is_some() {
        return found;
    }
    for (kind, text) in rnix::tokenize(&text) {
        if kind == SyntaxKind::TOKEN_COMMENT {
            found.push(Spanned::new(comment_text(text).to_owned(), Span::new(offset, offset + text.len())));
        }
        offset += text.len();
    }
    found
}

fn comment_text(text: &str) -> &str {
    text.strip_prefix('#').unwrap_or_else(|| {
        let open = text.strip_prefix("/*").unwrap_or(text);
        open.strip_suffix("*/").unwrap_or(open)
    })
}

/// The span of a syntax node or token.
pub(super) fn span(range: TextRange) -> Span {
    Span::new(range.start().into(), range.end().into())
}

/// The span of an expression.
pub(super) fn span_of(node: &impl rnix::ast::AstNode) -> Span {
    span(node.syntax().text_range())
}

/// A problem without help or input.
pub(super) fn problem(message: impl Into<String>, span: Span) -> Problem {
    Problem { message: message.into(), help: None, span, input: None, first: None }
}

/// What one walk over a tree finds out.
struct Survey {
    /// Nodes above the deepest one.
    depth: usize,
    /// Names in the paths of all bindings that are open at one place, at most.
    names: usize,
    comments: Vec<Spanned<String>>,
}

fn survey(syntax: &SyntaxNode) -> Survey {
    let mut survey = Survey { depth: 0, names: 0, comments: Vec::new() };
    let (mut depth, mut names) = (0_usize, 0_usize);
    // The names of each binding that is open.
    let mut open = Vec::new();
    for event in syntax.preorder_with_tokens() {
        match event {
            WalkEvent::Enter(NodeOrToken::Node(node)) => {
                depth += 1;
                survey.depth = survey.depth.max(depth);
                if node.kind() == SyntaxKind::NODE_ATTRPATH_VALUE {
                    open.push(0);
                }
            }
            WalkEvent::Leave(NodeOrToken::Node(node)) => {
                depth -= 1;
                if node.kind() == SyntaxKind::NODE_ATTRPATH_VALUE {
                    names -= open.pop().unwrap_or_default();
                }
            }
            WalkEvent::Enter(NodeOrToken::Token(token)) => match token.kind() {
                SyntaxKind::TOKEN_COMMENT => {
                    let inner = comment_text(token.text()).to_owned();
                    survey.comments.push(Spanned::new(inner, span(token.text_range())));
                }
                SyntaxKind::TOKEN_DOT if is_of_binding(&token) => {
                    names += 1;
                    survey.names = survey.names.max(names);
                    open.last_mut().into_iter().for_each(|count| *count += 1);
                }
                _ => {}
            },
            WalkEvent::Leave(NodeOrToken::Token(_)) => {}
        }
    }
    survey
}

/// Whether a dot stands between the names that a binding binds.
fn is_of_binding(dot: &rnix::SyntaxToken) -> bool {
    let binding = dot.parent().and_then(|path| path.parent());
    binding.is_some_and(|node| node.kind() == SyntaxKind::NODE_ATTRPATH_VALUE)
}

fn describe(error: &ParseError, text: &str) -> Problem {
    let end = Span::at(text.trim_end().len());
    let token = |range: &TextRange| {
        let text = text.get(usize::from(range.start())..usize::from(range.end())).unwrap_or_default();
        text.lines().next().unwrap_or_default().chars().take(40).collect::<String>()
    };
    match error {
        ParseError::UnexpectedWanted(_, range, wanted) => {
            let is_unended = wanted.contains(&SyntaxKind::TOKEN_SEMICOLON);
            Problem {
                help: is_unended.then(|| "end what stands before it with `;`".to_owned()),
                ..problem(format!("syntax error, unexpected `{}`{}", token(range), expecting(wanted)), span(*range))
            }
        }
        ParseError::Unexpected(range) | ParseError::UnexpectedExtra(range) => {
            problem(format!("syntax error, unexpected `{}`", token(range)), span(*range))
        }
        ParseError::UnexpectedDoubleBind(range) => {
            problem(format!("syntax error, unexpected second `@` binding `{}`", token(range)), span(*range))
        }
        ParseError::UnexpectedEOFWanted(wanted) => {
            problem(format!("syntax error, unexpected end of file{}", expecting(wanted)), end)
        }
        ParseError::DuplicatedArgs(range, name) => {
            problem(format!("duplicate formal function argument `{name}`"), span(*range))
        }
        ParseError::RecursionLimitExceeded => problem("nested too deeply", end),
        _ => problem("syntax error, unexpected end of file", end),
    }
}

fn expecting(wanted: &[SyntaxKind]) -> String {
    let names: Vec<&str> = wanted.iter().filter_map(|kind| token_name(*kind)).collect();
    match names.as_slice() {
        [] => String::new(),
        [name] => format!(", expecting {name}"),
        names => format!(", expecting one of {}", names.join(" ")),
    }
}

fn token_name(kind: SyntaxKind) -> Option<&'static str> {
    let name = match kind {
        SyntaxKind::TOKEN_SEMICOLON => "`;`",
        SyntaxKind::TOKEN_COLON => "`:`",
        SyntaxKind::TOKEN_COMMA => "`,`",
        SyntaxKind::TOKEN_ASSIGN => "`=`",
        SyntaxKind::TOKEN_R_BRACE => "`}`",
        SyntaxKind::TOKEN_R_BRACK => "`]`",
        SyntaxKind::TOKEN_R_PAREN => "`)`",
        SyntaxKind::TOKEN_L_BRACE => "`{`",
        SyntaxKind::TOKEN_IN => "`in`",
        SyntaxKind::TOKEN_THEN => "`then`",
        SyntaxKind::TOKEN_ELSE => "`else`",
        SyntaxKind::TOKEN_IDENT => "a name",
        _ => return None,
    };
    Some(name)
}
