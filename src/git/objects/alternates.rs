//! Directories of objects that a repository borrows from (gitrepository-layout(5), `objects/info/alternates`).

use std::path::{Path, PathBuf};

use crate::git::environment::Environment;
use crate::snapshot::{RepoPath, disk};

/// As many times as git goes from one that is borrowed from to those that it borrows from itself.
const MAX_DEPTH: usize = 5;

/// As many directories are looked into.
const MAX_DIRECTORIES: usize = 1000;

/// The longest list of them.
const MAX_LIST: u64 = 1 << 20;

/// The directories that `objects` borrows from: those that the environment names, those that its `info/alternates` does,
/// and those that theirs do. Relative names in the environment are taken from `top`, others from the directory that has
/// the list.
pub(super) fn alternates(objects: &Path, environment: &Environment, top: &Path) -> Vec<PathBuf> {
    let own = objects.canonicalize().unwrap_or_else(|_| objects.to_path_buf());
    let mut found = Found { directories: vec![own], pending: Vec::new() };
    if let Some(named) = environment.get("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
        let separator = if cfg!(windows) { b';' } else { b':' };
        found.add(named.as_encoded_bytes(), separator, top, 0);
    }
    found.add_listed(objects, 0);
    while let Some((directory, depth)) = found.pending.pop() {
        found.add_listed(&directory, depth);
    }
    found.directories.split_off(1)
}

struct Found {
    directories: Vec<PathBuf>,
    /// Those whose own lists are not read yet.
    pending: Vec<(PathBuf, usize)>,
}

impl Found {
    fn add_listed(&mut self, directory: &Path, depth: usize) {
        if let Ok(list) = disk::read_file(&directory.join("info/alternates"), MAX_LIST) {
            self.add(&list, b'\n', directory, depth);
        }
    }

    fn add(&mut self, list: &[u8], separator: u8, base: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for name in names(list, separator) {
            // What does not exist is passed over. One directory may have many names.
            let Ok(path) = base.join(RepoPath::new(name).on_disk(Path::new(""))).canonicalize() else { continue };
            let is_new = !self.directories.contains(&path) && self.directories.len() < MAX_DIRECTORIES;
            if is_new && path.is_dir() {
                self.directories.push(path.clone());
                self.pending.push((path, depth + 1));
            }
        }
    }
}

/// The names in a list: lines that begin with `#` are comments, and a name may be quoted as in C.
fn names(list: &[u8], separator: u8) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let (name, after) = unquoted(rest).map_or_else(
            || {
                let end = memchr::memchr(separator, rest).unwrap_or(rest.len());
                ((rest[0] != b'#').then(|| rest[..end].to_vec()), &rest[end..])
            },
            |(name, after)| (Some(name), after),
        );
        names.extend(name.filter(|name| !name.is_empty() && !name.contains(&0)));
        rest = after.get(1..).unwrap_or_default();
    }
    names
}

/// What stands in quotes at the beginning, and what follows; git's `quote.c`.
fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (&first, after) = rest.split_first()?;
        rest = after;
        if first == b'"' {
            return Some((name, rest));
        }
        if first != b'\\' {
            name.push(first);
            continue;
        }
        let (&escaped, after) = rest.split_first()?;
        rest = after;
        name.push(match escaped {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'"' => escaped,
            b'0'..=b'3' => {
                let digits = rest.get(..2)?;
                let is_octal = digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
                rest = &rest[2..];
                is_octal.then(|| (escaped - b'0') << 6 | (digits[0] - b'0') << 3 | (digits[1] - b'0'))?
            }
            _ => return None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_plain_quoted_and_left_out() {
        let found = names(b"/a b\n#c\n\n\"/d\\\"\\t\\303\\251\"\n\"f\\9\"\ng\n\"e\n", b'\n');
        let expected: [&[u8]; 5] = [b"/a b", "/d\"\t\u{e9}".as_bytes(), b"\"f\\9\"", b"g", b"\"e"];
        assert_eq!(found, expected);
        assert_eq!(names(b"/a:\"/b:c\":d", b':'), [&b"/a"[..], b"/b:c", b"d"]);
    }

    #[test]
    fn relative_names_nested_lists_and_circles() {
        let top = tempfile::tempdir().expect("a place for files");
        for (name, list) in [("a", "../b\n../gone\n"), ("b", "../c\n../a\n"), ("c", "")] {
            std::fs::create_dir_all(top.path().join(name).join("info")).expect("a directory");
            std::fs::write(top.path().join(name).join("info/alternates"), list).expect("a file");
        }
        std::fs::create_dir(top.path().join("e")).expect("a directory");
        let environment = Environment::of([("GIT_ALTERNATE_OBJECT_DIRECTORIES", "e")]);
        let found = alternates(&top.path().join("a"), &environment, top.path());
        let expected = ["e", "b", "c"].map(|name| top.path().join(name).canonicalize().expect("it is there"));
        assert_eq!(found, expected);
    }
}
