//! git's index file, versions 2 to 4, with ids of 20 or 32 bytes.
//!
//! Read as git reads it (Documentation/gitformat-index): the trailing checksum is not verified, optional extensions
//! are skipped, an unknown mandatory one is refused. A split index is put together; the directories of a sparse index
//! stay entries of their own ([`Mode::SparseDirectory`](crate::snapshot::Mode)) for the caller to unfold.

pub(super) mod cache_tree;
mod ewah;
mod parse;
mod split;

use std::path::Path;

use self::parse::Parsed;
use super::entries::EntryList;
use super::error::GitError;
use crate::snapshot::disk;

/// Reads an index; one that does not exist is empty. `git_dir` is where a split index keeps its shared part.
pub(super) fn read(path: &Path, git_dir: &Path, id_len: usize) -> Result<EntryList, GitError> {
    let Some(bytes) = load(path)? else { return Ok(EntryList::new(Vec::new(), Vec::new(), id_len)) };
    let parsed = parse::parse(bytes, id_len).map_err(|reason| GitError::at(path, reason))?;
    let Some(link) = parsed.link.clone() else { return finish(path, parsed, id_len) };
    let Some((name, link)) = split::shared_name(&parsed.bytes, link, id_len) else {
        return finish(path, parsed, id_len);
    };
    let shared_path = git_dir.join(&name);
    let Some(shared) = load(&shared_path)? else {
        return Err(GitError::at(path, format!("the shared index `{name}` is missing")));
    };
    let shared = parse::parse(shared, id_len).map_err(|reason| GitError::at(&shared_path, reason))?;
    let list = split::merge(&parsed, &shared, link, id_len).map_err(|reason| GitError::at(path, reason))?;
    Ok(list)
}

fn finish(path: &Path, parsed: Parsed, id_len: usize) -> Result<EntryList, GitError> {
    if parsed.records.iter().any(|record| record.path_len == 0) {
        return Err(GitError::at(path, "the index holds an entry without a path"));
    }
    Ok(EntryList::new(parsed.bytes, parsed.records, id_len).with_cache_tree(parsed.tree))
}

fn load(path: &Path) -> Result<Option<Vec<u8>>, GitError> {
    match disk::read_file(path, u64::from(u32::MAX) / 2) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(GitError::at(path, error)),
    }
}

#[cfg(test)]
mod tests;
