//! EWAH compressed bitmaps, as a split index keeps two of them (Documentation/gitformat-bitmap).

use super::parse::number;

/// Decodes a bitmap at the start of `bytes`: the positions of the set bits that are less than `limit`, in order, and
/// the number of bytes it took.
pub(super) fn positions(bytes: &[u8], limit: usize) -> Option<(Vec<usize>, usize)> {
    let count = number(bytes, 4)? as usize;
    let words = bytes.get(8..8_usize.checked_add(count.checked_mul(8)?)?)?;
    let used = 8 + words.len() + 4;
    bytes.get(..used)?;
    let mut words = words.chunks_exact(8).map(|word| u64::from_be_bytes(word.try_into().unwrap_or_default()));
    let mut found = Vec::new();
    let mut at = 0_usize;
    while let Some(marker) = words.next() {
        let run = usize::try_from((marker >> 1) & 0xffff_ffff).ok()?.saturating_mul(64);
        let after = at.saturating_add(run);
        if marker & 1 != 0 {
            found.extend(at.min(limit)..after.min(limit));
        }
        at = after;
        for _ in 0..marker >> 33 {
            let word = words.next()?;
            let set = |bit: &usize| word >> bit & 1 != 0 && at.saturating_add(*bit) < limit;
            found.extend((0..64).filter(set).map(|bit| at + bit));
            at = at.saturating_add(64);
        }
    }
    Some((found, used))
}
