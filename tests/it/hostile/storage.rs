//! Disks that are full or may only be read, and repositories of other people. What needs the rights of root is skipped,
//! saying so, where they are missing.
#![allow(clippy::print_stderr, reason = "what is skipped says so")]

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{bounded, bounded_as};
use crate::repo::{Repo, hermetic};

const FLAKE: &str = include_str!("../readme/flake.nix");
const LOCK: &str = include_str!("../readme/flake.lock");

/// A small file system in memory, unmounted when it is dropped.
struct Mount {
    directory: tempfile::TempDir,
}

impl Mount {
    /// `None`, with a word about it, where mounting is not allowed.
    fn new(size: &str) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a place for files");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "preflake-test"]).arg(directory.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self { directory });
        }
        eprintln!("skipped: nothing can be mounted here");
        None
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{options}")]).arg(self.path());
        assert!(mount.output().expect("it ran before").status.success());
    }

    /// A repository in it, with something to fix.
    fn repository(&self) {
        fs::write(self.path().join("flake.nix"), FLAKE).expect("a file");
        fs::write(self.path().join("flake.lock"), LOCK).expect("a file");
        for arguments in [&["init", "-q", "-b", "main"][..], &["add", "--all"]] {
            let output = hermetic("git", self.path()).args(arguments).output().expect("git is installed");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("a directory").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

#[test]
fn no_space_left() {
    let Some(mount) = Mount::new("2M") else { return };
    mount.repository();
    // All but a few pages: one of two files may still fit.
    for left in [0, 4096, 8192] {
        let filler = mount.path().join(".git/filler");
        let _ = fs::write(&filler, vec![1; 3 << 20]);
        let size = fs::metadata(&filler).expect("it is there").len();
        fs::File::options().write(true).open(&filler).and_then(|file| file.set_len(size - left)).expect("smaller");
        let run = bounded(mount.path(), &["fix", "missing-follows"]);
        if run.status == 2 {
            assert!(run.stderr.contains("cannot write flake."), "{}", run.stderr);
            assert_eq!(fs::read_to_string(mount.path().join("flake.nix")).expect("a file"), FLAKE);
            assert_eq!(fs::read_to_string(mount.path().join("flake.lock")).expect("a file"), LOCK);
        }
        assert_eq!(mount.names(), [".git", "flake.lock", "flake.nix"]);
        assert!(left > 0 || run.status == 2, "it was full: {}", run.stderr);
        bounded(mount.path(), &["check", "--format", "json", "--output", "report.json"]);
        let _ = fs::remove_file(mount.path().join("report.json"));
        fs::remove_file(&filler).expect("it is there");
    }
}

#[test]
fn a_disk_that_may_only_be_read() {
    let Some(mount) = Mount::new("4M") else { return };
    mount.repository();
    mount.remount("ro");
    for view in ["--worktree", "--staged"] {
        assert_eq!(bounded(mount.path(), &["check", "--format", "concise", view]).status, 1);
    }
    for arguments in [&["fix", "missing-follows"][..], &["install"], &["check", "--output", "report"]] {
        let run = bounded(mount.path(), arguments);
        assert!(run.status == 2 && run.stderr.contains("Read-only"), "{arguments:?}: {}", run.stderr);
    }
    mount.remount("rw");
    assert_eq!(mount.names(), [".git", "flake.lock", "flake.nix"]);
}

/// Without the rights of root, directories and files that may not be read or written.
#[test]
fn what_may_not_be_read_or_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let is_root = rustix::process::geteuid().is_root();
    // Root may read and write everything: somebody else is sent, with a copy of the program that they can reach.
    let elsewhere = tempfile::tempdir().expect("a place for files");
    let copy = elsewhere.path().join("preflake");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_preflake")).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()), "cp");
    fs::set_permissions(elsewhere.path(), fs::Permissions::from_mode(0o755)).expect("ours");
    let copy = copy.to_str().expect("a path of letters");
    let other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy];
    let program = if is_root { &other[..] } else { &other[4..] };
    let repo = Repo::new();
    repo.write("flake.nix", FLAKE);
    repo.write("flake.lock", LOCK);
    repo.write("sub/x.nix", "{ }\n");
    repo.commit_all();
    if is_root {
        let given = Command::new("chown").args(["-R", "65534:65534"]).arg(repo.path()).status();
        assert!(given.is_ok_and(|status| status.success()), "chown");
        fs::set_permissions(repo.path(), fs::Permissions::from_mode(0o755)).expect("ours");
    }
    let mut refused = 0;
    for name in ["", "flake.nix", "flake.lock", "sub", ".git/index", ".git/HEAD", ".git/objects", ".git"] {
        for mode in [0o000, 0o444, 0o555] {
            let path = repo.path().join(name);
            let before = fs::metadata(&path).expect("it is there").permissions();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
            for arguments in [&["check"][..], &["check", "--staged"], &["fix", "missing-follows"]] {
                refused += usize::from(bounded_as(repo.path(), program, arguments).status == 2);
            }
            fs::set_permissions(&path, before).expect("ours");
        }
    }
    assert!(refused > 10, "{refused}: permissions bind nobody here");
}

#[test]
fn repositories_of_other_people() {
    use std::os::unix::fs::chown;
    let repo = Repo::new();
    repo.write("flake.nix", FLAKE);
    repo.write("flake.lock", LOCK);
    repo.commit_all();
    for name in [".", ".git"] {
        let path = repo.path().join(name);
        if chown(&path, Some(54_321), None).is_err() {
            eprintln!("skipped: nothing can be given away here");
            return;
        }
        for view in [&["--worktree"][..], &["--staged"], &["--rev", "HEAD"]] {
            let run = bounded(repo.path(), &[&["check"], view].concat());
            assert_eq!(run.status, 2, "{name} {view:?}");
            assert!(
                run.stderr.contains("dubious ownership") && run.stderr.contains("safe.directory"),
                "{}",
                run.stderr
            );
            assert!(!repo.try_git(&["status"]).status.success(), "git refuses it too");
        }
        let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
        let trusted = format!("'safe.directory'='{}'", repo.path().canonicalize().expect("it is there").display());
        let output = command.env("GIT_CONFIG_PARAMETERS", trusted).args(["--staged"]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        chown(&path, Some(0), None).expect("it was ours");
    }
}
