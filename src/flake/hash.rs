//! SHA-256 in the spellings that Nix has had for it: `narHash` is written in SRI today, older locks have base 32.

const NIX32: &[u8] = b"0123456789abcdfghijklmnpqrsvwxyz";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of a SHA-256 hash: SRI (`sha256-…`), or base 16, base 32 or base 64 with or without `sha256:`. `None` for
/// anything else.
#[must_use]
pub fn sha256(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("sha256-").or_else(|| text.strip_prefix("sha256:")).unwrap_or(text);
    let digits = digits.trim_end_matches('=').as_bytes();
    match digits.len() {
        64 => digits_to_bytes(digits, |digit| char::from(digit).to_digit(16), 4, Order::HighFirst),
        52 => digits_to_bytes(digits, |digit| value(NIX32, digit), 5, Order::LowFirst),
        43 => digits_to_bytes(digits, |digit| value(BASE64, digit), 6, Order::HighFirst),
        _ => None,
    }
}

fn value(alphabet: &[u8], digit: u8) -> Option<u32> {
    alphabet.iter().position(|known| *known == digit).and_then(|place| u32::try_from(place).ok())
}

/// Which end of the hash the first digit belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    HighFirst,
    /// Nix's base 32 counts from the last digit and the lowest bit.
    LowFirst,
}

fn digits_to_bytes(digits: &[u8], value: impl Fn(u8) -> Option<u32>, bits: usize, order: Order) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    for (number, digit) in digits.iter().enumerate() {
        let value = value(*digit)?;
        for bit in 0..bits {
            let (set, place) = match order {
                Order::HighFirst => (value >> (bits - 1 - bit) & 1, number * bits + bit),
                Order::LowFirst => (value >> bit & 1, (digits.len() - 1 - number) * bits + bit),
            };
            if set == 0 {
                continue;
            }
            let shift = if order == Order::HighFirst { 7 - place % 8 } else { place % 8 };
            *bytes.get_mut(place / 8)? |= 1 << shift;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_the_same_hash() {
        let sri = sha256("sha256-RNLq09vfj21TyYuUCeD6BNTNC6Ew8bLhQULZytN4Xx8=");
        assert!(sri.is_some());
        assert_eq!(sri, sha256("sha256-RNLq09vfj21TyYuUCeD6BNTNC6Ew8bLhQULZytN4Xx8"));
        assert_eq!(sri, sha256("07szg39wmna287hv5w9hl45wvm04zbh0k54br59nv3yzvg9ymlj4"));
        assert_eq!(sri, sha256("sha256:44d2ead3dbdf8f6d53c98b9409e0fa04d4cd0ba130f1b2e14142d9cad3785f1f"));
        assert_ne!(sri, sha256("sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
        assert_eq!(sha256("sha256-"), None);
        assert_eq!(sha256("sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), None);
    }
}
