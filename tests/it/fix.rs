//! `preflake fix`: what it changes, what it leaves alone, and that nothing is ever lost.

use std::fs;
use std::process::Stdio;

use crate::repo::{Repo, hermetic};

const FLAKE: &str = include_str!("readme/flake.nix");
const LOCK: &str = include_str!("readme/flake.lock");

/// The repository of the README's picture: an input too many in the lock, a follows too few, a file not added.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", FLAKE);
    repo.write("flake.lock", LOCK);
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "all"]);
    repo.write("hosts/vega/default.nix", "{ }\n");
    repo
}

fn read(repo: &Repo, path: &str) -> String {
    fs::read_to_string(repo.path().join(path)).expect("a file")
}

fn rules(repo: &Repo) -> Vec<String> {
    repo.findings(&[]).iter().map(|finding| finding.split(' ').next().expect("a rule").to_owned()).collect()
}

#[test]
fn safe_fixes_are_applied_and_others_only_when_named() {
    let repo = repo();
    assert_eq!(rules(&repo), ["stale-lock", "missing-follows", "untracked-reference", "untracked-nix-file"]);
    let run = repo.preflake(&["fix"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert_eq!(rules(&repo), ["missing-follows", "untracked-reference", "untracked-nix-file"]);
    assert_eq!(read(&repo, "flake.nix"), FLAKE);
    let run = repo.preflake(&["fix", "missing-follows", "untracked-nix-file"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(rules(&repo), [""; 0]);
    assert!(read(&repo, "flake.nix").contains("    sops-nix.inputs.nixpkgs.follows = \"nixpkgs\";\n"));
    assert!(!read(&repo, "flake.lock").contains("nixpkgs_2"));
    assert_eq!(repo.git(&["diff", "--cached", "--name-only"]), "hosts/vega/default.nix\n", "edits are not staged");
    let before = (read(&repo, "flake.nix"), read(&repo, "flake.lock"));
    let run = repo.preflake(&["fix", "missing-follows", "untracked-nix-file"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, "preflake: nothing to fix\n"));
    assert_eq!((read(&repo, "flake.nix"), read(&repo, "flake.lock")), before);
}

#[test]
fn a_check_that_fixes_says_so() {
    let repo = repo();
    let run = repo.preflake(&["check", "--fix", "--format", "concise", "--select", "stale-lock"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    let run = repo.preflake(&["check", "--fix", "--format", "concise", "--select", "stale-lock"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    for view in [["--staged"].as_slice(), &["--rev", "HEAD"]] {
        assert_eq!(repo.preflake(&[&["check", "--fix"], view].concat()).status, 2);
    }
}

#[test]
fn the_patch_is_one_that_git_applies() {
    let repo = repo();
    // Without a line break at the end, and with carriage returns.
    let odd = FLAKE.trim_end().replace('\n', "\r\n");
    repo.write("flake.nix", &odd);
    let run = repo.preflake(&["fix", "--diff", "missing-follows"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert_eq!((read(&repo, "flake.nix"), read(&repo, "flake.lock").as_str()), (odd, LOCK), "nothing is written");
    let patch = repo.write("../fix.patch", &run.stdout);
    repo.git(&["apply", patch.to_str().expect("a path")]);
    let patched = (read(&repo, "flake.nix"), read(&repo, "flake.lock"));
    assert!(patched.0.contains("\r\n    sops-nix.inputs.nixpkgs.follows = \"nixpkgs\";\r\n"));
    let other = self::repo();
    other.write("flake.nix", &FLAKE.trim_end().replace('\n', "\r\n"));
    assert_eq!(other.preflake(&["fix", "missing-follows"]).status, 0);
    assert_eq!((read(&other, "flake.nix"), read(&other, "flake.lock")), patched);
    fs::remove_file(patch).expect("it is ours");
}

#[test]
fn what_is_staged_stays_staged() {
    let repo = repo();
    let staged = format!("# staged\n{FLAKE}");
    repo.write("flake.nix", &staged);
    repo.git(&["add", "flake.nix"]);
    repo.write("flake.nix", &format!("# not staged\n{staged}"));
    assert_eq!(repo.preflake(&["fix", "missing-follows"]).status, 0);
    assert_eq!(repo.git(&["show", ":flake.nix"]), staged);
    let now = read(&repo, "flake.nix");
    assert!(now.starts_with("# not staged\n# staged\n") && now.contains("sops-nix.inputs.nixpkgs.follows"));
}

#[cfg(unix)]
#[test]
fn modes_and_links_are_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let repo = repo();
    fs::set_permissions(repo.path().join("flake.lock"), fs::Permissions::from_mode(0o640)).expect("ours");
    repo.write("nix/flake.nix", FLAKE);
    fs::remove_file(repo.path().join("flake.nix")).expect("ours");
    symlink("nix/flake.nix", repo.path().join("flake.nix")).expect("a link");
    repo.write("nix/hosts/vega/default.nix", "{ }\n");
    repo.git(&["add", "--all"]);
    let run = repo.preflake(&["fix", "missing-follows"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mode = fs::metadata(repo.path().join("flake.lock")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(fs::symlink_metadata(repo.path().join("flake.nix")).expect("it is there").is_symlink());
    assert!(read(&repo, "nix/flake.nix").contains("sops-nix.inputs.nixpkgs.follows"));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_left_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = repo();
    fs::set_permissions(repo.path().join("flake.lock"), fs::Permissions::from_mode(0o444)).expect("ours");
    let run = repo.preflake(&["fix", "missing-follows"]);
    assert_eq!((run.status, run.stderr.as_str()), (2, "preflake: cannot write flake.lock: it is read-only\n"));
    assert_eq!((read(&repo, "flake.nix"), read(&repo, "flake.lock")), (FLAKE.to_owned(), LOCK.to_owned()));
    let left: Vec<_> =
        fs::read_dir(repo.path()).expect("a directory").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn the_index_is_left_alone_while_others_hold_it() {
    let repo = repo();
    repo.write(".git/index.lock", "");
    let run = repo.preflake(&["fix", "untracked-nix-file"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("another git process holds the index"), "{}", run.stderr);
    fs::remove_file(repo.path().join(".git/index.lock")).expect("ours");
    let index = repo.path().join(".git/index");
    let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
    let output = command.env("GIT_INDEX_FILE", index).args(["fix", "untracked-nix-file"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("inside a hook the index is not written"));
}

#[test]
fn a_lock_that_only_the_network_could_mend_is_told_of() {
    let repo = repo();
    repo.edit("flake.nix", "Mic92/sops-nix", "Mic92/other");
    let run = repo.preflake(&["fix", "stale-lock"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("nix flake"), "{}", run.stderr);
    assert_eq!(read(&repo, "flake.lock"), LOCK);
}

/// Killed at whatever moment, each file is whole, and one of old or new.
#[test]
fn killed_at_any_moment_every_file_is_whole() {
    let repo = repo();
    let fixed = self::repo();
    assert_eq!(fixed.preflake(&["fix", "missing-follows"]).status, 0);
    let new = (read(&fixed, "flake.nix"), read(&fixed, "flake.lock"));
    let rounds = std::env::var("PREFLAKE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(60_u64);
    for round in 0..rounds {
        repo.write("flake.nix", FLAKE);
        repo.write("flake.lock", LOCK);
        let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
        let command = command.args(["fix", "missing-follows"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it runs");
        std::thread::sleep(std::time::Duration::from_micros(round * 40_000 / rounds));
        let _ = child.kill();
        let _ = child.wait();
        let now = (read(&repo, "flake.nix"), read(&repo, "flake.lock"));
        assert!(now.0 == FLAKE || now.0 == new.0, "round {round}: flake.nix is neither old nor new");
        assert!(now.1 == LOCK || now.1 == new.1, "round {round}: flake.lock is neither old nor new");
        assert!(now.1 == LOCK || now.0 == new.0, "round {round}: the lock is there before its flake.nix");
    }
    let run = repo.preflake(&["fix", "missing-follows"]);
    assert_eq!(run.status, 0, "what a killed run left behind is in nobody's way: {}", run.stderr);
}

/// The system calls that can change a file or a directory, and those around them; what this machine does not have is
/// passed over.
#[cfg(target_os = "linux")]
const CALLS: &[&str] = &[
    "open",
    "openat",
    "creat",
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "truncate",
    "ftruncate",
    "copy_file_range",
    "sendfile",
    "close",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "fchownat",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "utimensat",
];

/// Killed at each of them in turn: what random moments may miss. strace counts each kind of call for itself, so each
/// kind has runs of its own.
#[cfg(target_os = "linux")]
#[test]
fn killed_at_each_system_call_every_file_is_whole() {
    let run = |repo: &Repo, inject: &str| {
        repo.write("flake.nix", FLAKE);
        repo.write("flake.lock", LOCK);
        let mut command = hermetic("strace", repo.path());
        let names: Vec<String> = CALLS.iter().map(|call| format!("?{call}")).collect();
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={}", names.join(","))]);
        command.args(["-e", inject, env!("CARGO_BIN_EXE_preflake"), "fix", "missing-follows"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    let fixed = self::repo();
    // The last call that is ever made comes long before this one.
    if !run(&fixed, "inject=?rename:signal=CONT:when=9999").is_ok_and(|status| status.success()) {
        eprintln!("skipped: no strace that works here");
        return;
    }
    let new = (read(&fixed, "flake.nix"), read(&fixed, "flake.lock"));
    assert_ne!(new.0, FLAKE);
    let repo = repo();
    let mut seen: std::collections::BTreeMap<(bool, bool), usize> = std::collections::BTreeMap::new();
    for call in CALLS {
        for number in 1.. {
            let inject = format!("inject=?{call}:signal=KILL:when={number}");
            if run(&repo, &inject).expect("it ran before").success() {
                break;
            }
            let now = (read(&repo, "flake.nix"), read(&repo, "flake.lock"));
            let place = format!("{call} {number}");
            assert!(now.0 == FLAKE || now.0 == new.0, "{place}: flake.nix is neither old nor new");
            assert!(now.1 == LOCK || now.1 == new.1, "{place}: flake.lock is neither old nor new");
            assert!(now.1 == LOCK || now.0 == new.0, "{place}: the lock is there before its flake.nix");
            if now.0 == new.0 && now.1 == LOCK {
                let found = rules(&repo);
                let is_expected = |rule: &String| rule == "stale-lock" || rule.starts_with("untracked-");
                assert!(found.iter().all(is_expected), "{place}: {found:?}");
            }
            *seen.entry((now.0 == new.0, now.1 == new.1)).or_default() += 1;
        }
    }
    // Before both, between them, and behind both.
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), [(false, false), (true, false), (true, true)], "{seen:?}");
}

#[test]
fn files_that_staged_files_name_are_staged_too() {
    let repo = repo();
    repo.write("hosts/vega/default.nix", "{ imports = [ ../../modules/a.nix ]; }\n");
    repo.write("modules/a.nix", "{ x = ./data.json; }\n");
    repo.write("modules/data.json", "{}\n");
    let run = repo.preflake(&["fix", "untracked-reference"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let staged = repo.git(&["diff", "--cached", "--name-only"]);
    assert_eq!(staged, "hosts/vega/default.nix\nmodules/a.nix\nmodules/data.json\n", "{}", run.stderr);
    let run = repo.preflake(&["fix", "untracked-reference"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, "preflake: nothing to fix\n"));
}

#[test]
fn nothing_is_written_where_the_index_cannot_be() {
    let repo = repo();
    repo.write(".git/index.lock", "");
    assert_eq!(repo.preflake(&["fix", "untracked-nix-file", "missing-follows"]).status, 2);
    assert_eq!((read(&repo, "flake.nix").as_str(), read(&repo, "flake.lock").as_str()), (FLAKE, LOCK));
}

/// Carriage returns inside a line, bytes that are not UTF-8, and names that git writes in quotes.
#[cfg(target_os = "linux")]
#[test]
fn the_patch_of_odd_files_is_one_that_git_applies() {
    use std::os::unix::ffi::OsStrExt as _;
    let comment = b"/* a\rb \xff\xfe */\n".as_slice();
    let unused = b"{ # preflake: ignore[missing-import] nothing\r\n  outputs = _: { }; }".as_slice();
    let text = [comment, unused].concat();
    let names = [b"a b/\xc3\xa9".as_slice(), b"q\"u\\o", b"tab\there", b"bad\xff"];
    let repo = repo();
    let other = self::repo();
    for repo in [&repo, &other] {
        for name in names {
            let dir = repo.path().join(std::ffi::OsStr::from_bytes(name));
            fs::create_dir_all(&dir).expect("a directory");
            fs::write(dir.join("flake.nix"), &text).expect("a file");
        }
        repo.git(&["add", "--all"]);
    }
    let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
    let output = command.args(["fix", "--diff", "unused-ignore"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let patch = repo.path().join(".git/fix.patch");
    fs::write(&patch, &output.stdout).expect("a file");
    repo.git(&["apply", patch.to_str().expect("a path")]);
    assert_eq!(other.preflake(&["fix", "unused-ignore"]).status, 0);
    for name in names {
        let file = std::path::Path::new(std::ffi::OsStr::from_bytes(name)).join("flake.nix");
        let now = fs::read(repo.path().join(&file)).expect("a file");
        assert_eq!(now, [comment, b"{\r\n  outputs = _: { }; }"].concat(), "{}", file.display());
        assert_eq!(now, fs::read(other.path().join(&file)).expect("a file"));
    }
}

#[test]
fn what_killed_runs_left_long_ago_is_removed() {
    let repo = repo();
    let old = repo.write(".flake.lock.preflake-1-0", "");
    let new = repo.write(".flake.lock.preflake-2-0", "");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(86_400);
    fs::File::options().write(true).open(&old).and_then(|file| file.set_modified(long_ago)).expect("ours");
    assert_eq!(repo.preflake(&["fix"]).status, 0);
    assert!(!old.exists() && new.exists(), "another run may be writing the newer one");
}

/// An input that was declared only to be followed is left over by the fix: a warning is no reason to leave an error.
#[test]
fn a_fix_may_leave_an_input_unused() {
    let repo = Repo::new();
    let node = |owner: &str, name: &str| {
        let rev = "1111111111111111111111111111111111111111";
        let reference = format!(r#""owner":"{owner}","repo":"{name}","type":"github""#);
        let hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let locked = format!(r#"{{{reference},"narHash":"{hash}","rev":"{rev}"}}"#);
        format!(r#""{name}":{{"locked":{locked},"original":{{{reference}}}}}"#)
    };
    let inputs = r#""inputs":{"a":"a","b":"b","c":"c","d":"d"}"#;
    let nodes = ["a", "b", "c", "d"].map(|name| node("o", name)).join(",");
    repo.write("flake.lock", &format!(r#"{{"nodes":{{{nodes},"root":{{{inputs}}}}},"root":"root","version":7}}"#));
    let declared = ["a", "b", "c", "d"].map(|name| format!("  inputs.{name}.url = \"github:o/{name}\";\n")).concat();
    let before =
        format!("{{\n{declared}  inputs.b.inputs.a.follows = \"a\";\n  outputs = {{ b, c, d, ... }}: b c d;\n}}\n");
    repo.write("flake.nix", &before);
    repo.commit_all();
    assert!(
        repo.findings(&["--select", "stale-follows"]).len() == 1 && rules(&repo).contains(&"stale-follows".to_owned())
    );
    repo.preflake(&["fix"]);
    assert!(!read(&repo, "flake.nix").contains("follows"));
    let left = rules(&repo);
    assert!(left.contains(&"unused-input".to_owned()) && !left.contains(&"stale-follows".to_owned()), "{left:?}");
}

/// Beside the old lock the override may not go, beside the one that `fix` writes it may: one run does both.
#[test]
fn what_the_new_lock_makes_good_is_fixed_in_the_same_run() {
    let repo = Repo::new();
    let node = |name: &str, inputs: &str| {
        format!(
            "\"{name}\":{{{inputs}\"locked\":{{\"narHash\":\"\",\"owner\":\"a\",\"repo\":\"{name}\",\"rev\":\"{}\",\
             \"type\":\"github\"}},\"original\":{{\"owner\":\"a\",\"repo\":\"{name}\",\"type\":\"github\"}}}}",
            "1".repeat(40)
        )
    };
    repo.write(
        "flake.nix",
        "{\n  inputs = {\n    nixpkgs.url = \"github:a/nixpkgs\";\n    other.url = \"github:a/other\";\n    \
         other.inputs.gone.follows = \"nowhere\";\n  };\n  outputs = { nixpkgs, other, ... }: { };\n}\n",
    );
    // As no Nix writes it, but as all read it: `inputs` is a name instead of a set.
    let nodes = [node("left", ""), node("nixpkgs", ""), node("other", "\"inputs\":\"nixpkgs\",")].join(",");
    let root = "\"root\":{\"inputs\":{\"left\":\"left\",\"nixpkgs\":\"nixpkgs\",\"other\":\"other\"}}";
    repo.write("flake.lock", &format!("{{\"nodes\":{{{nodes},{root}}},\"root\":\"root\",\"version\":7}}"));
    repo.commit_all();
    repo.preflake(&["fix"]);
    let once = (read(&repo, "flake.nix"), read(&repo, "flake.lock"));
    assert!(!once.0.contains("gone") && !once.1.contains("left"), "{}{}", once.0, once.1);
    repo.preflake(&["fix"]);
    assert_eq!((read(&repo, "flake.nix"), read(&repo, "flake.lock")), once);
}

/// Comments that suppress nothing go, wherever they stand, and nothing else does.
#[test]
fn comments_go_and_code_stays() {
    const MARK: &str = "preflake: ignore[missing-path]";
    for (before, after) in [
        ("{\n  # MARK why\n  a = 1;\n}\n", "{\n  a = 1;\n}\n"),
        ("{\n  a = 1; # MARK\n}\n", "{\n  a = 1;\n}\n"),
        ("{\r\n  # MARK\r\n  a = 1; # MARK\r\n}\r\n", "{\r\n  a = 1;\r\n}\r\n"),
        ("{\n  /* MARK */ a = 1;\n}\n", "{\n  a = 1;\n}\n"),
        ("{\n  /* MARK\n     because */\n  a = 1;\n}\n", "{\n  a = 1;\n}\n"),
        ("{\n  /* MARK\n     because */ a = 1;\n}\n", "{\n  a = 1;\n}\n"),
        ("{ a = 1; /* MARK\n     because */\n}\n", "{ a = 1;\n}\n"),
        ("{\n # MARK\r a = 1;\n}\n", "{\n a = 1;\n}\n"),
        ("{ a = 1; # MARK\r b = 2;\n}\n", "{ a = 1;\r b = 2;\n}\n"),
        ("{ f = a: a/* MARK */b; }\n", "{ f = a: a b; }\n"),
        ("{ f = a: /* MARK */ a; }\n", "{ f = a: a; }\n"),
        ("{ f = a: a /* MARK */ /* MARK */ a; }\n", "{ f = a: a a; }\n"),
        ("/* MARK */ { a = 1; } # MARK", "{ a = 1; }"),
        ("# MARK\n{ }", "{ }"),
        ("{ a = [ 1/* MARK */2 ]; }", "{ a = [ 1 2 ]; }"),
        ("{ a = \"${/* MARK */ x}\"; }", "{ a = \"${ x}\"; }"),
    ] {
        for name in ["flake.nix", "x.nix"] {
            let repo = Repo::new();
            let text = before.replace("MARK", MARK);
            if name == "x.nix" {
                repo.write("flake.nix", "{ outputs = _: import ./x.nix; }\n");
                repo.write("x.nix", &text);
            } else {
                // The same, as outputs.
                repo.write("flake.nix", &format!("{{ outputs = x: (\n{text}\n); }}\n"));
            }
            repo.git(&["add", "--all"]);
            let run = repo.preflake(&["fix", "unused-ignore"]);
            let found = std::fs::read_to_string(repo.path().join(name)).expect("it is there");
            let expected =
                if name == "x.nix" { after.to_owned() } else { format!("{{ outputs = x: (\n{after}\n); }}\n") };
            let code = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(code(&found), code(&expected), "{name} {before:?}: {}{}", run.stdout, run.stderr);
            assert!(found == expected || before.contains("${"), "{name} {before:?}: {found:?}");
            let again = repo.preflake(&["fix", "unused-ignore"]);
            assert_eq!(std::fs::read_to_string(repo.path().join(name)).ok(), Some(found), "{}", again.stdout);
        }
    }
}

/// A comment in front of code on its line speaks about that line.
#[test]
fn a_comment_in_front_of_code_suppresses_there() {
    let repo = Repo::new();
    repo.write(
        "flake.nix",
        "{\n  outputs = _: {\n    /* preflake: ignore[missing-import] made later */ x = import ./gone.nix;\n  };\n}\n",
    );
    repo.git(&["add", "--all"]);
    assert_eq!(repo.findings(&[]), [""; 0]);
}

/// A file that has two names has its comments once, and they count for both.
#[cfg(unix)]
#[test]
fn comments_of_a_linked_flake() {
    let repo = Repo::new();
    let used = "# preflake: ignore[missing-import]\nimport ./gone.nix";
    repo.write("real/f.nix", &format!("{{\n  # preflake: ignore[missing-path]\n  outputs = _:\n{used};\n}}\n"));
    std::os::unix::fs::symlink("real/f.nix", repo.path().join("flake.nix")).expect("a link");
    repo.git(&["add", "--all"]);
    let before = repo.findings(&[]);
    assert_eq!(before.iter().filter(|finding| finding.starts_with("unused-ignore")).count(), 1, "{before:?}");
    let run = repo.preflake(&["fix", "unused-ignore"]);
    assert!(run.status < 2, "{}", run.stderr);
    let found = std::fs::read_to_string(repo.path().join("real/f.nix")).expect("it is there");
    assert_eq!(found, format!("{{\n  outputs = _:\n{used};\n}}\n"));
    assert!(repo.path().join("flake.nix").is_symlink());
}

/// What no rule could look at is not called unused, let alone removed.
#[test]
fn comments_of_what_is_broken_stay() {
    let flake = "{\n  inputs.x.url = \"github:o/x\"; # preflake: ignore[missing-follows] why\n  outputs = { self, x }: import ./m.nix;\n}\n";
    let module = "{\n  a = import ./gone.nix; # preflake: ignore[missing-import] made later\n  b = ;\n}\n";
    for (lock, broken) in [(None, "m.nix"), (Some("<<<<<<< HEAD\n{ }\n"), "flake.lock"), (Some("{ }"), "m.nix")] {
        let repo = Repo::new();
        repo.write("flake.nix", flake);
        repo.write("m.nix", module);
        if let Some(lock) = lock {
            repo.write("flake.lock", lock);
        }
        repo.git(&["add", "--all"]);
        let found = repo.findings(&[]);
        assert!(!found.iter().any(|finding| finding.starts_with("unused-ignore")), "{broken}: {found:?}");
        repo.preflake(&["fix", "unused-ignore"]);
        for (name, text) in [("flake.nix", flake), ("m.nix", module)] {
            assert_eq!(std::fs::read_to_string(repo.path().join(name)).ok().as_deref(), Some(text), "{broken}");
        }
    }
}

/// A comment that goes must not let another one speak about what it did not speak about before.
#[test]
fn comments_that_go_leave_every_finding() {
    for module in [
        "{\n a = import\n   ./gone.nix /* preflake: ignore[missing-path]\n   */ # preflake: ignore[missing-import]\n ;\n}\n",
        "{ a = import # preflake: ignore[stale-lock]\n /* preflake: ignore[missing-path] */ /* preflake: ignore[missing-import]\n */ ./gone.nix;\n}\n",
        "let b = \"x\"; in {\n  a = \"${b # why\n}\";\n  # preflake: ignore[missing-path]\r  c = import ./gone.nix;\n}\n",
    ] {
        let repo = Repo::new();
        repo.write("flake.nix", "{ outputs = _: import ./m.nix; }\n");
        repo.write("m.nix", module);
        repo.git(&["add", "--all"]);
        let is_import = |finding: &String| finding.starts_with("missing-import");
        assert_eq!(repo.findings(&[]).iter().filter(|finding| is_import(finding)).count(), 1, "{module}");
        repo.preflake(&["fix", "unused-ignore"]);
        let now = std::fs::read_to_string(repo.path().join("m.nix")).expect("it is there");
        assert_eq!(repo.findings(&[]).iter().filter(|finding| is_import(finding)).count(), 1, "{module}: {now}");
        assert!(now.contains("./gone.nix"), "{now}");
    }
}
