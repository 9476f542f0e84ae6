//! `--since` and `--rev A..B`: what a change makes worse, and nothing else.

use crate::repo::{Repo, Run, hermetic, run};

const OLD: &str = "{ outputs = _: { modules = [ ./gone.nix ]; }; }\n";

/// A repository whose first commit has a finding.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", OLD);
    repo.commit_all();
    repo
}

fn concise(repo: &Repo, arguments: &[&str]) -> Run {
    repo.preflake(&[&["--format", "concise"], arguments].concat())
}

#[test]
fn only_new_findings_count() {
    let repo = repo();
    assert_eq!(repo.preflake(&["--rev", "HEAD"]).status, 1);
    repo.edit("flake.nix", "{ outputs", "# grown\n{ outputs");
    repo.write("README", "two\n");
    repo.commit_all();
    let same = repo.preflake(&["--rev", "HEAD~1..HEAD"]);
    assert_eq!((same.status, same.stdout.as_str()), (0, ""), "{}", same.stderr);
    assert!(same.stderr.contains("1 flake no worse (2 files, 1 not new since "), "{}", same.stderr);
    repo.edit("flake.nix", "./gone.nix", "./gone.nix ./lost.nix");
    repo.commit_all();
    let worse = concise(&repo, &["--rev", "HEAD~1..HEAD"]);
    assert_eq!(worse.status, 1);
    assert!(worse.stdout.contains("lost.nix") && !worse.stdout.contains("gone.nix"), "{}", worse.stdout);
    assert_eq!(worse.stdout.lines().count(), 1);
}

#[test]
fn of_two_that_are_alike_one_may_be_new() {
    let repo = repo();
    repo.edit("flake.nix", "./gone.nix", "./gone.nix ./gone.nix");
    repo.commit_all();
    let before = repo.findings(&["--rev", "HEAD~1"]).len();
    let after = repo.findings(&["--rev", "HEAD"]).len();
    assert_eq!(repo.findings(&["--rev", "HEAD~1.."]).len(), after - before);
}

#[test]
fn three_dots_compare_with_the_fork() {
    let repo = repo();
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("README", "topic\n");
    repo.commit_all();
    repo.git(&["checkout", "-q", "main"]);
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.commit_all();
    assert_eq!(concise(&repo, &["--rev", "main..topic"]).status, 1, "main has mended it since");
    assert_eq!(concise(&repo, &["--rev", "main...topic"]).status, 0);
    repo.git(&["clone", "-q", "--bare", ".", "bare.git"]);
    let bare = run(&repo.path().join("bare.git"), &["--rev", "main...topic"]);
    assert_eq!(bare.status, 0, "{}{}", bare.stdout, bare.stderr);
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.commit_all();
    let apart = concise(&repo, &["--rev", "main...other"]);
    assert_eq!(apart.status, 2);
    assert!(apart.stderr.contains("no commit in common"), "{}", apart.stderr);
}

#[test]
fn every_view_can_be_compared() {
    let repo = repo();
    for view in ["--staged", "--worktree"] {
        assert_eq!(concise(&repo, &[view, "--since", "HEAD"]).status, 0, "{view}");
    }
    repo.edit("flake.nix", "./gone.nix", "./gone.nix ./lost.nix");
    assert_eq!(concise(&repo, &["--staged", "--since", "HEAD"]).status, 0);
    assert_eq!(concise(&repo, &["--since", "HEAD"]).status, 1);
    repo.git(&["add", "flake.nix"]);
    assert_eq!(concise(&repo, &["--staged", "--since", "HEAD"]).stdout.lines().count(), 1);
}

#[test]
fn before_the_first_commit_and_the_first_flake_everything_is_new() {
    let repo = Repo::new();
    repo.write("flake.nix", OLD);
    repo.git(&["add", "--all"]);
    assert_eq!(concise(&repo, &["--staged", "--since", "HEAD"]).status, 1);
    repo.git(&["rm", "-q", "--cached", "flake.nix"]);
    repo.write("README", "one\n");
    repo.git(&["add", "README"]);
    repo.git(&["commit", "-q", "-m", "no flake yet"]);
    repo.commit_all();
    assert_eq!(concise(&repo, &["--rev", "HEAD~1..HEAD"]).status, 1);
    let zeros = "0".repeat(40);
    assert_eq!(concise(&repo, &["--since", &zeros]).status, 1);
}

#[test]
fn json_says_since_when_and_how_many_there_were() {
    let repo = repo();
    let report = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&repo.preflake(&[&["--format", "json"], arguments].concat()).stdout).expect("JSON")
    };
    let id = repo.git(&["rev-parse", "HEAD"]);
    let compared = report(&["--rev", "HEAD", "--since", "HEAD"]);
    assert_eq!(compared["view"], format!("rev:{}", id.trim()));
    assert_eq!(compared["since"], id.trim());
    assert_eq!((&compared["summary"]["errors"], &compared["summary"]["before"]), (&0.into(), &1.into()));
    let plain = report(&[]);
    assert!(plain.get("since").is_none() && plain["summary"].get("before").is_none());
}

#[test]
fn a_pull_request_that_goes_back_in_time_is_seen_whole() {
    let repo = Repo::new();
    let lock = |modified: u32| {
        format!(
            r#"{{"nodes":{{"a":{{"locked":{{"lastModified":{modified},"narHash":"sha256-{modified}","owner":"o","repo":"a","rev":"{modified:040}","type":"github"}},"original":{{"owner":"o","repo":"a","type":"github"}}}},"root":{{"inputs":{{"a":"a"}}}}}},"root":"root","version":7}}"#
        )
    };
    repo.write("flake.nix", "{ inputs.a.url = \"github:o/a\"; outputs = _: { }; }\n");
    for (modified, readme) in [(1_700_000_000, "1"), (1_600_000_000, "2"), (1_600_000_000, "3")] {
        repo.write("flake.lock", &lock(modified));
        repo.write("README", readme);
        repo.commit_all();
    }
    let rules =
        |range: &str| repo.preflake(&["--select", "lock-rollback", "--format", "concise", "--rev", range]).stdout;
    assert_eq!(rules("HEAD"), "", "the last commit alone leaves the lock as it is");
    assert!(rules("HEAD~2..HEAD").contains("lock-rollback"));
}

#[test]
fn what_cannot_be_compared_is_said() {
    let repo = repo();
    let both = repo.preflake(&["--rev", "HEAD..HEAD", "--since", "HEAD"]);
    assert_eq!(both.status, 2, "{}", both.stderr);
    assert!(repo.preflake(&["--since", "nowhere"]).stderr.contains("no commit `nowhere`"));
    repo.write("README", "two\n");
    repo.commit_all();
    repo.git(&["clone", "-q", "--depth=1", &format!("file://{}", repo.path().display()), "shallow"]);
    let first = repo.git(&["rev-parse", "HEAD~1"]);
    for arguments in [&["--since"][..], &["--rev"], &["graph", "--rev"]] {
        let shallow = run(&repo.path().join("shallow"), &[arguments, &[first.trim()]].concat());
        assert_eq!(shallow.status, 2);
        assert!(shallow.stderr.contains("run `git fetch --unshallow`"), "{}", shallow.stderr);
    }
}

#[test]
fn a_repository_in_sha256_is_compared_too() {
    let repo = Repo::new();
    let init = hermetic("git", repo.path()).args(["init", "-q", "--object-format=sha256", "new"]).output();
    if !init.is_ok_and(|output| output.status.success()) {
        return;
    }
    let commit = |name: &str, text: &str| {
        repo.write(&format!("new/{name}"), text);
        let git = |arguments: &[&str]| hermetic("git", &repo.path().join("new")).args(arguments).status();
        assert!(git(&["add", "--all"]).is_ok_and(|status| status.success()));
        assert!(git(&["commit", "-q", "-m", "x"]).is_ok_and(|status| status.success()));
    };
    commit("flake.nix", OLD);
    commit("README", "two\n");
    let done = run(&repo.path().join("new"), &["--rev", "HEAD~1...HEAD"]);
    assert_eq!(done.status, 0, "{}{}", done.stdout, done.stderr);
}
