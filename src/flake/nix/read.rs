//! The order of one reading: parse, check the file, look at the root set (`flake.cc: readFlake`).

use std::collections::BTreeMap;

use rnix::{SyntaxKind, ast};
use rowan::ast::AstNode as _;

use super::depth::too_far;
use super::parse::{self, problem, span_of};
use super::scope;
use super::set::SetNode;
use super::value::{Class, Env};
use super::{FlakeNix, advice, dialect, inputs, outputs};
use crate::flake::Problem;
use crate::flake::conflict::{self, Conflict};
use crate::source::{SourceFile, Span, Spanned};

/// Reads a flake.nix. Never fails: what Nix would reject is in [`FlakeNix::problems`], and what could still be
/// understood is in the rest.
#[must_use]
pub fn read(source: &SourceFile) -> FlakeNix {
    let text = before_null(source.text());
    let mut flake = read_text(text);
    if flake.problems.iter().any(is_syntax)
        && let Some(plain) = dialect::plainer(text)
    {
        // What rnix takes for another expression may be sound, too.
        flake = Some(read_text(&plain)).filter(|plain| !plain.problems.iter().any(is_syntax)).unwrap_or(flake);
    }
    if flake.problems.iter().any(is_syntax)
        && let Some(problem) = in_conflict(source)
    {
        flake.problems = vec![problem];
    }
    flake
}

/// Whatever else is wrong with a file that a merge left in conflict follows from that.
fn in_conflict(source: &SourceFile) -> Option<Problem> {
    let Conflict { span, sides } = conflict::find(source)?;
    let path = source.path();
    let help = format!("edit {path} to what it should say, without the markers, then run `git add {path}`");
    Some(Problem { help: Some(help), ..problem(format!("syntax error, merge-conflict markers{sides}"), span) })
}

/// The text as far as Nix reads it: a null byte that no string or comment holds is the end.
fn before_null(text: &str) -> &str {
    if !text.contains('\0') || too_far(text).is_some() {
        return text;
    }
    let mut at = 0;
    for (kind, token) in rnix::tokenize(text) {
        if kind == SyntaxKind::TOKEN_ERROR && token.starts_with('\0') {
            return &text[..at];
        }
        at += token.len();
    }
    text
}

fn read_text(text: &str) -> FlakeNix {
    let parsed = parse::parse(text);
    let mut flake = FlakeNix { comments: parsed.comments, is_set: true, ..FlakeNix::default() };
    let mut problems: Vec<Problem> = parsed.problem.into_iter().collect();
    if let Some(root) = parsed.root {
        if let Some(set) = scope::check(&root, &mut problems) {
            read_root(&mut flake, &root, &set, &mut problems);
        } else {
            flake.is_set = false;
            problems.push(Problem {
                help: Some("write `{ inputs = …; outputs = …; }` without `let`, `with` or a function around".into()),
                ..problem("file `flake.nix` must be an attribute set", span_of(&root))
            });
        }
    }
    if problems.iter().any(is_syntax) {
        // The rest was read out of a tree that Nix does not see.
        problems.retain(is_syntax);
    }
    for problem in &mut problems {
        suggest_argument(problem, &flake);
    }
    problems.sort_by_key(|problem| problem.span);
    problems.dedup();
    flake.problems = problems;
    flake
}

fn is_syntax(problem: &Problem) -> bool {
    problem.message.starts_with("syntax error")
}

fn read_root(flake: &mut FlakeNix, root: &ast::Expr, set: &SetNode, problems: &mut Vec<Problem>) {
    // A computed attribute name at the top is really evaluated by Nix: nothing can be concluded without it.
    flake.uncertain = !set.dynamic.is_empty() || set.recursive && set.attributes.contains_key("__overrides");
    let first = first_appearances(root);
    let env = Env::outermost(&first).enter(set);
    for (name, attribute) in &set.attributes {
        let class = env.classify(name, attribute);
        match name.as_str() {
            "description" => match class {
                Class::String(text, span) => flake.description = Some(Spanned::new(text, span)),
                other => problems.push(expected("a string", &other, attribute.key)),
            },
            "inputs" => {
                flake.inputs_key = Some(attribute.key);
                inputs::read(flake, class, attribute.key, problems);
            }
            "outputs" => {}
            "nixConfig" => read_config(flake, class, attribute.key, problems),
            "__overrides" if set.recursive => {}
            other => problems.push(Problem {
                help: Some(advice::on_top_level(other)),
                ..problem(format!("unsupported attribute `{other}`"), attribute.key)
            }),
        }
    }
    match set.attributes.get("outputs") {
        Some(attribute) => outputs::read(flake, env.classify("outputs", attribute), attribute.key, problems),
        None if flake.uncertain => {}
        None => problems.push(problem("lacks attribute `outputs`", Span::at(set.span.start))),
    }
    flake.inputs.sort_by(|a, b| a.name.cmp(&b.name));
}

/// "expected TYPE but got TYPE", as Nix says it.
pub(super) fn expected(wanted: &str, got: &Class<'_>, span: Span) -> Problem {
    let help = matches!(got, Class::Thunk).then(|| "write it out: Nix reads it without evaluating anything".to_owned());
    Problem { help, ..problem(format!("expected {wanted} but got {}", got.type_name()), span) }
}

fn read_config(flake: &mut FlakeNix, class: Class<'_>, key: Span, problems: &mut Vec<Problem>) {
    let Class::Set(set, env) = class else {
        problems.push(expected("a set", &class, key));
        return;
    };
    for (name, attribute) in &set.attributes {
        let mut strings = Vec::new();
        match env.classify(name, attribute) {
            Class::String(text, span) => strings.push(Spanned::new(text, span)),
            Class::Path(text, span) => flake.config_paths.push(Spanned::new(text, span)),
            Class::Integer(_) | Class::Boolean(..) => {}
            Class::List(list) => {
                for item in list.items() {
                    match env.expr(name, &item, 100) {
                        Class::String(text, span) => strings.push(Spanned::new(text, span)),
                        _ => problems.push(problem(
                            format!("list element in flake configuration setting `{name}` is not a string"),
                            span_of(&item),
                        )),
                    }
                }
            }
            other => problems
                .push(problem(format!("flake configuration setting `{name}` is {}", other.type_name()), attribute.key)),
        }
        flake.nix_config.push((name.clone(), strings));
    }
}

/// Where each name first appears in the file: the order in which Nix's symbol table knows them.
fn first_appearances(root: &ast::Expr) -> BTreeMap<String, usize> {
    let mut first = BTreeMap::new();
    for token in root.syntax().descendants_with_tokens().filter_map(rnix::NodeOrToken::into_token) {
        let kind = token.kind();
        if kind == rnix::SyntaxKind::TOKEN_IDENT || kind == rnix::SyntaxKind::TOKEN_STRING_CONTENT {
            first.entry(token.text().to_owned()).or_insert_with(|| token.text_range().start().into());
        }
    }
    first
}

/// An undefined variable named like an input: `outputs` forgot to take it.
fn suggest_argument(problem: &mut Problem, flake: &FlakeNix) {
    let Some(name) = problem.message.strip_prefix("undefined variable `").and_then(|rest| rest.strip_suffix('`'))
    else {
        return;
    };
    let Some(outputs) = &flake.outputs else { return };
    if name == "self" || flake.input(name).is_some() {
        problem.help = Some(match (&outputs.formals, &outputs.bound_name) {
            (Some(_), Some(bound)) => {
                format!("add `{name}` to the arguments of `outputs`, or write `{bound}.{name}`")
            }
            (None, Some(bound)) => format!("write `{bound}.{name}`"),
            _ => format!("add `{name}` to the arguments of `outputs`"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flake::InputAttrPath;
    use crate::snapshot::RepoPath;

    fn problems(text: &str) -> Vec<String> {
        let flake = read(&SourceFile::new(RepoPath::from("flake.nix"), text.as_bytes().to_vec()));
        flake.problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn spellings_merge() {
        let text = r#"
{ inputs.a.follows = "b"; inputs = { b.flake = false; "c".follows = ""; };
  inputs.a.inputs.x.follows = "b"; outputs = { self, a, ... }@all: { }; }"#;
        let flake = read(&SourceFile::new(RepoPath::from("flake.nix"), text.as_bytes().to_vec()));
        assert_eq!(flake.problems, []);
        let names: Vec<&str> = flake.inputs.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let a = flake.input("a").expect("declared above");
        assert_eq!(a.bindings.len(), 2);
        assert_eq!(a.overrides[0].follows.as_ref().expect("written above").value, InputAttrPath::of("b"));
        assert!(!flake.input("b").expect("declared above").flake());
    }

    #[test]
    fn what_nix_refuses() {
        assert_eq!(problems("let x = 1; in { outputs = _: { }; }"), ["file `flake.nix` must be an attribute set"]);
        assert_eq!(problems("{ outputs = _: { }; foo = 1; }"), ["unsupported attribute `foo`"]);
        assert_eq!(problems("{ outputs = _: nixpkgs; }"), ["undefined variable `nixpkgs`"]);
        assert_eq!(problems("{ outputs = _: { a = 1; a.b = 2; }; }"), ["attribute `a` already defined"]);
        assert_eq!(problems("{ outputs = import ./o.nix; }"), ["expected a function but got a thunk"]);
        assert_eq!(problems("{ inputs.a.follows = \"b.c\"; outputs = _: { }; }").len(), 1);
        assert_eq!(problems("{ outputs = _: 9223372036854775808; }"), ["invalid integer `9223372036854775808`"]);
        assert_eq!(
            problems("{ inputs.a = { url = ./sub; type = \"indirect\"; id = \"b\"; }; outputs = _: { }; }"),
            ["input attribute `url` not supported by scheme `indirect`"]
        );
        assert_eq!(problems("{ }"), ["lacks attribute `outputs`"]);
        assert_eq!(problems("{ outputs = {"), ["syntax error, unexpected end of file"]);
    }

    #[test]
    fn deep_nesting_is_one_problem() {
        let units =
            ["(", "[", "{a=", "- ", "! ", "a: ", "if a then ", "let in ", "a ++ ", "a -> ", "\"${", "x.a or ", "a <| "];
        for unit in units.into_iter().chain(["a.", "-", "<"]) {
            assert_eq!(problems(&unit.repeat(20_000)).len(), 1, "{unit}");
        }
        for path in ["{ outputs = _: {a_=1;}; }", "{ inputs_.x.url = \"x\"; outputs = _: { }; }"] {
            assert_eq!(problems(&path.replace('_', &" .a".repeat(20_000))), ["nested too deeply"]);
        }
        for unit in ["+ 1 ", "+1", "|| 1 ", "a ", "(a)"] {
            let chain = format!("{{ outputs = _: 1 {}; }}", unit.repeat(20_000));
            assert_eq!(problems(&chain), ["nested too deeply"], "{unit}");
        }
    }

    /// What is long, and nests in nothing.
    #[test]
    fn long_lists_are_no_nesting() {
        let long = "a".repeat(100_000);
        let names: Vec<String> = (0..5_000).map(|number| format!("n{number}")).collect();
        let names = names.join(" ");
        let numbers = " 1 (1 - 1) [ ]".repeat(5_000);
        let text = format!("rec {{ outputs = _: [{numbers} \"{long}\" ]; x = let inherit (x) {names}; in 1; }}");
        assert_eq!(problems(&text), ["unsupported attribute `x`"]);
    }
}
