//! `preflake fix` stages what `git add` would stage, byte for byte, and nothing else.

use std::fs;
use std::path::Path;

use crate::repo::{Repo, hermetic, run};

const FLAKE: &str = r#"{
  outputs = { self, ... }: {
    modules = [ ./new.nix ./windows.nix ./link.nix ./dir ];
    script = ./run.sh;
    text = builtins.readFile (self + "/a b/[note]*.txt");
    data = ./data;
    kept = ./secret.key;
  };
}
"#;

/// What `fix` is to stage. `scratch.txt` is named nowhere, and `secret.key` is ignored.
const WANTED: &[&str] = &[
    "a b/[note]*.txt",
    "data",
    "dir",
    "intended.nix",
    "link.nix",
    "loose/module.nix",
    "new.nix",
    "run.sh",
    "windows.nix",
];

const RULES: &[&str] = &["untracked-nix-file", "untracked-reference", "intent-to-add"];

/// A repository with filters, and files of every kind that are not added.
#[cfg(unix)]
fn fill(repo: &Repo) {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    repo.write("flake.nix", FLAKE);
    repo.write(".gitattributes", "*.txt filter=upper\nwindows.nix text eol=crlf\n");
    repo.write(".gitignore", "*.key\n");
    repo.commit_all();
    repo.git(&["config", "filter.upper.clean", "tr a-z A-Z"]);
    repo.write("new.nix", "{ }\n");
    repo.write("windows.nix", "{\r\n}\r\n");
    symlink("new.nix", repo.path().join("link.nix")).expect("a link");
    repo.write("dir/default.nix", "{ }\n");
    repo.write("data/one.txt", "one\n");
    repo.write("data/deep/two.bin", "\0\x01");
    repo.write("data/skipped.key", "no");
    let script = repo.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("ours");
    repo.write("a b/[note]*.txt", "shout\n");
    repo.write("a b/nothing.txt", "quiet\n");
    repo.write("loose/module.nix", "{ }\n");
    repo.write("intended.nix", "{ }\n");
    repo.git(&["add", "-N", "intended.nix"]);
    repo.write("scratch.txt", "");
    repo.write("secret.key", "no");
}

fn index(repo: &Repo) -> String {
    repo.git(&["ls-files", "--stage"])
}

#[cfg(unix)]
#[test]
fn the_index_is_the_one_that_git_add_makes() {
    for options in [&[][..], &["--object-format=sha256"], &["--ref-format=reftable"]] {
        let (ours, gits) = (Repo::with(options), Repo::with(options));
        fill(&ours);
        fill(&gits);
        let run = ours.preflake(&[&["fix"], RULES].concat());
        assert_eq!(run.status, 1, "what is ignored is left: {}", run.stderr);
        let add = [&["--literal-pathspecs", "add", "--"], WANTED].concat();
        gits.git(&add);
        assert_eq!(index(&ours), index(&gits), "{options:?}");
        assert!(index(&ours).contains("100755") && index(&ours).contains("120000"));
        assert_eq!(ours.git(&["show", ":a b/[note]*.txt"]), "SHOUT\n");
        assert_eq!(ours.git(&["show", ":windows.nix"]), "{\n}\n");
        let run = ours.preflake(&[&["fix"], RULES].concat());
        assert!(run.stderr.contains("nothing to fix"), "{}", run.stderr);
    }
}

#[test]
fn each_rule_stages_its_own() {
    for (rule, wanted) in [
        ("untracked-nix-file", "loose/module.nix\nnew.nix\n"),
        ("untracked-reference", "new.nix\nnote.txt\n"),
        ("intent-to-add", "intended.nix\n"),
    ] {
        let repo = Repo::new();
        repo.write("flake.nix", "{ outputs = _: { modules = [ ./new.nix ]; note = ./note.txt; }; }\n");
        repo.commit_all();
        for path in ["new.nix", "loose/module.nix", "intended.nix"] {
            repo.write(path, "{ }\n");
        }
        repo.write("note.txt", "");
        repo.git(&["add", "-N", "intended.nix"]);
        let run = repo.preflake(&["fix", rule]);
        assert_eq!(run.status, 0, "{rule}: {}", run.stderr);
        assert_eq!(repo.git(&["diff", "--cached", "--name-only"]), wanted, "{rule}");
    }
}

#[test]
fn a_staged_change_is_not_overwritten() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { modules = [ ./a.nix ./new.nix ]; }; }\n");
    repo.write("a.nix", "{ }\n");
    repo.commit_all();
    repo.write("a.nix", "{ staged = 1; }\n");
    repo.git(&["add", "a.nix"]);
    repo.write("a.nix", "{ notStaged = 1; }\n");
    repo.write("new.nix", "{ }\n");
    assert_eq!(repo.preflake(&[&["fix"], RULES].concat()).status, 0);
    assert_eq!(repo.git(&["show", ":a.nix"]), "{ staged = 1; }\n");
    assert_eq!(repo.git(&["diff", "--cached", "--name-only"]), "a.nix\nnew.nix\n");
}

#[test]
fn from_a_sub_directory_and_a_linked_worktree() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { modules = [ ./m/a.nix ]; }; }\n");
    repo.write("m/b.nix", "{ }\n");
    repo.commit_all();
    repo.git(&["worktree", "add", "-q", "side"]);
    repo.write(".git/info/exclude", "/side\n");
    repo.write("m/a.nix", "{ }\n");
    repo.write("side/m/a.nix", "{ }\n");
    for root in [repo.path().to_owned(), repo.path().join("side")] {
        assert_eq!(run(&root.join("m"), &[&["fix"], RULES].concat()).status, 0);
        let output = hermetic("git", &root).args(["diff", "--cached", "--name-only"]).output().expect("git runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "m/a.nix\n", "{}", root.display());
    }
}

/// A hook that fixes would change the commit under way: each of git's ways to commit must be recognised.
#[test]
fn inside_a_hook_the_index_is_left_alone() {
    for arguments in [&["-m", "x"][..], &["-a", "-m", "x"], &["-m", "x", "flake.nix"], &["--amend", "-m", "x"]] {
        let repo = Repo::new();
        repo.write("flake.nix", "{ outputs = _: { modules = [ ]; }; }\n");
        repo.commit_all();
        repo.write("flake.nix", "{ outputs = _: { modules = [ ./new.nix ]; }; }\n");
        repo.write("new.nix", "{ }\n");
        repo.git(&["add", "flake.nix"]);
        let hook = "#!/bin/sh\npreflake fix untracked-nix-file untracked-reference intent-to-add 2> \"$HOME/said\"\n";
        executable(&repo.write(".git/hooks/pre-commit", hook));
        assert!(!repo.try_git(&[&["commit", "-q"], arguments].concat()).status.success(), "{arguments:?}");
        let said = fs::read_to_string(repo.path().join("said")).expect("the hook ran");
        assert!(said.contains("inside a hook the index is not written"), "{arguments:?}: {said}");
        assert_eq!(repo.git(&["ls-files", "new.nix"]), "", "{arguments:?}");
    }
}

#[cfg(unix)]
fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("ours");
}

#[cfg(not(unix))]
fn executable(_: &Path) {}
