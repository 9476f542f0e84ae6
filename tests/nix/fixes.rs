//! `preflake fix stale-lock` against `nix flake lock`: the same bytes, wherever Nix needs no network.

use std::fs;
use std::path::Path;

use crate::case::{Files, Plan, show, write};
use crate::oracle::{Oracle, Verdict, scratch};
use crate::run::each;
use crate::shrink::shrink;
use crate::subject::run as preflake;

/// What came of the cases.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Locks that Nix wrote offline.
    written: usize,
    /// Locks that Nix wanted to write, but could not without the network.
    unwritten: usize,
    disagreements: Vec<String>,
}

impl Tally {
    /// Prints the figures and fails where a lock was not the one of Nix.
    pub(crate) fn conclude(&self) {
        println!("fixes: {} locks written by Nix, {} that need the network", self.written, self.unwritten);
        self.disagreements.iter().take(20).for_each(|disagreement| println!("{disagreement}"));
        assert!(self.disagreements.is_empty(), "{} locks are not those of Nix", self.disagreements.len());
    }
}

/// What the two made of one case.
pub(crate) enum Outcome {
    /// There is nothing to fix, or Nix rejects the flake.
    Nothing,
    /// Nix would need the network, and preflake left the lock alone.
    Unwritten,
    /// Both wrote the same, which is this.
    Same(Vec<u8>),
    /// They did not.
    Other(String),
}

/// Runs the mendable cases of these seeds.
pub(crate) fn run(oracle: &Oracle, seeds: &[u64]) -> Tally {
    let mut tally = Tally::default();
    let outcomes = each(seeds, |seed, _| {
        let plan = Plan::mendable(*seed);
        let outcome = compare(oracle, &plan.build());
        if !matches!(outcome, Outcome::Other(_)) {
            return outcome;
        }
        let small = shrink(&plan, |plan| matches!(compare(oracle, &plan.build()), Outcome::Other(_)));
        match compare(oracle, &small.build()) {
            Outcome::Other(text) => Outcome::Other(format!("=== seed {seed} with {:?}\n{text}", small.names())),
            outcome => outcome,
        }
    });
    for outcome in outcomes {
        match outcome {
            Outcome::Nothing => {}
            Outcome::Unwritten => tally.unwritten += 1,
            Outcome::Same(_) => tally.written += 1,
            Outcome::Other(text) => tally.disagreements.push(text),
        }
    }
    tally
}

/// Lets both mend the lock of a flake.
pub(crate) fn compare(oracle: &Oracle, files: &Files) -> Outcome {
    let by_nix = scratch();
    write(files, by_nix.path());
    let verdict = oracle.ask(by_nix.path()).verdict;
    compare_in(oracle, files, by_nix.path(), verdict)
}

/// The same where the files are there already and Nix was asked about them.
pub(crate) fn compare_in(oracle: &Oracle, files: &Files, by_nix: &Path, verdict: Verdict) -> Outcome {
    let by_us = scratch();
    write(files, by_us.path());
    let mendable = !matches!(verdict, Verdict::Consistent | Verdict::Error);
    let written = mendable && oracle.write_lock(by_nix);
    if written && oracle.ask(by_nix).verdict != Verdict::Consistent {
        // A path in an override leads elsewhere once it is locked: Nix rejects what it has just written.
        return Outcome::Nothing;
    }
    let (_, failure) = preflake(by_us.path(), &["fix", "stale-lock", "--no-config"]);
    let (theirs, ours) = (lock(by_nix), lock(by_us.path()));
    if ours != theirs {
        let shown =
            show(&Files::from([("flake.lock by Nix".to_owned(), theirs), ("flake.lock by us".to_owned(), ours)]));
        return Outcome::Other(format!("{failure}\n{}\n{shown}", show(files)));
    }
    if !mendable {
        return Outcome::Nothing;
    }
    // The same bytes beside the same flake.nix: Nix has found them consistent above.
    if written { Outcome::Same(ours) } else { Outcome::Unwritten }
}

fn lock(dir: &Path) -> Vec<u8> {
    fs::read(dir.join("flake.lock")).unwrap_or_default()
}
