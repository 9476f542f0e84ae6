//! Cases of git's own t3070-wildmatch, and patterns made to take for ever.

use super::wildmatch::{Flags, matches};

#[test]
fn cases_of_gits_own_tests() {
    let cases: &[(bool, &str, &str)] = &[
        (true, "foo", "foo"),
        (false, "foobar", "foo"),
        (true, "foo", "*f*o*"),
        (false, "foo", "\\"),
        (true, "foo/bar", "foo/**/bar"),
        (true, "foo/baz/x/bar", "foo/**/bar"),
        (false, "foo/baz/bar", "foo/*/x"),
        (false, "foobazbar", "foo**/bar"),
        (true, "deep/foo/bar", "**/bar"),
        (false, "deep/foo/bar/baz", "**/bar"),
        (true, "deep/foo/bar/baz/", "**/bar/**"),
        (true, "a1B", "[[:lower:]][[:digit:]][[:upper:]]"),
        (false, "a", "[[:digit:][:upper:][:space:]]"),
        (true, "]", "[]]"),
        (false, "ab", "a[]b"),
        (true, "-", "[\\-_]"),
        (true, "[ab]", "\\[ab]"),
        (true, "a-b", "a[-]b"),
        (false, "foo/bar", "foo[/]bar"),
    ];
    for (expected, text, pattern) in cases {
        let found = matches(pattern.as_bytes(), text.as_bytes(), Flags { pathname: true, fold: false });
        assert_eq!(found, *expected, "{pattern} on {text}");
    }
    let fold = Flags { pathname: true, fold: true };
    assert!(matches(b"A*[A-C]", b"a.b", fold));
    // Only ranges fold, as in git.
    assert!(!matches(b"A*[B]", b"a.b", fold));
}

#[test]
fn hostile_patterns_end() {
    let flags = Flags { pathname: true, fold: false };
    let text = "a/".repeat(200) + "b";
    assert!(!matches(&"**/a/".repeat(100).into_bytes().repeat(2), text.as_bytes(), flags));
    assert!(!matches(&b"**/".repeat(1_000_000), text.as_bytes(), flags));
    assert!(!matches(&b"*a".repeat(100_000), &b"a".repeat(4000), flags));
}
