//! The differential suite: preflake, through its binary, against real Nix.
//!
//! `PREFLAKE_NIX` and `PREFLAKE_NIX_OLD` name the reference binaries, `PREFLAKE_REQUIRE_NIX=1` makes their absence a
//! failure, `PREFLAKE_CASES` says how many generated cases run, `PREFLAKE_SEED` with which seed they begin. A
//! disagreement prints its seed: `PREFLAKE_SEED=n PREFLAKE_CASES=1 cargo test --test nix generated` repeats it.
#![allow(clippy::print_stdout, reason = "figures and disagreements are what this suite is run for")]

mod attributes;
mod case;
mod copies;
mod corpus;
mod files;
mod fixes;
mod followed;
mod forms;
mod generate;
mod graph;
mod histories;
mod judge;
mod merges;
mod mutate;
mod odd;
mod oracle;
mod render;
mod rng;
mod run;
mod shrink;
mod sources;
mod subject;
mod syntax;
mod tokens;
mod trees;
mod urls;

use oracle::{Oracle, Verdict, Version};

/// A number from the environment.
fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The seeds to run: `usual` of them where `PREFLAKE_CASES` does not say otherwise.
fn seeds(usual: u64) -> Vec<u64> {
    let first = number("PREFLAKE_SEED", 1);
    (first..first + number("PREFLAKE_CASES", usual)).collect()
}

#[test]

fn generated_cases_get_the_verdict_of_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let seeds = seeds(200);
    let tally = run::seeds(&nix, None, &seeds);
    tally.conclude("generated cases, newer Nix");
    if seeds.len() >= 200 {
        let consistent = tally.of(Verdict::Consistent) * 100 / tally.total();
        assert!(consistent >= 40, "only {consistent} of 100 cases are consistent: the generator is out of balance");
    }
}

#[test]

fn generated_cases_get_the_verdict_of_the_older_nix() {
    let Some(old) = Oracle::find(Version::Old) else { return };
    let newer = Oracle::find(Version::New);
    run::seeds(&old, newer.as_ref(), &seeds(60)).conclude_verdicts("generated cases, older Nix");
}

/// Of all attributes of all fetchers in all places a sample, or with `PREFLAKE_CASES` as many as it says.
#[test]

fn attributes_are_accepted_and_refused_as_by_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let mut all = attributes::all();
    rng::Rng::new(number("PREFLAKE_SEED", 1)).shuffle(&mut all);
    all.truncate(seeds(100).len());
    let results = run::each(&all, |attribute, dir| run::ask(&nix, &attributes::files(attribute), dir));
    let mut tally = run::Tally::default();
    for (attribute, (answer, report)) in all.iter().zip(results) {
        if !tally.add(&answer, &report) {
            tally.disagreements.push(run::difference(&format!("{attribute:?}"), &answer, &report));
        }
    }
    tally.conclude("attributes");
}

/// Everything that can stand in a flake.nix, and much that cannot.
#[test]
fn forms_are_read_as_by_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let mut tally = run::Tally::default();
    let seeds = seeds(150);
    let results = run::each(&seeds, |seed, dir| run::ask(&nix, &forms::files(*seed), dir));
    for (seed, (answer, report)) in seeds.iter().zip(results) {
        if !tally.add(&answer, &report) {
            let difference = run::difference(&format!("form {seed}"), &answer, &report);
            tally.disagreements.push(format!("{difference}\n{}", case::show(&forms::files(*seed))));
        }
    }
    tally.conclude("forms");
}

/// What preflake reads out of a URL is what Nix reads.
#[test]
fn urls_are_read_as_by_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let mut tally = run::Tally::default();
    for (url, answer, report) in run::each(&seeds(60), |seed, dir| urls::judge(&nix, *seed, dir)) {
        tally.add(&answer, &report);
        if !judge::agree(&answer, &report) {
            tally.disagreements.push(run::difference(&url, &answer, &report));
        }
    }
    tally.conclude("urls");
}

/// What was thought out by hand to be read otherwise than by Nix, all of it each time.
#[test]
fn odd_flakes_and_locks_are_read_as_by_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let all = odd::all();
    let mut tally = run::Tally::default();
    for (files, (answer, report)) in all.iter().zip(run::each(&all, |files, dir| run::ask(&nix, files, dir))) {
        if !tally.add(&answer, &report) {
            tally.disagreements.push(run::difference(&case::show(files), &answer, &report));
        }
    }
    tally.conclude("odd");
}

/// The figures of the corpus are those of real projects; the older Nix judges it in one spelling.
#[test]

fn the_corpus_gets_the_verdict_of_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    if let Some(tally) = corpus::run(&nix, number("PREFLAKE_SPELLINGS", 2)) {
        tally.conclude("corpus");
    }
}

/// Where Nix can write the lock without the network, `fix` writes the same bytes.
#[test]
fn fixed_locks_are_those_of_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    fixes::run(&nix, &seeds(100)).conclude();
}

/// Flakes of one tree that ask for each other: the lock of Nix, byte for byte. A case is one state of a tree.
#[test]
fn trees_of_flakes_are_locked_as_by_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let mut seeds = seeds(120);
    seeds.truncate(seeds.len().div_ceil(usize::try_from(trees::ROUNDS).expect("a few")));
    let trees = trees::run(&nix, &seeds);
    println!("trees: {}, each in {} states: {} locks written as by Nix", seeds.len(), trees::ROUNDS, trees.written);
    trees.other.iter().take(20).for_each(|other| println!("{other}"));
    trees.verdicts.conclude("trees");
    assert!(trees.other.is_empty(), "{} locks are not those of Nix", trees.other.len());
}

/// Commits of real repositories: `PREFLAKE_MIRRORS` names a folder of bare ones, `PREFLAKE_COMMITS` how many of each.
#[test]
#[ignore = "needs bare repositories, which PREFLAKE_MIRRORS names"]
fn real_histories_get_the_verdict_of_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let mirrors = std::env::var_os("PREFLAKE_MIRRORS").expect("PREFLAKE_MIRRORS names a folder of bare repositories");
    let commits = usize::try_from(number("PREFLAKE_COMMITS", 30)).expect("that many commits can be counted");
    histories::run(&nix, std::path::Path::new(&mirrors), commits).conclude("histories");
}

/// Every copy of Nixpkgs that a second computation finds is named, and no input is pointed at another repository.
/// `PREFLAKE_CORPUS` and `PREFLAKE_MIRRORS` name more locks.
#[test]
fn every_copy_that_can_follow_is_named() {
    let plain: Vec<_> = corpus::flakes().into_iter().step_by(2).collect();
    copies::run(&plain).conclude("corpus");
    if let Some(mirrors) = std::env::var_os("PREFLAKE_MIRRORS") {
        copies::run(&histories::heads(std::path::Path::new(&mirrors))).conclude("repositories");
    }
}

/// Every Nix file of real repositories as part of a flake.nix, and as many as `PREFLAKE_CASES` says with a fault in them.
#[test]
#[ignore = "needs bare repositories, which PREFLAKE_MIRRORS names"]
fn real_files_are_accepted_and_refused_as_by_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let mirrors = std::env::var_os("PREFLAKE_MIRRORS").expect("PREFLAKE_MIRRORS names a folder of bare repositories");
    let seed = number("PREFLAKE_SEED", 1);
    let mut files = files::all(std::path::Path::new(&mirrors), seed);
    if number("PREFLAKE_WHOLE", 1) == 1 {
        files::whole(&nix, &files).conclude("files");
    }
    files.truncate(seeds(2000).len());
    files::faulty(&nix, &files, seed).conclude("files with faults");
}

/// What the merge driver makes of two sides is consistent by Nix wherever both sides were and flake.nix merges, and no
/// side's change is lost.
#[test]
fn merged_locks_lose_nothing_and_agree_with_the_merged_flake() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    merges::run(&nix, &seeds(120)).conclude("generated merges");
}

/// Merges of real repositories: `PREFLAKE_MIRRORS` names a folder of bare ones, `PREFLAKE_COMMITS` how many of each.
#[test]
#[ignore = "needs bare repositories, which PREFLAKE_MIRRORS names"]
fn real_merges_lose_nothing() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let mirrors = std::env::var_os("PREFLAKE_MIRRORS").expect("PREFLAKE_MIRRORS names a folder of bare repositories");
    let merges = usize::try_from(number("PREFLAKE_COMMITS", 100)).expect("that many commits can be counted");
    merges::real(&nix, std::path::Path::new(&mirrors), merges).conclude("real merges");
}

/// Real locks, every copy in them followed: the flake.nix means the same otherwise, and the lock is the one of Nix.
#[test]
fn followed_copies_give_the_lock_of_nix() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let mut flakes = corpus::flakes();
    flakes.truncate(seeds(120).len() * 2);
    followed::run(&nix, &flakes).conclude("corpus");
    if let Some(mirrors) = std::env::var_os("PREFLAKE_MIRRORS") {
        followed::run(&nix, &histories::heads(std::path::Path::new(&mirrors))).conclude("repositories");
    }
}

/// Before any mutation the two files agree: without that the other tests would only see flakes that are stale anyway.
#[test]
fn flakes_without_mutations_are_consistent() {
    let Some(nix) = Oracle::find(Version::New) else { return };
    let answers = run::each(&seeds(60), |seed, dir| {
        let plan = case::Plan { mutations: Vec::new(), ..case::Plan::of(*seed) };
        let files = plan.build();
        case::write(&files, dir);
        (*seed, nix.ask(dir), case::show(&files))
    });
    let others: Vec<_> = answers.iter().filter(|(_, answer, _)| answer.verdict != Verdict::Consistent).collect();
    for (seed, answer, files) in &others {
        println!("=== seed {seed}: {:?} {}\n{files}", answer.verdict, answer.message);
    }
    assert!(others.len() * 5 <= answers.len(), "{} of {} are not consistent", others.len(), answers.len());
}
