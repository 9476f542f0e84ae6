//! URLs put together from pieces, good and bad. What Nix reads out of one (`builtins.parseFlakeRef`) goes into the lock:
//! then the lock is consistent exactly where preflake reads the same.

use std::path::Path;

use serde_json::{Value as Json, json};

use crate::case::Files;
use crate::oracle::{Answer, Oracle};
use crate::render::{FlakeText, Value, render};
use crate::rng::Rng;
use crate::run::ask;
use crate::subject::Report;

const SCHEMES: &[&str] = &[
    "github:",
    "github:",
    "github:",
    "gitlab:",
    "sourcehut:",
    "git+https://",
    "git+https://",
    "git+ssh://git@",
    "git+http://",
    "git+file:///nonexistent/",
    "git://",
    "git+git://",
    "https://",
    "https://",
    "http://",
    "tarball+https://",
    "file+https://",
    "file:///nonexistent/",
    "path:",
    "path:/nonexistent/",
    "hg+https://",
    "flake:",
    "",
    "/nonexistent/",
    "GitHub:",
    "ssh://",
    "git@example.org:",
    "git+git+https://",
    "git+file:",
    "hg+file://",
    "foo+file://",
    "path://",
];
const PIECES: &[&str] = &[
    "owner",
    "repo",
    "nixpkgs",
    "nixos-25.11",
    "main",
    "a.b",
    "~user",
    "x_y-z",
    "0123456789abcdef0123456789abcdef01234567",
    "0123456789ABCDEF0123456789ABCDEF01234567",
    "example.org",
    "h:8443",
    "[::1]",
    "u@h",
    "x.tar.gz",
    "x.zip",
    "0.1.*.tar.gz",
    "a+b",
    "a%20b",
    "a%2Fb",
    "a%252Fb",
    "b%zz",
    "a b",
    "a@b",
    "a:b",
    "(x)",
    "a,b;c",
    "ä",
    "..",
    ".",
    "",
    "x.lock",
    "x.git",
    "refs",
    "heads",
    "a=b",
    "'q'",
    "$1",
    "{x}",
];
const PARAMETERS: &[&str] = &[
    "ref=main",
    "ref=a..b",
    "ref=a%2Bb",
    "ref=a+b",
    "ref=refs/heads/x",
    "rev=0123456789abcdef0123456789abcdef01234567",
    "rev=0123456789ABCDEF0123456789ABCDEF01234567",
    "rev=short",
    "dir=sub",
    "dir=",
    "dir=a%20b",
    "dir=./x",
    "host=h.example.org",
    "host=a_b",
    "host=",
    "narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D",
    "narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==/%3D",
    "narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "narHash=",
    "rev=sha1:0123456789abcdef0123456789abcdef01234567",
    "rev=AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "lastModified=5",
    "lastModified=x",
    "revCount=7",
    "submodules=1",
    "submodules=0",
    "shallow=true",
    "allRefs=1",
    "lfs=1",
    "exportIgnore=1",
    "name=n",
    "unpack=1",
    "url=u",
    "foo=bar",
    "b=%2F%3A",
    "a=x y",
    "x",
    "=y",
    "tag=v1",
    "treeHash=x",
];
const ENDINGS: &[&str] = &["", "", "", "", "", "", "/", "//", "#", "#fragment", "#%zz", "#a b", "?", "&", "%", " "];

/// A URL of this seed.
pub(crate) fn url(seed: u64) -> String {
    let rng = &mut Rng::part(seed, 7);
    let mut url = (*rng.pick(SCHEMES)).to_owned();
    // Most of the pieces are ordinary, so that most of the URLs are.
    let piece = |rng: &mut Rng| if rng.chance(70) { *rng.pick(&PIECES[..8]) } else { *rng.pick(PIECES) };
    let pieces: Vec<&str> = (0..[1, 2, 2, 2, 3, 3, 4][rng.below(7)]).map(|_| piece(rng)).collect();
    url.push_str(&pieces.join("/"));
    let parameters: Vec<&str> = (0..[0, 0, 1, 1, 2, 3][rng.below(6)]).map(|_| *rng.pick(PARAMETERS)).collect();
    if !parameters.is_empty() {
        url.push('?');
        url.push_str(&parameters.join("&"));
    }
    let ending: &str = ENDINGS[rng.below(ENDINGS.len())];
    url.push_str(ending);
    if rng.chance(15) {
        slip(&mut url, rng);
    }
    url
}

/// A character too many, or gone.
fn slip(url: &mut String, rng: &mut Rng) {
    const ODD: &[char] = &[
        ' ', '/', ':', '?', '#', '%', '&', '=', '@', '+', '~', '.', '-', '_', '^', '"', '[', ']', '|', '\\', '\n',
        '\t', 'é', 'A', '0', '*', '!', '\'', '(', ';', ',', '$', '<', '{', '`', '\u{7f}',
    ];
    let places: Vec<usize> = url.char_indices().map(|(at, _)| at).collect();
    if places.is_empty() {
        return;
    }
    let at = *rng.pick(&places);
    if rng.chance(30) {
        url.remove(at);
    } else {
        url.insert(at, *rng.pick(ODD));
    }
}

/// A flake with the URL and the lock that Nix would write for it, as both judge them.
pub(crate) fn judge(oracle: &Oracle, seed: u64, dir: &Path) -> (String, Answer, Report) {
    let url = url(seed);
    let flake = !seed.is_multiple_of(5);
    let original = oracle.parse_reference(&url).unwrap_or_else(|| json!({ "type": "indirect", "id": "none" }));
    let original = Json::Object(original.as_object().cloned().unwrap_or_default());
    let locked =
        json!({ "type": "github", "owner": "o", "repo": "r", "rev": "0123456789012345678901234567890123456789" });
    let mut node = json!({ "locked": locked, "original": original });
    let mut input = vec![("url".to_owned(), Value::text(&url))];
    if !flake {
        node["flake"] = json!(false);
        input.push(("flake".to_owned(), Value::Flag(false)));
    }
    let lock = json!({ "nodes": { "a": node, "root": { "inputs": { "a": "a" } } }, "root": "root", "version": 7 });
    let inputs = Value::Set(vec![("a".to_owned(), Value::Set(input))]);
    let text = FlakeText { inputs, others: Vec::new(), formals: None, outputs: Some("_: { }".to_owned()) };
    let files = Files::from([
        ("flake.nix".to_owned(), render(&text, &mut Rng::new(0), true).into_bytes()),
        ("flake.lock".to_owned(), format!("{lock:#}\n").into_bytes()),
    ]);
    let (answer, report) = ask(oracle, &files, dir);
    (format!("{url} read by Nix as {original}"), answer, report)
}
