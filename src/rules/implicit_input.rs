//! `implicit-input`: `outputs` asks for an input that nobody declares.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::InputAttrPath;
use crate::flake::nix::InputOrigin;
use crate::text::nearest;

pub(super) static RULE: Rule = Rule {
    name: "implicit-input",
    summary: "`outputs` asks for an input that is not declared",
    docs: include_str!("implicit_input.md"),
    level: Level::Warn,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // A template is locked where it is used.
    for flake in cx.flakes.iter().filter(|flake| flake.lock_expected && !flake.nix.is_invalid()) {
        let declared = || flake.nix.inputs.iter().filter(|input| input.origin == InputOrigin::Declared);
        for input in flake.nix.inputs.iter().filter(|input| input.origin == InputOrigin::Implicit) {
            let name = &input.name;
            let message = format!("no input is called `{name}`, so that Nix looks it up in the registry");
            let primary = Label::new(&flake.nix_path, input.name_span, "asked for here");
            let help = match nearest(name, declared().map(|input| input.name.as_str())) {
                Some(near) => format!("did you mean `{near}`? Else declare it: `inputs.{name}.url = \"…\";`"),
                None => format!("declare it: `inputs.{name}.url = \"…\";`"),
            };
            let finding = Diagnostic::new(RULE.name, RULE.severity(), message, primary);
            out.push(finding.input(InputAttrPath::of(name)).help(help));
        }
    }
}
