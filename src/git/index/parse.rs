//! One index file: header, entries, extensions.

use std::ops::Range;

use crate::git::entries::{self, INTENT_TO_ADD, Record, SKIP_WORKTREE};
use crate::snapshot::Mode;

/// Bytes of an entry before its id: times, device, inode, mode, owner, size.
const STAT_LEN: usize = 40;
const EXTENDED: u16 = 0x4000;
const NAME_MASK: u16 = 0x0fff;

/// An index file with its records, which point into `bytes`.
pub(super) struct Parsed {
    pub(super) bytes: Vec<u8>,
    pub(super) records: Vec<Record>,
    /// The body of the `link` extension: this is one part of a split index.
    pub(super) link: Option<Range<usize>>,
    /// The body of the `TREE` extension.
    pub(super) tree: Option<Range<usize>>,
}

/// Reads the content of an index file.
pub(super) fn parse(mut bytes: Vec<u8>, id_len: usize) -> Result<Parsed, String> {
    if bytes.get(..4) != Some(b"DIRC") {
        return Err("not an index file".to_owned());
    }
    let (Some(version), Some(count)) = (number(&bytes, 4), number(&bytes, 8)) else { return Err(truncated()) };
    if !(2..=4).contains(&version) {
        return Err(format!("index version {version} is unknown"));
    }
    // A record takes more bytes on disk than in memory; a count that lies must not reserve more than the file.
    let mut records = Vec::with_capacity((count as usize).min(bytes.len() / (STAT_LEN + id_len)));
    let end = bytes.len();
    let mut names = Vec::new();
    let mut previous = Vec::new();
    let mut at = 12;
    for _ in 0..count {
        let (fixed, record) = fixed_part(&bytes[..end], at, id_len)?;
        let (record, next) = if version == 4 {
            compressed(&bytes, record, fixed.path, &mut previous, &mut names)?
        } else {
            plain(&bytes, record, &fixed, at)?
        };
        records.push(record);
        at = next;
    }
    let Extensions { link, tree } = extensions(&bytes, at, id_len)?;
    bytes.append(&mut names);
    check_paths(&bytes, &mut records)?;
    Ok(Parsed { bytes, records, link, tree })
}

struct Fixed {
    path: usize,
    name_len: u16,
}

fn fixed_part(bytes: &[u8], at: usize, id_len: usize) -> Result<(Fixed, Record), String> {
    let id = at + STAT_LEN;
    let flags_at = id + id_len;
    let (Some(mode), Some(flags)) = (number(bytes, at + 24), short(bytes, flags_at)) else { return Err(truncated()) };
    let mut path = flags_at + 2;
    let mut kept = 0;
    if flags & EXTENDED != 0 {
        let extended = short(bytes, path).ok_or_else(truncated)?;
        path += 2;
        kept |= if extended & 0x2000 != 0 { INTENT_TO_ADD } else { 0 };
        kept |= if extended & 0x4000 != 0 { SKIP_WORKTREE } else { 0 };
    }
    let id = u32::try_from(id).map_err(|_| "larger than 4 GB".to_owned())?;
    let stage = (flags >> 12) as u8 & 3;
    let record = Record { path: 0, path_len: 0, id, mode: entries::mode(mode), stage, flags: kept };
    Ok((Fixed { path, name_len: flags & NAME_MASK }, record))
}

/// Versions 2 and 3: the path ends with a zero, and the entry is padded to a multiple of eight bytes.
fn plain(bytes: &[u8], mut record: Record, fixed: &Fixed, at: usize) -> Result<(Record, usize), String> {
    let rest = bytes.get(fixed.path..).ok_or_else(truncated)?;
    let len = if fixed.name_len < NAME_MASK { usize::from(fixed.name_len) } else { zero(rest)? };
    if rest.get(len) != Some(&0) {
        return Err("an entry's path does not end where it should".to_owned());
    }
    record.path = u32::try_from(fixed.path).map_err(|_| truncated())?;
    record.path_len = u32::try_from(len).map_err(|_| truncated())?;
    let unpadded = fixed.path - at + len;
    Ok((record, at + ((unpadded + 8) & !7)))
}

/// Version 4: how many bytes of the previous path to drop, and what to append. The whole path goes to `names`, which
/// is later put behind the file's bytes.
fn compressed(
    bytes: &[u8],
    mut record: Record,
    at: usize,
    previous: &mut Vec<u8>,
    names: &mut Vec<u8>,
) -> Result<(Record, usize), String> {
    let (strip, suffix) = varint(bytes, at).ok_or_else(truncated)?;
    let kept = previous.len().checked_sub(strip).ok_or("an entry drops more of a path than there is")?;
    let rest = bytes.get(suffix..).ok_or_else(truncated)?;
    let len = zero(rest)?;
    previous.truncate(kept);
    previous.extend_from_slice(&rest[..len]);
    let too_large = |_| "larger than 4 GB".to_owned();
    record.path = u32::try_from(bytes.len() + names.len()).map_err(too_large)?;
    record.path_len = u32::try_from(previous.len()).map_err(too_large)?;
    names.extend_from_slice(previous);
    if names.len() > MAX_NAMES {
        return Err("the paths are longer than 1 GB".to_owned());
    }
    Ok((record, suffix + len + 1))
}

/// A compressed index of some MB can describe paths without end.
const MAX_NAMES: usize = 1 << 30;

#[derive(Default)]
struct Extensions {
    link: Option<Range<usize>>,
    tree: Option<Range<usize>>,
}

/// Walks the extensions. Those whose name begins with a capital letter are optional.
fn extensions(bytes: &[u8], mut at: usize, id_len: usize) -> Result<Extensions, String> {
    let end = bytes.len().saturating_sub(id_len);
    if at > end {
        return Err(truncated());
    }
    let mut found = Extensions::default();
    while at + 8 <= end {
        let (Some(name), Some(size)) = (bytes.get(at..at + 4), number(bytes, at + 4)) else { return Err(truncated()) };
        let body = at + 8..(at + 8).saturating_add(size as usize);
        if body.end > end {
            return Err(truncated());
        }
        match name {
            b"link" => found.link = Some(body.clone()),
            b"TREE" => found.tree = Some(body.clone()),
            b"sdir" => {}
            [first, ..] if first.is_ascii_uppercase() => {}
            _ => {
                let name = name.escape_ascii();
                return Err(format!("the index uses the extension `{name}`, which preflake does not know"));
            }
        }
        at = body.end;
    }
    Ok(found)
}

/// Refuses paths that leave the repository, and cuts the slash from the directories of a sparse index.
fn check_paths(bytes: &[u8], records: &mut [Record]) -> Result<(), String> {
    for record in records {
        let start = record.path as usize;
        let mut path = bytes.get(start..start + record.path_len as usize).unwrap_or_default();
        if record.mode == Mode::SparseDirectory
            && let Some(without) = path.strip_suffix(b"/")
        {
            path = without;
            record.path_len -= 1;
        }
        // The entries of a split index that replace others have no path of their own.
        if !path.is_empty() && !entries::is_sound(path) {
            return Err(format!("the index holds the impossible path `{}`", path.escape_ascii()));
        }
    }
    Ok(())
}

/// git's variable-length numbers: seven bits a byte, each continuation adds one.
fn varint(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut byte = *bytes.get(at)?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        at += 1;
        byte = *bytes.get(at)?;
        value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
    }
    Some((value, at + 1))
}

fn zero(bytes: &[u8]) -> Result<usize, String> {
    bytes.iter().position(|byte| *byte == 0).ok_or_else(truncated)
}

pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn truncated() -> String {
    "the index ends too early".to_owned()
}
