//! SARIF 2.1.0, as code scanning services take it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Label, Severity};
use crate::rules::{Level, RULES, Rule};
use crate::snapshot::RepoPath;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<RuleEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleEntry {
    id: &'static str,
    short_description: Text<'static>,
    help_uri: String,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    enabled: bool,
    level: &'static str,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'a>>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the format's")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    byte_offset: usize,
    byte_length: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix<'a> {
    description: Text<'a>,
    artifact_changes: Vec<ArtifactChange<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'a> {
    artifact_location: Artifact,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    inserted_content: Option<Text<'a>>,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.outcome.findings.iter().zip(report.fingerprints());
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "preflake",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: HOME,
                    rules: RULES.iter().map(|rule| rule_entry(rule)).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results: findings.map(|(finding, fingerprint)| entry(report, finding, fingerprint)).collect(),
        }],
    };
    super::write_json(&log, out)
}

fn rule_entry(rule: &Rule) -> RuleEntry {
    RuleEntry {
        id: rule.name,
        short_description: Text { text: rule.summary },
        help_uri: rule.page(),
        help: Help { text: rule.summary, markdown: rule.docs },
        default_configuration: Configuration {
            enabled: rule.level != Level::Off,
            level: if rule.level == Level::Error { "error" } else { "warning" },
        },
    }
}

fn entry<'a>(report: &Report<'_>, finding: &'a Diagnostic, fingerprint: String) -> Entry<'a> {
    let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let related = finding.related.iter().enumerate();
    Entry {
        rule_id: finding.rule,
        rule_index: RULES.iter().position(|rule| rule.name == finding.rule).unwrap_or_default(),
        level: if finding.severity == Severity::Error { "error" } else { "warning" },
        message: Message { text: format!("{}{help}", finding.message) },
        locations: [location(report, &finding.primary, None)],
        related_locations: related.map(|(number, label)| location(report, label, Some(number + 1))).collect(),
        partial_fingerprints: BTreeMap::from([("preflake/v1", fingerprint)]),
        fixes: fix(report, finding).into_iter().collect(),
    }
}

fn location<'a>(report: &Report<'_>, label: &'a Label, id: Option<usize>) -> Location<'a> {
    Location {
        id,
        physical_location: Physical { artifact_location: artifact(&label.path), region: region(report, label) },
        message: (!label.message.is_empty()).then_some(Text { text: &label.message }),
    }
}

fn artifact(path: &RepoPath) -> Artifact {
    Artifact { uri: encode(path.as_bytes()), uri_base_id: "%SRCROOT%" }
}

fn region(report: &Report<'_>, label: &Label) -> Region {
    let (start, end) = report.positions(label);
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte_offset: start.offset,
        byte_length: end.offset - start.offset,
    }
}

fn fix<'a>(report: &Report<'_>, finding: &'a Diagnostic) -> Option<Fix<'a>> {
    let fix = finding.fix.as_ref().filter(|fix| fix.applicability > Applicability::DisplayOnly)?;
    let mut files: BTreeMap<&RepoPath, Vec<&Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        files.entry(&edit.path).or_default().push(edit);
    }
    let change = |(path, edits): (&'a RepoPath, Vec<&'a Edit>)| ArtifactChange {
        artifact_location: artifact(path),
        replacements: edits.into_iter().map(|edit| replacement(report, edit)).collect(),
    };
    let artifact_changes: Vec<ArtifactChange<'a>> = files.into_iter().map(change).collect();
    (!artifact_changes.is_empty()).then(|| Fix { description: Text { text: &fix.title }, artifact_changes })
}

fn replacement<'a>(report: &Report<'_>, edit: &'a Edit) -> Replacement<'a> {
    Replacement {
        deleted_region: region(report, &Label::new(&edit.path, edit.span, "")),
        inserted_content: (!edit.text.is_empty()).then_some(Text { text: &edit.text }),
    }
}

/// A path as a relative URI: everything but letters, digits and `-._~/` is percent-encoded.
fn encode(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.extend(format!("%{byte:02X}").chars());
        }
    }
    uri
}
