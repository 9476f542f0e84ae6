//! The `follows` that an author has commented out: a decision, in the form that many flakes keep it.

use crate::flake::nix::FlakeInput;
use crate::flake::{Flake, InputAttrPath};
use crate::source::Span;

/// Whether a comment of flake.nix holds the `follows` of the input at `path`, in any of the spellings that the file
/// could have: whole and anywhere, or beside its input, `inputs.nixpkgs.follows = …`, or inside the input's own set,
/// `nixpkgs.follows = …`. Behind it, or on other lines of the comment, may stand what the author thought.
pub(super) fn is_commented_out(flake: &Flake, path: &InputAttrPath) -> bool {
    let Some(declared) = path.0.first().and_then(|first| flake.nix.input(first)) else { return false };
    let inner = path.0[1..].join(".inputs.");
    let whole = format!("{}.inputs.{inner}.follows", path.0[0]);
    let beside = format!("inputs.{inner}.follows");
    let inside = format!("{inner}.follows");
    flake.nix.comments.iter().any(|comment| {
        keys(&comment.value).any(|key| {
            let key = key.strip_prefix("inputs.").filter(|rest| *rest == whole).unwrap_or(&key);
            key == whole
                || (key == beside && is_beside(flake, declared, comment.span))
                || (key == inside && is_inside(declared, comment.span))
        })
    })
}

/// The attribute paths that a comment gives a value, without quotes and white space; what is inside a set has that
/// set's name in front.
fn keys(comment: &str) -> impl Iterator<Item = String> + '_ {
    let mut outer: Vec<String> = Vec::new();
    comment.split_inclusive([';', '{', '}', '\n']).filter_map(move |piece| {
        let key = piece.split_once('=').map(|(key, _)| {
            let key = key.trim_start_matches(['#', '*', ' ', '\t']);
            key.chars().filter(|character| !character.is_whitespace() && *character != '"').collect::<String>()
        });
        let found = key.as_ref().map(|key| outer.iter().chain([key]).cloned().collect::<Vec<_>>().join("."));
        match piece.as_bytes().last() {
            Some(b'{') => outer.push(key.unwrap_or_default()),
            Some(b'}') => {
                outer.pop();
            }
            _ => {}
        }
        found
    })
}

fn is_inside(declared: &FlakeInput, comment: Span) -> bool {
    declared.bindings.iter().any(|binding| binding.contains(comment))
}

/// Inside the input, at the end of its line, or near it where it belongs to no other.
fn is_beside(flake: &Flake, declared: &FlakeInput, comment: Span) -> bool {
    let line = |offset: usize| flake.source.position(offset).line;
    let at = line(comment.start);
    let holds = |input: &FlakeInput| {
        let ends_here = |binding: &Span| binding.end <= comment.start && line(binding.end) == at;
        is_inside(input, comment) || input.bindings.iter().any(ends_here)
    };
    if holds(declared) {
        return true;
    }
    let is_near = |binding: &Span| line(binding.start) <= at + 2 && at <= line(binding.end) + 2;
    declared.bindings.iter().any(is_near) && !flake.nix.inputs.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::is_commented_out;
    use crate::flake::{Flake, InputAttrPath};
    use crate::snapshot::{FileState, Memory, RepoPath};

    /// Whether `a/nixpkgs` and `b/nixpkgs` are opted out in a file with these inputs.
    fn opted_out(inputs: &str) -> (bool, bool) {
        let text = format!("{{\n  inputs = {{\n{inputs}\n  }};\n  outputs = _: {{ }};\n}}\n");
        let snapshot = Memory::new().file("flake.nix", &text, FileState::Tracked).snapshot();
        let flake = Flake::read(&snapshot, &RepoPath::default()).expect("it is there");
        assert!(!flake.nix.is_invalid(), "{text}: {:?}", flake.nix.problems);
        let path = |input: &str| InputAttrPath(vec![input.to_owned(), "nixpkgs".to_owned()]);
        (is_commented_out(&flake, &path("a")), is_commented_out(&flake, &path("b")))
    }

    #[test]
    fn every_spelling_counts() {
        for comment in [
            "# a.inputs.nixpkgs.follows = \"nixpkgs\";",
            "#a.inputs.nixpkgs.follows=\"nixpkgs\";",
            "# inputs.a.inputs.nixpkgs.follows = \"nixpkgs\"; # it breaks",
            "# a.inputs.\"nixpkgs\".follows = \"nixpkgs\"; it breaks",
            "/* a.inputs.nixpkgs.follows = \"nixpkgs\"; */",
            "/* It breaks:\n * a.inputs.nixpkgs.follows = \"nixpkgs\";\n */",
            "# a.inputs = { systems.follows = \"systems\"; nixpkgs.follows = \"nixpkgs\"; };",
            "# a = { inputs.nixpkgs.follows = \"nixpkgs\"; };",
        ] {
            let inputs = format!("b.url = \"github:o/b\";\n\n\n\n{comment}\n\n\n\na.url = \"github:o/a\";");
            assert_eq!(opted_out(&inputs), (true, false), "{comment}");
        }
    }

    #[test]
    fn a_comment_beside_its_input_need_not_name_it() {
        for inputs in [
            "b.url = \"github:o/b\";\na.url = \"github:o/a\"; # inputs.nixpkgs.follows = \"nixpkgs\";",
            "a.url = \"github:o/a\"; # inputs.nixpkgs.follows = \"nixpkgs\"; it breaks\nb.url = \"github:o/b\";",
            "a = {\n url = \"github:o/a\";\n # inputs.nixpkgs.follows = \"nixpkgs\";\n};\nb.url = \"github:o/b\";",
            "a = {\n url = \"github:o/a\";\n # inputs = {\n # nixpkgs.follows = \"nixpkgs\";\n # };\n};\nb = { };",
            "a = {\n url = \"github:o/a\";\n inputs = {\n # nixpkgs.follows = \"nixpkgs\";\n };\n};\nb = { };",
            "a = {\n url = \"github:o/a\";\n # inputs = { nixpkgs.follows = \"nixpkgs\"; };\n};\nb = { };",
        ] {
            assert_eq!(opted_out(inputs), (true, false), "{inputs}");
        }
        let above = "b.url = \"github:o/b\";\n\n\n# inputs.nixpkgs.follows = \"nixpkgs\"; it breaks\na = { };";
        assert_eq!(opted_out(above), (true, false));
    }

    #[test]
    fn other_comments_do_not_count() {
        for inputs in [
            "a = { };\nb = { };\n# nixpkgs.follows = \"x\";",
            "# a.inputs.systems.follows = \"systems\";\na = { };\nb = { };",
            "# a has inputs.nixpkgs.follows\na = { };\nb = { };",
            "# nixpkgs.follows = \"a\";\na = { };\nb = { };",
            "# c = { inputs.nixpkgs.follows = \"nixpkgs\"; };\na = { };\nb = { };",
        ] {
            assert_eq!(opted_out(inputs), (false, false), "{inputs}");
        }
    }
}
