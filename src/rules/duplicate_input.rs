//! `duplicate-input`: an input locks a copy of its own of what the flake has, Nixpkgs aside.

use super::{Context, FixAvailability, Level, Rule, copies};
use crate::diagnostic::Diagnostic;
use crate::flake::follows::Difference;

pub(super) static RULE: Rule = Rule {
    name: "duplicate-input",
    summary: "an input locks a copy of its own of another input of the flake",
    docs: include_str!("duplicate_input.md"),
    level: Level::Warn,
    fix: FixAvailability::Unsafe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        let mut followed: Vec<&[String]> = Vec::new();
        let found = copies::unwanted(flake, lock, &cx.settings.duplicates);
        let mut said = Vec::new();
        for copy in found.filter(|copy| !copy.is_nixpkgs) {
            // What lies below a copy goes with it. The paths are sorted, parents first.
            if followed.last().is_some_and(|above| copy.path.0.starts_with(above)) {
                continue;
            }
            if copy.difference == Difference::None {
                followed.push(&copy.path.0);
            }
            said.push(copy);
        }
        out.extend(copies::findings(&RULE, flake, lock, &said));
    }
}
