//! `unused-ignore`: a suppression that suppresses nothing. Found where suppressions are applied, after every other rule
//! has spoken: see [`crate::suppress`].

use super::{FixAvailability, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: crate::suppress::UNUSED,
    summary: "a suppression comment suppresses nothing",
    docs: include_str!("unused_ignore.md"),
    level: Level::Warn,
    fix: FixAvailability::Safe,
    since: "0.1.0",
    check: |_, _| {},
};
