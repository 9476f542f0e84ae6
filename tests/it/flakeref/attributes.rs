//! Sets of attributes against real Nix: whether it takes them, and the URL that it writes of them.

use preflake::flake::flakeref::{Attr, Attrs, FlakeRef};

use super::{evaluate, nix, nix_string};

const GIT_URLS: &[&str] = &[
    "git@h.example:owner/r",
    "git@h.example:/srv/r",
    "git@h.example:owner/r+x y",
    "git@h.example:22:r",
    "a@b@h:r",
    "a/b@h:r",
    "git+ssh://git@h.example/r",
    "git+git+https://h.example/r",
    "h.example:r",
    "/srv/r",
    "/srv/r+x y/50%/%20",
    "//srv//r",
    "srv/r x",
    "./r",
    "",
    "file:r",
    "file:/srv/a%20b",
    "file:///srv/a b",
    "file://h.example/r",
    "git+file:x@y:z",
    "https://h.example/a+b?z=1&a=x y",
    "https://h.example/r?z=1&a=2#f",
    "https://h.example/r#a/b:c",
    "https://h.example:0/r",
    "https://[::1]:8/r",
    "ssh://git@h.example:owner/r",
];

/// Hashes as `rev` and `narHash` hold them: with all that a decoder can meet.
fn hashes() -> Vec<String> {
    let base64 = "A".repeat(43);
    let mut all: Vec<String> = ["", "=", "==", "=/", "=x=", "\n", "=\n", "A", "A=", " ", "-", "_", "\u{e9}", "/", "+"]
        .iter()
        .map(|end| format!("sha256-{base64}{end}"))
        .collect();
    all.extend([format!("sha256-=A{base64}"), format!("sha256-AA=A{base64}"), format!("sha256-\n{base64}\n=")]);
    for (name, size) in [("md5", 16), ("sha1", 20), ("sha256", 32), ("sha512", 64), ("blake3", 32), ("x", 20)] {
        let digits: [String; 6] = [
            "0".repeat(size * 2),
            "F".repeat(size * 2),
            "0".repeat((size * 8_usize).div_ceil(5)),
            "z".repeat((size * 8_usize).div_ceil(5)),
            format!("{}==", "A".repeat(size.div_ceil(3) * 4 - 2)),
            format!("{}=", "A".repeat((size * 8).div_ceil(6))),
        ];
        for digits in digits {
            all.extend([format!("{name}-{digits}"), format!("{name}:{digits}"), digits]);
        }
    }
    all.extend(
        ["", "-", ":", "sha1", "sha1-", "sha256-", "g000000000000000000000000000000000000000"].map(str::to_owned),
    );
    all.push(format!("1{}", "z".repeat(51)));
    all.push(format!("sha256:2{}", "0".repeat(51)));
    all
}

/// Each set of attributes that is asked about, and whether what is written of it is compared, too: Nix writes hashes
/// in another spelling than they came in.
fn attribute_sets() -> Vec<(Vec<(&'static str, String)>, bool)> {
    let pair = |name, value: &str| (name, value.to_owned());
    let of = |kind: &str| match kind {
        "git" | "hg" | "tarball" => vec![pair("type", kind), pair("url", "https://h.example/r")],
        _ => vec![pair("type", kind), pair("owner", "o"), pair("repo", "r")],
    };
    let mut all = Vec::new();
    for url in GIT_URLS {
        all.push((vec![pair("type", "git"), pair("url", url)], true));
        all.push((vec![pair("type", "hg"), pair("url", url)], true));
    }
    for hash in hashes() {
        for (kind, name) in [("git", "rev"), ("hg", "rev"), ("github", "rev"), ("tarball", "narHash")] {
            let mut set = of(kind);
            set.push((name, hash.clone()));
            all.push((set, false));
        }
    }
    all
}

#[test]
fn attributes_are_accepted_and_written_as_nix_does() {
    let Some(nix) = nix() else { return };
    let sets = attribute_sets();
    let expressions = sets.iter().map(|(set, _)| {
        let fields: Vec<String> = set.iter().map(|(name, value)| format!("{name} = {};", nix_string(value))).collect();
        format!("builtins.flakeRefToString {{ {} }}", fields.join(" "))
    });
    let answers = evaluate(&nix, &expressions.collect::<Vec<_>>());
    let (mut wrong, mut accepted) = (Vec::new(), 0);
    for ((set, written), answer) in sets.iter().zip(&answers) {
        let attrs: Attrs = set.iter().map(|(name, value)| (*name, Attr::String(value.clone()))).collect();
        let ours = FlakeRef::from_attrs(attrs).and_then(|reference| reference.check_pin().map(|()| reference));
        accepted += usize::from(answer.is_ok());
        let same = match (&ours, answer) {
            (Ok(ours), Ok(theirs)) => !written || ours.to_string() == *theirs,
            (Err(_), Err(_)) => true,
            _ => false,
        };
        if !same {
            wrong.push(format!("{set:?}\n  nix:  {answer:?}\n  ours: {:?}", ours.map(|ours| ours.to_string())));
        }
    }
    println!("{} sets of attributes, {accepted} accepted, {} disagreements", sets.len(), wrong.len());
    assert!(accepted * 5 > sets.len(), "{accepted} of {} accepted: nothing is compared", sets.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), sets.len(), wrong.join("\n"));
}
