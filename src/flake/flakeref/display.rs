//! References as Nix prints them (`FlakeRef::to_string`, each scheme's `toURL`).

use std::collections::BTreeMap;
use std::fmt;

use super::url::{encode, encode_query};
use super::{Attr, FlakeRef};

/// As a URL where the type has one: `github:NixOS/nixpkgs/nixos-25.11`.
impl fmt::Display for FlakeRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = BTreeMap::new();
        if !self.dir.is_empty() {
            query.insert("dir".to_owned(), self.dir.clone());
        }
        let text = |name: &str| self.get(name).unwrap_or_default();
        let base = match self.kind() {
            "indirect" => {
                let mut base = format!("flake:{}", text("id"));
                for part in [self.get("ref"), self.get("rev")].into_iter().flatten() {
                    base.push('/');
                    base.push_str(part);
                }
                base
            }
            kind @ ("github" | "gitlab" | "sourcehut") => {
                let mut base = format!("{kind}:{}/{}", encode(text("owner"), "~"), encode(text("repo"), ""));
                if let Some(pin) = self.get("ref").or_else(|| self.get("rev")) {
                    base.push('/');
                    base.push_str(&encode(pin, "/@"));
                }
                self.add(&mut query, &["host", "narHash"]);
                base
            }
            "path" => {
                self.add(&mut query, &["narHash", "rev", "revCount", "lastModified"]);
                format!("path:{}", encode(text("path"), "/:@"))
            }
            kind @ ("git" | "hg") => {
                let names = ["ref", "rev", "narHash", "lastModified", "revCount"];
                let flags = ["shallow", "submodules", "allRefs", "lfs", "exportIgnore", "verifyCommit"];
                self.add(&mut query, if kind == "git" { &names } else { &names[..2] });
                self.add(&mut query, &flags);
                format!("{kind}+{}", text("url"))
            }
            kind => {
                self.add(&mut query, &["narHash", "rev", "revCount", "lastModified"]);
                let plain = text("url").starts_with("http") || text("url").starts_with("file");
                if plain && kind == "tarball" { text("url").to_owned() } else { format!("{kind}+{}", text("url")) }
            }
        };
        formatter.write_str(&base)?;
        if query.is_empty() {
            return Ok(());
        }
        let separator = if base.contains('?') { '&' } else { '?' };
        write!(formatter, "{separator}{}", encode_query(&query))
    }
}

impl FlakeRef {
    fn add(&self, query: &mut BTreeMap<String, String>, names: &[&str]) {
        for name in names {
            let value = match self.attrs.get(*name) {
                Some(Attr::String(text)) => text.clone(),
                Some(Attr::Integer(number)) => number.to_string(),
                Some(Attr::Boolean(true)) => "1".to_owned(),
                Some(Attr::Boolean(false)) => "0".to_owned(),
                None => continue,
            };
            query.insert((*name).to_owned(), value);
        }
    }
}
