//! Which references are nixpkgs, whatever an input is called, and how two of them differ.

use super::flakeref::FlakeRef;

/// A reference to nixpkgs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nixpkgs {
    /// The branch asked for, where one is named.
    pub branch: Option<String>,
    /// What that branch is.
    pub channel: Channel,
    /// Whether a revision is asked for.
    pub pinned: bool,
    /// The directory inside nixpkgs; empty for its root.
    pub dir: String,
}

/// Kinds of branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `nixos-unstable`, `nixpkgs-unstable`, `nixos-unstable-small`, `master`, the default.
    Unstable,
    /// `nixos-25.11`, `nixpkgs-25.11-darwin`, `release-25.11`: the release's name.
    Release(String),
    /// Any other branch.
    Other(String),
}

/// Recognizes nixpkgs fetched from GitHub, by git, as a channel's or FlakeHub's tarball, or by its registry name.
#[must_use]
pub fn recognize(reference: &FlakeRef) -> Option<Nixpkgs> {
    // The flake in `lib` is the library alone.
    if reference.dir == "lib" {
        return None;
    }
    let branch = match reference.kind() {
        "github" => {
            let named = |name: &str, wanted: &str| reference.get(name).is_some_and(|v| v.eq_ignore_ascii_case(wanted));
            let here = reference.get("host").is_none_or(|host| host == "github.com");
            (here && named("owner", "NixOS") && named("repo", "nixpkgs")).then(|| reference.get("ref"))?
        }
        "indirect" => (reference.get("id") == Some("nixpkgs")).then(|| reference.get("ref"))?,
        "git" => is_repository(reference.get("url")?).then(|| reference.get("ref"))?,
        "tarball" | "file" => return from_tarball(reference),
        _ => return None,
    };
    Some(build(reference, branch.map(str::to_owned)))
}

fn build(reference: &FlakeRef, branch: Option<String>) -> Nixpkgs {
    let channel = branch.as_deref().map_or(Channel::Unstable, channel);
    Nixpkgs { branch, channel, pinned: reference.attrs.contains_key("rev"), dir: reference.dir.clone() }
}

/// The kind of a branch.
#[must_use]
pub fn channel(branch: &str) -> Channel {
    let name = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    if matches!(name, "master" | "nixos-unstable" | "nixos-unstable-small" | "nixpkgs-unstable") {
        return Channel::Unstable;
    }
    let rest = ["nixos-", "nixpkgs-", "release-"].iter().find_map(|prefix| name.strip_prefix(prefix));
    let release = rest.map(|rest| rest.trim_end_matches("-small").trim_end_matches("-darwin"));
    match release {
        Some(release) if is_release(release) => Channel::Release(release.to_owned()),
        _ => Channel::Other(name.to_owned()),
    }
}

/// Year and month: `25.11`.
fn is_release(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 5 && bytes[2] == b'.' && [0, 1, 3, 4].iter().all(|index| bytes[*index].is_ascii_digit())
}

fn is_repository(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.trim_end_matches('/');
    rest.strip_suffix(".git").unwrap_or(rest) == "github.com/nixos/nixpkgs"
}

/// A channel's or FlakeHub's tarball, or an archive that GitHub makes.
fn from_tarball(reference: &FlakeRef) -> Option<Nixpkgs> {
    let url = reference.get("url")?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let parts: Vec<&str> = rest.split('?').next()?.split('/').filter(|part| !part.is_empty()).collect();
    let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let branch = match lower.as_slice() {
        ["channels.nixos.org", channel, ..] | ["nixos.org", "channels", channel, ..] => (*channel).to_owned(),
        // releases.nixos.org/nixos/25.11/nixos-25.11.1234.abcdef/nixexprs.tar.xz, …/nixos/unstable/…
        ["releases.nixos.org", "nixos" | "nixpkgs", release, ..] if !release.starts_with("nixpkgs-") => {
            format!("nixos-{release}")
        }
        ["releases.nixos.org", "nixpkgs", ..] => "nixpkgs-unstable".to_owned(),
        ["flakehub.com", "f", "nixos", "nixpkgs", version, ..]
        | ["api.flakehub.com", "f", "pinned", "nixos", "nixpkgs", version, ..] => flakehub(version),
        ["github.com", "nixos", "nixpkgs", "archive", rest @ ..] => {
            let name = rest.join("/");
            let name = name.trim_end_matches(".tar.gz").trim_end_matches(".zip").trim_start_matches("refs/heads/");
            if name.len() == 40 {
                return Some(Nixpkgs { pinned: true, ..build(reference, None) });
            }
            name.to_owned()
        }
        _ => return None,
    };
    Some(build(reference, Some(branch)))
}

/// FlakeHub numbers nixpkgs `0.1.N` for nixos-unstable and `0.2511.N` for release 25.11.
fn flakehub(version: &str) -> String {
    let minor = version.strip_prefix("0.").and_then(|rest| rest.split('.').next()).unwrap_or_default();
    if minor.len() == 4 && minor.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("nixos-{}.{}", &minor[..2], &minor[2..])
    } else {
        "nixos-unstable".to_owned()
    }
}

/// Projects that ask not to be overridden: their binary cache serves what was built with their own nixpkgs.
const KEEP_THEIR_OWN: &[(&str, &str)] = &[
    // The Hyprland wiki's Nix page warns that following breaks the cache.
    ("hyprwm", "hyprland"),
    // Their READMEs ask for the same.
    ("xddxdd", "nix-cachyos-kernel"),
    ("flox", "flox"),
    ("determinatesystems", "determinate"),
    ("anyrun-org", "anyrun"),
    ("altsem", "gitu"),
    // No guarantee is given once its inputs are overridden.
    ("oxalica", "nil"),
];

/// Whether a locked source is one of those.
#[must_use]
pub fn keeps_its_own(locked: &FlakeRef) -> bool {
    let matches = |(owner, repo): &(&str, &str)| {
        let same = |name: &str, wanted: &str| locked.get(name).is_some_and(|v| v.eq_ignore_ascii_case(wanted));
        let url = locked.get("url").map(str::to_ascii_lowercase).unwrap_or_default();
        (same("owner", owner) && same("repo", repo)) || url.contains(&format!("/{owner}/{repo}/"))
    };
    KEEP_THEIR_OWN.iter().any(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<(Channel, bool)> {
        let parsed = FlakeRef::parse_url(url, true).expect("a valid reference");
        recognize(&parsed.reference).map(|found| (found.channel, found.pinned))
    }

    #[test]
    fn nixpkgs_under_many_urls() {
        let unstable = Some((Channel::Unstable, false));
        let release = Some((Channel::Release("25.11".to_owned()), false));
        for url in [
            "nixpkgs",
            "github:nixos/NixPkgs",
            "github:NixOS/nixpkgs/nixos-unstable-small",
            "git+https://github.com/NixOS/nixpkgs.git?ref=master",
            "https://channels.nixos.org/nixos-unstable/nixexprs.tar.xz",
            "https://flakehub.com/f/NixOS/nixpkgs/0.1.*.tar.gz",
            "https://releases.nixos.org/nixos/unstable/nixos-26.05pre1.abc/nixexprs.tar.xz",
        ] {
            assert_eq!(of(url), unstable, "{url}");
        }
        for url in [
            "nixpkgs/nixos-25.11",
            "github:NixOS/nixpkgs/nixpkgs-25.11-darwin",
            "https://nixos.org/channels/nixos-25.11/nixexprs.tar.xz",
            "https://flakehub.com/f/NixOS/nixpkgs/0.2511.1234",
            "https://github.com/NixOS/nixpkgs/archive/nixos-25.11.tar.gz",
        ] {
            assert_eq!(of(url), release, "{url}");
        }
        for url in ["github:nix-community/nixpkgs.lib", "github:someone/nixpkgs", "flake-utils"] {
            assert_eq!(of(url), None, "{url}");
        }
    }
}
