//! Mutations of text by tokens, and of bytes by fields.

use std::ops::Range;

use crate::rng::Rng;

/// Inputs stay this small, so that many run in a second; of ten, one may grow to [`MOST`].
const USUAL: usize = 3 << 10;

const MOST: usize = 16 << 10;

/// A few mutations of one text of the corpus, with words that mean something to its reader.
pub(crate) fn text(corpus: &[Vec<u8>], words: &[&str], rng: &mut Rng) -> Vec<u8> {
    let mut input = rng.pick(corpus).clone();
    let most = if rng.below(10) == 0 { MOST } else { USUAL };
    for _ in 0..=rng.below(6) {
        let spans = tokens(&input);
        mutate(&mut input, &spans, corpus, words, rng);
        input.truncate(most);
    }
    // Now and then something that repeats for long: what is not linear shows there.
    if rng.below(1_000) == 0 {
        let spans = tokens(&input);
        let unit = input[some(&spans, 6, rng)].to_vec();
        if !unit.is_empty() {
            let at = some(&spans, 1, rng).start;
            let times = (8 * MOST) / unit.len();
            input.splice(at..at, unit.repeat(times));
        }
    }
    input
}

/// Words, blanks and signs.
fn tokens(text: &[u8]) -> Vec<Range<usize>> {
    let class = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' => 0,
        b' ' | b'\t' => 1,
        0x80.. => 2,
        _ => 3,
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        match found.last_mut() {
            Some(last) if class(*byte) != 3 && class(text[at - 1]) == class(*byte) => last.end = at + 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

/// Up to `most` neighbouring tokens; empty where there are none.
fn some(spans: &[Range<usize>], most: usize, rng: &mut Rng) -> Range<usize> {
    if spans.is_empty() {
        return 0..0;
    }
    let first = rng.below(spans.len());
    let last = (first + rng.below(most)).min(spans.len() - 1);
    spans[first].start..spans[last].end
}

const PAIRS: &[(&str, &str)] =
    &[("(", ")"), ("[", "]"), ("{", "}"), ("\"", "\""), ("''", "''"), ("${", "}"), ("/*", "*/"), ("let ", " in x")];

const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "7",
    "255",
    "65536",
    "4294967295",
    "9223372036854775808",
    "18446744073709551616",
    "1e999",
    "0x1f",
];

const ODD: &[&[u8]] =
    &[b"\0", b"\x1b[31m", b"\xff", b"\r", b"\n", b"\r\n", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\xc3", b"\t", b"\x1a"];

fn mutate(input: &mut Vec<u8>, spans: &[Range<usize>], corpus: &[Vec<u8>], words: &[&str], rng: &mut Rng) {
    let range = some(spans, 4, rng);
    let start = range.start;
    match rng.below(14) {
        0 => drop(input.drain(range)),
        1 => {
            let part = input[range].to_vec();
            input.splice(start..start, part);
        }
        2 => {
            let part = input[range].repeat(2 + rng.below(60));
            input.splice(start..start, part);
        }
        3 | 4 => drop(input.splice(range, rng.pick(words).bytes())),
        5 | 6 => drop(input.splice(start..start, rng.pick(words).bytes())),
        7 => {
            let other = rng.pick(corpus);
            let part = other[some(&tokens(other), 12, rng)].to_vec();
            input.splice(range, part);
        }
        8 => {
            let other = some(spans, 4, rng);
            if range.end <= other.start {
                let (first, second) = (input[range.clone()].to_vec(), input[other.clone()].to_vec());
                input.splice(other, first);
                input.splice(range, second);
            }
        }
        9 => drop(input.splice(start..start, rng.pick(ODD).iter().copied())),
        10 => {
            let (open, close) = *rng.pick(PAIRS);
            let inner = [open.as_bytes(), &input[range.clone()], close.as_bytes()].concat();
            input.splice(range, inner);
        }
        11 => drop(input.splice(range, rng.pick(NUMBERS).bytes())),
        12 if rng.chance(10) => input.truncate(start),
        _ => flip(input, rng),
    }
}

fn flip(input: &mut [u8], rng: &mut Rng) {
    let at = rng.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << rng.below(8);
    }
}

const SHORT: &[&[u8]] = &[&[0, 0], &[0xff, 0xff], &[0x0f, 0xff], &[0x40, 0], &[0x80, 0x80]];

const LONG: &[&[u8]] = &[&[0xff; 4], &[0; 4], &[0, 0, 0, 1], &[0x7f, 0xff, 0xff, 0xff]];

/// A directory, a link, a submodule, a program.
const MODES: &[&[u8]] = &[&[0, 0, 0x40, 0], &[0, 0, 0xa0, 0], &[0, 0, 0xe0, 0], &[0, 0, 0x81, 0xed]];

/// A few mutations of a file of binary fields.
pub(crate) fn bytes(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut input = rng.pick(corpus).clone();
    for _ in 0..=rng.below(5) {
        let at = rng.below(input.len());
        let end = (at + 1 + rng.below(80)).min(input.len());
        match rng.below(8) {
            0 => flip(&mut input, rng),
            1 => set(&mut input, at, &[u8::try_from(rng.below(256)).unwrap_or_default()]),
            2 => set(&mut input, at, rng.pick::<&[u8]>(SHORT)),
            3 => set(&mut input, at / 4 * 4, rng.pick::<&[u8]>(LONG)),
            4 => drop(input.drain(at..end)),
            5 => {
                let part = input[at..end].to_vec();
                input.splice(at..at, part);
            }
            6 => {
                let other = rng.pick(corpus);
                let from = rng.below(other.len());
                let to = (from + rng.below(200)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
            _ => {
                set(&mut input, at / 4 * 4, rng.pick::<&[u8]>(MODES));
            }
        }
    }
    input
}

fn set(input: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = input.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}
