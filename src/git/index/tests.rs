//! Damaged index files are refused or read, never a panic.

use super::*;

/// Version, paths: as git writes them, with zeros for what we do not read.
fn sample(version: u32, paths: &[&str]) -> Vec<u8> {
    let mut bytes = b"DIRC".to_vec();
    bytes.extend(version.to_be_bytes());
    bytes.extend(u32::try_from(paths.len()).unwrap_or_default().to_be_bytes());
    for path in paths {
        let start = bytes.len();
        bytes.extend([0; 24]);
        bytes.extend(0o100_644_u32.to_be_bytes());
        bytes.extend([0; 12]);
        bytes.extend([7; 20]);
        bytes.extend(u16::try_from(path.len()).unwrap_or_default().to_be_bytes());
        if version == 4 {
            bytes.push(0);
        }
        bytes.extend(path.as_bytes());
        bytes.push(0);
        while version < 4 && !(bytes.len() - start).is_multiple_of(8) {
            bytes.push(0);
        }
    }
    bytes
}

fn with_extension(mut bytes: Vec<u8>, name: &[u8], body: &[u8]) -> Vec<u8> {
    bytes.extend(name);
    bytes.extend(u32::try_from(body.len()).unwrap_or_default().to_be_bytes());
    bytes.extend(body);
    bytes.extend([0; 20]);
    bytes
}

fn entries(bytes: Vec<u8>) -> Result<Vec<String>, String> {
    let parsed = parse::parse(bytes, 20)?;
    let list = EntryList::new(parsed.bytes, parsed.records, 20);
    Ok(list.iter().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect())
}

#[test]
fn entries_of_both_layouts() {
    let bytes = with_extension(sample(2, &["a", "b/c.nix"]), b"TREE", b"x");
    assert_eq!(entries(bytes), Ok(vec!["a".to_owned(), "b/c.nix".to_owned()]));
    let bytes = with_extension(sample(4, &["a"]), b"TREE", b"x");
    assert_eq!(entries(bytes), Ok(vec!["a".to_owned()]));
}

#[test]
fn unknown_mandatory_extensions_and_paths_that_leave_are_refused() {
    assert!(entries(with_extension(sample(2, &["a"]), b"abcd", b"")).is_err_and(|reason| reason.contains("`abcd`")));
    for path in ["../a", "/a", "a/../b", "a//b", ".git/hooks/x", "a/"] {
        assert!(entries(with_extension(sample(2, &[path]), b"TREE", b"")).is_err(), "{path}");
    }
}

#[test]
fn damage_never_panics() {
    let mut state = 1_u64;
    let mut random = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % limit.max(1)
    };
    let mut link = vec![9; 20];
    for words in [[0x8000_0000_0000_0002_u64; 2], [u64::MAX; 2]] {
        link.extend([0, 0, 0, 9, 0, 0, 0, 2]);
        link.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        link.extend([0; 4]);
    }
    let samples = [
        with_extension(sample(2, &["a", "b/c.nix", "b/d.nix"]), b"TREE", b"xyz"),
        with_extension(sample(4, &["a", "b/c.nix", "b/d.nix"]), b"UNTR", b"xyz"),
        with_extension(sample(2, &["a", "b"]), b"link", &link),
    ];
    let shared = parse::parse(samples[0].clone(), 20).expect("the sample is sound");
    for round in 0..60_000 {
        let mut bytes = samples[round % samples.len()].clone();
        for _ in 0..random(4) {
            let at = random(bytes.len());
            bytes[at] = u8::try_from(random(256)).unwrap_or_default();
        }
        if random(3) == 0 {
            bytes.truncate(random(bytes.len()));
        }
        let Ok(parsed) = parse::parse(bytes, 20) else { continue };
        if let Some((_, link)) = parsed.link.clone().and_then(|link| split::shared_name(&parsed.bytes, link, 20)) {
            drop(split::merge(&parsed, &shared, link, 20));
        }
        let list = EntryList::new(parsed.bytes, parsed.records, 20);
        assert!(list.iter().all(|entry| entry.path.len() <= list.len() * 4096));
    }
}
