//! The installed hooks judge what is being committed and nothing else.

use crate::repo::{Repo, hermetic};

const CLEAN: &str = "{ outputs = _: { }; }\n";
const BROKEN: &str = "{ outputs = _: undefined; }\n";

/// A repository with a clean flake and our hooks.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", CLEAN);
    repo.write("README", "one\n");
    repo.commit_all();
    let run = repo.preflake(&["install"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    repo
}

fn commits(repo: &Repo, arguments: &[&str]) -> bool {
    repo.try_git(&[&["commit", "-q", "-m", "x"], arguments].concat()).status.success()
}

#[test]
fn a_plain_commit_judges_the_index() {
    let repo = repo();
    repo.write("flake.nix", BROKEN);
    repo.write("README", "two\n");
    repo.git(&["add", "README"]);
    assert!(commits(&repo, &[]), "the broken flake.nix is not staged");
    repo.git(&["add", "flake.nix"]);
    repo.write("flake.nix", CLEAN);
    assert!(!commits(&repo, &[]), "the broken flake.nix is staged, the disk has a clean one");
}

#[test]
fn commit_all_judges_what_it_adds() {
    let repo = repo();
    repo.write("flake.nix", BROKEN);
    assert!(!commits(&repo, &["-a"]));
    assert_eq!(repo.git(&["diff", "--cached", "--name-only"]), "", "nothing stays staged");
    repo.write("flake.nix", CLEAN);
    repo.write("README", "two\n");
    assert!(commits(&repo, &["-a"]));
}

#[test]
fn a_commit_of_one_file_leaves_the_rest_alone() {
    let repo = repo();
    repo.write("flake.nix", BROKEN);
    repo.git(&["add", "flake.nix"]);
    repo.write("README", "two\n");
    assert!(commits(&repo, &["README"]), "only README is committed");
    assert!(!commits(&repo, &["flake.nix"]));
}

#[test]
fn a_file_staged_for_later_is_not_forgotten() {
    let repo = repo();
    repo.write("module.nix", "{ }\n");
    repo.git(&["add", "module.nix"]);
    repo.write("README", "two\n");
    assert!(commits(&repo, &["README"]), "module.nix is staged for another commit");
    repo.write("other.nix", "{ }\n");
    repo.write("README", "three\n");
    assert!(!commits(&repo, &["README"]), "other.nix is staged nowhere");
}

#[test]
fn from_a_linked_worktree_and_a_sub_directory() {
    let repo = repo();
    repo.git(&["worktree", "add", "-q", "-b", "side", "side"]);
    repo.write("side/flake.nix", BROKEN);
    let commit = |dir: &str| {
        let mut git = hermetic("git", &repo.path().join(dir));
        git.args(["commit", "-q", "-a", "-m", "x"]).output().expect("git is installed").status.success()
    };
    assert!(!commit("side"));
    repo.write("side/flake.nix", CLEAN);
    repo.write("side/README", "two\n");
    assert!(commit("side"));
    repo.write("side/sub/file", "");
    repo.write("side/flake.nix", BROKEN);
    assert!(!commit("side/sub"));
}

#[test]
fn install_touches_nobody_elses_hook() {
    let repo = Repo::new();
    let hook = repo.write(".git/hooks/pre-commit", "#!/bin/sh\ntrue\n");
    let run = repo.preflake(&["install"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("preflake hook pre-commit"), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(&hook).expect("still there"), "#!/bin/sh\ntrue\n");
    assert!(repo.path().join(".git/hooks/pre-push").exists());
    assert_eq!(repo.preflake(&["uninstall"]).status, 0);
    assert!(hook.exists());
    assert!(!repo.path().join(".git/hooks/pre-push").exists());
}

#[test]
fn hooks_path_is_respected() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    assert_eq!(repo.preflake(&["install"]).status, 0);
    assert!(repo.path().join(".githooks/pre-commit").exists());
    assert!(!repo.path().join(".git/hooks/pre-commit").exists());
}

#[test]
fn a_push_judges_the_pushed_commits() {
    let repo = repo();
    repo.git(&["init", "-q", "--bare", "remote.git"]);
    repo.git(&["remote", "add", "origin", "remote.git"]);
    repo.write("flake.nix", BROKEN);
    repo.git(&["commit", "-q", "--no-verify", "-a", "-m", "broken"]);
    assert!(!repo.try_git(&["push", "-q", "origin", "main"]).status.success());
    assert!(repo.try_git(&["push", "-q", "origin", "HEAD~1:refs/heads/main"]).status.success());
}
