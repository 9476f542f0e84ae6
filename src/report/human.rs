//! For people: what is wrong, where, why, and what to type. The only user of miette, which draws the places.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeStyles};

use super::excerpt::{Excerpt, Shown};
use super::page::wrap;
use super::{Report, link};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::flake::Flake;
use crate::flake::follows::{self, Gain};
use crate::rules;
use crate::snapshot::RepoPath;
use crate::text::{count, escape};

const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut printer = Printer::new(report);
    for finding in &report.outcome.findings {
        printer.finding(finding, out)?;
        writeln!(out)?;
    }
    if !report.outcome.findings.is_empty() && !report.style.quiet {
        for note in &report.outcome.notes {
            let note = printer.filled(6, 2, &escape(note));
            writeln!(out, "{} {note}", report.style.paint(BOLD, "note:"))?;
        }
        for line in report.outcome.flakes.iter().filter_map(|flake| gain(report, flake)) {
            writeln!(out, "{}", printer.filled(0, 0, &line))?;
        }
        writeln!(out, "{}", summary(report))?;
    }
    Ok(())
}

/// What the follows that are suggested would make of a flake's lock.
fn gain(report: &Report<'_>, flake: &Flake) -> Option<String> {
    let is_copy = |finding: &&Diagnostic| {
        matches!(finding.rule, "missing-follows" | "duplicate-input") && finding.primary.path == flake.nix_path
    };
    let inputs: Vec<_> =
        report.outcome.findings.iter().filter(is_copy).filter_map(|finding| finding.input.as_ref()).collect();
    let Gain { before, after } = follows::gain(flake, inputs.iter().copied())?;
    let now = format!("{}, {} of them nixpkgs", count(before.nodes, "node"), before.nixpkgs);
    let then = format!("{}, {} of them nixpkgs", after.nodes, after.nixpkgs);
    Some(format!("{} has {now}; with the `follows` above it would have {then}", flake.lock_path))
}

fn summary(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let mut parts = Vec::new();
    for (severity, noun, color) in [(Severity::Error, "error", RED), (Severity::Warning, "warning", YELLOW)] {
        let number = outcome.count(severity);
        if number > 0 {
            parts.push(report.style.paint(color, &count(number, noun)));
        }
    }
    let (flakes, files) = (count(outcome.flakes.len(), "flake"), count(outcome.files, "file"));
    format!("{} in {flakes} ({files}){}", parts.join(", "), outcome.left_out())
}

/// Prints findings one after another, each file prepared once.
struct Printer<'a> {
    report: &'a Report<'a>,
    handler: GraphicalReportHandler,
    texts: BTreeMap<RepoPath, Option<Excerpt>>,
}

impl<'a> Printer<'a> {
    fn new(report: &'a Report<'a>) -> Self {
        let mut theme = if report.style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        theme.styles.link = ThemeStyles::none().link;
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(report.style.width)
            .with_context_lines(1)
            .with_links(false);
        Self { report, handler, texts: BTreeMap::new() }
    }

    /// The name of a rule, which leads to its page where the terminal has links.
    fn rule(&self, name: &str) -> String {
        match rules::find(name).filter(|_| self.report.style.links) {
            Some(rule) => link(&rule.page(), name),
            None => name.to_owned(),
        }
    }

    fn finding(&mut self, finding: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
        let color = if finding.severity == Severity::Error { RED } else { YELLOW };
        let level =
            self.report.style.paint(color, &format!("{}[{}]", finding.severity.as_str(), self.rule(finding.rule)));
        let message = escape(&finding.message);
        let used = finding.severity.as_str().len() + finding.rule.len() + "[]: ".len();
        writeln!(out, "{level}: {}", self.report.style.paint(BOLD, &self.filled(used, 2, &message)))?;
        let (same, others): (Vec<&Label>, Vec<&Label>) =
            finding.related.iter().partition(|label| label.path == finding.primary.path && label.span.is_some());
        let drawn = self.place(&finding.primary, &same, out)?;
        let name = finding.primary.path.to_string();
        let is_named = finding.primary.span.is_none() && message.contains(&name);
        if !drawn && !is_named {
            self.line(&finding.primary, out)?;
        }
        for label in if drawn { others } else { finding.related.iter().collect() } {
            if !self.place(label, &[], out)? {
                self.line(label, out)?;
            }
        }
        for (number, line) in finding.help.iter().flat_map(|help| help.lines()).enumerate() {
            let lead = if number == 0 { self.report.style.paint(BOLD, "help:") } else { "     ".to_owned() };
            writeln!(out, "  {lead} {}", self.filled(8, 8, &escape(line)))?;
        }
        Ok(())
    }

    /// A text in lines that fit a terminal, where it goes to one: the first behind `used` columns, the others behind
    /// `indent`. What is quoted stays in one piece, to be copied, unless it is longer than half a line.
    fn filled(&self, used: usize, indent: usize, text: &str) -> String {
        if !self.report.style.terminal {
            return text.to_owned();
        }
        let width = self.report.style.width.saturating_sub(indent);
        // No text that is shown has this character.
        let glue = "\u{1f}";
        let mut words = glue.repeat(used.saturating_sub(indent));
        for (number, piece) in text.split_inclusive('`').enumerate() {
            let is_quoted = number % 2 == 1 && piece.chars().count() <= width / 2;
            words += &if is_quoted { piece.replace(' ', glue) } else { piece.to_owned() };
        }
        let lines = wrap(&words, width).join(&format!("\n{}", " ".repeat(indent)));
        lines.trim_start_matches(glue).replace(glue, " ")
    }

    /// Draws a place and others of the same file; says whether there was something to draw.
    fn place(&mut self, label: &Label, more: &[&Label], out: &mut dyn Write) -> io::Result<bool> {
        let Some(span) = label.span else { return Ok(false) };
        let readable = |text: &&Excerpt| text.0.is_readable_at(span.start);
        let Some(source) = self.text(&label.path).filter(readable).cloned() else { return Ok(false) };
        let mut labels: Vec<LabeledSpan> =
            std::iter::once(&label).chain(more).filter_map(|label| labeled(label)).collect();
        labels[1..].sort_by_key(LabeledSpan::offset);
        let mut text = String::new();
        if self.handler.render_report(&mut text, &Picture { source, labels }).is_err() {
            return Ok(false);
        }
        // Above the frame miette writes the message, which is empty here.
        let frame = text.lines().skip_while(|line| !line.contains('╭'));
        for line in frame.map(str::trim_end).filter(|line| !line.is_empty()) {
            writeln!(out, "{}", self.bold_place(line))?;
        }
        Ok(true)
    }

    /// The line above a frame with its file and position in bold: a colour that stands out on every background is left
    /// for what matters.
    fn bold_place(&self, line: &str) -> String {
        let Some((before, place)) = line.split_once("╭─[") else { return line.to_owned() };
        let (place, after) = place.rsplit_once(']').unwrap_or((place, ""));
        format!("{before}╭─[{}]{after}", self.report.style.paint(BOLD, place))
    }

    /// A place that is not drawn: its file, with line and column where it has them.
    fn line(&self, label: &Label, out: &mut dyn Write) -> io::Result<()> {
        let mut name = label.path.to_string();
        if label.span.is_some() {
            let (start, _) = self.report.positions(label);
            name = format!("{name}:{}:{}", start.line, start.column);
        }
        let message = if label.message.is_empty() { String::new() } else { format!(": {}", escape(&label.message)) };
        writeln!(out, "   ─ {name}{message}")
    }

    fn text(&mut self, path: &RepoPath) -> Option<&Excerpt> {
        if !self.texts.contains_key(path) {
            let source = self.report.snapshot.read(path).ok();
            self.texts.insert(path.clone(), source.map(|source| Excerpt(Arc::new(Shown::new(&source)))));
        }
        self.texts.get(path)?.as_ref()
    }
}

fn labeled(label: &Label) -> Option<LabeledSpan> {
    let span = label.span?;
    let message = (!label.message.is_empty()).then(|| escape(&label.message));
    Some(LabeledSpan::new(message, span.start, span.len()))
}

/// Places in one file, as miette wants them.
#[derive(Debug)]
struct Picture {
    source: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Picture {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Picture {}

impl miette::Diagnostic for Picture {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
