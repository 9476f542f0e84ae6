//! Why an object cannot be found: git's files may be there, but not for everybody to read.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::snapshot::disk;

/// What may not be read of the files that could hold the object with this id, in hexadecimal: its own file, or a pack.
pub(super) fn denied(objects: &Path, id: &str) -> Option<PathBuf> {
    let (directory, name) = id.split_at_checked(2)?;
    let own = objects.join(directory).join(name);
    if is_denied(disk::open(&own).err()) {
        return Some(own);
    }
    let packs = objects.join("pack");
    let listed = match fs::read_dir(&packs) {
        Ok(listed) => listed,
        Err(error) => return is_denied(Some(error)).then_some(packs),
    };
    let files = listed.filter_map(|entry| Some(entry.ok()?.path()));
    let of_packs =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "idx" || extension == "pack"));
    let mut denied: Vec<PathBuf> = of_packs.filter(|path| is_denied(disk::open(path).err())).collect();
    denied.sort();
    denied.into_iter().next()
}

fn is_denied(error: Option<io::Error>) -> bool {
    error.is_some_and(|error| error.kind() == ErrorKind::PermissionDenied)
}
