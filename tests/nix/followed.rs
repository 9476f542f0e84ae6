//! `preflake fix missing-follows duplicate-input stale-follows` on whole flakes, proved by Nix.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use preflake::snapshot::RepoPath;
use preflake::source::SourceFile;
use serde_json::Value as Json;

use crate::case::{Files, write};
use crate::oracle::{Oracle, Verdict, scratch};
use crate::run::each;
use crate::subject::run as tool;

const FIX: &[&str] = &["fix", "missing-follows", "duplicate-input", "stale-follows", "--no-config"];

/// What came of the flakes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    edited: usize,
    follows: usize,
    unchanged: usize,
    /// Nix does not find them consistent to begin with.
    other: usize,
    /// Findings of these rules that are left.
    refused: Vec<String>,
    wrong: Vec<String>,
}

impl Tally {
    /// Prints the figures and fails where anything was not as Nix has it.
    pub(crate) fn conclude(&self, what: &str) {
        let Self { edited, follows, unchanged, other, refused, wrong } = self;
        println!("{what}: {edited} flakes edited ({follows} bindings), {unchanged} left as they are");
        println!("{what}: {other} not consistent to begin with; {} findings refused", refused.len());
        for line in refused.iter().map(|line| format!("  refused: {line}")).chain(wrong.iter().take(20).cloned()) {
            println!("{line}");
        }
        assert!(wrong.is_empty(), "{} of {what} are wrong", wrong.len());
    }
}

enum Outcome {
    Other,
    Unchanged(Vec<String>),
    Edited { follows: usize, refused: Vec<String> },
    Wrong(String),
}

/// Fixes each flake.
pub(crate) fn run(oracle: &Oracle, flakes: &[(String, Files)]) -> Tally {
    let mut tally = Tally::default();
    let outcomes = each(flakes, |(_, files), dir| fix(oracle, files, dir));
    for ((name, _), outcome) in flakes.iter().zip(outcomes) {
        let named = |lines: Vec<String>| lines.into_iter().map(|line| format!("{name}: {line}")).collect::<Vec<_>>();
        match outcome {
            Outcome::Other => tally.other += 1,
            Outcome::Unchanged(refused) => {
                tally.unchanged += 1;
                tally.refused.extend(named(refused));
            }
            Outcome::Edited { follows, refused } => {
                tally.edited += 1;
                tally.follows += follows;
                tally.refused.extend(named(refused));
            }
            Outcome::Wrong(text) => tally.wrong.push(format!("=== {name}\n{text}")),
        }
    }
    tally
}

fn fix(oracle: &Oracle, files: &Files, dir: &Path) -> Outcome {
    write(files, dir);
    if oracle.ask(dir).verdict != Verdict::Consistent {
        return Outcome::Other;
    }
    let inputs = oracle.inputs(dir);
    tool(dir, FIX);
    let read = |name: &str| fs::read(dir.join(name)).unwrap_or_default();
    let now = (read("flake.nix"), read("flake.lock"));
    let refused = left(dir);
    if now.0 == files["flake.nix"] {
        return if now.1 == files["flake.lock"] {
            Outcome::Unchanged(refused)
        } else {
            Outcome::Wrong("the lock changed, flake.nix did not".to_owned())
        };
    }
    let wrong = |reason: &str| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome::Wrong(format!("{reason}\n--- before\n{}--- after\n{}", text(&files["flake.nix"]), text(&now.0)))
    };
    let verdict = oracle.ask(dir).verdict;
    if verdict != Verdict::Consistent {
        return wrong(&format!("Nix finds it {verdict:?}"));
    }
    let by_nix = scratch();
    let mut theirs = files.clone();
    theirs.insert("flake.nix".to_owned(), now.0.clone());
    write(&theirs, by_nix.path());
    if !oracle.write_lock(by_nix.path()) || fs::read(by_nix.path().join("flake.lock")).ok().as_ref() != Some(&now.1) {
        return wrong("Nix writes another lock");
    }
    let follows = match (inputs, oracle.inputs(dir)) {
        (Some(before), Some(after)) => match only_follows(&before, &after) {
            Ok(follows) => follows,
            Err(reason) => return wrong(&reason),
        },
        _ => return wrong("Nix cannot evaluate the inputs"),
    };
    if comments(&files["flake.nix"]) != comments(&now.0) {
        return wrong("the comments are not the same");
    }
    tool(dir, FIX);
    if (read("flake.nix"), read("flake.lock")) != now {
        return wrong("a second run changes something");
    }
    Outcome::Edited { follows, refused }
}

/// What the rules still find after their fixes.
fn left(dir: &Path) -> Vec<String> {
    let select = "missing-follows,duplicate-input,stale-follows";
    let (json, _) = tool(dir, &["check", "--no-config", "--format", "json", "--select", select]);
    let findings = json["findings"].as_array().into_iter().flatten();
    let text = |finding: &Json, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    findings.map(|finding| format!("{}; {}", text(finding, "message"), text(finding, "help"))).collect()
}

/// Every comment of the file.
fn comments(text: &[u8]) -> Vec<String> {
    let file = SourceFile::new(RepoPath::from("flake.nix"), text.to_vec());
    preflake::flake::nix::comments(&file).into_iter().map(|comment| comment.value).collect()
}

/// How many `follows` differ, where nothing else does.
fn only_follows(before: &Json, after: &Json) -> Result<usize, String> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    leaves(before, "", &mut old);
    leaves(after, "", &mut new);
    let mut differ = 0;
    for path in old.keys().chain(new.keys().filter(|path| !old.contains_key(*path))) {
        let (was, is) = (old.get(path), new.get(path));
        if was == is {
            continue;
        }
        if !path.ends_with(".follows") || (was.is_some() && is.is_some()) {
            return Err(format!("{path} was {was:?} and is {is:?}"));
        }
        differ += 1;
    }
    Ok(differ)
}

fn leaves(value: &Json, path: &str, found: &mut BTreeMap<String, String>) {
    let Json::Object(members) = value else {
        found.insert(path.to_owned(), value.to_string());
        return;
    };
    for (name, inner) in members {
        leaves(inner, &format!("{path}.{name}"), found);
    }
}
