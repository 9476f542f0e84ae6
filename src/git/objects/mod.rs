//! Blobs, trees and commits: those in files of their own are read here, those in packs by libgit2, whose database is
//! opened when first needed, or by git itself where libgit2 does not know the format.
//!
//! The database is opened without the repository around it: that takes a tenth of the time, and does not depend on how
//! references are kept or on what extensions a repository has.

mod denied;
mod loose;
pub(super) mod tree;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use self::loose::{Loose, Missing};
use super::child::{Batch, Git};
use super::discover::Layout;
use super::entries::{self, Builder, EntryList};
use super::error::{GitError, shown};
use super::refs::{self, Head};
use super::{hex, unhex};
use crate::snapshot::{Mode, disk};

/// The objects of one repository.
pub(super) struct Objects {
    git: Git,
    layout: Layout,
    /// Never libgit2: the environment or the format is one it does not know.
    child_only: bool,
    /// `None` where the environment says that objects are elsewhere.
    loose: Option<Loose>,
    database: OnceCell<Option<git2::Odb<'static>>>,
    batch: RefCell<Option<Batch>>,
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

/// Is told path, id and mode of a file.
type FoundFile<'a> = &'a mut dyn FnMut(&[u8], &[u8], Mode);

/// A commit as far as views need it.
#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) tree: Vec<u8>,
    /// The tree of the first parent.
    pub(super) parent_tree: Option<Vec<u8>>,
}

impl Objects {
    pub(super) fn new(git: Git, layout: Layout) -> Self {
        // libgit2 does not know where a quarantine keeps its objects.
        let elsewhere = git.environment.path("GIT_OBJECT_DIRECTORY").is_some()
            || git.environment.path("GIT_ALTERNATE_OBJECT_DIRECTORIES").is_some();
        let child_only = layout.id_len != 20 || elsewhere;
        let loose = (!elsewhere).then(|| Loose::new(layout.common_dir.join("objects")));
        Self {
            git,
            layout,
            child_only,
            loose,
            database: OnceCell::new(),
            batch: RefCell::default(),
            trees: RefCell::default(),
        }
    }

    /// Length of object ids in bytes.
    pub(super) fn id_len(&self) -> usize {
        self.layout.id_len
    }

    fn database(&self) -> Option<&git2::Odb<'static>> {
        let open = || {
            let directory = self.layout.common_dir.join("objects");
            // libgit2 would wait for a pipe there.
            let is_known = !self.child_only && self.git.check_objects().is_ok();
            let directory = directory.to_str().filter(|_| is_known)?;
            // Git hashes commits and trees when it reads them, blobs it does not; it would take most of the time.
            git2::opts::strict_hash_verification(false);
            let database = git2::Odb::new().ok()?;
            database.add_disk_alternate(directory).ok()?;
            Some(database)
        };
        self.database.get_or_init(open).as_ref()
    }

    /// The commit that a revision names.
    pub(super) fn commit(&self, revision: &str) -> Result<Commit, GitError> {
        let known = self.known_id(revision)?.and_then(|id| Some((self.trees_of(&id)?, id)));
        let ((tree, parent), id) = if let Some(known) = known {
            known
        } else {
            let id = self.parsed_id(revision)?;
            let no_commit = || GitError::new(format!("no commit `{}`", hex(&id)));
            (self.trees_of(&id).ok_or_else(no_commit)?, id)
        };
        let parent_tree = parent.and_then(|parent| self.trees_of(&parent)).map(|(tree, _)| tree);
        Ok(Commit { id: hex(&id), tree, parent_tree })
    }

    /// The best common ancestor of two commits, which are named by their ids.
    pub(super) fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        match self.git.output(&["merge-base", one, other]) {
            Ok(output) => String::from_utf8_lossy(&output).lines().next().map(str::to_owned),
            Err(error) if error.help.is_some() => {
                let id = |text: &str| git2::Oid::from_str(text).ok();
                self.library()?.merge_base(id(one)?, id(other)?).ok().map(|id| id.to_string())
            }
            Err(_) => None,
        }
    }

    /// The repository around the objects, for what depends on references and history where git cannot be run: libgit2
    /// does not know every way to name a commit, and does not come back from some damaged objects.
    fn library(&self) -> Option<git2::Repository> {
        let is_known = !self.child_only && self.git.check_files().is_ok();
        if is_known { git2::Repository::open_bare(&self.git.directory).ok() } else { None }
    }

    fn library_id(&self, revision: &str) -> Option<Vec<u8>> {
        let library = self.library()?;
        let commit = library.revparse_single(revision).and_then(|object| object.peel_to_commit()).ok()?;
        Some(commit.id().as_bytes().to_vec())
    }

    /// The id of what is named as most commits are: by its whole id, or as `HEAD`.
    fn known_id(&self, revision: &str) -> Result<Option<Vec<u8>>, GitError> {
        let id = match revision {
            "HEAD" => match refs::head(&self.layout) {
                Head::Commit(id) => Some(id),
                Head::Unborn => {
                    return Err(GitError::new("nothing is committed yet").with_help("make the first commit"));
                }
                Head::Unknown => None,
            },
            digits => unhex(digits).filter(|id| id.len() == self.layout.id_len),
        };
        Ok(id)
    }

    fn parsed_id(&self, revision: &str) -> Result<Vec<u8>, GitError> {
        self.git.check_files()?;
        let spec = format!("{revision}^{{commit}}");
        let output = self.git.output(&["rev-parse", "--verify", "--quiet", "--end-of-options", &spec]);
        let name = || revision.escape_debug().collect::<String>();
        let no_commit = || {
            GitError::new(format!("no commit `{}`", name()))
                .with_help("name a branch, a tag or a commit: `git log --oneline`")
        };
        match output {
            Ok(output) => unhex(&String::from_utf8_lossy(output.trim_ascii())).ok_or_else(no_commit),
            // git that cannot be run at all is the better explanation.
            Err(error) if error.help.is_some() && revision != "HEAD" => self.library_id(revision).ok_or(error),
            Err(error) if error.help.is_some() => Err(error),
            Err(_) => Err(no_commit()),
        }
    }

    /// A commit's tree and its first parent.
    fn trees_of(&self, commit: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let content = self.read(commit, git2::ObjectType::Commit).ok()?;
        let mut lines = content.split(|byte| *byte == b'\n');
        let mut id = |label: &[u8]| unhex(std::str::from_utf8(lines.next()?.strip_prefix(label)?).ok()?);
        Some((id(b"tree ")?, id(b"parent ")))
    }

    /// The tree of `HEAD`; `None` on an unborn branch.
    pub(super) fn head_tree(&self) -> Option<Vec<u8>> {
        match refs::head(&self.layout) {
            Head::Commit(id) => self.trees_of(&id).map(|(tree, _)| tree),
            Head::Unborn => None,
            Head::Unknown => self.commit("HEAD").ok().map(|commit| commit.tree),
        }
    }

    /// All files of a tree, however deep.
    pub(super) fn files(&self, tree: &[u8]) -> Result<EntryList, GitError> {
        let mut builder = Builder::new(self.layout.id_len);
        self.each_file(tree, &mut |path, id, mode| builder.push(path, id, mode, 0, 0))?;
        Ok(builder.finish())
    }

    /// Calls `found` with path, id and mode of every file of a tree.
    pub(super) fn each_file(&self, tree: &[u8], found: FoundFile<'_>) -> Result<(), GitError> {
        if self.database().is_some() {
            return self.walk_tree(tree, found);
        }
        let listing = self.git.output(&["ls-tree", "-r", "-z", "--full-tree", &hex(tree)])?;
        for line in listing.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { continue };
            let fields = String::from_utf8_lossy(&line[..tab]);
            let mut fields = fields.split(' ');
            let bits = fields.next().and_then(|bits| u32::from_str_radix(bits, 8).ok());
            let (Some(bits), Some(id)) = (bits, fields.nth(1).and_then(unhex)) else { continue };
            if entries::is_sound(&line[tab + 1..]) {
                found(&line[tab + 1..], &id, entries::mode(bits));
            }
        }
        Ok(())
    }

    /// Iterative: trees can be nested deeper than a stack.
    fn walk_tree(&self, tree: &[u8], found: FoundFile<'_>) -> Result<(), GitError> {
        let mut pending = vec![(Vec::new(), tree.to_vec())];
        while let Some((directory, id)) = pending.pop() {
            let content = self.tree(&id)?;
            for item in tree::items(&content, self.layout.id_len) {
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
        let failed = |reason| GitError::new(format!("cannot read a tree: {reason}"));
        let content = Rc::new(self.read(id, git2::ObjectType::Tree).map_err(failed)?);
        self.trees.borrow_mut().keep(id, &content);
        Ok(content)
    }

    /// The content of a blob.
    pub(super) fn blob(&self, id: &[u8]) -> Result<Vec<u8>, String> {
        self.read(id, git2::ObjectType::Blob)
    }

    /// What a tree holds at `path`: the id of a file's content.
    pub(super) fn id_at(&self, tree: &[u8], path: &[u8]) -> Option<Vec<u8>> {
        let mut id = tree.to_vec();
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let content = self.tree(&id).ok()?;
            let item = tree::items(&content, self.layout.id_len).find(|item| item.name == part)?;
            if item.mode.is_none() != parts.peek().is_some() {
                return None;
            }
            id = item.id.to_vec();
        }
        Some(id)
    }

    /// The content of an object of this kind.
    fn read(&self, id: &[u8], kind: git2::ObjectType) -> Result<Vec<u8>, String> {
        let read = self.read_as_told(id, kind);
        // libgit2 and git take what they may not read for missing, or say nothing that helps.
        read.map_err(|reason| match denied::denied(&self.layout.common_dir.join("objects"), &hex(id)) {
            Some(path) => format!("{}: Permission denied", shown(&path)),
            None => reason,
        })
    }

    fn read_as_told(&self, id: &[u8], kind: git2::ObjectType) -> Result<Vec<u8>, String> {
        match self.loose.as_ref().map_or(Err(Missing::Absent), |loose| loose.read(id, kind.str())) {
            Ok(content) => return Ok(content),
            Err(Missing::Absent) => {}
            Err(Missing::TooLarge) => return Err("larger than 256 MB".to_owned()),
            // A pack may have it whole, and git looks there first. libgit2 does not come back from some objects that are
            // cut short, and neither does `git cat-file --batch`.
            Err(missing) => {
                let whole = self.git.output(&["cat-file", kind.str(), &hex(id)]);
                return whole.map_err(|_| match missing {
                    Missing::Unreadable(reason) => format!("its object cannot be read: {reason}"),
                    Missing::OtherKind => format!("not a {kind}"),
                    _ => format!("the object {} is damaged", hex(id)),
                });
            }
        }
        let Some(database) = self.database() else { return self.read_from_batch(&hex(id), kind) };
        let plain = |error: git2::Error| match error.code() {
            git2::ErrorCode::NotFound => "the object is missing from the repository".to_owned(),
            _ => error.message().to_owned(),
        };
        let id = git2::Oid::from_bytes(id).map_err(plain)?;
        // The content of a file may be of any size; what git itself writes is not.
        if kind == git2::ObjectType::Blob && database.read_header(id).map_err(plain)?.0 as u64 > disk::MAX_SIZE {
            return Err("larger than 256 MB".to_owned());
        }
        let object = database.read(id).map_err(plain)?;
        if object.kind() == kind { Ok(object.data().to_vec()) } else { Err(format!("not a {kind}")) }
    }

    fn read_from_batch(&self, id: &str, kind: git2::ObjectType) -> Result<Vec<u8>, String> {
        let mut batch = self.batch.borrow_mut();
        if batch.is_none() {
            *batch = Some(self.git.batch().map_err(|error| error.message)?);
        }
        batch.as_mut().map_or_else(|| Err("git has gone".to_owned()), |batch| batch.read(id, kind.str()))
    }
}

/// Whether this is the content of the blob with this id: git names each by its hash.
pub(super) fn is_blob(id: &[u8], content: &[u8]) -> bool {
    let header = format!("blob {}\0", content.len());
    if id.len() == 20 {
        Sha1::new().chain_update(header).chain_update(content).finalize().as_slice() == id
    } else {
        Sha256::new().chain_update(header).chain_update(content).finalize().as_slice() == id
    }
}

/// Longer than any path that can be checked out.
pub(super) const MAX_PATH: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_known_by_its_hash() {
        let id = unhex("ce013625030ba8dba906f756967f9e9ca394464a").expect("hexadecimal");
        assert!(is_blob(&id, b"hello\n"));
        assert!(!is_blob(&id, b"hello"));
        let id = unhex("2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4").expect("hexadecimal");
        assert!(is_blob(&id, b"hello\n"));
    }
}
