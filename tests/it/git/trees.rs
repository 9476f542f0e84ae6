//! Generated trees with adversarial ignore patterns: git is the oracle.
//!
//! `PREFLAKE_TREES` is how many (60 unless set), `PREFLAKE_SEED` where to begin.

use std::process::{Command, Stdio};

use preflake::git::ViewChoice;
use preflake::snapshot::{Absence, RepoPath};

use super::scratch::Scratch;
use crate::random::{Random, number};

const DIRECTORIES: &[&str] = &["a", "b", "ab", "foo", "a b", "x.nix", "[a]", "build", ".d"];
const FILES: &[&str] =
    &["a.nix", "b.nix", "foo.nix", ".nix", "a b.nix", "x.txt", "[a].nix", "A.nix", "default.nix", "-.nix", "a\\b.nix"];
const PIECES: &[&str] = &[
    "a",
    "b",
    "foo",
    "*",
    "**",
    "?",
    "[ab]",
    "[!a]",
    "[^b]",
    "[a-f]",
    "[[:alpha:]]",
    "[[:foo:]]",
    "[]a]",
    "[a",
    "*.nix",
    ".nix",
    "a*",
    "*b",
    "\\a",
    "\\*",
    "\\",
    "x.nix",
    "build",
    " ",
    "a b",
    "***",
    "a.nix",
    "[[:upper:]]*",
    "*.*",
    "d*t*",
];

fn pattern(random: &mut Random) -> String {
    let mut text = String::new();
    if random.below(5) == 0 {
        text.push_str(random.pick(&["!", "!!", "#", "\\!", "\\#"]));
    }
    if random.below(4) == 0 {
        text.push_str(random.pick(&["/", "**/", "//", "*/"]));
    }
    for index in 0..=random.below(3) {
        if index > 0 {
            text.push_str(random.pick(&["/", "/", "/**/", "", "//"]));
        }
        text.push_str(random.pick(PIECES));
    }
    if random.below(3) == 0 {
        text.push_str(random.pick(&["/", "/**", "/*", " ", "\\ ", "  ", "\r", "/ "]));
    }
    text
}

fn patterns(random: &mut Random) -> String {
    let mut text = String::new();
    if random.below(12) == 0 {
        text.push('\u{feff}');
    }
    for _ in 0..=random.below(5) {
        text.push_str(&pattern(random));
        text.push('\n');
    }
    if random.below(6) == 0 {
        text.pop();
    }
    text
}

fn directory(random: &mut Random) -> String {
    let mut path = String::new();
    for _ in 0..random.below(4) {
        path.push_str(random.pick(DIRECTORIES));
        path.push('/');
    }
    path
}

/// Writes what can be written: a file may stand where a directory was wanted.
fn write(scratch: &Scratch, path: &str, content: &str) {
    let path = scratch.root.join(path);
    if std::fs::create_dir_all(path.parent().expect("it has one")).is_ok() && !path.is_dir() {
        drop(std::fs::write(path, content));
    }
}

/// One repository serves all trees: only its worktree and index are thrown away.
fn grow(scratch: &Scratch, random: &mut Random) {
    for entry in std::fs::read_dir(&scratch.root).expect("it can be listed").flatten() {
        if entry.file_name() != ".git" {
            let path = entry.path();
            drop(if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                std::fs::remove_dir_all(path)
            } else {
                std::fs::remove_file(path)
            });
        }
    }
    drop(std::fs::remove_file(scratch.root.join(".git/index")));
    let mut files = Vec::new();
    for _ in 0..6 + random.below(16) {
        let path = directory(random) + random.pick(FILES);
        write(scratch, &path, "x");
        files.push(path);
    }
    let tracked: Vec<&str> = files.iter().filter(|_| random.below(3) == 0).map(String::as_str).collect();
    let tracked: Vec<&str> = tracked
        .into_iter()
        .filter(|path| scratch.root.join(path).symlink_metadata().is_ok_and(|m| m.is_file()))
        .collect();
    if !tracked.is_empty() {
        scratch.git(&[&["--literal-pathspecs", "add", "-f", "--"], tracked.as_slice()].concat());
    }
    for _ in 0..random.below(4) {
        write(scratch, &(directory(random) + ".gitignore"), &patterns(random));
    }
    let exclude = if random.below(3) == 0 { patterns(random) } else { String::new() };
    write(scratch, ".git/info/exclude", &exclude);
    if random.below(6) == 0 {
        let nested = directory(random) + random.pick(DIRECTORIES);
        if nested.contains('/') && std::fs::create_dir_all(scratch.root.join(&nested)).is_ok() {
            let _ = scratch.run(&scratch.root.join(&nested), &["init", "-q"]);
        }
    }
    if random.below(4) == 0 {
        for path in tracked.iter().filter(|_| random.below(2) == 0) {
            drop(std::fs::remove_file(scratch.root.join(path)));
        }
    }
}

/// `git check-ignore -v -n`: for each path the rule that decides, if any.
pub(super) fn check_ignore(scratch: &Scratch, paths: &[String]) -> Vec<Option<(String, usize, String)>> {
    use std::io::Write as _;
    let mut child = Command::new("git")
        .current_dir(&scratch.root)
        .env_clear()
        .envs(scratch.environment())
        .args(["check-ignore", "-v", "-n", "-z", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("git is installed");
    let mut input = child.stdin.take().expect("it is piped");
    let text = paths.join("\0") + "\0";
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("git ends");
    drop(writer.join());
    let fields: Vec<String> =
        output.stdout.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    let rule = |chunk: &[String]| {
        let ignored = !chunk[2].is_empty() && !chunk[2].starts_with('!');
        ignored.then(|| (chunk[0].clone(), chunk[1].parse().unwrap_or(0), chunk[2].clone()))
    };
    fields.chunks_exact(4).map(rule).collect()
}

fn check_rules(scratch: &Scratch, seed: u64) {
    let files = |only_ignored: &[&str]| {
        let arguments = [&["ls-files", "--others", "-z"], only_ignored].concat();
        super::scratch::lines(&scratch.git(&arguments))
    };
    // check-ignore takes its arguments for globs, and passes over one that matches something tracked.
    let plain = |path: &String| !path.ends_with('/') && !path.contains(['[', '\\', '*', '?']);
    let all: Vec<String> = files(&[]).into_iter().filter(plain).collect();
    let snapshot = scratch.snapshot(&ViewChoice::Worktree);
    for (path, expected) in all.iter().zip(check_ignore(scratch, &all)) {
        let absence = snapshot.absence(&RepoPath::from(path.as_str()));
        let ours = match absence {
            Absence::Ignored(rule) => Some((rule.source, rule.line, rule.pattern)),
            Absence::Untracked => None,
            other => panic!("seed {seed}: {path}: {other:?}"),
        };
        assert_eq!(ours, expected, "seed {seed}: {path}");
    }
}

fn check_presence(scratch: &Scratch, seed: u64) {
    let gone = super::scratch::lines(&scratch.git(&["ls-files", "--deleted", "-z"]));
    let snapshot = scratch.snapshot(&ViewChoice::Worktree);
    // The walk answers first, single questions second: both must agree with git.
    for walk_first in [true, false] {
        let snapshot = if walk_first { &snapshot } else { &scratch.snapshot(&ViewChoice::Worktree) };
        if walk_first {
            drop(snapshot.untracked_nix_files());
        }
        let there: Vec<String> =
            snapshot.entries().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect();
        let expected: Vec<String> =
            super::scratch::paths(snapshot).into_iter().filter(|path| !gone.contains(path)).collect();
        assert_eq!(there, expected, "seed {seed}");
    }
}

#[test]
fn generated_trees_agree_with_git() {
    let count = number("PREFLAKE_TREES").unwrap_or(60);
    let first = number("PREFLAKE_SEED").unwrap_or(1);
    let scratch = Scratch::new(&[]);
    for seed in first..first + count {
        grow(&scratch, &mut Random(seed));
        scratch.check_untracked(&format!("seed {seed}"));
        scratch.check_entries(&format!("seed {seed}"));
        check_rules(&scratch, seed);
        check_presence(&scratch, seed);
    }
}
