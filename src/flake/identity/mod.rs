//! Which repository a reference means, however it is fetched.
//!
//! `github:NixOS/nixpkgs`, `git+ssh://git@github.com/nixos/nixpkgs.git`, the tarball of a channel, the one of `FlakeHub`
//! and the registry name `nixpkgs` are the same repository; two inputs that only share a name are not. Where it cannot
//! be known offline, a reference is the same as itself alone.

mod known;
mod tarball;

use super::flakeref::FlakeRef;

/// A repository, or whatever else a reference can mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Repository {
    /// A repository on a host: `github.com`, `nixos/nixpkgs`. In lower case where the host makes no difference,
    /// without `.git`, renamed ones under their present name.
    Hosted {
        /// The host, with its port where it has an unusual one.
        host: String,
        /// The path on the host, without slashes around it.
        path: String,
    },
    /// A file or an archive that belongs to no repository we know: the URL without scheme and query.
    Url(String),
    /// A directory of this machine, or relative to the flake.
    Path(String),
    /// A registry name that is not in the global registry.
    Registry(String),
}

/// The branch that a reference asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Branch {
    /// None is named: the repository's default.
    Default,
    /// A branch or a tag; for a channel of Nixpkgs the branch it is made from.
    Named(String),
    /// What `FlakeHub` has for this version.
    Version(String),
}

/// A line of Nixpkgs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NixpkgsLine {
    /// `master` and everything unstable.
    Unstable,
    /// A release: `25.11`.
    Release(String),
}

/// What a reference means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The repository.
    pub repository: Repository,
    /// The branch.
    pub branch: Branch,
    /// The revision that the reference itself names.
    pub rev: Option<String>,
    /// The directory of the flake inside it.
    pub dir: String,
}

impl Identity {
    /// What a reference means: an `original`, or the reference in flake.nix. (A `locked` names its repository too, but
    /// mostly no branch: see [`Identity::of_node`].)
    #[must_use]
    pub fn of(reference: &FlakeRef) -> Self {
        let text = |name: &str| reference.get(name).unwrap_or_default();
        let branch = reference.get("ref").map_or(Branch::Default, Branch::named);
        let rev = reference.get("rev").map(str::to_ascii_lowercase);
        let of = |repository| Self { repository, branch: branch.clone(), rev: rev.clone(), dir: String::new() };
        let mut identity = match reference.kind() {
            "github" => of(forge(text("host"), "github.com", text("owner"), text("repo"))),
            "gitlab" => of(forge(text("host"), "gitlab.com", text("owner"), text("repo"))),
            "sourcehut" => of(forge(text("host"), "git.sr.ht", text("owner"), text("repo"))),
            "git" | "hg" => of(Repository::at_url(text("url"))),
            "path" => of(Repository::Path(text("path").trim_end_matches('/').to_owned())),
            "indirect" => {
                let mut found = known::registered(text("id"));
                if branch != Branch::Default {
                    found.branch = branch.clone();
                }
                found.rev.clone_from(&rev);
                found
            }
            _ => {
                let mut found = tarball::identify(text("url"));
                found.rev = found.rev.or(rev.clone());
                found
            }
        };
        identity.dir = normal_dir(&reference.dir).unwrap_or(identity.dir);
        identity
    }

    /// What a node of a lock means: what was asked for, and where that is only a name, what was fetched. The revision
    /// is the one that was asked for, not the one that was fetched.
    #[must_use]
    pub fn of_node(original: &FlakeRef, locked: &FlakeRef) -> Self {
        let mut identity = Self::of(original);
        if matches!(identity.repository, Repository::Registry(_)) {
            let fetched = Self::of(locked);
            identity.repository = fetched.repository;
            if identity.branch == Branch::Default {
                identity.branch = fetched.branch;
            }
            identity.dir = fetched.dir;
        }
        identity
    }

    /// Whether both are the same repository and the same directory in it.
    #[must_use]
    pub fn same_repository(&self, other: &Self) -> bool {
        self.repository == other.repository && self.dir == other.dir
    }

    /// Whether this is Nixpkgs, under whatever name. `nixpkgs.lib` and other mirrors of a part are not.
    #[must_use]
    pub fn is_nixpkgs(&self) -> bool {
        self.dir.is_empty() && self.repository.is_nixpkgs()
    }

    /// The line of Nixpkgs that the branch belongs to: `nixos-25.11-small`, `release-25.11` and `nixpkgs-25.11-darwin`
    /// are all 25.11. `None` for another repository and for a branch that is no channel.
    #[must_use]
    pub fn nixpkgs_line(&self) -> Option<NixpkgsLine> {
        if !self.repository.is_nixpkgs() {
            return None;
        }
        match &self.branch {
            Branch::Default => Some(NixpkgsLine::Unstable),
            Branch::Named(name) => known::nixpkgs_line(name),
            Branch::Version(_) => None,
        }
    }
}

impl Branch {
    /// A branch by any of its names: `refs/heads/main` is `main`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let name = name.strip_prefix("refs/").unwrap_or(name);
        let short = name.strip_prefix("heads/").or_else(|| name.strip_prefix("tags/")).unwrap_or(name);
        if short == "HEAD" { Self::Default } else { Self::Named(short.to_owned()) }
    }
}

impl Repository {
    /// A repository on a host, under its present name.
    fn hosted(host: &str, path: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let host = match host.as_str() {
            "www.github.com" | "ssh.github.com" => "github.com".to_owned(),
            "altssh.gitlab.com" => "gitlab.com".to_owned(),
            _ => host,
        };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let path = if ignores_case(&host) { path.to_ascii_lowercase() } else { path.to_owned() };
        let path = if host == "github.com" { known::present_name(&path).to_owned() } else { path };
        Self::Hosted { host, path }
    }

    /// The repository behind the URL of a clone.
    fn at_url(url: &str) -> Self {
        let Some((scheme, rest)) = url.split_once(':') else { return Self::Path(url.to_owned()) };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        match rest.strip_prefix("//") {
            Some(rest) if scheme != "file" => {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                Self::hosted(host_of(scheme, authority), path)
            }
            Some(path) => Self::Path(path.trim_end_matches('/').to_owned()),
            None => Self::Path(rest.trim_end_matches('/').to_owned()),
        }
    }

    /// Whether this is Nixpkgs.
    #[must_use]
    pub fn is_nixpkgs(&self) -> bool {
        matches!(self, Self::Hosted { host, path } if host == "github.com" && path == "nixos/nixpkgs")
    }
}

/// `github.com/nixos/nixpkgs`, as messages name it.
impl std::fmt::Display for Repository {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hosted { host, path } => write!(formatter, "{host}/{path}"),
            Self::Url(text) | Self::Path(text) => formatter.write_str(text),
            Self::Registry(id) => write!(formatter, "flake:{id}"),
        }
    }
}

fn forge(host: &str, default: &str, owner: &str, repo: &str) -> Repository {
    // Older lock files keep the slash of a GitLab group encoded.
    let is_encoded = owner.contains('%');
    let owner = if is_encoded { &owner.replace("%2F", "/").replace("%2f", "/") } else { owner };
    Repository::hosted(if host.is_empty() { default } else { host }, &[owner, "/", repo].concat())
}

/// Hosts that find a repository under its name in any letter case.
fn ignores_case(host: &str) -> bool {
    matches!(host, "github.com" | "gitlab.com" | "codeberg.org" | "git.lix.systems" | "gitea.com")
        || host.starts_with("gitlab.")
        || host.starts_with("gitea.")
        || host.starts_with("forgejo.")
}

/// The host without the user, and without the port where it is the scheme's own.
fn host_of<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let Some((name, port)) = host.rsplit_once(':') else { return host };
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        "git" => "9418",
        // Both offer SSH there to those whose firewall lets nothing else through.
        _ if matches!(name, "ssh.github.com" | "altssh.gitlab.com") => "443",
        _ => "22",
    };
    if port == usual { name } else { host }
}

/// `./a/` is `a`; `None` where no directory is named.
fn normal_dir(dir: &str) -> Option<String> {
    let parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(url: &str) -> Identity {
        Identity::of(&FlakeRef::parse_url(url, true).expect("a reference").reference)
    }

    fn show(url: &str) -> String {
        let Identity { repository, branch, rev, dir } = identity(url);
        let branch = match branch {
            Branch::Default => String::new(),
            Branch::Named(name) => format!(" {name}"),
            Branch::Version(version) => format!(" @{version}"),
        };
        let rev = rev.map(|rev| format!(" rev {}", &rev[..7])).unwrap_or_default();
        format!("{repository}{}{branch}{rev}", if dir.is_empty() { String::new() } else { format!(" in {dir}") })
    }

    #[test]
    fn nixpkgs_through_everything() {
        let rev = "9dcb002ca169cb2f0e2f8dd9ee5a2d7c1f2a1b3c";
        for (url, wanted) in [
            ("nixpkgs", "github.com/nixos/nixpkgs nixpkgs-unstable"),
            ("flake:nixpkgs/nixos-25.11", "github.com/nixos/nixpkgs nixos-25.11"),
            ("github:nixos/NIXPKGS", "github.com/nixos/nixpkgs"),
            ("github:NixOS/nixpkgs?ref=refs/heads/nixos-25.11", "github.com/nixos/nixpkgs nixos-25.11"),
            ("git+https://github.com/NixOS/nixpkgs.git?ref=master", "github.com/nixos/nixpkgs master"),
            ("git+ssh://git@github.com/NixOS/nixpkgs", "github.com/nixos/nixpkgs"),
            ("git+ssh://git@ssh.github.com:443/NixOS/nixpkgs.git", "github.com/nixos/nixpkgs"),
            ("https://channels.nixos.org/nixos-25.11/nixexprs.tar.xz", "github.com/nixos/nixpkgs nixos-25.11"),
            ("https://nixos.org/channels/nixpkgs-unstable", "github.com/nixos/nixpkgs nixpkgs-unstable"),
            (
                "https://releases.nixos.org/nixos/unstable-small/nixos-26.05pre960399.9dcb002ca169/nixexprs.tar.xz",
                "github.com/nixos/nixpkgs nixos-unstable-small",
            ),
            (
                "https://releases.nixos.org/nixpkgs/nixpkgs-26.11pre1046984.104240a77242/nixexprs.tar.xz",
                "github.com/nixos/nixpkgs nixpkgs-unstable",
            ),
            (
                "https://releases.nixos.org/nixpkgs/25.11-darwin/nixpkgs-darwin-25.11pre1.104240a77242/nixexprs.tar.xz",
                "github.com/nixos/nixpkgs nixpkgs-25.11-darwin",
            ),
            ("https://flakehub.com/f/NixOS/nixpkgs/0.1.*.tar.gz", "github.com/nixos/nixpkgs nixos-unstable"),
            ("https://flakehub.com/f/NixOS/nixpkgs/0.2511", "github.com/nixos/nixpkgs nixos-25.11"),
            ("https://flakehub.com/f/NixOS/nixpkgs/*", "github.com/nixos/nixpkgs @*"),
            (
                "https://flakehub.com/f/DeterminateSystems/nixpkgs-weekly/0.1",
                "github.com/nixos/nixpkgs nixpkgs-unstable",
            ),
        ] {
            assert_eq!(show(url), wanted, "{url}");
            assert!(identity(url).is_nixpkgs(), "{url}");
        }
        assert_eq!(
            show(&format!("https://github.com/NixOS/nixpkgs/archive/{rev}.tar.gz")),
            "github.com/nixos/nixpkgs rev 9dcb002"
        );
        assert_eq!(
            show(&format!("https://api.flakehub.com/f/pinned/NixOS/nixpkgs/0.2511.9%2Brev-{rev}/u-u/source.tar.gz")),
            "github.com/nixos/nixpkgs nixos-25.11 rev 9dcb002"
        );
    }

    #[test]
    fn what_is_not_nixpkgs() {
        for url in [
            "github:nix-community/nixpkgs.lib",
            "github:someone/nixpkgs",
            "github:NixOS/nixpkgs?dir=lib",
            "github:NixOS/nixpkgs?host=github.example.org",
            "path:/home/me/nixpkgs",
            "https://github.com/NixOS/nixpkgs/releases/download/1/nixpkgs.tar.gz",
        ] {
            assert!(!identity(url).is_nixpkgs(), "{url}: {}", show(url));
        }
        assert!(identity("github:NixOS/nixpkgs?dir=lib").repository.is_nixpkgs());
    }

    #[test]
    fn other_repositories() {
        for (url, wanted) in [
            ("home-manager/release-25.11", "github.com/nix-community/home-manager release-25.11"),
            ("github:rycee/home-manager", "github.com/nix-community/home-manager"),
            ("github:cachix/pre-commit-hooks.nix", "github.com/cachix/git-hooks.nix"),
            ("github:LnL7/nix-darwin/master", "github.com/nix-darwin/nix-darwin master"),
            ("https://flakehub.com/f/edolstra/flake-compat/1.tar.gz", "github.com/nixos/flake-compat @1"),
            ("github:o/r?dir=./sub/", "github.com/o/r in sub"),
            ("sourcehut:~rycee/nmd", "git.sr.ht/~rycee/nmd"),
            ("git+https://git.sr.ht/~rycee/nmd", "git.sr.ht/~rycee/nmd"),
            ("gitlab:g%2Fs/r?host=gitlab.example.org", "gitlab.example.org/g/s/r"),
            ("git+ssh://git@gitlab.com/G/S/r.git", "gitlab.com/g/s/r"),
            ("https://gitlab.com/g/s/r/-/archive/main/r-main.tar.gz", "gitlab.com/g/s/r main"),
            ("https://codeberg.org/A/b/archive/main.tar.gz", "codeberg.org/a/b main"),
            (
                "https://git.lix.systems/api/v1/repos/lix-project/lix/archive/main.tar.gz",
                "git.lix.systems/lix-project/lix main",
            ),
            ("https://github.com/o/r/archive/refs/tags/v1.2.tar.gz", "github.com/o/r v1.2"),
            ("https://api.github.com/repos/o/r/tarball/main", "github.com/o/r main"),
            ("https://codeload.github.com/o/r/tar.gz/refs/heads/main", "github.com/o/r main"),
            ("https://example.org/a.tar.gz?x=1", "example.org/a.tar.gz"),
            ("git+file:///srv/r", "/srv/r"),
            ("unheard-of", "flake:unheard-of"),
        ] {
            assert_eq!(show(url), wanted, "{url}");
        }
    }

    #[test]
    fn lines_of_nixpkgs() {
        let line = |url: &str| match identity(url).nixpkgs_line() {
            Some(NixpkgsLine::Unstable) => "unstable".to_owned(),
            Some(NixpkgsLine::Release(release)) => release,
            None => "none".to_owned(),
        };
        assert_eq!(line("github:NixOS/nixpkgs"), "unstable");
        assert_eq!(line("nixpkgs"), "unstable");
        assert_eq!(line("github:NixOS/nixpkgs/nixos-unstable-small"), "unstable");
        for branch in ["nixos-25.11", "nixos-25.11-small", "release-25.11", "nixpkgs-25.11-darwin", "25.11"] {
            assert_eq!(line(&format!("github:NixOS/nixpkgs/{branch}")), "25.11", "{branch}");
        }
        assert_eq!(line("github:NixOS/nixpkgs/staging-next"), "none");
        assert_eq!(line("github:o/r/nixos-25.11"), "none");
    }

    #[test]
    fn a_name_means_what_was_fetched() {
        let reference = |url: &str| FlakeRef::parse_url(url, true).expect("a reference").reference;
        let node = Identity::of_node(&reference("unheard-of"), &reference("github:NixOS/nixpkgs"));
        assert!(node.is_nixpkgs());
        assert!(node.rev.is_none());
    }
}
