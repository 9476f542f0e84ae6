//! How a flake.nix is laid out: its bindings as written, with the places where others can be put in or taken out.

use rnix::ast::{self, HasEntry as _};
use rowan::ast::AstNode as _;

use super::literals;
use super::parse::{self, span, span_of};
use crate::source::Span;

/// Sets nested deeper than this are not looked into: `inputs.a.inputs.b.inputs.c.follows` needs no more.
const MAX_DEPTH: usize = 12;

/// A set as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetLayout {
    /// The opening brace.
    pub open: Span,
    /// The closing brace.
    pub close: Span,
    /// Its bindings in order, `inherit` left out.
    pub bindings: Vec<BindingLayout>,
}

/// `names = value;` as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingLayout {
    /// The attribute path, unquoted; empty where a part of it is computed.
    pub names: Vec<String>,
    /// The same names as they stand there, in quotes where they are.
    pub written: Vec<String>,
    /// From the first name up to the semicolon.
    pub span: Span,
    /// The value.
    pub value: Span,
    /// The value, where it is a set.
    pub set: Option<SetLayout>,
}

/// The outermost set of a file. `None` where the file has a syntax error or is something else.
#[must_use]
pub fn layout(text: &str) -> Option<SetLayout> {
    set(&parse::parse(text).root?, 0)
}

fn set(expression: &ast::Expr, depth: usize) -> Option<SetLayout> {
    let mut current = expression.clone();
    while let ast::Expr::Paren(paren) = &current {
        current = paren.expr()?;
    }
    let ast::Expr::AttrSet(found) = current else { return None };
    if depth > MAX_DEPTH {
        return None;
    }
    let (open, close) = (found.l_curly_token()?, found.r_curly_token()?);
    let bindings = found.attrpath_values().filter_map(|found| binding(&found, depth)).collect();
    Some(SetLayout { open: span(open.text_range()), close: span(close.text_range()), bindings })
}

fn binding(found: &ast::AttrpathValue, depth: usize) -> Option<BindingLayout> {
    let value = found.value()?;
    let path = found.attrpath()?;
    let names: Option<Vec<String>> = path.attrs().map(|attribute| name(&attribute)).collect();
    Some(BindingLayout {
        names: names.unwrap_or_default(),
        written: path.attrs().map(|attribute| attribute.syntax().text().to_string()).collect(),
        span: span_of(found),
        value: span_of(&value),
        set: set(&value, depth + 1),
    })
}

fn name(attribute: &ast::Attr) -> Option<String> {
    match attribute {
        ast::Attr::Ident(ident) => Some(ident.ident_token()?.text().to_owned()),
        ast::Attr::Str(string) => literals::string(string),
        // `${"a"}` is `a`.
        ast::Attr::Dynamic(computed) => match computed.expr()? {
            ast::Expr::Str(string) => literals::string(&string),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_have_names_and_places() {
        let text = "{ inputs.\"a\" = rec { url = \"x\"; }; outputs = _: { }; ${b}.c = ({ }); inherit d; }";
        let found = layout(text).expect("a set");
        let names: Vec<Vec<String>> = found.bindings.iter().map(|binding| binding.names.clone()).collect();
        assert_eq!(names, [vec!["inputs".to_owned(), "a".to_owned()], vec!["outputs".to_owned()], vec![]]);
        let first = &found.bindings[0];
        assert_eq!(&text[first.span.start..first.span.end], "inputs.\"a\" = rec { url = \"x\"; };");
        let inner = first.set.as_ref().expect("a set");
        assert_eq!(&text[inner.open.start..inner.close.end], "{ url = \"x\"; }");
        assert!(found.bindings[1].set.is_none() && found.bindings[2].set.is_some());
    }
}
