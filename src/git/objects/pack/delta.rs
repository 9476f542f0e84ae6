//! Objects that are stored as changes to others (gitformat-pack(5), "Deltified representation").

use crate::snapshot::disk;

/// What `delta` makes of `base`; `None` where it is damaged, or means another base.
pub(super) fn apply(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let (base_size, rest) = number(delta)?;
    let (size, mut rest) = number(rest)?;
    if base_size != base.len() as u64 || size > disk::MAX_SIZE {
        return None;
    }
    let size = usize::try_from(size).ok()?;
    // What is claimed is not trusted with memory.
    let mut result = Vec::with_capacity(size.min(1 << 20));
    while let Some((&operation, after)) = rest.split_first() {
        rest = after;
        let part = if operation & 0x80 != 0 {
            let (mut at, mut length) = (0, 0);
            for bit in 0..7 {
                if operation & 1 << bit != 0 {
                    let (&byte, after) = rest.split_first()?;
                    rest = after;
                    let (value, shift) = if bit < 4 { (&mut at, bit) } else { (&mut length, bit - 4) };
                    *value |= usize::from(byte) << (8 * shift);
                }
            }
            let length = if length == 0 { 1 << 16 } else { length };
            base.get(at..at.checked_add(length)?)?
        } else {
            // None at all is reserved.
            let (part, after) = rest.split_at_checked(usize::from(operation)).filter(|(part, _)| !part.is_empty())?;
            rest = after;
            part
        };
        if result.len() + part.len() > size {
            return None;
        }
        result.try_reserve(part.len()).ok()?;
        result.extend_from_slice(part);
    }
    (result.len() == size).then_some(result)
}

/// A number of seven bits a byte, the lowest first, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_insertions() {
        let base = b"hello world";
        // Six bytes from the beginning, three of its own, five from the sixth on.
        let delta = [&[11, 14, 0x90, 6, 3][..], b"abc", &[0x91, 6, 5]].concat();
        assert_eq!(apply(base, &delta), Some(b"hello abcworld".to_vec()));
        for end in 0..delta.len() {
            assert_eq!(apply(base, &delta[..end]), None, "{end}");
        }
        assert_eq!(apply(b"hello", &delta), None);
        for wrong in [&[11, 0, 0][..], &[11, 5, 0x91, 9, 5], &[11, 1, 0x90, 2], &[11, 1, 0x80], &[0x80; 12]] {
            assert_eq!(apply(base, wrong), None, "{wrong:?}");
        }
        // No length is the longest.
        let base = vec![1; 1 << 16];
        assert_eq!(apply(&base, &[0x80, 0x80, 4, 0x80, 0x80, 4, 0x80]), Some(base.clone()));
    }
}
