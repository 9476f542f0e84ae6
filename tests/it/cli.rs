//! The command line: views, statuses, formats, configuration, suppressions, first contact.

use crate::repo::{Repo, run};

const UNDEFINED: &str = "{ outputs = _: missing; }\n";

#[test]
fn no_flake_is_no_error() {
    let repo = Repo::new();
    let done = repo.preflake(&[]);
    assert_eq!((done.status, done.stdout.as_str()), (0, ""));
    assert!(done.stderr.contains("no flake.nix"), "{}", done.stderr);
}

#[test]
fn without_git_everything_is_visible() {
    let dir = tempfile::tempdir().expect("a place for files");
    std::fs::write(dir.path().join("flake.nix"), UNDEFINED).expect("a file");
    let done = run(dir.path(), &["--format", "concise"]);
    assert_eq!(done.status, 1);
    assert_eq!(done.stdout, "flake.nix:1:16: error[invalid-flake] undefined variable `missing`\n");
    let staged = run(dir.path(), &["--staged"]);
    assert_eq!(staged.status, 2);
    assert_eq!(staged.stdout, "");
}

#[test]
fn the_view_decides() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.commit_all();
    repo.write("flake.nix", UNDEFINED);
    assert_eq!(repo.preflake(&["--rev", "HEAD"]).status, 0);
    assert_eq!(repo.preflake(&["--staged"]).status, 0);
    assert_eq!(repo.preflake(&[]).status, 1);
    assert_eq!(repo.preflake(&["--rev", "nowhere"]).status, 2);
    repo.git(&["clone", "-q", "--bare", ".", "bare.git"]);
    assert_eq!(run(&repo.path().join("bare.git"), &[]).status, 0);
}

#[test]
fn statuses_are_the_same_for_every_format() {
    let repo = Repo::new();
    repo.write("flake.nix", UNDEFINED);
    repo.commit_all();
    for format in ["human", "concise", "json"] {
        assert_eq!(repo.preflake(&["--format", format]).status, 1, "{format}");
        assert_eq!(repo.preflake(&["--format", format, "--exit-zero"]).status, 0, "{format}");
    }
    assert_eq!(repo.preflake(&["--format", "nonsense"]).status, 2);
    assert_eq!(repo.preflake(&["--select", "nonsense"]).status, 2);
}

#[test]
fn several_flakes_and_paths() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.write("a/flake.nix", UNDEFINED);
    repo.write("b/flake.nix", "{ outputs = _: { }; }\n");
    repo.write("b/sub/x", "");
    repo.commit_all();
    assert_eq!(repo.findings(&[]), ["invalid-flake a/flake.nix:1"]);
    assert_eq!(repo.findings(&["b"]), [] as [&str; 0]);
    assert_eq!(repo.findings(&["b/sub"]), [] as [&str; 0]);
    assert_eq!(repo.findings(&["a"]), ["invalid-flake a/flake.nix:1"]);
    assert_eq!(repo.preflake(&["/"]).status, 2);
}

#[test]
fn configuration_changes_levels_and_leaves_files_out() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.write("a/flake.nix", UNDEFINED);
    repo.write("preflake.toml", "[rules]\ninvalid-flake = \"warn\"\n");
    repo.commit_all();
    assert_eq!(repo.preflake(&[]).status, 0);
    assert_eq!(repo.preflake(&["--deny-warnings"]).status, 1);
    assert_eq!(repo.preflake(&["--no-config"]).status, 1);
    repo.write("preflake.toml", "exclude = [\"a/**\"]\n");
    assert_eq!(repo.findings(&[]), [] as [&str; 0]);
    assert_eq!(repo.findings(&["--staged"]).len(), 1, "the staged configuration counts there");
    repo.write("preflake.toml", "[rules]\ninvalid-flak = \"off\"\n");
    let done = repo.preflake(&[]);
    assert_eq!(done.status, 2);
    assert!(done.stderr.contains("preflake.toml:2: ") && done.stderr.contains("`invalid-flake`"), "{}", done.stderr);
}

#[test]
fn a_comment_suppresses_at_its_line_only() {
    let repo = Repo::new();
    repo.write("flake.nix", "{\n  # preflake: ignore[invalid-flake] known\n  outputs = _: missing;\n}\n");
    repo.commit_all();
    let done = repo.preflake(&["--format", "json"]);
    assert_eq!(done.status, 0, "{}", done.stdout);
    assert!(done.stdout.contains("\"ignored\": 1"), "{}", done.stdout);
    repo.write("flake.nix", "{\n  outputs = _: missing;\n  # preflake: ignore[invalid-flake] known\n}\n");
    assert_eq!(repo.findings(&[]), ["invalid-flake flake.nix:2", "unused-ignore flake.nix:3"]);
    repo.write("flake.nix", "{\n  outputs = _: missing + \" # preflake: ignore[invalid-flake]\";\n}\n");
    assert_eq!(repo.findings(&[]), ["invalid-flake flake.nix:2"]);
}

#[test]
fn a_comment_that_suppresses_nothing_is_found_in_any_nix_file() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: import ./a.nix; }\n");
    repo.write("a.nix", "[\n  # preflake: ignore[missing-path] nothing\n  ./b.nix\n  ./c.txt # preflake: ignore[missing-path] kept elsewhere\n]\n");
    repo.write("b.nix", "\"preflake: ignore[missing-path]\"\n");
    repo.commit_all();
    assert_eq!(repo.findings(&[]), ["unused-ignore a.nix:2"]);
    repo.write("preflake.toml", "exclude = [\"a.nix\"]\n");
    assert_eq!(repo.findings(&[]), [""; 0]);
    std::fs::remove_file(repo.path().join("preflake.toml")).expect("it is there");
    assert_eq!(repo.preflake(&["fix", "unused-ignore"]).status, 0);
    assert_eq!(repo.findings(&[]), [""; 0]);
    let text = std::fs::read_to_string(repo.path().join("a.nix")).expect("a file");
    assert_eq!(text, "[\n  ./b.nix\n  ./c.txt # preflake: ignore[missing-path] kept elsewhere\n]\n");
}

/// What is untracked here is not there at all in the commit.
#[test]
fn a_comment_for_every_view_is_used_in_each() {
    let repo = Repo::new();
    let reason = "preflake: ignore[untracked-reference, missing-import] made by a script";
    repo.write("flake.nix", &format!("{{\n  outputs = _: import ./local.nix; # {reason}\n}}\n"));
    repo.commit_all();
    repo.write("local.nix", "{ }\n");
    for view in [&["--select=untracked-reference,unused-ignore,missing-import"][..], &["--rev", "HEAD"]] {
        assert_eq!(repo.findings(view), [""; 0], "{view:?}");
    }
    repo.git(&["add", "local.nix"]);
    assert_eq!(repo.findings(&[]), ["unused-ignore flake.nix:2", "unused-ignore flake.nix:2"]);
}

#[test]
fn a_dash_is_standard_output() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.commit_all();
    for arguments in [&["--format", "json"][..], &["graph", "--format", "svg"]] {
        let plain = repo.preflake(arguments);
        let dash = repo.preflake(&[arguments, &["--output", "-"]].concat());
        assert_eq!((dash.status, dash.stdout), (0, plain.stdout));
    }
    assert!(!repo.path().join("-").exists());
}

#[test]
fn nothing_reaches_the_terminal_unescaped() {
    let repo = Repo::new();
    repo.write(
        "flake.nix",
        "{\n  # \u{1b}[31mred\u{1b}[0m \u{202e}\n  outputs = _: missing; # \u{1b}]0;title\u{7}\n}\n",
    );
    repo.write("\u{1b}[2J.nix", "{ }\n");
    repo.git(&["add", "flake.nix"]);
    for format in ["human", "concise"] {
        let done = repo.preflake(&["--format", format]);
        assert_eq!(done.status, 1);
        assert!(!done.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{format}: {:?}", done.stdout);
    }
}

#[test]
fn a_minified_lock_is_not_printed_whole() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.write(
        "flake.lock",
        &format!("{{\"nodes\":{{}},\"root\":\"root\",\"version\":9,\"x\":\"{}\"}}", "y".repeat(1 << 20)),
    );
    repo.commit_all();
    let done = repo.preflake(&[]);
    assert_eq!(done.status, 1);
    assert!(done.stdout.len() < 4096, "{} bytes", done.stdout.len());
}

#[test]
fn a_report_names_both_places() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ inputs.a.url = \"github:o/a\"; outputs = _: { }; }\n");
    repo.write("flake.lock", "{\n  \"nodes\": {\n    \"root\": {}\n  },\n  \"root\": \"root\",\n  \"version\": 7\n}\n");
    repo.commit_all();
    let done = repo.preflake(&[]);
    assert!(done.stdout.contains("flake.nix:1:") && done.stdout.contains("flake.lock:3:"), "{}", done.stdout);
    assert!(done.stdout.contains("nix flake lock"), "{}", done.stdout);
}

#[test]
fn pages_and_tables() {
    let repo = Repo::new();
    assert!(repo.preflake(&["explain", "stale-lock"]).stdout.starts_with("# stale-lock"));
    assert_eq!(repo.preflake(&["explain", "stale-lok"]).status, 2);
    assert!(repo.preflake(&["rules"]).stdout.lines().count() >= 9);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish", "nushell"] {
        let script = repo.preflake(&["completions", shell]).stdout;
        // clap writes the values of arguments for these four.
        let has_values = ["bash", "zsh", "fish", "nushell"].contains(&shell);
        assert!(script.contains("preflake") && (script.contains("stale-lock") || !has_values), "{shell}: {script}");
    }
    assert!(repo.preflake(&["man"]).stdout.contains("preflake\\-graph(1)"));
    assert!(repo.preflake(&["man", "graph"]).stdout.contains("\\-\\-depth"));
    assert_eq!(repo.preflake(&["man", "--out", "man"]).status, 0);
    for page in ["preflake.1", "preflake-check.1", "preflake-graph.1"] {
        let page = std::fs::read_to_string(repo.path().join("man").join(page)).expect("a page");
        assert!(page.contains(".TH "), "{page}");
    }
    assert!(!repo.path().join("man/preflake-hook.1").exists(), "it is not for people");
}
