//! `unsupported-branch`: a nixpkgs of the flake is on a branch that nobody keeps.

use super::evidence::{locked_finding, root_nixpkgs};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::Diagnostic;
use crate::flake::identity::{Branch, Identity, NixpkgsLine};
use crate::text::date;

pub(super) static RULE: Rule = Rule {
    name: "unsupported-branch",
    summary: "a nixpkgs of the flake is on a branch past its end of life, or on one that is no channel",
    docs: include_str!("unsupported_branch.md"),
    level: Level::Off,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        for (path, node, _, identity) in root_nixpkgs(lock) {
            let Branch::Named(branch) = &identity.branch else { continue };
            let Some(what) = trouble(&identity, branch, cx.settings.now) else { continue };
            let message = format!("input `{path}` is on `{branch}`, {what}");
            let place = ("rev", "locked from there");
            out.push(
                locked_finding(&RULE, flake, lock, (&path, &node.key), place, message)
                    .help("let flake.nix name a channel that is supported, such as `nixos-unstable`"),
            );
        }
    }
}

fn trouble(identity: &Identity, branch: &str, now: Option<u64>) -> Option<String> {
    let is_channel = branch.starts_with("nixos-") || branch.starts_with("nixpkgs-");
    match identity.nixpkgs_line() {
        None => Some("which is no channel: nothing there was tested as a whole".to_owned()),
        Some(_) if !is_channel => Some("which is no channel: it moves before it is tested as a whole".to_owned()),
        Some(NixpkgsLine::Unstable) => None,
        Some(NixpkgsLine::Release(release)) => {
            let ended = end_of_life(&release)?;
            let is_over = now.is_some_and(|now| date(now).as_str() >= ended.as_str());
            is_over.then(|| format!("which has had no security updates since {ended}"))
        }
    }
}

/// The first day without support: a release is kept until the end of the month after the next one, seven months after
/// its own (RFC 80).
fn end_of_life(release: &str) -> Option<String> {
    let (year, month) = release.split_once('.')?;
    let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
    let months = month + 7;
    Some(format!("{}-{:02}-01", 2000 + year + months / 12, months % 12 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_end_with_the_month_after_the_next() {
        assert_eq!(end_of_life("25.05").as_deref(), Some("2026-01-01"));
        assert_eq!(end_of_life("25.11").as_deref(), Some("2026-07-01"));
        assert_eq!(end_of_life("x.y"), None);
    }
}
