//! Projects that ask not to be overridden: their binary cache serves what was built with their own inputs.

use super::lock::LockGraph;
use super::{Flake, InputAttrPath};

/// A project that asks not to be overridden.
#[derive(Debug, PartialEq, Eq)]
pub struct Keeper {
    /// Owner and repository on GitHub, in lower case.
    pub repository: &'static str,
    /// The host of its binary cache; empty where it has none.
    pub cache: &'static str,
}

const fn keeper(repository: &'static str, cache: &'static str) -> Keeper {
    Keeper { repository, cache }
}

/// Sorted by repository.
const KEEPERS: &[Keeper] = &[
    // Its README asks for it.
    keeper("altsem/gitu", ""),
    keeper("anyrun-org/anyrun", "anyrun.cachix.org"),
    keeper("determinatesystems/determinate", "install.determinate.systems"),
    keeper("flox/flox", "cache.flox.dev"),
    // The Hyprland wiki's Nix page warns that following makes the cache useless.
    keeper("hyprwm/hyprland", "hyprland.cachix.org"),
    // No guarantee is given once its inputs are overridden.
    keeper("oxalica/nil", ""),
    // Patches and kernel no longer fit together.
    keeper("xddxdd/nix-cachyos-kernel", "attic.xuyh0120.win"),
];

impl Keeper {
    /// Whether `nixConfig` in flake.nix names the project's cache.
    #[must_use]
    pub fn is_cache_named(&self, flake: &Flake) -> bool {
        let texts = || flake.nix.nix_config.iter().flat_map(|(_, texts)| texts);
        !self.cache.is_empty() && texts().any(|text| text.value.contains(self.cache))
    }
}

/// The innermost input on the way to this one that belongs to a project which asks not to be overridden.
#[must_use]
pub fn keeper_of(graph: &LockGraph, path: &InputAttrPath) -> Option<(InputAttrPath, &'static Keeper)> {
    (1..path.0.len()).rev().find_map(|length| {
        let above = InputAttrPath(path.0[..length].to_vec());
        let source = graph.node(graph.resolve(&above)?).source.as_ref()?;
        let repository = source.identity().repository.to_string();
        let name = repository.strip_prefix("github.com/")?;
        let index = KEEPERS.binary_search_by_key(&name, |keeper| keeper.repository).ok()?;
        Some((above, &KEEPERS[index]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(KEEPERS.is_sorted_by(|a, b| a.repository < b.repository));
        assert!(KEEPERS.iter().all(|keeper| keeper.repository == keeper.repository.to_lowercase()));
    }
}
