//! A commit that takes only one of flake.nix and flake.lock: the help names the `git add` that is missing.

use crate::repo::Repo;

fn flake(inputs: &[&str]) -> String {
    let lines = inputs.iter().map(|name| format!("  inputs.{name}.url = \"github:o/{name}\";\n"));
    format!("{{\n{}  outputs = _: {{ }};\n}}\n", lines.collect::<String>())
}

fn lock(inputs: &[&str]) -> String {
    let node = |name: &&str| {
        format!(
            r#""{name}":{{"locked":{{"owner":"o","repo":"{name}","rev":"{}","type":"github"}},"original":{{"owner":"o","repo":"{name}","type":"github"}}}},"#,
            "1".repeat(40)
        )
    };
    let edges: Vec<String> = inputs.iter().map(|name| format!("\"{name}\":\"{name}\"")).collect();
    let nodes: String = inputs.iter().map(node).collect();
    format!(r#"{{"nodes":{{{nodes}"root":{{"inputs":{{{}}}}}}},"root":"root","version":7}}"#, edges.join(","))
}

/// A repository with a flake that has the input `a`, at the root or below it.
fn repo(dir: &str) -> Repo {
    let repo = Repo::new();
    write(&repo, dir, &["a"], &["a"]);
    repo.commit_all();
    repo
}

fn write(repo: &Repo, dir: &str, declared: &[&str], locked: &[&str]) {
    repo.write(&format!("{dir}flake.nix"), &flake(declared));
    repo.write(&format!("{dir}flake.lock"), &lock(locked));
}

/// What the index view says about its lock, and what is to be done.
fn helps(repo: &Repo) -> Vec<String> {
    let run = repo.preflake(&["--staged", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("a report");
    let findings = json["findings"].as_array().expect("findings").iter();
    let of_lock = findings.filter(|finding| finding["rule"] == "stale-lock" || finding["rule"] == "missing-lock");
    of_lock.map(|finding| finding["help"].as_str().expect("a help").to_owned()).collect()
}

#[test]
fn the_lock_was_not_added() {
    for dir in ["", "a dir/"] {
        let repo = repo(dir);
        write(&repo, dir, &["a", "b"], &["a", "b"]);
        repo.git(&["add", &format!("{dir}flake.nix")]);
        let path = if dir.is_empty() { "flake.lock".to_owned() } else { format!("'{dir}flake.lock'") };
        assert_eq!(helps(&repo), [format!("run `git add {path}`: on disk flake.lock agrees with this flake.nix")]);
        repo.git(&["add", "."]);
        assert_eq!(helps(&repo), [""; 0]);
    }
}

#[test]
fn the_flake_was_not_added() {
    let repo = repo("");
    write(&repo, "", &["a", "b"], &["a", "b"]);
    repo.git(&["add", "flake.lock"]);
    assert_eq!(helps(&repo), ["run `git add flake.nix`: on disk flake.nix agrees with this flake.lock"]);
}

#[test]
fn both_go_on_after_what_was_added() {
    let repo = repo("");
    repo.write("flake.nix", &flake(&["a", "b"]));
    repo.git(&["add", "flake.nix"]);
    write(&repo, "", &["a", "b", "c"], &["a", "b", "c"]);
    assert_eq!(helps(&repo), ["run `git add flake.nix flake.lock`: on disk the two agree"]);
}

#[test]
fn a_lock_that_is_not_tracked() {
    let repo = Repo::new();
    write(&repo, "", &["a"], &["a"]);
    repo.git(&["add", "flake.nix"]);
    assert_eq!(helps(&repo), ["run `git add flake.lock`"]);
    repo.git(&["add", "-N", "flake.lock"]);
    assert_eq!(helps(&repo), ["run `git add flake.lock`"]);
}

/// What is on disk is stale as well, is no lock, or is the same: Nix has to write one.
#[test]
fn nothing_on_disk_would_do() {
    for locked in [lock(&["a"]), lock(&["a", "c"]), "{".to_owned()] {
        let repo = repo("");
        repo.write("flake.nix", &flake(&["a", "b"]));
        repo.git(&["add", "flake.nix"]);
        repo.write("flake.lock", &locked);
        assert_eq!(helps(&repo), ["run `nix flake lock`, and commit flake.lock with flake.nix"], "{locked}");
    }
}

/// `git commit FILE` takes that file from the disk: what is staged beside it does not count, and need not be added.
#[test]
fn a_commit_of_one_of_the_two() {
    let repo = repo("");
    write(&repo, "", &["a", "b"], &["a", "b"]);
    repo.git(&["add", "."]);
    assert_eq!(repo.preflake(&["install"]).status, 0);
    let output = repo.try_git(&["commit", "-q", "-m", "x", "flake.nix"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("commit flake.lock with flake.nix"), "{said}");
    assert!(repo.try_git(&["commit", "-q", "-m", "x", "flake.nix", "flake.lock"]).status.success());
}
