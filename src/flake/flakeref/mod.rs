//! Flake references: `github:NixOS/nixpkgs/nixos-25.11` and everything else that `url` can hold.
//!
//! Follows `flakeref.cc` and the fetchers: parsing to attributes, checking attributes, canonical comparison, and
//! printing, as Nix 2.34 does them.

mod attrs;
mod display;
mod git_url;
mod parse;
mod refname;
mod schemes;
mod url;

use std::fmt;

pub use attrs::{Attrs, AttrsIter, Name};

use self::url::Url;

/// One attribute of a fetcher's input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attr {
    /// Text.
    String(String),
    /// A number; Nix keeps 64 bits without sign.
    Integer(u64),
    /// True or false.
    Boolean(bool),
}

/// A flake reference: a fetcher's attributes and the directory inside the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlakeRef {
    /// The fetcher's attributes, `type` included, `dir` not.
    pub attrs: Attrs,
    /// The directory of the flake inside the source; empty for its root.
    pub dir: String,
}

/// A reference made from a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedUrl {
    /// The reference, exactly as Nix makes it.
    pub reference: FlakeRef,
    /// Why the text was not taken for what it looks like: Nix silently reads many a broken URL as a relative path
    /// (`github:owner`). Holds the original mistake.
    pub degraded: Option<String>,
}

/// Why Nix does not accept a reference, in Nix's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefError(pub String);

impl fmt::Display for RefError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for RefError {}

impl FlakeRef {
    /// Parses the `url` of an input as Nix does for flake inputs: no base directory, relative paths kept.
    /// `is_flake` is the input's `flake` (it decides between tarball and file).
    ///
    /// # Errors
    /// Where Nix rejects the text.
    pub fn parse_url(url: &str, is_flake: bool) -> Result<ParsedUrl, RefError> {
        parse::parse(url, is_flake)
    }

    /// Checks attributes, as they stand in flake.nix or in a lock node, and makes a reference of them; `dir` is taken
    /// out, git URLs are normalised.
    ///
    /// # Errors
    /// Where Nix rejects the attributes.
    pub fn from_attrs(attrs: Attrs) -> Result<Self, RefError> {
        schemes::from_attrs(attrs)
    }

    /// The registry reference `{ type = "indirect"; id = …; }`.
    ///
    /// # Errors
    /// When `id` is not a flake id.
    pub fn indirect(id: &str) -> Result<Self, RefError> {
        Self::from_attrs(attrs([("type", "indirect"), ("id", id)]))
    }

    /// All attributes, `dir` included, as a lock node holds them.
    #[must_use]
    pub fn to_attrs(&self) -> Attrs {
        let mut attrs = self.attrs.clone();
        if !self.dir.is_empty() {
            attrs.insert("dir", Attr::String(self.dir.clone()));
        }
        attrs
    }

    /// The form in which Nix compares references: the URL written anew, without a `dir` parameter that
    /// says what [`FlakeRef::dir`] says.
    #[must_use]
    pub fn canonicalize(&self) -> Self {
        let mut canonical = self.clone();
        if let Some(text) = self.get("url")
            && let Ok(mut url) = Url::parse(text)
        {
            if !self.dir.is_empty() && url.query.get("dir") == Some(&self.dir) {
                url.query.remove("dir");
            }
            canonical.attrs.insert("url", Attr::String(url.to_string()));
        }
        canonical
    }

    /// A text attribute.
    #[inline]
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.attrs.get(name) {
            Some(Attr::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The fetcher's type: `github`, `git`, `path`, `indirect`, ….
    #[must_use]
    pub fn kind(&self) -> &str {
        self.get("type").unwrap_or_default()
    }

    /// The path, where this is a path that does not start with `/`.
    #[must_use]
    pub fn relative_path(&self) -> Option<&str> {
        if self.kind() == "path" { self.get("path").filter(|path| !path.starts_with('/')) } else { None }
    }

    /// Checks what Nix reads of a lock's entry to see whether it is pinned.
    ///
    /// # Errors
    /// When a revision or hash there cannot be read.
    pub fn check_pin(&self) -> Result<(), RefError> {
        schemes::check_pin(self)
    }

    /// Whether a lock entry with these attributes is pinned (Nix 2.30 and later). Relative paths are
    /// exempt and not asked about here.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        match self.kind() {
            "git" => self.get("rev").is_some_and(|rev| !refname::is_no_revision(rev)),
            "github" | "gitlab" | "sourcehut" | "hg" => self.attrs.contains_key("rev"),
            "path" | "tarball" | "file" => self.attrs.contains_key("narHash"),
            _ => false,
        }
    }
}

/// Text attributes from pairs.
fn attrs<const N: usize>(pairs: [(&str, &str); N]) -> Attrs {
    pairs.into_iter().map(|(name, value)| (name, Attr::String(value.to_owned()))).collect()
}
