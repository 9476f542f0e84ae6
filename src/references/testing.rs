//! What the tests of the file rules share.

use crate::config::Settings;
use crate::diagnostic::{Diagnostic, sort};
use crate::flake::Flake;
use crate::rules::{Context, Rule};
use crate::snapshot::{Memory, RepoPath, Snapshot};

/// The snapshot of a store and the flakes in it.
pub(crate) fn view_of(memory: Memory) -> (Snapshot, Vec<Flake>) {
    let snapshot = memory.snapshot();
    let is_flake = |path: &RepoPath| path.file_name() == b"flake.nix";
    let paths: Vec<RepoPath> = snapshot.entries().map(|entry| RepoPath::new(entry.path)).filter(is_flake).collect();
    let flakes = paths.iter().filter_map(|path| Flake::read(&snapshot, &path.parent()).ok()).collect();
    (snapshot, flakes)
}

/// What one rule finds.
pub(crate) fn findings(rule: &Rule, view: &(Snapshot, Vec<Flake>)) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    (rule.check)(&Context::new(&view.0, &view.1, &Settings::default()), &mut found);
    sort(&mut found);
    found
}

/// What one rule finds, as `level: message`.
pub(crate) fn messages(rule: &Rule, view: &(Snapshot, Vec<Flake>)) -> Vec<String> {
    let line = |finding: Diagnostic| format!("{}: {}", finding.severity.as_str(), finding.message);
    findings(rule, view).into_iter().map(line).collect()
}
