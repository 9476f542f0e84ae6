//! `invalid-flake`: Nix would reject flake.nix before it evaluates anything.

use super::evidence::declaration;
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "invalid-flake",
    summary: "Nix rejects flake.nix before it evaluates anything",
    docs: include_str!("invalid_flake.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        for problem in &flake.nix.problems {
            let primary = Label::new(&flake.nix_path, problem.span, "");
            let mut finding = Diagnostic::new(RULE.name, RULE.severity(), problem.message.clone(), primary);
            finding.help.clone_from(&problem.help);
            finding.input.clone_from(&problem.input);
            out.push(finding);
        }
        if !flake.lock_expected {
            // A template's inputs are placeholders until it is used.
            continue;
        }
        for error in flake.comparison.iter().flat_map(|comparison| &comparison.input_errors) {
            let span = declaration(flake, &error.input).unwrap_or(Span::at(0));
            let message = format!("input `{}`: {}", error.input, error.message);
            let primary = Label::new(&flake.nix_path, span, "");
            out.push(Diagnostic::new(RULE.name, RULE.severity(), message, primary).input(error.input.clone()));
        }
    }
}
