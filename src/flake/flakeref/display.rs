//! References as Nix prints them (`FlakeRef::to_string`, each scheme's `toURL`).

use std::collections::BTreeMap;
use std::fmt;

use super::url::{Url, encode, encode_query};
use super::{Attr, FlakeRef};

/// What Nix prints for an empty `narHash`: the hash of nothing known, 32 zero bytes.
const NO_HASH: &str = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// As a URL where the type has one: `github:NixOS/nixpkgs/nixos-25.11`.
impl fmt::Display for FlakeRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = match self.kind() {
            "indirect" => self.indirect_url(),
            "github" | "gitlab" | "sourcehut" => self.forge_url(),
            "path" => self.path_url(),
            "git" => self.git_url(),
            "hg" => self.mercurial_url(),
            _ => self.tarball_url(),
        };
        if !self.dir.is_empty() {
            url.query.insert("dir".to_owned(), self.dir.clone());
        }
        formatter.write_str(&url.base)?;
        if !url.query.is_empty() {
            write!(formatter, "?{}", encode_query(&url.query))?;
        }
        if url.fragment.is_empty() { Ok(()) } else { write!(formatter, "#{}", encode(&url.fragment, "")) }
    }
}

/// A URL in parts: all before the query, the query, and the fragment.
#[derive(Default)]
struct Parts {
    base: String,
    query: BTreeMap<String, String>,
    fragment: String,
}

impl Parts {
    /// A URL as an attribute holds it; one that is none stays whole.
    fn of(text: &str, prefix: &str) -> Self {
        match Url::parse(text) {
            Ok(mut url) => {
                let (query, fragment) = (std::mem::take(&mut url.query), std::mem::take(&mut url.fragment));
                Self { base: format!("{prefix}{url}"), query, fragment }
            }
            Err(_) => Self { base: format!("{prefix}{text}"), ..Self::default() },
        }
    }

    fn add(&mut self, reference: &FlakeRef, names: &[&str]) {
        for name in names {
            let value = match reference.attrs.get(name) {
                Some(Attr::String(text)) if *name == "narHash" && text.is_empty() => NO_HASH.to_owned(),
                Some(Attr::String(text)) => text.clone(),
                Some(Attr::Integer(number)) => number.to_string(),
                Some(Attr::Boolean(true)) => "1".to_owned(),
                Some(Attr::Boolean(false)) | None => continue,
            };
            self.query.insert((*name).to_owned(), value);
        }
    }
}

impl FlakeRef {
    fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    fn indirect_url(&self) -> Parts {
        let mut base = format!("flake:{}", self.text("id"));
        for part in [self.get("ref"), self.get("rev")].into_iter().flatten() {
            base.push('/');
            base.push_str(&encode(part, ":@"));
        }
        Parts { base, ..Parts::default() }
    }

    fn forge_url(&self) -> Parts {
        let pin = self.get("ref").map(str::to_owned).or_else(|| self.get("rev").map(str::to_ascii_lowercase));
        let segments = [Some(self.text("owner")), Some(self.text("repo")), pin.as_deref()];
        let segments: Vec<String> = segments.into_iter().flatten().map(|segment| encode(segment, ":@")).collect();
        let mut url = Parts { base: format!("{}:{}", self.kind(), segments.join("/")), ..Parts::default() };
        url.add(self, &["host", "narHash"]);
        url
    }

    fn path_url(&self) -> Parts {
        let mut url = Parts { base: format!("path:{}", encode(self.text("path"), "/:@")), ..Parts::default() };
        let rest = self.attrs.iter().filter(|(name, _)| !matches!(*name, "type" | "path"));
        for (name, value) in rest {
            let value = match value {
                Attr::String(text) => text.clone(),
                Attr::Integer(number) => number.to_string(),
                Attr::Boolean(value) => u8::from(*value).to_string(),
            };
            url.query.insert(name.to_owned(), value);
        }
        url
    }

    fn git_url(&self) -> Parts {
        let text = self.text("url");
        let mut url = Parts::of(text, if text.starts_with("git:") { "" } else { "git+" });
        url.add(self, &["rev", "ref", "shallow", "lfs", "submodules", "exportIgnore", "verifyCommit", "publicKeys"]);
        if self.attrs.contains_key("publicKey") {
            url.query.insert("keytype".to_owned(), self.get("keytype").unwrap_or("ssh-ed25519").to_owned());
            url.add(self, &["publicKey"]);
        }
        url
    }

    fn mercurial_url(&self) -> Parts {
        let mut url = Parts::of(self.text("url"), "hg+");
        url.add(self, &["rev", "ref"]);
        url
    }

    fn tarball_url(&self) -> Parts {
        let mut url = Parts::of(self.text("url"), "");
        url.add(self, &["narHash"]);
        url
    }
}
