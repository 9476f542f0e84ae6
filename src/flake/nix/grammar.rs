//! What Nix's grammar (`parser.y`) wants of expressions side by side, and rnix does not: parentheses around functions
//! that are operands, operators that do not chain, brackets that close what they open.

use rnix::ast::{self, BinOpKind};
use rnix::{NodeOrToken, SyntaxKind};
use rowan::ast::AstNode as _;

use super::parse::{problem, span, span_of};
use crate::flake::Problem;

/// The nonterminals of Nix's grammar, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// `expr_function`, `expr_if`: functions, `let … in`, `with`, `assert`, `if`.
    Whole,
    /// `expr_op`
    Operation,
    /// `expr_app`
    Application,
    /// `expr_select`
    Selection,
    /// `expr_simple`
    Simple,
}

/// Checks an expression against its direct operands.
pub(super) fn check(expr: &ast::Expr, problems: &mut Vec<Problem>) {
    match expr {
        ast::Expr::BinOp(operation) => {
            operator(operation, problems);
            // The body of a function goes on as far as it can: up to a comparison that does not chain.
            if matches!(operation.lhs(), Some(ast::Expr::Lambda(_))) {
                problems.push(problem("syntax error, comparisons do not chain", span_of(operation)));
            } else {
                operand(operation.lhs(), Level::Operation, problems);
            }
            operand(operation.rhs(), Level::Operation, problems);
        }
        ast::Expr::UnaryOp(operation) => operand(operation.expr(), Level::Operation, problems),
        ast::Expr::HasAttr(test) => operand(test.expr(), Level::Operation, problems),
        ast::Expr::Apply(apply) => {
            operand(apply.lambda(), Level::Application, problems);
            operand(apply.argument(), Level::Selection, problems);
        }
        ast::Expr::Select(select) => {
            operand(select.expr(), Level::Simple, problems);
            operand(select.default_expr(), Level::Selection, problems);
            let attrs = select.attrpath().into_iter().flat_map(|path| path.attrs());
            attrs.for_each(|attr| as_name(&attr, problems));
        }
        ast::Expr::List(list) => list.items().for_each(|item| operand(Some(item), Level::Selection, problems)),
        ast::Expr::Str(text) => without_nul(text, problems),
        ast::Expr::Paren(paren) => closed(paren.syntax(), problems),
        _ => {}
    }
}

fn operand(expr: Option<ast::Expr>, wanted: Level, problems: &mut Vec<Problem>) {
    let Some(expr) = expr else { return };
    if level(&expr) < wanted {
        let what = if matches!(expr, ast::Expr::Lambda(_)) { "a function" } else { "this expression" };
        problems.push(Problem {
            help: Some("put it in parentheses".to_owned()),
            ..problem(format!("syntax error, {what} cannot stand here without parentheses"), span_of(&expr))
        });
    }
}

fn level(expr: &ast::Expr) -> Level {
    match expr {
        ast::Expr::Lambda(_)
        | ast::Expr::LetIn(_)
        | ast::Expr::With(_)
        | ast::Expr::Assert(_)
        | ast::Expr::IfElse(_) => Level::Whole,
        ast::Expr::BinOp(_) | ast::Expr::UnaryOp(_) | ast::Expr::HasAttr(_) => Level::Operation,
        // `x or`, from before `or` was a keyword, is as tight as a selection.
        ast::Expr::Apply(apply) if is_or(apply) => Level::Selection,
        ast::Expr::Apply(_) => Level::Application,
        ast::Expr::Select(_) => Level::Selection,
        _ => Level::Simple,
    }
}

fn is_or(apply: &ast::Apply) -> bool {
    apply.argument().is_some_and(|argument| argument.syntax().text() == "or")
}

/// The name of an attribute may be a string, but none of several lines.
fn as_name(attr: &ast::Attr, problems: &mut Vec<Problem>) {
    let is_indented = attr.syntax().first_token().is_some_and(|token| token.text().starts_with("''"));
    if is_indented {
        problems.push(problem("syntax error, unexpected start of an indented string", span_of(attr)));
    }
}

/// No string of Nix can hold one.
fn without_nul(text: &ast::Str, problems: &mut Vec<Problem>) {
    let tokens = text.syntax().children_with_tokens().filter_map(NodeOrToken::into_token);
    if tokens.into_iter().any(|token| token.text().contains('\0')) {
        problems.push(problem("input string contains null bytes", span_of(text)));
    }
}

/// rnix takes whatever stands where the parenthesis should close.
fn closed(paren: &rnix::SyntaxNode, problems: &mut Vec<Problem>) {
    let Some(NodeOrToken::Token(last)) = paren.last_child_or_token() else { return };
    if last.kind() != SyntaxKind::TOKEN_R_PAREN {
        let message = format!("syntax error, unexpected `{}`, expecting `)`", last.text());
        problems.push(problem(message, span(last.text_range())));
    }
}

fn operator(operation: &ast::BinOp, problems: &mut Vec<Problem>) {
    let Some(kind) = operation.operator() else { return };
    if matches!(kind, BinOpKind::PipeLeft | BinOpKind::PipeRight) {
        problems.push(problem("experimental Nix feature `pipe-operators` is disabled", span_of(operation)));
    }
    let Some(class) = non_associative(kind) else { return };
    for side in [operation.lhs(), operation.rhs()].into_iter().flatten() {
        if let ast::Expr::BinOp(inner) = &side
            && inner.operator().and_then(non_associative) == Some(class)
        {
            problems.push(problem("syntax error, comparisons do not chain", span_of(operation)));
        }
    }
}

/// Operators that Nix's grammar declares without associativity, by level of precedence.
const fn non_associative(kind: BinOpKind) -> Option<u8> {
    match kind {
        BinOpKind::Equal | BinOpKind::NotEqual => Some(0),
        BinOpKind::Less | BinOpKind::LessOrEq | BinOpKind::More | BinOpKind::MoreOrEq => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::flake::nix::read;
    use crate::snapshot::RepoPath;
    use crate::source::SourceFile;

    fn problems(body: &str) -> Vec<String> {
        let text = format!("{{ outputs = {{ a, ... }}: {body}; }}");
        let flake = read(&SourceFile::new(RepoPath::from("flake.nix"), text.into_bytes()));
        flake.problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn operands_need_parentheses() {
        for body in ["a x: x", "[ x: x ]", "a.b or x: x", "a + x: x", "-x: x", "[ { ... }: a ]", "a (x: x) x: x"] {
            assert_eq!(problems(body), ["syntax error, a function cannot stand here without parentheses"], "{body}");
        }
        for body in
            ["a (x: x)", "[ (x: x) ]", "a.b or (x: x)", "x: y: x", "if a then x: x else a", "a.b or a.c", "a: -a"]
        {
            assert_eq!(problems(body), [] as [&str; 0], "{body}");
        }
    }

    #[test]
    fn brackets_and_chains() {
        assert_eq!(problems("[ (a ? b ? c) (1 + !a) (-!a) ]"), [] as [&str; 0]);
        assert_eq!(problems("a == a == a"), ["syntax error, comparisons do not chain"]);
        assert_eq!(problems("(a == a) == a"), [] as [&str; 0]);
        assert_eq!(problems("\"a\0b\""), ["input string contains null bytes"]);
        assert_eq!(problems("[ ./a.nix\n ${a} ./b.nix ]"), ["syntax error, unexpected `${`"]);
        assert_eq!(problems("[ ./a/${a}.nix ./b${a}/${a} /c/${a} ]"), [""; 0]);
        assert_eq!(problems("a. ''b''"), ["syntax error, unexpected start of an indented string"]);
        assert_eq!(problems("a.\"b\" ''c''"), [""; 0]);
        assert_eq!(problems("[ <x/> ]"), ["syntax error, unexpected `<`"]);
        for blank in ['\u{a0}', '\u{85}', '\u{2003}', '\u{2028}', '\u{3000}', '\u{b}', '\u{c}'] {
            assert_eq!(problems(&format!("[ 1{blank}2 ]")), ["syntax error, unexpected invalid token"]);
            assert_eq!(problems(&format!("\"1{blank}2\" /* 1{blank}2 */")), [""; 0]);
        }
        assert_eq!(problems("[ (let { x = 1; }) let { y = x; x = 1; } ]"), [] as [&str; 0]);
        assert_eq!(problems("let or = a; in [ a or (a or) ]"), [] as [&str; 0]);
        assert_eq!(problems("let { x = 1; }.x"), [] as [&str; 0]);
        assert_eq!(problems("[ let { y = x; } ]"), ["undefined variable `x`"]);
        assert_eq!(problems("[ (a ] ]"), ["syntax error, unexpected `]`, expecting `)`"]);
    }
}
