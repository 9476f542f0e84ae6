//! The values that Nix looks at without evaluating anything: its "trivial" values (`flake.cc: expectType, isTrivial`).

use std::collections::BTreeMap;

use rnix::ast::{self, AstToken as _, LiteralKind};
use rowan::ast::AstNode as _;

use super::literals;
use super::parse::span_of;
use super::scope::is_global;
use super::set::{Attribute, SetNode, Value, without_parens};
use crate::source::Span;

/// What an attribute's value is without evaluation.
pub(super) enum Class<'a> {
    /// A string and the place of its literal.
    String(String, Span),
    /// A path literal as written, and its place.
    Path(String, Span),
    /// A number.
    Integer(i64),
    /// A number with a point.
    Float,
    /// `true` or `false`.
    Boolean(bool, Span),
    /// `null`.
    Null,
    /// A set without computed attributes, with the sets that are visible inside it.
    Set(&'a SetNode, Env<'a>),
    /// A list.
    List(ast::List),
    /// A function; the literal where there is one.
    Function(Option<ast::Lambda>),
    /// Anything that would have to be evaluated.
    Thunk,
}

impl Class<'_> {
    /// As Nix names the type in "expected … but got …".
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::String(..) => "a string",
            Self::Path(..) => "a path",
            Self::Integer(_) => "an integer",
            Self::Float => "a float",
            Self::Boolean(..) => "a Boolean",
            Self::Null => "null",
            Self::Set(..) => "a set",
            Self::List(_) => "a list",
            Self::Function(_) => "a function",
            Self::Thunk => "a thunk",
        }
    }
}

/// The `rec` sets around a place, innermost last, and the order in which names first appear in the file.
#[derive(Clone)]
pub(super) struct Env<'a> {
    sets: Vec<&'a SetNode>,
    first: &'a BTreeMap<String, usize>,
}

/// As many hops between names as any real file needs.
const MAX_HOPS: usize = 100;

impl<'a> Env<'a> {
    /// Outside of every set.
    pub(super) const fn outermost(first: &'a BTreeMap<String, usize>) -> Self {
        Self { sets: Vec::new(), first }
    }

    /// Inside a set.
    pub(super) fn enter(&self, set: &'a SetNode) -> Self {
        let mut inner = self.clone();
        inner.sets.push(set);
        inner
    }

    /// Classifies the value of an attribute of the innermost set.
    pub(super) fn classify(&self, name: &str, attribute: &'a Attribute) -> Class<'a> {
        self.value(name, &attribute.value, MAX_HOPS)
    }

    fn value(&self, name: &str, value: &'a Value, hops: usize) -> Class<'a> {
        match value {
            Value::Set(set) if set.dynamic.is_empty() => Class::Set(set, self.enter(set)),
            Value::Set(_) | Value::InheritFrom(_) => Class::Thunk,
            Value::Inherit(_) => {
                let mut outside = self.clone();
                outside.sets.pop();
                outside.variable(name, None, hops)
            }
            Value::Expr(expr) => self.expr(name, expr, hops),
        }
    }

    /// Classifies an expression that stands directly in the innermost set under `name`.
    pub(super) fn expr(&self, name: &str, expr: &ast::Expr, hops: usize) -> Class<'a> {
        let expr = without_parens(expr.clone());
        let place = span_of(&expr);
        match &expr {
            ast::Expr::Str(text) => literals::string(text).map_or(Class::Thunk, |text| Class::String(text, place)),
            ast::Expr::Literal(literal) => match literal.kind() {
                LiteralKind::Integer(number) => number.value().map_or(Class::Thunk, Class::Integer),
                LiteralKind::Float(_) => Class::Float,
                LiteralKind::Uri(uri) => Class::String(uri.syntax().text().to_owned(), place),
            },
            ast::Expr::PathAbs(_) | ast::Expr::PathRel(_) => {
                literals::path(expr.syntax()).map_or(Class::Thunk, |text| Class::Path(text, place))
            }
            ast::Expr::Ident(ident) => {
                let variable = ident.syntax().text().to_string();
                self.variable(&variable, Some(name), hops).at(place)
            }
            ast::Expr::List(list) => Class::List(list.clone()),
            ast::Expr::Lambda(lambda) => Class::Function(Some(lambda.clone())),
            _ => Class::Thunk,
        }
    }

    /// Looks a variable up. `directly` is the attribute of the innermost set that the variable is the whole value of;
    /// in a `rec` set that works only where Nix has constructed the donor before, which is the order in which the names
    /// first appear in the file.
    fn variable(&self, variable: &str, directly: Option<&str>, hops: usize) -> Class<'a> {
        if hops == 0 {
            return Class::Thunk;
        }
        for (depth, set) in self.sets.iter().enumerate().rev() {
            if !set.recursive {
                continue;
            }
            let Some(attribute) = set.attributes.get(variable) else { continue };
            if depth + 1 == self.sets.len()
                && let Some(own) = directly
                && self.first.get(variable) >= self.first.get(own)
            {
                return Class::Thunk;
            }
            let donor = Env { sets: self.sets[..=depth].to_vec(), first: self.first };
            return donor.value(variable, &attribute.value, hops - 1);
        }
        match variable {
            "true" => Class::Boolean(true, Span::default()),
            "false" => Class::Boolean(false, Span::default()),
            "null" => Class::Null,
            name if name != "builtins" && is_global(name) => Class::Function(None),
            _ => Class::Thunk,
        }
    }
}

impl Class<'_> {
    /// The same value, found at another place: findings point where the value is used.
    fn at(self, place: Span) -> Self {
        match self {
            Self::String(text, _) => Self::String(text, place),
            Self::Path(text, _) => Self::Path(text, place),
            Self::Boolean(value, _) => Self::Boolean(value, place),
            other => other,
        }
    }
}
