//! flake.nix and flake.lock: read, compared, reported.

use std::rc::Rc;

use preflake::check::{self, Outcome};
use preflake::cli::Format;
use preflake::config::Settings;
use preflake::flake::lock::{self, LockGraph, Place};
use preflake::flake::{LockState, nix};
use preflake::report::{Report, Style};
use preflake::rules::{Level, RULES};
use preflake::snapshot::{RepoPath, Snapshot};
use preflake::source::{SourceFile, Span};

use super::{DIVIDER, both, tree, turn};
use crate::harness::{Target, run};
use crate::rng::Rng;
use crate::{json, mutate, words};

fn make_nix(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    mutate::text(corpus, words::NIX, rng)
}

fn make_lock(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    if rng.chance(60) { json::mutate(&rng.pick(corpus).clone(), rng) } else { mutate::text(corpus, words::LOCK, rng) }
}

/// Either file changed, or both.
pub(super) fn make_both(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let (nix, lock) = both(rng.pick(corpus).as_slice());
    let (mut nix, mut lock) = ([nix.into_bytes()], [lock.into_bytes()]);
    let which = rng.below(3);
    if which != 0 {
        nix = [make_nix(&nix, rng)];
    }
    if which != 1 {
        lock = [make_lock(&lock, rng)];
    }
    [&nix[0], DIVIDER.as_bytes(), &lock[0]].concat()
}

/// A span lies in the text, between characters.
fn inside(text: &str, span: Span) -> bool {
    span.start <= span.end && text.get(span.start..span.end).is_some()
}

#[test]
fn flake_nix() {
    run(Target { name: "nix", make: make_nix, check: Box::new(read_nix) }, 400);
}

fn read_nix(input: &[u8]) -> Result<(), String> {
    let source = SourceFile::new(RepoPath::from("flake.nix"), input.to_vec());
    let flake = nix::read(&source);
    let text = source.text();
    let spans = flake.problems.iter().map(|problem| problem.span);
    let spans = spans.chain(flake.inputs.iter().flat_map(|input| input.bindings.iter().copied()));
    if let Some(span) = spans.chain(flake.comments.iter().map(|comment| comment.span)).find(|span| !inside(text, *span))
    {
        return Err(format!("{span:?} is no place in the text"));
    }
    if flake.problems.is_empty() && nix::layout(text).is_none() {
        return Err("a flake that Nix would read has no layout".to_owned());
    }
    let scan = nix::references::scan(input);
    let uses = nix::references::uses(&source, &scan.mentions);
    let mut path = Vec::new();
    for mention in &scan.mentions {
        mention.write_path(input, &mut path);
        if mention.span.start > mention.span.end || mention.span.end > input.len() {
            return Err(format!("{mention:?} is no place in the text"));
        }
    }
    if uses.len() > scan.mentions.len() { Err("more uses than mentions".to_owned()) } else { Ok(()) }
}

#[test]
fn flake_lock() {
    run(Target { name: "lock", make: make_lock, check: Box::new(read_lock) }, 1_000);
}

/// What was read is written, and what was written is read. Nix normalises URLs whenever it reads them (each time one
/// `git+` is taken off), so that odd ones become other ones once more; then bytes and graph stay.
fn read_lock(input: &[u8]) -> Result<(), String> {
    let read = |bytes: &[u8]| lock::read(Rc::new(SourceFile::new(RepoPath::from("flake.lock"), bytes.to_vec())));
    let file = match read(input) {
        LockState::Valid(file) => file,
        LockState::Invalid { problems, source } => {
            let source = source.ok_or("the content is there")?;
            let bad = problems.iter().find(|problem| !inside(source.text(), problem.span));
            return match bad {
                Some(problem) => Err(format!("{problem:?} is no place in the text")),
                None if problems.is_empty() => Err("invalid for no reason".to_owned()),
                None => Ok(()),
            };
        }
        LockState::Missing => return Err("it is there".to_owned()),
    };
    for (path, id) in file.graph.nodes_by_path() {
        if file.graph.resolve(&path) != Some(id) {
            return Err(format!("`{path}` does not lead to its node"));
        }
        let span = file.span_of(Place::Node(&file.graph.node(id).key));
        if !inside(file.source.text(), span) {
            return Err(format!("{span:?} is no place in the text"));
        }
    }
    let mut written = file.graph.to_json();
    let mut graph = file.graph;
    let mut settled = false;
    // A git URL that is none is written as a `file:` URL, of which nothing is promised.
    if written.contains("\"file:") {
        return Ok(());
    }
    for _ in 0..3 {
        let LockState::Valid(again) = read(written.as_bytes()) else {
            return Err(format!("what is written is not read: {written}"));
        };
        settled = again.graph.is_same(&graph) && again.graph.to_json() == written;
        (written, graph) = (again.graph.to_json(), again.graph);
    }
    if !settled && !written.contains("git+") {
        return Err(format!("what is written is read to something else: {written}"));
    }
    if graph.node(LockGraph::ROOT).source.is_some() { Err("the root has a source".to_owned()) } else { Ok(()) }
}

#[test]
fn whole_checks_and_every_report() {
    run(Target { name: "flake", make: make_both, check: Box::new(whole) }, 100);
}

/// Settings with every rule on.
pub(super) fn everything() -> Settings {
    let mut settings = Settings::new();
    settings.now = Some(1_790_000_000);
    for rule in RULES {
        settings.levels.insert(rule.name, Level::Error);
    }
    settings
}

fn whole(input: &[u8]) -> Result<(), String> {
    let (nix, lock) = both(input);
    let snapshot = tree(&nix, &lock);
    let outcome = check::check(&snapshot, &everything(), &[]).map_err(|error| error.to_string())?;
    spans(&snapshot, &outcome)?;
    report(&snapshot, &outcome, FORMATS[turn(input, FORMATS.len() - 1)])
}

const FORMATS: [Format; 6] =
    [Format::Human, Format::Concise, Format::Json, Format::Sarif, Format::Github, Format::Gitlab];

/// Every place is one in its file.
pub(super) fn spans(snapshot: &Snapshot, outcome: &Outcome) -> Result<(), String> {
    for finding in &outcome.findings {
        for label in std::iter::once(&finding.primary).chain(&finding.related) {
            let (Some(span), Ok(source)) = (label.span, snapshot.read(&label.path)) else { continue };
            if !inside(source.text(), span) {
                return Err(format!("{}: {span:?} is no place in {}", finding.rule, label.path));
            }
        }
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
            let source = snapshot.read(&edit.path).map_err(|error| error.to_string())?;
            if !inside(source.text(), edit.span) {
                return Err(format!("{}: an edit of {:?} is no place", finding.rule, edit.span));
            }
        }
    }
    Ok(())
}

/// No format lets through what a terminal acts on, and those for machines are JSON.
fn report(snapshot: &Snapshot, outcome: &Outcome, format: Format) -> Result<(), String> {
    let style = Style { color: false, links: false, terminal: false, width: 100, quiet: false };
    let mut text = Vec::new();
    let report = Report { snapshot, outcome, style };
    report.write(format, &mut text).map_err(|error| error.to_string())?;
    let text = String::from_utf8(text).map_err(|error| format!("{format:?}: {error}"))?;
    let acts =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if matches!(format, Format::Json | Format::Sarif | Format::Gitlab) {
        serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|error| format!("{format:?}: {error}"))?;
    }
    if format == Format::Concise && text.lines().count() != outcome.findings.len() {
        return Err("not one line a finding".to_owned());
    }
    match text.chars().find(|character| acts(*character)) {
        Some(character) => Err(format!("{format:?} lets {character:?} through")),
        None => Ok(()),
    }
}
