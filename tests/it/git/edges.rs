//! Odd things in a worktree, each as git lists it.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use preflake::git::ViewChoice;
use preflake::snapshot::{Absence, RepoPath};

use super::scratch::Scratch;

fn sample() -> Scratch {
    let scratch = Scratch::new(&[]);
    scratch.write("flake.nix", "{ outputs = _: { }; }\n");
    scratch.write("a/x.nix", "x");
    scratch.commit();
    scratch
}

fn text(scratch: &Scratch, path: &str) -> String {
    scratch.root.join(path).to_str().expect("ASCII").to_owned()
}

#[test]
fn a_linked_worktree_inside_the_worktree_is_not_entered() {
    let scratch = sample();
    scratch.git(&["worktree", "add", "-q", &text(&scratch, "a/tree")]);
    scratch.write("a/tree/new.nix", "x");
    scratch.write("a/new.nix", "x");
    scratch.check_untracked("an inner worktree");
    assert_eq!(scratch.untracked(&ViewChoice::Index), ["a/new.nix"]);
    let absence = scratch.snapshot(&ViewChoice::Worktree).absence(&RepoPath::from("a/tree/new.nix"));
    assert_eq!(absence, Absence::Repository(RepoPath::from("a/tree")));
}

#[test]
fn git_directories_that_are_empty_or_point_at_one() {
    let scratch = sample();
    for directory in ["empty", "points", "a/sub"] {
        scratch.write(&format!("{directory}/new.nix"), "x");
    }
    fs::create_dir(scratch.root.join("empty/.git")).expect("it can be made");
    fs::create_dir(scratch.root.join("a/.git")).expect("it can be made");
    let elsewhere = scratch.root.with_file_name("elsewhere.git");
    scratch.git(&["init", "-q", "--bare", elsewhere.to_str().expect("ASCII")]);
    scratch.write("points/.git", &format!("gitdir: {}\n", elsewhere.display()));
    scratch.check_untracked("git directories");
    assert_eq!(scratch.untracked(&ViewChoice::Index), ["a/sub/new.nix", "empty/new.nix"]);
}

#[test]
fn a_submodule_is_not_entered_whether_it_is_there_or_not() {
    let inner = sample();
    let scratch = sample();
    let url = inner.root.to_str().expect("ASCII");
    scratch.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "module"]);
    scratch.commit();
    for state in ["there", "deinitialised", "a directory in its place"] {
        if state == "deinitialised" {
            scratch.git(&["submodule", "--quiet", "deinit", "--force", "module"]);
        }
        if state != "deinitialised" {
            scratch.write("module/new.nix", "x");
        }
        scratch.check_untracked(state);
        scratch.check_entries(state);
        assert_eq!(scratch.untracked(&ViewChoice::Worktree), [""; 0], "{state}");
    }
}

#[test]
fn sockets_and_devices_are_no_files() {
    let scratch = sample();
    let _socket = std::os::unix::net::UnixListener::bind(scratch.root.join("socket.nix")).expect("it can be made");
    std::os::unix::fs::symlink("/dev/null", scratch.root.join("a/null.nix")).expect("it can be linked");
    scratch.check_untracked("sockets");
    assert_eq!(scratch.untracked(&ViewChoice::Index), ["a/null.nix"]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_and_patterns_are_bytes() {
    let scratch = sample();
    let name = |bytes: &[u8]| scratch.root.join(std::ffi::OsStr::from_bytes(bytes));
    fs::create_dir(name(b"caf\xe9")).expect("this file system takes every name");
    for path in [&b"caf\xe9/\xff.nix"[..], b"caf\xe9/a\xfe.nix", b"caf\xe9/\xc3\xa9.nix", b"\xe9.nix", b"\xc3.nix"] {
        fs::write(name(path), "x").expect("this file system takes every name");
    }
    for pattern in
        [&b""[..], b"\xe9.nix\n", b"?.nix\n", b"[\x80-\xff].nix\n", b"caf\xe9/\n", b"caf?/a*\n", b"!caf\xe9\n"]
    {
        fs::write(scratch.root.join(".gitignore"), pattern).expect("it can be written");
        let listed = scratch.git(&["ls-files", "--others", "--exclude-standard", "-z", "--", "*.nix"]);
        let listed: Vec<&[u8]> = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty()).collect();
        let snapshot = scratch.snapshot(&ViewChoice::Worktree);
        let found = snapshot.untracked_nix_files().expect("the worktree can be listed");
        assert_eq!(found.iter().map(RepoPath::as_bytes).collect::<Vec<_>>(), listed, "{pattern:?}");
    }
}

#[test]
fn a_split_index_is_read_whole_after_every_change() {
    let scratch = sample();
    for split in [true, false] {
        scratch.git(&["update-index", if split { "--split-index" } else { "--no-split-index" }]);
        scratch.write("later.nix", "x");
        scratch.git(&["add", "later.nix"]);
        scratch.git(&["rm", "-q", "--cached", "a/x.nix"]);
        scratch.check_entries("split index");
        scratch.check_untracked("split index");
        scratch.git(&["add", "a/x.nix"]);
        scratch.git(&["rm", "-q", "--cached", "later.nix"]);
        scratch.check_entries("split index");
        scratch.check_untracked("split index");
    }
}

/// Nix reads what is on disk, whatever was staged: the paths in it count.
#[test]
fn a_link_that_has_become_a_file_and_the_other_way_round() {
    let scratch = Scratch::new(&[]);
    scratch.write("flake.nix", "{ outputs = _: { a = import ./a.nix; b = import ./b.nix; }; }\n");
    scratch.write("real.nix", "{ }\n");
    scratch.write("b.nix", "{ }\n");
    std::os::unix::fs::symlink("real.nix", scratch.root.join("a.nix")).expect("it can be linked");
    scratch.commit();
    let found = |view: &ViewChoice| {
        let settings = preflake::config::Settings::new();
        let outcome = preflake::check::check(&scratch.snapshot(view), &settings, &[]).expect("it can be read");
        outcome.findings.into_iter().map(|finding| finding.message).collect::<Vec<_>>()
    };
    assert_eq!(found(&ViewChoice::Worktree), [""; 0]);
    for file in ["a.nix", "b.nix"] {
        std::fs::remove_file(scratch.root.join(file)).expect("it is there");
    }
    scratch.write("a.nix", "import ./gone.nix\n");
    std::os::unix::fs::symlink("b.nix", scratch.root.join("b.nix")).expect("it can be linked");
    let expected = ["imported `gone.nix` does not exist", "imported `b.nix` is a link that leads in a circle"];
    let mut worktree = found(&ViewChoice::Worktree);
    worktree.sort_by_key(|message| !message.contains("gone"));
    assert_eq!(worktree, expected);
    assert_eq!(found(&ViewChoice::Index), [""; 0]);
}
