//! `unreachable-lock-node`: a node that no input leads to.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label};
use crate::flake::lock::{LockFile, Place, lock_command};
use crate::flake::{Flake, LockVerdict};
use crate::source::Span;
use crate::text::count;

pub(super) static RULE: Rule = Rule {
    name: "unreachable-lock-node",
    summary: "a node of flake.lock that no input leads to",
    docs: include_str!("unreachable_lock_node.md"),
    level: Level::Warn,
    fix: FixAvailability::Safe,
    since: "0.1.0",
    check,
};

/// So many nodes are shown; the message counts them all.
const SHOWN: usize = 5;

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        if let Some(lock) = flake.valid_lock().filter(|lock| !lock.unreachable.is_empty()) {
            out.push(finding(flake, lock));
        }
    }
}

fn finding(flake: &Flake, lock: &LockFile) -> Diagnostic {
    let place = |key: &String| Label::new(&flake.lock_path, lock.span_of(Place::Node(key)), "nothing leads here");
    let mut shown = lock.unreachable.iter().take(SHOWN).map(place);
    let first = shown.next().unwrap_or_else(|| Label::file(&flake.lock_path, ""));
    let message = match lock.unreachable.as_slice() {
        [only] => format!("no input leads to the node `{only}`"),
        [first, rest @ ..] => format!("no input leads to the node `{first}` and {}", count(rest.len(), "other")),
        [] => String::new(),
    };
    let mut finding = Diagnostic::new(RULE.name, RULE.severity(), message, first);
    finding.related = shown.collect();
    if flake.lock_verdict() == LockVerdict::Consistent {
        // Nix takes such a lock as it is: only a change of the inputs would make it write the file.
        let help = format!("run `preflake fix`; `{}` leaves it as it is", lock_command(&flake.dir));
        finding = finding.help(help).fix(rewrite(flake, lock, "remove the nodes that nothing leads to"));
    }
    finding
}

/// Writes the lock as Nix would.
pub(super) fn rewrite(flake: &Flake, lock: &LockFile, title: &str) -> Fix {
    let span = Span::new(0, lock.source.bytes().len());
    let edits = vec![Edit { path: flake.lock_path.clone(), span, text: lock.graph.to_json() }];
    Fix { title: title.to_owned(), applicability: Applicability::Safe, edits, stage: Vec::new() }
}
