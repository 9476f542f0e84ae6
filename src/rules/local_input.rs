//! `local-input`: an entry of the lock that exists on this machine alone.

use super::evidence::{follows_line, locked_finding, sources};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::flake::flakeref::FlakeRef;

pub(super) static RULE: Rule = Rule {
    name: "local-input",
    summary: "an entry of flake.lock that exists on this machine alone",
    docs: include_str!("local_input.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        for (path, node, source) in sources(lock) {
            let Some((field, place)) = local(&source.locked) else { continue };
            let message = format!("input `{path}` is locked to `{place}`, which exists on this machine alone");
            let mut finding = locked_finding(&RULE, flake, lock, (path, &node.key), (field, "only here"), message);
            finding.help = Some(if let [name] = path.0.as_slice() {
                format!("let flake.nix name a place that others can fetch, and run `nix flake update {name}`")
            } else {
                // It came with the lock of another flake, which has to be mended there.
                finding.severity = Severity::Warning;
                format!("give it something to follow: `{}`", follows_line(path, "…"))
            });
            out.push(finding);
        }
    }
}

/// The attribute that names a place on the disk, and that place.
fn local(locked: &FlakeRef) -> Option<(&'static str, &str)> {
    match locked.kind() {
        "path" => locked.get("path").filter(|path| path.starts_with('/')).map(|path| ("path", path)),
        "git" | "hg" | "tarball" | "file" => {
            // `/dev/null` is the same everywhere: flakes use it for an input that is given on the command line.
            let is_local =
                |url: &&str| (url.starts_with("file:") || url.starts_with('/')) && *url != "file:///dev/null";
            locked.get("url").filter(is_local).map(|url| ("url", url))
        }
        _ => None,
    }
}
