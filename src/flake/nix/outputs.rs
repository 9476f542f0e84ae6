//! The `outputs` function and the inputs that its arguments imply.

use rnix::ast;
use rowan::ast::AstNode as _;

use super::parse::{problem, span_of};
use super::read::expected;
use super::value::Class;
use super::{FlakeInput, FlakeNix, Formal, InputOrigin, Outputs};
use crate::flake::flakeref::FlakeRef;
use crate::flake::{InputAttrPath, Problem, is_flake_id};
use crate::source::{Span, Spanned};

/// Reads the value of `outputs` and adds the inputs that only its arguments name.
pub(super) fn read(flake: &mut FlakeNix, class: Class<'_>, key: Span, problems: &mut Vec<Problem>) {
    let lambda = match class {
        Class::Function(lambda) => lambda,
        other => {
            let help = "write the function itself: `outputs = inputs: import ./outputs.nix inputs;`";
            problems.push(Problem { help: Some(help.to_owned()), ..expected("a function", &other, key) });
            return;
        }
    };
    let mut outputs = Outputs { span: key, ..Outputs::default() };
    if let Some(lambda) = lambda {
        outputs.span = span_of(&lambda);
        read_parameter(&mut outputs, lambda.param());
    }
    for formal in outputs.formals.iter().flatten() {
        imply_input(flake, formal, problems);
    }
    flake.outputs = Some(outputs);
}

fn read_parameter(outputs: &mut Outputs, parameter: Option<ast::Param>) {
    let name_of = |ident: Option<ast::Ident>| ident.map(|ident| ident.syntax().text().to_string());
    match parameter {
        Some(ast::Param::IdentParam(parameter)) => outputs.bound_name = name_of(parameter.ident()),
        Some(ast::Param::Pattern(pattern)) => {
            let formals = pattern.pat_entries().filter_map(|entry| {
                let ident = entry.ident()?;
                let name = ident.syntax().text().to_string();
                Some(Formal { name, span: span_of(&ident), has_default: entry.question_token().is_some() })
            });
            outputs.formals = Some(formals.collect());
            outputs.ellipsis = pattern.ellipsis_token().is_some();
            outputs.bound_name = name_of(pattern.pat_bind().and_then(|bind| bind.ident()));
        }
        None => {}
    }
}

fn imply_input(flake: &mut FlakeNix, formal: &Formal, problems: &mut Vec<Problem>) {
    if formal.name == "self" {
        return;
    }
    if !is_flake_id(&formal.name) {
        // Nix parses the name as a reference before it looks whether such an input is declared.
        problems.push(Problem {
            input: Some(InputAttrPath::of(&formal.name)),
            help: Some("take it from the whole set instead: `outputs = inputs: …`".to_owned()),
            ..problem(format!("flake reference `{}` is not an absolute path", formal.name), formal.span)
        });
        return;
    }
    if flake.input(&formal.name).is_some() {
        return;
    }
    flake.inputs.push(FlakeInput {
        name: formal.name.clone(),
        name_span: formal.span,
        origin: InputOrigin::Implicit,
        bindings: Vec::new(),
        reference: FlakeRef::indirect(&formal.name).ok().map(|reference| Spanned::new(reference, formal.span)),
        attributes: Vec::new(),
        url: None,
        follows: None,
        is_flake: None,
        overrides: Vec::new(),
    });
}
