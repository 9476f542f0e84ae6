//! A process that was given little: stack, descriptors, threads, nowhere to write, nobody to write to. What it says is
//! right, or that it cannot be said.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::Stdio;

use super::{FLAKE, bounded, finished, first, repo};
use crate::repo::{Repo, Run, hermetic};

/// Runs a line of shell in which `$0` is preflake.
fn shell(repo: &Repo, line: &str) -> Run {
    finished(hermetic("sh", repo.path()).args(["-c", line, env!("CARGO_BIN_EXE_preflake")]))
}

/// With an untracked file, which every right answer names.
fn with_new_file() -> Repo {
    let repo = repo(FLAKE);
    repo.write("sub/old.nix", "{ }\n");
    repo.commit_all();
    repo.write("sub/new.nix", "{ }\n");
    repo
}

#[test]
fn a_small_stack() {
    let repo = repo("");
    let many = 9_000;
    // Without optimization, reading the command line alone takes more.
    let stack = if cfg!(debug_assertions) { 1024 } else { 256 };
    for (unit, middle, close) in
        [("x: ", "1", ""), ("[", "", "]"), ("(", "1", ")"), ("{a=", "1", ";}"), ("a ", "a", ""), ("a + ", "a", "")]
    {
        for many in [400, many] {
            let value = format!("{}{middle}{}", unit.repeat(many), close.repeat(many));
            repo.write("flake.nix", &format!("{{ outputs = _: {value}; }}\n"));
            for line in ["check --format concise", "fix --diff"] {
                let run = shell(&repo, &format!("ulimit -s {stack}; exec \"$0\" {line}"));
                assert!(matches!(run.status, 0 | 1), "{unit:?} {many} {line}: {} {}", run.status, run.stderr);
            }
        }
    }
}

/// A directory that could not be opened holds nothing that can be seen: that is no reason to call it fine.
#[test]
fn few_open_files() {
    let repo = with_new_file();
    for limit in 4..14 {
        for view in ["--worktree", "--staged"] {
            let run = shell(&repo, &format!("ulimit -n {limit}; exec \"$0\" check --format concise {view}"));
            let is_right = run.status == 1 && run.stdout.contains("sub/new.nix");
            let says_why = run.status == 2 && run.stderr.contains("Too many open files");
            assert!(is_right || says_why, "{limit} {view}: {} {}{}", run.status, run.stdout, run.stderr);
        }
        let run = shell(&repo, &format!("ulimit -n {limit}; exec \"$0\" check --rev HEAD"));
        assert!(run.status == 0 || says(&run), "{limit}: {} {}", run.status, run.stderr);
    }
}

fn says(run: &Run) -> bool {
    run.status == 2 && run.stderr.starts_with("preflake: ")
}

#[test]
fn little_memory() {
    let repo = with_new_file();
    let run = shell(&repo, "ulimit -v 60000; exec \"$0\" check --format concise");
    assert!(run.status == 1 && run.stdout.contains("sub/new.nix"), "{} {}", run.status, run.stderr);
}

/// A tree that threads would share, where none can be started.
#[test]
fn no_more_threads() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: root is not bound by a number of processes, and others cannot become somebody else");
        return;
    }
    let nobody = 54_321;
    let repo = repo(FLAKE);
    for number in 0..600 {
        repo.write(&format!("d{number}/x.nix"), "{ }\n");
    }
    repo.commit_all();
    repo.write("d500/new.nix", "{ }\n");
    // Where somebody else may call it.
    let program = repo.path().join("d500/preflake");
    fs::copy(env!("CARGO_BIN_EXE_preflake"), &program).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("ours");
    let _ = hermetic("chown", repo.path()).args(["-R", &nobody.to_string(), "."]).output();
    chown(repo.path(), Some(nobody), None).expect("root may");
    let line = "ulimit -u 1; exec d500/preflake check --format concise";
    let mut command = hermetic("setpriv", repo.path());
    let run = finished(command.args([&format!("--reuid={nobody}"), "--clear-groups", "sh", "-c", line]));
    if run.status == 127 {
        eprintln!("skipped: no setpriv(1)");
        return;
    }
    assert!(run.status == 1 && run.stdout.contains("d500/new.nix"), "{} {}", run.status, run.stderr);
}

/// What is closed is opened by nothing else: the report goes into no file of the repository.
#[test]
fn closed_outputs() {
    let repo = with_new_file();
    for (line, status) in [
        ("\"$0\" check >&-", 1),
        ("\"$0\" check 2>&-", 1),
        ("\"$0\" check >&- 2>&- <&-", 1),
        ("\"$0\" check --format json >&- 2>&-", 1),
        ("\"$0\" check --bogus 2>&-", 2),
        ("\"$0\" --version >&-", 0),
        ("\"$0\" rules >&-", 0),
        ("\"$0\" fix --diff >&- 2>&-", 0),
    ] {
        assert_eq!(shell(&repo, line).status, status, "{line}");
        assert_eq!(repo.git(&["status", "--porcelain", "--untracked-files"]), "?? sub/new.nix\n", "{line}");
    }
}

#[test]
fn readers_that_leave() {
    let repo = with_new_file();
    for (arguments, status) in [
        (&["check", "--format", "sarif"][..], 1),
        (&["check", "--format", "human"], 1),
        (&["rules"], 0),
        (&["explain", "stale-lock"], 0),
        (&["man"], 0),
    ] {
        for taken in [0, 1] {
            let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
            let command = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().expect("it runs");
            let mut out = child.stdout.take().expect("a pipe");
            let _ = out.read(&mut vec![0; taken]);
            drop(out);
            let output = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
            assert!(!said.contains("panicked") && !said.contains("pipe"), "{said}");
        }
    }
}

#[test]
fn nowhere_to_write() {
    let repo = with_new_file();
    for variables in ["TMPDIR=/nonexistent", "HOME=/nonexistent", "HOME=", "XDG_CONFIG_HOME=/dev/null"] {
        let run = shell(&repo, &format!("export {variables}; exec \"$0\" check --format concise"));
        assert!(run.status == 1 && run.stdout.contains("sub/new.nix"), "{variables}: {}", run.stderr);
    }
    let run = shell(&repo, "exec env -i \"$0\" check --format concise");
    assert!(run.status == 1 && run.stdout.contains("sub/new.nix"), "{}", run.stderr);
    let run = shell(&repo, "ulimit -f 0; trap '' XFSZ; exec \"$0\" check --output report");
    // Nor may the file grow that takes what is said.
    assert_eq!(run.status, 2);
    let run = shell(&repo, "TMPDIR=/nonexistent exec \"$0\" fix untracked-nix-file");
    assert_eq!((run.status, repo.git(&["diff", "--cached", "--name-only"]).as_str()), (0, "sub/new.nix\n"));
}

#[test]
fn a_directory_that_is_gone() {
    let repo = with_new_file();
    let run = shell(&repo, "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" check");
    assert!(says(&run) && run.stderr.contains("current directory"), "{} {}", run.status, run.stderr);
    let run = shell(&repo, "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" explain stale-lock");
    assert_eq!(run.status, 0, "{}", run.stderr);
}

/// Terminals, widths and times that nobody has.
#[test]
fn odd_surroundings() {
    let repo = with_new_file();
    for variable in [
        "COLUMNS=0",
        "COLUMNS=1",
        "COLUMNS=99999999999999999999",
        "COLUMNS=-1",
        "TERM='\u{1b}[31m'",
        "SOURCE_DATE_EPOCH=-99999999999999999999",
        "NO_COLOR=",
        "LC_ALL=tlh",
        "RUST_BACKTRACE=full",
    ] {
        let run = shell(&repo, &format!("export {variable}; exec \"$0\" check --format human"));
        assert!(run.status == 1 && run.stdout.contains("new.nix"), "{variable}: {} {}", run.status, run.stderr);
    }
}

/// Names in one directory, and directories in directories, without end. `PREFLAKE_DEPTH` says how many.
#[test]
fn very_many_names_and_paths_longer_than_any() {
    let many = std::env::var("PREFLAKE_DEPTH").ok().and_then(|text| text.parse().ok()).unwrap_or(5_000);
    let repo = repo(FLAKE);
    for number in 0..many {
        fs::write(repo.path().join(format!("{number}.txt")), "").expect("a file");
    }
    repo.write("last.nix", "{ }\n");
    let run = bounded(repo.path(), &["check", "--format", "concise"]);
    assert!(run.status == 1 && run.stdout.lines().count() == 1, "{}", first(&run.stdout));
    let name = "d".repeat(200);
    let deep = format!("for i in $(seq 60); do mkdir {name} && cd {name}; done; echo '{{ }}' > x.nix");
    shell(&repo, &deep);
    for view in ["--worktree", "--staged"] {
        let run = bounded(repo.path(), &["check", "--format", "concise", view]);
        assert!(run.status == 1 && run.stdout.contains("last.nix"), "{}", first(&run.stderr));
    }
}
