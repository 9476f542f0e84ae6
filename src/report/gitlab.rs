//! GitLab's code quality report: the part of the Code Climate format that GitLab reads.

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use crate::diagnostic::{Diagnostic, Severity};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.outcome.findings.iter().zip(report.fingerprints());
    let issues: Vec<Issue<'_>> = findings.map(|(finding, fingerprint)| issue(report, finding, fingerprint)).collect();
    super::write_json(&issues, out)
}

fn issue<'a>(report: &Report<'_>, finding: &'a Diagnostic, fingerprint: String) -> Issue<'a> {
    let (start, end) = report.positions(&finding.primary);
    let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    Issue {
        description: format!("{}{help}", finding.message),
        check_name: finding.rule,
        fingerprint,
        severity: if finding.severity == Severity::Error { "major" } else { "minor" },
        location: Location {
            path: finding.primary.path.to_string_lossy().into_owned(),
            lines: Lines { begin: start.line, end: end.line },
        },
    }
}
