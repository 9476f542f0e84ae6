//! The README: its picture is real output, and the rules it names exist.

use std::path::Path;

use expect_test::expect_file;

use crate::ansi;
use crate::repo::{Repo, hermetic};

const START: &str = "<!-- picture: the output of preflake in tests/it/readme -->\n```text\n";

/// The text between two marks, and the text with something else there.
fn between<'a>(text: &'a str, start: &str, end: &str, instead: &str) -> (&'a str, String) {
    let first = text.find(start).expect("the mark is there") + start.len();
    let last = first + text[first..].find(end).expect("the end is there");
    (&text[first..last], format!("{}{instead}{}", &text[..first], &text[last..]))
}

/// Compares a part of the README with what it should be, or writes that with `UPDATE_EXPECT=1`.
fn is_part_of_the_readme(start: &str, end: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let (found, updated) = between(&readme, start, end, wanted);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, updated).expect("the README can be written");
    } else {
        assert_eq!(found, wanted, "UPDATE_EXPECT=1 cargo test --test it readme writes it");
    }
}

/// The repository of the README: an input too many in the lock, one that brings its own nixpkgs, a forgotten file.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", include_str!("readme/flake.nix"));
    repo.write("flake.lock", include_str!("readme/flake.lock"));
    repo.git(&["add", "--all"]);
    repo.write("hosts/vega/default.nix", "{ }\n");
    repo
}

#[test]
fn says_what_the_tool_says() {
    let repo = repo();
    let run = repo.preflake(&[]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    is_part_of_the_readme(START, "```\n", &format!("$ preflake\n{}", run.stdout));
}

#[test]
fn its_pictures_are_real_output() {
    let repo = repo();
    assert_eq!(repo.preflake(&["install"]).status, 0);
    let mut commit = hermetic("git", repo.path());
    let output = commit.env("FORCE_COLOR", "1").args(["commit", "-m", "Add vega"]).output().expect("git is installed");
    assert!(!output.status.success());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    let shown = format!("\u{1b}[32m$\u{1b}[0m git commit -m 'Add vega'\n{said}");
    let title =
        "A commit that preflake stops: two errors in flake.lock and flake.nix, two files that git does not track";
    expect_file!["../../docs/images/failing-commit.svg"].assert_eq(&ansi::to_svg(title, &shown));
    expect_file!["../../docs/images/inputs.svg"].assert_eq(&repo.preflake(&["graph", "--format", "svg"]).stdout);
}

#[test]
fn names_only_rules_that_exist() {
    let readme = include_str!("../../README.md");
    let section = readme.split("## Rules").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a section");
    let named: Vec<&str> = section.split('`').skip(1).step_by(2).filter(|word| word.contains('-')).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        let known = preflake::rules::RULES.iter().any(|rule| rule.name == name);
        assert!(known, "README.md names the rule `{name}`, which does not exist");
    }
}
