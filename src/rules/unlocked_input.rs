//! `unlocked-input`: a node without what pins it.

use super::evidence::{locked_finding, sources};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::flake::flakeref::FlakeRef;

pub(super) static RULE: Rule = Rule {
    name: "unlocked-input",
    summary: "an entry of flake.lock that does not pin what it names",
    docs: include_str!("unlocked_input.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        for (path, node, source) in sources(lock) {
            let Some(Missing { field, why, severity }) = missing(&source.locked) else { continue };
            let message = format!("input `{path}` is not pinned: it has no `{field}`, {why}");
            let place = ((path, node.key.as_str()), ("type", "not pinned"));
            let update = path.0.first().map_or("", String::as_str);
            let mut finding = locked_finding(&RULE, flake, lock, place.0, place.1, message)
                .help(format!("commit what it was made of, and run `nix flake update {update}`"));
            finding.severity = severity;
            out.push(finding);
        }
    }
}

/// What an entry lacks.
struct Missing {
    field: &'static str,
    why: &'static str,
    severity: Severity,
}

/// What an entry lacks, if anything. Relative paths are pinned by the flake they are in.
fn missing(locked: &FlakeRef) -> Option<Missing> {
    if locked.relative_path().is_some() {
        return None;
    }
    if !locked.is_locked() {
        let (field, why) = match locked.kind() {
            "path" | "tarball" | "file" => ("narHash", "so that nothing says what it is"),
            _ => ("rev", "as when it is locked from a tree with changes that nobody committed"),
        };
        return Some(Missing { field, why, severity: Severity::Error });
    }
    // The revision does pin it, and Nix takes it so; but only the forge's word says that the archive is of it.
    let is_archive = matches!(locked.kind(), "github" | "gitlab" | "sourcehut");
    let why = "so that nothing checks the archive that is downloaded";
    (is_archive && locked.get("narHash").is_none()).then_some(Missing {
        field: "narHash",
        why,
        severity: Severity::Warning,
    })
}
