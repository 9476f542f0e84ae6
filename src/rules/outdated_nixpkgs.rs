//! `outdated-nixpkgs`: a nixpkgs of the flake is old.

use super::evidence::{RootInput, locked_finding, root_nixpkgs};
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
        for RootInput { path, updated_by, node, source, .. } in root_nixpkgs(lock) {
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
                    .help(format!("run `nix flake update {updated_by}`")),
            );
        }
    }
}

fn days(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "day")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::config::Settings;
    use crate::references::testing::view_of;
    use crate::rules::Context;
    use crate::snapshot::{FileState, Memory};

    /// The messages and helps on 2026-11-24 for nodes that are old, fetched as `original` says.
    fn found(original: &str, root: &str) -> Vec<(String, Option<String>)> {
        let node = |inputs: &str| {
            let locked = r#""lastModified":1780000000,"narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=""#;
            format!(r#"{{"inputs":{{{inputs}}},"locked":{{{locked},{original}}},"original":{{{original}}}}}"#)
        };
        let nodes = format!(
            r#""a":{},"n":{},"root":{{"inputs":{{{root}}}}}"#,
            node(r#""x":"n""#).replace("NixOS", "o"),
            node("")
        );
        let lock = format!(r#"{{"nodes":{{{nodes}}},"root":"root","version":7}}"#);
        let nix = "{ outputs = _: { }; }";
        let memory = Memory::new().file("flake.nix", nix, FileState::Tracked);
        let view = view_of(memory.file("flake.lock", &lock, FileState::Tracked));
        let settings = Settings { now: Some(1_795_478_400), ..Settings::new() };
        let mut findings = Vec::new();
        (RULE.check)(&Context::new(&view.0, &view.1, &settings), &mut findings);
        findings.into_iter().map(|finding| (finding.message, finding.help)).collect()
    }

    #[test]
    fn however_it_is_fetched() {
        for original in [
            r#""type":"github","owner":"NixOS","repo":"nixpkgs""#,
            r#""type":"git","url":"https://github.com/NixOS/nixpkgs.git","rev":"2222222222222222222222222222222222222222""#,
            r#""type":"tarball","url":"https://channels.nixos.org/nixos-unstable/nixexprs.tar.xz""#,
            r#""type":"tarball","url":"https://flakehub.com/f/NixOS/nixpkgs/0.1.tar.gz""#,
        ] {
            let found = found(original, r#""pkgs":"n""#);
            assert_eq!(found.len(), 1, "{original}");
            assert_eq!(found[0].0, "input `pkgs` is of 2026-05-28: older than 30 days");
        }
    }

    #[test]
    fn one_that_follows_is_updated_with_what_it_follows() {
        let original = r#""type":"github","owner":"NixOS","repo":"nixpkgs""#;
        let found = found(original, r#""a":"a","nixpkgs":["a","x"]"#);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].1.as_deref(), Some("run `nix flake update a`"));
    }
}
