//! What is different on a terminal: `script` lends one, and where there is no `script` these tests pass without it.

use crate::repo::{Repo, hermetic};

/// What preflake writes to a terminal.
fn on_a_terminal(repo: &Repo, arguments: &str, variables: &[(&str, &str)]) -> Option<String> {
    let mut command = hermetic("script", repo.path());
    command.args(["-qec", &format!("preflake {arguments}"), "/dev/null"]).env("TERM", "xterm-256color");
    command.envs(variables.iter().copied()).stdin(std::process::Stdio::null());
    let output = command.output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n"))
}

fn broken() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: missing; }\n");
    repo.git(&["add", "flake.nix"]);
    repo
}

const PAGE: &str = "https://github.com/preflake/preflake/blob/v0.1.0/src/rules/invalid_flake.md";

#[test]
fn colours_and_links_where_they_are_shown() {
    let repo = broken();
    let Some(plain) = on_a_terminal(&repo, "", &[("NO_COLOR", "1"), ("FORCE_HYPERLINK", "1")]) else { return };
    assert!(plain.starts_with("error[invalid-flake]: "), "{plain:?}");
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let dumb = on_a_terminal(&repo, "", &[("TERM", "dumb")]).expect("as above");
    assert_eq!(dumb, plain);
    let colored = on_a_terminal(&repo, "", &[]).expect("as above");
    assert!(colored.starts_with("\u{1b}[1;31merror[invalid-flake]\u{1b}[0m: "), "{colored:?}");
    let linked = on_a_terminal(&repo, "", &[("FORCE_HYPERLINK", "1")]).expect("as above");
    let name = format!("error[\u{1b}]8;;{PAGE}\u{1b}\\invalid-flake\u{1b}]8;;\u{1b}\\]");
    assert!(linked.contains(&name), "{linked:?}");
    let piped = repo.preflake(&["--color", "always"]).stdout;
    assert!(piped.contains("\u{1b}[1;31m") && !piped.contains("\u{1b}]8"), "{piped:?}");
}

#[test]
fn long_lines_are_broken_between_words_and_not_in_commands() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: import ./modules/services/networking; }\n");
    repo.git(&["add", "flake.nix"]);
    repo.write("modules/services/networking/default.nix", "{ }\n");
    let Some(shown) = on_a_terminal(&repo, "", &[("NO_COLOR", "1"), ("COLUMNS", "80")]) else { return };
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let title = "error[untracked-reference]: `modules/services/networking` is not tracked by git,";
    assert_eq!(shown[..2], [title, "  so the flake does not see it"], "{shown:#?}");
    let help = "  help: run `git add modules/services/networking/default.nix`, or ignore the";
    let at = shown.iter().position(|line| *line == help).unwrap_or_else(|| panic!("{shown:#?}"));
    assert_eq!(shown[at + 1], "        file if the flake does not need it");
}

#[test]
fn the_page_of_a_rule_exists() {
    for rule in preflake::rules::RULES {
        let page = rule.page();
        let file = page.split("/blob/v0.1.0/").nth(1).expect("a file of this version");
        assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file).is_file(), "{page}");
    }
}

#[test]
fn explain_is_for_reading_and_goes_through_the_pager() {
    let repo = broken();
    let explain = |variables: &[(&str, &str)]| on_a_terminal(&repo, "explain stale-lock", variables);
    let Some(paged) = explain(&[("PAGER", "sed 's/^/> /'")]) else { return };
    assert!(paged.starts_with("> \u{1b}[1;4mstale-lock\u{1b}[0m\n>\u{20}\n> \u{1b}[1mWhat it does"), "{paged:?}");
    for variables in [&[("PAGER", "cat")][..], &[("PAGER", "no-such-pager")], &[("PAGER", "")]] {
        let printed = explain(variables).expect("as above");
        assert!(printed.starts_with("\u{1b}[1;4mstale-lock"), "{variables:?}: {printed:?}");
    }
    let piped = repo.preflake(&["explain", "stale-lock"]).stdout;
    assert!(piped.starts_with("# stale-lock\n\n## What it does"), "as it is written: {piped:?}");
}

#[test]
fn the_table_of_rules_fits() {
    let repo = broken();
    let Some(table) = on_a_terminal(&repo, "rules", &[("COLUMNS", "80"), ("NO_COLOR", "1")]) else { return };
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    let piped = repo.preflake(&["rules"]).stdout;
    assert_eq!(piped.lines().count(), preflake::rules::RULES.len(), "one line each, for programs");
}
