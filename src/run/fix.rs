//! `preflake fix`, `check --fix` and `--diff`.

use std::io::{self, IsTerminal as _, Write as _};

use super::place::Place;
use super::{Failure, check_settings, output, settings_of, tell};
use crate::check::Outcome;
use crate::cli;
use crate::config::{self, Settings};
use crate::fix::{self, Plan, Step, Wanted};
use crate::flake::LockVerdict;
use crate::flake::lock::lock_command;
use crate::git::ViewChoice;
use crate::rules::{FixAvailability, RULES, Rule};
use crate::snapshot::{RepoPath, Snapshot};
use crate::text::{count, escape};

/// A file that was staged may name another one that is not: so often are they looked for again.
const MAX_STAGINGS: usize = 50;

/// Applies fixes: the status is 0 where all that was asked for could be done, 1 where something is left or, with
/// `--diff`, where there is a patch.
pub(super) fn fix(options: &cli::Fix) -> Result<u8, Failure> {
    let place = Place::find(None)?;
    let mut snapshot = place.snapshot(&ViewChoice::Worktree)?;
    let settings = settings_of(options.config.as_deref(), options.no_config, &place, &snapshot)?;
    let mut rules = Vec::new();
    for name in &options.rules {
        rules.push(config::rule(name)?.name);
    }
    let wanted = Wanted { rules };
    refuse_commits(&snapshot)?;
    let mut plan = fix::plan(&mut snapshot, &settings, &[], &wanted)?;
    plan.stage.extend(intended(&place, &settings, &wanted)?);
    if options.diff {
        print_patch(&plan)?;
    } else {
        apply(&place, &plan)?;
        for _ in 0..MAX_STAGINGS {
            let mut later = place.snapshot(&ViewChoice::Worktree)?;
            if plan.stage.is_empty() || !stage_more(&place, &mut later, &settings, &wanted, &mut plan)? {
                break;
            }
        }
    }
    if !options.quiet {
        say(&plan, options.diff, &place, &wanted);
    }
    let left = left(&plan, &wanted);
    for (step, reason) in &left {
        tell(&format!("preflake: {}: {}: {}", step.path, step.rule, escape(reason)));
    }
    std::mem::forget(snapshot);
    // As with `diff` itself, a patch that is not empty is a difference.
    let differs = options.diff && !plan.rewrites.is_empty();
    Ok(u8::from(differs || !left.is_empty()))
}

/// Files of which only the intention is staged. On disk they are there, so that only the index shows what is missing.
fn intended(place: &Place, settings: &Settings, wanted: &Wanted) -> Result<Vec<RepoPath>, Failure> {
    const RULE: &str = "intent-to-add";
    if place.repository.is_none() || !wanted.rules.contains(&RULE) {
        return Ok(Vec::new());
    }
    let mut index = place.snapshot(&ViewChoice::Index)?;
    Ok(fix::plan(&mut index, settings, &[], &Wanted { rules: vec![RULE] })?.stage)
}

/// Applies what can be fixed now that files were staged, and adds it to the plan; whether that staged more.
fn stage_more(
    place: &Place,
    snapshot: &mut Snapshot,
    settings: &Settings,
    wanted: &Wanted,
    plan: &mut Plan,
) -> Result<bool, Failure> {
    let more = fix::plan(snapshot, settings, &[], wanted)?;
    apply(place, &more)?;
    let staged = plan.stage.len();
    plan.stage.extend(more.stage);
    plan.stage.sort();
    plan.stage.dedup();
    plan.rewrites.extend(more.rewrites);
    plan.done.extend(more.done);
    plan.outcome = more.outcome;
    Ok(plan.stage.len() > staged)
}

/// The safe fixes in front of a check. Returns what is left to find, and whether files were changed.
pub(super) fn before_check(
    options: &cli::Check,
    place: &Place,
    snapshot: &mut Snapshot,
    paths: &[RepoPath],
) -> Result<(Outcome, bool), Failure> {
    let settings = check_settings(options, place, snapshot)?;
    refuse_commits(snapshot)?;
    let plan = fix::plan(snapshot, &settings, paths, &Wanted::default())?;
    if options.diff {
        print_patch(&plan)?;
    } else {
        apply(place, &plan)?;
    }
    if !options.quiet {
        say(&plan, options.diff, place, &Wanted::default());
    }
    let changed = !plan.rewrites.is_empty();
    Ok((plan.outcome, changed))
}

/// In a bare repository the view is a commit, which nothing can be written to.
fn refuse_commits(snapshot: &Snapshot) -> Result<(), Failure> {
    match snapshot.view() {
        crate::snapshot::View::Revision(_) => Err(Failure::new("there is no worktree here that could be fixed")),
        _ => Ok(()),
    }
}

/// Nothing is written where not everything could be.
fn apply(place: &Place, plan: &Plan) -> Result<(), Failure> {
    let stager = place.repository.as_ref().filter(|_| !plan.stage.is_empty());
    if let Some(repository) = stager {
        repository.can_stage()?;
    }
    fix::write(&place.root, &plan.rewrites).map_err(Failure::new)?;
    Ok(stager.map_or(Ok(()), |repository| repository.stage(&plan.stage))?)
}

fn print_patch(plan: &Plan) -> Result<(), Failure> {
    let patch = fix::patch(&plan.rewrites);
    if !io::stdout().is_terminal() {
        return output::finish(io::stdout().lock().write_all(&patch));
    }
    // For people, not for `git apply`: nothing in it may act on their terminal.
    let shown: Vec<String> = String::from_utf8_lossy(&patch).lines().map(escape).collect();
    output::finish(writeln!(io::stdout().lock(), "{}", shown.join("\n")))
}

fn say(plan: &Plan, diff: bool, place: &Place, wanted: &Wanted) {
    let (fixed, staged) = if diff { ("would fix", "would stage") } else { ("fixed", "staged") };
    let removed = if diff { "would remove" } else { "removed" };
    for step in &plan.done {
        tell(&format!("{fixed} {}: {} ({})", step.path, escape(&step.title), step.rule));
    }
    for path in &plan.stage {
        // `git add` of what is no longer there takes it out of the index.
        if path.on_disk(&place.root).symlink_metadata().is_ok() {
            tell(&format!("{staged} {path}"));
        } else {
            tell(&format!("{removed} {path} from the index: it is no longer on disk"));
        }
    }
    let has_none = |rule: &&&Rule| wanted.rules.contains(&rule.name) && rule.fix == FixAvailability::None;
    for rule in RULES.iter().filter(has_none) {
        tell(&format!("preflake: {0} has no fix: `preflake explain {0}` says what to do", rule.name));
    }
    if plan.done.is_empty() && plan.stage.is_empty() {
        if !RULES.iter().any(|rule| has_none(&rule)) {
            tell("preflake: nothing to fix");
        }
        return;
    }
    let total = count(plan.done.len() + plan.stage.len(), "change");
    let files = count(plan.rewrites.len() + plan.stage.len(), "file");
    tell(&format!("preflake: {} {total} in {files}", if diff { "would make" } else { "made" }));
}

/// What was asked for and is not done, with the reason.
fn left(plan: &Plan, wanted: &Wanted) -> Vec<(Step, String)> {
    let mut left: Vec<(Step, String)> = Vec::new();
    for step in &plan.dropped {
        let reason = format!("not fixed ({}): the result would not be better", step.title);
        left.push((step.clone(), reason));
    }
    let touched = |path: &RepoPath| plan.rewrites.iter().any(|rewrite| rewrite.path.parent() == path.parent());
    for finding in &plan.outcome.findings {
        let is_behind = finding.rule == "stale-lock" && touched(&finding.primary.path);
        let is_asked = wanted.rules.contains(&finding.rule) || wanted.includes(finding);
        let is_staged = finding.fix.as_ref().is_some_and(|fix| fix.edits.is_empty() && !fix.stage.is_empty());
        if is_behind || (is_asked && !is_staged) {
            let step = Step { rule: finding.rule, path: finding.primary.path.clone(), title: String::new() };
            let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            left.push((step, format!("{}{help}", finding.message)));
        }
    }
    let edited = |path: &RepoPath| plan.rewrites.iter().any(|rewrite| rewrite.path == *path);
    for flake in plan.outcome.flakes.iter().filter(|flake| edited(&flake.nix_path)) {
        if flake.lock_verdict() == LockVerdict::Undecided {
            let reason = format!("only with the network can the lock be compared; run `{}`", lock_command(&flake.dir));
            left.push((Step { rule: "stale-lock", path: flake.lock_path.clone(), title: String::new() }, reason));
        }
    }
    left
}
