//! Reading directories of the worktree: no symbolic link on the way is followed.

use std::path::Path;

use crate::snapshot::disk::Kind;

#[cfg(target_os = "linux")]
pub(super) use linux::Lister;
#[cfg(not(target_os = "linux"))]
pub(super) use portable::Lister;

/// What a listing is told of each name; `.` and `..` are left out.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&[u8], Kind);

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, ResolveFlags};
    use rustix::io::Errno;

    use super::{Kind, Path, Visit};
    use crate::snapshot::{RepoPath, disk};

    const BUFFER: usize = 32 << 10;

    /// Lists directories below one root. Each thread has its own.
    pub(in crate::git) struct Lister<'a> {
        root: &'a Path,
        descriptor: OwnedFd,
        buffer: Vec<MaybeUninit<u8>>,
        end_cookie: Option<u64>,
        openat2: bool,
    }

    impl<'a> Lister<'a> {
        pub(in crate::git) fn new(root: &'a Path) -> io::Result<Self> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let descriptor = rustix::fs::openat(CWD, root, flags, Mode::empty())?;
            let end_cookie = end_cookie(descriptor.as_fd());
            Ok(Self { root, descriptor, buffer: vec![MaybeUninit::uninit(); BUFFER], end_cookie, openat2: true })
        }

        /// Lists the directory `path`; says whether it could be opened.
        pub(in crate::git) fn list(&mut self, path: &[u8], visit: Visit<'_>) -> bool {
            let Some(directory) = self.open(path) else { return false };
            let mut entries = RawDir::new(&directory, &mut self.buffer);
            while let Some(Ok(entry)) = entries.next() {
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    let kind = match entry.file_type() {
                        FileType::Unknown => unknown(directory.as_fd(), name),
                        known => kind(known),
                    };
                    visit(name, kind);
                }
                // Some file systems say by the last entry's position that nothing follows: one call saved.
                if Some(entry.next_entry_cookie()) == self.end_cookie {
                    break;
                }
            }
            true
        }

        fn open(&mut self, path: &[u8]) -> Option<OwnedFd> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let path = if path.is_empty() { b"." } else { path };
            if self.openat2 {
                let resolve = ResolveFlags::NO_SYMLINKS;
                match rustix::fs::openat2(&self.descriptor, path, flags, Mode::empty(), resolve) {
                    Ok(directory) => return Some(directory),
                    // Old kernels and some sandboxes do not know the call.
                    Err(Errno::NOSYS | Errno::PERM) => self.openat2 = false,
                    Err(_) => return None,
                }
            }
            if path != b"." && !disk::parents_are_real(self.root, &RepoPath::new(path)) {
                return None;
            }
            rustix::fs::openat(&self.descriptor, path, flags, Mode::empty()).ok()
        }
    }

    fn unknown(directory: BorrowedFd<'_>, name: &[u8]) -> Kind {
        match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => kind(FileType::from_raw_mode(stat.st_mode)),
            Err(_) => Kind::Other,
        }
    }

    const fn kind(kind: FileType) -> Kind {
        match kind {
            FileType::RegularFile => Kind::File,
            FileType::Symlink => Kind::Symlink,
            FileType::Directory => Kind::Directory,
            _ => Kind::Other,
        }
    }

    /// The position that the file system gives the last entry of a directory, for those of which it is known: ext4,
    /// btrfs, tmpfs. The answer of any other is not trusted.
    fn end_cookie(root: BorrowedFd<'_>) -> Option<u64> {
        let magic = u64::try_from(rustix::fs::fstatfs(root).ok()?.f_type).ok()?;
        match magic {
            0xef53 => Some(i64::MAX.unsigned_abs()),
            0x9123_683e | 0x0102_1994 => Some(u64::from(i32::MAX.unsigned_abs())),
            _ => None,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;

    use super::{Kind, Path, Visit};
    use crate::snapshot::{RepoPath, disk};

    /// Lists directories below one root.
    pub(in crate::git) struct Lister<'a> {
        root: &'a Path,
    }

    impl<'a> Lister<'a> {
        pub(in crate::git) fn new(root: &'a Path) -> io::Result<Self> {
            std::fs::read_dir(root)?;
            Ok(Self { root })
        }

        /// Lists the directory `path`; says whether it could be opened.
        pub(in crate::git) fn list(&mut self, path: &[u8], visit: Visit<'_>) -> bool {
            let path = RepoPath::new(path);
            if !disk::parents_are_real(self.root, &path) {
                return false;
            }
            let Ok(entries) = std::fs::read_dir(path.on_disk(self.root)) else { return false };
            for entry in entries.flatten() {
                let kind = match entry.file_type() {
                    Ok(kind) if kind.is_file() => Kind::File,
                    Ok(kind) if kind.is_symlink() => Kind::Symlink,
                    Ok(kind) if kind.is_dir() => Kind::Directory,
                    _ => Kind::Other,
                };
                visit(entry.file_name().as_encoded_bytes(), kind);
            }
            true
        }
    }
}
