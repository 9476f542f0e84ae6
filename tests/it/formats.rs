//! The formats for machines: what services read of them is there.

use std::fs;

use serde_json::Value;

use crate::repo::{Repo, hermetic};

/// A repository with findings of every shape: with and without a place, with a fix, under an awkward name.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", include_str!("readme/flake.nix"));
    repo.write("flake.lock", include_str!("readme/flake.lock"));
    repo.git(&["add", "--all"]);
    repo.write("hosts/vega/a b,c%.nix", "{ }\n");
    repo
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn sarif_has_rules_places_and_fixes() {
    let run = repo().preflake(&["--format", "sarif"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let log = json(&run.stdout);
    assert_eq!(log["version"], "2.1.0");
    let driver = &log["runs"][0]["tool"]["driver"];
    let rules = driver["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), preflake::rules::RULES.len());
    let results = log["runs"][0]["results"].as_array().expect("results");
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small")];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().is_some_and(|page| page.contains("## What it does")));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line >= 1));
        assert_eq!(result["partialFingerprints"]["preflake/v1"].as_str().map(str::len), Some(32));
    }
    let of = |rule: &str| results.iter().find(|result| result["ruleId"] == rule).expect("a finding");
    let place = &of("untracked-nix-file")["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "hosts/vega/a%20b%2Cc%25.nix");
    let change = &of("missing-follows")["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "flake.nix");
    let inserted = change["replacements"][0]["insertedContent"]["text"].as_str().expect("text");
    assert!(inserted.contains("sops-nix.inputs.nixpkgs.follows"));
}

#[test]
fn fingerprints_stay_when_a_file_grows_above() {
    let prints = |repo: &Repo| {
        let found = json(&repo.preflake(&["--format", "gitlab"]).stdout);
        let issues = found.as_array().expect("a list").iter();
        issues.map(|issue| issue["fingerprint"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    let repo = repo();
    let before = prints(&repo);
    repo.edit("flake.nix", "{\n", "# above\n{\n");
    assert_eq!(prints(&repo), before);
    assert!(before.len() > 2);
}

#[test]
fn gitlab_gets_what_it_reads() {
    let found = json(&repo().preflake(&["--format", "gitlab"]).stdout);
    for issue in found.as_array().expect("a list") {
        assert!(issue["description"].is_string() && issue["check_name"].is_string());
        assert!(matches!(issue["severity"].as_str(), Some("major" | "minor")));
        assert!(issue["location"]["lines"]["begin"].as_u64().is_some_and(|line| line >= 1));
        assert!(issue["location"]["path"].as_str().is_some_and(|path| !path.starts_with('/')));
    }
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let repo = repo();
    let summary = repo.path().join(".git/summary.md");
    let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
    let output = command.env("GITHUB_STEP_SUMMARY", &summary).args(["--format", "github"]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let is_command = |line: &&str| line.starts_with("::error ") || line.starts_with("::warning ");
    let groups = text.lines().filter(|line| !is_command(line)).collect::<Vec<_>>();
    let wanted = [
        "::group::flake.lock: 1 finding",
        "::endgroup::",
        "::group::flake.nix: 2 findings",
        "::endgroup::",
        "::group::hosts/vega/a b,c%25.nix: 1 finding",
        "::endgroup::",
    ];
    assert_eq!(groups, wanted, "{text}");
    assert!(text.contains("file=hosts/vega/a b%2Cc%25.nix,"), "{text}");
    let rows = fs::read_to_string(&summary).expect("a summary");
    assert_eq!(
        rows.lines().filter(|line| line.starts_with("| error |")).count(),
        text.lines().filter(is_command).count()
    );
    assert!(rows.contains("| hosts/vega/a b,c%.nix:1 |"), "{rows}");
    let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
    command.env("GITHUB_STEP_SUMMARY", &summary).args(["--format", "github"]).output().expect("it runs");
    let twice = fs::read_to_string(&summary).expect("a summary");
    assert_eq!(twice, rows.repeat(2), "other steps have written there, too");
}
