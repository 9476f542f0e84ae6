//! Mutations of the bytes of either file.

use super::{Change, Mutation};
use crate::rng::Rng;

const fn nix(name: &'static str, change: fn(&mut String, &mut Rng)) -> Mutation {
    Mutation { name, change: Change::Nix(change) }
}

const fn lock(name: &'static str, change: fn(&mut Vec<u8>, &mut Rng)) -> Mutation {
    Mutation { name, change: Change::Lock(change) }
}

/// Mutations of the text of flake.nix.
pub(super) const NIX: &[Mutation] = &[
    nix("wrapped", wrap),
    nix("a character removed", remove_character),
    nix("a line twice", double_line),
    nix("a fault in flake.nix", crate::tokens::fault),
    nix("another fault in flake.nix", crate::tokens::fault),
    nix("conflict markers in flake.nix", |text, _| *text = format!("<<<<<<< HEAD\n{text}=======\n>>>>>>> x\n")),
    nix("carriage returns in flake.nix", |text, _| *text = text.replace('\n', "\r\n")),
    nix("empty flake.nix", |text, _| text.clear()),
];

/// Mutations of the bytes of flake.lock.
pub(super) const LOCK: &[Mutation] = &[
    lock("minified", |bytes, _| {
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) {
            *bytes = json.to_string().into_bytes();
        }
    }),
    lock("carriage returns", |bytes, _| *bytes = String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes()),
    lock("byte order mark", |bytes, _| drop(bytes.splice(0..0, *b"\xef\xbb\xbf"))),
    lock("conflict markers", |bytes, _| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let at = text.find("\n  \"root\"").unwrap_or(0);
        *bytes = format!("{}\n<<<<<<< HEAD\n=======\n>>>>>>> other{}", &text[..at], &text[at..]).into_bytes();
    }),
    lock("truncated", |bytes, rng| bytes.truncate(rng.below(bytes.len()))),
    lock("something after the end", |bytes, rng| {
        bytes.extend_from_slice(rng.pick(&["x", "{}", "\n\n", " ", "}", "//"]).as_bytes());
    }),
    lock("a key twice", |bytes, rng| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let extra =
            *rng.pick(&["\"version\": 7,", "\"version\": 3,", "\"root\": \"root\",", "\"nodes\": {},", "\"root\": 1,"]);
        *bytes = text.replacen('{', &format!("{{{extra}"), 1).into_bytes();
    }),
    lock("no final newline", |bytes, _| bytes.truncate(bytes.len().saturating_sub(1))),
    lock("trailing comma", |bytes, _| {
        *bytes = String::from_utf8_lossy(bytes).replacen("\"version\": 7", "\"version\": 7,", 1).into_bytes();
    }),
    lock("missing", |bytes, _| bytes.clear()),
    lock("escapes", |bytes, _| {
        *bytes = String::from_utf8_lossy(bytes).replace("\"locked\"", "\"\\u006cocked\"").into_bytes();
    }),
    lock("bytes that are not UTF-8", |bytes, _| {
        let place = bytes.windows(8).position(|window| window == b"\"nodes\":").unwrap_or(0);
        bytes.splice(place..place, *b"\"x\": \"\xff\", ");
    }),
    lock("a comment", |bytes, _| drop(bytes.splice(0..0, *b"// x\n"))),
];

fn wrap(text: &mut String, rng: &mut Rng) {
    let (before, after) = *rng.pick(&[
        ("let x = 1; in ", ""),
        ("(", ")"),
        ("(", ") // { }"),
        ("with builtins; ", ""),
        ("assert true; ", ""),
        ("_: ", ""),
        ("# comment\n", "# comment"),
        ("", "x"),
        ("\u{feff}", ""),
        ("import ", ""),
        ("/* ", " */ { }"),
    ]);
    *text = format!("{before}{text}{after}");
}

fn remove_character(text: &mut String, rng: &mut Rng) {
    let signs: Vec<usize> = text.char_indices().filter(|(_, c)| "{};=\".:".contains(*c)).map(|(at, _)| at).collect();
    if !signs.is_empty() {
        text.remove(*rng.pick(&signs));
    }
}

fn double_line(text: &mut String, rng: &mut Rng) {
    let mut lines: Vec<&str> = text.lines().collect();
    if !lines.is_empty() {
        let place = rng.below(lines.len());
        lines.insert(place, lines[place]);
    }
    *text = lines.join("\n");
}
