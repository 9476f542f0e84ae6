//! `invalid-lock`: Nix would not read flake.lock.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::LockState;

pub(super) static RULE: Rule = Rule {
    name: "invalid-lock",
    summary: "flake.lock cannot be read",
    docs: include_str!("invalid_lock.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let LockState::Invalid { source, problems } = &flake.lock else { continue };
        for problem in problems {
            let primary = match source {
                Some(_) => Label::new(&flake.lock_path, problem.span, ""),
                None => Label::file(&flake.lock_path, ""),
            };
            let message = format!("flake.lock: {}", problem.message);
            let mut finding = Diagnostic::new(RULE.name, RULE.severity(), message, primary);
            finding.help.clone_from(&problem.help);
            finding.input.clone_from(&problem.input);
            out.push(finding);
        }
    }
}
