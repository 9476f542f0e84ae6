//! Blobs, trees and commits: through libgit2, opened when first needed, or through git itself where libgit2 does not
//! read the repository.

use std::cell::{OnceCell, RefCell};
use std::path::Path;

use super::child::{Batch, Git};
use super::entries::{self, Builder, EntryList};
use super::error::GitError;
use super::{hex, unhex};
use crate::snapshot::{Mode, disk};

/// The objects of one repository.
pub(super) struct Objects {
    git: Git,
    id_len: usize,
    /// Never libgit2: the environment or the format is one it does not know.
    child_only: bool,
    library: OnceCell<Option<git2::Repository>>,
    batch: RefCell<Option<Batch>>,
}

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
    pub(super) fn new(git: Git, id_len: usize) -> Self {
        // libgit2 does not know where a quarantine keeps its objects.
        let elsewhere = git.environment.path("GIT_OBJECT_DIRECTORY").is_some()
            || git.environment.path("GIT_ALTERNATE_OBJECT_DIRECTORIES").is_some();
        let child_only = id_len != 20 || elsewhere;
        Self { git, id_len, child_only, library: OnceCell::new(), batch: RefCell::default() }
    }

    fn library(&self) -> Option<&git2::Repository> {
        let open = || if self.child_only { None } else { git2::Repository::open_bare(&self.git.directory).ok() };
        self.library.get_or_init(open).as_ref()
    }

    /// The commit that a revision names.
    pub(super) fn commit(&self, revision: &str) -> Result<Commit, GitError> {
        if let Some(library) = self.library()
            && let Ok(commit) = library.revparse_single(revision).and_then(|object| object.peel_to_commit())
        {
            let parent_tree = commit.parent(0).ok().map(|parent| parent.tree_id().as_bytes().to_vec());
            return Ok(Commit { id: commit.id().to_string(), tree: commit.tree_id().as_bytes().to_vec(), parent_tree });
        }
        // libgit2 does not know every way to name a commit.
        let no_commit = || {
            let name: String = revision.escape_debug().collect();
            GitError::new(format!("no commit `{name}`"))
                .with_help("name a branch, a tag or a commit: `git log --oneline`")
        };
        let parse = |spec: &str| {
            let output = self.git.output(&["rev-parse", "--verify", "--quiet", "--end-of-options", spec])?;
            Ok::<_, GitError>(String::from_utf8_lossy(output.trim_ascii()).into_owned())
        };
        let id = parse(&format!("{revision}^{{commit}}")).map_err(|error| self.better(error, no_commit()))?;
        let tree = parse(&format!("{id}^{{tree}}")).map_err(|_| no_commit())?;
        let parent_tree = parse(&format!("{id}^^{{tree}}")).ok().and_then(|tree| unhex(&tree));
        Ok(Commit { tree: unhex(&tree).ok_or_else(no_commit)?, id, parent_tree })
    }

    /// The best common ancestor of two commits, which are named by their ids.
    pub(super) fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        if let Some(library) = self.library() {
            let id = |text: &str| git2::Oid::from_str(text).ok();
            return library.merge_base(id(one)?, id(other)?).ok().map(|id| id.to_string());
        }
        let output = self.git.output(&["merge-base", one, other]).ok()?;
        String::from_utf8_lossy(&output).lines().next().map(str::to_owned)
    }

    /// git that cannot be run at all is the better explanation.
    fn better(&self, error: GitError, otherwise: GitError) -> GitError {
        if error.help.is_some() && self.library().is_none() { error } else { otherwise }
    }

    /// The tree of `HEAD`; `None` on an unborn branch.
    pub(super) fn head_tree(&self) -> Option<Vec<u8>> {
        match self.library() {
            Some(library) => {
                let tree = library.head().and_then(|head| head.peel_to_tree()).ok()?;
                Some(tree.id().as_bytes().to_vec())
            }
            None => self.commit("HEAD").ok().map(|commit| commit.tree),
        }
    }

    /// All files of a tree, however deep.
    pub(super) fn files(&self, tree: &[u8]) -> Result<EntryList, GitError> {
        let mut builder = Builder::new(self.id_len);
        self.each_file(tree, &mut |path, id, mode| builder.push(path, id, mode, 0, 0))?;
        Ok(builder.finish())
    }

    /// Calls `found` with path, id and mode of every file of a tree.
    pub(super) fn each_file(&self, tree: &[u8], found: FoundFile<'_>) -> Result<(), GitError> {
        if let Some(library) = self.library() {
            return walk_tree(library, tree, found);
        }
        let listing = self.git.output(&["ls-tree", "-r", "-z", "--full-tree", &hex(tree)])?;
        for line in listing.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { continue };
            let fields = String::from_utf8_lossy(&line[..tab]);
            let mut fields = fields.split(' ');
            let bits = fields.next().and_then(|bits| u32::from_str_radix(bits, 8).ok());
            let (Some(bits), Some(id)) = (bits, fields.nth(1).and_then(unhex)) else { continue };
            keep(&line[tab + 1..], &id, entries::mode(bits), found);
        }
        Ok(())
    }

    /// The content of a blob.
    pub(super) fn blob(&self, id: &[u8]) -> Result<Vec<u8>, String> {
        match self.library() {
            Some(library) => {
                let plain = |error: git2::Error| match error.code() {
                    git2::ErrorCode::NotFound => "the object is missing from the repository".to_owned(),
                    _ => error.message().to_owned(),
                };
                let id = git2::Oid::from_bytes(id).map_err(plain)?;
                let (size, kind) = library.odb().and_then(|odb| odb.read_header(id)).map_err(plain)?;
                if kind != git2::ObjectType::Blob {
                    return Err("not a file's content".to_owned());
                }
                if size as u64 > disk::MAX_SIZE {
                    return Err("larger than 256 MB".to_owned());
                }
                Ok(library.find_blob(id).map_err(plain)?.content().to_vec())
            }
            None => self.read_from_batch(&hex(id)),
        }
    }

    /// The content of the file at `path` in a tree.
    pub(super) fn blob_at(&self, tree: &[u8], path: &[u8]) -> Option<Vec<u8>> {
        if let Some(library) = self.library() {
            let tree = library.find_tree(git2::Oid::from_bytes(tree).ok()?).ok()?;
            let entry = tree.get_path(&crate::snapshot::RepoPath::new(path).on_disk(Path::new(""))).ok()?;
            return self.blob(entry.id().as_bytes()).ok();
        }
        // A line break would end the request.
        let path = std::str::from_utf8(path).ok().filter(|path| !path.contains('\n'))?;
        let id = self.git.output(&["rev-parse", "--verify", "--quiet", &format!("{}:{path}", hex(tree))]).ok()?;
        self.read_from_batch(String::from_utf8_lossy(id.trim_ascii()).as_ref()).ok()
    }

    fn read_from_batch(&self, id: &str) -> Result<Vec<u8>, String> {
        let mut batch = self.batch.borrow_mut();
        if batch.is_none() {
            *batch = Some(self.git.batch().map_err(|error| error.message)?);
        }
        batch.as_mut().map_or_else(|| Err("git has gone".to_owned()), |batch| batch.read(id))
    }
}

/// Iterative: trees can be nested deeper than a stack.
fn walk_tree(library: &git2::Repository, tree: &[u8], found: FoundFile<'_>) -> Result<(), GitError> {
    let failed = |error: git2::Error| GitError::new(format!("cannot read a tree: {}", error.message()));
    let mut pending = vec![(Vec::new(), git2::Oid::from_bytes(tree).map_err(failed)?)];
    while let Some((directory, id)) = pending.pop() {
        let tree = library.find_tree(id).map_err(failed)?;
        for entry in &tree {
            let mut path: Vec<u8> = directory.clone();
            path.extend_from_slice(entry.name_bytes());
            if entry.kind() == Some(git2::ObjectType::Tree) {
                if path.len() > MAX_PATH {
                    return Err(GitError::new("the tree is nested too deeply"));
                }
                path.push(b'/');
                pending.push((path, entry.id()));
            } else {
                let mode = entries::mode(u32::try_from(entry.filemode()).unwrap_or_default());
                keep(&path, entry.id().as_bytes(), mode, found);
            }
        }
    }
    Ok(())
}

/// Longer than any path that can be checked out.
const MAX_PATH: usize = 1 << 16;

fn keep(path: &[u8], id: &[u8], mode: Mode, found: FoundFile<'_>) {
    if entries::is_sound(path) {
        found(path, id, mode);
    }
}
