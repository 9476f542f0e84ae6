//! For people: what is wrong, where, why, and what to type. The only user of miette.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::Report;
use super::excerpt::{Excerpt, Shown};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::snapshot::RepoPath;
use crate::text::{count, escape};

/// One picture: a message and the places in one file.
struct Picture {
    rule: Option<String>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    source: Option<Excerpt>,
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
    let mut sources = Sources { report, texts: BTreeMap::new() };
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
    report: &'a Report<'a>,
    texts: BTreeMap<RepoPath, Option<Excerpt>>,
}

impl Sources<'_> {
    fn text(&mut self, path: &RepoPath) -> Option<&Excerpt> {
        if !self.texts.contains_key(path) {
            let source = self.report.snapshot.read(path).ok();
            self.texts.insert(path.clone(), source.map(|source| Excerpt(Arc::new(Shown::new(&source)))));
        }
        self.texts.get(path)?.as_ref()
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
            None => format!("{}: {}", self.name_of(&finding.primary), escape(&finding.message)),
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
        let readable = |text: &&Excerpt, start: usize| text.0.is_readable_at(start);
        let shown =
            label.span.and_then(|span| self.text(&label.path).filter(|text| readable(text, span.start)).cloned());
        let labels = if shown.is_some() { labeled(label).into_iter().collect() } else { Vec::new() };
        let message = match &shown {
            Some(_) => escape(&label.message),
            None => format!("{}: {}", self.name_of(label), escape(&label.message)),
        };
        Picture { rule: None, severity, message, help: None, source: shown, labels, others: Vec::new() }
    }

    /// The file of a label that is not shown, with line and column where it has a place.
    fn name_of(&self, label: &Label) -> String {
        if label.span.is_none() {
            return label.path.to_string();
        }
        let (start, _) = self.report.positions(label);
        format!("{}:{}:{}", label.path, start.line, start.column)
    }
}

fn labeled(label: &Label) -> Option<LabeledSpan> {
    let span = label.span?;
    let message = (!label.message.is_empty()).then(|| escape(&label.message));
    Some(LabeledSpan::new(message, span.start, span.len()))
}
