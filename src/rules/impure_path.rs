//! `impure-path`: a path that pure evaluation does not allow.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::nix::references::Origin;
use crate::references::Reference;

pub(super) static RULE: Rule = Rule {
    name: "impure-path",
    summary: "a path leads out of the flake, which pure evaluation forbids",
    docs: include_str!("impure_path.md"),
    level: Level::Warn,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    out.extend(cx.references().impure.iter().map(finding));
}

fn finding(reference: &Reference) -> Diagnostic {
    let written = reference.written();
    let (what, help) = match reference.origin {
        Origin::Search => ("is looked up in `NIX_PATH`", "take it from an input, `inputs.nixpkgs` for instance"),
        Origin::Home => ("is in a home directory", "move it into the flake or make it an input"),
        Origin::Absolute => ("is outside the flake", "move it into the flake or make it an input"),
        Origin::File | Origin::Flake => ("leads out of the repository", "move it into the flake or make it an input"),
    };
    let message = format!("`{written}` {what}, which pure evaluation forbids");
    Diagnostic::new(RULE.name, RULE.severity(), message, Label::new(&reference.file, reference.span, "")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::testing::{messages, view_of};
    use crate::snapshot::{FileState::Tracked, Memory};

    fn check(expression: &str) -> Vec<String> {
        let flake = format!("{{ outputs = _: {expression}; }}");
        let memory = Memory::new()
            .file("flake.nix", &flake, Tracked)
            .file("reached.nix", "import <nixpkgs> { }", Tracked)
            .file("shell.nix", "{ pkgs ? import <nixpkgs> { } }: import /etc/x.nix", Tracked);
        messages(&RULE, &view_of(memory))
    }

    #[test]
    fn what_flake_nix_imports_is_judged() {
        assert_eq!(
            check("import ./reached.nix"),
            ["warning: `<nixpkgs>` is looked up in `NIX_PATH`, which pure evaluation forbids"]
        );
        assert_eq!(
            check("import ./shell.nix"),
            ["warning: `/etc/x.nix` is outside the flake, which pure evaluation forbids"]
        );
        assert_eq!(
            check("import ../x.nix"),
            ["warning: `../x.nix` leads out of the repository, which pure evaluation forbids"]
        );
    }

    #[test]
    fn other_files_and_values_that_are_not_read_are_silent() {
        assert_eq!(check("{ a = ./reached.nix; }"), [""; 0]);
        assert_eq!(check("{ keyFile = /var/lib/key; }"), [""; 0]);
        assert_eq!(check("if builtins.pathExists /etc/x then import /etc/x else { }"), [""; 0]);
    }
}
