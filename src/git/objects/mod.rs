//! Blobs, trees and commits, read from the files that git keeps them in.

mod alternates;
mod database;
mod loose;
mod object;
mod pack;
pub(super) mod tree;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

pub(super) use self::object::{Fault, Kind, is_blob};

use self::database::Database;
use super::discover::Layout;
use super::entries::{Builder, EntryList};
use super::environment::Environment;
use super::error::GitError;
use super::unhex;
use crate::snapshot::Mode;

/// The objects of one repository.
pub(super) struct Objects {
    id_len: usize,
    database: Database,
    trees: RefCell<Kept>,
}

/// Trees that were read: those at the top are asked for with every path.
#[derive(Default)]
struct Kept {
    trees: HashMap<Vec<u8>, Rc<Vec<u8>>>,
    /// Bytes of all their content.
    size: usize,
}

impl Kept {
    fn keep(&mut self, id: &[u8], content: &Rc<Vec<u8>>) {
        self.size += content.len();
        if self.size > MAX_KEPT {
            *self = Self { size: content.len(), ..Self::default() };
        }
        self.trees.insert(id.to_vec(), Rc::clone(content));
    }
}

/// As many bytes of trees are kept.
const MAX_KEPT: usize = 8 << 20;

/// Longer than any path that can be checked out.
pub(super) const MAX_PATH: usize = 1 << 16;

/// As many files and directories has no tree that anybody checks out; a few objects that name each other have more.
pub(super) const MAX_ITEMS: usize = 5_000_000;

/// Is told path, id and mode of a file.
type FoundFile<'a> = &'a mut dyn FnMut(&[u8], &[u8], Mode);

/// What a commit says of other objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) tree: Vec<u8>,
    pub(super) parents: Vec<Vec<u8>>,
    /// When it was committed, in seconds; 0 where that is not said.
    pub(super) date: u64,
}

impl Objects {
    pub(super) fn new(layout: &Layout, environment: &Environment) -> Self {
        let top = layout.workdir.as_deref().unwrap_or(&layout.git_dir);
        let database = Database::new(&layout.common_dir.join("objects"), layout.id_len, environment.clone(), top);
        Self { id_len: layout.id_len, database, trees: RefCell::default() }
    }

    /// Length of object ids in bytes.
    pub(super) const fn id_len(&self) -> usize {
        self.id_len
    }

    /// The commit that this is the id of, or that a tag with this id leads to, with its own id.
    pub(super) fn commit(&self, id: &[u8]) -> Result<(Vec<u8>, Links), Fault> {
        let mut id = id.to_vec();
        // Tags name what was there before them.
        loop {
            let object = self.database.read(&id)?;
            let target = |label: &[u8]| target(&object.content, label);
            match object.kind {
                Kind::Commit => {
                    let links = links(&object.content).ok_or_else(|| Fault::damaged(&id))?;
                    return Ok((id, links));
                }
                Kind::Tag => id = target(b"object ").ok_or_else(|| Fault::damaged(&id))?,
                Kind::Tree | Kind::Blob => return Err(Fault::OtherKind(Kind::Commit)),
            }
        }
    }

    /// All files of a tree, however deep.
    pub(super) fn files(&self, tree: &[u8]) -> Result<EntryList, GitError> {
        let mut builder = Builder::new(self.id_len);
        self.each_file(tree, &mut |path, id, mode| builder.push(path, id, mode, 0, 0))?;
        Ok(builder.finish())
    }

    /// Calls `found` with path, id and mode of every file of a tree. Iterative: trees can be nested deeper than a stack.
    pub(super) fn each_file(&self, tree: &[u8], found: FoundFile<'_>) -> Result<(), GitError> {
        let mut pending = vec![(Vec::new(), tree.to_vec())];
        let mut items = 0;
        while let Some((directory, id)) = pending.pop() {
            let content = self.tree(&id)?;
            for item in tree::items(&content, self.id_len) {
                items += 1;
                if items > MAX_ITEMS {
                    return Err(GitError::new("the tree holds more than five million files"));
                }
                let mut path = [&directory, item.name].concat();
                if let Some(mode) = item.mode {
                    found(&path, item.id, mode);
                    continue;
                }
                if path.len() > MAX_PATH {
                    return Err(GitError::new("the tree is nested too deeply"));
                }
                path.push(b'/');
                pending.push((path, item.id.to_vec()));
            }
        }
        Ok(())
    }

    /// The content of a tree, for [`tree::items`].
    pub(super) fn tree(&self, id: &[u8]) -> Result<Rc<Vec<u8>>, GitError> {
        if let Some(known) = self.trees.borrow().trees.get(id) {
            return Ok(Rc::clone(known));
        }
        let failed = |fault| GitError::new(format!("cannot read a tree: {fault}"));
        let content = Rc::new(self.database.content(id, Kind::Tree).map_err(failed)?);
        if !tree::is_whole(&content, self.id_len) {
            return Err(failed(Fault::damaged(id)));
        }
        self.trees.borrow_mut().keep(id, &content);
        Ok(content)
    }

    /// The content of a blob.
    pub(super) fn blob(&self, id: &[u8]) -> Result<Vec<u8>, Fault> {
        self.database.content(id, Kind::Blob)
    }

    /// What a tree holds at `path`: the id of a file's content.
    pub(super) fn id_at(&self, tree: &[u8], path: &[u8]) -> Option<Vec<u8>> {
        let mut id = tree.to_vec();
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let content = self.tree(&id).ok()?;
            let item = tree::items(&content, self.id_len).find(|item| item.name == part)?;
            if item.mode.is_none() != parts.peek().is_some() {
                return None;
            }
            id = item.id.to_vec();
        }
        Some(id)
    }
}

/// The id behind the label at the beginning of a line.
fn target(line: &[u8], label: &[u8]) -> Option<Vec<u8>> {
    let id = line.strip_prefix(label)?.split(|byte| *byte == b'\n').next()?;
    unhex(std::str::from_utf8(id).ok()?)
}

/// A commit begins with its tree and its parents, a line each.
fn links(commit: &[u8]) -> Option<Links> {
    let mut lines = commit.split(|byte| *byte == b'\n');
    let tree = target(lines.next()?, b"tree ")?;
    let mut lines = lines.peekable();
    let mut parents = Vec::new();
    while let Some(parent) = lines.peek().and_then(|line| target(line, b"parent ")) {
        parents.push(parent);
        lines.next();
    }
    let is_authored = lines.next().is_some_and(|line| line.starts_with(b"author"));
    let committer = lines.next().filter(|line| is_authored && line.starts_with(b"committer"));
    Some(Links { tree, parents, date: committer.and_then(date).unwrap_or(0) })
}

/// The time at the end of a `committer` line, behind the address.
fn date(line: &[u8]) -> Option<u64> {
    let start = memchr::memrchr(b'>', line)? + 1;
    let digits = line[start..].trim_ascii_start();
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_commit_begins_with() {
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let commit =
            format!("tree {a}\nparent {b}\nparent {c}\nauthor x <> 1 +0000\ncommitter y > <> 23 -0100\n\nparent {a}\n");
        let expected = Links { tree: vec![0xaa; 20], parents: vec![vec![0xbb; 20], vec![0xcc; 20]], date: 23 };
        assert_eq!(links(commit.as_bytes()), Some(expected));
        assert_eq!(links(b"tree \n"), Some(Links { tree: Vec::new(), parents: Vec::new(), date: 0 }));
        assert_eq!(links(format!("parent {a}\n").as_bytes()), None);
    }
}
