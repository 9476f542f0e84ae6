//! What two commits have in common, in histories of every shape: as git says.

use super::scratch::Scratch;
use crate::random::Random;

fn text_of(output: &[u8]) -> String {
    String::from_utf8_lossy(output).trim().to_owned()
}

/// Commits with up to three parents among the last ones; some clocks are wrong, and some dates are the same.
fn history(scratch: &mut Scratch, random: &mut Random, commits: usize) -> Vec<String> {
    let tree = text_of(&scratch.git(&["hash-object", "-t", "tree", "-w", "/dev/null"]));
    let mut made: Vec<String> = Vec::new();
    for number in 0..commits {
        let jump = if random.below(6) == 0 { random.below(4000) } else { 0 };
        let date = 1_700_000_000 + 60 * (number / 2) + jump;
        scratch.set("GIT_COMMITTER_DATE", &format!("@{date} +0000"));
        let mut arguments = vec!["commit-tree".to_owned(), "-m".to_owned(), number.to_string()];
        let mut parents: Vec<&String> = Vec::new();
        for _ in 0..[1, 1, 2, 2, 2, 3][random.below(6)] {
            let back = 1 + random.below(9);
            parents.extend(made.len().checked_sub(back).and_then(|index| made.get(index)));
        }
        parents.sort();
        parents.dedup();
        arguments.extend(parents.into_iter().flat_map(|parent| ["-p".to_owned(), parent.clone()]));
        arguments.push(tree.clone());
        let output = scratch.run(&scratch.root, &arguments);
        assert!(output.status.success(), "{arguments:?}");
        made.push(text_of(&output.stdout));
    }
    made
}

#[test]
fn the_common_ancestor_is_that_of_git() {
    let mut found = 0;
    for seed in 0..10 {
        let mut scratch = Scratch::new(&[]);
        let mut random = Random(seed);
        let commits = history(&mut scratch, &mut random, 30);
        let repository = scratch.repository();
        for _ in 0..60 {
            let (one, other) = (&commits[random.below(commits.len())], &commits[random.below(commits.len())]);
            let of_git = scratch.run(&scratch.root, &["merge-base", one, other]);
            let expected = of_git.status.success().then(|| text_of(&of_git.stdout));
            let all = scratch.run(&scratch.root, &["merge-base", "--all", one, other]);
            found += usize::from(text_of(&all.stdout).lines().count() > 1);
            assert_eq!(repository.merge_base(one, other).ok(), expected, "seed {seed}: {one} {other}");
        }
    }
    assert!(found > 5, "{found} pairs with several ancestors in common");
}

/// The history of a shallow clone ends where git ends it, whatever objects are there.
#[test]
fn a_shallow_history_ends() {
    let scratch = Scratch::new(&[]);
    for number in 0..6 {
        scratch.git(&["commit", "-q", "--allow-empty", "-m", &number.to_string()]);
    }
    let id = |name: &str| text_of(&scratch.git(&["rev-parse", name]));
    let (tip, end, before) = (id("HEAD"), id("HEAD~2"), id("HEAD~4"));
    let check = |what: &str| {
        for (one, other) in [(&tip, &end), (&tip, &before), (&end, &before)] {
            let of_git = scratch.run(&scratch.root, &["merge-base", one, other]);
            let expected = of_git.status.success().then(|| text_of(&of_git.stdout));
            assert_eq!(scratch.repository().merge_base(one, other).ok(), expected, "{what}: {one} {other}");
        }
        for name in ["HEAD~2", "HEAD~3", "HEAD^^^"] {
            let of_git = scratch.run(&scratch.root, &["rev-parse", "-q", "--verify", name]).status.success();
            let view = preflake::git::ViewChoice::Revision(name.to_owned());
            assert_eq!(scratch.repository().snapshot(&view).is_ok(), of_git, "{what}: {name}");
        }
    };
    check("whole");
    std::fs::write(scratch.root.join(".git/shallow"), format!("{end}\n")).expect("a file");
    check("shallow");
}
