//! Reading at a place of a file, without moving through it.

use std::fs::File;
use std::io;

/// Reads as much of `bytes` as the file holds from `at` on; returns how much that is.
pub(super) fn read_at(file: &File, mut at: u64, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match read_once(file, at, &mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                at += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(unix)]
fn read_once(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<usize> {
    // The system counts with a sign.
    if i64::try_from(at).is_err() {
        return Ok(0);
    }
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}

#[cfg(windows)]
fn read_once(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, at)
}
