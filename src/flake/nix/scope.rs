//! What Nix's parser refuses beyond syntax, anywhere in the file: undefined variables, duplicate attributes and
//! arguments, numbers that do not fit, bad paths, disabled operators.

use std::collections::BTreeSet;

use rnix::ast::{self, AstToken as _, InterpolPart, LiteralKind};
use rowan::ast::AstNode as _;

use super::grammar;
use super::parse::{problem, span_of};
use super::set::{self, Kind, SetNode, Value};
use crate::flake::Problem;
use crate::source::Span;

/// Names that are always defined, in pure evaluation, in Nix 2.34; every other builtin is reached as `__name`.
const GLOBALS: &[&str] = &[
    "abort",
    "baseNameOf",
    "break",
    "builtins",
    "derivation",
    "derivationStrict",
    "dirOf",
    "false",
    "fetchGit",
    "fetchMercurial",
    "fetchTarball",
    "fetchTree",
    "fromTOML",
    "import",
    "isNull",
    "map",
    "null",
    "placeholder",
    "removeAttrs",
    "scopedImport",
    "throw",
    "toString",
    "true",
];

/// Builtins that exist as `__name` too.
const BUILTINS: &[&str] = &[
    "add",
    "addDrvOutputDependencies",
    "addErrorContext",
    "all",
    "any",
    "appendContext",
    "attrNames",
    "attrValues",
    "bitAnd",
    "bitOr",
    "bitXor",
    "catAttrs",
    "ceil",
    "compareVersions",
    "concatLists",
    "concatMap",
    "concatStringsSep",
    "convertHash",
    "deepSeq",
    "div",
    "elem",
    "elemAt",
    "fetchurl",
    "filter",
    "filterSource",
    "findFile",
    "flakeRefToString",
    "floor",
    "foldl'",
    "fromJSON",
    "functionArgs",
    "genList",
    "genericClosure",
    "getAttr",
    "getContext",
    "getEnv",
    "getFlake",
    "groupBy",
    "hasAttr",
    "hasContext",
    "hashFile",
    "hashString",
    "head",
    "intersectAttrs",
    "isAttrs",
    "isBool",
    "isFloat",
    "isFunction",
    "isInt",
    "isList",
    "isPath",
    "isString",
    "langVersion",
    "length",
    "lessThan",
    "listToAttrs",
    "mapAttrs",
    "match",
    "mul",
    "nixPath",
    "nixVersion",
    "outputOf",
    "parseDrvName",
    "parseFlakeRef",
    "partition",
    "path",
    "pathExists",
    "readDir",
    "readFile",
    "readFileType",
    "replaceStrings",
    "seq",
    "sort",
    "split",
    "splitVersion",
    "storeDir",
    "storePath",
    "stringLength",
    "sub",
    "substring",
    "tail",
    "toFile",
    "toJSON",
    "toPath",
    "toXML",
    "trace",
    "traceVerbose",
    "tryEval",
    "typeOf",
    "unsafeDiscardOutputDependency",
    "unsafeDiscardStringContext",
    "unsafeGetAttrPos",
    "warn",
    "zipAttrsWith",
];

/// Whether a name is defined without being bound anywhere.
pub(super) fn is_global(name: &str) -> bool {
    GLOBALS.binary_search(&name).is_ok()
        || name.strip_prefix("__").is_some_and(|builtin| BUILTINS.binary_search(&builtin).is_ok())
}

/// Names visible at a place.
enum Scope<'a> {
    /// Nothing but the globals.
    Global,
    /// Names bound around the place.
    Names(BTreeSet<String>, &'a Scope<'a>),
    /// The body of a `with`: any name may come from it.
    With,
}

impl Scope<'_> {
    fn defines(&self, name: &str) -> bool {
        let mut scope = self;
        loop {
            match scope {
                Scope::Global => return is_global(name),
                Scope::With => return true,
                Scope::Names(names, _) if names.contains(name) => return true,
                Scope::Names(_, outer) => scope = outer,
            }
        }
    }
}

/// Checks a whole file. Returns the root set as merged, where the root is a set literal, so that it is built once.
pub(super) fn check(root: &ast::Expr, problems: &mut Vec<Problem>) -> Option<SetNode> {
    let mut checker = Checker { problems };
    if let ast::Expr::AttrSet(literal) = set::without_parens(root.clone()) {
        let node = set::build(&literal, checker.problems);
        checker.set(&node, &Scope::Global);
        return Some(node);
    }
    checker.expr(root, &Scope::Global);
    None
}

struct Checker<'p> {
    problems: &'p mut Vec<Problem>,
}

impl Checker<'_> {
    fn report(&mut self, message: impl Into<String>, span: Span) {
        self.problems.push(problem(message, span));
    }

    fn variable(&mut self, name: &str, span: Span, scope: &Scope<'_>) {
        if !scope.defines(name) {
            self.report(format!("undefined variable `{name}`"), span);
        }
    }

    /// Walks an expression. The depth is bounded: rnix refuses more than 512 nested expressions, and the chains that
    /// it does not count (operators, applications) are walked in a loop.
    fn expr(&mut self, expr: &ast::Expr, scope: &Scope<'_>) {
        let mut current = Some(expr.clone());
        while let Some(expr) = current.take() {
            current = self.step(&expr, scope);
        }
    }

    /// Checks one expression and returns its left operand where that is still to be walked.
    fn step(&mut self, expr: &ast::Expr, scope: &Scope<'_>) -> Option<ast::Expr> {
        grammar::check(expr, self.problems);
        match expr {
            ast::Expr::Ident(ident) => {
                let name = ident.syntax().text().to_string();
                self.variable(&name, span_of(ident), scope);
            }
            ast::Expr::BinOp(operation) => {
                self.maybe(operation.rhs(), scope);
                return operation.lhs();
            }
            ast::Expr::Apply(apply) => {
                self.maybe(apply.argument(), scope);
                return apply.lambda();
            }
            ast::Expr::Paren(paren) => return paren.expr(),
            ast::Expr::UnaryOp(operation) => return operation.expr(),
            ast::Expr::Assert(assert) => {
                self.maybe(assert.condition(), scope);
                return assert.body();
            }
            ast::Expr::IfElse(branch) => {
                self.maybe(branch.condition(), scope);
                self.maybe(branch.body(), scope);
                return branch.else_body();
            }
            ast::Expr::Select(select) => {
                self.attrpath(select.attrpath().as_ref(), scope);
                self.maybe(select.default_expr(), scope);
                return select.expr();
            }
            ast::Expr::HasAttr(test) => {
                self.attrpath(test.attrpath().as_ref(), scope);
                return test.expr();
            }
            ast::Expr::Str(text) => self.string(text, scope),
            ast::Expr::List(list) => list.items().for_each(|item| self.expr(&item, scope)),
            ast::Expr::With(with) => {
                self.maybe(with.namespace(), scope);
                self.maybe(with.body(), &Scope::With);
            }
            ast::Expr::Lambda(lambda) => self.lambda(lambda, scope),
            ast::Expr::AttrSet(literal) => {
                let node = set::build(literal, self.problems);
                self.set(&node, scope);
            }
            ast::Expr::LetIn(binding) => {
                let mut node = SetNode { recursive: true, ..SetNode::default() };
                set::add_entries(&mut node, binding, Kind::Let, self.problems);
                let inner = Scope::Names(node.attributes.keys().cloned().collect(), scope);
                self.bindings(&node, &inner, scope);
                self.maybe(binding.body(), &inner);
            }
            ast::Expr::LegacyLet(binding) => {
                let mut node = SetNode { recursive: true, ..SetNode::default() };
                set::add_entries(&mut node, binding, Kind::Set, self.problems);
                self.set(&node, scope);
            }
            ast::Expr::Literal(literal) => self.literal(literal),
            // rnix takes blanks and comments in front of an interpolation into the path, and cannot name its parts then.
            ast::Expr::PathAbs(_) | ast::Expr::PathRel(_) if is_torn(expr.syntax()) => {
                self.report("syntax error, unexpected `${`", span_of(expr));
            }
            ast::Expr::PathAbs(path) => self.path(path.parts(), span_of(path), scope),
            ast::Expr::PathRel(path) => self.path(path.parts(), span_of(path), scope),
            ast::Expr::PathHome(path) => {
                let text = path.syntax().text().to_string();
                self.report(format!("the path `{text}` can not be resolved in pure mode"), span_of(path));
            }
            ast::Expr::PathSearch(path) if path.syntax().text().to_string().ends_with("/>") => {
                self.report("syntax error, unexpected `<`", span_of(path));
            }
            ast::Expr::PathSearch(_) | ast::Expr::CurPos(_) | ast::Expr::Error(_) | ast::Expr::Root(_) => {}
        }
        None
    }

    fn maybe(&mut self, expr: Option<ast::Expr>, scope: &Scope<'_>) {
        if let Some(expr) = expr {
            self.expr(&expr, scope);
        }
    }

    fn set(&mut self, node: &SetNode, scope: &Scope<'_>) {
        if node.recursive {
            let inner = Scope::Names(node.attributes.keys().cloned().collect(), scope);
            self.bindings(node, &inner, scope);
        } else {
            self.bindings(node, scope, scope);
        }
    }

    fn bindings(&mut self, node: &SetNode, inner: &Scope<'_>, outer: &Scope<'_>) {
        let mut inherited = None;
        for (name, attribute) in &node.attributes {
            match &attribute.value {
                Value::Expr(expr) => self.expr(expr, inner),
                Value::Set(nested) => self.set(nested, inner),
                Value::Inherit(place) => self.variable(name, *place, outer),
                Value::InheritFrom(source) => {
                    // All names of one `inherit (e) a b c;` share the expression.
                    let range = source.syntax().text_range();
                    if inherited.replace(range) != Some(range) {
                        self.expr(source, inner);
                    }
                }
            }
        }
        for (name, value) in &node.dynamic {
            self.expr(name, inner);
            match value {
                Value::Expr(expr) => self.expr(expr, inner),
                Value::Set(nested) => self.set(nested, inner),
                Value::Inherit(_) | Value::InheritFrom(_) => {}
            }
        }
    }

    fn lambda(&mut self, lambda: &ast::Lambda, scope: &Scope<'_>) {
        let mut names = BTreeSet::new();
        let mut defaults = Vec::new();
        match lambda.param() {
            Some(ast::Param::IdentParam(param)) => {
                names.extend(param.ident().map(|ident| ident.syntax().text().to_string()));
            }
            Some(ast::Param::Pattern(pattern)) => {
                for entry in pattern.pat_entries() {
                    let Some(ident) = entry.ident() else { continue };
                    self.argument(&mut names, &ident);
                    defaults.extend(entry.default());
                }
                if let Some(ident) = pattern.pat_bind().and_then(|bind| bind.ident()) {
                    self.argument(&mut names, &ident);
                }
            }
            None => {}
        }
        let inner = Scope::Names(names, scope);
        for default in defaults {
            self.expr(&default, &inner);
        }
        self.maybe(lambda.body(), &inner);
    }

    fn argument(&mut self, names: &mut BTreeSet<String>, ident: &ast::Ident) {
        let name = ident.syntax().text().to_string();
        if names.contains(&name) {
            self.report(format!("duplicate formal function argument `{name}`"), span_of(ident));
        }
        names.insert(name);
    }

    fn attrpath(&mut self, path: Option<&ast::Attrpath>, scope: &Scope<'_>) {
        for attr in path.into_iter().flat_map(ast::Attrpath::attrs) {
            match attr {
                ast::Attr::Dynamic(dynamic) => self.maybe(dynamic.expr(), scope),
                ast::Attr::Str(text) => self.string(&text, scope),
                ast::Attr::Ident(_) => {}
            }
        }
    }

    fn string(&mut self, text: &ast::Str, scope: &Scope<'_>) {
        for part in set::interpolations(text) {
            self.expr(&part, scope);
        }
    }

    fn literal(&mut self, literal: &ast::Literal) {
        match literal.kind() {
            LiteralKind::Integer(integer) if integer.value().is_err() => {
                self.report(format!("invalid integer `{}`", integer.syntax().text()), span_of(literal));
            }
            LiteralKind::Float(float) if float.value().is_ok_and(f64::is_infinite) => {
                self.report(format!("invalid float `{}`", float.syntax().text()), span_of(literal));
            }
            _ => {}
        }
    }

    fn path(&mut self, parts: Vec<InterpolPart<ast::PathContent>>, place: Span, scope: &Scope<'_>) {
        let trailing = matches!(parts.last(), Some(InterpolPart::Literal(last)) if last.text().ends_with('/'));
        for part in parts {
            if let InterpolPart::Interpolation(interpolation) = part {
                self.maybe(interpolation.expr(), scope);
            }
        }
        if trailing {
            self.report("path has a trailing slash", place);
        }
    }
}

/// Whether a path holds anything but its text and interpolations.
fn is_torn(path: &rnix::SyntaxNode) -> bool {
    use rnix::SyntaxKind::{TOKEN_PATH_ABS, TOKEN_PATH_REL};
    let mut tokens = path.children_with_tokens().filter_map(rnix::NodeOrToken::into_token);
    tokens.any(|token| !matches!(token.kind(), TOKEN_PATH_ABS | TOKEN_PATH_REL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_names_are_sorted_for_the_search() {
        assert!(GLOBALS.is_sorted());
        assert!(BUILTINS.is_sorted());
    }
}
