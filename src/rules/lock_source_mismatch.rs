//! `lock-source-mismatch`: `locked` names another source than `original` does.

use super::evidence::{locked_finding, short, sources};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::Diagnostic;
use crate::flake::flakeref::FlakeRef;
use crate::flake::identity::{Identity, Repository};
use crate::flake::lock::LockedSource;

pub(super) static RULE: Rule = Rule {
    name: "lock-source-mismatch",
    summary: "an entry of flake.lock fetches something else than what was asked for",
    docs: include_str!("lock_source_mismatch.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        for (path, node, source) in sources(lock) {
            let Some(Mismatch { field, asked, fetched }) = mismatch(source) else { continue };
            let message = format!("input `{path}` asks for `{asked}`, but `{fetched}` is locked");
            let update = path.0.first().map_or("", String::as_str);
            out.push(
                locked_finding(&RULE, flake, lock, (&path, &node.key), (field, "this is what is fetched"), message)
                    .help(format!(
                        "only `--override-input`, or a hand, leaves it so: find out which, or run `nix flake update {update}`"
                    )),
            );
        }
    }
}

struct Mismatch {
    /// The attribute of `locked` that says it.
    field: &'static str,
    asked: String,
    fetched: String,
}

/// How an entry differs from what Nix would have made of the reference; `None` where it does not, and where nobody can
/// know: names of a registry that is not the global one, redirects from hosts that are no forge.
fn mismatch(source: &LockedSource) -> Option<Mismatch> {
    let (original, locked) = (&*source.original, &source.locked);
    if original.kind() == "indirect" {
        return by_registry(original, locked);
    }
    if original.kind() != locked.kind() {
        return Some(Mismatch { field: "type", asked: original.to_string(), fetched: locked.to_string() });
    }
    match original.kind() {
        "path" => differing(original, locked, "path"),
        "tarball" | "file" => by_redirect(original, locked),
        _ => by_repository(original, locked)
            .or_else(|| differing(original, locked, "rev"))
            .or_else(|| differing(original, locked, "ref"))
            .or_else(|| directory(original, locked)),
    }
}

/// An attribute that both have, with different values.
fn differing(original: &FlakeRef, locked: &FlakeRef, field: &'static str) -> Option<Mismatch> {
    let (asked, fetched) = (original.get(field)?, locked.get(field)?);
    let same = if field == "rev" { asked.eq_ignore_ascii_case(fetched) } else { asked == fetched };
    let shown = |text: &str| if field == "rev" { short(text).to_owned() } else { text.to_owned() };
    (!same).then(|| Mismatch { field, asked: shown(asked), fetched: shown(fetched) })
}

fn directory(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    let shown = |reference: &FlakeRef| if reference.dir.is_empty() { ".".to_owned() } else { reference.dir.clone() };
    (original.dir != locked.dir).then(|| Mismatch { field: "dir", asked: shown(original), fetched: shown(locked) })
}

fn by_repository(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    let (asked, fetched) = (Identity::of(original).repository, Identity::of(locked).repository);
    if asked == fetched {
        return None;
    }
    let same = |name: &str| original.get(name) == locked.get(name);
    let field = match original.kind() {
        "git" | "hg" => "url",
        _ if !same("owner") => "owner",
        _ if !same("repo") => "repo",
        _ => "host",
    };
    Some(Mismatch { field, asked: asked.to_string(), fetched: fetched.to_string() })
}

/// A tarball's server may say where this very version stays: channels point to releases, `FlakeHub` to its store. Of
/// other servers nobody knows, as long as they are not forges that would have to name the repository.
fn by_redirect(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    let (asked, fetched) = (Identity::of(original), Identity::of(locked));
    let is_known = |repository: &Repository| matches!(repository, Repository::Hosted { .. });
    if !is_known(&asked.repository) || asked.repository == fetched.repository {
        return None;
    }
    Some(Mismatch { field: "url", asked: asked.repository.to_string(), fetched: fetched.repository.to_string() })
}

/// A name of the global registry that leads to another repository on a forge.
fn by_registry(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    let (asked, fetched) = (Identity::of(original).repository, Identity::of(locked).repository);
    match (&asked, &fetched) {
        (Repository::Hosted { .. }, Repository::Hosted { .. }) if asked != fetched => {
            let field = if locked.get("owner").is_some() { "owner" } else { "url" };
            let asked = format!("{} ({asked})", original.get("id").unwrap_or_default());
            Some(Mismatch { field, asked, fetched: fetched.to_string() })
        }
        _ => differing(original, locked, "rev"),
    }
}
