//! How far a text in JSON stands for itself, and how far a line is indented. Eight bytes at a time: a lock is made of
//! strings and blanks.

/// One in each byte.
const ONES: u64 = u64::MAX / 0xff;

/// The number of bytes at the beginning that are neither quote, backslash nor control character.
pub(super) fn length(bytes: &[u8]) -> usize {
    run(bytes, special, |byte| byte >= 0x20 && !matches!(byte, b'"' | b'\\'))
}

/// The number of blanks at the beginning.
pub(super) fn blanks(bytes: &[u8]) -> usize {
    run(bytes, |word| word ^ (ONES * u64::from(b' ')), |byte| byte == b' ')
}

/// The number of bytes at the beginning that `goes_on` accepts. Of eight, of which the first is the lowest, `ends` sets
/// some bit in the first that it does not.
#[inline]
fn run(bytes: &[u8], ends: impl Fn(u64) -> u64, goes_on: impl Fn(u8) -> bool) -> usize {
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let found = ends(u64::from_le_bytes(*chunk));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| goes_on(**byte)).count()
}

/// The high bit of the first byte that is special, counted from the lowest; those above it may be wrong.
const fn special(word: u64) -> u64 {
    // A byte below `limit` borrows from the one above, and so sets its own high bit if that was not set before.
    const fn below(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(ONES * limit) & !word
    }
    let (quote, backslash) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
    (below(word, 0x20) | below(quote, 1) | below(backslash, 1)) & (ONES * 0x80)
}

#[cfg(test)]
mod tests {
    use super::{blanks, length};

    #[test]
    fn as_byte_by_byte() {
        let plainly =
            |bytes: &[u8]| bytes.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count();
        for special in 0..=u8::MAX {
            for filling in [b' ', b'!', b'a', b'[', b'#', b']', 0x7f, 0x80, 0xff] {
                for at in 0..20 {
                    let mut bytes = [filling; 20];
                    bytes[at] = special;
                    assert_eq!(length(&bytes), plainly(&bytes), "{special} in {filling} at {at}");
                    bytes[19] = b'"';
                    assert_eq!(length(&bytes), plainly(&bytes), "{special} in {filling} at {at}, quote");
                }
            }
        }
        assert_eq!(length(b""), 0);
        for count in 0..20 {
            assert_eq!(blanks(&[vec![b' '; count], b"\n   ".to_vec()].concat()), count);
            assert_eq!(blanks(&vec![b' '; count]), count);
        }
    }
}
