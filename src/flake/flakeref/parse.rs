//! Text to attributes, in Nix's three stages (`flakeref.cc: parseFlakeRefWithFragment`).

use std::collections::BTreeMap;

use super::refname::{is_legal_ref, is_plain_ref, is_revision};
use super::url::{Url, decode, decode_query, is_fragment};
use super::{Attr, Attrs, FlakeRef, ParsedUrl, RefError, attrs, git_url, schemes};
use crate::flake::is_flake_id;

/// A text that no fetcher takes.
enum Failure {
    /// Not well formed: Nix goes on and tries it as a path.
    Malformed(String),
    /// Nix gives up.
    Fatal(String),
}

/// The attributes, the directory and the fragment.
type Outcome = Result<(Attrs, String, String), Failure>;

/// Parses the `url` of a flake input.
pub(super) fn parse(text: &str, is_flake: bool) -> Result<ParsedUrl, RefError> {
    let (reference, fragment, degraded) = parse_whole(text, is_flake)?;
    // Nix comes to the fragment last, after whatever else is wrong.
    if fragment.is_empty() { Ok(ParsedUrl { reference, degraded }) } else { Err(unexpected_fragment(&fragment, text)) }
}

/// The reference, the fragment, and the mistake of a text that is not what it looks like.
fn parse_whole(text: &str, is_flake: bool) -> Result<(FlakeRef, String, Option<String>), RefError> {
    if let Some(result) = parse_id(text) {
        return result.map(|(reference, fragment)| (reference, fragment, None));
    }
    let mistake = match parse_url(text, is_flake) {
        Ok((attrs, dir, fragment)) => {
            let attrs = schemes::from_attrs(attrs)?.attrs;
            return Ok((FlakeRef { attrs, dir }, fragment, None));
        }
        Err(Failure::Fatal(message)) => return Err(RefError(message)),
        Err(Failure::Malformed(message)) => message,
    };
    let (reference, fragment) = parse_path(text)?;
    let looks_like_url = text.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    Ok((reference, fragment, (looks_like_url || !text.starts_with(['.', '/'])).then_some(mistake)))
}

/// Stage 1: `nixpkgs`, `nixpkgs/nixos-25.11`, `nixpkgs/REF/REV`. `None` when the text has another shape.
fn parse_id(text: &str) -> Option<Result<(FlakeRef, String), RefError>> {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (id, rest) = match text.split_once('/') {
        Some((id, rest)) => (id, Some(rest)),
        None => (text, None),
    };
    if !is_flake_id(id) || !rest.is_none_or(is_plain_ref) {
        return None;
    }
    let fragment = decode_fragment(fragment)?;
    let mut found = attrs([("type", "indirect"), ("id", id)]);
    let parts: Vec<&str> = rest.into_iter().flat_map(|rest| rest.split('/')).filter(|part| !part.is_empty()).collect();
    let result = match parts.as_slice() {
        [] => Ok(()),
        [one] => add_ref_or_rev(&mut found, one),
        [name, rev] if is_revision(rev) => {
            add_ref_or_rev(&mut found, name).and_then(|()| add_ref_or_rev(&mut found, rev))
        }
        [_, other] => Err(RefError(format!("in flake URL `{text}`, `{other}` is not a commit hash"))),
        _ => Err(RefError(format!("flake URL `{text}` is invalid"))),
    };
    Some(result.and_then(|()| schemes::from_attrs(found)).map(|reference| (reference, fragment)))
}

fn add_ref_or_rev(found: &mut Attrs, text: &str) -> Result<(), RefError> {
    if is_revision(text) {
        found.insert("rev", Attr::String(text.to_ascii_lowercase()));
    } else if is_legal_ref(text) {
        found.insert("ref", Attr::String(text.to_owned()));
    } else {
        return Err(RefError(format!("invalid Git branch/tag name `{text}`")));
    }
    Ok(())
}

/// A fragment as the short forms can have it, decoded: `None` where they cannot.
fn decode_fragment(fragment: &str) -> Option<String> {
    is_fragment(fragment).then(|| decode(fragment))?
}

fn unexpected_fragment(fragment: &str, text: &str) -> RefError {
    RefError(format!("unexpected fragment `{fragment}` in flake reference `{text}`"))
}

/// Stage 2: a URL whose scheme a fetcher knows.
fn parse_url(text: &str, is_flake: bool) -> Outcome {
    let mut url = Url::parse(text).map_err(|bad| Failure::Malformed(bad.0))?;
    let fragment = std::mem::take(&mut url.fragment);
    let dir = url.query.remove("dir").unwrap_or_default();
    let scheme = url.scheme.clone();
    let found = match scheme.as_str() {
        "flake" => indirect(&url, text)?,
        "github" | "gitlab" | "sourcehut" => forge(&url, text)?,
        "path" => path(&url, text)?,
        "git" => git(url)?,
        _ if scheme.starts_with("git+") => git(url)?,
        "hg+https" | "hg+http" | "hg+ssh" | "hg+file" => {
            url.scheme.drain(.."hg+".len());
            mercurial(url)?
        }
        _ => curl(url, text, is_flake)?,
    };
    Ok((found, dir, fragment))
}

fn segments(url: &Url) -> Vec<&str> {
    url.path.iter().map(String::as_str).filter(|segment| !segment.is_empty()).collect()
}

fn indirect(url: &Url, text: &str) -> Result<Attrs, Failure> {
    let parts = segments(url);
    let Some((id, rest)) = parts.split_first() else {
        return Err(Failure::Malformed(format!("flake URL `{text}` is invalid")));
    };
    let mut found = attrs([("type", "indirect"), ("id", id)]);
    let malformed = |error: RefError| Failure::Malformed(error.0);
    match rest {
        [] => {}
        [one] => add_ref_or_rev(&mut found, one).map_err(malformed)?,
        [name, rev] if is_revision(rev) && is_legal_ref(name) => {
            found.insert("ref", Attr::String((*name).to_owned()));
            found.insert("rev", Attr::String(rev.to_ascii_lowercase()));
        }
        _ => return Err(Failure::Malformed(format!("flake URL `{text}` is invalid"))),
    }
    if is_flake_id(id) { Ok(found) } else { Err(Failure::Malformed(format!("`{id}` is not a valid flake ID"))) }
}

fn forge(url: &Url, text: &str) -> Result<Attrs, Failure> {
    let malformed = |reason: &str| Failure::Malformed(format!("URL `{text}` is invalid: {reason}"));
    let parts = segments(url);
    let [owner, repo, rest @ ..] = parts.as_slice() else {
        return Err(malformed("it needs an owner and a repository"));
    };
    let mut found = attrs([("type", url.scheme.as_str()), ("owner", owner), ("repo", repo)]);
    let (mut name, mut rev) = (None, None);
    if !rest.is_empty() {
        let joined = rest.join("/");
        if rest.len() == 1 && is_revision(&joined) { rev = Some(joined) } else { name = Some(joined) }
    }
    for (parameter, value) in &url.query {
        match parameter.as_str() {
            "rev" if rev.is_some() => return Err(malformed("it contains several commit hashes")),
            "rev" => rev = Some(value.clone()),
            "ref" if name.is_some() => return Err(malformed("it contains several branch or tag names")),
            "ref" => name = Some(value.clone()),
            "host" | "narHash" => {
                found.insert(parameter.clone(), Attr::String(value.clone()));
            }
            _ => {}
        }
    }
    if name.is_some() && rev.is_some() {
        return Err(malformed("it contains both a commit hash and a branch or tag name"));
    }
    if let Some(name) = name {
        if !is_legal_ref(&name) {
            return Err(malformed(&format!("`{name}` is not a branch or tag name")));
        }
        found.insert("ref", Attr::String(name));
    }
    if let Some(rev) = rev {
        super::refname::check_commit(&rev).map_err(Failure::Fatal)?;
        found.insert("rev", Attr::String(rev));
    }
    if let Some(Attr::String(host)) = found.get("host")
        && !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
    {
        return Err(malformed("its host"));
    }
    Ok(found)
}

fn path(url: &Url, text: &str) -> Result<Attrs, Failure> {
    if url.has_host() {
        return Err(Failure::Fatal(format!("path URL `{text}` should not have an authority")));
    }
    if url.path.iter().any(|segment| segment.contains(['/', '\0'])) {
        return Err(Failure::Malformed(format!("path URL `{text}` has an encoded `/`, or a null byte")));
    }
    let mut found = attrs([("type", "path"), ("path", &single_slashes(&url.path.join("/")))]);
    add_path_parameters(&mut found, url.query.clone(), text).map_err(Failure::Fatal)?;
    Ok(found)
}

/// `a//b` is `a/b` from Nix 2.34 on.
fn single_slashes(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for character in path.chars() {
        if !(character == '/' && text.ends_with('/')) {
            text.push(character);
        }
    }
    text
}

fn git(mut url: Url) -> Result<Attrs, Failure> {
    let mut found = attrs([("type", "git")]);
    for name in ["ref", "rev"] {
        if let Some(value) = url.query.remove(name) {
            found.insert(name, Attr::String(value));
        }
    }
    for name in ["shallow", "submodules", "allRefs", "lfs", "exportIgnore", "verifyCommit"] {
        if let Some(value) = url.query.remove(name) {
            found.insert(name, Attr::Boolean(value == "1"));
        }
    }
    for name in ["keytype", "publicKey", "publicKeys"] {
        if let Some(value) = url.query.remove(name) {
            found.insert(name, Attr::String(value));
        }
    }
    if let Some(Attr::String(name)) = found.get("ref")
        && !is_legal_ref(name)
    {
        return Err(Failure::Malformed(format!("invalid Git branch/tag name `{name}`")));
    }
    let url = url.to_string();
    git_url::fix(&url).map_err(|error| Failure::Malformed(error.0))?;
    // It is normalised with the other attributes, once: a second time could change it again.
    found.insert("url", Attr::String(url));
    Ok(found)
}

fn mercurial(mut url: Url) -> Result<Attrs, Failure> {
    let mut found = attrs([("type", "hg")]);
    for name in ["ref", "rev"] {
        if let Some(value) = url.query.remove(name) {
            if name == "ref" && !is_plain_ref(&value) {
                return Err(Failure::Malformed(format!("invalid Mercurial branch/tag name `{value}`")));
            }
            found.insert(name, Attr::String(value));
        }
    }
    found.insert("url", Attr::String(url.to_string()));
    Ok(found)
}

const ARCHIVES: &[&str] = &[".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"];

/// Tarballs and plain files.
fn curl(mut url: Url, text: &str, is_flake: bool) -> Result<Attrs, Failure> {
    let (application, transport) = match url.scheme.split_once('+') {
        Some((application, transport)) => (Some(application), transport.to_owned()),
        None => (None, url.scheme.clone()),
    };
    let archive = url.path.last().is_some_and(|name| ARCHIVES.iter().any(|ending| name.ends_with(ending)));
    let kind = match application {
        Some("tarball") => "tarball",
        None if is_flake || archive => "tarball",
        Some("file") | None => "file",
        Some(_) => return Err(Failure::Fatal(format!("input `{text}` is unsupported"))),
    };
    if !matches!(transport.as_str(), "http" | "https" | "file") {
        return Err(Failure::Fatal(format!("input `{text}` is unsupported")));
    }
    url.scheme = transport;
    let mut found = attrs([("type", kind)]);
    for name in ["narHash", "rev"] {
        if let Some(value) = url.query.remove(name) {
            found.insert(name, Attr::String(value));
        }
    }
    for name in ["revCount", "lastModified"] {
        if let Some(number) = url.query.remove(name).and_then(|value| value.parse().ok()) {
            found.insert(name, Attr::Integer(number));
        }
    }
    for name in ["name", "unpack", "url"] {
        url.query.remove(name);
    }
    found.insert("url", Attr::String(url.to_string()));
    Ok(found)
}

/// Stage 3: a path with an optional query; the path is not decoded. The reference, and the fragment.
fn parse_path(text: &str) -> Result<(FlakeRef, String), RefError> {
    let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if fragment.contains(['\n', '\r']) {
        return Err(RefError(format!("invalid flakeref `{text}`")));
    }
    let query = decode_query(query).ok_or_else(|| RefError(format!("invalid URI query `{query}`")))?;
    let fragment = decode(fragment)
        .ok_or_else(|| RefError(format!("invalid URI parameter `{fragment}`: its percent-encoding is broken")))?;
    // Nothing at all is the root of the file system.
    let path = if path.is_empty() { "/" } else { path };
    let mut found = attrs([("type", "path"), ("path", &single_slashes(path))]);
    let dir = add_path_parameters(&mut found, query, text).map_err(RefError)?;
    let attrs = schemes::from_attrs(found)?.attrs;
    Ok((FlakeRef { attrs, dir }, fragment))
}

/// Adds the parameters of a path; the directory, which is one of them.
fn add_path_parameters(found: &mut Attrs, mut query: BTreeMap<String, String>, text: &str) -> Result<String, String> {
    let dir = query.remove("dir").unwrap_or_default();
    for (name, value) in query {
        match name.as_str() {
            "rev" | "narHash" => {
                found.insert(name, Attr::String(value));
            }
            "revCount" | "lastModified" => match value.parse() {
                Ok(number) => {
                    found.insert(name, Attr::Integer(number));
                }
                Err(_) => return Err(format!("path URL `{text}` has invalid parameter `{name}`")),
            },
            _ => return Err(format!("path URL `{text}` has unsupported parameter `{name}`")),
        }
    }
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flake::flakeref::Name;

    fn show(text: &str) -> String {
        match parse(text, true) {
            Ok(parsed) => {
                let pair = |(name, value): (Name, Attr)| match value {
                    Attr::String(text) => format!("{name}={text}"),
                    Attr::Integer(number) => format!("{name}={number}"),
                    Attr::Boolean(value) => format!("{name}={value}"),
                };
                let pairs: Vec<String> = parsed.reference.to_attrs().into_iter().map(pair).collect();
                format!("{}{}", pairs.join(" "), if parsed.degraded.is_some() { " (degraded)" } else { "" })
            }
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn the_table_of_observed_references() {
        for (text, wanted) in [
            ("nixpkgs", "id=nixpkgs type=indirect"),
            ("nixpkgs/nixos-23.11/", "id=nixpkgs ref=nixos-23.11 type=indirect"),
            ("nixpkgs/a/b", "error: in flake URL `nixpkgs/a/b`, `b` is not a commit hash"),
            ("flake:nixpkgs?ref=x&dir=s", "dir=s id=nixpkgs type=indirect"),
            ("github:O/R/pull/1/head", "owner=O ref=pull/1/head repo=R type=github"),
            ("github:O/R?ref=x&host=h&foo=1", "host=h owner=O ref=x repo=R type=github"),
            ("github:/O//R/", "owner=O repo=R type=github"),
            ("github:O/foo%2Fbar", "owner=O repo=foo/bar type=github"),
            ("github:owner", "path=github:owner type=path (degraded)"),
            ("gitlab:g/s/r", "owner=g ref=r repo=s type=gitlab"),
            ("sourcehut:~u/r", "owner=~u repo=r type=sourcehut"),
            ("git+https://h/p?ref=r&submodules=0&z=1&b=2", "ref=r submodules=false type=git url=https://h/p?b=2&z=1"),
            ("git+file:./p", "type=git url=file:./p"),
            ("git://h/p", "type=git url=git://h/p"),
            ("git+git+https://h/p", "type=git url=git+https://h/p"),
            ("https://h/x/+3d.tar.gz", "type=tarball url=https://h/x/%2B3d.tar.gz"),
            ("https://h/x?rev=0&narHash=n&name=q", "narHash=n rev=0 type=tarball url=https://h/x"),
            ("file+https://h/x", "type=file url=https://h/x"),
            ("path:/a%20b", "path=/a b type=path"),
            ("path:./a//b", "path=./a/b type=path"),
            ("./sub?dir=d", "dir=d path=./sub type=path"),
            ("git@example.org:o/r", "path=git@example.org:o/r type=path (degraded)"),
            ("foo:bar", "error: input `foo:bar` is unsupported"),
            ("github:O/R#x", "error: unexpected fragment `x` in flake reference `github:O/R#x`"),
            ("github:O/R#", "owner=O repo=R type=github"),
        ] {
            assert_eq!(show(text), wanted, "{text}");
        }
    }
}
