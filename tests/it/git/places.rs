//! Which repository the work is in, and what a hostile worktree can hold.

use std::fs;

use preflake::git::{Environment, Repository, ViewChoice};
use preflake::snapshot::RepoPath;

use super::scratch::{Scratch, content};

fn sample() -> Scratch {
    let scratch = Scratch::new(&[]);
    scratch.write("flake.nix", "x");
    scratch.write("a/b/c.nix", "x");
    scratch.commit();
    scratch
}

/// The root as git says it; `None` where git finds no repository.
fn top_of_git(scratch: &Scratch, start: &str) -> Option<String> {
    let output = scratch.run(&scratch.root.join(start), &["rev-parse", "--show-toplevel"]);
    output.status.success().then(|| String::from_utf8_lossy(output.stdout.trim_ascii()).into_owned())
}

fn top(scratch: &Scratch, start: &str) -> Option<String> {
    let environment = Environment::of(scratch.environment());
    let found = Repository::discover_with(&scratch.root.join(start), environment).ok().flatten()?;
    Some(found.workdir()?.to_string_lossy().into_owned())
}

#[test]
fn roots_are_those_that_git_finds() {
    let changes: &[&[(&str, &str)]] = &[
        &[],
        &[("GIT_DIR", "ROOT/.git")],
        &[("GIT_DIR", "ROOT/.git"), ("GIT_WORK_TREE", "ROOT/a")],
        &[("GIT_WORK_TREE", "ROOT")],
        &[("GIT_CEILING_DIRECTORIES", "ROOT")],
        &[("GIT_CEILING_DIRECTORIES", "ROOT/a")],
        &[("GIT_DIR", "ROOT/nowhere")],
        &[("GIT_CONFIG_PARAMETERS", "'core.worktree'='ROOT/a'")],
    ];
    for variables in changes {
        let mut scratch = sample();
        let root = scratch.root.to_string_lossy().into_owned();
        for (name, value) in *variables {
            scratch.set(name, &value.replace("ROOT", &root));
        }
        for start in ["", "a", "a/b"] {
            assert_eq!(top(&scratch, start), top_of_git(&scratch, start), "{variables:?} from `{start}`");
        }
    }
}

#[test]
fn no_repository_is_no_error_and_a_broken_gitfile_is_one() {
    let scratch = Scratch::empty();
    let discover = || Repository::discover_with(&scratch.root, Environment::of(scratch.environment()));
    assert!(discover().is_ok_and(|found| found.is_none()));
    scratch.write(".git", "nonsense");
    assert!(discover().is_err_and(|error| error.message.contains(".git")));
}

#[test]
fn the_prefix_is_what_a_hook_is_told() {
    let mut scratch = sample();
    assert_eq!(scratch.repository_at(&scratch.root.join("a/b")).prefix(), &RepoPath::from("a/b"));
    scratch.set("GIT_PREFIX", "a/");
    assert_eq!(scratch.repository().prefix(), &RepoPath::from("a"));
}

#[test]
fn hooks_lie_where_git_says() {
    let scratch = sample();
    for configured in [None, Some("githooks"), Some("/elsewhere")] {
        if let Some(path) = configured {
            scratch.git(&["config", "core.hooksPath", path]);
        }
        let said = scratch.git(&["rev-parse", "--git-path", "hooks"]);
        let said = scratch.root.join(String::from_utf8_lossy(said.trim_ascii()).as_ref());
        assert_eq!(scratch.repository().hooks_dir(), Ok(said));
    }
}

#[test]
fn pipes_and_links_out_of_the_tree_are_not_read() {
    let scratch = sample();
    let secret = scratch.root.with_file_name("secret");
    fs::create_dir_all(secret.join("b")).expect("it can be made");
    fs::write(secret.join("b/c.nix"), "secret").expect("it can be written");
    fs::remove_file(scratch.root.join("flake.nix")).expect("it is there");
    crate::repo::pipe(&scratch.root.join("flake.nix"));
    fs::remove_dir_all(scratch.root.join("a")).expect("it is there");
    std::os::unix::fs::symlink(&secret, scratch.root.join("a")).expect("it can be linked");
    let worktree = scratch.snapshot(&ViewChoice::Worktree);
    assert!(worktree.read(&RepoPath::from("flake.nix")).is_err());
    assert!(worktree.read(&RepoPath::from("a/b/c.nix")).is_err());
    assert_eq!(content(&scratch.snapshot(&ViewChoice::Index), "a/b/c.nix"), "x");
}

#[test]
fn shallow_and_partial_clones() {
    let origin = sample();
    origin.write("flake.nix", "second");
    origin.commit();
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.root.display());
    for options in [&["--depth=1"][..], &["--filter=blob:none"]] {
        let clone = Scratch::empty();
        clone.git(&[&["clone", "-q", &url, "."], options].concat());
        clone.write("new.nix", "x");
        clone.check_entries(options[0]);
        clone.check_untracked(options[0]);
        assert_eq!(content(&clone.snapshot(&ViewChoice::Index), "flake.nix"), "second");
        assert!(clone.repository().snapshot(&ViewChoice::Revision("HEAD".to_owned())).is_ok());
    }
}
