//! Tracked files of which the disk has something else, or nothing.

use std::fs;

use super::{HEAD, NONE, STAGED, WORKTREE, naming, rules, said};

/// As Nix sees it, the link is what is tracked, and what it leads to is not there.
#[cfg(unix)]
#[test]
fn a_file_that_was_replaced_by_a_link() {
    use std::os::unix::fs::symlink;
    for name in ["x.nix", "x.txt"] {
        let repo = naming(&[&format!("./{name}")]);
        repo.write(name, "{ }\n");
        repo.commit_all();
        fs::rename(repo.path().join(name), repo.path().join("target")).expect("ours");
        symlink("target", repo.path().join(name)).expect("a link");
        assert_eq!(rules(&repo, WORKTREE), ["untracked-reference"], "{name}");
        assert!(said(&repo, WORKTREE).contains("run `git add target`"), "{}", said(&repo, WORKTREE));
        assert_eq!((rules(&repo, STAGED), rules(&repo, HEAD)), (vec![], vec![]), "the commits hold the file");
        repo.git(&["add", "target"]);
        assert_eq!(rules(&repo, WORKTREE), NONE, "{name}");
    }
    let repo = naming(&["./x.nix"]);
    symlink("gone", repo.path().join("x.nix")).expect("a link");
    repo.commit_all();
    assert_eq!(rules(&repo, WORKTREE), ["missing-import"]);
    fs::remove_file(repo.path().join("x.nix")).expect("ours");
    repo.write("x.nix", "{ }\n");
    assert_eq!(rules(&repo, WORKTREE), NONE, "the file that replaced the link is what Nix takes");
    assert_eq!(rules(&repo, STAGED), ["missing-import"]);
}

#[test]
fn a_file_that_git_was_told_to_leave_alone() {
    let repo = naming(&["./d/x.nix", "./y"]);
    repo.write("d/x.nix", "{ }\n");
    repo.write("y/default.nix", "{ }\n");
    repo.commit_all();
    repo.git(&["update-index", "--skip-worktree", "d/x.nix", "y/default.nix"]);
    fs::remove_dir_all(repo.path().join("d")).expect("ours");
    fs::remove_dir_all(repo.path().join("y")).expect("ours");
    assert_eq!((rules(&repo, STAGED), rules(&repo, HEAD)), (vec![], vec![]));
    let told = said(&repo, WORKTREE);
    assert!(told.contains("imported `d/x.nix` is tracked but marked skip-worktree and not on disk"), "{told}");
    for command in told.split('`').filter(|part| part.starts_with("git ls-files")) {
        let shell = std::process::Command::new("sh").args(["-c", command]).current_dir(repo.path()).status();
        assert!(shell.expect("a shell").success(), "{command}");
    }
    assert_eq!(rules(&repo, WORKTREE), NONE, "what the help says was done");
}

#[test]
fn an_intention_whose_file_is_gone() {
    let repo = naming(&[]);
    repo.write("a.nix", "{ }\n");
    repo.git(&["add", "-N", "a.nix"]);
    fs::remove_file(repo.path().join("a.nix")).expect("ours");
    let run = repo.preflake(&["fix", "intent-to-add"]);
    assert!(run.stderr.contains("removed a.nix from the index: it is no longer on disk"), "{}", run.stderr);
    assert!(!run.stderr.contains("staged a.nix"), "{}", run.stderr);
    assert_eq!((run.status, repo.git(&["ls-files"])), (0, "flake.nix\n".to_owned()));
}

#[test]
fn a_rule_without_a_fix_says_so() {
    let repo = naming(&["./gone.nix"]);
    let run = repo.preflake(&["fix", "missing-import"]);
    assert!(run.stderr.contains("missing-import has no fix"), "{}", run.stderr);
    assert_eq!(run.status, 1, "what was asked for is left");
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    let run = repo.preflake(&["fix", "missing-import"]);
    assert!(run.stderr.contains("missing-import has no fix"), "{}", run.stderr);
    assert!(!run.stderr.contains("nothing to fix"), "{}", run.stderr);
    assert_eq!(run.status, 0, "nothing is found");
}

#[cfg(unix)]
#[test]
fn another_case_behind_a_link() {
    use std::os::unix::fs::symlink;
    let repo = naming(&["./link/X.nix"]);
    repo.write("real/x.nix", "{ }\n");
    symlink("real", repo.path().join("link")).expect("a link");
    repo.commit_all();
    let run = repo.preflake(&["fix", "path-case"]);
    assert!(run.stderr.contains("write `x.nix`"), "{}", run.stderr);
    assert!(fs::read_to_string(repo.path().join("flake.nix")).expect("ours").contains("./link/x.nix"));
    let repo = naming(&["./link"]);
    repo.write("real.nix", "{ }\n");
    symlink("Real.nix", repo.path().join("link")).expect("a link");
    repo.commit_all();
    let told = said(&repo, WORKTREE);
    assert!(told.contains("`Real.nix` does not exist, but `real.nix` does"), "{told}");
    assert!(told.contains("a link on the way leads to a name that does not exist"), "{told}");
    assert_eq!(repo.preflake(&["fix", "path-case"]).status, 1, "nothing here could be written otherwise");
}
