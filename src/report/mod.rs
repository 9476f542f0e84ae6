//! From findings to text. Every format is a function from a [`Report`] to a writer and owns its own structures.

mod concise;
mod excerpt;
mod github;
mod gitlab;
mod human;
mod json;
mod sarif;
mod style;

use std::io::{self, Write};

pub use style::Style;

use crate::check::Outcome;
use crate::cli::Format;
use crate::diagnostic::{Diagnostic, Label};
use crate::snapshot::Snapshot;
use crate::source::Position;

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

/// What a finding is about, in 32 hexadecimal digits: the same from run to run, also where its file has grown above it.
fn fingerprint(finding: &Diagnostic) -> String {
    use sha2::{Digest as _, Sha256};
    let input = finding.input.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [finding.rule.as_bytes(), finding.primary.path.as_bytes(), input.as_bytes(), finding.message.as_bytes()]
    {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digits = hash.finalize();
    let first: [u8; 16] = std::array::from_fn(|index| digits[index]);
    format!("{:032x}", u128::from_be_bytes(first))
}
