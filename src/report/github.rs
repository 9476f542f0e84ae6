//! Workflow commands of GitHub Actions, and the summary of the job where `GITHUB_STEP_SUMMARY` names its file.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write};

use super::Report;
use crate::diagnostic::{Diagnostic, Severity};
use crate::text::{count, escape};

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    // One group a file, which the log shows folded.
    for group in report.outcome.findings.chunk_by(|a, b| a.primary.path == b.primary.path) {
        let path = escape(&group[0].primary.path.to_string_lossy());
        writeln!(out, "::group::{}: {}", data(&path), count(group.len(), "finding"))?;
        for finding in group {
            writeln!(out, "{}", command(report, finding))?;
        }
        writeln!(out, "::endgroup::")?;
    }
    let findings = &report.outcome.findings;
    if let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|_| !findings.is_empty()) {
        // The annotations are there already; that the summary cannot be written is no reason to fail.
        if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(file) {
            let _ = file.write_all(summary(report).as_bytes());
        }
    }
    Ok(())
}

/// `::error file=…,line=…::message`.
fn command(report: &Report<'_>, finding: &Diagnostic) -> String {
    let level = if finding.severity == Severity::Error { "error" } else { "warning" };
    let (start, end) = report.positions(&finding.primary);
    let mut properties = format!("file={}", property(&escape(&finding.primary.path.to_string_lossy())));
    if finding.primary.span.is_some() {
        let _ = write!(properties, ",line={},col={}", start.line, start.column);
        // GitHub wants columns on one line only.
        let last = if end.line == start.line { format!(",endColumn={}", end.column) } else { String::new() };
        let _ = write!(properties, ",endLine={}{last}", end.line);
    }
    let help: Vec<String> = finding.help.iter().flat_map(|help| help.lines()).map(escape).collect();
    let text = std::iter::once(escape(&finding.message)).chain(help).collect::<Vec<_>>().join("\n");
    let title = property(&format!("preflake: {}", finding.rule));
    format!("::{level} {properties},title={title}::{}", data(&text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn summary(report: &Report<'_>) -> String {
    let mut text = String::from("### preflake\n\n| | rule | place | |\n|---|---|---|---|\n");
    for finding in &report.outcome.findings {
        let (start, _) = report.positions(&finding.primary);
        let place = format!("{}:{}", finding.primary.path, start.line);
        let row = [finding.severity.as_str(), finding.rule, &place, &finding.message].map(cell);
        text.extend(["| ", &row.join(" | "), " |\n"]);
    }
    text
}

/// Text inside a table of Markdown: what would end the cell or begin something is escaped.
fn cell(text: &str) -> String {
    let mut safe = String::new();
    for character in escape(text).chars() {
        match character {
            '|' | '<' | '[' | ']' | '*' | '_' | '\\' => safe.extend(['\\', character]),
            '@' => safe.push_str("&#64;"),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
        assert_eq!(data("::error::x\r\n%"), "::error::x%0D%0A%25");
        assert_eq!(cell("a|b @team <img>"), "a\\|b &#64;team \\<img>");
    }
}
