//! From findings to text. Every format is a function from a [`Report`] to a writer and owns its own structures.

mod concise;
mod excerpt;
mod github;
mod gitlab;
mod human;
mod json;
pub mod page;
mod sarif;
mod style;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
pub use style::{Style, link};

use crate::check::Outcome;
use crate::cli::Format;
use crate::diagnostic::{Diagnostic, Label};
use crate::snapshot::Snapshot;
use crate::source::Position;
use crate::text::is_acted_on;

/// What a reporter prints.
pub struct Report<'a> {
    /// The files, for the places.
    pub snapshot: &'a Snapshot,
    /// What was found.
    pub outcome: &'a Outcome,
    /// Colours, width and volume.
    pub style: Style,
}

impl Report<'_> {
    /// Writes the report in a format.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Human => human::write(self, out),
            Format::Concise => concise::write(self, out),
            Format::Json => json::write(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Github => github::write(self, out),
            Format::Gitlab => gitlab::write(self, out),
        }
    }

    /// A fingerprint for each finding. Those of findings that are alike are numbered, for services take one fingerprint for
    /// one problem.
    fn fingerprints(&self) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let numbered = |finding: &Diagnostic| {
            let fingerprint = finding.fingerprint();
            let count = counts.entry(fingerprint.clone()).or_default();
            *count += 1;
            if *count == 1 { fingerprint } else { format!("{fingerprint}:{count}") }
        };
        self.outcome.findings.iter().map(numbered).collect()
    }

    /// Start and end of a label; the start of the file where it has no span, or the file is not in the view.
    fn positions(&self, label: &Label) -> (Position, Position) {
        let first = Position { line: 1, column: 1, offset: 0 };
        let Some(span) = label.span else { return (first, first) };
        match self.snapshot.read(&label.path) {
            Ok(source) => (source.position(span.start), source.position(span.end)),
            Err(_) => (first, first),
        }
    }
}

/// Writes a value as JSON that a terminal does not act on either: JSON itself leaves DEL, the controls behind it and
/// characters that turn the direction of text as they are.
fn write_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    let mut from = 0;
    for (at, character) in text.match_indices(|character| character != '\n' && is_acted_on(character)) {
        out.write_all(&text.as_bytes()[from..at])?;
        // None of them needs a surrogate pair.
        let code = character.chars().next().map_or(0, u32::from);
        write!(out, "\\u{code:04x}")?;
        from = at + character.len();
    }
    out.write_all(&text.as_bytes()[from..])?;
    writeln!(out)
}
