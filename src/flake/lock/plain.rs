//! How far a text in JSON stands for itself.

use crate::flake::blocks::{ONES, end};

/// The number of bytes at the beginning that are neither quote, backslash nor control character.
pub(super) fn length(bytes: &[u8]) -> usize {
    end(bytes, 0, special, |byte| byte < 0x20 || matches!(byte, b'"' | b'\\'))
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
    use super::length;

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
    }
}
