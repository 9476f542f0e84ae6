//! Real histories: commits of bare repositories that touch a flake.nix or flake.lock, each flake of each judged by both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::case::Files;
use crate::judge::agree;
use crate::oracle::{Answer, Oracle};
use crate::run::{Tally, difference, each};
use crate::subject::{Claim, Report, check};

/// The files of flakes, anywhere in a tree.
const PATHS: &[&str] = &[":(glob)**/flake.nix", ":(glob)**/flake.lock"];

/// At most this many flakes of one commit are judged: some repositories hold a hundred templates.
const FLAKES: usize = 5;

/// One commit of a repository.
struct Commit {
    repository: PathBuf,
    id: String,
}

/// Judges `commits` of each bare repository in or below `mirrors`, spread evenly over its history.
pub(crate) fn run(oracle: &Oracle, mirrors: &Path, commits: usize) -> Tally {
    let repositories = repositories(mirrors);
    let jobs: Vec<Commit> = repositories.iter().flat_map(|repository| choose(repository, commits)).collect();
    println!("{} repositories, {} commits", repositories.len(), jobs.len());
    let mut tally = Tally::default();
    for (commit, flakes) in jobs.iter().zip(each(&jobs, |commit, dir| judge(oracle, commit, dir))) {
        for (dir, answer, report) in flakes {
            tally.add(&answer, &report);
            if !agree(&answer, &report) {
                let head = format!("{} {} in `{dir}`", commit.repository.display(), commit.id);
                tally.disagreements.push(difference(&head, &answer, &report));
            }
        }
    }
    tally
}

/// The files of every flake at the root of the newest commit of each repository in or below `mirrors`.
pub(crate) fn heads(mirrors: &Path) -> Vec<(String, Files)> {
    let mut heads = Vec::new();
    for repository in repositories(mirrors) {
        let listing = git(&repository, &["ls-tree", "-r", "--full-tree", "--name-only", "HEAD"]);
        let is_flake = |path: &&str| matches!(path.rsplit('/').next(), Some("flake.nix" | "flake.lock"));
        let blob = |path: &str| git_bytes(&repository, &["cat-file", "blob", &format!("HEAD:{path}")]);
        let files: Files = listing.lines().filter(is_flake).map(|path| (path.to_owned(), blob(path))).collect();
        if files.contains_key("flake.nix") && files.contains_key("flake.lock") {
            heads.push((repository.display().to_string(), files));
        }
    }
    heads
}

/// The bare repositories in or below a folder.
pub(crate) fn repositories(mirrors: &Path) -> Vec<PathBuf> {
    let mut repositories = Vec::new();
    find_repositories(mirrors, 3, &mut repositories);
    repositories.sort();
    repositories
}

fn find_repositories(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if dir.join("HEAD").is_file() && dir.join("objects").is_dir() {
        found.push(dir.to_owned());
    } else if depth > 0 {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.for_each(|entry| find_repositories(&entry.path(), depth - 1, found));
    }
}

fn choose(repository: &Path, most: usize) -> Vec<Commit> {
    let all = git(repository, &[&["rev-list", "HEAD", "--"], PATHS].concat());
    let all: Vec<&str> = all.lines().collect();
    let step = all.len().div_ceil(most).max(1);
    let commit = |id: &&str| Commit { repository: repository.to_owned(), id: (*id).to_owned() };
    all.iter().step_by(step).map(commit).collect()
}

fn judge(oracle: &Oracle, commit: &Commit, dir: &Path) -> Vec<(String, Answer, Report)> {
    let listing = git(&commit.repository, &["ls-tree", "-r", "--full-tree", &commit.id]);
    let mut flakes = Vec::new();
    for line in listing.lines().filter(|line| line.starts_with("100")) {
        let Some((head, path)) = line.split_once('\t') else { continue };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !matches!(name, "flake.nix" | "flake.lock") || path.starts_with('"') {
            continue;
        }
        let blob = head.rsplit(' ').next().unwrap_or_default();
        fs::create_dir_all(dir.join(folder)).expect("scratch can be written");
        fs::write(dir.join(path), git_bytes(&commit.repository, &["cat-file", "blob", blob])).expect("scratch is ours");
        if name == "flake.nix" {
            flakes.push(folder.to_owned());
        }
    }
    if !dir.join("flake.nix").exists() {
        // Without git, preflake looks at nothing but the flake that it stands in.
        let _ = Command::new("git").arg("-C").arg(dir).args(["init", "--quiet"]).status();
        let _ = Command::new("git").arg("-C").arg(dir).args(["add", "--all", "--force"]).status();
    }
    // The flakes that have a lock say more than templates without one.
    flakes.sort_by_key(|folder| (!dir.join(folder).join("flake.lock").exists(), folder.len()));
    flakes.truncate(FLAKES);
    let judged = flakes.into_iter().map(|flake| (flake.clone(), oracle.ask_in(dir, &flake), check(dir, &flake)));
    // Below the root, a function in a file called flake.nix is a module for something else: preflake leaves it alone.
    let is_module = |(flake, answer, report): &(String, Answer, Report)| {
        !flake.is_empty() && report.claim == Claim::Failed && answer.message.contains("must be an attribute set")
    };
    judged.filter(|case| !is_module(case)).collect()
}

/// What git prints.
pub(crate) fn git(repository: &Path, arguments: &[&str]) -> String {
    String::from_utf8_lossy(&git_bytes(repository, arguments)).into_owned()
}

/// The same, as bytes.
pub(crate) fn git_bytes(repository: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new("git");
    command.arg("-C").arg(repository).args(arguments).env("GIT_DIR", repository).stderr(Stdio::null());
    command.output().map(|output| output.stdout).unwrap_or_default()
}
