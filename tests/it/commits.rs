//! A check of a commit that is being made finds what the commit breaks: compared with whole checks of generated commits.
//!
//! `PREFLAKE_COMMITS` is how many (30 unless set), `PREFLAKE_SEED` where to begin.

use std::collections::BTreeSet;
use std::fs;

use crate::random::{Random, number};
use crate::repo::Repo;

const FILES: &[&str] = &[
    "flake.nix",
    "a.nix",
    "b.nix",
    "d/default.nix",
    "d/c.nix",
    "d/e/f.nix",
    "lib/g.nix",
    "old.nix",
    "data.txt",
    "d/notes.txt",
    "tests/t.nix",
    "sub/flake.nix",
    "sub/h.nix",
];

const PATHS: &[&str] = &[
    "./a.nix",
    "./b.nix",
    "./d",
    "./d/c.nix",
    "./lib",
    "./lib/g.nix",
    "../a.nix",
    "../d",
    "./e/f.nix",
    "./old.nix",
    "./A.nix",
    "./data.txt",
    "./gone.nix",
    "./d/notes.txt",
    "./sub/h.nix",
    "./link/c.nix",
    "./link",
    "(self + \"/d\")",
    "(./d + \"/c.nix\")",
    "./tests/t.nix",
];

const USES: &[&str] = &[
    "imports = [ PATH PATH ];",
    "x = import PATH;",
    "src = PATH;",
    "y = map (name: ./d/${name}.nix) [ \"c\" \"z\" ];",
    "imports = map (name: ./d/${name}.nix) [ \"c\" \"default\" ];",
    "z = if builtins.pathExists PATH then import PATH else { };",
    "w = builtins.readDir ./d;",
    "v = import <nixpkgs> { };",
    "u = let root = PATH; in import (root + \"/c.nix\");",
    "",
];

fn text(path: &str, random: &mut Random) -> String {
    let mut body = String::new();
    for _ in 0..random.below(4) {
        let line = random.pick(USES);
        body += "  ";
        for (index, part) in line.split("PATH").enumerate() {
            body += if index > 0 { random.pick(PATHS) } else { "" };
            body += part;
        }
        body += "\n";
    }
    if path.ends_with("flake.nix") {
        let asks = if random.below(6) == 0 { "  inputs.self.submodules = true;\n" } else { "" };
        return format!("{{\n{asks}  outputs = {{ self, ... }}: rec {{\n{body}  }};\n}}\n");
    }
    format!("{{ self, ... }}: rec {{\n{body}}}\n")
}

fn remove(repo: &Repo, path: &str) {
    let path = repo.path().join(path);
    drop(if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) });
}

fn write(repo: &Repo, path: &str, random: &mut Random) {
    let parent = repo.path().join(path).parent().expect("it has one").to_owned();
    if fs::create_dir_all(parent).is_ok() && !repo.path().join(path).is_dir() {
        remove(repo, path);
        repo.write(path, &text(path, random));
    }
}

fn change(repo: &Repo, random: &mut Random) {
    let path = random.pick(FILES);
    match random.below(8) {
        0 if path != "flake.nix" => remove(repo, path),
        1 => remove(repo, random.pick(&["d", "lib", "link", "sub"])),
        2 if path != "flake.nix" => drop(fs::rename(repo.path().join(path), repo.path().join("moved.nix"))),
        #[cfg(unix)]
        3 => {
            remove(repo, "link");
            drop(std::os::unix::fs::symlink(random.pick(&["d", "lib", "nowhere", "../d"]), repo.path().join("link")));
        }
        #[cfg(unix)]
        4 if path != "flake.nix" => {
            remove(repo, path);
            drop(std::os::unix::fs::symlink(random.pick(&["a.nix", "nowhere"]), repo.path().join(path)));
        }
        _ => write(repo, path, random),
    }
}

/// Whether a finding tells only more of what did not exist before either: now there is a file of that name in other case.
fn is_known(finding: &str, before: &BTreeSet<String>) -> bool {
    let parts = finding.split_once(" \"path-case\" ").and_then(|(_, rest)| rest.split_once(": \""));
    let Some((file, message)) = parts else { return false };
    let wanted = message.split_once(", but ").map_or(message, |(wanted, _)| wanted);
    before.iter().any(|finding| finding.contains(&format!(" {file}: ")) && finding.contains(wanted))
}

/// Findings on paths, with all that a user sees of them.
fn findings(repo: &Repo, view: &[&str]) -> BTreeSet<String> {
    let select = "missing-import,missing-path,path-case,impure-path,untracked-reference,submodule-path";
    let run = repo.preflake(&[&["check", "--format", "json", "--select", select], view].concat());
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    let found = report["findings"].as_array().expect("a list");
    found.iter().map(|f| format!("{} {} {}: {}", f["level"], f["rule"], f["path"], f["message"])).collect()
}

#[test]
fn what_a_commit_breaks_is_found_when_it_is_made() {
    let first = number("PREFLAKE_SEED").unwrap_or(1);
    let mut broke = 0;
    for seed in first..first + number("PREFLAKE_COMMITS").unwrap_or(30) {
        let random = &mut Random(seed);
        let repo = Repo::new();
        for path in FILES {
            if *path == "flake.nix" || random.below(4) > 0 {
                write(&repo, path, random);
            }
        }
        repo.commit_all();
        for _ in 0..=random.below(3) {
            change(&repo, random);
        }
        repo.git(&["add", "--all"]);
        if repo.git(&["diff", "--cached", "--name-only"]).is_empty() {
            continue;
        }
        let made = findings(&repo, &["--staged"]);
        repo.commit_all();
        let (before, after) = (findings(&repo, &["--rev", "HEAD~1"]), findings(&repo, &["--rev", "HEAD"]));
        // An error that the commit makes a warning, by cutting its file off, is nothing that it breaks.
        let is_milder = |finding: &String| before.contains(&finding.replacen("warning", "error", 1));
        let is_new = |finding: &&String| !is_milder(finding) && !is_known(finding, &before);
        let missed: Vec<_> = after.difference(&before).filter(is_new).filter(|f| !made.contains(*f)).collect();
        assert!(missed.is_empty(), "seed {seed}: {missed:#?}\n{}", repo.git(&["show", "--stat", "-p", "HEAD"]));
        let invented: Vec<_> = made.difference(&after).collect();
        assert!(invented.is_empty(), "seed {seed}: {invented:#?}");
        broke += after.difference(&before).count();
    }
    assert!(broke > 0, "no commit broke anything: the test shows nothing");
}
