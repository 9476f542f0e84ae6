//! Where names and strings end.

use super::token::is_identifier_byte;
use crate::flake::blocks::{HIGH, ONES, differs, end};

/// The end of the run of bytes from `at` on that names consist of behind their first.
#[inline]
pub(super) fn name_end(bytes: &[u8], at: usize) -> usize {
    end(bytes, at, others_than_names, |byte| !is_identifier_byte(byte))
}

/// Where a quote, a dollar or a backslash stands, from `at` on.
#[inline]
pub(super) fn plain_end(bytes: &[u8], at: usize) -> usize {
    let ends = |byte| matches!(byte, b'"' | b'$' | b'\\');
    end(bytes, at, |word| !(differs(word, b'"') & differs(word, b'$') & differs(word, b'\\')) & HIGH, ends)
}

/// Sets the high bit of the bytes that names do not have.
#[inline]
const fn others_than_names(word: u64) -> u64 {
    // Every sum stays inside its byte: it is one of seven bits.
    const fn at_least(bits: u64, limit: u8) -> u64 {
        bits + ONES * (0x80 - limit as u64)
    }
    let bits = word & !HIGH;
    let lower = bits | (ONES * 0x20);
    let letters = at_least(lower, b'a') & !at_least(lower, b'z' + 1);
    let digits = at_least(bits, b'0') & !at_least(bits, b'9' + 1);
    let signs = differs(word, b'_') & differs(word, b'-') & differs(word, b'\'');
    !((letters | digits) & !word | !signs) & HIGH
}

#[cfg(test)]
mod tests {
    use super::super::token::run;
    use super::*;

    #[test]
    fn as_byte_by_byte() {
        let in_name = is_identifier_byte;
        let in_string = |byte: u8| !matches!(byte, b'"' | b'$' | b'\\');
        for last in 0..=u8::MAX {
            for filling in [b'a', b'Z', b'0', b'_', b'-', b'\'', b' ', b'#', b'%', b'[', 0x7f, 0x80, 0xff] {
                for length in [0, 1, 7, 8, 9, 15, 40] {
                    let mut bytes = vec![filling; length];
                    bytes.push(last);
                    for rest in [0, 30] {
                        bytes.extend(std::iter::repeat_n(b'$', rest));
                        let about = format!("{length} of {filling}, {last}, {rest}");
                        assert_eq!(name_end(&bytes, 0), run(&bytes, 0, in_name), "{about}");
                        assert_eq!(plain_end(&bytes, 0), run(&bytes, 0, in_string), "{about}");
                    }
                }
            }
        }
        assert_eq!((name_end(b"a", 1), plain_end(b"", 0)), (1, 0));
    }
}
