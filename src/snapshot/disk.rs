//! Reading from a disk that may hold anything: devices, pipes, links, files without end.

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::path::Path;

/// Files larger than this are not read: no flake has one.
pub(crate) const MAX_SIZE: u64 = 256 << 20;

/// Whether something is there, be it a dangling link.
pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The content of a regular file, or the target of a symbolic link.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let plain = |error: std::io::Error| error.to_string();
    let kind = fs::symlink_metadata(path).map_err(plain)?.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(path).map_err(plain)?;
        return Ok(target.as_os_str().as_encoded_bytes().to_vec());
    }
    let file = open(path).map_err(plain)?;
    let metadata = file.metadata().map_err(plain)?;
    if !metadata.is_file() {
        return Err("not a regular file".to_owned());
    }
    if metadata.len() > MAX_SIZE {
        return Err("larger than 256 MB".to_owned());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    file.take(MAX_SIZE).read_to_end(&mut bytes).map_err(plain)?;
    Ok(bytes)
}

/// Opens without waiting: a pipe without a writer would block for ever.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(i32::try_from(flags.bits()).unwrap_or_default()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).open(path)
}
