//! `missing-import`: an imported path that exists nowhere.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::references::{Reference, Standing, advice, explain};
use crate::snapshot::Absence;

pub(super) static RULE: Rule = Rule {
    name: "missing-import",
    summary: "an imported path exists nowhere",
    docs: include_str!("missing_import.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let absent = cx.references().absent.iter().filter(|reference| reference.is_import);
    out.extend(absent.filter(|reference| exists_nowhere(reference)).map(finding));
}

/// Whether no other rule has a better explanation.
pub(super) fn exists_nowhere(reference: &Reference) -> bool {
    use Absence::{Circle, Deleted, LeftOut, Nowhere, Outside, Skipped};
    matches!(reference.absence, Nowhere | Deleted | LeftOut | Skipped | Circle | Outside)
}

fn finding(reference: &Reference) -> Diagnostic {
    let path = &reference.path;
    let message = match (&reference.absence, reference.standing) {
        (Absence::Deleted, _) => format!("imported `{path}` is tracked but no longer on disk"),
        (Absence::LeftOut, _) => format!("imported `{path}` is tracked but left out of this sparse checkout"),
        (Absence::Skipped, _) => format!("imported `{path}` is tracked but marked skip-worktree and not on disk"),
        (Absence::Circle, _) => format!("imported `{path}` is a link that leads in a circle"),
        (_, Standing::NeedsDefault) => format!("imported directory `{}` has no `default.nix`", path.parent()),
        _ => format!("imported `{path}` does not exist"),
    };
    // Where nothing leads to the file, or a caller may give another value, Nix may never look.
    let is_certain = reference.is_reached && !reference.is_default;
    let severity = if is_certain { RULE.severity() } else { Severity::Warning };
    Diagnostic::new(RULE.name, severity, message, Label::new(&reference.file, reference.span, "")).help(help(reference))
}

/// What to do about a path that is nowhere.
pub(super) fn help(reference: &Reference) -> String {
    if reference.absence == Absence::Deleted {
        return format!("run `git restore {}`, or remove the path here", advice::argument(&reference.path));
    }
    if reference.absence == Absence::LeftOut {
        let directory = advice::argument(&reference.path.parent());
        return format!("run `git sparse-checkout add {directory}`: Nix sees what is on disk");
    }
    if reference.absence == Absence::Skipped {
        return format!("run `{}`: Nix sees what is on disk", advice::unskip(&reference.path));
    }
    if reference.absence == Absence::Circle {
        return "let the link lead to a file, or correct the path".to_owned();
    }
    match explain::hint(&reference.path) {
        Some(hint) => hint.to_owned(),
        None if reference.standing == Standing::NeedsDefault => {
            "add the file, or name the one that is meant".to_owned()
        }
        None => "add the file, or correct the path".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::testing::{messages, view_of};
    use crate::snapshot::{FileState::Tracked, Memory};

    fn check(flake: &str) -> Vec<String> {
        let memory = Memory::new().file("hosts/a.nix", "{ }", Tracked).file("lib/default.nix", "{ }", Tracked);
        messages(&RULE, &view_of(memory.file("flake.nix", flake, Tracked)))
    }

    #[test]
    fn every_way_to_import() {
        for expression in [
            "import ./gone.nix { }",
            "{ imports = [ ./hosts/a.nix ./gone.nix ]; }",
            "lib.nixosSystem { modules = [ { } ./gone.nix ]; }",
            "pkgs.callPackage ./gone.nix { }",
            "map import [ ./gone.nix ]",
            r#"{ imports = [ "${self}/gone.nix" ]; }"#,
            r#"import "${self}//gone.nix""#,
            "import ''${self}/gone.nix''",
            "# a comment ends at a\rimport ./gone.nix",
            r#"import (self + "/gone.nix")"#,
            r#"import (./. + "/gone.nix")"#,
            r#"import (lib.path.append ./. "gone.nix")"#,
            "./gone.nix |> import",
            "{ nixosModules.default = ./gone.nix; }",
            "{ imports = lib.optional true ./gone.nix ++ [ ]; }",
            "let all = builtins.readDir ./.; in { imports = map f all ++ [ ./gone.nix ]; }",
        ] {
            let flake = format!("{{ outputs = {{ self, ... }}: {expression}; }}");
            assert_eq!(check(&flake), ["error: imported `gone.nix` does not exist"], "{expression}");
        }
    }

    #[test]
    fn guards_and_other_uses_are_silent() {
        for expression in [
            "if builtins.pathExists ./gone.nix then import ./gone.nix else { }",
            "{ imports = lib.optional (builtins.pathExists ./gone.nix) ./gone.nix; }",
            "{ imports = lib.optionals (builtins.pathExists ./gone.nix) [ ./gone.nix ]; }",
            "import (inputs.x or ./gone.nix)",
            "{ imports = [ ./hosts/a.nix ]; disabledModules = [ ./gone.nix ]; }",
            "{ imports = [ ]; } # import ./gone.nix",
            r#""import ./gone.nix""#,
            "import ./lib",
            "{ src = ./result/default.nix; }",
            r#"{ imports = lib.optional (builtins.readDir ./. ? "gone.nix") ./gone.nix; }"#,
            r#"if builtins.elem "gone.nix" (builtins.attrNames (builtins.readDir ./.)) then ./gone.nix else { }"#,
            r#"if builtins.hasAttr "gone.nix" (builtins.readDir ./.) then import ./gone.nix else { }"#,
            r#"let all = builtins.readDir ./.; in { imports = lib.optional (all ? "gone.nix") ./gone.nix; }"#,
            "let has = builtins.pathExists ./gone.nix; in if has then import ./gone.nix else { }",
            "let has = builtins.pathExists ./gone.nix; in { imports = lib.optionals has [ ./gone.nix ]; }",
            "let has = builtins.pathExists ./gone.nix; in has && import ./gone.nix",
            "let all = [ ./gone.nix ]; in { imports = builtins.filter (m: builtins.pathExists m) all; }",
            "let all = [ ./gone.nix ]; in map import (lib.filter (m: builtins.pathExists m) all)",
            "if lib.pathIsRegularFile ./gone.nix then import ./gone.nix else { }",
            "if lib.pathIsDirectory ./gone then import ./gone/x.nix else { }",
            "{ imports = lib.optional (lib.pathIsDirectory ./gone) ./gone; }",
            "import ./hosts/${name}.nix",
            "import ''${self}/gone'''.nix''",
            r#"import "${self}//""#,
        ] {
            assert_eq!(check(&format!("{{ outputs = {{ self, ... }}: {expression}; }}")), [""; 0], "{expression}");
        }
    }

    #[test]
    fn a_build_result_is_explained_where_it_is_imported() {
        let flake = "{ outputs = _: import ./result/lib.nix; }";
        assert_eq!(check(flake), ["error: imported `result/lib.nix` does not exist"]);
    }

    #[test]
    fn a_link_must_lead_somewhere() {
        use crate::snapshot::FileState::Link;
        let flake = "{ outputs = _: { imports = [ ./round.nix ]; a = import ./far/x.nix; b = import ./good.nix; }; }";
        let memory = Memory::new().file("flake.nix", flake, Tracked).file("round.nix", "round.nix", Link);
        let memory = memory.file("far", "near", Link).file("near", "./far", Link).file("a.nix", "{ }", Tracked);
        let expected = [
            "error: imported `round.nix` is a link that leads in a circle",
            "error: imported `far/x.nix` is a link that leads in a circle",
        ];
        assert_eq!(messages(&RULE, &view_of(memory.file("good.nix", "a.nix", Link))), expected);
    }

    #[test]
    fn a_directory_needs_its_default() {
        let flake = "{ outputs = _: { imports = [ ./hosts ]; a = import ./lib; b = ./hosts; }; }";
        assert_eq!(check(flake), ["error: imported directory `hosts` has no `default.nix`"]);
    }

    #[test]
    fn what_no_flake_reaches_and_what_callers_replace_are_warnings() {
        let memory = Memory::new().file("flake.nix", "{ outputs = { x ? import ./gone.nix }: { }; }", Tracked).file(
            "old.nix",
            "import ./gone.nix",
            Tracked,
        );
        assert_eq!(
            messages(&RULE, &view_of(memory)),
            ["warning: imported `gone.nix` does not exist", "warning: imported `gone.nix` does not exist"]
        );
    }

    #[test]
    fn self_is_only_the_flake_where_an_argument_says_so() {
        assert_eq!(check(r#"{ outputs = _: { overlay = self: super: import "${self}/gone.nix"; }; }"#), [""; 0]);
        assert_eq!(check(r#"{ outputs = _: let self = 1; in import "${self}/gone.nix"; }"#), [""; 0]);
    }

    #[test]
    fn what_an_interpolated_path_ranges_over_must_exist() {
        for expression in [
            r#"lib.genAttrs [ "a" "gone" ] (name: lib.nixosSystem { modules = [ ./hosts/${name}.nix ]; })"#,
            r#"map (name: import (self + "/hosts/${name}.nix")) [ "gone" "a" ]"#,
            "lib.mapAttrs (name: _: import ./hosts/${name}.nix) { a = 1; gone = 2; }",
            r#"let host = "gone"; in import ./hosts/${host}.nix"#,
        ] {
            let flake = format!("{{ outputs = {{ self, ... }}: {expression}; }}");
            assert_eq!(check(&flake), ["error: imported `hosts/gone.nix` does not exist"], "{expression}");
        }
        for expression in [
            r#"map (name: if name == "gone" then { } else import ./hosts/${name}.nix) [ "a" "gone" ]"#,
            r#"map (name: lib.optional (name == "a") (import ./hosts/${name}.nix)) [ "a" "gone" ]"#,
            r#"map (name: lib.optional (lib.pathExists ./hosts/${name}.nix) ./hosts/${name}.nix) [ "gone" ]"#,
            r#"map (name: import ./hosts/${name}.nix) (lib.filter f [ "a" "gone" ])"#,
        ] {
            assert_eq!(check(&format!("{{ outputs = {{ self, ... }}: {expression}; }}")), [""; 0], "{expression}");
        }
    }

    #[test]
    fn the_self_of_a_module_for_others_is_theirs() {
        let flake = |name: &str| format!("{{ outputs = _: {{ {name} = {{ default = ./module.nix; }}; }}; }}");
        let memory = |name| {
            let module = "{ self, ... }: { imports = [ ./part.nix ]; }";
            let part = r#"{ self, ... }: import "${self}/theirs.nix""#;
            let memory = Memory::new().file("flake.nix", &flake(name), Tracked);
            memory.file("module.nix", module, Tracked).file("part.nix", part, Tracked)
        };
        assert_eq!(messages(&RULE, &view_of(memory("flakeModules"))), [""; 0]);
        assert_eq!(messages(&RULE, &view_of(memory("nixosModules"))), ["error: imported `theirs.nix` does not exist"]);
    }
}
