//! For people: what is wrong, where, why, and what to type. The only user of miette.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::Report;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::snapshot::{RepoPath, Snapshot};
use crate::text::{count, escape};

/// A line longer than this is not shown: nobody reads a minified lock.
const MAX_LINE: usize = 400;

/// One picture: a message and the places in one file.
struct Picture {
    rule: Option<String>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    source: Option<NamedSource<Arc<str>>>,
    labels: Vec<LabeledSpan>,
    others: Vec<Picture>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Picture {}

impl miette::Diagnostic for Picture {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.rule.as_ref().map(|rule| Box::new(rule) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.others.is_empty() {
            return None;
        }
        Some(Box::new(self.others.iter().map(|other| other as &dyn miette::Diagnostic)))
    }
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let theme = if report.style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(report.style.width)
        .with_context_lines(1)
        .with_links(false);
    let mut sources = Sources { snapshot: report.snapshot, texts: BTreeMap::new() };
    for finding in &report.outcome.findings {
        let picture = sources.picture(finding);
        let mut text = String::new();
        match handler.render_report(&mut text, &picture) {
            Ok(()) => writeln!(out, "{}", text.trim_end())?,
            Err(fmt::Error) => writeln!(out, "{}: {}", finding.primary.path, escape(&finding.message))?,
        }
        writeln!(out)?;
    }
    if !report.outcome.findings.is_empty() && !report.style.quiet {
        writeln!(out, "{}", summary(report))?;
    }
    Ok(())
}

fn summary(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let mut parts = Vec::new();
    for (severity, noun) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        let number = outcome.count(severity);
        if number > 0 {
            parts.push(count(number, noun));
        }
    }
    let ignored = if outcome.ignored > 0 { format!(", {} ignored", outcome.ignored) } else { String::new() };
    let (flakes, files) = (count(outcome.flakes.len(), "flake"), count(outcome.files, "file"));
    format!("{} in {flakes} ({files}){ignored}", parts.join(", "))
}

struct Sources<'a> {
    snapshot: &'a Snapshot,
    texts: BTreeMap<RepoPath, Option<Arc<str>>>,
}

impl Sources<'_> {
    /// The text of a file with everything that a terminal would act on replaced, byte for byte.
    fn text(&mut self, path: &RepoPath) -> Option<Arc<str>> {
        let snapshot = self.snapshot;
        let read = || snapshot.read(path).ok().map(|source| harmless(source.text()));
        self.texts.entry(path.clone()).or_insert_with(read).clone()
    }

    fn picture(&mut self, finding: &Diagnostic) -> Picture {
        let severity = match finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        };
        let mut main = self.place(&finding.primary, severity);
        main.rule = Some(finding.rule.to_owned());
        main.message = match &main.source {
            Some(_) => escape(&finding.message),
            None => format!("{}: {}", finding.primary.path, escape(&finding.message)),
        };
        main.help = finding.help.as_deref().map(|help| help.lines().map(escape).collect::<Vec<_>>().join("\n"));
        for label in &finding.related {
            // Places in the same file belong in the same picture.
            if label.path == finding.primary.path && main.source.is_some() && label.span.is_some() {
                main.labels.extend(labeled(label));
            } else {
                main.others.push(self.place(label, miette::Severity::Advice));
            }
        }
        main
    }

    fn place(&mut self, label: &Label, severity: miette::Severity) -> Picture {
        let text = if label.span.is_some() { self.text(&label.path) } else { None };
        let shown = text.filter(|text| label.span.is_some_and(|span| line_is_short(text, span.start)));
        let labels = if shown.is_some() { labeled(label).into_iter().collect() } else { Vec::new() };
        let message = match &shown {
            Some(_) => escape(&label.message),
            None => format!("{}: {}", label.path, escape(&label.message)),
        };
        Picture {
            rule: None,
            severity,
            message,
            help: None,
            source: shown.map(|text| NamedSource::new(label.path.to_string(), text)),
            labels,
            others: Vec::new(),
        }
    }
}

fn labeled(label: &Label) -> Option<LabeledSpan> {
    let span = label.span?;
    let message = (!label.message.is_empty()).then(|| escape(&label.message));
    Some(LabeledSpan::new(message, span.start, span.len()))
}

fn line_is_short(text: &str, offset: usize) -> bool {
    let offset = offset.min(text.len());
    let bytes = text.as_bytes();
    let start = bytes[..offset].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let end = bytes[offset..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |newline| offset + newline);
    // The lines around are shown too.
    let before = bytes[..start.saturating_sub(1)].iter().rposition(|byte| *byte == b'\n').map_or(0, |n| n + 1);
    let after =
        bytes.get(end + 1..).map_or(0, |rest| rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()));
    end - start <= MAX_LINE && start - before <= MAX_LINE && after <= MAX_LINE
}

/// Replaces every character that a terminal would act on by as many `?` as it has bytes.
fn harmless(text: &str) -> Arc<str> {
    let safe = |character: char| {
        matches!(character, '\n' | '\t') || escape(character.encode_utf8(&mut [0; 4])).len() == character.len_utf8()
    };
    if text.chars().all(safe) {
        return Arc::from(text);
    }
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if safe(character) {
            clean.push(character);
        } else if character == '\r' {
            clean.push(' ');
        } else {
            clean.extend(std::iter::repeat_n('?', character.len_utf8()));
        }
    }
    Arc::from(clean)
}
