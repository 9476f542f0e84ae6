//! `missing-follows`: an input locks a nixpkgs of its own although the flake has one to follow.

use super::{Context, FixAvailability, Level, Rule, copies};
use crate::diagnostic::Diagnostic;

pub(super) static RULE: Rule = Rule {
    name: "missing-follows",
    summary: "an input locks a nixpkgs of its own although the flake has one to follow",
    docs: include_str!("missing_follows.md"),
    level: Level::Error,
    fix: FixAvailability::Unsafe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        let found = copies::unwanted(flake, lock, &cx.settings.follows);
        let nixpkgs: Vec<_> = found.filter(|copy| copy.is_nixpkgs).collect();
        out.extend(copies::findings(&RULE, flake, lock, &nixpkgs));
    }
}
