//! Nesting without end, of everything that nests. `PREFLAKE_DEPTH` says how deep: a million takes minutes without
//! optimization.

use super::{bounded, repo};

fn depth() -> usize {
    std::env::var("PREFLAKE_DEPTH").ok().and_then(|text| text.parse().ok()).unwrap_or(3_000)
}

/// What comes before, what is repeated, what stands in the middle, what closes each.
const NIX: &[(&str, &str, &str, &str)] = &[
    ("", "(", "", ""),
    ("", "(", "1", ")"),
    ("", "[", "", ""),
    ("", "[", "", "]"),
    ("", "{a=", "", ""),
    ("", "{a=", "1", ";}"),
    ("", "rec {a=", "", ""),
    ("", "[ (", "", ""),
    ("", "[{a=", "", ""),
    ("", "{ a", "", ""),
    ("{ a", ".a", " = 1; }", ""),
    ("x", ".a", "", ""),
    ("x", " .a", "", ""),
    ("", "x.a or ", "x", ""),
    ("x ", "or ", "x", ""),
    ("", "!", "x", ""),
    ("", "-", "x", ""),
    ("", "- ", "x", ""),
    ("", "-!", "x", ""),
    ("", "-([", "", ""),
    ("", "x: ", "1", ""),
    ("", "{x}: ", "1", ""),
    ("", "a@{...}: ", "1", ""),
    ("", "{x ? ", "1", "}: 1"),
    ("", "(x: ", "", ""),
    ("", "if ", "", ""),
    ("", "if ", "a", " then 1 else 2"),
    ("", "if a then b else ", "1", ""),
    ("", "let in ", "1", ""),
    ("", "let a = ", "1", "; in a"),
    ("", "let { a=", "", ""),
    ("", "let ", "", ""),
    ("", "\"${", "", ""),
    ("", "\"${", "1", "}\""),
    ("", "''${", "", ""),
    ("", "''${", "1", "}''"),
    ("", "{${", "", ""),
    ("", "a.${", "", ""),
    ("", "./a${", "", ""),
    ("./a", "/a", "", ""),
    ("", "{inherit (", "", ""),
    ("", "with a; ", "1", ""),
    ("", "assert a; ", "1", ""),
    ("", "a ++ ", "a", ""),
    ("", "a -> ", "a", ""),
    ("", "a -> (a ++ ", "a", ")"),
    ("", "a // ", "a", ""),
    ("", "a + ", "a", ""),
    ("", "1+", "1", ""),
    ("", "(a)", "", ""),
    ("", "a / ", "a", ""),
    ("", "a || ", "a", ""),
    ("", "a == ", "a", ""),
    ("", "a ? b ", "", ""),
    ("", "a ", "", ""),
    ("", "a |> ", "a", ""),
    ("", "a <| ", "a", ""),
    ("", "/*", "", ""),
    ("", "/* */", "1", ""),
    ("", "# x\n", "1", ""),
    ("", "<", "", ""),
    ("", "a.", "", ""),
    ("", "a:", "", ""),
    ("", "$", "", ""),
    ("", "'", "", ""),
    ("", ";", "", ""),
    ("", "}", "", ""),
    ("", "\0", "", ""),
];

#[test]
fn flake_nix() {
    let repo = repo("");
    for (before, unit, middle, close) in NIX {
        let value = format!("{before}{}{middle}{}", unit.repeat(depth()), close.repeat(depth()));
        for text in [format!("{{ outputs = _: {value}; }}\n"), value] {
            repo.write("flake.nix", &text);
            let run = bounded(repo.path(), &["--format", "concise"]);
            assert!(run.stdout.len() < 4 << 20, "{unit:?}: {} bytes of findings", run.stdout.len());
        }
    }
}

#[test]
fn inputs_and_other_attributes() {
    let repo = repo("");
    let many = depth();
    for text in [
        format!("{{ inputs{}.url = \"x\"; outputs = _: {{ }}; }}", ".a.inputs".repeat(many)),
        format!("{{ inputs = {}1{}; outputs = _: {{ }}; }}", "{ a.inputs = ".repeat(many), "; }".repeat(many)),
        format!("{{ inputs.a.follows = \"{}\"; outputs = _: {{ }}; }}", "/a".repeat(many)),
        format!("{{ inputs.a.url = \"github:a/b?{}\"; outputs = _: {{ }}; }}", "x=y&".repeat(many)),
        format!("{{ description = \"{}\"; outputs = _: {{ }}; }}", "a\\n".repeat(many)),
        format!("{{ outputs = _: [{}]; }}", " ./p".repeat(many)),
        format!("{{ outputs = _: ./{}; }}", "../".repeat(many)),
        format!("# preflake: ignore[{}]\n{{ outputs = _: {{ }}; }}", "a,".repeat(many)),
        format!("{}{{ outputs = _: {{ }}; }}", "# preflake: ignore[missing-import]\n".repeat(many / 10)),
    ] {
        repo.write("flake.nix", &text);
        bounded(repo.path(), &["--format", "json"]);
    }
}

#[test]
fn flake_lock() {
    let repo = repo("{ inputs.x.url = \"github:o/x\"; outputs = _: { }; }\n");
    let many = depth();
    let nodes = |inner: String| format!("{{\"nodes\":{inner},\"root\":\"root\",\"version\":7}}");
    for text in [
        "[".repeat(many),
        format!("{}{}", "[".repeat(many), "]".repeat(many)),
        "{\"a\":".repeat(many),
        "[{\"a\":".repeat(many),
        nodes(format!("{{\"root\":{{\"inputs\":{{\"x\":{}{}}}}}}}", "[".repeat(many), "]".repeat(many))),
        nodes(format!("{{\"root\":{{\"inputs\":{{\"x\":[{}\"x\"]}}}}}}", "\"x\",".repeat(many))),
        nodes(format!("[{}1]", "1,".repeat(many))),
        format!("{{\"a\":\"{}", "\\u0041".repeat(many)),
        "<<<<<<< a\n".repeat(many),
        " ".repeat(many * 10),
    ] {
        repo.write("flake.lock", &text);
        repo.git(&["add", "--all"]);
        assert_eq!(bounded(repo.path(), &["--format", "concise"]).status, 1);
    }
}

#[test]
fn configuration() {
    let repo = repo(super::FLAKE);
    let many = depth();
    for text in [
        format!("exclude = {}", "[".repeat(many)),
        format!("exclude = {}{}", "[".repeat(many), "]".repeat(many)),
        format!("a{} = 1", ".a".repeat(many)),
        format!("[{}a]", "a.".repeat(many)),
        format!("a = {}", "{a=".repeat(many)),
        format!("a = {}1{}", "{a=".repeat(many), "}".repeat(many)),
        format!("exclude = [\"{}\"]", "{".repeat(many)),
        format!("exclude = [\"{}b{}\"]", "{a,".repeat(many), "}".repeat(many)),
        format!("exclude = [\"{}\"]", "**/".repeat(many)),
        format!("exclude = [\"{}\"]", "*a".repeat(many / 10)),
        format!("exclude = [\"{}\"]", "?".repeat(many)),
        format!("exclude = [\"[{}]\"]", "a-z".repeat(many)),
        format!("exclude = [{}]", "\"a*b\",".repeat(many / 10)),
        "[[a]]\n".repeat(many),
    ] {
        repo.write("preflake.toml", &text);
        bounded(repo.path(), &[]);
    }
}

/// Patterns that try everything against everything.
#[test]
fn ignore_files() {
    let repo = repo(super::FLAKE);
    repo.write(&format!("{}.nix", "a".repeat(200)), "");
    for text in ["*a".repeat(60) + "b\n", "**/".repeat(depth()) + "b\n", "[".repeat(depth()), "\\".repeat(depth())] {
        repo.write(".gitignore", &text.repeat(20));
        bounded(repo.path(), &["--format", "concise"]);
    }
}
