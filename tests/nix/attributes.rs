//! Every attribute of every fetcher with values of every type, in each of the three places that hold references.

use serde_json::{Value as Json, json};

use crate::case::Files;
use crate::render::{FlakeText, Value, render};
use crate::rng::Rng;
use crate::sources::{as_fields, object};

const KINDS: &[&str] = &["indirect", "path", "git", "hg", "github", "gitlab", "sourcehut", "tarball", "file"];
/// Without those that only count where the experimental feature `verified-fetches` is on.
const NAMES: &[&str] = &[
    "id",
    "path",
    "url",
    "owner",
    "repo",
    "ref",
    "rev",
    "host",
    "narHash",
    "lastModified",
    "revCount",
    "treeHash",
    "shallow",
    "submodules",
    "allRefs",
    "lfs",
    "exportIgnore",
    "name",
    "unpack",
    "dirtyRev",
    "dirtyShortRev",
    "dir",
    "nonsense",
];

/// Where the reference stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Declared,
    Original,
    Locked,
}

/// One attribute with one value in one place.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) place: Place,
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) value: Json,
}

/// All of them.
pub(crate) fn all() -> Vec<Attribute> {
    let mut all = Vec::new();
    for place in [Place::Declared, Place::Original, Place::Locked] {
        for kind in KINDS {
            for name in NAMES {
                let text = match *name {
                    "rev" => "0123456789012345678901234567890123456789",
                    "narHash" => "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                    _ => "x",
                };
                for value in [json!(text), json!("a..b"), json!(""), json!(7), json!(true)] {
                    all.push(Attribute { place, kind, name, value });
                }
            }
        }
    }
    all
}

/// A flake and a lock with the attribute, otherwise in order.
pub(crate) fn files(attribute: &Attribute) -> Files {
    let Attribute { place, kind, name, value } = attribute;
    let mut reference = object(&match *kind {
        "indirect" => json!({ "id": "x" }),
        "path" => json!({ "path": "/nonexistent/x" }),
        "github" | "gitlab" | "sourcehut" => json!({ "owner": "o", "repo": "r" }),
        _ => json!({ "url": "https://example.org/x.tgz" }),
    });
    reference.insert("type".to_owned(), json!(kind));
    if let Place::Locked = place {
        match *kind {
            "path" | "tarball" | "file" => {
                reference.insert("narHash".to_owned(), json!("sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
            }
            _ => reference.insert("rev".to_owned(), json!("0123456789012345678901234567890123456789")),
        };
    }
    reference.insert((*name).to_owned(), value.clone());
    let usual = json!({ "type": "github", "owner": "o", "repo": "r" });
    let mut pinned = usual.clone();
    pinned["rev"] = json!("0123456789012345678901234567890123456789");
    let mut child = json!({ "locked": pinned, "original": usual });
    match place {
        Place::Declared | Place::Original => child["original"] = json!(reference),
        Place::Locked => child["locked"] = json!(reference),
    }
    let declared = if let Place::Declared = place { as_fields(&reference) } else { as_fields(&object(&usual)) };
    let lock = json!({ "nodes": { "a": child, "root": { "inputs": { "a": "a" } } }, "root": "root", "version": 7 });
    let (lock, declared) = if let Place::Original = place {
        // As an input of an input it is believed.
        let mut lock = lock;
        lock["nodes"]["b"] = lock["nodes"]["a"].clone();
        lock["nodes"]["a"] = json!({ "inputs": { "b": "b" }, "locked": pinned, "original": usual });
        (lock, declared)
    } else {
        (lock, declared)
    };
    let inputs = Value::Set(vec![("a".to_owned(), Value::Set(declared))]);
    let flake = FlakeText { inputs, others: Vec::new(), formals: None, outputs: Some("_: { }".to_owned()) };
    Files::from([
        ("flake.nix".to_owned(), render(&flake, &mut Rng::new(0), true).into_bytes()),
        ("flake.lock".to_owned(), format!("{lock:#}\n").into_bytes()),
    ])
}
