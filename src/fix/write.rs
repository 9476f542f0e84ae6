//! Writing whole files or none.
//!
//! Every new content lies complete on the disk, beside the file it is for, before the first file is replaced; each is
//! replaced by a rename. Whatever ends the process, every file is whole, old or new.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Rewrite;
use crate::text::escape;

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
    let permissions = fs::metadata(&target)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::other("it is read-only"));
    }
    let (temporary, mut file) = create_beside(&target)?;
    let prepared = Prepared { temporary, target, is_done: false };
    file.write_all(&rewrite.after)?;
    file.set_permissions(permissions)?;
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
    if fs::read(target)? == rewrite.before {
        return Ok(());
    }
    Err(io::Error::other("it has changed meanwhile; run preflake again"))
}

/// A new file in the directory of `target`, under a name that no Nix file has.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for number in 0..100 {
        let path = target.with_file_name(format!(".{name}.preflake-{}-{number}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many unfinished files of earlier runs lie beside it"))
}
