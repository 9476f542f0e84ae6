//! What a commit is about to change, after random edits: `git diff --cached` is the oracle.
//!
//! `PREFLAKE_TREES` is how many repositories (60 unless set), `PREFLAKE_SEED` where to begin.

use std::fs;

use preflake::git::ViewChoice;

use super::scratch::{Scratch, lines};
use crate::random::{Random, number};

const DIRECTORIES: &[&str] = &["", "a/", "a/b/", "a/b/c/", "a.b/", "a0/", "z/"];
const FILES: &[&str] = &["a", "b.nix", "b", "c.nix", "z"];

fn edit(scratch: &Scratch, random: &mut Random) {
    let path = format!("{}{}", random.pick(DIRECTORIES), random.pick(FILES));
    let file = scratch.root.join(&path);
    match random.below(12) {
        0..=4 => {
            // Where a directory, or a file in place of one, is in the way, nothing is written.
            if file.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok())
                && fs::write(&file, random.pick(FILES)).is_ok()
            {
                scratch.git(&["add", "--", &path]);
            }
        }
        5 => drop(scratch.run(&scratch.root, &["rm", "-rq", "--cached", "--", &path])),
        6 => drop(scratch.run(&scratch.root, &["rm", "-rqf", "--", random.pick(DIRECTORIES)])),
        7 => drop(scratch.run(&scratch.root, &["mv", &path, "moved"])),
        8 => drop(scratch.run(&scratch.root, &["add", "-N", "--", &path])),
        9 => drop(scratch.run(&scratch.root, &["update-index", "--chmod=+x", "--", &path])),
        10 => drop(scratch.run(&scratch.root, &["reset", "-q"])),
        _ => drop(scratch.run(&scratch.root, &["commit", "-qm", "x"])),
    }
}

fn check(scratch: &Scratch, what: &str) {
    let snapshot = scratch.snapshot(&ViewChoice::Index);
    let changes = snapshot.changes().expect("there is a commit");
    for (letter, ours) in [("A", &changes.added), ("D", &changes.removed), ("MT", &changes.changed)] {
        let filter = format!("--diff-filter={letter}");
        let theirs = scratch.git(&["diff", "--cached", "--no-renames", "--name-only", "-z", &filter, "HEAD"]);
        let ours: Vec<String> = ours.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        assert_eq!(ours, lines(&theirs), "{what}: {letter}");
    }
}

#[test]
fn staged_changes_are_those_of_git() {
    let first = number("PREFLAKE_SEED").unwrap_or(1);
    for seed in first..first + number("PREFLAKE_TREES").unwrap_or(60) / 6 {
        let scratch = Scratch::new(if seed % 5 == 0 { &["--object-format=sha256"] } else { &[] });
        let mut random = Random(seed);
        scratch.write("z/first", "x");
        scratch.commit();
        for step in 0..12 {
            edit(&scratch, &mut random);
            check(&scratch, &format!("seed {seed}, step {step}"));
        }
    }
}
