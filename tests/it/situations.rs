//! Repositories in the middle of something, and with odd things in them: judged as git sees them, never refused.

use crate::repo::Repo;

const FLAKE: &str = "{ outputs = _: { modules = [ ./a.nix ]; }; }\n";

/// A lock without inputs.
const LOCK: &str = "{\n  \"nodes\": {\n    \"root\": {}\n  },\n  \"root\": \"root\",\n  \"version\": 7\n}\n";

/// Two branches that change `a.nix`; `main` is checked out.
fn branches() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", FLAKE);
    repo.write("a.nix", "{ }\n");
    repo.commit_all();
    repo.git(&["branch", "other"]);
    repo.write("a.nix", "{ x = 1; }\n");
    repo.commit_all();
    repo.git(&["checkout", "-q", "other"]);
    repo.write("a.nix", "{ imports = [ ./b.nix ]; }\n");
    repo.write("b.nix", "{ }\n");
    repo.commit_all();
    repo.git(&["checkout", "-q", "main"]);
    repo
}

/// Both views, in a repository that a conflict has stopped in the middle.
fn judged(repo: &Repo) {
    for view in ["--worktree", "--staged"] {
        let run = repo.preflake(&["check", "--format", "concise", view]);
        assert!(matches!(run.status, 0 | 1), "{view}: {} {}", run.stdout, run.stderr);
        assert!(!run.stdout.contains("b.nix"), "{view}: it is staged: {}", run.stdout);
    }
}

#[test]
fn in_the_middle_of_a_merge() {
    let repo = branches();
    assert!(!repo.try_git(&["merge", "-q", "other"]).status.success());
    judged(&repo);
    repo.write("a.nix", "{ imports = [ ./b.nix ./c.nix ]; }\n");
    repo.git(&["add", "a.nix"]);
    assert_eq!(repo.findings(&["--staged"]), ["missing-import a.nix:1"], "what was merged by hand counts");
}

#[test]
fn in_the_middle_of_a_rebase_and_a_cherry_pick() {
    let repo = branches();
    repo.git(&["checkout", "-q", "other"]);
    assert!(!repo.try_git(&["rebase", "-q", "main"]).status.success());
    judged(&repo);
    repo.git(&["rebase", "--abort"]);
    repo.git(&["checkout", "-q", "main"]);
    assert!(!repo.try_git(&["cherry-pick", "other"]).status.success());
    judged(&repo);
}

#[test]
fn a_detached_head_and_a_lock_in_conflict() {
    let repo = branches();
    repo.git(&["checkout", "-q", "--detach"]);
    assert_eq!(repo.findings(&["--staged"]), [""; 0]);
    repo.write("flake.nix", "{ inputs.x.url = \"github:o/x\"; outputs = _: { }; }\n");
    repo.write("flake.lock", "{\n<<<<<<< HEAD\n  \"nodes\": {},\n=======\n  \"nodes\": 1,\n>>>>>>> other\n}\n");
    repo.git(&["add", "--all"]);
    let run = repo.preflake(&["--staged", "--format", "concise"]);
    assert!(run.stdout.contains("error[invalid-lock]") && run.stdout.contains("merge-conflict"), "{}", run.stdout);
}

#[test]
fn a_flake_in_conflict() {
    let repo = Repo::new();
    repo.write("flake.nix", "{\n  outputs = _: 1;\n}\n");
    repo.commit_all();
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("flake.nix", "{\n  outputs = _: 2;\n}\n");
    repo.commit_all();
    repo.git(&["checkout", "-q", "main"]);
    repo.write("flake.nix", "{\n  outputs = _: 3;\n}\n");
    repo.commit_all();
    assert!(!repo.try_git(&["merge", "-q", "topic"]).status.success());
    let run = repo.preflake(&[]);
    assert!(run.stdout.contains("merge-conflict markers between `HEAD` and `topic`"), "{}", run.stdout);
    assert!(run.stdout.contains("without the markers, then run `git add flake.nix`"), "{}", run.stdout);
    assert_eq!(repo.findings(&[]), ["invalid-flake flake.nix:2"]);
}

/// git refuses a commit while a file is in conflict, so a hook sees only what was added with its markers.
#[test]
fn the_help_for_a_lock_in_conflict_works_before_and_after_it_was_added() {
    let lock = |version: u8| format!("{{\n  \"version\": {version}\n}}\n");
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.write("flake.lock", &lock(5));
    repo.commit_all();
    repo.git(&["checkout", "-q", "-b", "theirs"]);
    repo.write("flake.lock", &lock(6));
    repo.commit_all();
    repo.git(&["checkout", "-q", "-b", "ours", "HEAD~1"]);
    repo.write("flake.lock", &lock(7));
    repo.commit_all();
    for added in [false, true] {
        assert!(!repo.try_git(&["merge", "-q", "theirs"]).status.success());
        if added {
            repo.git(&["add", "flake.lock"]);
        }
        let help =
            "run `git checkout -m flake.lock`, take one side with `git checkout --ours flake.lock` or `--theirs`";
        let run = repo.preflake(&["--staged", "--format", "json"]);
        assert!(!added || run.stdout.contains(help), "{}", run.stdout);
        repo.git(&["checkout", "-q", "-m", "flake.lock"]);
        repo.git(&["checkout", "-q", "--ours", "flake.lock"]);
        let taken = std::fs::read_to_string(repo.path().join("flake.lock")).expect("git wrote it");
        assert_eq!(taken, lock(7), "added: {added}");
        repo.git(&["merge", "--abort"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8_are_shown_escaped() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.commit_all();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9\x1b[31m.nix");
    std::fs::write(repo.path().join(name), "{ }\n").expect("this file system takes every name");
    for format in ["human", "concise", "github"] {
        let run = repo.preflake(&["--format", format]);
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert!(!run.stdout.contains('\u{1b}'), "{format}: {}", run.stdout);
    }
    for format in ["json", "sarif", "gitlab"] {
        let run = repo.preflake(&["--format", format]);
        serde_json::from_str::<serde_json::Value>(&run.stdout).expect("JSON whatever the names");
    }
    repo.git(&["add", "--all"]);
    assert_eq!(repo.preflake(&["--staged"]).status, 0);
}

#[test]
fn ignore_files_that_a_sparse_checkout_leaves_out_count() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.write("in/a.nix", "{ }\n");
    repo.write("out/.gitignore", "scratch.nix\n");
    repo.write("out/b.nix", "{ }\n");
    repo.commit_all();
    repo.git(&["sparse-checkout", "set", "in"]);
    repo.write("out/scratch.nix", "{ }\n");
    repo.write("out/new.nix", "{ }\n");
    let listed = repo.git(&["ls-files", "--others", "--exclude-standard", "--", "*.nix"]);
    let found = repo.findings(&["--staged"]);
    let wanted: Vec<String> = listed.lines().map(|path| format!("untracked-nix-file {path}:1")).collect();
    assert_eq!(found, wanted);
}

/// Such a flake fails and no other does: below the root without a lock it is none, with one it is one that Nix rejects.
#[cfg(unix)]
#[test]
fn a_flake_nix_that_leads_to_no_file() {
    use std::os::unix::fs::symlink;
    let links = [
        ("nowhere", "flake.nix is a symbolic link to `sub/nowhere`, which does not exist"),
        ("../d", "flake.nix is a symbolic link to `d`, which is a directory"),
        ("../../elsewhere", "flake.nix is a symbolic link that leads out of the repository"),
        ("/elsewhere", "flake.nix is a symbolic link that leads out of the repository"),
        ("flake.nix", "flake.nix is a symbolic link that leads in a circle"),
    ];
    for (target, message) in links {
        let repo = Repo::new();
        repo.write("flake.nix", "{ outputs = _: { modules = [ ./gone.nix ]; }; }\n");
        repo.write("d/x.nix", "{ }\n");
        repo.write("sub/x.nix", "{ }\n");
        symlink(target, repo.path().join("sub/flake.nix")).expect("a link");
        repo.commit_all();
        for view in [&["--staged"][..], &["--worktree"], &["--rev", "HEAD"]] {
            assert_eq!(repo.findings(view), ["missing-import flake.nix:1"], "{target}, {view:?}");
        }
        repo.write("sub/flake.lock", LOCK);
        repo.commit_all();
        for view in [&["--staged"][..], &["--worktree"], &["--rev", "HEAD"]] {
            let run = repo.preflake(&[&["check", "--format", "concise", "--select", "invalid-flake"], view].concat());
            let expected = format!("sub/flake.nix:1:1: error[invalid-flake] {message}\n");
            assert_eq!((run.status, run.stdout), (1, expected), "{view:?}: {}", run.stderr);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_flake_nix_at_the_root_that_leads_to_no_file() {
    let repo = Repo::new();
    std::os::unix::fs::symlink("d/x.nix", repo.path().join("flake.nix")).expect("a link");
    repo.commit_all();
    repo.write("d/x.nix", FLAKE);
    let run = repo.preflake(&["check", "--format", "json"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stdout.contains("`d/x.nix` is on disk, but git does not track it"), "{}", run.stdout);
    repo.git(&["add", "d/x.nix"]);
    assert_eq!(repo.findings(&[]), ["missing-import d/x.nix:1"], "it is read where it leads");
}

/// Through a directory that is a link, and in the worktree through a link that is not staged yet, as Nix goes.
#[cfg(unix)]
#[test]
fn a_flake_nix_through_links() {
    use std::os::unix::fs::symlink;
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.write("d/x.nix", "{ outputs = 1; }\n");
    symlink("d", repo.path().join("link")).expect("a link");
    repo.write("sub/.keep", "");
    symlink("../link/x.nix", repo.path().join("sub/flake.nix")).expect("a link");
    repo.commit_all();
    assert_eq!(repo.findings(&[]), ["invalid-flake sub/flake.nix:1"]);
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    std::fs::remove_file(repo.path().join("flake.nix")).expect("it is there");
    symlink("d/x.nix", repo.path().join("flake.nix")).expect("a link");
    assert_eq!(repo.findings(&["--worktree"]), ["invalid-flake flake.nix:1", "invalid-flake sub/flake.nix:1"]);
}

#[test]
fn a_submodule_called_flake_nix() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { modules = [ ./gone.nix ]; }; }\n");
    repo.write("sub/x.nix", "{ }\n");
    repo.git(&["add", "-A"]);
    let gitlink = format!("160000,{},sub/flake.nix", "1".repeat(40));
    repo.git(&["update-index", "--add", "--cacheinfo", &gitlink]);
    assert_eq!(repo.findings(&["--staged"]), ["missing-import flake.nix:1"]);
    repo.write("sub/flake.lock", LOCK);
    repo.git(&["add", "sub/flake.lock"]);
    assert_eq!(repo.findings(&["--staged"]), ["missing-import flake.nix:1", "invalid-flake sub/flake.nix:1"]);
}
