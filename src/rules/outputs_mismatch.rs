//! `outputs-mismatch`: `outputs` does not accept an input that the flake has.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::Flake;
use crate::flake::nix::{InputOrigin, Outputs};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    name: "outputs-mismatch",
    summary: "`outputs` does not accept an input that the flake has",
    docs: include_str!("outputs_mismatch.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        if let Some(outputs) = flake.nix.outputs.as_ref().filter(|_| !flake.nix.is_invalid()) {
            flake_outputs(flake, outputs, out);
        }
    }
}

fn flake_outputs(flake: &Flake, outputs: &Outputs, out: &mut Vec<Diagnostic>) {
    let Some(formals) = outputs.formals.as_ref().filter(|_| !outputs.ellipsis) else { return };
    let accepts = |name: &str| formals.iter().any(|formal| formal.name == name);
    let first = formals.first().map_or(Span::new(outputs.span.start, outputs.span.start + 1), |formal| formal.span);
    let place = |message: &str| Label::new(&flake.nix_path, first, message);
    if !accepts("self") {
        let message = "`outputs` does not accept `self`, which every flake is given";
        let finding = Diagnostic::new(RULE.name, RULE.severity(), message, place("not among these"));
        out.push(finding.help("add `self`, or `...`, to the arguments of `outputs`"));
    }
    for input in flake.nix.inputs.iter().filter(|input| input.origin == InputOrigin::Declared) {
        if accepts(&input.name) {
            continue;
        }
        let name = &input.name;
        let message = format!("`outputs` does not accept the input `{name}`");
        let primary = Label::new(&flake.nix_path, input.name_span, "declared here");
        out.push(
            Diagnostic::new(RULE.name, RULE.severity(), message, primary)
                .related(place("not among these"))
                .input(crate::flake::InputAttrPath::of(name))
                .help(format!("add `{name}`, or `...`, to the arguments of `outputs`")),
        );
    }
}
