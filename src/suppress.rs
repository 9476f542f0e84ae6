//! `# preflake: ignore[rule, …] reason` at the end of a line or on the line above.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::config::Settings;
use crate::diagnostic::Applicability;
use crate::diagnostic::{Diagnostic, Edit, Fix, Label, Severity};
use crate::flake::nix;
use crate::references::MARKER;
use crate::rules::{self, Context, Level};
use crate::snapshot::{Lead, RepoPath, Snapshot};
use crate::source::{SourceFile, Span, Spanned};

/// The rule that reports comments which suppress nothing.
pub const UNUSED: &str = "unused-ignore";

/// Which of these a path is found by depends on the view: a commit knows no untracked file, and a clone not even that
/// it was ignored. A comment that names several is not to be split up.
const BY_VIEW: &[&str] =
    &["intent-to-add", "missing-import", "missing-path", "untracked-nix-file", "untracked-reference"];

/// As many findings are enough for anybody: no more are added.
pub const MAX_FINDINGS: usize = 100_000;

/// The comments of a file.
struct Directives {
    source: Rc<SourceFile>,
    /// By the line they speak about.
    list: Vec<Directive>,
}

/// One comment.
struct Directive {
    rules: Vec<Spanned<String>>,
    comment: Span,
    /// The line it speaks about, from 1.
    line: usize,
    used: Vec<bool>,
}

/// Removes the findings that a comment suppresses, adds one for each comment that suppresses nothing in the files that
/// the rules have looked through, and says how many were removed.
pub fn apply(cx: &Context<'_>, findings: &mut Vec<Diagnostic>) -> usize {
    let mut files: BTreeMap<RepoPath, Directives> = BTreeMap::new();
    for flake in cx.flakes {
        files.insert(real(cx.snapshot, &flake.nix_path), Directives::of(&flake.source, &flake.nix.comments));
    }
    let before = findings.len();
    findings.retain(|finding| !suppressed(cx.snapshot, &mut files, finding));
    let removed = before - findings.len();
    if let Some(rule) = rules::find(UNUSED)
        && cx.settings.level(rule) != Level::Off
    {
        let severity = if cx.settings.level(rule) == Level::Error { Severity::Error } else { Severity::Warning };
        let mut add = |path: &RepoPath, file: &Directives| {
            if cx.settings.exclude.matches(path) || !is_judged(cx, path, file) {
                return;
            }
            for directive in &file.list {
                if findings.len() >= MAX_FINDINGS {
                    return;
                }
                findings.extend(unused(path, &file.source, cx.settings, directive, severity));
            }
        };
        for (path, file) in &files {
            add(path, file);
        }
        // In these nothing was found: each is looked at and let go.
        for path in cx.annotated().iter().filter(|path| !files.contains_key(*path)) {
            let Ok(source) = cx.snapshot.read(path) else { continue };
            add(path, &Directives::of(&source, &nix::comments(&source)));
        }
    }
    removed
}

/// Whether the rules could look at the file: of one that cannot be parsed, of a flake whose lock cannot be read, and of
/// more than they look at, nobody knows what a comment is there for.
fn is_judged(cx: &Context<'_>, path: &RepoPath, file: &Directives) -> bool {
    let is_idle = |directive: &Directive| directive.used.iter().any(|used| !used);
    if cx.is_cut() || file.list.len() > MAX_DIRECTIVES || !file.list.iter().any(is_idle) {
        return false;
    }
    let mut flakes = cx.flakes.iter().filter(|flake| real(cx.snapshot, &flake.nix_path) == *path);
    flakes.all(|flake| flake.nix.inputs.is_empty() || flake.valid_lock().is_some()) && nix::parses(&file.source)
}

/// Rules do not look at as many paths of one file.
const MAX_DIRECTIVES: usize = 500;

/// The file that a path leads to: one that has several names has its comments once.
fn real(snapshot: &Snapshot, path: &RepoPath) -> RepoPath {
    match snapshot.follow(path) {
        Lead::File(real) => real,
        _ => path.clone(),
    }
}

/// The comments of a file, read where they are not known yet.
fn load<'f>(
    snapshot: &Snapshot,
    files: &'f mut BTreeMap<RepoPath, Directives>,
    path: &RepoPath,
) -> Option<&'f mut Directives> {
    let path = real(snapshot, path);
    if !files.contains_key(&path) {
        let source = snapshot.read(&path).ok()?;
        files.insert(path.clone(), Directives::of(&source, &nix::comments(&source)));
    }
    files.get_mut(&path)
}

fn suppressed(snapshot: &Snapshot, files: &mut BTreeMap<RepoPath, Directives>, finding: &Diagnostic) -> bool {
    // A lock file has no comments: there the place in flake.nix that the finding names counts.
    for label in std::iter::once(&finding.primary).chain(&finding.related) {
        let Some(span) = label.span else { continue };
        if !label.path.as_bytes().ends_with(b".nix") {
            continue;
        }
        let Some(Directives { source, list }) = load(snapshot, files, &label.path) else { continue };
        let line = source.line(span.start);
        let first = list.partition_point(|directive| directive.line < line);
        for directive in list[first..].iter_mut().take_while(|directive| directive.line == line) {
            if let Some(index) = directive.rules.iter().position(|rule| rule.value == finding.rule) {
                directive.used[index] = true;
                return true;
            }
        }
    }
    false
}

impl Directives {
    /// Those of a file's comments that are directives.
    fn of(source: &Rc<SourceFile>, comments: &[Spanned<String>]) -> Self {
        let mut list = Vec::new();
        // The line of the comment behind, and what it speaks about: the comments above it speak about the same.
        let mut behind = None;
        for comment in comments.iter().rev() {
            let Some(rules) = parse(comment) else { continue };
            let (line, place) = (source.line(comment.span.start), Place::of(source.text(), comment.span));
            let about = match place {
                Place::Alone => {
                    let about = next_line_of_code(source, comment.span.end, behind);
                    behind = Some((line, about));
                    about
                }
                Place::First => source.line(comment.span.end),
                Place::Last | Place::Between => line,
            };
            let used = vec![false; rules.len()];
            list.push(Directive { rules, comment: comment.span, line: about, used });
        }
        list.reverse();
        list.sort_by_key(|directive| directive.line);
        Self { source: Rc::clone(source), list }
    }
}

impl Directive {
    /// Whether another rule that the comment names stands for this one in this view.
    fn is_used_instead(&self, rule: &str) -> bool {
        let mut used = self.rules.iter().zip(&self.used).filter(|(_, used)| **used);
        BY_VIEW.contains(&rule) && used.any(|(other, _)| BY_VIEW.contains(&other.value.as_str()))
    }
}

/// What stands beside a comment in its lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing.
    Alone,
    /// Code behind it only.
    First,
    /// Code before it only.
    Last,
    /// Code on both sides.
    Between,
}

impl Place {
    fn of(text: &str, comment: Span) -> Self {
        let before = text[..blanks_before(text, comment.start)].chars().next_back();
        let behind = text[blanks_behind(text, comment.end)..].chars().next();
        match (is_line_end(before), is_line_end(behind)) {
            (true, true) => Self::Alone,
            (true, false) => Self::First,
            (false, true) => Self::Last,
            (false, false) => Self::Between,
        }
    }
}

/// Nix ends a line at either; the beginning and the end of the file are as good.
fn is_line_end(character: Option<char>) -> bool {
    matches!(character, None | Some('\n' | '\r'))
}

/// Where the blanks before an offset begin.
fn blanks_before(text: &str, offset: usize) -> usize {
    text[..offset].trim_end_matches([' ', '\t']).len()
}

/// Where the blanks behind an offset end.
fn blanks_behind(text: &str, offset: usize) -> usize {
    text.len() - text[offset..].trim_start_matches([' ', '\t']).len()
}

/// The number of the first line behind `offset` that is neither blank nor a comment of its own. `known` is a line
/// behind it that is one, and what is found from there.
fn next_line_of_code(source: &SourceFile, offset: usize, known: Option<(usize, usize)>) -> usize {
    let mut line = source.line(offset) + 1;
    let rest = &source.text()[source.line_span(offset).end..];
    for text in rest.split('\n').skip(1) {
        let text = text.trim();
        if !text.is_empty() && !text.starts_with('#') {
            break;
        }
        if let Some((_, found)) = known.filter(|(known, _)| *known == line) {
            return found;
        }
        line += 1;
    }
    line
}

/// A comment names no more rules: there are not as many.
const MAX_NAMES: usize = 256;

/// The rules that a comment names, with their places.
fn parse(comment: &Spanned<String>) -> Option<Vec<Spanned<String>>> {
    let text = &comment.value;
    let marker = text.find(MARKER)?;
    if !text[..marker].trim().is_empty() {
        return None;
    }
    let rest = &text[marker + MARKER.len()..];
    let list = rest.trim_start().strip_prefix("ignore[")?;
    let (list, _) = list.split_once(']')?;
    // The comment's text is what is left of it without the marker at its start.
    let start = comment.span.start + (comment.span.len() - text.len()).min(2);
    let list_start = start + (list.as_ptr() as usize - text.as_ptr() as usize);
    let mut rules = Vec::new();
    let mut at = list_start;
    for piece in list.split(',').take(MAX_NAMES) {
        let name = piece.trim();
        if !name.is_empty() {
            let offset = at + (piece.len() - piece.trim_start().len());
            rules.push(Spanned::new(name.to_owned(), Span::new(offset, offset + name.len())));
        }
        at += piece.len() + 1;
    }
    Some(rules)
}

fn unused(
    path: &RepoPath,
    source: &SourceFile,
    settings: &Settings,
    directive: &Directive,
    severity: Severity,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let all = directive.used.iter().all(|used| !used);
    for (rule, used) in directive.rules.iter().zip(&directive.used) {
        if *used || rule.value == UNUSED || directive.is_used_instead(&rule.value) {
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
        let mut finding = Diagnostic::new(UNUSED, severity, message, Label::new(path, rule.span, ""));
        finding.help = help;
        if all {
            finding.fix = Some(removal(path, source, directive));
        }
        findings.push(finding);
    }
    findings
}

/// Takes the comment away, and nothing else: its lines where they hold nothing more, the blanks beside it, but never the
/// last one between two tokens.
fn removal(path: &RepoPath, source: &SourceFile, directive: &Directive) -> Fix {
    let text = source.text();
    // A carriage return at the end belongs to the line, not to the comment.
    let end =
        directive.comment.start + text[directive.comment.start..directive.comment.end].trim_end_matches('\r').len();
    let comment = Span::new(directive.comment.start, end);
    let (start, end) = (blanks_before(text, comment.start), blanks_behind(text, comment.end));
    let (span, instead) = match Place::of(text, comment) {
        Place::Alone => {
            let rest = &text[end..];
            let line_end = ["\r\n", "\n", "\r"].iter().find(|line_end| rest.starts_with(**line_end));
            (Span::new(start, end + line_end.map_or(0, |line_end| line_end.len())), "")
        }
        Place::First => (Span::new(comment.start, end), ""),
        Place::Last => (Span::new(start, end), ""),
        Place::Between => (Span::new(start, end), " "),
    };
    Fix {
        title: "remove the comment".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit { path: path.clone(), span, text: instead.to_owned() }],
        stage: Vec::new(),
    }
}
