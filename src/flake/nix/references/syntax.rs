//! Small questions to the syntax tree.

use rnix::ast::{self, HasEntry};
use rnix::{SyntaxKind, SyntaxNode, TextRange, TextSize};
use rowan::ast::AstNode as _;

use super::Mention;

/// The node that is exactly the mention, as far as there is one.
pub(super) fn node_at(root: &SyntaxNode, mention: &Mention) -> Option<SyntaxNode> {
    let size = |offset: usize| TextSize::try_from(offset).ok();
    let range = TextRange::new(size(mention.span.start)?, size(mention.span.end)?);
    if !root.text_range().contains_range(range) {
        // The root expression leaves out what surrounds it, and no path is there.
        return None;
    }
    match root.covering_element(range) {
        rnix::NodeOrToken::Node(node) => Some(node),
        rnix::NodeOrToken::Token(token) => token.parent(),
    }
}

/// The name of the function at the head of an application, `lib.optional` as `optional`, and its first argument.
pub(super) fn head(expression: &ast::Expr) -> (Option<String>, Option<ast::Expr>) {
    let (mut current, mut first) = (expression.clone(), None);
    loop {
        let next = match &current {
            ast::Expr::Apply(apply) => {
                first = apply.argument();
                apply.lambda()
            }
            ast::Expr::Paren(paren) => paren.expr(),
            ast::Expr::Ident(ident) => return (ident.ident_token().map(|token| token.text().to_owned()), first),
            ast::Expr::Select(select) => {
                let last = select.attrpath().and_then(|path| path.attrs().last());
                let name = last.and_then(|attribute| attribute_name(&attribute));
                let is_other_import = name.as_deref() == Some("import") && !is_builtins(select);
                return (name.filter(|_| !is_other_import), first);
            }
            _ => None,
        };
        let Some(next) = next else { return (None, first) };
        current = next;
    }
}

/// Whether an attribute is taken from `builtins`: others may have an `import` of their own.
fn is_builtins(select: &ast::Select) -> bool {
    let Some(ast::Expr::Ident(ident)) = select.expr() else { return false };
    ident.ident_token().is_some_and(|token| token.text() == "builtins")
}

pub(super) fn attribute_names(binding: &SyntaxNode) -> Vec<String> {
    let path = ast::AttrpathValue::cast(binding.clone()).and_then(|binding| binding.attrpath());
    path.map(|path| path.attrs().filter_map(|attribute| attribute_name(&attribute)).collect()).unwrap_or_default()
}

pub(super) fn attribute_name(attribute: &ast::Attr) -> Option<String> {
    match attribute {
        ast::Attr::Ident(ident) => ident.ident_token().map(|token| token.text().to_owned()),
        ast::Attr::Str(string) => {
            let text = string.syntax().text().to_string();
            Some(text.trim_matches('"').to_owned())
        }
        ast::Attr::Dynamic(_) => None,
    }
}

/// Whether the binding is in a set that is itself the value of a binding, so that the outer name can still decide:
/// `nixosModules = { vpn = ./vpn.nix; }`.
pub(super) fn is_within_set(binding: &SyntaxNode) -> bool {
    let set = binding.parent().filter(|set| set.kind() == SyntaxKind::NODE_ATTR_SET);
    set.and_then(|set| set.parent()).is_some_and(|outer| outer.kind() == SyntaxKind::NODE_ATTRPATH_VALUE)
}

/// What a name is bound to by `let` or a recursive set.
pub(super) enum Bound {
    /// This expression.
    To(ast::Expr),
    /// Something that is not one expression: `inherit`, or attributes of it one by one.
    Otherwise,
}

/// What a scope binds a name to; `None` where it does not.
pub(super) fn binding_of(scope: &impl HasEntry, name: &str) -> Option<Bound> {
    let is_name = |attribute: ast::Attr| attribute_name(&attribute).as_deref() == Some(name);
    if scope.inherits().any(|inherit| inherit.attrs().any(is_name)) {
        return Some(Bound::Otherwise);
    }
    let first = |binding: &ast::AttrpathValue| binding.attrpath().and_then(|path| path.attrs().next());
    let binding = scope.attrpath_values().find(|binding| first(binding).is_some_and(is_name))?;
    let is_whole = binding.attrpath().is_some_and(|path| path.attrs().count() == 1);
    Some(binding.value().filter(|_| is_whole).map_or(Bound::Otherwise, Bound::To))
}
