//! Version 1 of the JSON report. Fields may be added within a version; none changes or goes.

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::flake::Flake;
use crate::snapshot::View;
use crate::source::Position;

#[derive(Serialize)]
struct Root<'a> {
    format: u32,
    tool: Tool,
    view: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    flakes: Vec<FlakeEntry>,
    findings: Vec<Finding<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct FlakeEntry {
    dir: String,
    flake: &'static str,
    lock: &'static str,
    inputs: usize,
    nodes: usize,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    level: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    input: Option<String>,
    path: String,
    span: SpanEntry,
    related: Vec<Related<'a>>,
    fix: Option<FixEntry<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    path: String,
    span: SpanEntry,
    message: &'a str,
}

#[derive(Serialize)]
struct SpanEntry {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
    offset: usize,
}

#[derive(Serialize)]
struct FixEntry<'a> {
    title: &'a str,
    applicability: &'static str,
    edits: Vec<EditEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stage: Vec<String>,
}

#[derive(Serialize)]
struct EditEntry<'a> {
    path: String,
    start: usize,
    end: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    ignored: usize,
    files: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<usize>,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let outcome = report.outcome;
    let root = Root {
        format: 1,
        tool: Tool { name: "preflake", version: env!("CARGO_PKG_VERSION") },
        view: view(report.snapshot.view()),
        since: outcome.before.as_ref().map(|before| before.commit.as_str()),
        flakes: outcome.flakes.iter().map(flake).collect(),
        findings: outcome.findings.iter().map(|found| finding(report, found)).collect(),
        summary: Summary {
            errors: outcome.count(Severity::Error),
            warnings: outcome.count(Severity::Warning),
            ignored: outcome.ignored,
            files: outcome.files,
            before: outcome.before.as_ref().map(|before| before.findings),
        },
    };
    super::write_json(&root, out)
}

fn view(view: &View) -> String {
    match view {
        View::Index => "index".to_owned(),
        View::Worktree => "worktree".to_owned(),
        View::Directory => "directory".to_owned(),
        View::Revision(id) => format!("rev:{id}"),
    }
}

fn flake(flake: &Flake) -> FlakeEntry {
    FlakeEntry {
        dir: flake.dir.to_string_lossy().into_owned(),
        flake: if flake.nix.is_invalid() { "invalid" } else { "valid" },
        lock: flake.lock_verdict().as_str(),
        inputs: flake.nix.inputs.len(),
        nodes: flake.valid_lock().map_or(0, |lock| lock.graph.nodes.len() - 1),
    }
}

fn finding<'a>(report: &Report<'_>, found: &'a Diagnostic) -> Finding<'a> {
    Finding {
        rule: found.rule,
        level: found.severity.as_str(),
        message: &found.message,
        help: found.help.as_deref(),
        input: found.input.as_ref().map(ToString::to_string),
        path: found.primary.path.to_string_lossy().into_owned(),
        span: span(report, &found.primary),
        related: found
            .related
            .iter()
            .map(|label| Related {
                path: label.path.to_string_lossy().into_owned(),
                span: span(report, label),
                message: &label.message,
            })
            .collect(),
        fix: found.fix.as_ref().map(|fix| FixEntry {
            title: &fix.title,
            applicability: fix.applicability.as_str(),
            edits: fix
                .edits
                .iter()
                .map(|edit| EditEntry {
                    path: edit.path.to_string_lossy().into_owned(),
                    start: edit.span.start,
                    end: edit.span.end,
                    text: &edit.text,
                })
                .collect(),
            stage: fix.stage.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        }),
    }
}

fn span(report: &Report<'_>, label: &Label) -> SpanEntry {
    let place = |position: Position| Place { line: position.line, column: position.column, offset: position.offset };
    let (start, end) = report.positions(label);
    SpanEntry { start: place(start), end: place(end) }
}
