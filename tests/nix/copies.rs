//! Which copies of Nixpkgs could follow, computed a second time: from the locks alone, with nothing of preflake but its
//! report.
//!
//! What is computed here is smaller than what preflake knows, so that it can be read at once: Nixpkgs through the ways in
//! which real locks have it, and for every suggestion whether both ends are the same repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value as Json;

use crate::case::{Files, write};
use crate::run::each;
use crate::subject::run as preflake;

/// Repositories that were renamed, and those of `FlakeHub` that are published from another one.
const SAME: &[(&str, &str)] = &[
    ("cachix/pre-commit-hooks.nix", "cachix/git-hooks.nix"),
    ("determinatesystems/nixpkgs-weekly", "nixos/nixpkgs"),
    ("edolstra/flake-compat", "nixos/flake-compat"),
    ("hercules-ci/gitignore", "hercules-ci/gitignore.nix"),
    ("lnl7/nix-darwin", "nix-darwin/nix-darwin"),
];

/// Projects that ask not to be overridden: their inputs must not be named.
const KEEP_THEIR_OWN: &[&str] = &[
    "altsem/gitu",
    "anyrun-org/anyrun",
    "determinatesystems/determinate",
    "flox/flox",
    "hyprwm/hyprland",
    "oxalica/nil",
    "xddxdd/nix-cachyos-kernel",
];

/// What came of the flakes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    flakes: usize,
    /// Copies of the same branch that could follow, by this computation.
    copies: usize,
    suggestions: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// Prints the figures and fails where the two do not agree.
    pub(crate) fn conclude(&self, what: &str) {
        let Self { flakes, copies, suggestions, wrong } = self;
        println!("{what}: {flakes} flakes, {copies} copies of nixpkgs that could follow, {suggestions} suggestions");
        for line in wrong {
            println!("  {line}");
        }
        assert!(wrong.is_empty(), "{} of {what} are wrong", wrong.len());
    }
}

/// Compares the report on each flake with its lock.
pub(crate) fn run(flakes: &[(String, Files)]) -> Tally {
    let mut tally = Tally::default();
    let outcomes = each(flakes, |(_, files), dir| compare(files, dir));
    for ((name, _), (copies, suggestions, wrong)) in flakes.iter().zip(outcomes) {
        tally.flakes += 1;
        tally.copies += copies;
        tally.suggestions += suggestions;
        tally.wrong.extend(wrong.into_iter().map(|line| format!("{name}: {line}")));
    }
    tally
}

/// The number of copies and of suggestions, and what is wrong.
fn compare(files: &Files, dir: &Path) -> (usize, usize, Vec<String>) {
    write(files, dir);
    let select = "missing-follows,duplicate-input,stale-lock,invalid-flake,invalid-lock";
    let (report, failure) = preflake(dir, &["check", "--no-config", "--format", "json", "--select", select]);
    let mut wrong: Vec<String> = if failure.is_empty() { Vec::new() } else { vec![failure] };
    // What flake.nix says already and the lock does not know yet is another matter.
    let root = report["flakes"].as_array().into_iter().flatten().find(|flake| flake["dir"] == "");
    if root.is_none_or(|root| root["lock"] != "consistent" || root["flake"] != "valid") {
        return (0, 0, wrong);
    }
    let Ok(lock) = serde_json::from_slice::<Json>(&files["flake.lock"]) else { return (0, 0, wrong) };
    let lock = Lock(&lock);
    let findings = report["findings"].as_array().into_iter().flatten();
    let findings: Vec<&Json> = findings.filter(|finding| finding["path"] == "flake.nix").collect();
    let named: BTreeSet<&str> = findings.iter().filter_map(|finding| finding["input"].as_str()).collect();
    let text = String::from_utf8_lossy(&files["flake.nix"]).into_owned();
    let copies = lock.copies();
    for (path, _) in &copies {
        let is_kept = lock.is_kept(path);
        if is_kept == named.contains(path.join("/").as_str()) && (is_kept || !is_commented_out(&text, path)) {
            wrong.push(format!("{} is {}named", path.join("/"), if is_kept { "" } else { "not " }));
        }
    }
    let mut suggestions = 0;
    for finding in findings {
        let (input, title) = (finding["input"].as_str(), finding["fix"]["title"].as_str());
        let (Some(input), Some(title)) = (input, title) else { continue };
        let Some(target) = title.split("follows = \"").nth(1).and_then(|rest| rest.split('"').next()) else { continue };
        suggestions += 1;
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        let (copy, target) = (lock.repository(&path(input)), lock.repository(&path(target)));
        if copy.is_none() || copy != target {
            wrong.push(format!("{input} is {copy:?} and would follow {target:?}"));
        }
    }
    (copies.iter().filter(|(path, _)| !lock.is_kept(path)).count(), suggestions, wrong)
}

/// Whether flake.nix holds that `follows` in a comment; roughly.
fn is_commented_out(text: &str, path: &[String]) -> bool {
    let wanted = format!("{}.follows", path[1..].join(".inputs."));
    text.lines().any(|line| line.contains('#') && line.contains(&wanted))
}

struct Lock<'j>(&'j Json);

impl<'j> Lock<'j> {
    fn node(&self, key: &str) -> &'j Json {
        &self.0["nodes"][key]
    }

    fn root(&self) -> &'j str {
        self.0["root"].as_str().unwrap_or_default()
    }

    /// The key of the node at a path of input names.
    fn find(&self, path: &[String], steps: usize) -> Option<&'j str> {
        let mut key = self.root();
        for name in path {
            let edge = &self.node(key)["inputs"][name];
            key = match edge {
                Json::String(key) => key,
                Json::Array(target) if steps > 0 => {
                    let target: Vec<String> = target.iter().filter_map(Json::as_str).map(str::to_owned).collect();
                    self.find(&target, steps - 1)?
                }
                _ => return None,
            };
        }
        Some(key)
    }

    /// The copies of Nixpkgs below the root's own inputs whose branch one of these has too.
    fn copies(&self) -> Vec<(Vec<String>, &'j str)> {
        let inputs = self.node(self.root())["inputs"].as_object();
        // Those that are themselves an input of an input cannot be followed by others that are.
        let own: Vec<(&str, String, bool)> = inputs
            .into_iter()
            .flatten()
            .filter_map(|(name, edge)| {
                let key = self.find(std::slice::from_ref(name), 50)?;
                Some((key, nixpkgs_branch(self.node(key))?, edge.is_array()))
            })
            .collect();
        let mut found = Vec::new();
        let mut pending = vec![(Vec::new(), self.root())];
        let mut seen = BTreeSet::new();
        while let Some((path, key)) = pending.pop() {
            if !seen.insert(key) {
                continue;
            }
            for (name, edge) in self.node(key)["inputs"].as_object().into_iter().flatten() {
                let Some(child) = edge.as_str() else { continue };
                let path: Vec<String> = path.iter().chain([name]).cloned().collect();
                let branch = nixpkgs_branch(self.node(child));
                let is_own = own.iter().any(|(key, ..)| *key == child);
                let can_follow = branch.is_some_and(|branch| {
                    own.iter().any(|(key, b, borrowed)| *key != child && *b == branch && !(is_own && *borrowed))
                });
                if path.len() > 1 && can_follow && !name.ends_with("nixpkgs-lib") {
                    found.push((path.clone(), child));
                }
                pending.push((path, child));
            }
        }
        found
    }

    /// Whether an input above this one belongs to a project that asks not to be overridden.
    fn is_kept(&self, path: &[String]) -> bool {
        let keeper = |length: usize| self.repository(&path[..length]);
        (1..path.len()).filter_map(keeper).any(|name| KEEP_THEIR_OWN.contains(&name.as_str()))
    }

    /// The repository of the input at a path, in lower case and under its present name.
    fn repository(&self, path: &[String]) -> Option<String> {
        let node = self.node(self.find(path, 50)?);
        let name = repository(&node["original"]).or_else(|| repository(&node["locked"]))?;
        let present: BTreeMap<&str, &str> = SAME.iter().copied().collect();
        Some(present.get(name.as_str()).map_or(name.clone(), |name| (*name).to_owned()))
    }
}

/// `owner/repository` on GitHub; other hosts have their name in front.
fn repository(reference: &Json) -> Option<String> {
    let text = |name: &str| reference[name].as_str().unwrap_or_default().to_lowercase();
    let name = match reference["type"].as_str()? {
        "github" if reference["host"].is_null() => format!("{}/{}", text("owner"), text("repo")),
        kind @ ("gitlab" | "sourcehut") => {
            let usual = if kind == "gitlab" { "gitlab.com" } else { "git.sr.ht" };
            let host = if reference["host"].is_null() { usual.to_owned() } else { text("host") };
            format!("{host}/{}/{}", text("owner").replace("%2f", "/"), text("repo"))
        }
        "indirect" if text("id") == "nixpkgs" => "nixos/nixpkgs".to_owned(),
        "git" | "tarball" | "file" => {
            let url = text("url");
            let url = url.split(['?', '#']).next().unwrap_or_default();
            let (_, rest) = url.split_once("://")?;
            let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).trim_end_matches('/');
            let parts: Vec<&str> = rest.split('/').collect();
            match parts.as_slice() {
                ["channels.nixos.org" | "releases.nixos.org", ..] | ["nixos.org", "channels", ..] => {
                    "nixos/nixpkgs".to_owned()
                }
                ["flakehub.com", "f", owner, name, ..]
                | ["api.flakehub.com", "f", "pinned", owner, name, ..]
                | ["github.com", owner, name, ..] => format!("{owner}/{}", name.trim_end_matches(".git")),
                _ => rest.trim_end_matches(".git").to_owned(),
            }
        }
        _ => return None,
    };
    Some(name)
}

/// The branch of Nixpkgs that a node asks for; `None` of another repository, a part of it, a source that is no flake,
/// or a revision.
fn nixpkgs_branch(node: &Json) -> Option<String> {
    let original = &node["original"];
    let is_flake = node["flake"] != false && original["dir"].is_null();
    let name = repository(original)?;
    let is_weekly = name == "determinatesystems/nixpkgs-weekly";
    if !is_flake || !original["rev"].is_null() || !(name == "nixos/nixpkgs" || is_weekly) {
        return None;
    }
    let branch = original["ref"].as_str().map(|name| name.trim_start_matches("refs/heads/").to_owned());
    let url = original["url"].as_str().unwrap_or_default().to_lowercase();
    match original["type"].as_str()? {
        "indirect" => Some(branch.unwrap_or_else(|| "nixpkgs-unstable".to_owned())),
        "tarball" if url.contains("flakehub.com/f/nixos/nixpkgs/0.1") => Some("nixos-unstable".to_owned()),
        "tarball" if is_weekly => Some("nixpkgs-unstable".to_owned()),
        "tarball" if url.contains("channels.nixos.org/") || url.contains("nixos.org/channels/") => {
            let rest = url.rsplit_once("channels").map_or("", |(_, rest)| rest);
            rest.trim_start_matches(".nixos.org").trim_start_matches('/').split('/').next().map(str::to_owned)
        }
        "github" | "git" => Some(branch.unwrap_or_default()),
        _ => None,
    }
}
