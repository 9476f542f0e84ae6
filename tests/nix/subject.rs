//! preflake, as anybody runs it: the binary and its JSON report.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

/// What preflake says of a flake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    /// Nix accepts it unchanged.
    Consistent,
    /// Nix would change the lock or wants one.
    Stale,
    /// Nix would have to fetch something locked to know.
    Undecided,
    /// Nix rejects flake.nix or flake.lock.
    Invalid,
    /// The tool failed or its report says nothing about the flake.
    Failed,
}

/// A report.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) claim: Claim,
    /// Rule and message of each error-level finding.
    pub(crate) findings: Vec<(String, String)>,
    /// The inputs that `stale-lock` names, each as often as it does.
    pub(crate) stale: Vec<String>,
    /// What it printed where it failed.
    pub(crate) failure: String,
}

/// Checks the flake in the folder `flake` of the tree in `dir`.
pub(crate) fn check(dir: &Path, flake: &str) -> Report {
    let (json, failure) = run(dir, &["check", "--no-config", "--format", "json"]);
    let mut claim = json["flakes"]
        .as_array()
        .and_then(|flakes| flakes.iter().find(|entry| entry["dir"] == flake))
        .map_or(Claim::Failed, claim);
    let text = |finding: &Json, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let beside = |finding: &&Json| finding["path"].as_str().is_some_and(|path| folder(path) == flake);
    let all = || json["findings"].as_array().into_iter().flatten();
    let errors = all().filter(|finding| finding["level"] == "error");
    let findings: Vec<_> = errors.map(|finding| (text(finding, "rule"), text(finding, "message"))).collect();
    // A lock that is missing could not be written either, where what is wrong is told beside it.
    if all().filter(beside).any(|finding| finding["rule"] == "missing-lock")
        && findings.iter().any(|(rule, _)| rule == "broken-follows" || rule == "invalid-flake")
    {
        claim = Claim::Invalid;
    }
    let stale = all().filter(|finding| finding["rule"] == "stale-lock").filter(beside);
    Report { claim, findings, stale: stale.map(|finding| text(finding, "input")).collect(), failure }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Runs the binary in `dir`; its JSON, and where there is none what it printed instead.
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> (Json, String) {
    // A run of hours outlives the build that it began with.
    let binary = std::env::var_os("PREFLAKE_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_preflake").into());
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(dir).stdin(Stdio::null());
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    let output = command.output().expect("the binary was built for this test");
    let json = serde_json::from_slice(&output.stdout).unwrap_or(Json::Null);
    let failed = json.is_null() || !matches!(output.status.code(), Some(0 | 1));
    let failure = if failed { String::from_utf8_lossy(&output.stderr).into_owned() } else { String::new() };
    (json, failure)
}

fn claim(flake: &Json) -> Claim {
    match (flake["flake"].as_str(), flake["lock"].as_str()) {
        (Some("invalid"), _) | (Some("valid"), Some("invalid")) => Claim::Invalid,
        (Some("valid"), Some("consistent" | "not-needed")) => Claim::Consistent,
        (Some("valid"), Some("stale" | "missing")) => Claim::Stale,
        (Some("valid"), Some("undecided")) => Claim::Undecided,
        _ => Claim::Failed,
    }
}
