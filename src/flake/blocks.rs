//! Where a run of bytes ends, eight at a time: all of every lock and of every Nix file passes here, and a loop that ends
//! after a number of steps that nobody can foresee costs more than its steps.

/// One in each byte.
pub(super) const ONES: u64 = u64::MAX / 0xff;
/// The high bit of each byte.
pub(super) const HIGH: u64 = ONES << 7;

/// The end of the spaces from `at` on.
#[inline]
pub(super) fn spaces_end(bytes: &[u8], at: usize) -> usize {
    end(bytes, at, |word| word ^ (ONES * u64::from(b' ')), |byte| byte != b' ')
}

/// Where the run from `at` on ends: `ends` says of a byte whether it is no longer in it, and `marks` of eight, the first
/// of them the lowest, by setting no bit in those that are, and some in the first that is not; behind it nothing counts.
#[inline]
pub(super) fn end(bytes: &[u8], at: usize, marks: impl Fn(u64) -> u64, ends: impl Fn(u8) -> bool) -> usize {
    let mut at = at;
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let marks = marks(u64::from_le_bytes(*block));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| ends(*byte)).unwrap_or(rest.len())
}

/// Sets the high bit of the bytes that are not `byte`, and any of the others.
#[inline]
pub(super) const fn differs(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * byte as u64);
    ((difference & !HIGH) + ONES * 0x7f) | difference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_as_byte_by_byte() {
        for count in 0..20 {
            for last in [b'\n', b'!', 0, 0xff] {
                let bytes = [&b"\n"[..], &vec![b' '; count], &[last], b"   "].concat();
                assert_eq!(spaces_end(&bytes, 1), 1 + count, "{count}, {last}");
            }
            assert_eq!(spaces_end(&vec![b' '; count], 0), count);
        }
        assert_eq!(spaces_end(b"a", 1), 1);
    }
}
