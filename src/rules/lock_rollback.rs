//! `lock-rollback`: a change that moves an input back in time.

use super::evidence::{locked_finding, short};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::Diagnostic;
use crate::flake::flakeref::Attr;
use crate::flake::lock::{self, LockEdge, LockFile, LockGraph, LockNode, LockedSource};
use crate::flake::{Flake, InputAttrPath, LockState};
use crate::text::date;

pub(super) static RULE: Rule = Rule {
    name: "lock-rollback",
    summary: "the change moves an input back in time",
    docs: include_str!("lock_rollback.md"),
    level: Level::Warn,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        let Some(source) = cx.snapshot.read_base(&flake.lock_path) else { continue };
        // Most changes leave the lock alone.
        if source.bytes() == lock.source.bytes() {
            continue;
        }
        let LockState::Valid(before) = lock::read(source) else { continue };
        // What lies below an input comes as that input has it, also where that is older than before.
        for (name, edge) in &lock.graph.node(LockGraph::ROOT).inputs {
            out.extend(finding(flake, lock, &before, name, edge));
        }
    }
}

fn finding(flake: &Flake, lock: &LockFile, before: &LockFile, name: &str, edge: &LockEdge) -> Option<Diagnostic> {
    let old_edge = before.graph.node(LockGraph::ROOT).inputs.get(name)?;
    let (node, now) = source(&lock.graph, edge)?;
    let (_, then) = source(&before.graph, old_edge)?;
    let (new, old) = (modified(now)?, modified(then)?);
    // Another branch or revision was asked for: that is no secret.
    if new >= old || now.original.canonicalize() != then.original.canonicalize() {
        return None;
    }
    let revision =
        |source: &LockedSource| source.locked.get("rev").map(|rev| format!(", {}", short(rev))).unwrap_or_default();
    let path = InputAttrPath::of(name);
    let message = format!(
        "input `{path}` goes back from {} ({}) to {} ({})",
        date(old),
        revision(then).trim_start_matches(", "),
        date(new),
        revision(now).trim_start_matches(", "),
    );
    Some(
        locked_finding(
            &RULE,
            flake,
            lock,
            (&path, &node.key),
            ("lastModified", "older than in the parent commit"),
            message,
        )
        .help(format!("if that is not meant, run `nix flake update {name}`")),
    )
}

fn source<'g>(graph: &'g LockGraph, edge: &LockEdge) -> Option<(&'g LockNode, &'g LockedSource)> {
    let LockEdge::Node(id) = edge else { return None };
    let node = graph.node(*id);
    Some((node, node.source.as_deref()?))
}

/// Seconds since 1970.
fn modified(source: &LockedSource) -> Option<u64> {
    match source.locked.attrs.get("lastModified") {
        Some(Attr::Integer(seconds)) => Some(*seconds),
        _ => None,
    }
}
