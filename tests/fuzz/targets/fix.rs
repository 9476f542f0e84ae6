//! The fixer: what it writes still parses, and a second run changes nothing.

use preflake::fix::{self, Wanted};
use preflake::flake::nix;
use preflake::rules::RULES;
use preflake::snapshot::RepoPath;
use preflake::source::SourceFile;

use super::flake::{everything, make_both};
use super::{both, tree, turn};
use crate::harness::{Target, run};

#[test]
fn fixes() {
    run(Target { name: "fix", make: make_both, check: Box::new(fixed) }, 40);
}

fn problems(bytes: &[u8]) -> usize {
    nix::read(&SourceFile::new(RepoPath::from("flake.nix"), bytes.to_vec())).problems.len()
}

fn fixed(input: &[u8]) -> Result<(), String> {
    let (nix, lock) = both(input);
    let settings = everything();
    let usual = turn(input, 1) == 0;
    let wanted = if usual { Wanted::default() } else { Wanted { rules: RULES.iter().map(|rule| rule.name).collect() } };
    let mut snapshot = tree(&nix, &lock);
    let plan = fix::plan(&mut snapshot, &settings, &[], &wanted).map_err(|error| error.to_string())?;
    let _ = fix::patch(&plan.rewrites);
    for rewrite in plan.rewrites.iter().filter(|rewrite| rewrite.path == RepoPath::from("flake.nix")) {
        if problems(&rewrite.after) > problems(&rewrite.before) {
            let after = String::from_utf8_lossy(&rewrite.after);
            return Err(format!("a fix breaks flake.nix: {after}"));
        }
    }
    // Where nothing was changed, nothing would be.
    if plan.rewrites.is_empty() {
        return Ok(());
    }
    let again = fix::plan(&mut snapshot, &settings, &[], &wanted).map_err(|error| error.to_string())?;
    if let Some(rewrite) = again.rewrites.first() {
        let (before, after) = (String::from_utf8_lossy(&rewrite.before), String::from_utf8_lossy(&rewrite.after));
        let done: Vec<_> = again.done.iter().map(|step| (step.rule, &step.title)).collect();
        return Err(format!("a second run changes {}: {done:?}\n{before}\n---\n{after}", rewrite.path));
    }
    Ok(())
}
