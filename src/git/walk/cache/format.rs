//! The cache as a file: a header with a checksum, records of a fixed size, names.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use super::{Record, Records};
use crate::git::listing::Stamp;

/// The last byte is the version.
const MAGIC: &[u8; 8] = b"preflak\x02";
/// Magic, checksum, device, number of records.
const HEADER: usize = 32;
const RECORD: usize = 8 + 12 + 12 + 8 + 4;
/// A lock this old was left by a process that died.
const STALE: Duration = Duration::from_secs(60);

/// The file's content.
pub(super) fn of(records: &Records, device: u64) -> Vec<u8> {
    let mut body = Vec::with_capacity(16 + records.records.len() * RECORD + records.names.len());
    body.extend(device.to_le_bytes());
    body.extend((records.records.len() as u64).to_le_bytes());
    for Record { stamp, tracked, names_end } in &records.records {
        body.extend(stamp.inode.to_le_bytes());
        for (seconds, nanoseconds) in [stamp.changed, stamp.modified] {
            body.extend(seconds.to_le_bytes());
            body.extend(nanoseconds.to_le_bytes());
        }
        body.extend(tracked.to_le_bytes());
        body.extend(names_end.to_le_bytes());
    }
    body.extend_from_slice(&records.names);
    [MAGIC.as_slice(), &checksum(&body).to_le_bytes(), &body].concat()
}

/// Reads such content; `None` where it is not whole, of another version or of another device.
pub(super) fn read(content: &[u8], device: u64) -> Option<Records> {
    let mut header = Fields(content.strip_prefix(MAGIC)?);
    let sum = header.u64()?;
    if checksum(header.0) != sum || header.u64()? != device {
        return None;
    }
    let count = usize::try_from(header.u64()?).ok()?;
    let names_at = HEADER.checked_add(count.checked_mul(RECORD)?)?;
    let names = content.get(names_at..)?.to_vec();
    let mut records = Vec::with_capacity(count);
    let mut end = 0;
    for _ in 0..count {
        let inode = header.u64()?;
        let (changed, modified) = (header.time()?, header.time()?);
        let (tracked, names_end) = (header.u64()?, header.u32()?);
        if names_end < end || names_end as usize > names.len() {
            return None;
        }
        end = names_end;
        records.push(Record { stamp: Stamp { device, inode, changed, modified }, tracked, names_end });
    }
    Some(Records { records, names })
}

/// Fixed-size fields, one after another.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn time(&mut self) -> Option<(i64, u32)> {
        Some((self.take().map(i64::from_le_bytes)?, self.u32()?))
    }
}

/// Against accidents, not against malice: who can write here can do anything.
fn checksum(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    hasher.finish()
}

/// Replaces the file as git does: readers see the old or the new one, and one process writes at a time.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let lock = path.with_extension("lock");
    let mut file = match fs::File::create_new(&lock) {
        Ok(file) => file,
        Err(error) => {
            let age = fs::symlink_metadata(&lock).and_then(|metadata| metadata.modified()).map(|time| time.elapsed());
            if age.is_ok_and(|age| age.is_ok_and(|age| age > STALE)) {
                fs::remove_file(&lock)?;
            }
            return Err(error);
        }
    };
    let written = file.write_all(content).and_then(|()| fs::rename(&lock, path));
    if written.is_err() {
        fs::remove_file(&lock)?;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Records {
        let mut records = Records::default();
        for inode in 0..5_u32 {
            let stamp = Stamp { device: 9, inode: u64::from(inode), changed: (-1, inode), modified: (7, 8) };
            records.push(stamp, 11, if inode % 2 == 0 { b"fa.nix\0db\0" } else { b"" });
        }
        records
    }

    #[test]
    fn what_is_written_is_read() {
        let content = of(&sample(), 9);
        assert_eq!(read(&content, 9), Some(sample()));
        assert_eq!(read(&content, 8), None);
        assert_eq!(read(b"", 9), None);
        assert_eq!(read(&of(&Records::default(), 9), 9), Some(Records::default()));
    }

    #[test]
    fn what_is_torn_or_damaged_is_refused() {
        let content = of(&sample(), 9);
        for at in 0..content.len() {
            assert_eq!(read(&content[..at], 9), None, "cut at {at}");
            let mut damaged = content.clone();
            damaged[at] ^= 0x10;
            assert_eq!(read(&damaged, 9), None, "damaged at {at}");
        }
    }

    #[test]
    fn one_process_writes_at_a_time() {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let path = directory.path().join("cache");
        write(&path, b"one").expect("nothing is in the way");
        fs::write(directory.path().join("cache.lock"), b"").expect("files can be written");
        assert!(write(&path, b"two").is_err());
        assert_eq!(fs::read(&path).expect("it is there"), b"one");
    }
}
