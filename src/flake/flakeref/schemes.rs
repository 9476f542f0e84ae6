//! What each fetcher allows and requires (`Input::fromAttrs` and each scheme's `inputFromAttrs`).

use super::refname::{check_commit, is_legal_ref, is_plain_ref, revision};
use super::url::Url;
use super::{Attr, Attrs, FlakeRef, RefError, git_url};
use crate::flake::hash::{Algorithm, Hash};
use crate::flake::is_flake_id;

struct Scheme {
    name: &'static str,
    required: &'static [&'static str],
    /// Whether it takes an attribute: every one of every node is asked about.
    takes: fn(&str) -> bool,
}

const FORGE: fn(&str) -> bool =
    |name| matches!(name, "owner" | "repo" | "ref" | "rev" | "host" | "narHash" | "lastModified" | "treeHash");
const CURL: fn(&str) -> bool =
    |name| matches!(name, "url" | "narHash" | "name" | "unpack" | "rev" | "revCount" | "lastModified");

const SCHEMES: &[Scheme] = &[
    Scheme { name: "github", required: &["owner", "repo"], takes: FORGE },
    Scheme { name: "gitlab", required: &["owner", "repo"], takes: FORGE },
    Scheme { name: "sourcehut", required: &["owner", "repo"], takes: FORGE },
    Scheme { name: "indirect", required: &["id"], takes: |name| matches!(name, "id" | "ref" | "rev" | "narHash") },
    Scheme {
        name: "path",
        required: &["path"],
        takes: |name| matches!(name, "path" | "rev" | "revCount" | "lastModified" | "narHash"),
    },
    Scheme {
        name: "git",
        required: &["url"],
        takes: |name| {
            matches!(
                name,
                "url"
                    | "ref"
                    | "rev"
                    | "shallow"
                    | "submodules"
                    | "allRefs"
                    | "lfs"
                    | "exportIgnore"
                    | "lastModified"
                    | "revCount"
                    | "narHash"
                    | "name"
                    | "dirtyRev"
                    | "dirtyShortRev"
                    | "verifyCommit"
                    | "keytype"
                    | "publicKey"
                    | "publicKeys"
            )
        },
    },
    Scheme {
        name: "hg",
        required: &["url"],
        takes: |name| matches!(name, "url" | "ref" | "rev" | "revCount" | "narHash" | "name"),
    },
    Scheme { name: "tarball", required: &[], takes: CURL },
    Scheme { name: "file", required: &[], takes: CURL },
];

/// Checks attributes and makes a reference of them.
pub(super) fn from_attrs(mut attrs: Attrs) -> Result<FlakeRef, RefError> {
    let dir = match attrs.remove("dir") {
        Some(Attr::String(dir)) => dir,
        Some(_) => return Err(RefError("input attribute `dir` is not a string".to_owned())),
        None => String::new(),
    };
    let kind = match attrs.get("type") {
        Some(Attr::String(kind)) => kind,
        Some(_) => return Err(RefError("input attribute `type` is not a string".to_owned())),
        None => {
            let message = "`type` attribute to specify input scheme is required but not provided";
            return Err(RefError(message.to_owned()));
        }
    };
    let Some(scheme) = SCHEMES.iter().find(|scheme| scheme.name == *kind) else {
        return Err(RefError(format!("input type `{kind}` is unsupported")));
    };
    let kind = scheme.name;
    if let Some(unknown) = attrs.keys().find(|name| *name != "type" && !(scheme.takes)(name)) {
        return Err(RefError(format!("input attribute `{unknown}` not supported by scheme `{kind}`")));
    }
    if let Some(missing) = scheme.required.iter().find(|name| !attrs.contains_key(name)) {
        return Err(RefError(format!("input attribute `{missing}` is missing")));
    }
    check_types(kind, &attrs)?;
    check_values(kind, &attrs)?;
    if kind == "git"
        && let Some(Attr::String(url)) = attrs.get("url")
    {
        let fixed = git_url::fix(url)?;
        attrs.insert("url", Attr::String(fixed));
    }
    Ok(FlakeRef { attrs, dir })
}

/// Checks the attributes that Nix reads when it makes a reference. It does not look at the others, so their type does
/// not matter, nor whether the hash in them is one.
fn check_types(kind: &str, attrs: &Attrs) -> Result<(), RefError> {
    for (name, value) in attrs {
        let (fits, wanted) = match (kind, name) {
            (_, "lastModified" | "revCount") => (matches!(value, Attr::Integer(_)), "an integer"),
            (_, "shallow" | "submodules" | "allRefs" | "verifyCommit") => {
                (matches!(value, Attr::Boolean(_)), "a Boolean")
            }
            ("git" | "hg", "url")
            | (_, "id" | "path" | "owner" | "repo" | "host" | "ref")
            | ("github" | "gitlab" | "sourcehut", "rev") => (matches!(value, Attr::String(_)), "a string"),
            _ => (true, ""),
        };
        if !fits {
            return Err(RefError(format!("input attribute `{name}` is not {wanted}")));
        }
    }
    Ok(())
}

fn text<'a>(attrs: &'a Attrs, name: &str) -> Option<&'a str> {
    match attrs.get(name) {
        Some(Attr::String(text)) => Some(text),
        _ => None,
    }
}

fn check_values(kind: &str, attrs: &Attrs) -> Result<(), RefError> {
    let forge = matches!(kind, "github" | "gitlab" | "sourcehut");
    if let Some(rev) = text(attrs, "rev")
        && forge
    {
        check_commit(rev).map_err(RefError)?;
    }
    if let Some(name) = text(attrs, "ref")
        && ((forge || kind == "git") && !is_legal_ref(name) || kind == "hg" && !is_plain_ref(name))
    {
        let system = if kind == "hg" { "Mercurial" } else { "Git" };
        return Err(RefError(format!("invalid {system} branch/tag name `{name}`")));
    }
    if forge && let (Some(name), Some(rev)) = (text(attrs, "ref"), text(attrs, "rev")) {
        return Err(RefError(format!("input contains both a commit hash (`{rev}`) and a branch/tag name (`{name}`)")));
    }
    if let Some(host) = text(attrs, "host")
        && forge
        && !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
    {
        return Err(RefError(format!("URL contains an invalid instance host `{host}`")));
    }
    if kind == "indirect"
        && let Some(id) = text(attrs, "id")
        && !is_flake_id(id)
    {
        return Err(RefError(format!("`{id}` is not a valid flake ID")));
    }
    if kind == "hg"
        && let Some(url) = text(attrs, "url")
        && Url::parse_strictly(url).is_err()
    {
        return Err(RefError(format!("`{url}` is not a URL")));
    }
    Ok(())
}

/// Checks what Nix reads of a lock's entry to see whether it is pinned (`isLocked` of each scheme; where that says no,
/// the `narHash`): it must be readable, whatever it says.
pub(super) fn check_pin(reference: &FlakeRef) -> Result<(), RefError> {
    let attrs = &reference.attrs;
    let is_text = |name: &str| match attrs.get(name) {
        Some(Attr::Integer(_) | Attr::Boolean(_)) => Err(RefError(format!("input attribute `{name}` is not a string"))),
        _ => Ok(()),
    };
    if matches!(reference.kind(), "git" | "hg" | "github" | "gitlab" | "sourcehut") {
        is_text("rev")?;
        if let Some(rev) = text(attrs, "rev") {
            revision(rev).map_err(RefError)?;
        }
    }
    if reference.is_locked() && !matches!(reference.kind(), "path" | "tarball" | "file") {
        return Ok(());
    }
    is_text("narHash")?;
    text(attrs, "narHash").map_or(Ok(()), check_nar_hash)
}

/// A `narHash` must be an SRI hash with SHA-256; the empty text counts as a hash of zeros.
fn check_nar_hash(hash: &str) -> Result<(), RefError> {
    if hash.is_empty() {
        return Ok(());
    }
    match Hash::parse_sri(hash).map_err(RefError)?.algorithm {
        Algorithm::Sha256 => Ok(()),
        _ => Err(RefError("narHash must use SHA-256".to_owned())),
    }
}
