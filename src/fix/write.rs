//! Writing whole files or none.
//!
//! Every new content lies complete on the disk, beside the file it is for, before the first file is replaced; each is
//! replaced by a rename. Whatever ends the process, every file is whole, old or new. What a killed run leaves beside
//! them is removed by a later one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Rewrite;
use crate::snapshot::disk;
use crate::text::escape;

/// What lies beside a file for so long belongs to no run that goes on.
const LEFTOVER_AGE: Duration = Duration::from_secs(600);

/// A new content that lies beside its file. Removed when it is dropped before it took the file's place.
struct Prepared {
    temporary: PathBuf,
    target: PathBuf,
    is_done: bool,
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes the files below `root`, in order.
///
/// # Errors
/// When a file has changed since it was read, is read-only, is a link that leaves `root`, or cannot be written; the
/// message says which. No file was touched then, unless a rename itself failed.
pub fn write(root: &Path, rewrites: &[Rewrite]) -> Result<(), String> {
    let mut prepared = Vec::new();
    for rewrite in rewrites {
        let name = escape(&rewrite.path.to_string_lossy());
        prepared.push(prepare(root, rewrite).map_err(|error| format!("cannot write {name}: {error}"))?);
    }
    for (file, rewrite) in prepared.iter_mut().zip(rewrites) {
        let name = escape(&rewrite.path.to_string_lossy());
        replace(file, rewrite).map_err(|error| format!("cannot write {name}: {error}"))?;
    }
    Ok(())
}

fn prepare(root: &Path, rewrite: &Rewrite) -> io::Result<Prepared> {
    let target = rewrite.path.on_disk(root).canonicalize()?;
    if !target.starts_with(root.canonicalize()?) {
        return Err(io::Error::other("it is a link that leads out of the repository"));
    }
    check_unchanged(&target, rewrite)?;
    let metadata = fs::metadata(&target)?;
    if metadata.permissions().readonly() {
        return Err(io::Error::other("it is read-only"));
    }
    remove_leftovers(&target);
    let (temporary, mut file) = create_beside(&target)?;
    let prepared = Prepared { temporary, target, is_done: false };
    file.write_all(&rewrite.after)?;
    keep_owner(&file, &metadata);
    file.set_permissions(metadata.permissions())?;
    file.sync_all()?;
    Ok(prepared)
}

fn replace(file: &mut Prepared, rewrite: &Rewrite) -> io::Result<()> {
    check_unchanged(&file.target, rewrite)?;
    fs::rename(&file.temporary, &file.target)?;
    file.is_done = true;
    // The name is safe once the directory is on the disk; where a directory cannot be synced, it is so soon anyway.
    if let Some(directory) = file.target.parent().and_then(|parent| File::open(parent).ok()) {
        let _ = directory.sync_all();
    }
    Ok(())
}

fn check_unchanged(target: &Path, rewrite: &Rewrite) -> io::Result<()> {
    // Whatever has come there since: a pipe is not waited for.
    if disk::read_file(target, disk::MAX_SIZE)? == rewrite.before {
        return Ok(());
    }
    Err(io::Error::other("it has changed meanwhile; run preflake again"))
}

/// Run by another user, as with sudo, the file stays its owner's where that can be had.
fn keep_owner(file: &File, metadata: &fs::Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
    }
    #[cfg(not(unix))]
    let _ = (file, metadata);
}

/// Removes what earlier runs, killed before they were done, left beside `target`.
fn remove_leftovers(target: &Path) {
    let (Some(directory), Some(name)) = (target.parent(), target.file_name()) else { return };
    let prefix = prefix(&name.to_string_lossy());
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(&prefix);
        let age = || entry.metadata().ok().filter(fs::Metadata::is_file)?.modified().ok()?.elapsed().ok();
        if is_ours && age().is_some_and(|age| age > LEFTOVER_AGE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// How the names of unfinished files begin.
fn prefix(name: &str) -> String {
    format!(".{name}.preflake-")
}

/// A new file in the directory of `target`, under a name that no Nix file has.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for number in 0..100 {
        let path = target.with_file_name(format!("{}{}-{number}", prefix(&name), std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many unfinished files of earlier runs lie beside it"))
}
