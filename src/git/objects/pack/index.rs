//! The index of a pack: which objects it holds, and where (gitformat-pack(5), `.idx`, versions 1 and 2).
//!
//! What git keeps beside it (`multi-pack-index`, `.rev`, `.bitmap`) says nothing that is not here.

use std::fs::File;
use std::io;

use super::at::read_at;

/// An index as far as it is kept: how many objects there are up to each first byte of their ids.
pub(super) struct Index {
    id_len: usize,
    has_crcs: bool,
    counts: Box<[u32; 256]>,
}

/// What stands before the counts: nothing in version 1.
const SIGNATURE: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];

/// As many entries are read at once: not worth a second call to the system.
const WINDOW: usize = 128;

/// After so many guesses, ids are not as evenly spread as hashes are.
const GUESSES: usize = 4;

impl Index {
    /// Reads what is kept. `None` for what is no index.
    pub(super) fn read(file: &File, id_len: usize) -> io::Result<Option<Self>> {
        let mut start = [0; 8 + 4 * 256];
        let filled = read_at(file, 0, &mut start)?;
        let has_crcs = start.starts_with(&SIGNATURE);
        let at = if has_crcs { 8 } else { 0 };
        // Version 1 is older than SHA-256.
        let is_known = has_crcs || (id_len == 20 && !start.starts_with(&SIGNATURE[..4]));
        if filled < at + 4 * 256 || !is_known {
            return Ok(None);
        }
        let mut counts = Box::new([0; 256]);
        for (count, bytes) in counts.iter_mut().zip(start[at..].chunks_exact(4)) {
            *count = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        let index = Self { id_len, has_crcs, counts };
        let is_whole = index.counts.is_sorted() && file.metadata()?.len() >= index.least_size();
        Ok(is_whole.then_some(index))
    }

    fn count(&self) -> usize {
        self.counts[255] as usize
    }

    /// Bytes before the entries.
    const fn header(&self) -> usize {
        if self.has_crcs { 8 + 4 * 256 } else { 4 * 256 }
    }

    /// Bytes of an entry in the list that ids stand in: in version 1 the place stands before the id.
    const fn entry_size(&self) -> usize {
        if self.has_crcs { self.id_len } else { 4 + self.id_len }
    }

    fn least_size(&self) -> u64 {
        let other_lists = if self.has_crcs { 8 } else { 0 };
        self.header() as u64 + self.count() as u64 * (self.entry_size() + other_lists) as u64 + 2 * self.id_len as u64
    }

    /// Where in the pack the object is; `None` where the pack does not hold it. An index that is damaged leads anywhere.
    pub(super) fn find(&self, file: &File, id: &[u8]) -> io::Result<Option<u64>> {
        let first = usize::from(id[0]);
        let mut low = if first == 0 { 0 } else { self.counts[first - 1] as usize };
        let mut high = self.counts[first] as usize;
        let (mut lowest, mut highest) = (0, u32::MAX);
        let mut guesses = 0;
        while low < high {
            let middle = if guesses < GUESSES {
                low + share(high - low, worth(id), lowest, highest)
            } else {
                usize::midpoint(low, high)
            };
            guesses += 1;
            let count = WINDOW.min(high - low);
            let start = middle.saturating_sub(WINDOW / 2).clamp(low, high - count);
            let mut bytes = vec![0; count * self.entry_size()];
            let at = self.header() as u64 + start as u64 * self.entry_size() as u64;
            if read_at(file, at, &mut bytes)? < bytes.len() {
                return Ok(None);
            }
            let entries: Vec<&[u8]> = bytes.chunks_exact(self.entry_size()).collect();
            let id_of = |entry: &[u8]| entry[entry.len() - self.id_len..].to_vec();
            let (least, greatest) = (id_of(entries[0]), id_of(entries[count - 1]));
            if id < least.as_slice() {
                (high, highest) = (start, worth(&least));
            } else if id > greatest.as_slice() {
                (low, lowest) = (start + count, worth(&greatest));
            } else {
                let found = entries.binary_search_by(|entry| entry[entry.len() - self.id_len..].cmp(id)).ok();
                return found.map_or(Ok(None), |found| self.place(file, start + found, entries[found]));
            }
        }
        Ok(None)
    }

    /// The place that belongs to the entry of this number.
    fn place(&self, file: &File, number: usize, entry: &[u8]) -> io::Result<Option<u64>> {
        if !self.has_crcs {
            return Ok(Some(u64::from(u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]))));
        }
        // Behind all ids there are as many checksums, then places; those that need more bits stand in a list of their own.
        let places = self.header() as u64 + self.count() as u64 * (self.id_len as u64 + 4);
        let mut short = [0; 4];
        if read_at(file, places + 4 * number as u64, &mut short)? < short.len() {
            return Ok(None);
        }
        let short = u32::from_be_bytes(short);
        if short >> 31 == 0 {
            return Ok(Some(u64::from(short)));
        }
        let mut long = [0; 8];
        let at = places + 4 * self.count() as u64 + 8 * u64::from(short & (u32::MAX >> 1));
        Ok((read_at(file, at, &mut long)? == long.len()).then(|| u64::from_be_bytes(long)))
    }
}

/// What an id is worth among those with the same first byte.
fn worth(id: &[u8]) -> u32 {
    u32::from_be_bytes([id[1], id[2], id[3], id[4]])
}

/// Where among `count` evenly spread values between `lowest` and `highest` one is to be looked for.
fn share(count: usize, wanted: u32, lowest: u32, highest: u32) -> usize {
    let part = u64::from(wanted.saturating_sub(lowest));
    let whole = u64::from(highest.saturating_sub(lowest)).max(1);
    // Both factors have 32 bits.
    usize::try_from(count as u64 * part / whole).map_or(count, |share| share.min(count))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// An index of version 2 with these ids, each at the place ten times its number, every third in the long list.
    fn index_of(ids: &[Vec<u8>]) -> File {
        let mut bytes = SIGNATURE.to_vec();
        for first in 0..=u8::MAX {
            let count = ids.iter().filter(|id| id[0] <= first).count();
            bytes.extend(u32::try_from(count).expect("few").to_be_bytes());
        }
        bytes.extend(ids.concat());
        bytes.extend(vec![0; 4 * ids.len()]);
        let mut long = Vec::new();
        for number in 0..u32::try_from(ids.len()).expect("few") {
            if number.is_multiple_of(3) {
                bytes.extend(((number / 3) | (1 << 31)).to_be_bytes());
                long.extend(u64::from(number * 10).to_be_bytes());
            } else {
                bytes.extend((number * 10).to_be_bytes());
            }
        }
        bytes.extend(long);
        bytes.extend([0; 40]);
        let mut file = tempfile::tempfile().expect("a place for files");
        file.write_all(&bytes).expect("written");
        file
    }

    #[test]
    fn every_id_is_found_and_no_other_however_they_are_spread() {
        let even = |number: u32| number.wrapping_mul(2_654_435_761).to_be_bytes();
        let crowded = |number: u32| (0x1100_0000 + number).to_be_bytes();
        let both = |number: u32| if number.is_multiple_of(2) { even(number) } else { crowded(number) };
        for spread in [&even as &dyn Fn(u32) -> [u8; 4], &crowded, &both] {
            for count in [0, 1, 2, 127, 128, 129, 3000] {
                let id = |number: u32| [&spread(number)[..], &[7; 16]].concat();
                let mut ids: Vec<Vec<u8>> = (0..count).map(id).collect();
                ids.sort();
                let file = index_of(&ids);
                let index = Index::read(&file, 20).expect("readable").expect("an index");
                for (number, id) in ids.iter().enumerate() {
                    assert_eq!(index.find(&file, id).expect("readable"), Some(10 * number as u64), "{count}: {id:?}");
                    let mut other = id.clone();
                    for last in [6, 8] {
                        other[19] = last;
                        assert_eq!(index.find(&file, &other).expect("readable"), None, "{count}: {other:?}");
                    }
                }
                for other in [[0; 20], [0x11; 20], [0xff; 20]] {
                    assert_eq!(index.find(&file, &other).expect("readable"), None);
                }
            }
        }
    }
}
