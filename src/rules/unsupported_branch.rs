//! `unsupported-branch`: a nixpkgs of the flake is on a branch that nobody keeps.

use super::evidence::{RootInput, locked_finding, root_nixpkgs};
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
        for RootInput { path, node, identity, .. } in root_nixpkgs(lock) {
            let Some((branch, what)) = trouble(identity, cx.settings.now) else { continue };
            let message = format!("input `{path}` is on {branch}, {what}");
            let place = ("rev", "locked from there");
            out.push(
                locked_finding(&RULE, flake, lock, (&path, &node.key), place, message)
                    .help("let flake.nix name a channel that is supported, such as `nixos-unstable`"),
            );
        }
    }
}

/// The branch and what is wrong with it.
fn trouble(identity: &Identity, now: Option<u64>) -> Option<(String, String)> {
    const UNTESTED: &str = "which is no channel: it moves before it is tested as a whole";
    let branch = match &identity.branch {
        Branch::Named(branch) => branch,
        // A revision that is named alone may be on any branch.
        Branch::Default if identity.rev.is_none() => {
            return Some(("the default branch".to_owned(), UNTESTED.to_owned()));
        }
        Branch::Default | Branch::Version(_) => return None,
    };
    let is_channel = branch.starts_with("nixos-") || branch.starts_with("nixpkgs-");
    let what = match identity.nixpkgs_line() {
        None => "which is no channel: nothing there was tested as a whole".to_owned(),
        Some(_) if !is_channel => UNTESTED.to_owned(),
        Some(NixpkgsLine::Unstable) => return None,
        Some(NixpkgsLine::Release(release)) => {
            let ended = end_of_life(&release)?;
            let is_over = now.is_some_and(|now| date(now).as_str() >= ended.as_str());
            is_over.then(|| format!("which has had no security updates since {ended}"))?
        }
    };
    Some((format!("`{branch}`"), what))
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
    use crate::flake::flakeref::FlakeRef;

    #[test]
    fn branches_in_the_middle_of_2026() {
        let trouble = |url: &str| {
            let reference = FlakeRef::parse_url(url, true).expect("a reference").reference;
            // 2026-05-28.
            super::trouble(&Identity::of(&reference), Some(1_780_000_000))
                .map(|(branch, what)| format!("{branch}, {what}"))
        };
        for fine in
            ["nixpkgs", "github:NixOS/nixpkgs/nixos-unstable-small", "github:NixOS/nixpkgs/nixpkgs-25.11-darwin"]
        {
            assert_eq!(trouble(fine), None, "{fine}");
        }
        assert_eq!(trouble("github:NixOS/nixpkgs/9dcb002ca169cb2f0e2f8dd9ee5a2d7c1f2a1b3c"), None);
        assert_eq!(trouble("https://channels.nixos.org/nixos-25.11/nixexprs.tar.xz"), None);
        let ended = "`nixos-25.05`, which has had no security updates since 2026-01-01";
        for old in
            ["https://channels.nixos.org/nixos-25.05/nixexprs.tar.xz", "https://flakehub.com/f/NixOS/nixpkgs/0.2505"]
        {
            assert_eq!(trouble(old).as_deref(), Some(ended), "{old}");
        }
        assert!(
            trouble("github:NixOS/nixpkgs").is_some_and(|found| found.starts_with("the default branch, which is no"))
        );
        assert!(
            trouble("github:NixOS/nixpkgs/staging-next").is_some_and(|found| found.starts_with("`staging-next`, "))
        );
    }

    #[test]
    fn releases_end_with_the_month_after_the_next() {
        assert_eq!(end_of_life("25.05").as_deref(), Some("2026-01-01"));
        assert_eq!(end_of_life("25.11").as_deref(), Some("2026-07-01"));
        assert_eq!(end_of_life("x.y"), None);
    }
}
