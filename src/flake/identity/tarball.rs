//! Archives of repositories: forges, channels, `FlakeHub`.

use super::{Branch, Identity, Repository, host_of, known};

/// What the URL of a tarball or file means.
pub(super) fn identify(url: &str) -> Identity {
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let (rest, query) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    let Some(rest) = rest.strip_prefix("//").filter(|_| scheme != "file") else {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        return plain(Repository::Path(path.to_owned()));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host_of(scheme, authority).to_ascii_lowercase();
    let path = decode(path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let found = match host.as_str() {
        "channels.nixos.org" => channel(&parts),
        "nixos.org" | "www.nixos.org" => parts.strip_prefix(&["channels"]).and_then(channel),
        "releases.nixos.org" => release(&parts),
        "flakehub.com" | "www.flakehub.com" => parts.strip_prefix(&["f"]).and_then(flakehub),
        "api.flakehub.com" => parts.strip_prefix(&["f", "pinned"]).and_then(flakehub),
        "codeload.github.com" => match parts.as_slice() {
            [owner, repo, "tar.gz" | "zip" | "legacy.tar.gz", name @ ..] => Some(at("github.com", owner, repo, name)),
            _ => None,
        },
        "api.github.com" => match parts.as_slice() {
            ["repos", owner, repo, "tarball" | "zipball", name @ ..] => Some(at("github.com", owner, repo, name)),
            _ => None,
        },
        _ => archive(&host, &parts, query),
    };
    found.unwrap_or_else(|| plain(Repository::Url(format!("{host}/{path}"))))
}

fn plain(repository: Repository) -> Identity {
    Identity { repository, branch: Branch::Default, rev: None, dir: String::new() }
}

fn at(host: &str, owner: &str, repo: &str, name: &[&str]) -> Identity {
    named(Repository::hosted(host, &format!("{owner}/{repo}")), &name.join("/"))
}

/// A repository at a branch, a tag or a revision.
fn named(repository: Repository, name: &str) -> Identity {
    let mut found = plain(repository);
    if is_revision(name) {
        found.rev = Some(name.to_ascii_lowercase());
    } else if !name.is_empty() {
        found.branch = Branch::named(name);
    }
    found
}

fn is_revision(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `…/archive/main.tar.gz` of GitHub, Gitea, Forgejo, sourcehut, cgit; `…/-/archive/main/name.tar.gz` of GitLab.
fn archive(host: &str, parts: &[&str], query: &str) -> Option<Identity> {
    if let ["api", "v4", "projects", project @ .., "repository", file] = parts
        && file.starts_with("archive")
    {
        let name = query.split('&').find_map(|pair| pair.strip_prefix("sha=")).unwrap_or_default();
        return Some(named(Repository::hosted(host, &project.join("/")), name));
    }
    let parts = parts.strip_prefix(&["api", "v1", "repos"]).unwrap_or(parts);
    let position = parts.iter().position(|part| matches!(*part, "archive" | "tarball" | "zipball"))?;
    let (project, name) = (&parts[..position], &parts[position + 1..]);
    if host == "gist.github.com" || project.len() < 2 || name.is_empty() {
        return None;
    }
    if let [project @ .., "-"] = project {
        // The last part is only the name of the file.
        let name = if name.len() > 1 { &name[..name.len() - 1] } else { name };
        return Some(named(Repository::hosted(host, &project.join("/")), without_ending(&name.join("/"))));
    }
    Some(named(Repository::hosted(host, &project.join("/")), without_ending(&name.join("/"))))
}

fn without_ending(name: &str) -> &str {
    let endings = [".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tgz", ".tar", ".zip"];
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// `https://channels.nixos.org/nixos-25.11/nixexprs.tar.xz`.
fn channel(parts: &[&str]) -> Option<Identity> {
    match parts {
        [name] => Some(nixpkgs_at(name)),
        [name, file] if file.starts_with("nixexprs.tar") => Some(nixpkgs_at(name)),
        _ => None,
    }
}

/// `https://releases.nixos.org/nixos/25.11/nixos-25.11.1234.0123456789ab/nixexprs.tar.xz`.
fn release(parts: &[&str]) -> Option<Identity> {
    match parts {
        ["nixos", line, _, file] if file.starts_with("nixexprs.tar") => Some(nixpkgs_at(&format!("nixos-{line}"))),
        ["nixpkgs", _, file] if file.starts_with("nixexprs.tar") => Some(nixpkgs_at("nixpkgs-unstable")),
        ["nixpkgs", line, _, file] if file.starts_with("nixexprs.tar") => Some(nixpkgs_at(&format!("nixpkgs-{line}"))),
        _ => None,
    }
}

fn nixpkgs_at(branch: &str) -> Identity {
    Identity { branch: Branch::Named(branch.to_owned()), ..plain(Repository::hosted("github.com", "nixos/nixpkgs")) }
}

/// `https://flakehub.com/f/OWNER/REPO/VERSION`: flakes are published from the repository of the same name, and the
/// locked form says the revision behind `+rev-`.
fn flakehub(parts: &[&str]) -> Option<Identity> {
    let [owner, repo, rest @ ..] = parts else { return None };
    let version = without_ending(rest.first().copied().unwrap_or("*"));
    let mut found = plain(Repository::hosted("github.com", &format!("{owner}/{repo}")));
    found.rev = version.split_once("+rev-").map(|(_, rev)| rev.to_ascii_lowercase()).filter(|rev| is_revision(rev));
    found.branch = match known::flakehub_branch(owner, repo, version) {
        Some((repository, branch)) => {
            found.repository = Repository::hosted("github.com", repository);
            branch
        }
        None => Branch::Version(version.to_owned()),
    };
    Some(found)
}

/// Undoes percent-encoding; what is broken stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if byte == b'%'
            && let (Some(high), Some(low)) = (digit(0), digit(1))
            && let Ok(value) = u8::try_from(high * 16 + low)
        {
            bytes.push(value);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
