//! Others work at the same time: files change under way, two fix at once, git holds the index, signals come.

use std::fs;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::bounded;
use crate::repo::{Repo, hermetic};

const FLAKE: &str = include_str!("../readme/flake.nix");
const LOCK: &str = include_str!("../readme/flake.lock");

fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", FLAKE);
    repo.write("flake.lock", LOCK);
    repo.write("hosts/vega/default.nix", "{ }\n");
    repo.commit_all();
    repo
}

fn read(repo: &Repo, name: &str) -> String {
    fs::read_to_string(repo.path().join(name)).expect("a file")
}

#[test]
fn files_that_change_while_they_are_read() {
    let repo = repo();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                repo.write("flake.nix", &FLAKE[..round * 37 % FLAKE.len()]);
                repo.write("flake.lock", &LOCK.repeat(round % 3));
                repo.write("hosts/vega/new.nix", "{ }\n");
                let _ = fs::remove_file(repo.path().join("hosts/vega/new.nix"));
                let _ = fs::remove_file(repo.path().join("flake.lock"));
                let _ = repo.try_git(&["add", "--all"]);
            }
        });
        for round in 0..12 {
            let view = ["--worktree", "--staged"][round % 2];
            let run = bounded(repo.path(), &["check", "--format", "json", view]);
            if run.status < 2 {
                serde_json::from_str::<serde_json::Value>(&run.stdout).expect("a whole report");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// Each is whole, and what one has changed the other does not undo.
#[test]
fn two_that_fix_at_once() {
    let fixed = self::repo();
    assert_eq!(fixed.preflake(&["fix", "missing-follows"]).status, 0);
    let new = (read(&fixed, "flake.nix"), read(&fixed, "flake.lock"));
    for _ in 0..5 {
        let repo = self::repo();
        let start = || {
            let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
            let command = command.args(["fix", "missing-follows"]).stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("it runs")
        };
        let children: Vec<_> = (0..4).map(|_| start()).collect();
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(output.status.code(), Some(0..=2)), "{said}");
        }
        assert!(repo.preflake(&["fix", "missing-follows"]).status == 0);
        assert_eq!((read(&repo, "flake.nix"), read(&repo, "flake.lock")), new);
        assert_eq!(repo.git(&["status", "--porcelain", "--untracked-files"]), " M flake.lock\n M flake.nix\n");
    }
}

#[test]
fn the_index_is_locked_by_another_process() {
    let repo = repo();
    repo.write(".git/index.lock", "");
    repo.write("new.nix", "{ }\n");
    for view in ["--worktree", "--staged"] {
        let run = bounded(repo.path(), &["check", "--format", "concise", view]);
        assert!(run.status == 1 && run.stdout.contains("new.nix"), "{}", run.stderr);
    }
    let run = bounded(repo.path(), &["fix", "untracked-nix-file"]);
    assert!(run.status == 2 && run.stderr.contains("index.lock"), "{}", run.stderr);
    assert_eq!(repo.git(&["ls-files", "new.nix"]), "");
}

/// Told to end in the middle of a fix, by each signal that people and systems send.
#[test]
fn signals_in_the_middle_of_a_fix() {
    let fixed = self::repo();
    assert_eq!(fixed.preflake(&["fix", "missing-follows"]).status, 0);
    let new = (read(&fixed, "flake.nix"), read(&fixed, "flake.lock"));
    let repo = repo();
    for round in 0..24_u64 {
        repo.write("flake.nix", FLAKE);
        repo.write("flake.lock", LOCK);
        let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
        let command = command.args(["fix", "missing-follows"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it runs");
        std::thread::sleep(Duration::from_micros(round * 1_500));
        let signal = ["INT", "TERM", "HUP", "QUIT", "PIPE", "XCPU"][usize::try_from(round).expect("small") % 6];
        let _ = hermetic("sh", repo.path()).args(["-c", &format!("kill -{signal} {}", child.id())]).output();
        child.wait().expect("it ends");
        let now = (read(&repo, "flake.nix"), read(&repo, "flake.lock"));
        assert!(now.0 == FLAKE || now.0 == new.0, "{signal}: flake.nix is neither old nor new");
        assert!(now.1 == LOCK || now.1 == new.1, "{signal}: flake.lock is neither old nor new");
        assert!(now.1 == LOCK || now.0 == new.0, "{signal}: the lock is there before its flake.nix");
    }
    assert_eq!(repo.preflake(&["fix", "missing-follows"]).status, 0);
}

/// Who reads the report has gone, or there is no room for it.
#[test]
fn reports_that_nobody_takes() {
    let repo = repo();
    repo.write("new.nix", "{ }\n");
    for format in ["human", "concise", "json", "sarif", "github", "gitlab"] {
        let to = |file: &str| {
            let line = format!("'{}' check --format {format} > {file}", env!("CARGO_BIN_EXE_preflake"));
            hermetic("sh", repo.path()).args(["-c", &line]).output().expect("it runs")
        };
        if std::path::Path::new("/dev/full").exists() {
            let output = to("/dev/full");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{format}: {said}");
            assert!(said.contains("cannot write the report"), "{said}");
        }
        let output = to("/dev/null; true");
        assert!(output.status.success());
    }
}
