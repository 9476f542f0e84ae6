//! Merge commits of real repositories in which both sides changed flake.lock, merged again with the driver.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::diverge::Trees;
use super::{Merge, Tally, driver, judge};
use crate::case::Files;
use crate::histories::{git, git_bytes, repositories};
use crate::oracle::Oracle;
use crate::run::each;

/// A merge commit and its two parents.
struct Commit {
    repository: PathBuf,
    ours: String,
    theirs: String,
    fork: String,
}

/// Merges again what `mirrors` has, at most `most` merges of each repository.
pub(crate) fn run(oracle: &Oracle, mirrors: &Path, most: usize) -> Tally {
    let repositories = repositories(mirrors);
    let commits: Vec<Commit> = repositories.iter().flat_map(|repository| merges(repository, most)).collect();
    let mut with: Vec<&PathBuf> = commits.iter().map(|commit| &commit.repository).collect();
    with.dedup();
    println!("{} repositories, {} with such merges: {}", repositories.len(), with.len(), commits.len());
    let mut tally = Tally::default();
    for outcome in each(&commits, |commit, dir| again(oracle, commit, dir)) {
        tally.add(outcome);
    }
    tally
}

/// The merges of a repository that had two different new locks to merge, spread evenly over its history.
fn merges(repository: &Path, most: usize) -> Vec<Commit> {
    let listing = git(repository, &["rev-list", "--merges", "--parents", "--all"]);
    let pairs: Vec<[&str; 2]> = listing
        .lines()
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [_, ours, theirs] => Some([ours, theirs]),
            _ => None,
        })
        .collect();
    let locks = locks_of(repository, pairs.iter().flatten().copied());
    let differ =
        |pair: &&[String]| !pair[0].ends_with("missing") && !pair[1].ends_with("missing") && pair[0] != pair[1];
    let mut found = Vec::new();
    for (pair, locks) in pairs.iter().zip(locks.chunks(2)).filter(|(_, locks)| differ(locks)) {
        let fork = git(repository, &["merge-base", pair[0], pair[1]]).trim().to_owned();
        let Some(base) = locks_of(repository, [fork.as_str()].into_iter()).pop() else { continue };
        if !fork.is_empty() && !base.ends_with("missing") && !locks.contains(&base) {
            let [ours, theirs] = pair.map(str::to_owned);
            found.push(Commit { repository: repository.to_owned(), ours, theirs, fork });
        }
    }
    let step = found.len().div_ceil(most).max(1);
    found.into_iter().step_by(step).collect()
}

/// What git says about the flake.lock of each commit.
fn locks_of<'a>(repository: &Path, commits: impl Iterator<Item = &'a str>) -> Vec<String> {
    let asked = commits.map(|commit| format!("{commit}:flake.lock\n")).collect::<Vec<_>>().concat();
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(repository).args(["cat-file", "--batch-check=%(objectname)"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git is installed");
    let mut input = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()));
    let output = child.wait_with_output().expect("git ends");
    let written = writer.join().expect("writing does not panic");
    if !output.status.success() {
        // One that is being fetched anew is no repository for a while.
        println!("skipped: git does not read {}", repository.display());
        return Vec::new();
    }
    written.expect("git reads to the end");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn again(oracle: &Oracle, commit: &Commit, dir: &Path) -> Result<(super::Kind, usize), String> {
    let copy = dir.join("copy.git");
    let shared = ["clone", "-q", "--bare", "--shared", &commit.repository.to_string_lossy(), &copy.to_string_lossy()];
    git(&commit.repository, &shared);
    git(&copy, &["config", "merge.preflake.driver", &driver()]);
    std::fs::create_dir_all(copy.join("info")).expect("scratch is ours");
    std::fs::write(copy.join("info/attributes"), "flake.lock merge=preflake\n").expect("scratch is ours");
    let mut command = Command::new("git");
    command.arg("-C").arg(&copy).args(["merge-tree", "--write-tree", &commit.ours, &commit.theirs]);
    let output = command.output().expect("git is installed");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let tree = said.lines().find(|line| line.len() >= 40 && line.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if said.contains("unable to read") {
        // A copy may lack large files; that is no merge.
        return Ok((super::Kind::Conflict, 0));
    }
    let tree = tree.ok_or_else(|| format!("no tree: {said}"))?;
    let files = files(&copy, tree);
    let unmerged = |path: &str| said.lines().any(|line| line.ends_with(&format!("\t{path}")));
    let merge = Merge {
        nix_is_clean: !unmerged("flake.nix"),
        lock_is_clean: !unmerged("flake.lock"),
        lock: files.get("flake.lock").map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default(),
        said: said.clone(),
        files,
    };
    let [base, ours, theirs] = [&commit.fork, &commit.ours, &commit.theirs].map(|id| self::files(&copy, id));
    let is_lock = |files: &Files| {
        files.get("flake.lock").is_some_and(|lock| serde_json::from_slice::<serde_json::Value>(lock).is_ok())
    };
    if ![&base, &ours, &theirs].into_iter().all(is_lock) {
        return Ok((super::Kind::Conflict, 0));
    }
    let trees = Trees { base, ours, theirs, edits: [Vec::new(), Vec::new()] };
    let Commit { repository, ours, theirs, .. } = commit;
    judge(oracle, &trees, &merge).map_err(|why| format!("=== {} {ours} {theirs}: {why}\n{said}", repository.display()))
}

/// The files of a tree that a lock is made from.
fn files(repository: &Path, tree: &str) -> Files {
    let listing = git(repository, &["ls-tree", "-r", "--full-tree", "--name-only", tree]);
    let is_flake = |path: &&str| matches!(path.rsplit('/').next(), Some("flake.nix" | "flake.lock"));
    let blob = |path: &str| git_bytes(repository, &["cat-file", "blob", &format!("{tree}:{path}")]);
    listing.lines().filter(is_flake).map(|path| (path.to_owned(), blob(path))).collect()
}
