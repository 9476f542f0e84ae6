//! `invalid-flake`: Nix would reject flake.nix before it evaluates anything.

use super::evidence::declaration;
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::flakeref::FlakeRef;
use crate::flake::nix::FlakeInput;
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "invalid-flake",
    summary: "Nix rejects flake.nix before it evaluates anything",
    docs: include_str!("invalid_flake.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        for problem in &flake.nix.problems {
            let primary = Label::new(&flake.nix_path, problem.span, "");
            let mut finding = Diagnostic::new(RULE.name, RULE.severity(), problem.message.clone(), primary);
            finding.help.clone_from(&problem.help);
            finding.input.clone_from(&problem.input);
            if let Some(first) = problem.first {
                finding = finding.related(Label::new(&flake.nix_path, first, "defined here first"));
            }
            out.push(finding);
        }
        if !flake.lock_expected {
            // A template's inputs are placeholders until it is used.
            continue;
        }
        for error in flake.comparison.iter().flat_map(|comparison| &comparison.input_errors) {
            let span = declaration(flake, &error.input).unwrap_or(Span::at(0));
            let message = format!("input `{}`: {}", error.input, error.message);
            let primary = Label::new(&flake.nix_path, span, "");
            let mut finding = Diagnostic::new(RULE.name, RULE.severity(), message, primary).input(error.input.clone());
            finding.help = flake.nix.declaration(&error.input).and_then(misread);
            out.push(finding);
        }
    }
}

/// Of a `url` that Nix silently takes for a path because it is no URL: that, and what was probably meant.
fn misread(input: &FlakeInput) -> Option<String> {
    let url = input.url.as_ref()?.value.as_str();
    let reason = FlakeRef::parse_url(url, input.flake()).ok()?.degraded?;
    Some(match probable(url) {
        Some(meant) => format!("Nix takes `{url}` for a path; did you mean `{meant}`?"),
        None => format!("Nix takes `{url}` for a path, because it is no other reference: {reason}"),
    })
}

fn probable(url: &str) -> Option<String> {
    if url.trim() != url {
        return Some(url.trim().to_owned());
    }
    // `git@github.com:owner/repo`, as `git clone` takes it.
    if let Some((host, path)) = url.split_once(':')
        && host.contains('@')
        && !path.starts_with("//")
    {
        return Some(format!("git+ssh://{host}/{path}"));
    }
    let schemes = ["https", "http", "ssh", "github", "gitlab", "sourcehut"];
    let (scheme, rest) = url.split_once("//").filter(|(scheme, _)| schemes.contains(scheme))?;
    Some(if matches!(scheme, "https" | "http" | "ssh") {
        format!("{scheme}://{rest}")
    } else {
        format!("{scheme}:{rest}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::testing::{findings, view_of};
    use crate::snapshot::{FileState, Memory};

    fn help(url: &str) -> Option<String> {
        let nix = format!("{{ inputs.a.url = \"{url}\"; outputs = _: {{ }}; }}");
        let view = view_of(Memory::new().file("flake.nix", &nix, FileState::Tracked));
        findings(&RULE, &view).pop().and_then(|finding| finding.help)
    }

    #[test]
    fn a_url_that_becomes_a_path_is_told() {
        for (url, meant) in [
            ("git@github.com:o/r", "git+ssh://git@github.com/o/r"),
            ("https//example.org/a.tar.gz", "https://example.org/a.tar.gz"),
            ("flake-utils ", "flake-utils"),
        ] {
            assert_eq!(help(url), Some(format!("Nix takes `{url}` for a path; did you mean `{meant}`?")), "{url}");
        }
        assert!(help("github:owner").is_some_and(|help| help.contains("an owner and a repository")));
        assert_eq!(help("./sub"), None);
    }
}
