//! What a terminal would act on stands in names and contents, and reaches it in no format.

use super::{bounded, is_acted_on, repo};
use crate::repo::Repo;

/// Colours, a title, one byte for `ESC [`, one that turns text round, a bell, a carriage return.
const ODD: &str = "\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}2J\u{202e}\u{7f}\r";

const FORMATS: [&str; 6] = ["human", "concise", "json", "sarif", "github", "gitlab"];

fn every_format(repo: &Repo, views: &[&[&str]]) {
    for view in views {
        for format in FORMATS {
            let run = bounded(repo.path(), &[&["check", "--format", format, "--color", "never"], *view].concat());
            assert_eq!(run.status, 1, "{format} {view:?} finds nothing: {}", run.stderr);
        }
    }
}

#[test]
fn in_flake_nix() {
    let texts = [
        format!("{{ # {ODD}\n  outputs = _: missing; # {ODD}\n}}\n"),
        format!("{{ outputs = _: {{ \"{ODD}\" = missing; \"{ODD}\" = 1; }}; }}\n"),
        format!("{{ inputs.\"{ODD}\".url = \"x:{ODD}\"; outputs = _: {{ }}; }}\n"),
        format!("{{ inputs.a.follows = \"{ODD}\"; \"{ODD}\" = 1; outputs = _: {{ }}; }}\n"),
        format!("{{ inputs.a.{ODD} = 1; outputs = {ODD}; }}\n"),
        format!("{{ inputs.a.url = \"github:o/r/{ODD}\"; inputs.b.type = \"{ODD}\"; outputs = _: import ./{ODD}; }}\n"),
        format!("{{ description = \"{ODD}\"; outputs = {{ self, \"{ODD}\" }}: {{ }}; }}\n"),
        format!("# preflake: ignore[{ODD}]\n{{ outputs = _: {{ }}; }}\n"),
        ODD.to_owned(),
    ];
    for text in texts {
        every_format(&repo(&text), &[&["--worktree", "--deny-warnings"], &["--staged", "--deny-warnings"]]);
    }
}

#[test]
fn in_flake_lock() {
    let json = serde_json::to_string(ODD).expect("a string");
    let node = |body: &str| {
        format!(
            "{{\"nodes\":{{\"root\":{{\"inputs\":{{\"x\":{json}}}}},{json}:{body}}},\"root\":\"root\",\"version\":7}}"
        )
    };
    let reference = format!("{{\"type\":\"github\",\"owner\":{json},\"repo\":{json},\"rev\":{json}}}");
    let git = format!("{{\"type\":\"git\",\"url\":{json}}}");
    let texts = [
        node("{}"),
        node("[]"),
        node(&format!("{{\"locked\":{reference},\"original\":{reference}}}")),
        node(&format!("{{\"locked\":{git},\"original\":{git},\"inputs\":{{{json}:[{json}]}}}}")),
        format!("{{\"root\":{json},\"version\":7,\"nodes\":{{}}}}"),
        format!("{{\n<<<<<<< {ODD}\n=======\n>>>>>>> {ODD}\n}}"),
        ODD.to_owned(),
    ];
    for text in texts {
        let repo = repo("{ inputs.x.url = \"github:o/x\"; outputs = _: { }; }\n");
        repo.write("flake.lock", &text);
        repo.git(&["add", "--all"]);
        every_format(&repo, &[&["--worktree"], &["--staged"]]);
        bounded(repo.path(), &["fix", "--diff"]);
    }
}

#[test]
fn in_names() {
    let repo = repo(super::FLAKE);
    let name = ODD.replace('/', "");
    repo.write(&format!("{name}/flake.nix"), "{ outputs = _: import ./gone.nix; }\n");
    repo.write(&format!("{name}.txt"), "");
    repo.git(&["add", "--all"]);
    repo.write(".gitignore", &format!("{name}*/later.nix\n"));
    repo.write(&format!("{name}/new.nix"), "");
    every_format(&repo, &[&["--worktree"], &["--staged"]]);
    repo.git(&["add", "--force", "--all"]);
    repo.git(&["commit", "-q", "-m", &name]);
    repo.write(&format!("{name}/flake.nix"), super::FLAKE);
    every_format(&repo, &[&["--rev", "HEAD", "--deny-warnings"]]);
    bounded(repo.path(), &["fix", "untracked-nix-file"]);
}

/// Names of two lines, and names that are no text: each format still is what it says it is.
#[test]
fn names_of_two_lines_and_of_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let repo = repo(super::FLAKE);
    let write = |name: &[u8], text: &str| {
        let path = repo.path().join(OsStr::from_bytes(name));
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    };
    write(b"d\n\xff/flake.nix", "{ outputs = _: import ./gone.nix; }\n");
    repo.git(&["add", "--all"]);
    for name in
        [&b"a\nb.nix"[..], b"\xff\xfe.nix", b"%0A::error::x.nix", b"a,b:c=d.nix", b"--force.nix", b" .nix", b"\".nix"]
    {
        write(name, "{ }\n");
    }
    for format in FORMATS {
        let run = bounded(repo.path(), &["check", "--format", format, "--color", "never", "--deny-warnings"]);
        assert_eq!(run.status, 1, "{format}: {}", run.stderr);
        let parsed = serde_json::from_str::<serde_json::Value>(&run.stdout);
        match format {
            "json" | "sarif" | "gitlab" => drop(parsed.expect(format)),
            // One line each: seven files and an import.
            "concise" => assert_eq!(run.stdout.lines().count(), 8, "{}", run.stdout),
            "github" => {
                let commands = ["::error ", "::warning ", "::group::", "::endgroup::"];
                let is_command = |line: &str| commands.iter().any(|command| line.starts_with(command));
                assert!(run.stdout.lines().all(is_command), "{}", run.stdout);
                assert_eq!(run.stdout.lines().filter(|line| line.contains(" file=")).count(), 8, "{}", run.stdout);
            }
            _ => {}
        }
    }
    // Staged under their own names, whatever they look like.
    assert_eq!(bounded(repo.path(), &["fix", "untracked-nix-file"]).status, 0);
    assert_eq!(repo.git(&["ls-files", "-z"]).split_terminator('\0').count(), 9);
    assert_eq!(repo.git(&["ls-files", "--others"]), "");
}

#[test]
fn in_arguments_and_settings() {
    let repo = repo(super::FLAKE);
    for arguments in [
        &["--rev", ODD][..],
        &["--config", ODD],
        &["--select", ODD],
        &["explain", ODD],
        &["hook", ODD],
        &["fix", ODD],
        &["check", ODD],
        &["check", "--output", "/nowhere/\u{1b}[31m"],
    ] {
        let run = bounded(repo.path(), arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
    }
    for text in ["\"\u{1b}[31m\" = 1", "exclude = [\"[\\u001b[31m\"]", "[rules]\n\"\\u001b]0;x\\u0007\" = \"off\"", ODD]
    {
        repo.write("preflake.toml", text);
        assert_eq!(bounded(repo.path(), &[]).status, 2, "{text:?}");
    }
}

/// In a patch bytes are what they are, for `git apply`; on a terminal they are shown.
#[test]
fn in_a_patch_on_a_terminal() {
    let repo = repo(&format!("{{ outputs = _: {{ }}; }} # {ODD}\n# preflake: ignore[missing-import] {ODD}\n"));
    let mut script = crate::repo::hermetic("script", repo.path());
    let program = format!("{} fix --diff unused-ignore", env!("CARGO_BIN_EXE_preflake"));
    let Ok(output) = script.args(["-qec", &program, "/dev/null"]).stdin(std::process::Stdio::null()).output() else {
        eprintln!("skipped: no script(1)");
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    assert!(shown.contains("ignore[missing-import]"), "{shown}");
    assert!(!shown.contains(is_acted_on), "{shown:?}");
    let patch = repo.preflake(&["fix", "--diff", "unused-ignore"]).stdout;
    assert!(patch.contains(ODD.trim_end_matches('\r')), "{patch:?}");
}
