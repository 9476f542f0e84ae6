//! `outdated-nixpkgs`: a nixpkgs of the flake is old.

use super::evidence::{locked_finding, root_nixpkgs};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::Diagnostic;
use crate::flake::flakeref::Attr;
use crate::text::{count, date};

pub(super) static RULE: Rule = Rule {
    name: "outdated-nixpkgs",
    summary: "a nixpkgs of the flake is older than it may be",
    docs: include_str!("outdated_nixpkgs.md"),
    level: Level::Off,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

const DAY: u64 = 86_400;

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let Some(now) = cx.settings.now else { return };
    let limit = u64::from(cx.settings.max_age_days);
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        for (path, node, source, _) in root_nixpkgs(lock) {
            let Some(Attr::Integer(modified)) = source.locked.attrs.get("lastModified") else { continue };
            let age = now.saturating_sub(*modified) / DAY;
            if age <= limit {
                continue;
            }
            let message = format!("input `{path}` is of {}: older than {}", date(*modified), days(limit));
            let label = format!("its last change, {} ago", days(age));
            let place = ("lastModified", label.as_str());
            out.push(
                locked_finding(&RULE, flake, lock, (&path, &node.key), place, message)
                    .help(format!("run `nix flake update {path}`")),
            );
        }
    }
}

fn days(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "day")
}
