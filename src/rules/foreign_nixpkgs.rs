//! `foreign-nixpkgs`: what the flake calls nixpkgs is not that of NixOS.

use super::evidence::{RootInput, locked_finding, root_inputs};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::Diagnostic;
use crate::flake::identity::Repository;

pub(super) static RULE: Rule = Rule {
    name: "foreign-nixpkgs",
    summary: "a nixpkgs of the flake is not that of NixOS",
    docs: include_str!("foreign_nixpkgs.md"),
    level: Level::Off,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        for RootInput { path, node, source, identity, .. } in root_inputs(lock) {
            let is_called_so = path.0.iter().any(|name| name == "nixpkgs") || is_fork(&identity.repository);
            if !is_called_so || identity.repository.is_nixpkgs() {
                continue;
            }
            let message = format!("input `{path}` is `{}`, not the nixpkgs of NixOS", identity.repository);
            let field = if source.locked.get("owner").is_some() { "owner" } else { "url" };
            out.push(
                locked_finding(&RULE, flake, lock, (&path, &node.key), (field, "whose it is"), message)
                    .help("use `github:NixOS/nixpkgs`, or allow this one where the flake needs it"),
            );
        }
    }
}

/// A repository of somebody else that is called nixpkgs too.
fn is_fork(repository: &Repository) -> bool {
    matches!(repository, Repository::Hosted { path, .. } if path.rsplit('/').next() == Some("nixpkgs"))
}
