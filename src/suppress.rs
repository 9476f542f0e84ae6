//! `# preflake: ignore[rule, …] reason` at the end of a line or on the line above.

use std::collections::BTreeMap;

use crate::config::Settings;
use crate::diagnostic::Applicability;
use crate::diagnostic::{Diagnostic, Edit, Fix, Label, Severity};
use crate::flake::{Flake, nix};
use crate::rules::{self, Level};
use crate::snapshot::{RepoPath, Snapshot};
use crate::source::{SourceFile, Span, Spanned};

/// The rule that reports comments which suppress nothing.
pub const UNUSED: &str = "unused-ignore";

/// One comment.
struct Directive {
    rules: Vec<Spanned<String>>,
    comment: Span,
    /// The line it speaks about, from 1.
    line: usize,
    used: Vec<bool>,
}

/// Removes the findings that a comment suppresses, adds one for each comment of a flake.nix that suppresses nothing,
/// and says how many were removed.
pub fn apply(snapshot: &Snapshot, flakes: &[Flake], settings: &Settings, findings: &mut Vec<Diagnostic>) -> usize {
    let mut files: BTreeMap<RepoPath, Vec<Directive>> = BTreeMap::new();
    for flake in flakes {
        files.insert(flake.nix_path.clone(), directives(&flake.source, &flake.nix.comments));
    }
    let before = findings.len();
    findings.retain(|finding| !suppressed(snapshot, &mut files, finding));
    let removed = before - findings.len();
    if let Some(rule) = rules::find(UNUSED)
        && settings.level(rule) != Level::Off
    {
        let severity = if settings.level(rule) == Level::Error { Severity::Error } else { Severity::Warning };
        for flake in flakes {
            for directive in files.get(&flake.nix_path).into_iter().flatten() {
                findings.extend(unused(flake, settings, directive, severity));
            }
        }
    }
    removed
}

fn suppressed(snapshot: &Snapshot, files: &mut BTreeMap<RepoPath, Vec<Directive>>, finding: &Diagnostic) -> bool {
    // A lock file has no comments: there the place in flake.nix that the finding names counts.
    for label in std::iter::once(&finding.primary).chain(&finding.related) {
        let Some(span) = label.span else { continue };
        if !label.path.as_bytes().ends_with(b".nix") {
            continue;
        }
        let Ok(source) = snapshot.read(&label.path) else { continue };
        let known = files.entry(label.path.clone()).or_insert_with(|| directives(&source, &nix::comments(&source)));
        let line = source.position(span.start).line;
        for directive in known.iter_mut().filter(|directive| directive.line == line) {
            if let Some(index) = directive.rules.iter().position(|rule| rule.value == finding.rule) {
                directive.used[index] = true;
                return true;
            }
        }
    }
    false
}

/// The comments of a file that are directives.
fn directives(source: &SourceFile, comments: &[Spanned<String>]) -> Vec<Directive> {
    let mut found = Vec::new();
    for comment in comments {
        let Some(rules) = parse(comment) else { continue };
        let line = source.position(comment.span.start).line;
        let line_span = source.line_span(comment.span.start);
        let before = &source.text()[line_span.start..comment.span.start];
        let line = if before.trim().is_empty() { next_line_of_code(source, comment.span.end) } else { line };
        let used = vec![false; rules.len()];
        found.push(Directive { rules, comment: comment.span, line, used });
    }
    found
}

/// The number of the first line behind `offset` that is neither blank nor a comment of its own.
fn next_line_of_code(source: &SourceFile, offset: usize) -> usize {
    let mut line = source.position(offset).line + 1;
    let rest = &source.text()[source.line_span(offset).end..];
    for text in rest.split('\n').skip(1) {
        let text = text.trim();
        if !text.is_empty() && !text.starts_with('#') {
            break;
        }
        line += 1;
    }
    line
}

/// The rules that a comment names, with their places.
fn parse(comment: &Spanned<String>) -> Option<Vec<Spanned<String>>> {
    let text = &comment.value;
    let marker = text.find("preflake:")?;
    if !text[..marker].trim().is_empty() {
        return None;
    }
    let rest = &text[marker + "preflake:".len()..];
    let list = rest.trim_start().strip_prefix("ignore[")?;
    let (list, _) = list.split_once(']')?;
    // The comment's text is what is left of it without the marker at its start.
    let start = comment.span.start + (comment.span.len() - text.len()).min(2);
    let list_start = start + (list.as_ptr() as usize - text.as_ptr() as usize);
    let mut rules = Vec::new();
    let mut at = list_start;
    for piece in list.split(',') {
        let name = piece.trim();
        if !name.is_empty() {
            let offset = at + (piece.len() - piece.trim_start().len());
            rules.push(Spanned::new(name.to_owned(), Span::new(offset, offset + name.len())));
        }
        at += piece.len() + 1;
    }
    Some(rules)
}

fn unused(flake: &Flake, settings: &Settings, directive: &Directive, severity: Severity) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let all = directive.used.iter().all(|used| !used);
    for (rule, used) in directive.rules.iter().zip(&directive.used) {
        if *used || rule.value == UNUSED {
            continue;
        }
        let (message, help) = match rules::find(&rule.value) {
            None => {
                let nearest = crate::text::nearest(&rule.value, rules::RULES.iter().map(|rule| rule.name));
                let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
                (format!("no rule is called `{}`", crate::text::escape(&rule.value)), help)
            }
            // A rule that does not run cannot use its suppressions.
            Some(known) if settings.level(known) == Level::Off => continue,
            Some(known) => {
                (format!("the comment suppresses no `{}`", known.name), Some("remove the comment".to_owned()))
            }
        };
        let mut finding = Diagnostic::new(UNUSED, severity, message, Label::new(&flake.nix_path, rule.span, ""));
        finding.help = help;
        if all {
            finding.fix = Some(removal(flake, directive));
        }
        findings.push(finding);
    }
    findings
}

fn removal(flake: &Flake, directive: &Directive) -> Fix {
    let text = flake.source.text();
    let line = flake.source.line_span(directive.comment.start);
    let alone = text[line.start..directive.comment.start].trim().is_empty();
    let span = if alone {
        let end = text[line.end..].find('\n').map_or(text.len(), |newline| line.end + newline + 1);
        Span::new(line.start, end)
    } else {
        let before = text[..directive.comment.start].trim_end_matches([' ', '\t']).len();
        // A carriage return at the end belongs to the line, not to the comment.
        Span::new(before, text[..directive.comment.end].trim_end_matches('\r').len())
    };
    Fix {
        title: "remove the comment".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit { path: flake.nix_path.clone(), span, text: String::new() }],
        stage: Vec::new(),
    }
}
