//! Reading from a disk that may hold anything: devices, pipes, links out of the tree, files without end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::RepoPath;

/// Files larger than this are not read: no flake has one.
pub(crate) const MAX_SIZE: u64 = 256 << 20;

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Symlink,
    Directory,
    /// A device, pipe or socket.
    Other,
}

/// What lies below `root` at `path`, be it a dangling link; `None` where nothing does, or where the way there leads
/// through a symbolic link: git tracks nothing beyond one.
pub(crate) fn kind_inside(root: &Path, path: &RepoPath) -> Option<Kind> {
    let whole = path.on_disk(root);
    let kind = fs::symlink_metadata(&whole).ok()?.file_type();
    if !path.parent().is_root() && !parents_are_real(root, &path.parent()) {
        return None;
    }
    Some(match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_symlink() => Kind::Symlink,
        kind if kind.is_dir() => Kind::Directory,
        _ => Kind::Other,
    })
}

/// The first symbolic link on the way from `root` to `path`, if the way ends at something that lies below `root`.
pub(crate) fn link_on_the_way(root: &Path, path: &RepoPath) -> Option<RepoPath> {
    let bytes = path.as_bytes();
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(index, _)| index);
    let parents = slashes.map(|end| RepoPath::new(&bytes[..end]));
    // The way is looked at as far as there is one: a path may have a million parts.
    let kind = |path: &RepoPath| path.on_disk(root).symlink_metadata().ok().map(|found| found.file_type());
    let mut parents = parents.map(|path| (kind(&path), path));
    let (kind, link) = parents.find(|(kind, _)| !kind.is_some_and(|kind| kind.is_dir()))?;
    let is_below = || Some(path.on_disk(root).canonicalize().ok()?.starts_with(root.canonicalize().ok()?));
    (kind?.is_symlink() && is_below()?).then_some(link)
}

/// A directory that files are read below, kept open.
pub(crate) struct Root {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    opened: Option<std::os::fd::OwnedFd>,
}

impl Root {
    /// Opens the directory; one that cannot be opened shows when a file is read.
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            #[cfg(target_os = "linux")]
            opened: open_root(path).ok(),
        }
    }

    /// The content of a regular file; neither it nor a directory on the way may be a symbolic link.
    pub(crate) fn read_file(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_file_into(path, &mut bytes)?;
        Ok(bytes)
    }

    /// The same, in place of what `bytes` holds.
    pub(crate) fn read_file_into(&self, path: &[u8], bytes: &mut Vec<u8>) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(directory) = &self.opened {
            return read_below(directory, &self.path, path, MAX_SIZE, bytes);
        }
        *bytes = read_inside(&self.path, path, MAX_SIZE)?;
        Ok(())
    }

    /// Whether a regular file lies there, wherever directories on the way lead.
    pub(crate) fn is_file(&self, path: &[u8]) -> bool {
        #[cfg(target_os = "linux")]
        if let Some(directory) = &self.opened {
            use rustix::fs::{AtFlags, FileType};
            let found = rustix::fs::statat(directory, path, AtFlags::SYMLINK_NOFOLLOW);
            return found.is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::RegularFile);
        }
        RepoPath::new(path).on_disk(&self.path).symlink_metadata().is_ok_and(|found| found.is_file())
    }
}

/// The content of a regular file below `root`, or the target of a symbolic link; no link on the way is followed.
pub(crate) fn read(root: &Path, path: &RepoPath) -> io::Result<Vec<u8>> {
    match kind_inside(root, path) {
        Some(Kind::File) => read_inside(root, path.as_bytes(), MAX_SIZE),
        Some(Kind::Symlink) => Ok(fs::read_link(path.on_disk(root))?.as_os_str().as_encoded_bytes().to_vec()),
        Some(Kind::Directory) => Err(io::Error::other("is a directory")),
        Some(Kind::Other) => Err(io::Error::other("not a regular file")),
        None => {
            let refused = path.on_disk(root).symlink_metadata().err();
            let refused = refused.filter(|error| error.kind() == io::ErrorKind::PermissionDenied);
            Err(refused.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "not on disk")))
        }
    }
}

/// The content of a regular file below `root`; neither it nor a directory on the way may be a symbolic link.
#[cfg(target_os = "linux")]
pub(crate) fn read_inside(root: &Path, path: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_below(&open_root(root)?, root, path, limit, &mut bytes)?;
    Ok(bytes)
}

#[cfg(target_os = "linux")]
fn open_root(root: &Path) -> io::Result<std::os::fd::OwnedFd> {
    use rustix::fs::{CWD, Mode, OFlags};
    Ok(rustix::fs::openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

#[cfg(target_os = "linux")]
fn read_below(
    directory: &std::os::fd::OwnedFd,
    root: &Path,
    path: &[u8],
    limit: u64,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags, ResolveFlags};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH;
    match rustix::fs::openat2(directory, path, flags, Mode::empty(), resolve) {
        Ok(file) => content_into(&File::from(file), limit, bytes),
        // Old kernels and some sandboxes do not know the call.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
            *bytes = read_checked(root, path, limit)?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// The content of a regular file below `root`; neither it nor a directory on the way may be a symbolic link.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read_inside(root: &Path, path: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    read_checked(root, path, limit)
}

fn read_checked(root: &Path, path: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let path = RepoPath::new(path);
    if !parents_are_real(root, &path.parent()) {
        return Err(io::Error::new(io::ErrorKind::NotFound, "a directory on the way is a symbolic link"));
    }
    content(&open_as(&path.on_disk(root), true)?, limit)
}

/// The content of a regular file, wherever a link leads.
pub(crate) fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    content(&open(path)?, limit)
}

/// Whether an error says nothing about the file, but that the machine could not read it.
#[cfg(unix)]
pub(crate) fn is_exhausted(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::IO))
}

/// Not told apart here.
#[cfg(not(unix))]
pub(crate) const fn is_exhausted(_error: &io::Error) -> bool {
    false
}

fn content(file: &File, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    content_into(file, limit, &mut bytes)?;
    Ok(bytes)
}

/// Puts a file's content in place of what `bytes` holds.
fn content_into(file: &File, limit: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if metadata.len() > limit {
        return Err(io::Error::other(format!("larger than {} MB", limit >> 20)));
    }
    bytes.clear();
    let Ok(size) = usize::try_from(metadata.len()) else { return Err(io::ErrorKind::OutOfMemory.into()) };
    if size == 0 {
        // Some file systems say of every file that it is empty.
        file.take(limit).read_to_end(bytes)?;
        return Ok(());
    }
    bytes.try_reserve_exact(size).map_err(|_| io::ErrorKind::OutOfMemory)?;
    while bytes.len() < size && read_some(file, bytes)? > 0 {}
    // What a file grows by meanwhile is left out.
    bytes.truncate(size);
    Ok(())
}

/// Reads once, as much as `bytes` has room for without growing.
#[cfg(unix)]
fn read_some(file: &File, bytes: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        match rustix::io::read(file, rustix::buffer::spare_capacity(bytes)) {
            Err(rustix::io::Errno::INTR) => {}
            done => return Ok(done?),
        }
    }
}

#[cfg(not(unix))]
fn read_some(file: &File, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let room = (bytes.capacity() - bytes.len()) as u64;
    file.take(room).read_to_end(bytes)
}

/// Whether every directory from `root` to `directory` is one, not a link to one.
pub(crate) fn parents_are_real(root: &Path, directory: &RepoPath) -> bool {
    let mut whole = root.to_path_buf();
    let parts = directory.as_bytes().split(|byte| *byte == b'/').filter(|part| !part.is_empty());
    for part in parts {
        whole.push(RepoPath::new(part).on_disk(Path::new("")));
        if !fs::symlink_metadata(&whole).is_ok_and(|metadata| metadata.is_dir()) {
            return false;
        }
    }
    true
}

/// Opens without waiting, wherever a link leads.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    open_as(path, false)
}

/// Opens without waiting: a pipe without a writer would block for ever.
#[cfg(unix)]
fn open_as(path: &Path, no_follow: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    flags.set(rustix::fs::OFlags::NOFOLLOW, no_follow);
    OpenOptions::new().read(true).custom_flags(i32::try_from(flags.bits()).unwrap_or_default()).open(path)
}

#[cfg(not(unix))]
fn open_as(path: &Path, no_follow: bool) -> io::Result<File> {
    if no_follow && fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::other("a symbolic link"));
    }
    OpenOptions::new().read(true).open(path)
}
