//! Every layout of flake.nix in `layouts/cases.txt`, edited, against the edit that was reviewed.

use std::path::Path;

use preflake::diagnostic::Edit;
use preflake::flake::{Flake, InputAttrPath, edit};
use preflake::snapshot::{FileState, Memory, RepoPath};

/// Special characters as the file shows them, and back.
const SHOWN: [(&str, &str); 3] = [("\r", "␍"), ("\t", "␉"), ("", "␃\n")];

fn shown(text: &str) -> String {
    let mut text = SHOWN[..2].iter().fold(text.to_owned(), |text, (real, shown)| text.replace(real, shown));
    if !text.ends_with('\n') {
        text.push_str(SHOWN[2].1);
    }
    text
}

fn real(text: &str) -> String {
    SHOWN.iter().fold(text.to_owned(), |text, (real, shown)| text.replace(shown, real))
}

fn path(text: &str) -> InputAttrPath {
    InputAttrPath(text.split('/').map(|name| name.trim_matches('"').to_owned()).collect())
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut edits = edits.to_vec();
    edits.sort();
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.start..edit.span.end, &edit.text);
    }
    text
}

/// What the operation makes of a file, or why it does not.
fn edited(text: &str, operation: &str) -> String {
    let snapshot = Memory::new().file("flake.nix", text, FileState::Tracked).snapshot();
    let flake = Flake::read(&snapshot, &RepoPath::default()).expect("it is there");
    let result = match operation.split(' ').collect::<Vec<_>>().as_slice() {
        ["add", input, target] => edit::add_follows(&flake, &[(&path(input), path(target))]).remove(0),
        ["remove", input] => edit::remove_override(&flake, &path(input)),
        _ => panic!("no operation: {operation}"),
    };
    match result {
        Ok(edits) => apply(text, &edits),
        Err(refusal) => format!("refused: {}\n", refusal.as_str()),
    }
}

#[test]
fn every_layout_is_edited_as_its_author_would() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/layouts/cases.txt");
    let cases = std::fs::read_to_string(&file).expect("the cases");
    let mut parts = cases.split("=== ");
    let mut written = parts.next().expect("a heading").to_owned();
    let mut count = 0;
    for case in parts {
        let (title, rest) = case.split_once('\n').expect("a title");
        let (_, operation) = title.split_once(" | ").expect("an operation");
        let (before, _) = rest.split_once("---\n").expect("what is expected");
        let after = edited(&real(before), operation);
        written.extend(["=== ", title, "\n", before, "---\n", &shown(&after)]);
        if !after.starts_with("refused") {
            assert_ne!(edited(&after, operation), after, "{title}: a second time it is refused");
        }
        count += 1;
    }
    assert!(count >= 60, "{count} layouts");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, written).expect("the cases can be written");
    } else {
        assert!(
            written == cases,
            "UPDATE_EXPECT=1 cargo test --test it layouts writes what is different; git diff shows it"
        );
    }
}
