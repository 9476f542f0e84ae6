//! Where a file asks whether a path exists, and what that makes of the paths around.

use std::collections::BTreeSet;

use rnix::ast;
use rnix::{SyntaxKind, SyntaxNode, TextSize};
use rowan::ast::AstNode as _;

use super::syntax::{attribute_names, head};
use crate::flake::nix::parse;

/// What is asked before a path that may be missing is used: of the builtins and of nixpkgs' library those that answer
/// where there is nothing.
const GUARDS: [&str; 4] = ["pathExists", "pathIsDirectory", "pathIsRegularFile", "pathIsGitRepo"];

/// What lists a directory: whether a name is among those it gives is a question too.
const LISTING: &str = "readDir";

/// So many questions are looked at for the functions they stand in.
const MAX_PLACES: usize = 100;

/// The questions of one file.
pub(super) struct Guards<'a> {
    text: &'a str,
    /// Offsets of the questions, in order.
    places: Vec<usize>,
    /// Offsets of whatever makes a condition a question, in order: those, `readDir`, and names that are bound to
    /// the answer of one: `entries = readDir ./.`.
    answers: Vec<usize>,
    /// Functions of the file that ask it of their argument: `opt = path: optional (pathExists path) path`.
    functions: BTreeSet<String>,
    /// Lists of the file that it is asked of, element by element: `filter (path: pathExists path) modules`.
    filtered: BTreeSet<String>,
}

impl<'a> Guards<'a> {
    pub(super) fn of(text: &'a str, root: &SyntaxNode) -> Self {
        let offsets = |name: &str| text.match_indices(name).map(|(offset, _)| offset).collect::<Vec<_>>();
        let mut places: Vec<usize> = GUARDS.iter().flat_map(|guard| offsets(guard)).collect();
        places.sort_unstable();
        let listings = offsets(LISTING);
        let (functions, filtered) = (BTreeSet::new(), BTreeSet::new());
        let mut guards = Self { text, places, answers: Vec::new(), functions, filtered };
        let places = guards.places.iter().take(MAX_PLACES);
        let lambdas: Vec<SyntaxNode> = places.clone().filter_map(|at| guards.asking(root, *at)).collect();
        guards.functions = lambdas.iter().filter_map(bound_to).collect();
        guards.filtered = lambdas.iter().filter_map(applied_to_each_of).collect();
        let questions = places.chain(listings.iter().take(MAX_PLACES));
        let names: BTreeSet<String> = questions.filter_map(|at| answer(root, *at)).collect();
        guards.answers = [&guards.places[..], &listings].concat();
        guards.answers.extend(named(root, &names));
        guards.answers.sort_unstable();
        guards
    }

    /// Whether it is asked somewhere in `node`.
    pub(super) fn any_in(&self, node: &SyntaxNode) -> bool {
        is_any_in(&self.places, node)
    }

    /// Whether `node`, a condition, depends on what there is.
    pub(super) fn decides(&self, node: &SyntaxNode) -> bool {
        is_any_in(&self.answers, node)
    }

    /// Whether it is asked of a variable: `pathExists local`.
    pub(super) fn any_of(&self, name: &str) -> bool {
        self.filtered.contains(name) || self.places.iter().any(|offset| self.asks_of(*offset, name))
    }

    /// Whether the function, or the one that is called for each element, asks it of its argument.
    pub(super) fn asked_by(&self, name: Option<&str>, first: Option<&ast::Expr>) -> bool {
        let is_known = |name: &str| self.functions.contains(name);
        !self.functions.is_empty()
            && (name.is_some_and(is_known) || first.is_some_and(|first| head(first).0.as_deref().is_some_and(is_known)))
    }

    fn asks_of(&self, offset: usize, name: &str) -> bool {
        let rest = self.text.get(offset..).unwrap_or_default();
        let guard = GUARDS.iter().find(|guard| rest.starts_with(**guard)).map_or(0, |guard| guard.len());
        let argument = rest[guard..].trim_start_matches([' ', '\n', '(', '"', '$', '{']);
        let is_part = |next: char| next.is_ascii_alphanumeric() || matches!(next, '_' | '-' | '\'');
        argument.strip_prefix(name).is_some_and(|rest| !rest.starts_with(is_part))
    }

    /// The function around the question at `offset`, if it is asked of its argument.
    fn asking(&self, root: &SyntaxNode, offset: usize) -> Option<SyntaxNode> {
        let offset_in_tree = TextSize::try_from(offset).ok().filter(|at| root.text_range().contains(*at))?;
        let token = root.token_at_offset(offset_in_tree).right_biased()?;
        let is_asked = |lambda: &ast::Lambda| match lambda.param() {
            Some(ast::Param::IdentParam(param)) => {
                let name = param.ident().and_then(|ident| ident.ident_token());
                name.is_some_and(|name| self.asks_of(offset, name.text()))
            }
            _ => false,
        };
        let lambda = token.parent_ancestors().filter_map(ast::Lambda::cast).find(is_asked)?;
        Some(lambda.syntax().clone())
    }
}

/// The name that a function is bound to, whatever other arguments come first.
fn bound_to(lambda: &SyntaxNode) -> Option<String> {
    let is_around = |node: &SyntaxNode| matches!(node.kind(), SyntaxKind::NODE_LAMBDA | SyntaxKind::NODE_PAREN);
    let binding = lambda.ancestors().find(|node| !is_around(node))?;
    let names = (binding.kind() == SyntaxKind::NODE_ATTRPATH_VALUE).then(|| attribute_names(&binding))?;
    names.into_iter().next_back()
}

/// The name of the list whose elements a function is called with: the second argument of `filter` and the like.
fn applied_to_each_of(lambda: &SyntaxNode) -> Option<String> {
    let outermost =
        lambda.ancestors().take_while(|node| node == lambda || node.kind() == SyntaxKind::NODE_PAREN).last()?;
    let partial = outermost.parent().and_then(ast::Apply::cast)?;
    let whole = partial.syntax().parent().and_then(ast::Apply::cast)?;
    let is_function = whole.lambda().is_some_and(|function| function.syntax() == partial.syntax());
    match whole.argument().filter(|_| is_function)? {
        ast::Expr::Ident(list) => Some(list.syntax().text().to_string()),
        _ => None,
    }
}

fn is_any_in(places: &[usize], node: &SyntaxNode) -> bool {
    let range = parse::span(node.text_range());
    let first = places.partition_point(|offset| *offset < range.start);
    places.get(first).is_some_and(|offset| *offset < range.end)
}

/// The name that is bound to the answer of the question at `offset`: not to a function or set that asks it somewhere.
fn answer(root: &SyntaxNode, offset: usize) -> Option<String> {
    let offset = TextSize::try_from(offset).ok().filter(|at| root.text_range().contains(*at))?;
    let token = root.token_at_offset(offset).right_biased()?;
    let ends = |node: &SyntaxNode| {
        matches!(
            node.kind(),
            SyntaxKind::NODE_ATTRPATH_VALUE
                | SyntaxKind::NODE_LAMBDA
                | SyntaxKind::NODE_ATTR_SET
                | SyntaxKind::NODE_LIST
                | SyntaxKind::NODE_LET_IN
        )
    };
    let binding = token.parent_ancestors().find(ends)?;
    let names = (binding.kind() == SyntaxKind::NODE_ATTRPATH_VALUE).then(|| attribute_names(&binding))?;
    names.into_iter().next_back()
}

/// Where one of the names stands.
fn named(root: &SyntaxNode, names: &BTreeSet<String>) -> Vec<usize> {
    if names.is_empty() {
        return Vec::new();
    }
    let tokens = root.descendants_with_tokens().filter_map(rnix::NodeOrToken::into_token);
    let is_one = |token: &rnix::SyntaxToken| token.kind() == SyntaxKind::TOKEN_IDENT && names.contains(token.text());
    tokens.filter(is_one).map(|token| usize::from(token.text_range().start())).collect()
}
