//! Mutations of single values in the text of flake.lock: what JSON allows, and what only some readers of it do.

use super::{Change, Mutation};
use crate::rng::Rng;

const fn lock(name: &'static str, change: fn(&mut Vec<u8>, &mut Rng)) -> Mutation {
    Mutation { name, change: Change::Lock(change) }
}

/// Mutations of values.
pub(super) const LITERALS: &[Mutation] = &[
    lock("a number spelt otherwise", number),
    lock("a hash spelt otherwise", hash),
    lock("a revision spelt otherwise", revision),
    lock("odd characters in a string", odd_characters),
    lock("a line of the lock twice", double_line),
    lock("a line of the lock gone", remove_line),
    lock("a byte of the lock changed", change_byte),
];

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1e3",
    "1E+5",
    "1.5",
    "1.0",
    "0.0",
    "1e-3",
    "-1",
    "-9223372036854775808",
    "-9223372036854775809",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e19",
    "1e20",
    "1e400",
    "01",
    "+1",
    ".5",
    "1.",
    "0x10",
    "NaN",
    "Infinity",
    "\"5\"",
    "true",
    "null",
    "[1]",
    "{}",
    "1_000",
    "5.0e0",
    "7.0",
    "6.9",
];
const HASHES: &[&str] = &[
    "",
    "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=",
    "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ",
    "sha256-AAAA",
    "sha256:0000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000",
    "sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    "md5-AAAAAAAAAAAAAAAAAAAAAA==",
    "SHA256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_-AAAA=",
    "sha256-",
    "-",
    "x",
];
const REVISIONS: &[&str] = &[
    "",
    "0123456789abcdef0123456789abcdef01234567",
    "0123456789ABCDEF0123456789ABCDEF01234567",
    "0000000000000000000000000000000000000000",
    "0123456789abcdef0123456789abcdef0123456",
    "0123456789abcdef0123456789abcdef012345678",
    "sha1:0123456789abcdef0123456789abcdef01234567",
    "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "00000000000000000000000000000000",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "zz23456789abcdef0123456789abcdef01234567",
    "main",
    "0123456789abcdef0123456789abcdef0123456g",
];

/// Puts `value` in the place of one that `key` has.
fn replace(bytes: &mut Vec<u8>, rng: &mut Rng, keys: &[&str], value: &str) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let places: Vec<usize> = keys
        .iter()
        .flat_map(|key| {
            let start = format!("\"{key}\": ");
            text.match_indices(&start).map(|(at, found)| at + found.len()).collect::<Vec<_>>()
        })
        .collect();
    if places.is_empty() {
        return;
    }
    let start = *rng.pick(&places);
    let end = text[start..].find(['\n', ',']).map_or(text.len(), |length| start + length);
    *bytes = [&text[..start], value, &text[end..]].concat().into_bytes();
}

fn number(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let value = *rng.pick(NUMBERS);
    let keys: &[&str] = if rng.chance(25) { &["version"] } else { &["lastModified", "revCount"] };
    replace(bytes, rng, keys, value);
}

fn hash(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let value = format!("\"{}\"", rng.pick(HASHES));
    replace(bytes, rng, &["narHash"], &value);
}

fn revision(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let value = format!("\"{}\"", rng.pick(REVISIONS));
    replace(bytes, rng, &["rev"], &value);
}

fn odd_characters(bytes: &mut Vec<u8>, rng: &mut Rng) {
    const ODD: &[&[u8]] = &[
        b"\\u0000",
        b"\\u0041",
        b"\\ud800",
        b"\\ud83d\\ude00",
        b"\\udc00",
        b"\\/",
        b"\\x",
        b"\\",
        b"\0",
        b"\x1f",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\x7f",
        b"\t",
        b"\n",
        b"\\n",
        b"\\u00",
        "ä".as_bytes(),
        "😀".as_bytes(),
        b"'",
        b" ",
    ];
    let quotes: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'"').collect();
    if !quotes.is_empty() {
        let at = *rng.pick(&quotes) + usize::from(rng.chance(50));
        let odd: &[u8] = ODD[rng.below(ODD.len())];
        bytes.splice(at..at, odd.iter().copied());
    }
}

fn with_lines(bytes: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if !lines.is_empty() {
        change(&mut lines);
    }
    *bytes = lines.concat();
}

fn double_line(bytes: &mut Vec<u8>, rng: &mut Rng) {
    with_lines(bytes, |lines| {
        let place = rng.below(lines.len());
        lines.insert(place, lines[place].clone());
    });
}

fn remove_line(bytes: &mut Vec<u8>, rng: &mut Rng) {
    with_lines(bytes, |lines| drop(lines.remove(rng.below(lines.len()))));
}

fn change_byte(bytes: &mut Vec<u8>, rng: &mut Rng) {
    const BYTES: &[u8] = b"{}[]:,\"\\ \n\t\r0a-.e/#\0\xff";
    if bytes.is_empty() {
        return;
    }
    let at = rng.below(bytes.len());
    let byte = *rng.pick(BYTES);
    match rng.below(3) {
        0 => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        _ => drop(bytes.remove(at)),
    }
}
