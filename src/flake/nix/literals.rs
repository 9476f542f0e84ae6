//! Literals as Nix's lexer sees them.

use rnix::ast::{self, AstToken as _, InterpolPart};
use rnix::{NodeOrToken, SyntaxKind};
use rowan::ast::AstNode as _;

/// The value of a string literal that Nix keeps as one constant: no interpolation, and for indented strings nothing
/// that its lexer splits (`''$`, `'''`, `''\x`, a lone `'` or `$`). `None` for every other string.
pub(super) fn string(text: &ast::Str) -> Option<String> {
    let mut content = String::new();
    for part in text.parts() {
        match part {
            InterpolPart::Literal(literal) => content.push_str(literal.syntax().text()),
            InterpolPart::Interpolation(_) => return None,
        }
    }
    if is_indented(text) { indented(&content) } else { Some(quoted(&content)) }
}

fn is_indented(text: &ast::Str) -> bool {
    let first = text.syntax().first_token();
    first.is_some_and(|token| token.kind() == SyntaxKind::TOKEN_STRING_START && token.text() == "''")
}

/// `unescapeStr` of Nix's lexer.
fn quoted(content: &str) -> String {
    let mut value = String::with_capacity(content.len());
    let mut characters = content.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(other) => value.push(other),
                None => {}
            },
            '\r' => {
                value.push('\n');
                characters.next_if_eq(&'\n');
            }
            other => value.push(other),
        }
    }
    value
}

fn indented(content: &str) -> Option<String> {
    // The opening token takes the rest of its line with it where that is blank.
    let content = match content.find(|character| character != ' ') {
        Some(start) if content[start..].starts_with('\n') => &content[start + 1..],
        _ => content,
    };
    let mut rest = content.chars().peekable();
    while let Some(character) = rest.next() {
        let next = rest.peek().copied();
        let absorbed = match character {
            '$' => next.is_some_and(|next| next != '{' && next != '\''),
            '\'' => next.is_some_and(|next| next != '\'' && next != '$'),
            _ => continue,
        };
        if !absorbed {
            return None;
        }
        rest.next();
    }
    Some(strip_indentation(content))
}

/// `stripIndentation` of Nix's parser for a string of one piece.
fn strip_indentation(content: &str) -> String {
    let line_indent = |line: &str| line.chars().take_while(|character| *character == ' ').count();
    let lines: Vec<&str> = content.split('\n').collect();
    let used = lines.iter().filter(|line| line.chars().any(|character| character != ' '));
    let minimum = used.map(|line| line_indent(line)).min().unwrap_or(usize::MAX);
    let stripped: Vec<&str> = lines.iter().map(|line| &line[line_indent(line).min(minimum)..]).collect();
    let mut value = stripped.join("\n");
    if let Some(newline) = value.rfind('\n')
        && value[newline + 1..].chars().all(|character| character == ' ')
    {
        value.truncate(newline + 1);
    }
    value
}

/// The text of a path literal without interpolation, as written.
pub(super) fn path(node: &rnix::SyntaxNode) -> Option<String> {
    let mut text = String::new();
    for child in node.children_with_tokens() {
        match child {
            NodeOrToken::Token(token) => text.push_str(token.text()),
            NodeOrToken::Node(_) => return None,
        }
    }
    Some(text)
}

/// A path literal relative to the directory of its file, normalised as Nix does: `./sub` is `sub`, `./.` is `.`.
pub(super) fn normal_relative(text: &str) -> String {
    let mut components: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if components.last().is_some_and(|last| *last != "..") => {
                components.pop();
            }
            name => components.push(name),
        }
    }
    if components.is_empty() { ".".to_owned() } else { components.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_goes_as_nix_strips_it() {
        assert_eq!(indented("\n    a\n      b\n  ").as_deref(), Some("a\n  b\n"));
        assert_eq!(indented("x").as_deref(), Some("x"));
        assert_eq!(indented("").as_deref(), Some(""));
        assert_eq!(indented("a$${b"), Some("a$${b".to_owned()));
        assert_eq!(indented("it's").as_deref(), Some("it's"));
        assert_eq!(indented("a'"), None);
    }

    #[test]
    fn escapes_and_line_endings() {
        assert_eq!(quoted("a\\n\\\"\\q\r\nb"), "a\n\"q\nb");
    }

    #[test]
    fn relative_paths_are_normalised() {
        assert_eq!(normal_relative("./sub"), "sub");
        assert_eq!(normal_relative("./."), ".");
        assert_eq!(normal_relative("../a/../b"), "../b");
    }
}
