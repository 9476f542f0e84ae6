//! Flake references against real Nix: what it makes of a text, and how it writes it again.
//!
//! One `nix repl` answers thousands of them. It parses without keeping relative paths, so a text that becomes a
//! relative path is one of which it says "is not an absolute path".
#![allow(clippy::print_stdout, reason = "what was compared, and that nothing was, is said")]

mod attributes;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use preflake::flake::flakeref::{Attr, FlakeRef};
use preflake::flake::identity::Identity;

/// What either side says of a text: the attributes, and the text when written again; `None` where that is refused.
type Verdict = Option<(BTreeMap<String, serde_json::Value>, Option<String>)>;

/// The reference binary, or `None` (said) where there is none.
fn nix() -> Option<PathBuf> {
    let named = std::env::var_os("PREFLAKE_NIX").map(PathBuf::from);
    let cached = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/nix-reference/bin/nix-2.34"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join("nix"));
    let found = named.into_iter().chain(on_path).chain(cached).find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("PREFLAKE_REQUIRE_NIX").is_none(), "PREFLAKE_REQUIRE_NIX is set and there is no nix");
        println!("skipped: no nix (PREFLAKE_NIX, PATH)");
    }
    found
}

fn nix_string(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
    format!("\"{}\"", escaped.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t"))
}

/// Asks Nix to evaluate each expression, and takes what it prints or the last error. An expression at which Nix aborts
/// counts as refused, and the rest is asked of a new process.
fn evaluate(nix: &PathBuf, expressions: &[String]) -> Vec<Result<String, String>> {
    let mut answers = Vec::new();
    while answers.len() < expressions.len() {
        let (found, whole) = evaluate_some(nix, &expressions[answers.len()..]);
        answers.extend(found);
        if !whole && answers.len() < expressions.len() {
            answers.pop();
            answers.push(Err("Nix aborts".to_owned()));
        }
    }
    answers
}

/// The answers up to the one at which Nix ends, and whether it came to the end.
fn evaluate_some(nix: &PathBuf, expressions: &[String]) -> (Vec<Result<String, String>>, bool) {
    let mut input = String::new();
    for (index, expression) in expressions.iter().enumerate() {
        let _ = writeln!(input, "\"@@{index}@@\"\n{expression}");
    }
    input.push_str("\"@@end@@\"\n");
    let mut child = Command::new("sh")
        .args(["-c", "exec \"$0\" repl --extra-experimental-features 'nix-command flakes verified-fetches' 2>&1"])
        .arg(nix)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("nix starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("nix ends");
    // It may have aborted before it had read everything.
    let _ = writer.join();
    let output = String::from_utf8_lossy(&output.stdout).replace("\u{1b}[35;1m", "").replace("\u{1b}[0m", "");
    let (mut answers, mut whole) = (Vec::<String>::new(), false);
    for line in output.lines() {
        if let Some(marker) = line.strip_prefix("\"@@").and_then(|rest| rest.strip_suffix("@@\"")) {
            whole = marker == "end";
            answers.push(String::new());
        } else if let Some(answer) = answers.last_mut() {
            answer.push_str(line);
            answer.push('\n');
        }
    }
    answers.truncate(expressions.len());
    assert!(!answers.is_empty(), "nix repl answers nothing: {output}");
    (answers.iter().map(|answer| read_answer(answer)).collect(), whole)
}

fn read_answer(answer: &str) -> Result<String, String> {
    if let Some(line) = answer.lines().find(|line| line.starts_with('"')) {
        return Ok(unquote(line));
    }
    let error = answer.rsplit("error: ").next().unwrap_or_default();
    Err(error.split("\n\nnix-repl>").next().unwrap_or_default().trim().to_owned())
}

/// What Nix makes of texts, or why it refuses them.
fn ask(nix: &PathBuf, texts: &[String]) -> Vec<(Verdict, String)> {
    let parse = |text: &String| format!("builtins.parseFlakeRef {}", nix_string(text));
    let expressions = texts.iter().flat_map(|text| {
        let parse = parse(text);
        [format!("builtins.toJSON ({parse})"), format!("builtins.flakeRefToString ({parse})")]
    });
    let answers = evaluate(nix, &expressions.collect::<Vec<_>>());
    let answer = |pair: &[Result<String, String>]| match pair {
        [Ok(json), written] => {
            let attrs = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
            (Some((attrs, written.clone().ok())), written.clone().err().unwrap_or_default())
        }
        [Err(error), _] => (None, error.clone()),
        _ => (None, String::new()),
    };
    answers.chunks(2).map(answer).collect()
}

/// Undoes the escapes of a printed Nix string.
fn unquote(line: &str) -> String {
    let body = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let mut text = String::new();
    let mut rest = body.chars();
    while let Some(character) = rest.next() {
        match (character == '\\').then(|| rest.next()).flatten() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some(escaped) => text.push(escaped),
            None => text.push(character),
        }
    }
    text
}

/// What we say, in the same terms; a relative path with `prefix` before it.
fn ours(text: &str, prefix: &str) -> (Verdict, String) {
    match FlakeRef::parse_url(text, true) {
        Err(error) => (None, error.to_string()),
        Ok(parsed) => {
            let mut reference = parsed.reference;
            if let Some(path) = reference.relative_path() {
                let path = format!("{prefix}{path}");
                reference.attrs.insert("path".to_owned(), Attr::String(path));
            }
            let json = |value| match value {
                Attr::String(text) => serde_json::Value::from(text),
                Attr::Integer(number) => serde_json::Value::from(number),
                Attr::Boolean(value) => serde_json::Value::from(value),
            };
            let attrs =
                reference.to_attrs().into_iter().map(|(name, value)| (name.into_owned(), json(value))).collect();
            (Some((attrs, Some(reference.to_string()))), parsed.degraded.unwrap_or_default())
        }
    }
}

/// What Nix says; of a relative path, what it says of the same with a slash before it.
fn theirs(nix: &PathBuf, texts: &[String]) -> Vec<(Verdict, String, &'static str)> {
    let first = ask(nix, texts);
    let is_relative = |index: &usize| first[*index].1.ends_with("is not an absolute path");
    let relative: Vec<usize> = (0..texts.len()).filter(is_relative).collect();
    let absolute: Vec<String> = relative.iter().map(|index| format!("/{}", texts[*index])).collect();
    let mut answers: Vec<_> = first.into_iter().map(|(verdict, error)| (verdict, error, "")).collect();
    for (index, (verdict, error)) in relative.into_iter().zip(ask(nix, &absolute)) {
        answers[index] = (verdict, error, "/");
    }
    answers
}

/// A generator that gives the same numbers for the same seed (splitmix64).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }
}

const REV: &str = "0123456789abcdef0123456789ABCDEF01234567";
const BASES: &[&str] = &[
    "nixpkgs",
    "nixpkgs/nixos-25.11",
    "nixpkgs/0123456789abcdef0123456789ABCDEF01234567",
    "nixpkgs/release/0123456789abcdef0123456789abcdef01234567",
    "flake:nixpkgs",
    "nixpkgs/",
    "nixpkgs//x",
    "nixpkgs/a/",
    "flake:nixpkgs/",
    "flake:nixpkgs/x",
    "flake:nixpkgs/a/b",
    "github:NixOS/nixpkgs",
    "github:NixOS/nixpkgs/nixos-25.11",
    "github:NixOS/nixpkgs/pull/1/head",
    "github:owner",
    "gitlab:g%2Fs/r",
    "gitlab:a/b/c",
    "sourcehut:~u/r",
    "git+https://h.example/p.git",
    "git+ssh://git@h.example/o/r",
    "git+ssh://git@h.example:o/r",
    "git+file:///srv/r",
    "git+file:./r",
    "git://h.example/p",
    "git+http://u:p@h.example:8080/p",
    "git+any://h/p",
    "hg+https://h.example/p",
    "hg+ssh://h.example/p",
    "https://h.example/a.tar.gz",
    "https://h.example/f/0.1.*.tar.gz",
    "http://h.example/a",
    "tarball+https://h.example/x",
    "file+https://h.example/x.txt",
    "file:///srv/x.tar.gz",
    "tarball+file:///srv/x",
    "path:/srv/x",
    "path:./sub",
    "path:sub",
    "/srv/x",
    "./sub",
    "../x",
    "git@h.example:o/r",
    "ssh://git@h.example/r",
    "foo:bar",
    ".",
    "C:/x",
];
const PARTS: &[&str] = &[
    "ref=main",
    "ref=a..b",
    "ref=a%20b",
    "ref=branch%23",
    "rev=0123456789abcdef0123456789abcdef01234567",
    "rev=short",
    "rev=",
    "dir=sub",
    "dir=",
    "dir=a%20b",
    "dir=../x",
    "host=git.example",
    "host=bad_host",
    "narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D",
    "narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "narHash=x",
    "narHash=",
    "narHash=sha1-AAAA",
    "revCount=12",
    "revCount=x",
    "revCount=-1",
    "revCount=99999999999999999999",
    "lastModified=1700000000",
    "lastModified=",
    "lastModified=1x",
    "shallow=1",
    "shallow=0",
    "shallow=true",
    "submodules=1",
    "submodules",
    "allRefs=1",
    "lfs=1",
    "exportIgnore=1",
    "verifyCommit=1",
    "keytype=ssh-rsa",
    "publicKey=abc",
    "publicKeys=abc",
    "name=n",
    "unpack=1",
    "url=x",
    "type=x",
    "foo=bar",
    "b=2&a=1&a=3",
    "=x",
    "x=",
    "x==y",
    "a=%zz",
    "a=%2",
    "a=b c",
    "a=\"q\"",
    "a=%00",
    "a=%C3%A9",
    "a=é",
    "a=+",
    "a=b+c",
    "a=/?:@",
    "a=~!*'()",
    "a=^",
    "a=[b]",
];
// Without `%ff` and its like: a URL with bytes that are not UTF-8 is no URL for preflake.
const MARKS: &[&str] = &[
    "%", "%2F", "%20", "%C3%A9", "%00", "+", "*", " ", "é", "\\", "\"", "^", "`", "{", "|", "<", "[", "]", "(", "~",
    "'", "!", "$", ",", ";", "=", "&", "@", ":", "/", "//", "/./", "/../", ".", "..", "?", "#", "-", "_", ".lock",
    "@{", "%2E", "%7E", "%3f", "%23", "%25", "x", "A",
];

/// A reference: one of the bases, with parameters, fragments and damage.
fn generate(rng: &mut Rng) -> String {
    let mut text = rng.pick(BASES).to_owned();
    if rng.one_in(4) && text.contains(':') {
        text.push('/');
        text.push_str(rng.pick(&[
            "main",
            "a/b",
            REV,
            "x.lock",
            "-x",
            "@",
            "",
            "//",
            "refs/heads/main",
            "0.1.*.tar.gz",
            "é",
        ]));
    }
    let damage = |text: &mut String, rng: &mut Rng| {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let place = places[rng.below(places.len())];
        if rng.one_in(4) && place < text.len() {
            text.remove(place);
        } else {
            text.insert_str(place, rng.pick(MARKS));
        }
    };
    if rng.one_in(3) {
        damage(&mut text, rng);
    }
    for index in 0..rng.below(4) {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(rng.pick(PARTS));
    }
    if rng.one_in(8) {
        text.push('#');
        text.push_str(rng.pick(&["", "x", "a b", "a^b", "%20", "\"", "%"]));
    }
    if rng.one_in(8) {
        damage(&mut text, rng);
    }
    text
}

/// Whatever the text, something comes back, and what is printed of it is read again.
#[test]
fn no_text_makes_it_panic() {
    let mut rng = Rng(7);
    for round in 0..40_000 {
        let mut text = if round % 2 == 0 { generate(&mut rng) } else { String::new() };
        for _ in 0..rng.below(12) {
            let character = char::from_u32(u32::try_from(rng.below(0x3000)).expect("below")).unwrap_or(':');
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            text.insert(places[rng.below(places.len())], character);
        }
        for is_flake in [true, false] {
            let Ok(parsed) = FlakeRef::parse_url(&text, is_flake) else { continue };
            let reference = parsed.reference;
            let again = FlakeRef::from_attrs(reference.to_attrs());
            // Nix makes `+https://h/p` of `git++https://h/p`, and then refuses it: `… is not a valid URL`.
            let is_no_url = reference.kind() == "git"
                && reference.get("url").is_some_and(|url| !url.starts_with(|first: char| first.is_ascii_alphabetic()));
            if !is_no_url || again.is_ok() {
                assert_eq!(again.map(|again| again.dir), Ok(reference.dir.clone()), "{text:?}");
            }
            assert_eq!(reference.canonicalize().canonicalize(), reference.canonicalize(), "{text:?}");
            assert!(!reference.to_string().is_empty(), "{text:?}");
            let _ = (Identity::of(&reference).nixpkgs_line(), reference.is_locked());
        }
    }
}

#[test]
fn references_are_read_and_written_as_nix_does() {
    let Some(nix) = nix() else { return };
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let mut rng = Rng(number("PREFLAKE_SEED", 1));
    let count = usize::try_from(number("PREFLAKE_CASES", 2_000)).expect("a number of cases");
    let mut texts: Vec<String> = (BASES.iter().map(|base| (*base).to_owned())).collect();
    texts.extend(BASES.iter().flat_map(|base| PARTS.iter().map(move |part| format!("{base}?{part}"))));
    texts.extend(std::iter::repeat_with(|| generate(&mut rng)).take(count));
    // Behind an encoded NUL Nix loses the rest of the text: known, and not imitated.
    texts.retain(|text| !text.contains("%00"));
    let mut wrong = Vec::new();
    for texts in texts.chunks(1_000) {
        for (text, (theirs, error, prefix)) in texts.iter().zip(theirs(&nix, texts)) {
            let (ours, reason) = ours(text, prefix);
            let same = match (&ours, &theirs) {
                (Some((ours, written)), Some((theirs, wanted))) => {
                    ours == theirs && (wanted.is_none() || written == wanted)
                }
                // What Nix reads and cannot write again, as `git+.https://h/p`, fails as soon as it is used.
                (None, None | Some((_, None))) => true,
                _ => false,
            };
            if !same {
                wrong.push(format!("{text:?}\n  nix:  {theirs:?} {error}\n  ours: {ours:?} {reason}"));
            }
        }
    }
    println!("{} references, {} disagreements", texts.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
}
