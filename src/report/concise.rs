//! One line a finding: `path:line:column: error[rule] message`.

use std::io::{self, Write};

use super::Report;
use crate::text::escape;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.outcome.findings {
        let (start, _) = report.positions(&finding.primary);
        let path = &finding.primary.path;
        let (severity, rule, message) = (finding.severity.as_str(), finding.rule, escape(&finding.message));
        writeln!(out, "{path}:{}:{}: {severity}[{rule}] {message}", start.line, start.column)?;
    }
    Ok(())
}
