//! Faults in flake.nix that Nix finds before it looks at the lock.

use super::declared::input;
use super::{Mutation, draft};
use crate::generate::Draft;
use crate::render::Value;
use crate::rng::Rng;

/// Mutations that mostly make flake.nix invalid.
pub(super) const FAULTS: &[Mutation] = &[
    draft("a value that Nix does not look at", thunk),
    draft("a value of another type", wrong_type),
    draft("unsupported attribute", unsupported),
    draft("url and follows", url_and_follows),
    draft("bad follows element", bad_follows),
    draft("bad reference", bad_reference),
    draft("unknown attribute of an input", unknown_attribute),
    draft("outputs that Nix refuses or not", outputs),
    draft("description or nixConfig of another type", other_types),
    draft("rec and variables", variables),
    draft("inputs as a whole", whole_inputs),
];

fn set(draft: &mut Draft, rng: &mut Rng, attribute: &str, choices: &[&str]) {
    let Some(name) = input(draft, rng) else { return };
    let text = *rng.pick(choices);
    *draft.flake.inputs.entry(&[&name, attribute]) = Value::Raw(text.to_owned());
}

fn thunk(draft: &mut Draft, rng: &mut Rng) {
    let choices = [
        "\"github:\" + \"o/r\"",
        "(\"github:${\"o\"}/r\")",
        "if true then \"github:o/r\" else \"x\"",
        "let x = \"github:o/r\"; in x",
        "''github:o/''${x}''",
        "with builtins; \"github:o/r\"",
        "assert true; \"github:o/r\"",
        "toString \"github:o/r\"",
        "(x: x) \"github:o/r\"",
        "{ a = \"github:o/r\"; }.a",
        "!true",
        "<nixpkgs>",
        "__curPos",
        "./. + \"/x\"",
    ];
    let attribute = *rng.pick(&["url", "follows", "flake", "rev"]);
    set(draft, rng, attribute, &choices);
}

fn wrong_type(draft: &mut Draft, rng: &mut Rng) {
    let choices =
        ["1", "-1", "1.5", "null", "true", "[ ]", "[ 1 ]", "{ }", "{ x = 1; }", "./sub", "x: x", "\"false\"", "/abs"];
    let attribute = *rng.pick(&["url", "follows", "flake", "inputs"]);
    set(draft, rng, attribute, &choices);
}

fn unsupported(draft: &mut Draft, rng: &mut Rng) {
    let name = *rng.pick(&["edition", "foo", "output", "Inputs", "overlay"]);
    draft.flake.others.push((name.to_owned(), Value::Number(2020)));
}

fn url_and_follows(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    *draft.flake.inputs.entry(&[&name, "follows"]) = Value::text("nixpkgs");
    *draft.flake.inputs.entry(&[&name, "url"]) = Value::text("github:o/r");
}

fn bad_follows(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let target = *rng.pick(&["b.c", "1x", "a b", "_x", "nixpkgs/b.c", "ä", "a//b", "/", "x'"]);
    let path: &[&str] = if rng.chance(50) { &[&name, "inputs", "nixpkgs"] } else { &[&name] };
    *draft.flake.inputs.entry(path) = Value::Set(vec![("follows".into(), Value::text(target))]);
}

fn bad_reference(draft: &mut Draft, rng: &mut Rng) {
    let choices = [
        "github:owner",
        "git@example.org:o/r",
        "nixpkgs?dir=x",
        "nixpkgs/a/b",
        "nixpkgs/a/b/c",
        "github:o/r/main#fragment",
        "github:o/r?ref=a&rev=0123456789012345678901234567890123456789",
        "github:o/r/main?ref=x",
        "github:o/r?rev=short",
        "foo:bar",
        "ssh://git@example.org/o/r",
        "hg://x/y",
        "path:/a?foo=bar",
        "path://host/a",
        "github:o/r/a..b",
        "github:o/%zz",
        "git+ssh://git@example.org:o/r",
        "git+https://example.org/o/r?ref=a..b",
        "git+file:///nonexistent/r",
        "git+ftp://h/p",
        "github:o/r?host=a_b",
        "github:o/r with space",
        "git+https://h/p?x=y&a=b",
        "git+https://h:/p",
        "git+https://h:0/p",
        "https://h/p.zip?rev=abc&lastModified=1",
        "https://h/p.zip?lastModified=x",
        "git://h/p",
        "hg+https://h/p",
        "/nonexistent/x?dir=y",
        "../outside",
        "./not-there",
        "path:./not-there?narHash=x",
        "file:///nonexistent/x.tar.gz",
        "file://host/x.tar.gz",
        "tarball+https://h/x",
        "gitlab:g%2Fs/r",
        "github:o/foo%2Fbar",
        "sourcehut:~u/r",
        "sourcehut:u/r",
        "nixpkgs#x",
        "flake:nixpkgs/x?ref=y",
        "flake:",
        "github:",
        "git+https:",
        ":x",
        "github:O/R/0123456789ABCDEF0123456789ABCDEF01234567",
    ];
    let Some(name) = input(draft, rng) else { return };
    let flake = draft.flake.inputs.at(&[&name, "flake"]).cloned();
    *draft.flake.inputs.entry(&[&name]) = Value::Set(vec![("url".into(), Value::text(*rng.pick(&choices)))]);
    if let Some(flake) = flake {
        *draft.flake.inputs.entry(&[&name, "flake"]) = flake;
    }
}

fn unknown_attribute(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let attribute = *rng.pick(&["ref", "flakes", "owner", "type", "id", "path", "narHash", "publicKey"]);
    let value = match rng.below(4) {
        0 => Value::Raw("null".into()),
        1 => Value::Raw("[ ]".into()),
        2 => Value::Number(7),
        _ => Value::text(*rng.pick(&["main", "github", "git", "path", "indirect", "tarball", "nonsense"])),
    };
    *draft.flake.inputs.entry(&[&name, attribute]) = value;
}

fn outputs(draft: &mut Draft, rng: &mut Rng) {
    let choices = [
        "import ./o.nix",
        "let x = 1; in _: { }",
        "with builtins; _: { }",
        "{ }",
        "self:self",
        "toString",
        "import",
        "{ __functor = _: _: { }; }",
        "((inputs: inputs))",
        "{ self }: { x = undefinedName; }",
        "{ self, ... }: with self; { x = undefinedName; }",
        "{ self, self }: { }",
        "{ self, ... }@self: { }",
        "{ self, ... }: { a.b = 1; a = { b = 2; }; }",
        "{ self, ... }: { a = 1; inherit (self) a; }",
        "{ self, ... }: { x = 99999999999999999999; }",
        "{ self, ... }: { x = ./foo/; }",
        "{ self, ... }: { x = ~/foo; }",
        "{ self, ... }: let ${\"x\"} = 1; in { inherit x; }",
        "{ self, ... }: let ${self.x} = 1; in { }",
        "{ self, ... }: { inherit ${self}; }",
        "{ self, ... }: 1 |> toString",
        "{ self, ... }: { x = https://example.org/x; }",
        "{ self, ... }: let { body = 1; }",
        "{ self, ... }: { x = __currentSystem; y = builtins.currentSystem; }",
        "{ self, ... }: { x = derivation; y = fetchTarball; z = __nixPath; }",
        "{ self, ... }: { x = y: y.z or w; }",
        "{ self, a ? b, b ? self, ... }: { }",
        "{ self, ... }: { x = rec { y = z; z = 1; }; }",
        "{ self, ... }: { x = { y = z; z = 1; }; }",
        "{ self, ... }: { x = 1.0e999; }",
        "{ self, ... }: { x = a: a@b: b; }",
        "{ self, ... }: { \"a\" = 1; ${\"a\"} = 2; }",
    ];
    draft.flake.outputs = Some((*rng.pick(&choices)).to_owned());
}

fn other_types(draft: &mut Draft, rng: &mut Rng) {
    let (name, choices): (&str, &[&str]) = if rng.chance(40) {
        ("description", &["1", "./x", "null", "\"a\" + \"b\"", "[ ]", "''x''", "''a''${b''"])
    } else {
        let values: &[&str] = &[
            "1",
            "{ a = 1; }",
            "{ a = null; }",
            "{ a = 1.5; }",
            "{ a = [ 1 ]; }",
            "{ a = [ \"x\" ]; }",
            "{ a = true; b = ./x; }",
            "{ a = { }; }",
            "{ a = \"x\" + \"y\"; }",
            "{ a = [ (\"x\" + \"y\") ]; }",
            "{ }",
        ];
        ("nixConfig", values)
    };
    draft.flake.others.retain(|(key, _)| key != name);
    draft.flake.others.push((name.to_owned(), Value::Raw((*rng.pick(choices)).to_owned())));
}

fn variables(draft: &mut Draft, rng: &mut Rng) {
    let choices = [
        "rec { url = \"github:o/r\"; }",
        "rec { url = flake; flake = true; }",
        "{ inherit url; }",
        "{ inherit ({ url = \"github:o/r\"; }) url; }",
        "{ url = description; }",
        "{ url = builtins; }",
        "{ ${\"url\"} = \"github:o/r\"; }",
        "{ \"u${\"rl\"}\" = \"github:o/r\"; }",
        "{ flake = false; inherit true; }",
    ];
    let Some(name) = input(draft, rng) else { return };
    *draft.flake.inputs.entry(&[&name]) = Value::Raw((*rng.pick(&choices)).to_owned());
}

fn whole_inputs(draft: &mut Draft, rng: &mut Rng) {
    let choices = [
        "\"github:o/r\"",
        "[ ]",
        "import ./inputs.nix",
        "{ a = \"github:o/r\"; }",
        "{ } // { }",
        "{ ${\"a\"}.url = \"github:o/r\"; }",
        "let a = 1; in { }",
        "null",
        "rec { zzz.url = \"github:o/r\"; yyy = zzz; }",
        "{ a.url = \"github:o/r\"; a.url = \"github:o/r\"; }",
        "{ a.url = \"github:o/r\"; a = { url = \"github:o/r\"; }; }",
        "({ })",
    ];
    draft.flake.inputs = Value::Raw((*rng.pick(&choices)).to_owned());
}
