//! `noncanonical-lock`: the bytes of the lock are not those that Nix would write.

use super::unreachable_lock_node::rewrite;
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::lock::LockFile;
use crate::flake::{Flake, LockVerdict};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "noncanonical-lock",
    summary: "flake.lock is not laid out as Nix writes it",
    docs: include_str!("noncanonical_lock.md"),
    level: Level::Warn,
    fix: FixAvailability::Safe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        // Older versions were written by older Nix as they are; nodes too many, and a lock that Nix is about to write
        // anew, are other rules' to say.
        let is_settled = matches!(flake.lock_verdict(), LockVerdict::Consistent | LockVerdict::Undecided);
        if lock.version == 7 && lock.unreachable.is_empty() && is_settled {
            out.extend(finding(flake, lock));
        }
    }
}

fn finding(flake: &Flake, lock: &LockFile) -> Option<Diagnostic> {
    let bytes = lock.source.bytes();
    if lock.graph.is_written(bytes) {
        return None;
    }
    let written = lock.graph.to_json();
    let at = bytes.iter().zip(written.as_bytes()).take_while(|(a, b)| a == b).count();
    let span = Span::at(at.min(bytes.len().saturating_sub(1)));
    let primary = Label::new(&flake.lock_path, span, "the first difference is here");
    let message = "flake.lock is not laid out as Nix writes it, so that its next change will touch other lines too";
    Some(
        Diagnostic::new(RULE.name, RULE.severity(), message, primary)
            .help("run `preflake fix`; it changes the layout only")
            .fix(rewrite(flake, lock, "write flake.lock as Nix does")),
    )
}
