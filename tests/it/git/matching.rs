//! Random patterns against random names, one pattern a directory: `git check-ignore` is the oracle.
//!
//! `PREFLAKE_PATTERNS` is how many patterns (200 unless set), `PREFLAKE_SEED` where to begin.

use preflake::git::ViewChoice;
use preflake::snapshot::{Absence, RepoPath};

use super::scratch::Scratch;
use super::trees::check_ignore;
use crate::random::{Random, number};

/// As many are tried by one process of git.
const AT_ONCE: u64 = 100;

const NAMES_FOR_EACH: usize = 40;

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "a", "b", "c", "A", "B", "-", "]", "[", "!", "^", ".", " ", ":", ",", "é", "{a,b}", "a/b", "\\", "\\\\", "\\a", "\\A",
    "\\]", "\\*", "\\?", "\\[", "\\/", "?", "*", "*", "*", "**", "**", "***", "/", "/", "**/", "/**", "/**/", "**/**/",
    "/**/**/", "/***/", "\\**/", "**\\/", "*/", "/*", "*/*", "a**", "**a", "a*b", "*a*", "[ab]", "[!ab]", "[^ab]", "[a-b]",
    "[!a-b]", "[b-a]", "[]]", "[!]]", "[^]]", "[]-a]", "[]a]", "[a-]", "[-a]", "[!-]", "[a\\]b]", "[\\]]", "[\\a-b]",
    "[a-\\b]", "[\\\\-^]", "[[]", "[[-]]", "[!/]", "[/]", "[^a/]", "[,-0]", "[.-0]", "[A-B]", "[[:alpha:]]", "[![:alpha:]]",
    "[[:upper:]]", "[[:lower:]]", "[[:ALPHA:]]", "[[:space:]b]", "[[:punct:]]", "[[:alnum:]-]", "[[:digit:]a-b]",
    "[[:foo:]]", "[[:alpha]", "[[:alpha:]", "[[:", "[[::]]", "[:a:]", "[a[:]", "[a-[:alpha:]]", "[[:alpha:]-z]", "[\\", "[a",
    "[!", "[a-", "[a-\\",
];

/// What makes a matcher try everything.
const LABOUR: &[&str] = &["*", "*a", "a*", "*a*", "?", "**/", "**/a", "/**/", "a", "*b", "[ab]*", "**/*a/"];

const LETTERS: &[&str] =
    &["a", "a", "b", "b", "A", "B", "c", "-", "]", "[", "!", "^", ".", " ", ":", ",", "é", "\\", "*", "?", "/", "/"];

fn pattern(random: &mut Random) -> String {
    let mut text = random.pick(&["", "", "/", "/", "*", "**/", "?"]).to_owned();
    let is_labour = random.below(5) == 0;
    let (pieces, most) = if is_labour { (LABOUR, 14) } else { (PIECES, 6) };
    for _ in 0..=random.below(most) {
        text.push_str(random.pick(pieces));
    }
    text
}

/// A name that the pattern may well match: wildcards are replaced by something, now and then by too much.
fn name(pattern: &str, random: &mut Random) -> String {
    let mut name = String::new();
    if random.below(6) == 0 {
        for _ in 0..=random.below(8) {
            name.push_str(random.pick(LETTERS));
        }
        return name;
    }
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '*' => {
                for _ in 0..random.below(if pattern.len() > 20 { 3 } else { 4 }) {
                    name.push_str(random.pick(LETTERS));
                }
            }
            '?' => name.push_str(random.pick(LETTERS)),
            '[' if random.below(4) > 0 => {
                while rest.next_if(|next| *next != ']').is_some() {}
                rest.next();
                name.push_str(random.pick(LETTERS));
            }
            '\\' => name.extend(rest.next()),
            other => name.push(other),
        }
        if random.below(30) == 0 {
            name.push_str(random.pick(LETTERS));
        }
    }
    name
}

fn is_possible(name: &str) -> bool {
    name.len() < 200 && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Writes the directory of one pattern, and adds the names in it that are files.
fn write(scratch: &Scratch, directory: u64, random: &mut Random, paths: &mut Vec<String>) {
    let pattern = pattern(random);
    scratch.write(&format!("{directory}/.gitignore"), &format!("{pattern}\n"));
    for _ in 0..NAMES_FOR_EACH {
        let name = name(&pattern, random);
        let name = name.trim_matches('/');
        let path = scratch.root.join(format!("{directory}/{name}"));
        let there = is_possible(name)
            && path.parent().is_some_and(|parent| std::fs::create_dir_all(parent).is_ok())
            && std::fs::write(&path, "").is_ok();
        if there {
            paths.push(format!("{directory}/{name}"));
        }
    }
}

/// How many pairs were compared, and how many of the names are ignored.
fn compare(seed: u64, fold: bool) -> (usize, usize) {
    let scratch = Scratch::new(&[]);
    scratch.git(&["config", "core.ignoreCase", if fold { "true" } else { "false" }]);
    let mut paths = Vec::new();
    for directory in seed..seed + AT_ONCE {
        write(&scratch, directory, &mut Random(directory), &mut paths);
    }
    let expected = check_ignore(&scratch, &paths);
    assert_eq!(expected.len(), paths.len(), "git answers for each");
    let snapshot = scratch.snapshot(&ViewChoice::Worktree);
    for (path, expected) in paths.iter().zip(&expected) {
        let ours = match snapshot.absence(&RepoPath::from(path.as_str())) {
            Absence::Ignored(rule) => Some((rule.source, rule.line, rule.pattern)),
            Absence::Untracked => None,
            other => panic!("{path}: {other:?}"),
        };
        let directory = path.split('/').next().unwrap_or_default();
        let pattern = std::fs::read_to_string(scratch.root.join(directory).join(".gitignore"));
        assert_eq!(ours, *expected, "fold {fold}, {path:?} with {pattern:?}");
    }
    (paths.len(), expected.iter().flatten().count())
}

#[test]
fn patterns_match_what_git_matches() {
    let (first, count) = (number("PREFLAKE_SEED").unwrap_or(1), number("PREFLAKE_PATTERNS").unwrap_or(200));
    let (mut pairs, mut ignored) = (0, 0);
    for batch in 0..count.div_ceil(AT_ONCE) {
        let (compared, matched) = compare(first + batch * AT_ONCE, batch % 2 == 1);
        pairs += compared;
        ignored += matched;
    }
    eprintln!("{pairs} pairs of pattern and name, {ignored} of them match");
    assert!(ignored * 20 > pairs && ignored * 20 < pairs * 19, "of {pairs} names {ignored} are ignored");
}
