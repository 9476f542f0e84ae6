//! Mutations of what flake.nix declares.

use serde_json::json;

use super::{Mutation, draft};
use crate::generate::Draft;
use crate::render::{Value, is_identifier};
use crate::rng::Rng;
use crate::sources::{any, as_fields};

/// Mutations that often leave the lock as it is.
pub(super) const SILENT: &[Mutation] = &[
    draft("flake toggled", toggle_flake),
    draft("url spelled otherwise", respell),
    draft("override for an input that does not exist", unused_override),
    draft("override follows added again", repeat_override),
    draft("override without a reference", empty_override),
    draft("deep override", deep_override),
    draft("formals from declared inputs", all_formals),
    draft("inputs.self", inputs_self),
    draft("url override removed or follows kept", drop_deep_override),
    draft("percent-encoded letter", percent_encode),
    draft("git by attributes", git_by_attributes),
];

/// Mutations that mostly make it stale.
pub(super) const CHANGES: &[Mutation] = &[
    draft("input removed", remove),
    draft("input added", add),
    draft("input renamed", rename),
    draft("reference changed", change_reference),
    draft("letter case changed", change_case),
    draft("root follows", root_follows),
    draft("override follows", override_follows),
    draft("override follows removed", remove_override),
    draft("override follows dangling", dangling),
    draft("follows in a circle", circle),
    draft("url override", url_override),
    draft("formal added", formal),
    draft("parameter added", parameter),
    draft("attribute added", attribute),
];

/// A root input.
pub(super) fn input(draft: &Draft, rng: &mut Rng) -> Option<String> {
    let fields = draft.flake.inputs.fields();
    if fields.is_empty() { None } else { Some(rng.pick(fields).0.clone()) }
}

/// The names of the inputs that the lock has below a root input.
fn locked_children(draft: &Draft, name: &str) -> Vec<(String, bool)> {
    let node = &draft.lock["nodes"][name];
    let inputs = node["inputs"].as_object().cloned().unwrap_or_default();
    inputs.into_iter().map(|(name, edge)| (name, edge.is_array())).collect()
}

fn with_url(draft: &mut Draft, rng: &mut Rng, change: impl Fn(&str, &mut Rng) -> String) {
    let inputs = draft.flake.inputs.fields();
    let named: Vec<&String> = inputs.iter().filter(|(_, v)| v.at(&["url"]).is_some()).map(|(name, _)| name).collect();
    if named.is_empty() {
        return;
    }
    let name = (*rng.pick(&named)).clone();
    if let Value::Text(url) = draft.flake.inputs.entry(&[&name, "url"]) {
        *url = change(url, rng);
    }
}

/// A `url` that Nix rewrites before it compares, with what it makes of it; sometimes the lock has something else.
fn git_by_attributes(draft: &mut Draft, rng: &mut Rng) {
    let pairs = [
        ("git@h.example.org:o/r", "ssh://git@h.example.org/o/r"),
        ("git@h.example.org:o/r+x", "ssh://git@h.example.org/o/r%2Bx"),
        ("git@h.example.org:/srv/r", "ssh://git@h.example.org//srv/r"),
        ("git@h.example.org:22/r", "ssh://git@h.example.org/22/r"),
        ("git@h.example.org:2:r", "ssh://git@h.example.org:2/r"),
        ("git+https://h.example.org/r?b=1&a=2", "https://h.example.org/r?a=2&b=1"),
        ("git+git+https://h.example.org/r", "git+https://h.example.org/r"),
        ("https://h.example.org/a+b", "https://h.example.org/a%2Bb"),
        ("/nonexistent/my r/50%", "file:///nonexistent/my%20r/50%25"),
        ("file:///nonexistent/%7er", "file:///nonexistent/~r"),
        ("h.example.org:o/r", "ssh://h.example.org/o/r"),
        ("https://h.example.org/r?a=b c", "https://h.example.org/r?a=b%20c"),
    ];
    let (written, read) = *rng.pick(&pairs);
    let read = if rng.chance(15) { written } else { read };
    if !draft.lock["nodes"]["root"].is_object() {
        return;
    }
    let fields = [("type".to_owned(), Value::text("git")), ("url".to_owned(), Value::text(written))];
    *draft.flake.inputs.entry(&["git-by-attributes"]) = Value::Set(fields.to_vec());
    let revision = rng.hex(40);
    draft.lock["nodes"]["git by attributes"] = json!({
        "locked": { "type": "git", "url": read, "rev": revision, "narHash": rng.nar_hash(), "lastModified": 1 },
        "original": { "type": "git", "url": read },
    });
    draft.lock["nodes"]["root"]["inputs"]["git-by-attributes"] = json!("git by attributes");
}

fn toggle_flake(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let was = draft.flake.inputs.at(&[&name, "flake"]) == Some(&Value::Flag(false));
    *draft.flake.inputs.entry(&[&name, "flake"]) = Value::Flag(was);
}

fn respell(draft: &mut Draft, rng: &mut Rng) {
    with_url(draft, rng, |url, rng| match rng.below(8) {
        0 => format!("{url}#"),
        1 => format!("{url}/"),
        2 => url.replacen("github:", "github://", 1),
        3 => url.replacen("git+", "", 1),
        4 => url.replacen("://", ":///", 1),
        5 => url.replacen('/', "//", 1),
        6 if url.contains('?') => format!("{url}&"),
        _ => format!("{url}?"),
    });
}

fn percent_encode(draft: &mut Draft, rng: &mut Rng) {
    with_url(draft, rng, |url, rng| {
        let places: Vec<(usize, char)> = url.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).collect();
        if places.is_empty() {
            return url.to_owned();
        }
        let (place, letter) = *rng.pick(&places);
        format!("{}%{:02x}{}", &url[..place], u32::from(letter), &url[place + 1..])
    });
}

fn unused_override(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let missing = *rng.pick(&["not-there", "nixpkgs", "flake-utils"]);
    let target = *rng.pick(&["nixpkgs", "nowhere", "a/b"]);
    *draft.flake.inputs.entry(&[&name, "inputs", missing, "follows"]) = Value::text(target);
}

fn repeat_override(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let edges = draft.lock["nodes"][&name]["inputs"].as_object().cloned().unwrap_or_default();
    for (child, edge) in edges {
        let Some(path) = edge.as_array() else { continue };
        let names: Vec<&str> = path.iter().filter_map(|name| name.as_str()).collect();
        *draft.flake.inputs.entry(&[&name, "inputs", &child, "follows"]) = Value::text(names.join("/"));
    }
}

fn empty_override(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let children = locked_children(draft, &name);
    let child = if children.is_empty() { "x".to_owned() } else { rng.pick(&children).0.clone() };
    let value = if rng.chance(50) { Value::empty() } else { Value::Set(vec![("flake".into(), Value::Flag(false))]) };
    if draft.flake.inputs.at(&[&name, "inputs", &child]).is_none() {
        *draft.flake.inputs.entry(&[&name, "inputs", &child]) = value;
    }
}

fn deep_override(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let children = locked_children(draft, &name);
    let Some((child, _)) = children.into_iter().find(|(_, follows)| !follows) else { return };
    let deeper = locked_children(draft, &child);
    let deep = if deeper.is_empty() { "nixpkgs".to_owned() } else { rng.pick(&deeper).0.clone() };
    let target = input(draft, rng).unwrap_or_default();
    *draft.flake.inputs.entry(&[&name, "inputs", &child, "inputs", &deep, "follows"]) = Value::text(target);
}

fn drop_deep_override(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let overrides = draft.flake.inputs.entry(&[&name]).remove("inputs").unwrap_or_else(Value::empty);
    let kept: Vec<_> = overrides.fields().iter().filter(|(_, v)| v.at(&["follows"]).is_some()).cloned().collect();
    if !kept.is_empty() {
        *draft.flake.inputs.entry(&[&name, "inputs"]) = Value::Set(kept);
    }
}

fn all_formals(draft: &mut Draft, _: &mut Rng) {
    let names = draft.flake.inputs.fields().iter().map(|(name, _)| name.clone());
    draft.flake.formals = Some(names.filter(|name| is_identifier(name)).collect());
}

fn inputs_self(draft: &mut Draft, rng: &mut Rng) {
    let value = match rng.below(4) {
        0 => Value::empty(),
        1 => Value::Set(vec![("submodules".into(), Value::Flag(false))]),
        2 => Value::Set(vec![("lfs".into(), Value::Flag(false))]),
        _ => Value::Set(vec![("url".into(), Value::text("github:o/r"))]),
    };
    *draft.flake.inputs.entry(&["self"]) = value;
}

fn remove(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    draft.flake.inputs.remove(&name);
    if let Some(formals) = &mut draft.flake.formals {
        formals.retain(|formal| *formal != name || rng.chance(30));
    }
}

fn add(draft: &mut Draft, rng: &mut Rng) {
    let source = any(rng);
    let name = *rng.pick(&["fresh", "nixpkgs-2", "_new", "new.input", "a"]);
    let value = if rng.chance(60) && !source.urls.is_empty() {
        Value::Set(vec![("url".into(), Value::text(rng.pick(&source.urls)))])
    } else {
        Value::Set(as_fields(&source.original))
    };
    *draft.flake.inputs.entry(&[name]) = value;
}

fn rename(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    if let Some(value) = draft.flake.inputs.remove(&name) {
        *draft.flake.inputs.entry(&[&format!("{name}-renamed")]) = value;
    }
}

fn change_reference(draft: &mut Draft, rng: &mut Rng) {
    with_url(draft, rng, |url, rng| match rng.below(6) {
        0 => format!("{url}/other"),
        1 => url.replacen("github:", "gitlab:", 1),
        2 => url.replacen("example", "sample", 1),
        3 => any(rng).urls.into_iter().next().unwrap_or_default(),
        4 => url.split(['?']).next().unwrap_or_default().to_owned(),
        _ => url.strip_suffix(|_| true).unwrap_or_default().to_owned(),
    });
}

fn change_case(draft: &mut Draft, rng: &mut Rng) {
    with_url(draft, rng, |url, rng| match rng.below(3) {
        0 => url.to_lowercase(),
        1 => url.to_uppercase(),
        _ => {
            let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
            format!("{}:{rest}", scheme.to_uppercase())
        }
    });
}

fn root_follows(draft: &mut Draft, rng: &mut Rng) {
    let (Some(name), Some(target)) = (input(draft, rng), input(draft, rng)) else { return };
    let target = if rng.chance(50) { format!("{target}/nixpkgs") } else { target };
    *draft.flake.inputs.entry(&[&name]) = Value::Set(vec![("follows".into(), Value::text(target))]);
}

fn override_follows(draft: &mut Draft, rng: &mut Rng) {
    let (Some(name), Some(target)) = (input(draft, rng), input(draft, rng)) else { return };
    let children = locked_children(draft, &name);
    if children.is_empty() {
        return;
    }
    let child = rng.pick(&children).0.clone();
    let target = if rng.chance(10) { String::new() } else { target };
    let value = Value::Set(vec![("follows".into(), Value::text(target))]);
    *draft.flake.inputs.entry(&[&name, "inputs", &child]) = value;
}

fn remove_override(draft: &mut Draft, rng: &mut Rng) {
    let overridden = |(_, value): &&(String, Value)| value.at(&["inputs"]).is_some();
    let names: Vec<_> = draft.flake.inputs.fields().iter().filter(overridden).map(|(name, _)| name.clone()).collect();
    if names.is_empty() {
        return;
    }
    let name = rng.pick(&names).clone();
    draft.flake.inputs.entry(&[&name]).remove("inputs");
}

fn dangling(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let target = *rng.pick(&["nowhere", "nixpkgs/nowhere", "self", "sub/x"]);
    let children = locked_children(draft, &name);
    let value = Value::Set(vec![("follows".into(), Value::text(target))]);
    if children.is_empty() || rng.chance(30) {
        *draft.flake.inputs.entry(&[&name]) = value;
    } else {
        let child = rng.pick(&children).0.clone();
        *draft.flake.inputs.entry(&[&name, "inputs", &child]) = value;
    }
}

fn circle(draft: &mut Draft, rng: &mut Rng) {
    let (Some(first), Some(second)) = (input(draft, rng), input(draft, rng)) else { return };
    *draft.flake.inputs.entry(&[&first]) = Value::Set(vec![("follows".into(), Value::text(&second))]);
    *draft.flake.inputs.entry(&[&second]) = Value::Set(vec![("follows".into(), Value::text(&first))]);
}

fn url_override(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let children = locked_children(draft, &name);
    if children.is_empty() {
        return;
    }
    let child = rng.pick(&children).0.clone();
    let value = Value::Set(as_fields(&any(rng).original));
    *draft.flake.inputs.entry(&[&name, "inputs", &child]) = value;
}

fn formal(draft: &mut Draft, rng: &mut Rng) {
    let formals = draft.flake.formals.get_or_insert_default();
    let name = *rng.pick(&["newcomer", "nixpkgs", "disko", "_under", "prime'"]);
    if !formals.iter().any(|formal| formal == name) {
        formals.push(name.to_owned());
    }
}

fn parameter(draft: &mut Draft, rng: &mut Rng) {
    with_url(draft, rng, |url, rng| {
        let parameters =
            ["dir=x", "dir=", "ref=y", "foo=bar", "submodules=0", "shallow=1", "narHash=x", "host=h", "rev=short", "x"];
        let mark = if url.contains('?') { '&' } else { '?' };
        format!("{url}{mark}{}", rng.pick(&parameters))
    });
}

fn attribute(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    if draft.flake.inputs.at(&[&name, "type"]).is_none() {
        return;
    }
    let (attribute, value) = match rng.below(8) {
        0 => ("dir", Value::text("sub")),
        1 => ("dir", Value::text("")),
        2 => ("ref", Value::text("other")),
        3 => ("lastModified", Value::Number(5)),
        4 => ("shallow", Value::Flag(false)),
        5 => ("nonsense", Value::text("x")),
        6 => ("ref", Value::Number(1)),
        _ => ("narHash", Value::text(rng.nar_hash())),
    };
    *draft.flake.inputs.entry(&[&name, attribute]) = value;
}
