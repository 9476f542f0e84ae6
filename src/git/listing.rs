//! Reading directories of the worktree: no symbolic link on the way is followed.

use std::path::Path;

use crate::snapshot::disk::Kind;

#[cfg(target_os = "linux")]
pub(super) use linux::Lister;
#[cfg(not(target_os = "linux"))]
pub(super) use portable::Lister;

/// What a listing is told of each name; `.` and `..` are left out.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&[u8], Kind);

/// What a directory is, and when something in it last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) device: u64,
    pub(super) inode: u64,
    /// Change time: seconds and nanoseconds.
    pub(super) changed: (i64, u32),
    /// Modification time.
    pub(super) modified: (i64, u32),
}

/// A directory that was listed.
pub(super) struct Listed {
    /// Its state before the first name was read; `None` where it was not asked for.
    pub(super) stamp: Option<Stamp>,
    /// No error cut the list short.
    pub(super) is_whole: bool,
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, ResolveFlags, Stat};
    use rustix::io::Errno;
    use rustix::time::{ClockId, clock_gettime};

    use super::{Kind, Listed, Path, Stamp, Visit};
    use crate::snapshot::{RepoPath, disk};

    const BUFFER: usize = 32 << 10;

    /// Lists directories below one root. Each thread has its own.
    pub(in crate::git) struct Lister<'a> {
        root: &'a Path,
        descriptor: OwnedFd,
        buffer: Vec<MaybeUninit<u8>>,
        magic: u64,
        end_cookie: Option<u64>,
        openat2: bool,
        /// Whether the state of each directory that is listed is asked for.
        pub(in crate::git) stamps: bool,
        /// Why a directory that is there was not listed to its end.
        /// Something was there that may not be opened.
        pub(in crate::git) is_closed: bool,
        failure: Option<Errno>,
    }

    impl<'a> Lister<'a> {
        pub(in crate::git) fn new(root: &'a Path) -> io::Result<Self> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let descriptor = rustix::fs::openat(CWD, root, flags, Mode::empty())?;
            let magic = rustix::fs::fstatfs(&descriptor).ok().and_then(|about| u64::try_from(about.f_type).ok());
            let magic = magic.unwrap_or_default();
            let buffer = vec![MaybeUninit::uninit(); BUFFER];
            let end_cookie = end_cookie(magic);
            Ok(Self {
                root,
                descriptor,
                buffer,
                magic,
                end_cookie,
                openat2: true,
                stamps: false,
                is_closed: false,
                failure: None,
            })
        }

        /// The state of the directory `path`; `None` where it is none, or a link to one.
        pub(in crate::git) fn stamp(&self, path: &[u8]) -> Option<Stamp> {
            let path = if path.is_empty() { b"." } else { path };
            let stat = rustix::fs::statat(&self.descriptor, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            (FileType::from_raw_mode(stat.st_mode) == FileType::Directory).then(|| stamp_of(&stat))
        }

        /// What the clock shows that the file system takes its times from. `None` for file systems of which it is not
        /// known that every change in a directory sets the directory's times from this clock.
        pub(in crate::git) fn trusted_clock(&self) -> Option<(i64, u32)> {
            if !matches!(self.magic, EXT | XFS | BTRFS | TMPFS) {
                return None;
            }
            let now = clock_gettime(ClockId::RealtimeCoarse);
            Some((now.tv_sec, u32::try_from(now.tv_nsec).ok()?))
        }

        /// What kept directories from being listed although they are there and may be read: silence about them would be
        /// taken for their being empty.
        pub(in crate::git) fn outcome(&self) -> io::Result<()> {
            self.failure.map_or(Ok(()), |failure| Err(failure.into()))
        }

        /// Lists the directory `path`; `None` where it cannot be opened.
        pub(in crate::git) fn list(&mut self, path: &[u8], visit: Visit<'_>) -> Option<Listed> {
            let directory = match self.open(path) {
                Ok(directory) => directory?,
                Err(failure) => {
                    self.failure = self.failure.or(Some(failure));
                    return None;
                }
            };
            let stat = if self.stamps { rustix::fs::fstat(&directory).ok() } else { None };
            let mut listed = Listed { stamp: stat.as_ref().map(stamp_of), is_whole: true };
            let mut entries = RawDir::new(&directory, &mut self.buffer);
            while let Some(entry) = entries.next() {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(failure) => {
                        listed.is_whole = false;
                        self.failure = self.failure.or(exhausted(failure));
                        break;
                    }
                };
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
            Some(listed)
        }

        /// `None` for what is no directory, or may not be read; git passes that over too.
        fn open(&mut self, path: &[u8]) -> Result<Option<OwnedFd>, Errno> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let path = if path.is_empty() { b"." } else { path };
            if self.openat2 {
                let resolve = ResolveFlags::NO_SYMLINKS;
                match rustix::fs::openat2(&self.descriptor, path, flags, Mode::empty(), resolve) {
                    Ok(directory) => return Ok(Some(directory)),
                    // Old kernels and some sandboxes do not know the call.
                    Err(Errno::NOSYS | Errno::PERM) => self.openat2 = false,
                    Err(failure) => return self.not_opened(failure),
                }
            }
            if path != b"." && !disk::parents_are_real(self.root, &RepoPath::new(path)) {
                return Ok(None);
            }
            let opened = rustix::fs::openat(&self.descriptor, path, flags, Mode::empty());
            opened.map(Some).or_else(|failure| self.not_opened(failure))
        }

        fn not_opened(&mut self, failure: Errno) -> Result<Option<OwnedFd>, Errno> {
            self.is_closed |= failure == Errno::ACCESS;
            exhausted(failure).map_or(Ok(None), Err)
        }
    }

    fn exhausted(failure: Errno) -> Option<Errno> {
        disk::is_exhausted(&failure.into()).then_some(failure)
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

    fn stamp_of(stat: &Stat) -> Stamp {
        Stamp {
            device: stat.st_dev,
            inode: stat.st_ino,
            changed: time(stat.st_ctime, stat.st_ctime_nsec),
            modified: time(stat.st_mtime, stat.st_mtime_nsec),
        }
    }

    /// The integers differ in size and sign between architectures. What does not fit is later than any clock.
    fn time(seconds: impl TryInto<i64>, nanoseconds: impl TryInto<u32>) -> (i64, u32) {
        (seconds.try_into().unwrap_or(i64::MAX), nanoseconds.try_into().unwrap_or(u32::MAX))
    }

    /// `statfs(2)` of ext2 to ext4 and the others.
    const EXT: u64 = 0xef53;
    const XFS: u64 = 0x5846_5342;
    const BTRFS: u64 = 0x9123_683e;
    const TMPFS: u64 = 0x0102_1994;

    /// The position that the file system gives the last entry of a directory, for those of which it is known. The
    /// answer of any other is not trusted.
    fn end_cookie(magic: u64) -> Option<u64> {
        match magic {
            EXT => Some(i64::MAX.unsigned_abs()),
            BTRFS | TMPFS => Some(u64::from(i32::MAX.unsigned_abs())),
            _ => None,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;

    use super::{Kind, Listed, Path, Stamp, Visit};
    use crate::snapshot::{RepoPath, disk};

    /// Lists directories below one root.
    pub(in crate::git) struct Lister<'a> {
        root: &'a Path,
        /// Without effect here.
        pub(in crate::git) stamps: bool,
        /// Something was there that may not be opened.
        pub(in crate::git) is_closed: bool,
    }

    impl<'a> Lister<'a> {
        pub(in crate::git) fn new(root: &'a Path) -> io::Result<Self> {
            std::fs::read_dir(root)?;
            Ok(Self { root, stamps: false, is_closed: false })
        }

        /// Not known here.
        pub(in crate::git) fn stamp(&self, _path: &[u8]) -> Option<Stamp> {
            None
        }

        /// Not known here.
        pub(in crate::git) fn trusted_clock(&self) -> Option<(i64, u32)> {
            None
        }

        /// Not known here.
        pub(in crate::git) fn outcome(&self) -> io::Result<()> {
            Ok(())
        }

        /// Lists the directory `path`; `None` where it cannot be opened.
        pub(in crate::git) fn list(&mut self, path: &[u8], visit: Visit<'_>) -> Option<Listed> {
            let path = RepoPath::new(path);
            if !disk::parents_are_real(self.root, &path) {
                return None;
            }
            let entries = match std::fs::read_dir(path.on_disk(self.root)) {
                Ok(entries) => entries,
                Err(failure) => {
                    self.is_closed |= failure.kind() == io::ErrorKind::PermissionDenied;
                    return None;
                }
            };
            for entry in entries.flatten() {
                let kind = match entry.file_type() {
                    Ok(kind) if kind.is_file() => Kind::File,
                    Ok(kind) if kind.is_symlink() => Kind::Symlink,
                    Ok(kind) if kind.is_dir() => Kind::Directory,
                    _ => Kind::Other,
                };
                visit(entry.file_name().as_encoded_bytes(), kind);
            }
            Some(Listed { stamp: None, is_whole: true })
        }
    }
}
