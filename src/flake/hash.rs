//! Hashes in the spellings that Nix reads (`hash.cc`, `base-n.cc`, `base-nix-32.cc`; Nix 2.34): base 16, Nix's own base
//! 32 and base 64, with the algorithm before a `:`, and SRI with it before a `-`.

const NIX32: &[u8] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// The algorithms that Nix knows without experimental features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

use Algorithm::{Md5, Sha1, Sha256, Sha512};

impl Algorithm {
    fn named(name: &str) -> Result<Self, String> {
        let all = [Md5, Sha1, Sha256, Sha512];
        all.into_iter().find(|known| known.name() == name).ok_or_else(|| format!("unknown hash algorithm `{name}`"))
    }

    const fn name(self) -> &'static str {
        match self {
            Md5 => "md5",
            Sha1 => "sha1",
            Sha256 => "sha256",
            Sha512 => "sha512",
        }
    }

    const fn size(self) -> usize {
        match self {
            Md5 => 16,
            Sha1 => 20,
            Sha256 => 32,
            Sha512 => 64,
        }
    }
}

/// A hash, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hash {
    pub(super) algorithm: Algorithm,
    pub(super) bytes: Vec<u8>,
}

impl Hash {
    /// Reads `sha256-…` (`Hash::parseSRI`).
    pub(super) fn parse_sri(text: &str) -> Result<Self, String> {
        let (name, body) = text.split_once('-').ok_or_else(|| format!("hash `{text}` is not SRI"))?;
        Self::of_sri_body(body, Algorithm::named(name)?)
    }

    /// Reads any spelling; `usual` is the algorithm of a text that names none (`Hash::parseAny`, where the two must be
    /// the same, and `Input::getRev`, where the text may name another).
    pub(super) fn parse_any(text: &str, usual: Algorithm) -> Result<Self, String> {
        if let Some((name, body)) = text.split_once(':') {
            Self::of_digits(body, Algorithm::named(name)?)
        } else if let Some((name, body)) = text.split_once('-') {
            Self::of_sri_body(body, Algorithm::named(name)?)
        } else {
            Self::of_digits(text, usual)
        }
    }

    fn of_sri_body(body: &str, algorithm: Algorithm) -> Result<Self, String> {
        Self::of_bytes(from_base64(body), body, algorithm, "SRI")
    }

    /// The length says what the digits are.
    fn of_digits(digits: &str, algorithm: Algorithm) -> Result<Self, String> {
        let size = algorithm.size();
        let (bytes, base) = match digits.len() {
            length if length == size * 2 => (from_base16(digits), "base16"),
            length if length == (size * 8).div_ceil(5) => (from_nix32(digits), "nix32"),
            length if length == size.div_ceil(3) * 4 => (from_base64(digits), "base64"),
            _ => {
                let name = algorithm.name();
                return Err(format!("hash `{digits}` has wrong length for hash algorithm `{name}`"));
            }
        };
        Self::of_bytes(bytes, digits, algorithm, base)
    }

    fn of_bytes(bytes: Option<Vec<u8>>, text: &str, algorithm: Algorithm, base: &str) -> Result<Self, String> {
        match bytes {
            Some(bytes) if bytes.len() == algorithm.size() => Ok(Self { algorithm, bytes }),
            _ => Err(format!("invalid {base} hash `{text}`")),
        }
    }
}

/// The bytes of a SHA-256 hash: SRI (`sha256-…`), or base 16, base 32 or base 64 with or without `sha256:`. `None` for
/// anything else. `narHash` is written in SRI today, older locks have base 32.
#[must_use]
pub fn sha256(text: &str) -> Option<[u8; 32]> {
    let hash = Hash::parse_any(text, Sha256).ok().filter(|hash| hash.algorithm == Sha256)?;
    hash.bytes.try_into().ok()
}

fn from_base16(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.as_bytes().chunks_exact(2) {
        bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Some(bytes)
}

/// Nix's base 32 counts from the last digit and the lowest bit. Bits that no byte has room for make one more byte, if
/// they are set.
fn from_nix32(digits: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len());
    for (number, digit) in digits.bytes().rev().enumerate() {
        let value = u16::try_from(NIX32.iter().position(|known| *known == digit)?).ok()?;
        let (place, shift) = (number * 5 / 8, number * 5 % 8);
        let [high, low] = (value << shift).to_be_bytes();
        bytes.resize(place + if high == 0 { 1 } else { 2 }, 0);
        bytes[place] |= low;
        if high != 0 {
            bytes[place + 1] |= high;
        }
    }
    Some(bytes)
}

/// Nix's decoder ends at the first `=`, whatever comes behind it, does without any, and skips line ends.
fn from_base64(digits: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len());
    let (mut value, mut bits) = (0_u32, 0);
    for digit in digits.bytes().take_while(|digit| *digit != b'=').filter(|digit| *digit != b'\n') {
        let next = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        value = value << 6 | u32::from(next);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(value >> bits & 0xff).ok()?);
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
        assert_eq!(sri, sha256("RNLq09vfj21TyYuUCeD6BNTNC6Ew8bLhQULZytN4Xx8="));
        assert_eq!(sri, sha256("07szg39wmna287hv5w9hl45wvm04zbh0k54br59nv3yzvg9ymlj4"));
        assert_eq!(sri, sha256("sha256:44d2ead3dbdf8f6d53c98b9409e0fa04d4cd0ba130f1b2e14142d9cad3785f1f"));
        assert_ne!(sri, sha256("sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
        assert_eq!(sha256("sha256-"), None);
        assert_eq!(sha256("sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), None);
    }

    #[test]
    fn what_follows_the_padding_is_not_read() {
        let digits = "A".repeat(43);
        for good in ["", "=", "==", "=/", "=\u{e9}x=", "\n", "\n=\n"] {
            assert!(Hash::parse_sri(&format!("sha256-{digits}{good}")).is_ok(), "{good:?}");
        }
        for bad in ["A", "A=", " ", "-", "\r", "\u{e9}"] {
            assert!(Hash::parse_sri(&format!("sha256-{digits}{bad}")).is_err(), "{bad:?}");
        }
        assert!(Hash::parse_sri(&format!("sha256-=A{digits}")).is_err());
        assert!(Hash::parse_sri(&format!("sha256-\n{digits}")).is_ok());
    }

    /// As long as a hash, but more than one: the first digit has bits to spare.
    #[test]
    fn base_32_that_is_too_large() {
        assert!(sha256(&format!("1{}", "z".repeat(51))).is_some());
        assert_eq!(sha256(&format!("2{}", "z".repeat(51))), None);
    }
}
