//! From findings to files: which fixes are applied, in which order, and what the files hold afterwards.
//!
//! Everything is tried on the snapshot first. A fix stays only where checking again shows its finding gone and none
//! come that was not there; the files are written when all is decided.

mod patch;
mod write;

use std::collections::{BTreeMap, BTreeSet};

pub use patch::patch;
pub use write::write;

use crate::check::{self, Outcome};
use crate::config::Settings;
use crate::diagnostic::{Applicability, Diagnostic, Edit};
use crate::flake::{InputAttrPath, nix};
use crate::rules::Level;
use crate::snapshot::{ReadError, RepoPath, Snapshot};
use crate::source::SourceFile;
use crate::suppress;

/// After so many rounds of checking and fixing, what is left is left: each round fixes something or is the last.
const MAX_ROUNDS: usize = 200;

/// As many fixes go into one round: each is compared with the others.
const MAX_BATCH: usize = 500;

/// Which fixes are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The rules named on the command line: their fixes are applied, safe or not. Empty means every safe fix.
    pub rules: Vec<&'static str>,
}

impl Wanted {
    /// Whether the finding has a fix that is asked for.
    #[must_use]
    pub fn includes(&self, finding: &Diagnostic) -> bool {
        let applicability = finding.fix.as_ref().map(|fix| fix.applicability);
        if self.rules.is_empty() {
            return applicability == Some(Applicability::Safe);
        }
        self.rules.contains(&finding.rule) && applicability.is_some_and(|how| how > Applicability::DisplayOnly)
    }
}

/// A file and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The file.
    pub path: RepoPath,
    /// Its content as it was read.
    pub before: Vec<u8>,
    /// Its content afterwards.
    pub after: Vec<u8>,
}

/// A fix that was applied, or was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule.
    pub rule: &'static str,
    /// The first file that it changes.
    pub path: RepoPath,
    /// What the fix does.
    pub title: String,
}

/// What fixing comes to.
pub struct Plan {
    /// Files to write, in the order in which they are to be written.
    pub rewrites: Vec<Rewrite>,
    /// Paths to `git add`.
    pub stage: Vec<RepoPath>,
    /// Fixes that are in `rewrites`.
    pub done: Vec<Step>,
    /// Fixes that were asked for and would have made things worse.
    pub dropped: Vec<Step>,
    /// What is found when the files are written.
    pub outcome: Outcome,
}

/// Finds out what the fixes that are asked for make of the files. The snapshot shows the result afterwards.
///
/// # Errors
/// When a file of the view cannot be read.
pub fn plan(
    snapshot: &mut Snapshot,
    settings: &Settings,
    paths: &[RepoPath],
    wanted: &Wanted,
) -> Result<Plan, ReadError> {
    let mut settings = settings.clone();
    for rule in crate::rules::RULES.iter().filter(|rule| wanted.rules.contains(&rule.name)) {
        if settings.level(rule) == Level::Off {
            settings.levels.insert(rule.name, Level::Warn);
        }
    }
    let mut state = State { most: MAX_BATCH, ..State::default() };
    let mut outcome = check::check(snapshot, &settings, paths)?;
    for _ in 0..MAX_ROUNDS {
        let (batch, fixes) = state.batch(&outcome, wanted);
        if batch.is_empty() {
            break;
        }
        let mut before = state.apply(snapshot, &batch)?;
        let mut after = check::check(snapshot, &settings, paths)?;
        // The lock goes with its flake.nix: only both together can be judged.
        let carried = carried(&after, &batch);
        if !carried.is_empty() {
            before.extend(state.apply(snapshot, &carried)?);
            after = check::check(snapshot, &settings, paths)?;
        }
        let is_harmless =
            || batch.iter().any(|finding| finding.rule != suppress::UNUSED) || others(&outcome) == others(&after);
        if is_harmless() && keeps_code(snapshot, &before, &batch) && is_better(&outcome, &after, &batch) {
            state.accept(&batch);
            state.accept(&carried);
            if batch.iter().all(writes_locks_only) {
                state.reconsider();
            }
            state.most = MAX_BATCH.min(fixes * 2);
            outcome = after;
            continue;
        }
        for (path, bytes) in before.into_iter().rev() {
            snapshot.replace(&path, bytes);
        }
        // Something in the batch is at fault: half of it may be better.
        state.most = (fixes / 2).max(1);
        if fixes == 1 {
            state.reject(&batch);
        }
    }
    Ok(state.finish(snapshot, outcome, wanted))
}

#[derive(Default)]
struct State {
    originals: BTreeMap<RepoPath, Vec<u8>>,
    rejected: BTreeSet<(Key, Vec<Edit>)>,
    /// As many fixes go into the next round.
    most: usize,
    done: Vec<Step>,
    dropped: Vec<Step>,
}

/// What a finding is about, whatever its words: they may count what a fix changes.
type Key = (&'static str, RepoPath, Option<InputAttrPath>, Option<String>);

fn key(finding: &Diagnostic) -> Key {
    let message = finding.input.is_none().then(|| finding.message.clone());
    (finding.rule, finding.primary.path.clone(), finding.input.clone(), message)
}

fn step(finding: &Diagnostic) -> Step {
    let title = finding.fix.as_ref().map_or_else(|| finding.message.clone(), |fix| fix.title.clone());
    let path = edits(finding).first().map_or(&finding.primary.path, |edit| &edit.path);
    Step { rule: finding.rule, path: path.clone(), title }
}

impl State {
    /// The findings of the next round and how many fixes they have together: none touches what another touches, and no
    /// lock is written for a flake.nix that is about to change.
    fn batch(&self, outcome: &Outcome, wanted: &Wanted) -> (Vec<Diagnostic>, usize) {
        let mut candidates: Vec<&Diagnostic> =
            outcome.findings.iter().filter(|f| self.is_candidate(f, wanted)).collect();
        candidates.sort_by_key(|finding| writes_locks_only(finding));
        let mut fixes = 0;
        let mut taken: BTreeSet<&Edit> = BTreeSet::new();
        let mut batch: Vec<&Diagnostic> = Vec::new();
        for finding in candidates {
            let edits = edits(finding);
            // Several findings may share one fix.
            let is_shared = edits.iter().all(|edit| taken.contains(edit));
            let is_free = edits.iter().all(|edit| !overlaps(&taken, edit) && !is_outdated(&taken, edit));
            if is_shared || (is_free && fixes < self.most) {
                fixes += usize::from(!is_shared);
                taken.extend(edits);
                batch.push(finding);
            }
        }
        (batch.into_iter().cloned().collect(), fixes)
    }

    fn is_candidate(&self, finding: &Diagnostic, wanted: &Wanted) -> bool {
        !edits(finding).is_empty() && wanted.includes(finding) && !self.rejected.contains(&rejection(finding))
    }

    /// Puts the edits into the snapshot, and returns what the files held.
    fn apply(&mut self, snapshot: &mut Snapshot, batch: &[Diagnostic]) -> Result<Vec<(RepoPath, Vec<u8>)>, ReadError> {
        let mut by_file: BTreeMap<&RepoPath, BTreeSet<&Edit>> = BTreeMap::new();
        for edit in batch.iter().flat_map(edits) {
            by_file.entry(&edit.path).or_default().insert(edit);
        }
        let mut before = Vec::new();
        for (path, edits) in by_file {
            let source = snapshot.read(path)?;
            let after = edited(&source, &edits);
            before.push((path.clone(), source.bytes().to_vec()));
            self.originals.entry(path.clone()).or_insert_with(|| source.bytes().to_vec());
            snapshot.replace(path, after);
        }
        Ok(before)
    }

    fn accept(&mut self, batch: &[Diagnostic]) {
        let mut steps: Vec<Step> = batch.iter().map(step).collect();
        // Several findings may share one fix.
        steps.dedup();
        self.done.extend(steps);
    }

    fn reject(&mut self, batch: &[Diagnostic]) {
        self.rejected.extend(batch.iter().map(rejection));
        let mut steps: Vec<Step> = batch.iter().map(step).collect();
        steps.dedup();
        self.dropped.extend(steps);
    }

    /// Beside another lock, what made things worse may make them better: a second run would try it.
    fn reconsider(&mut self) {
        self.rejected.clear();
        self.dropped.clear();
    }

    fn finish(self, snapshot: &Snapshot, outcome: Outcome, wanted: &Wanted) -> Plan {
        let mut rewrites: Vec<Rewrite> = Vec::new();
        for (path, before) in self.originals {
            let Ok(source) = snapshot.read(&path) else { continue };
            if source.bytes() != before {
                rewrites.push(Rewrite { after: source.bytes().to_vec(), path, before });
            }
        }
        // A lock written before its flake.nix would be wrong if nothing came after; the other way round it is but old.
        rewrites.sort_by_key(|rewrite| is_lock(&rewrite.path));
        let staged = outcome.findings.iter().filter(|finding| !wanted.rules.is_empty() && wanted.includes(finding));
        let stage: BTreeSet<RepoPath> =
            staged.flat_map(|finding| finding.fix.iter().flat_map(|fix| fix.stage.iter().cloned())).collect();
        Plan { rewrites, stage: stage.into_iter().collect(), done: self.done, dropped: self.dropped, outcome }
    }
}

/// The same finding with other edits, after other fixes, may be tried again.
fn rejection(finding: &Diagnostic) -> (Key, Vec<Edit>) {
    (key(finding), edits(finding).to_vec())
}

/// The directories of the flakes whose flake.nix is edited.
fn edited_flakes(batch: &[Diagnostic]) -> BTreeSet<RepoPath> {
    batch.iter().flat_map(edits).filter(|edit| !is_lock(&edit.path)).map(|edit| edit.path.parent()).collect()
}

/// The fixes of locks whose flake.nix the batch edits.
fn carried(after: &Outcome, batch: &[Diagnostic]) -> Vec<Diagnostic> {
    let edited = edited_flakes(batch);
    let is_behind = |finding: &&Diagnostic| {
        finding.rule == "stale-lock" && edits(finding).iter().any(|edit| edited.contains(&edit.path.parent()))
    };
    after.findings.iter().filter(is_behind).cloned().collect()
}

/// The findings that no comment is about, in order.
fn others(outcome: &Outcome) -> Vec<Key> {
    let mut keys: Vec<Key> =
        outcome.findings.iter().filter(|finding| finding.rule != suppress::UNUSED).map(key).collect();
    keys.sort();
    keys
}

/// Whether files of which only comments were to go hold the code that they held.
fn keeps_code(snapshot: &Snapshot, before: &[(RepoPath, Vec<u8>)], batch: &[Diagnostic]) -> bool {
    before.iter().all(|(path, bytes)| {
        let edits_it = |finding: &&Diagnostic| edits(finding).iter().any(|edit| edit.path == *path);
        let mut rules = batch.iter().filter(edits_it).map(|finding| finding.rule).peekable();
        if rules.peek().is_none() || rules.any(|rule| rule != suppress::UNUSED) {
            return true;
        }
        let code = nix::code(&SourceFile::new(path.clone(), bytes.clone()));
        snapshot.read(path).is_ok_and(|after| nix::code(&after) == code)
    })
}

/// Whether the findings of the batch are gone and no other came. That a flake.nix which was edited leaves a lock behind
/// that only the network could mend is expected.
fn is_better(before: &Outcome, after: &Outcome, batch: &[Diagnostic]) -> bool {
    // How many findings of each key may be left.
    let mut known: BTreeMap<Key, usize> = BTreeMap::new();
    for finding in &before.findings {
        *known.entry(key(finding)).or_default() += 1;
    }
    let mut fixed: BTreeSet<Key> = BTreeSet::new();
    for key in batch.iter().map(key) {
        if let Some(left) = known.get_mut(&key) {
            *left = left.saturating_sub(1);
        }
        fixed.insert(key);
    }
    let edited = edited_flakes(batch);
    // In the lock that Nix would write the same things may be found at other inputs; it is right all the same.
    let only_locks = edited.is_empty();
    after.findings.iter().all(|finding| {
        let key = key(finding);
        if let Some(left) = known.get_mut(&key).filter(|left| **left > 0) {
            *left -= 1;
            return true;
        }
        let is_behind = finding.rule == "stale-lock" && edited.contains(&finding.primary.path.parent());
        let is_shown =
            only_locks && !matches!(finding.rule, "stale-lock" | "invalid-lock" | "invalid-flake" | "broken-follows");
        // An input that was declared only to be followed is left over; that is worth a finding, and no reason to stay.
        let is_left_over = finding.rule == "unused-input";
        !fixed.contains(&key) && (is_behind || is_shown || is_left_over)
    })
}

fn edits(finding: &Diagnostic) -> &[Edit] {
    finding.fix.as_ref().map_or(&[], |fix| fix.edits.as_slice())
}

fn writes_locks_only(finding: &Diagnostic) -> bool {
    edits(finding).iter().all(|edit| is_lock(&edit.path))
}

fn is_lock(path: &RepoPath) -> bool {
    path.file_name() == b"flake.lock"
}

fn overlaps(taken: &BTreeSet<&Edit>, edit: &Edit) -> bool {
    let mut same_file = taken.iter().filter(|other| other.path == edit.path);
    same_file.any(|other| {
        let (a, b) = (other.span, edit.span);
        // Two insertions at one place would each have to be in front.
        a.start < b.end && b.start < a.end || a.start == b.start || (a.contains(b) || b.contains(a))
    })
}

/// Whether an edit of a lock was computed from a flake.nix that an earlier fix changes.
fn is_outdated(taken: &BTreeSet<&Edit>, edit: &Edit) -> bool {
    is_lock(&edit.path) && taken.iter().any(|other| !is_lock(&other.path) && other.path.parent() == edit.path.parent())
}

/// A file's bytes with edits that do not overlap.
fn edited(source: &SourceFile, edits: &BTreeSet<&Edit>) -> Vec<u8> {
    let bytes = source.bytes();
    let mut edits: Vec<&&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let mut result = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for edit in edits {
        result.extend_from_slice(bytes.get(from..edit.span.start).unwrap_or_default());
        result.extend_from_slice(edit.text.as_bytes());
        from = edit.span.end.min(bytes.len());
    }
    result.extend_from_slice(bytes.get(from..).unwrap_or_default());
    result
}
