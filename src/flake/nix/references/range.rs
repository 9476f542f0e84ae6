//! What an interpolated path can be seen to range over: `map (name: ./hosts/${name}.nix) [ "vega" "lyra" ]` names two
//! files.
//!
//! Only what is written out is taken: a list of plain strings, the names of a set, a string bound by `let`. What is
//! computed ranges over nothing here.

use rnix::ast::{self, HasEntry as _};
use rnix::{SyntaxKind, SyntaxNode};
use rowan::ast::AstNode as _;

use super::names::{is_mapping, is_mapping_backwards};
use super::syntax::{Bound, attribute_name, binding_of, head, node_at};
use super::token::{is_identifier_byte, is_interpolation, is_path_byte, is_space, run};
use super::{Mention, Origin};
use crate::flake::nix::parse;
use crate::source::{SourceFile, Span};

/// A path with one name to be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The path around it.
    pub mention: Mention,
    name: Span,
    /// The path's text behind it.
    rest: Span,
}

impl Hole {
    /// The hole of an open mention that is known but for a single name: `./hosts/${name}.nix`.
    #[must_use]
    pub fn of(bytes: &[u8], mention: Mention) -> Option<Self> {
        let known = mention.suffix.map_or(mention.text.end, |suffix| suffix.end);
        if !mention.open || !is_interpolation(bytes, known) {
            return None;
        }
        let name = Span::new(known + 2, run(bytes, known + 2, is_identifier_byte));
        let begins = bytes.get(name.start).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        if !begins || bytes.get(name.end) != Some(&b'}') {
            return None;
        }
        let rest = Span::new(name.end + 1, run(bytes, name.end + 1, |byte| is_path_byte(byte) || byte == b'/'));
        let end = if mention.suffix.is_none() {
            (rest.end == mention.span.end).then_some(rest.end)?
        } else {
            (bytes.get(rest.end) == Some(&b'"')).then_some(rest.end + 1)?
        };
        // `./a/${name} + "/b"` goes on.
        let next = run(bytes, end, is_space);
        let goes_on = bytes.get(next) == Some(&b'+') && bytes.get(next + 1) != Some(&b'+');
        (!goes_on).then_some(Self { mention, name, rest })
    }

    /// The path with a value filled in, relative to its origin, written into `buffer`.
    pub fn write_path(&self, bytes: &[u8], value: Span, buffer: &mut Vec<u8>) {
        let slice = |span: Span| bytes.get(span.start..span.end).unwrap_or_default();
        buffer.clear();
        for part in [Some(self.mention.text), self.mention.suffix, Some(value), Some(self.rest)].into_iter().flatten() {
            buffer.extend_from_slice(slice(part));
        }
        if self.mention.origin == Origin::Flake && buffer.first() == Some(&b'/') {
            buffer.remove(0);
        }
    }
}

/// No more holes than this are looked at in one file.
const MAX_HOLES: usize = 100;

/// As far as one name is followed to another.
const MAX_STEPS: usize = 4;

/// For each hole the values that it can be seen to take: where they are written, in order. A file that Nix could not
/// parse yields none.
#[must_use]
pub fn values(source: &SourceFile, holes: &[Hole]) -> Vec<Vec<Span>> {
    let Some(root) = parse::parse(source.text()).root else { return Vec::new() };
    let of_hole = |hole: &Hole| {
        let name = source.text().get(hole.name.start..hole.name.end)?;
        Some(values_of(&node_at(root.syntax(), &hole.mention)?, name))
    };
    holes.iter().take(MAX_HOLES).map(|hole| of_hole(hole).unwrap_or_default()).collect()
}

/// What binds a name, seen from a place inside its scope.
pub(super) enum Binder {
    /// A function whose whole argument it is.
    Lambda(SyntaxNode),
    /// `let` or a recursive set.
    Scope(Bound),
}

pub(super) fn binder(from: &SyntaxNode, name: &str) -> Option<Binder> {
    for scope in from.ancestors().skip(1) {
        match scope.kind() {
            SyntaxKind::NODE_LAMBDA => {
                let is_name = |ident: Option<ast::Ident>| {
                    ident.and_then(|ident| ident.ident_token()).is_some_and(|token| token.text() == name)
                };
                match ast::Lambda::cast(scope.clone())?.param()? {
                    ast::Param::IdentParam(parameter) if is_name(parameter.ident()) => {
                        return Some(Binder::Lambda(scope));
                    }
                    ast::Param::Pattern(pattern) => {
                        let binds = pattern.pat_bind().and_then(|bind| bind.ident());
                        if is_name(binds) || pattern.pat_entries().any(|entry| is_name(entry.ident())) {
                            return None;
                        }
                    }
                    ast::Param::IdentParam(_) => {}
                }
            }
            SyntaxKind::NODE_LET_IN => {
                if let Some(bound) = binding_of(&ast::LetIn::cast(scope)?, name) {
                    return Some(Binder::Scope(bound));
                }
            }
            SyntaxKind::NODE_ATTR_SET => {
                let set = ast::AttrSet::cast(scope).filter(|set| set.rec_token().is_some());
                if let Some(bound) = set.and_then(|set| binding_of(&set, name)) {
                    return Some(Binder::Scope(bound));
                }
            }
            SyntaxKind::NODE_LEGACY_LET => return None,
            _ => {}
        }
    }
    None
}

/// The values that a name can be seen to take at a place: where they are written.
pub(super) fn values_of(place: &SyntaxNode, name: &str) -> Vec<Span> {
    // The search begins above the place itself, which is no scope.
    match binder(place, name) {
        Some(Binder::Lambda(lambda)) => given(&lambda).map(|all| elements(&all, 0)).unwrap_or_default(),
        Some(Binder::Scope(Bound::To(ast::Expr::Str(string)))) => plain(&string).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The expression that a function is applied to piece by piece: `map FUNCTION ALL`, `genAttrs ALL FUNCTION`.
fn given(lambda: &SyntaxNode) -> Option<ast::Expr> {
    let apply = ast::Apply::cast(above(lambda)?)?;
    let function = apply.lambda()?;
    if function.syntax().text_range().contains_range(lambda.text_range()) {
        return None;
    }
    if let ast::Expr::Apply(inner) = &function {
        let outer = inner.lambda().filter(|outer| !matches!(outer, ast::Expr::Apply(_)))?;
        let is_known = head(&outer).0.is_some_and(|name| is_mapping_backwards(&name));
        return is_known.then(|| inner.argument()).flatten();
    }
    if !head(&function).0.is_some_and(|name| is_mapping(&name)) {
        return None;
    }
    let parent = above(apply.syntax())?;
    if let Some(outer) = ast::Apply::cast(parent.clone()) {
        let argument = outer.argument()?;
        let is_function = !argument.syntax().text_range().contains_range(apply.syntax().text_range());
        return is_function.then_some(argument);
    }
    let pipe = ast::BinOp::cast(parent)?;
    if pipe.operator() == Some(ast::BinOpKind::PipeRight) { pipe.lhs() } else { None }
}

/// The node around, past parentheses.
fn above(node: &SyntaxNode) -> Option<SyntaxNode> {
    node.ancestors().skip(1).find(|node| node.kind() != SyntaxKind::NODE_PAREN)
}

/// The plain strings of a list, or the names of a set.
fn elements(expression: &ast::Expr, steps: usize) -> Vec<Span> {
    if steps > MAX_STEPS {
        return Vec::new();
    }
    match expression {
        ast::Expr::Paren(paren) => paren.expr().map(|inner| elements(&inner, steps + 1)).unwrap_or_default(),
        ast::Expr::List(list) => {
            let strings =
                list.items().filter_map(|item| if let ast::Expr::Str(string) = item { Some(string) } else { None });
            strings.filter_map(|string| plain(&string)).collect()
        }
        ast::Expr::AttrSet(set) => set.attrpath_values().filter_map(|binding| key(&binding)).collect(),
        ast::Expr::BinOp(sum) if matches!(sum.operator(), Some(ast::BinOpKind::Concat | ast::BinOpKind::Update)) => {
            let sides = [sum.lhs(), sum.rhs()].into_iter().flatten();
            sides.flat_map(|side| elements(&side, steps + 1)).collect()
        }
        ast::Expr::Apply(apply) if head(expression).0.as_deref() == Some("attrNames") => {
            apply.argument().map(|set| elements(&set, steps + 1)).unwrap_or_default()
        }
        ast::Expr::Ident(ident) => {
            let name = ident.ident_token().map(|token| token.text().to_owned()).unwrap_or_default();
            match binder(ident.syntax(), &name) {
                Some(Binder::Scope(Bound::To(value))) => elements(&value, steps + 1),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// The first name of a binding, where it is written out.
fn key(binding: &ast::AttrpathValue) -> Option<Span> {
    match binding.attrpath()?.attrs().next()? {
        ast::Attr::Str(string) => plain(&string),
        attribute => attribute_name(&attribute).map(|_| parse::span(attribute.syntax().text_range())),
    }
}

/// A string that can be part of a path as it stands: where its text is.
fn plain(string: &ast::Str) -> Option<Span> {
    let text = string.syntax().text().to_string();
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let span = parse::span(string.syntax().text_range());
    let is_plain = !inner.is_empty() && inner.bytes().all(|byte| is_path_byte(byte) || byte == b'/');
    is_plain.then(|| Span::new(span.start + 1, span.end - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flake::nix::references::scan;

    fn paths(text: &str) -> Vec<String> {
        let source = SourceFile::new("a.nix".into(), text.as_bytes().to_vec());
        let mentions = scan(source.bytes()).mentions;
        let holes: Vec<Hole> = mentions.into_iter().filter_map(|mention| Hole::of(source.bytes(), mention)).collect();
        let mut buffer = Vec::new();
        let mut found = Vec::new();
        for (hole, values) in holes.iter().zip(values(&source, &holes)) {
            for value in values {
                hole.write_path(source.bytes(), value, &mut buffer);
                found.push(String::from_utf8_lossy(&buffer).into_owned());
            }
        }
        found
    }

    #[test]
    fn what_is_written_out_is_seen() {
        for text in [
            r#"map (name: ./h/${name}.nix) [ "a" "b" ]"#,
            r#"lib.genAttrs [ "a" "b" ] (n: lib.nixosSystem { modules = [ ./h/${n}.nix ]; })"#,
            r#"lib.forEach ([ "a" ] ++ [ "b" ]) (host: import (./h + "/${host}.nix"))"#,
            "builtins.mapAttrs (name: value: ./h/${name}.nix) { a = 1; b.c = 2; }",
            r#"let hosts = [ "a" "b" ]; in lib.genAttrs hosts (name: ./h/${name}.nix)"#,
            "let hosts = { a = 1; b = 2; }; in map (name: ./h/${name}.nix) (lib.attrNames hosts)",
            r#"[ "a" "b" ] |> map (name: ./h/${name}.nix)"#,
            r#"map (name: { x = y: ./h/${name}.nix; }) [ "a" n "b" "$ {c}" ]"#,
        ] {
            assert_eq!(paths(text), ["./h/a.nix", "./h/b.nix"], "{text}");
        }
        assert_eq!(paths(r#"{ self }: let n = "a"; in "${self}/h/${n}""#), ["h/a"]);
    }

    #[test]
    fn what_is_computed_is_not() {
        for text in [
            "map (name: ./h/${name}.nix) names",
            r#"map (name: ./h/${f name}.nix) [ "a" ]"#,
            r#"map (name: ./h/${name}/${name}) [ "a" ]"#,
            r#"map (name: let name = f 1; in ./h/${name}) [ "a" ]"#,
            r#"map (name: { name, ... }: ./h/${name}) [ "a" ]"#,
            r#"map (name: ./h/${name} + "/x") [ "a" ]"#,
            r#"map (name: ./h + "/${name}" + ".nix") [ "a" ]"#,
            r#"filter (name: ./h/${name}) [ "a" ]"#,
            r#"f (map (name: ./h/${name})) [ "a" ]"#,
            r#"map (f (name: ./h/${name})) [ "a" ]"#,
            "let n = n; in map (name: ./h/${name}) n",
        ] {
            assert_eq!(paths(text), [""; 0], "{text}");
        }
    }
}
