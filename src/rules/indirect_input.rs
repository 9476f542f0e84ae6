//! `indirect-input`: an input is a name of the registry.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::InputAttrPath;
use crate::flake::identity::{Identity, Repository};
use crate::flake::nix::InputOrigin;

pub(super) static RULE: Rule = Rule {
    name: "indirect-input",
    summary: "an input is a name that is looked up in the registry",
    docs: include_str!("indirect_input.md"),
    level: Level::Off,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes.iter().filter(|flake| !flake.nix.is_invalid()) {
        for input in flake.nix.inputs.iter().filter(|input| input.origin == InputOrigin::Declared) {
            let span = match (&input.reference, &input.follows) {
                (Some(reference), _) if reference.value.kind() == "indirect" => reference.span,
                (None, None) => input.name_span,
                _ => continue,
            };
            let name = &input.name;
            let message = format!("input `{name}` is a name that is looked up in the registry of whoever updates it");
            let known = input.reference.as_ref().map(|reference| Identity::of(&reference.value).repository);
            let help = match known {
                Some(Repository::Hosted { host, path }) if host == "github.com" => {
                    format!("write where it is: `github:{path}`")
                }
                _ => "write where it is".to_owned(),
            };
            let finding = Diagnostic::new(RULE.name, RULE.severity(), message, Label::new(&flake.nix_path, span, ""));
            out.push(finding.input(InputAttrPath::of(name)).help(help));
        }
    }
}
