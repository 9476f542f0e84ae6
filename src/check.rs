//! One check: flakes of the view, rules over them, suppressions and levels applied, findings in order.

use crate::config::Settings;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::flake::Flake;
use crate::rules::{Context, Level, RULES, notes};
use crate::since::Before;
use crate::snapshot::{ReadError, RepoPath, Snapshot};
use crate::suppress;

/// What a check found.
pub struct Outcome {
    /// The flakes that were judged, in order of directory.
    pub flakes: Vec<Flake>,
    /// Findings, sorted.
    pub findings: Vec<Diagnostic>,
    /// What is no finding, but good to know beside the findings: one sentence each, of any length.
    pub notes: Vec<String>,
    /// Findings that a comment suppressed.
    pub ignored: usize,
    /// Files in the view.
    pub files: usize,
    /// What was left out because it had been there before; see [`crate::since`].
    pub before: Option<Before>,
}

impl Outcome {
    /// Number of findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// How many findings are not shown, and why, to stand behind the number of files.
    #[must_use]
    pub fn left_out(&self) -> String {
        let ignored = if self.ignored > 0 { format!(", {} ignored", self.ignored) } else { String::new() };
        match &self.before {
            Some(Before { commit, findings }) if *findings > 0 => {
                format!("{ignored}, {findings} not new since {}", &commit[..commit.len().min(9)])
            }
            _ => ignored,
        }
    }
}

/// Checks the flakes of a snapshot. `paths` limits the check to the flakes at or below them, and to the innermost one
/// that holds each; empty means all.
///
/// # Errors
/// When a flake.nix of the view, or the list of untracked files, cannot be read, and when the content of any Nix file is withheld.
pub fn check(snapshot: &Snapshot, settings: &Settings, paths: &[RepoPath]) -> Result<Outcome, ReadError> {
    let mut flakes: Vec<Flake> = select(flake_dirs(snapshot, settings), paths)
        .iter()
        .map(|dir| Flake::read(snapshot, dir))
        .collect::<Result<_, _>>()?;
    // Below the root, a function or a list that is called flake.nix and has no lock is some module, not a flake.
    flakes.retain(|flake| flake.lock_expected || flake.nix.is_set);
    snapshot.untracked_nix_files()?;
    let cx = Context::new(snapshot, &flakes, settings);
    let mut findings = Vec::new();
    for rule in RULES {
        let level = settings.level(rule);
        if level == Level::Off {
            continue;
        }
        let first = findings.len();
        (rule.check)(&cx, &mut findings);
        for finding in &mut findings[first..] {
            if level == Level::Warn {
                finding.severity = Severity::Warning;
            } else if rule.level < Level::Error {
                finding.severity = Severity::Error;
            }
        }
    }
    // What it names would go unseen.
    if let Some(error) = snapshot.withheld() {
        return Err(error);
    }
    findings.retain(|finding| !settings.exclude.matches(&finding.primary.path));
    let ignored = suppress::apply(&cx, &mut findings);
    diagnostic::sort(&mut findings);
    let mut notes = notes(&cx);
    if cx.is_cut() || findings.len() >= suppress::MAX_FINDINGS {
        notes.push("there is more of the same: it is no longer counted".to_owned());
    }
    let files = snapshot.all_entries().count();
    Ok(Outcome { flakes, findings, notes, ignored, files, before: None })
}

/// The directories of all flakes of a view, in order.
fn flake_dirs(snapshot: &Snapshot, settings: &Settings) -> Vec<RepoPath> {
    let is_flake = |path: &[u8]| path == b"flake.nix" || path.ends_with(b"/flake.nix");
    let named = snapshot.all_entries().filter(|entry| is_flake(entry.path)).map(|entry| RepoPath::new(entry.path));
    let judged = named.filter(|path| snapshot.has_file(path) && !settings.exclude.matches(path));
    let mut dirs: Vec<RepoPath> = judged.map(|path| path.parent()).collect();
    dirs.sort();
    dirs
}

fn select(dirs: Vec<RepoPath>, paths: &[RepoPath]) -> Vec<RepoPath> {
    if paths.is_empty() {
        return dirs;
    }
    let innermost = |path: &RepoPath| {
        let around = dirs.iter().filter(|dir| path.is_under(dir));
        around.max_by_key(|dir| dir.as_bytes().len()).cloned()
    };
    let holding: Vec<RepoPath> = paths.iter().filter_map(innermost).collect();
    let below = |dir: &RepoPath| paths.iter().any(|path| dir.is_under(path));
    dirs.iter().filter(|dir| below(dir) || holding.contains(dir)).cloned().collect()
}
