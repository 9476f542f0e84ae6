//! Sources of inputs: what flake.nix writes for them and what flake.lock records.

use serde_json::{Map, Value as Json, json};

use crate::render::Value;
use crate::rng::Rng;

/// The attributes of a reference.
pub(crate) type Attributes = Map<String, Json>;

/// Where an input comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// `original` in the lock.
    pub(crate) original: Attributes,
    /// `locked` in the lock.
    pub(crate) locked: Attributes,
    /// URLs that Nix reads as `original`; none where only attributes can say it.
    pub(crate) urls: Vec<String>,
    /// Whether the input has to say `flake = false`.
    pub(crate) only_file: bool,
}

const OWNERS: &[&str] = &["NixOS", "nixos", "nix-community", "o", "Mic92", "hercules-ci", "x_1"];
const REPOS: &[&str] = &["nixpkgs", "home-manager", "r", "flake-utils", "R.nix", "disko", "a-b_c"];
const REFS: &[&str] = &["main", "nixos-25.11", "release/24.05", "v1.2", "a+b", "pull/1/head", "refs/heads/x", "x@y"];
const HOSTS: &[&str] = &["git.example.org", "example.com", "h.example.net:8443"];

/// Any source that Nix locks without looking at this machine.
pub(crate) fn any(rng: &mut Rng) -> Source {
    match rng.below(20) {
        0..=8 => forge("github", rng),
        9 => forge("gitlab", rng),
        10 => forge("sourcehut", rng),
        11..=13 => git(rng),
        14 | 15 => tarball(rng),
        16 => file(rng),
        17 => absolute_path(rng),
        _ => {
            let id = *rng.pick(&["nixpkgs", "home-manager", "Utils_2", "x"]);
            indirect(id, rng)
        }
    }
}

/// A directory of the same tree, in the spelling that the lock has.
pub(crate) fn relative(written: &str) -> Source {
    let path = written.strip_prefix("path:").unwrap_or(written);
    let attributes = object(&json!({ "type": "path", "path": path }));
    let mut urls = vec![format!("path:{path}")];
    if path.starts_with('.') {
        urls.push(path.to_owned());
    }
    Source { original: attributes.clone(), locked: attributes, urls, only_file: false }
}

/// An entry of the registry, locked as a GitHub source.
pub(crate) fn indirect(id: &str, rng: &mut Rng) -> Source {
    let mut original = object(&json!({ "type": "indirect", "id": id }));
    let mut urls = vec![id.to_owned(), format!("flake:{id}")];
    if rng.chance(50) {
        let reference = *rng.pick(&["nixos-25.11", "main", "v1.2"]);
        original.insert("ref".into(), json!(reference));
        urls = vec![format!("{id}/{reference}"), format!("flake:{id}/{reference}"), format!("{id}/{reference}/")];
    } else if rng.chance(15) {
        let revision = rng.hex(40);
        original.insert("rev".into(), json!(revision));
        urls = vec![format!("{id}/{revision}")];
    }
    let locked = pinned(&object(&json!({ "type": "github", "owner": "o", "repo": id })), rng);
    Source { original, locked, urls, only_file: false }
}

fn forge(kind: &str, rng: &mut Rng) -> Source {
    let (owner, repo) = (*rng.pick(OWNERS), *rng.pick(REPOS));
    let owner = if kind == "sourcehut" { format!("~{owner}") } else { owner.to_owned() };
    let mut original = object(&json!({ "type": kind, "owner": owner, "repo": repo }));
    let base = format!("{kind}:{owner}/{repo}");
    let mut queries = Vec::new();
    let mut paths = vec![base.clone(), format!("{kind}:/{owner}/{repo}"), format!("{kind}:{owner}//{repo}/")];
    if rng.chance(45) {
        let reference = *rng.pick(REFS);
        original.insert("ref".into(), json!(reference));
        paths = vec![format!("{base}/{}", reference.replace('+', "%2B")), format!("{base}/{reference}")];
        if rng.chance(40) {
            paths = vec![base];
            queries.push(format!("ref={}", reference.replace('+', "%2B")));
        }
    } else if rng.chance(20) {
        let revision = rng.hex(40);
        original.insert("rev".into(), json!(revision));
        paths = vec![format!("{base}/{revision}"), format!("{base}?rev={revision}")];
    }
    if rng.chance(15) && !paths.iter().any(|path| path.contains('?')) {
        let host = *rng.pick(&HOSTS[..2]);
        original.insert("host".into(), json!(host));
        queries.push(format!("host={host}"));
    }
    add_dir(&mut original, &mut queries, rng);
    let locked = pinned(&original, rng);
    Source { original, locked, urls: with_queries(&paths, &queries, rng), only_file: false }
}

fn git(rng: &mut Rng) -> Source {
    let (host, owner, repo) = (*rng.pick(HOSTS), *rng.pick(OWNERS), *rng.pick(REPOS));
    let scheme = *rng.pick(&["https", "https", "ssh", "http"]);
    let user = if scheme == "ssh" { "git@" } else { "" };
    let end = *rng.pick(&["", ".git", "/"]);
    let url = format!("{scheme}://{user}{host}/{owner}/{repo}{end}");
    let mut original = object(&json!({ "type": "git", "url": url }));
    let mut queries = Vec::new();
    if rng.chance(45) {
        let reference = *rng.pick(REFS);
        original.insert("ref".into(), json!(reference));
        queries.push(format!("ref={}", reference.replace('+', "%2B")));
    }
    if rng.chance(15) {
        let revision = rng.hex(40);
        original.insert("rev".into(), json!(revision));
        queries.push(format!("rev={revision}"));
    }
    for flag in ["submodules", "shallow", "allRefs", "lfs"] {
        if rng.chance(7) {
            let on = rng.chance(70);
            original.insert(flag.into(), json!(on));
            queries.push(format!("{flag}={}", u8::from(on)));
        }
    }
    add_dir(&mut original, &mut queries, rng);
    let locked = pinned(&original, rng);
    Source { urls: with_queries(&[format!("git+{url}")], &queries, rng), original, locked, only_file: false }
}

fn tarball(rng: &mut Rng) -> Source {
    let (host, name) = (*rng.pick(HOSTS), *rng.pick(REPOS));
    let (written, read) = *rng.pick(&[
        ("f/{}/archive/main.tar.gz", "f/{}/archive/main.tar.gz"),
        ("f/{}/0.1.*.tar.gz", "f/{}/0.1.%2A.tar.gz"),
        ("{}+x,y.zip", "{}%2Bx%2Cy.zip"),
        ("{}/~u/a@b:c.tgz", "{}/~u/a@b:c.tgz"),
        ("{}/a%20b.tar.xz", "{}/a%20b.tar.xz"),
    ]);
    let mut original =
        object(&json!({ "type": "tarball", "url": format!("https://{host}/{}", read.replace("{}", name)) }));
    let url = format!("https://{host}/{}", written.replace("{}", name));
    let mut queries = Vec::new();
    add_dir(&mut original, &mut queries, rng);
    let locked = pinned(&original, rng);
    let urls = with_queries(&[url.clone(), format!("tarball+{url}")], &queries, rng);
    Source { original, locked, urls, only_file: false }
}

fn file(rng: &mut Rng) -> Source {
    let url = format!("https://{}/{}/data.json", rng.pick(HOSTS), rng.pick(REPOS));
    let original = object(&json!({ "type": "file", "url": url }));
    let locked = pinned(&original, rng);
    Source { urls: vec![url.clone(), format!("file+{url}")], original, locked, only_file: true }
}

fn absolute_path(rng: &mut Rng) -> Source {
    let path = format!("/nonexistent/{}", rng.pick(REPOS));
    let original = object(&json!({ "type": "path", "path": path }));
    let locked = pinned(&original, rng);
    Source {
        urls: vec![format!("path:{path}"), path.clone(), format!("path://{path}")],
        original,
        locked,
        only_file: false,
    }
}

fn add_dir(original: &mut Attributes, queries: &mut Vec<String>, rng: &mut Rng) {
    if rng.chance(8) {
        let dir = *rng.pick(&["sub", "a/b", "./x"]);
        original.insert("dir".into(), json!(dir));
        queries.push(format!("dir={dir}"));
    }
}

fn with_queries(paths: &[String], queries: &[String], rng: &mut Rng) -> Vec<String> {
    let mut queries = queries.to_vec();
    rng.shuffle(&mut queries);
    let join = |path: &String| {
        let mark = if path.contains('?') { '&' } else { '?' };
        if queries.is_empty() { path.clone() } else { format!("{path}{mark}{}", queries.join("&")) }
    };
    paths.iter().map(join).collect()
}

/// The same source at another revision, as an update finds it.
pub(crate) fn repinned(source: &Source, rng: &mut Rng) -> Source {
    let mut locked = source.locked.clone();
    // A relative path is not pinned, and what flake.nix pins does not move.
    if locked.contains_key("narHash") && !source.original.contains_key("rev") {
        locked.insert("narHash".into(), json!(rng.nar_hash()));
        if locked.contains_key("rev") {
            locked.insert("rev".into(), json!(rng.hex(40)));
        }
        if let Some(modified) = locked.get("lastModified").and_then(Json::as_u64) {
            let later = u64::try_from(rng.below(9_000_000)).expect("it is small");
            locked.insert("lastModified".into(), json!(modified + later));
        }
    }
    Source { locked, ..source.clone() }
}

/// `locked` for `original`: pinned as the fetcher of its type does it.
fn pinned(original: &Attributes, rng: &mut Rng) -> Attributes {
    let mut locked = original.clone();
    let kind = locked.get("type").and_then(Json::as_str).unwrap_or_default().to_owned();
    locked.insert("narHash".into(), json!(rng.nar_hash()));
    if kind != "file" {
        locked.insert("lastModified".into(), json!(1_600_000_000 + rng.below(150_000_000)));
    }
    if matches!(kind.as_str(), "github" | "gitlab" | "sourcehut") {
        locked.remove("ref");
    }
    if matches!(kind.as_str(), "github" | "gitlab" | "sourcehut" | "git") {
        let revision = rng.hex(40);
        locked.entry("rev").or_insert_with(|| json!(revision));
    }
    if kind == "git" {
        locked.entry("ref").or_insert_with(|| json!("refs/heads/main"));
        if locked.get("shallow") != Some(&json!(true)) {
            locked.insert("revCount".into(), json!(rng.below(9000) + 1));
        }
    }
    locked
}

/// The object of a literal.
pub(crate) fn object(json: &Json) -> Attributes {
    json.as_object().cloned().unwrap_or_default()
}

/// Attributes as flake.nix writes them.
pub(crate) fn as_fields(attributes: &Attributes) -> Vec<(String, Value)> {
    let value = |json: &Json| match json {
        Json::String(text) => Value::text(text),
        Json::Bool(flag) => Value::Flag(*flag),
        other => Value::Number(other.as_u64().unwrap_or_default()),
    };
    attributes.iter().map(|(name, json)| (name.clone(), value(json))).collect()
}
