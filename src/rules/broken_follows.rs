//! `broken-follows`: a `follows` leads to no input, or in a circle.

use super::evidence::edge;
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::compare::FollowsError;
use crate::flake::{Flake, InputAttrPath};
use crate::source::Span;
use crate::text::nearest;

pub(super) static RULE: Rule = Rule {
    name: "broken-follows",
    summary: "a `follows` leads to no input, or in a circle",
    docs: include_str!("broken_follows.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        for error in flake.comparison.iter().flat_map(|comparison| &comparison.follows_errors) {
            out.push(finding(flake, error).input(error.input().clone()));
        }
    }
}

fn finding(flake: &Flake, error: &FollowsError) -> Diagnostic {
    let primary = place(flake, error.input());
    match error {
        FollowsError::Missing { input, target } => {
            let message = format!("input `{input}` follows `{target}`, which does not exist");
            let names = flake.nix.inputs.iter().map(|input| input.name.as_str());
            let near = target.0.first().and_then(|first| nearest(first, names));
            let help = match near {
                Some(near) if target.0.first().is_none_or(|first| first != near) => {
                    format!("did you mean `{near}`?")
                }
                _ => format!("declare an input `{target}`, or remove the `follows`"),
            };
            Diagnostic::new(RULE.name, RULE.severity(), message, primary).help(help)
        }
        FollowsError::Cycle { cycle, .. } => {
            let steps: Vec<String> = cycle.iter().map(ToString::to_string).collect();
            let message = format!("`follows` in a circle: {}", steps.join(" -> "));
            Diagnostic::new(RULE.name, RULE.severity(), message, primary).help("give one of them a `url`")
        }
    }
}

/// The `follows` in flake.nix, else the edge in the lock, else the input around it.
fn place(flake: &Flake, input: &InputAttrPath) -> Label {
    let written = flake.nix.declaration(input).and_then(|found| found.follows.as_ref());
    match (written, flake.valid_lock()) {
        (Some(follows), _) => Label::new(&flake.nix_path, follows.span, "followed here"),
        (None, Some(lock)) => edge(flake, lock, input, "followed here"),
        (None, None) => {
            Label::new(&flake.nix_path, super::evidence::declaration(flake, input).unwrap_or(Span::at(0)), "")
        }
    }
}
