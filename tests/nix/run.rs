//! Runs many cases, two at a time, and adds up what came of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::case::{Files, Plan, show, write};
use crate::judge::{agree, same_cause, same_warnings};
use crate::oracle::{Answer, Oracle, Verdict, scratch};
use crate::shrink::shrink;
use crate::subject::{Claim, Report, check};

/// How many disagreements are told at length.
const SHOWN: usize = 300;

/// What came of many cases.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How often each pair of answers was given.
    pub(crate) pairs: BTreeMap<(Verdict, Claim), usize>,
    /// Errors of Nix, and those whose cause preflake names.
    pub(crate) causes: (usize, usize),
    /// Errors of Nix whose cause preflake does not name, and what it names instead.
    pub(crate) other_causes: BTreeMap<String, usize>,
    /// Where the two do not report as many overrides for inputs that do not exist.
    pub(crate) other_warnings: usize,
    /// The disagreements, told at length.
    pub(crate) disagreements: Vec<String>,
}

impl Tally {
    /// Counts one case; whether the two agree.
    pub(crate) fn add(&mut self, answer: &Answer, report: &Report) -> bool {
        *self.pairs.entry((answer.verdict, report.claim)).or_default() += 1;
        if answer.verdict == Verdict::Error {
            let named = same_cause(answer, report);
            self.causes.0 += 1;
            self.causes.1 += usize::from(named == Some(true));
            if named != Some(true) {
                let ours =
                    report.findings.iter().find(|(rule, _)| rule.starts_with("invalid-")).or(report.findings.first());
                let ours = ours.map(|(rule, message)| format!("{rule}: {message}"));
                let line = format!("{} | {}", cut(&answer.message), ours.unwrap_or_default());
                *self.other_causes.entry(line).or_default() += 1;
            }
        }
        let warned = same_warnings(answer, report);
        self.other_warnings += usize::from(!warned);
        agree(answer, report) && warned
    }

    /// Adds what came of other cases.
    pub(crate) fn join(&mut self, other: Self) {
        for (pair, count) in other.pairs {
            *self.pairs.entry(pair).or_default() += count;
        }
        for (line, count) in other.other_causes {
            *self.other_causes.entry(line).or_default() += count;
        }
        self.causes = (self.causes.0 + other.causes.0, self.causes.1 + other.causes.1);
        self.other_warnings += other.other_warnings;
        self.disagreements.extend(other.disagreements);
    }

    /// The cases.
    pub(crate) fn total(&self) -> usize {
        self.pairs.values().sum()
    }

    /// The cases that Nix judged so.
    pub(crate) fn of(&self, verdict: Verdict) -> usize {
        self.pairs.iter().filter(|((nix, _), _)| *nix == verdict).map(|(_, count)| count).sum()
    }

    /// Prints everything and fails where the two disagreed, or preflake was undecided or named another cause too often.
    pub(crate) fn conclude(&self, title: &str) {
        self.conclude_verdicts(title);
        let (undecided, total) = (self.undecided(false), self.total());
        assert!(undecided * 100 < total, "{title}: {undecided} of {total} are undecided although Nix decides");
        let (errors, named) = self.causes;
        // Of few errors one or two can be too many by chance.
        let others = if errors < 40 { 2 } else { errors / 20 };
        assert!(errors - named <= others, "{title}: the cause is named for {named} of {errors} errors only");
    }

    /// The same with nothing but the verdicts: the causes of another version are not preflake's.
    pub(crate) fn conclude_verdicts(&self, title: &str) {
        println!("{title}: {self}");
        for disagreement in self.disagreements.iter().take(SHOWN) {
            println!("{disagreement}");
        }
        assert!(self.disagreements.is_empty(), "{title}: {} disagreements", self.disagreements.len());
    }

    /// The cases that preflake leaves undecided, and Nix too, or Nix not.
    fn undecided(&self, by_nix: bool) -> usize {
        let fits = |(nix, claim): (Verdict, Claim)| claim == Claim::Undecided && (nix == Verdict::Refetch) == by_nix;
        self.pairs.iter().filter(|(pair, _)| fits(**pair)).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} cases, {} disagreements", self.total(), self.disagreements.len())?;
        for ((verdict, claim), count) in &self.pairs {
            writeln!(f, "  Nix {verdict:?}, preflake {claim:?}: {count}")?;
        }
        writeln!(f, "  other unused overrides: {}", self.other_warnings)?;
        let (both, alone) = (self.undecided(true), self.undecided(false));
        let share = percent(alone, self.total());
        writeln!(f, "  undecided although Nix decides: {alone} of {} ({share}, to be below 1 %)", self.total())?;
        writeln!(f, "  undecided where Nix fetches what is locked, to look inside: {both}")?;
        let (errors, named) = self.causes;
        if errors > 0 {
            let share = percent(named, errors);
            writeln!(f, "  cause of Nix's error named: {named} of {errors} ({share}, to be 95 % at least)")?;
        }
        self.other_causes.iter().try_for_each(|(line, count)| writeln!(f, "    {count} × {line}"))
    }
}

fn percent(part: usize, whole: usize) -> String {
    let hundredths = part * 10_000 / whole.max(1);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn cut(text: &str) -> String {
    text.chars().take(110).collect()
}

/// Judges every case with `judge`, on two threads; the results in the order of the cases.
pub(crate) fn each<T: Sync, R: Send>(cases: &[T], judge: impl Fn(&T, &Path) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let number = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(case) = cases.get(number)
                {
                    let dir = scratch();
                    let result = judge(case, dir.path());
                    results.lock().expect("no judge panics while it holds this").push((number, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no judge panics while it holds this");
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Asks both about the files.
pub(crate) fn ask(oracle: &Oracle, files: &Files, dir: &Path) -> (Answer, Report) {
    write(files, dir);
    (oracle.ask(dir), check(dir, ""))
}

/// Runs the cases of these seeds against one Nix. A disagreement with it that `newer` shares with preflake is a
/// difference between the two versions and not counted.
pub(crate) fn seeds(oracle: &Oracle, newer: Option<&Oracle>, seeds: &[u64]) -> Tally {
    let results = each(seeds, |seed, dir| {
        let plan = Plan::of(*seed);
        let (answer, report) = ask(oracle, &plan.build(), dir);
        let excused = |dir: &Path, report: &Report| newer.is_some_and(|newer| agree(&newer.ask(dir), report));
        let told = (!agree(&answer, &report) && !excused(dir, &report)).then(|| {
            let differ = |plan: &Plan| {
                let dir = scratch();
                let (now, report) = ask(oracle, &plan.build(), dir.path());
                now.verdict == answer.verdict && !agree(&now, &report) && !excused(dir.path(), &report)
            };
            tell(oracle, &shrink(&plan, differ))
        });
        (answer, report, told)
    });
    let mut tally = Tally::default();
    for (answer, report, told) in results {
        tally.add(&answer, &report);
        tally.disagreements.extend(told);
    }
    tally
}

/// A disagreement, told at length.
fn tell(oracle: &Oracle, plan: &Plan) -> String {
    let dir = scratch();
    let files = plan.build();
    let (answer, report) = ask(oracle, &files, dir.path());
    let head = format!("seed {} with {:?}", plan.seed, plan.names());
    format!("{}\n{}", difference(&head, &answer, &report), show(&files))
}

/// Both answers.
pub(crate) fn difference(head: &str, answer: &Answer, report: &Report) -> String {
    let Report { claim, findings, failure, .. } = report;
    let Answer { verdict, message, .. } = answer;
    format!("=== {head}\nNix: {verdict:?}: {message}\npreflake: {claim:?}: {findings:?} {failure}")
}
