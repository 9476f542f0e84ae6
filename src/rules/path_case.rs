//! `path-case`: a path that exists only with other upper and lower case.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label};
use crate::references::Reference;
use crate::snapshot::{Absence, RepoPath};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "path-case",
    summary: "a path exists only with other upper and lower case",
    docs: include_str!("path_case.md"),
    level: Level::Error,
    fix: FixAvailability::Unsafe,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for reference in &cx.references().absent {
        if let Absence::OtherCase(real) = &reference.absence {
            out.push(finding(reference, real));
        }
    }
}

fn finding(reference: &Reference, real: &RepoPath) -> Diagnostic {
    let message = format!("`{}` does not exist, but `{real}` does", reference.path);
    let name = String::from_utf8_lossy(reference.path.file_name());
    let help = if reference.written().contains(&*name) {
        "write the path as the file is called: only some file systems ignore the difference".to_owned()
    } else {
        format!("a link on the way leads to a name that does not exist: let it lead to `{real}`")
    };
    let found = Diagnostic::new(RULE.name, RULE.severity(), message, Label::new(&reference.file, reference.span, ""));
    let found = found.help(help);
    match rewritten(reference, real) {
        Some(fix) => found.fix(fix),
        None => found,
    }
}

/// The end of what is written, as far as it is the end of the path, with the letters of the real one.
fn rewritten(reference: &Reference, real: &RepoPath) -> Option<Fix> {
    let (wanted, real) = (reference.path.as_bytes(), real.as_bytes());
    let written = reference.source.bytes().get(reference.span.start..reference.span.end)?;
    let end = written.iter().rposition(|byte| *byte != b'"')? + 1;
    let mut shared = written[..end].iter().rev().zip(wanted.iter().rev()).take_while(|(a, b)| a == b).count();
    // Behind a link, only the names below it are written here.
    shared -= usize::from(wanted.get(wanted.len() - shared) == Some(&b'/'));
    let first = wanted.iter().zip(real).position(|(a, b)| a != b)?;
    if wanted.len() != real.len() || wanted.len() - shared > first {
        return None;
    }
    let text = String::from_utf8(real.get(real.len() - shared..)?.to_vec()).ok()?;
    let end = reference.span.start + end;
    Some(Fix {
        title: format!("write `{text}`"),
        applicability: Applicability::Unsafe,
        edits: vec![Edit { path: reference.file.clone(), span: Span::new(end - shared, end), text }],
        stage: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::testing::{findings, view_of};
    use crate::snapshot::{FileState::Tracked, Memory};

    fn edited(expression: &str) -> Option<String> {
        let flake = format!("{{ outputs = {{ self, ... }}: {expression}; }}");
        let memory = Memory::new().file("flake.nix", &flake, Tracked).file("Hosts/Vega.nix", "{ }", Tracked);
        let found = findings(&RULE, &view_of(memory));
        let edit = found.first()?.fix.as_ref()?.edits.first()?;
        let mut text = expression.to_owned();
        let offset = flake.find(expression)?;
        text.replace_range(edit.span.start - offset..edit.span.end - offset, &edit.text);
        Some(text)
    }

    #[test]
    fn the_fix_writes_the_real_name() {
        assert_eq!(edited("import ./hosts/vega.nix").as_deref(), Some("import ./Hosts/Vega.nix"));
        assert_eq!(edited("import ./Hosts/vega.nix").as_deref(), Some("import ./Hosts/Vega.nix"));
        let suffixed = edited(r#"import (self + "/hosts/Vega.nix")"#);
        assert_eq!(suffixed.as_deref(), Some(r#"import (self + "/Hosts/Vega.nix")"#));
        assert_eq!(edited("import ./Hosts/Vega.nix"), None);
    }
}
