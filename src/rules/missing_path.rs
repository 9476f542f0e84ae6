//! `missing-path`: a path literal, not an import, that names nothing.

use super::missing_import::{exists_nowhere, help};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::references::Reference;
use crate::snapshot::Absence;

pub(super) static RULE: Rule = Rule {
    name: "missing-path",
    summary: "a path names nothing",
    docs: include_str!("missing_path.md"),
    level: Level::Warn,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let absent = cx.references().absent.iter().filter(|reference| !reference.is_import);
    out.extend(absent.filter(|reference| exists_nowhere(reference)).map(finding));
}

fn finding(reference: &Reference) -> Diagnostic {
    let path = &reference.path;
    let message = match reference.absence {
        Absence::Deleted => format!("`{path}` is tracked but no longer on disk"),
        Absence::LeftOut => format!("`{path}` is tracked but left out of this sparse checkout"),
        Absence::Skipped => format!("`{path}` is tracked but marked skip-worktree and not on disk"),
        Absence::Circle => format!("`{path}` is a link that leads in a circle"),
        _ => format!("`{path}` does not exist"),
    };
    Diagnostic::new(RULE.name, RULE.severity(), message, Label::new(&reference.file, reference.span, ""))
        .help(help(reference))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::testing::{messages, view_of};
    use crate::snapshot::{FileState::Tracked, Memory};

    fn check(expression: &str) -> Vec<String> {
        let flake = format!("{{ outputs = {{ self, ... }}: {expression}; }}");
        messages(&RULE, &view_of(Memory::new().file("flake.nix", &flake, Tracked).file("a/b.txt", "", Tracked)))
    }

    #[test]
    fn sources_patches_and_files_to_read() {
        for expression in [
            "{ src = ./gone; }",
            "{ patches = [ ./gone ]; }",
            "builtins.readFile ./gone",
            "builtins.path { path = ./gone; name = \"x\"; }",
            r#""${./gone}/x""#,
            r#"builtins.readFile "${self}/gone""#,
        ] {
            assert_eq!(check(expression).len(), 1, "{expression}");
        }
    }

    #[test]
    fn the_fixed_part_of_an_interpolated_path_must_exist() {
        assert_eq!(check("name: ./gone/${name}.txt"), ["warning: `gone` does not exist"]);
        assert_eq!(check("name: ./a/${name}.txt"), [""; 0]);
        assert_eq!(check(r#"name: ./gone + "/${name}""#), ["warning: `gone` does not exist"]);
        assert_eq!(check("name: ./go + name"), [""; 0]);
    }

    #[test]
    fn expected_absence_is_silent() {
        for expression in [
            "builtins.pathExists ./gone",
            "let local = ./gone; in if builtins.pathExists local then local else null",
            "let local = ./gone + \"/${x}\"; in if lib.pathExists (local + \"/a\") then local else null",
            "lib.fileset.maybeMissing ./gone",
            "if builtins.pathExists ./gone then ./gone else null",
            "toString ./gone",
            "builtins.isPath ./gone",
            "builtins.typeOf ./gone",
            "x == ./gone",
            "{ exclude = [ ./gone ]; }",
            r#"toString ./. + "/gone""#,
            "./result",
            "./a",
            "./a/b.txt",
        ] {
            assert_eq!(check(expression), [""; 0], "{expression}");
        }
    }
}
