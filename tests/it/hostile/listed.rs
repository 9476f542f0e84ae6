//! `docs/hostile-repositories.md` lists these tests, each of them and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The tests of this directory, as `file::name`.
fn written() -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/hostile");
    let mut found = BTreeSet::new();
    for file in fs::read_dir(directory).expect("this file lies there").flatten() {
        let path = file.path();
        let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("a file");
        let mut lines = text.lines();
        while lines.any(|line| line == "#[test]") {
            let name = lines.next().and_then(|line| line.strip_prefix("fn ")?.split_once('('));
            found.insert(format!("{module}::{}", name.expect("a function").0));
        }
    }
    found
}

#[test]
fn every_case_is_a_test_and_every_test_a_case() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hostile-repositories.md");
    let page = fs::read_to_string(path).expect("the page is there");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix("` |")?.rsplit_once('`'));
    let listed: BTreeSet<String> = rows.map(|(_, name)| name.to_owned()).collect();
    let mut tests = written();
    assert!(tests.remove("listed::every_case_is_a_test_and_every_test_a_case"));
    assert!(tests.len() > 30, "{tests:?}");
    assert_eq!(listed, tests);
}
