//! Attribute sets as Nix's parser builds them: nested paths and several literals merged, duplicates refused
//! (`ParserState::addAttr` in Nix's sources).

use std::collections::BTreeMap;

use rnix::ast::{self, HasEntry, InterpolPart};
use rowan::ast::AstNode as _;

use super::literals;
use super::parse::{problem, span, span_of};
use crate::flake::Problem;
use crate::source::Span;

/// A set literal, or several merged into one.
#[derive(Clone, Default)]
pub(super) struct SetNode {
    /// Whether the first literal is `rec`.
    pub(super) recursive: bool,
    /// Static attributes by name.
    pub(super) attributes: BTreeMap<String, Attribute>,
    /// Attributes with a computed name: the name and the value.
    pub(super) dynamic: Vec<(ast::Expr, Value)>,
    /// The first place.
    pub(super) span: Span,
}

/// One attribute.
#[derive(Clone)]
pub(super) struct Attribute {
    /// The name where it is first written.
    pub(super) key: Span,
    /// Every binding that contributes, whole, in order.
    pub(super) bindings: Vec<Span>,
    /// What it is bound to.
    pub(super) value: Value,
}

/// What an attribute is bound to.
#[derive(Clone)]
pub(super) enum Value {
    /// An expression that is not a set literal.
    Expr(ast::Expr),
    /// A set literal, merged with what nested paths add.
    Set(SetNode),
    /// `inherit name;`: the variable outside of the set.
    Inherit(Span),
    /// `inherit (expr) name;`
    InheritFrom(ast::Expr),
}

/// Where a set's attributes are allowed to be computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A set literal.
    Set,
    /// The bindings of a `let`.
    Let,
}

/// Drops the parentheses around an expression.
pub(super) fn without_parens(mut expr: ast::Expr) -> ast::Expr {
    while let ast::Expr::Paren(paren) = &expr {
        let Some(inner) = paren.expr() else { break };
        expr = inner;
    }
    expr
}

/// Builds the set of a literal and everything merged below it.
pub(super) fn build(set: &ast::AttrSet, problems: &mut Vec<Problem>) -> SetNode {
    let mut node = SetNode { recursive: set.rec_token().is_some(), span: span_of(set), ..SetNode::default() };
    add_entries(&mut node, set, Kind::Set, problems);
    node
}

/// Adds the entries of a set literal or a `let` to a node.
pub(super) fn add_entries(node: &mut SetNode, entries: &impl HasEntry, kind: Kind, problems: &mut Vec<Problem>) {
    for entry in entries.entries() {
        match entry {
            ast::Entry::Inherit(inherit) => add_inherit(node, &inherit, problems),
            ast::Entry::AttrpathValue(binding) => add_binding(node, &binding, kind, problems),
        }
    }
}

fn add_inherit(node: &mut SetNode, inherit: &ast::Inherit, problems: &mut Vec<Problem>) {
    let from = inherit.from().and_then(|from| from.expr());
    for attr in inherit.attrs() {
        let key = span_of(&attr);
        let Some(name) = static_name(&attr) else {
            problems.push(problem("dynamic attributes not allowed in inherit", key));
            continue;
        };
        if let Some(known) = node.attributes.get(&name) {
            problems.push(duplicate(&[name], key, known.key));
            continue;
        }
        let value = from.clone().map_or(Value::Inherit(key), Value::InheritFrom);
        node.attributes.insert(name, Attribute { key, bindings: vec![span_of(inherit)], value });
    }
}

fn add_binding(node: &mut SetNode, binding: &ast::AttrpathValue, kind: Kind, problems: &mut Vec<Problem>) {
    let (Some(path), Some(value)) = (binding.attrpath(), binding.value()) else { return };
    let whole = span(binding.syntax().text_range());
    let attrs: Vec<ast::Attr> = path.attrs().collect();
    let value = match without_parens(value) {
        ast::Expr::AttrSet(set) => Value::Set(build(&set, problems)),
        expr => Value::Expr(expr),
    };
    insert(node, &attrs, &mut Vec::new(), value, whole, kind, problems);
}

/// Puts a value at a path of attributes, as Nix does: sets merge, everything else must be new.
fn insert(
    node: &mut SetNode,
    attrs: &[ast::Attr],
    path: &mut Vec<String>,
    value: Value,
    whole: Span,
    kind: Kind,
    problems: &mut Vec<Problem>,
) {
    let Some((first, rest)) = attrs.split_first() else { return };
    let key = span_of(first);
    let Some(name) = static_name(first) else {
        if kind == Kind::Let {
            problems.push(problem("dynamic attributes not allowed in let", key));
            return;
        }
        let mut inner = value;
        if !rest.is_empty() {
            let mut nested = SetNode { span: key, ..SetNode::default() };
            insert(&mut nested, rest, path, inner, whole, Kind::Set, problems);
            inner = Value::Set(nested);
        }
        if let Some(name) = dynamic_name(first) {
            node.dynamic.push((name, inner));
        }
        return;
    };
    path.push(name.clone());
    let Some(known) = node.attributes.get_mut(&name) else {
        let mut inner = value;
        if !rest.is_empty() {
            let mut nested = SetNode { span: key, ..SetNode::default() };
            insert(&mut nested, rest, path, inner, whole, Kind::Set, problems);
            inner = Value::Set(nested);
        }
        node.attributes.insert(name, Attribute { key, bindings: vec![whole], value: inner });
        return;
    };
    known.bindings.push(whole);
    match (&mut known.value, value) {
        (Value::Set(set), value) if !rest.is_empty() => insert(set, rest, path, value, whole, Kind::Set, problems),
        (Value::Set(set), Value::Set(more)) => merge(set, more, path, problems),
        _ => problems.push(duplicate(path, key, known.key)),
    }
}

/// Moves the attributes of a later literal into an earlier one.
fn merge(set: &mut SetNode, more: SetNode, path: &mut Vec<String>, problems: &mut Vec<Problem>) {
    set.dynamic.extend(more.dynamic);
    for (name, attribute) in more.attributes {
        path.push(name.clone());
        match set.attributes.get_mut(&name) {
            None => {
                set.attributes.insert(name, attribute);
            }
            Some(known) => match (&mut known.value, attribute.value) {
                (Value::Set(known_set), Value::Set(nested)) => {
                    known.bindings.extend(attribute.bindings);
                    merge(known_set, nested, path, problems);
                }
                _ => problems.push(duplicate(path, attribute.key, known.key)),
            },
        }
        path.pop();
    }
}

fn duplicate(path: &[String], span: Span, first: Span) -> Problem {
    Problem { first: Some(first), ..problem(format!("attribute `{}` already defined", path.join(".")), span) }
}

/// The name of an attribute that needs no evaluation: `a`, `"a"`, `${"a"}`.
pub(super) fn static_name(attr: &ast::Attr) -> Option<String> {
    match attr {
        ast::Attr::Ident(ident) => Some(ident.syntax().text().to_string()),
        ast::Attr::Str(text) => literals::string(text),
        ast::Attr::Dynamic(dynamic) => match without_parens(dynamic.expr()?) {
            ast::Expr::Str(text) => literals::string(&text),
            _ => None,
        },
    }
}

fn dynamic_name(attr: &ast::Attr) -> Option<ast::Expr> {
    match attr {
        ast::Attr::Ident(_) => None,
        ast::Attr::Dynamic(dynamic) => dynamic.expr(),
        ast::Attr::Str(text) => Some(ast::Expr::Str(text.clone())),
    }
}

/// Whether any part of a string is interpolated.
pub(super) fn interpolations(text: &ast::Str) -> impl Iterator<Item = ast::Expr> {
    text.parts().filter_map(|part| match part {
        InterpolPart::Interpolation(interpolation) => interpolation.expr(),
        InterpolPart::Literal(_) => None,
    })
}
