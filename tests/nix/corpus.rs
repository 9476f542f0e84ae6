//! Real locks: every case of the shared corpus, its flake.nix written from the facts in several spellings.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::case::{Files, show};
use crate::judge::agree;
use crate::oracle::{Answer, Oracle};
use crate::render::{FlakeText, Value, is_identifier, quote, render};
use crate::rng::Rng;
use crate::run::{Tally, ask, difference, each};
use crate::subject::Report;

/// One case of the corpus.
struct Case {
    name: String,
    facts: Json,
    lock: Vec<u8>,
}

/// Runs every case in `spellings` spellings; `None`, with a line that says so, where the corpus is not there.
pub(crate) fn run(oracle: &Oracle, spellings: u64) -> Option<Tally> {
    let Ok(entries) = fs::read_dir(folder()) else {
        println!("skipped: no corpus beside the project");
        return None;
    };
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    let cases: Vec<Case> = folders.iter().filter_map(|folder| read(folder)).collect();
    let jobs: Vec<(&Case, u64)> = cases.iter().flat_map(|case| (0..spellings).map(move |n| (case, n))).collect();
    let mut tally = Tally::default();
    for ((case, spelling), (answer, report, files)) in jobs.iter().zip(each(&jobs, |job, dir| judge(oracle, *job, dir)))
    {
        tally.add(&answer, &report);
        if !agree(&answer, &report) {
            let head = format!("{}, spelling {spelling}", case.name);
            let nix = Files::from([("flake.nix".to_owned(), files["flake.nix"].clone())]);
            tally.disagreements.push(format!("{}\n{}", difference(&head, &answer, &report), show(&nix)));
        }
    }
    Some(tally)
}

/// The files of every case, in a plain spelling and in a free one.
pub(crate) fn flakes() -> Vec<(String, Files)> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder()).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    let mut flakes = Vec::new();
    for case in folders.iter().filter_map(|folder| read(folder)) {
        for spelling in 0..2 {
            flakes.push((format!("{}, spelling {spelling}", case.name), files(&case, spelling)));
        }
    }
    flakes
}

/// Where the cases are: beside the project, or where `PREFLAKE_CORPUS` says.
fn folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    std::env::var_os("PREFLAKE_CORPUS").map_or_else(beside, PathBuf::from)
}

fn read(folder: &Path) -> Option<Case> {
    let facts = serde_json::from_slice(&fs::read(folder.join("facts.json")).ok()?).ok()?;
    let lock = fs::read(folder.join("flake.lock")).ok()?;
    Some(Case { name: folder.file_name()?.to_string_lossy().into_owned(), facts, lock })
}

fn judge(oracle: &Oracle, (case, spelling): (&Case, u64), dir: &Path) -> (Answer, Report, Files) {
    let files = files(case, spelling);
    let (answer, report) = ask(oracle, &files, dir);
    (answer, report, files)
}

fn files(case: &Case, spelling: u64) -> Files {
    let rng = &mut Rng::part(spelling, case.name.bytes().map(u64::from).sum());
    let nix = render(&flake(&case.facts, rng, spelling == 0), rng, spelling == 0);
    Files::from([("flake.nix".to_owned(), nix.into_bytes()), ("flake.lock".to_owned(), case.lock.clone())])
}

fn flake(facts: &Json, rng: &mut Rng, plain: bool) -> FlakeText {
    let mut inputs = literal(&facts["inputs"]);
    if !plain {
        as_attributes(&mut inputs, rng);
    }
    let formals: Vec<(&String, &Json)> = facts["formals"].as_object().into_iter().flatten().collect();
    let identifiers = formals.iter().all(|(name, _)| is_identifier(name));
    let formals = (identifiers && !formals.is_empty()).then(|| formals.iter().map(|(n, _)| (*n).clone()).collect());
    FlakeText { inputs, others: Vec::new(), formals, outputs: None }
}

fn literal(json: &Json) -> Value {
    match json {
        Json::Object(fields) => Value::Set(fields.iter().map(|(name, json)| (name.clone(), literal(json))).collect()),
        Json::String(text) => Value::text(text),
        Json::Bool(flag) => Value::Flag(*flag),
        Json::Number(number) => Value::Raw(number.to_string()),
        Json::Null => Value::Raw("null".to_owned()),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(Json::as_str).map(quote).collect();
            Value::Raw(format!("[ {} ]", items.join(" ")))
        }
    }
}

/// Writes the simplest GitHub URLs as attributes now and then: Nix reads the same reference out of both.
fn as_attributes(inputs: &mut Value, rng: &mut Rng) {
    let Value::Set(inputs) = inputs else { return };
    for (_, input) in inputs {
        let parts: Vec<String> = match input.at(&["url"]) {
            Some(Value::Text(url)) if !url.contains(['?', '%', '#']) => {
                url.strip_prefix("github:").unwrap_or_default().split('/').map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        if let [owner, repo] = parts.as_slice()
            && rng.chance(15)
            && !repo.is_empty()
        {
            input.remove("url");
            for (name, value) in [("type", "github"), ("owner", owner), ("repo", repo)] {
                *input.entry(&[name]) = Value::text(value);
            }
        }
        if input.at(&["inputs"]).is_some() {
            as_attributes(input.entry(&["inputs"]), rng);
        }
    }
}
