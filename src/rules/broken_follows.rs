//! `broken-follows`: a `follows` leads to no input, or in a circle.

use std::collections::BTreeSet;

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

/// So many steps of a circle are shown: each of its inputs has a finding that goes round it.
const MAX_STEPS: usize = 12;

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let errors = flake.comparison.iter().flat_map(|comparison| &comparison.follows_errors);
        let mut circles: BTreeSet<BTreeSet<&InputAttrPath>> = BTreeSet::new();
        for error in errors {
            // Whatever is in a circle, or leads into it, meets the same one.
            if let FollowsError::Cycle { cycle, .. } = error
                && !circles.insert(cycle.iter().collect())
            {
                continue;
            }
            out.push(finding(flake, error).input(error.input().clone()));
        }
    }
}

fn finding(flake: &Flake, error: &FollowsError) -> Diagnostic {
    let primary = place(flake, error.input());
    match error {
        FollowsError::Missing { input, target } => {
            let message = format!("input `{input}` follows `{target}`, which does not exist");
            let help = match meant(flake, target) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if target.0.len() > 1 => "follow an input that exists, or remove the `follows`".to_owned(),
                None => format!("declare an input `{target}`, or remove the `follows`"),
            };
            Diagnostic::new(RULE.name, RULE.severity(), message, primary).help(help)
        }
        FollowsError::Cycle { cycle, .. } => {
            let steps: Vec<String> = match cycle.as_slice() {
                [first @ .., last] if first.len() > MAX_STEPS => {
                    let first = first.iter().take(MAX_STEPS).map(ToString::to_string);
                    first.chain(["…".to_owned(), last.to_string()]).collect()
                }
                all => all.iter().map(ToString::to_string).collect(),
            };
            let message = format!("follow cycle: {}", steps.join(" -> "));
            Diagnostic::new(RULE.name, RULE.severity(), message, primary).help("give one of them a `url`")
        }
    }
}

/// The target with the first name that is none replaced by the nearest one that is.
fn meant(flake: &Flake, target: &InputAttrPath) -> Option<InputAttrPath> {
    let (first, rest) = target.0.split_first()?;
    if flake.nix.input(first).is_none() {
        let near = nearest(first, flake.nix.inputs.iter().map(|input| input.name.as_str()))?;
        return Some(InputAttrPath([&[near.to_owned()], rest].concat()));
    }
    let graph = &flake.valid_lock()?.graph;
    let known = (1..target.0.len())
        .rev()
        .find_map(|length| Some((length, graph.resolve(&InputAttrPath(target.0[..length].to_vec()))?)));
    let (length, node) = known?;
    let wrong = &target.0[length];
    let near = nearest(wrong, graph.node(node).inputs.keys().map(String::as_str).filter(|name| name != wrong))?;
    let mut names = target.0.clone();
    near.clone_into(&mut names[length]);
    Some(InputAttrPath(names))
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

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::references::testing::{findings, view_of};
    use crate::snapshot::{FileState, Memory};

    fn found(inputs: &str) -> Vec<(String, Option<String>)> {
        let nix = format!("{{ inputs = {{ {inputs} }}; outputs = _: {{ }}; }}");
        let lock = r#"{"nodes":{"root":{}},"root":"root","version":7}"#;
        let memory = Memory::new().file("flake.nix", &nix, FileState::Tracked);
        let view = view_of(memory.file("flake.lock", lock, FileState::Tracked));
        findings(&RULE, &view).into_iter().map(|finding| (finding.message, finding.help)).collect()
    }

    #[test]
    fn the_nearest_name_is_offered() {
        assert_eq!(
            found(r#"nixpkgs.follows = ""; b.follows = "nixpgks";"#),
            [("input `b` follows `nixpgks`, which does not exist".into(), Some("did you mean `nixpkgs`?".into()))]
        );
    }

    #[test]
    fn a_circle_is_shown() {
        let found = found(r#"a.follows = "b"; b.follows = "a";"#);
        let messages: Vec<&str> = found.iter().map(|(message, _)| message.as_str()).collect();
        assert_eq!(messages, ["follow cycle: b -> a -> b"]);
    }

    /// One finding for the circle, and one line of it, however long it is.
    #[test]
    fn a_long_circle_is_cut() {
        let next = |number: usize| format!("x{number}.follows = \"x{}\";", (number + 1) % 3_000);
        let inputs = (0..3_000).map(next).collect::<Vec<_>>().concat();
        let found = found(&inputs);
        let messages: Vec<&str> = found.iter().map(|(message, _)| message.as_str()).collect();
        let first = (1..=12).map(|number| format!("x{number}")).collect::<Vec<_>>().join(" -> ");
        assert_eq!(messages, [format!("follow cycle: {first} -> … -> x1")]);
    }
}
