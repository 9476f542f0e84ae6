//! A split index: one file shared by many, and a small one that says what to delete from it, replace and add.

use std::ops::Range;

use super::ewah;
use super::parse::Parsed;
use crate::git::entries::{Builder, EntryList, Record};

/// The shared index's file name and the rest of the `link` extension; `None` where the link is null: nothing is shared.
pub(super) fn shared_name(bytes: &[u8], link: Range<usize>, id_len: usize) -> Option<(String, Range<usize>)> {
    let id = bytes.get(link.start..link.start + id_len)?;
    if link.len() < id_len || id.iter().all(|byte| *byte == 0) {
        return None;
    }
    Some((format!("sharedindex.{}", crate::git::hex(id)), link.start + id_len..link.end))
}

/// Puts both parts together as git's `merge_base_index` does.
pub(super) fn merge(own: &Parsed, shared: &Parsed, link: Range<usize>, id_len: usize) -> Result<EntryList, String> {
    let broken = || "the split index is broken".to_owned();
    let bitmaps = own.bytes.get(link).ok_or_else(broken)?;
    let limit = shared.records.len();
    let (deleted, replaced) = if bitmaps.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let (deleted, used) = ewah::positions(bitmaps, limit).ok_or_else(broken)?;
        let (replaced, _) = ewah::positions(bitmaps.get(used..).unwrap_or_default(), limit).ok_or_else(broken)?;
        (deleted, replaced)
    };
    let mut builder = Builder::new(id_len);
    let mut deleted = deleted.into_iter().peekable();
    let mut replaced = replaced.into_iter().peekable();
    let mut own_records = own.records.iter();
    for (position, record) in shared.records.iter().enumerate() {
        let gone = deleted.next_if_eq(&position).is_some();
        let mut taken = (shared, record);
        if replaced.next_if_eq(&position).is_some() {
            taken = (own, own_records.next().ok_or_else(broken)?);
        }
        if !gone {
            push(&mut builder, path(shared, record), taken, id_len);
        }
    }
    for record in own_records {
        let path = path(own, record);
        if path.is_empty() {
            return Err(broken());
        }
        push(&mut builder, path, (own, record), id_len);
    }
    Ok(builder.finish())
}

fn push(builder: &mut Builder, path: &[u8], (part, record): (&Parsed, &Record), id_len: usize) {
    let id = record.id as usize;
    let id = part.bytes.get(id..id + id_len).unwrap_or_default();
    builder.push(path, id, record.mode, record.stage, record.flags);
}

fn path<'a>(part: &'a Parsed, record: &Record) -> &'a [u8] {
    let start = record.path as usize;
    part.bytes.get(start..start + record.path_len as usize).unwrap_or_default()
}
