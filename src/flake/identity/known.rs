//! What is known of the world: the global registry, renamed repositories, branches of Nixpkgs.

use super::{Branch, Identity, NixpkgsLine, Repository};

/// The global registry (`NixOS/flake-registry`), with the entries it had before under the same name: id, repository,
/// branch, directory. Sorted by id.
const REGISTRY: &[(&str, &str, &str, &str)] = &[
    ("agda", "agda/agda", "", ""),
    ("agenix", "ryantm/agenix", "", ""),
    ("arion", "hercules-ci/arion", "", ""),
    ("blender-bin", "edolstra/nix-warez", "", "blender"),
    ("bundlers", "NixOS/bundlers", "", ""),
    ("cachix", "cachix/cachix", "", ""),
    ("disko", "nix-community/disko", "", ""),
    ("dreampkgs", "nix-community/dreampkgs", "", ""),
    ("dwarffs", "edolstra/dwarffs", "", ""),
    ("emacs-overlay", "nix-community/emacs-overlay", "", ""),
    ("fenix", "nix-community/fenix", "", ""),
    ("flake-parts", "hercules-ci/flake-parts", "", ""),
    ("flake-utils", "numtide/flake-utils", "", ""),
    ("gemini", "nix-community/flake-gemini", "", ""),
    ("helix", "helix-editor/helix", "", ""),
    ("hercules-ci-agent", "hercules-ci/hercules-ci-agent", "", ""),
    ("hercules-ci-effects", "hercules-ci/hercules-ci-effects", "", ""),
    ("home-manager", "nix-community/home-manager", "", ""),
    ("hydra", "NixOS/hydra", "", ""),
    ("mach-nix", "DavHau/mach-nix", "", ""),
    ("nickel", "tweag/nickel", "", ""),
    ("nimble", "nix-community/flake-nimble", "", ""),
    ("nix", "NixOS/nix", "", ""),
    ("nix-darwin", "nix-darwin/nix-darwin", "", ""),
    ("nix-serve", "edolstra/nix-serve", "", ""),
    ("nixops", "NixOS/nixops", "", ""),
    ("nixos-anywhere", "nix-community/nixos-anywhere", "", ""),
    ("nixos-hardware", "NixOS/nixos-hardware", "", ""),
    ("nixos-homepage", "NixOS/nixos-homepage", "", ""),
    ("nixos-search", "NixOS/nixos-search", "", ""),
    ("nixpkgs", "NixOS/nixpkgs", "nixpkgs-unstable", ""),
    ("nur", "nix-community/NUR", "", ""),
    ("patchelf", "NixOS/patchelf", "", ""),
    ("poetry2nix", "nix-community/poetry2nix", "", ""),
    ("pridefetch", "SpyHoodle/pridefetch", "", ""),
    ("sops-nix", "Mic92/sops-nix", "", ""),
    ("systems", "nix-systems/default", "", ""),
    ("templates", "NixOS/templates", "", ""),
];

/// What a registry name means.
pub(super) fn registered(id: &str) -> Identity {
    let of = |repository| Identity { repository, branch: Branch::Default, rev: None, dir: String::new() };
    let Ok(index) = REGISTRY.binary_search_by_key(&id, |entry| entry.0) else {
        return of(Repository::Registry(id.to_owned()));
    };
    let (_, path, branch, dir) = REGISTRY[index];
    let mut found = of(Repository::hosted("github.com", path));
    if !branch.is_empty() {
        found.branch = Branch::Named(branch.to_owned());
    }
    dir.clone_into(&mut found.dir);
    found
}

/// Repositories of GitHub that have moved; GitHub still redirects the old name. In lower case, sorted.
const RENAMED: &[(&str, &str)] = &[
    // microvm.nix has an organisation of its own since 2025.
    ("astro/microvm.nix", "microvm-nix/microvm.nix"),
    // Renamed in 2024, when it was generalised beyond the pre-commit framework.
    ("cachix/pre-commit-hooks.nix", "cachix/git-hooks.nix"),
    // Given to nix-community.
    ("colemickens/nixpkgs-wayland", "nix-community/nixpkgs-wayland"),
    // Given to nix-community in 2025.
    ("danth/stylix", "nix-community/stylix"),
    // Given to nix-community.
    ("davhau/dream2nix", "nix-community/dream2nix"),
    // Given to the NixOS organisation in 2025.
    ("edolstra/flake-compat", "nixos/flake-compat"),
    // Given to nix-community.
    ("guibou/nixgl", "nix-community/nixgl"),
    // Got its ending.
    ("hercules-ci/gitignore", "hercules-ci/gitignore.nix"),
    // Given to cachix, and renamed there.
    ("hercules-ci/nix-pre-commit-hooks", "cachix/git-hooks.nix"),
    // nix-darwin has an organisation of its own since 2025.
    ("lnl7/nix-darwin", "nix-darwin/nix-darwin"),
    // Given to nix-community.
    ("mic92/nix-index-database", "nix-community/nix-index-database"),
    // Ghostty has an organisation of its own since its release.
    ("mitchellh/ghostty", "ghostty-org/ghostty"),
    // Given to nix-community.
    ("msteen/nixos-vscode-server", "nix-community/nixos-vscode-server"),
    // Given to nix-community.
    ("nmattia/naersk", "nix-community/naersk"),
    // Renamed by its author.
    ("notashelf/neovim-flake", "notashelf/nvf"),
    // Given to nix-community.
    ("pjones/plasma-manager", "nix-community/plasma-manager"),
    // Given to nix-community.
    ("pta2002/nixvim", "nix-community/nixvim"),
    // Given to nix-community in 2020.
    ("rycee/home-manager", "nix-community/home-manager"),
    // Given to the NixOS organisation as the official formatter.
    ("serokell/nixfmt", "nixos/nixfmt"),
    // Given to nix-community.
    ("t184256/nix-on-droid", "nix-community/nix-on-droid"),
    // Given to nix-community.
    ("trundle/nixos-wsl", "nix-community/nixos-wsl"),
    // Given to nix-community.
    ("tweag/gomod2nix", "nix-community/gomod2nix"),
    // Given to nix-community in 2025.
    ("viperml/nh", "nix-community/nh"),
    // Given to nix-community.
    ("vlaci/nix-doom-emacs", "nix-community/nix-doom-emacs"),
];

/// The present name of a repository on GitHub; both in lower case.
pub(super) fn present_name(path: &str) -> &str {
    RENAMED.binary_search_by_key(&path, |entry| entry.0).map_or(path, |index| RENAMED[index].1)
}

/// What `FlakeHub` publishes as versions of Nixpkgs: `0.1` is unstable, `0.2511` the release 25.11; `nixpkgs-weekly` is
/// a weekly copy of nixpkgs-unstable. `None` for other flakes, and for ranges that cross releases (`*`, `0`).
pub(super) fn flakehub_branch(owner: &str, repo: &str, version: &str) -> Option<(&'static str, Branch)> {
    let is = |wanted: &str| repo.eq_ignore_ascii_case(wanted);
    if owner.eq_ignore_ascii_case("DeterminateSystems") && is("nixpkgs-weekly") {
        return Some(("nixos/nixpkgs", Branch::Named("nixpkgs-unstable".to_owned())));
    }
    if !(owner.eq_ignore_ascii_case("NixOS") && is("nixpkgs")) {
        return None;
    }
    let version = version.trim_start_matches(['=', '^', '~', 'v', ' ']);
    let minor = version.strip_prefix("0.")?.split('.').next()?;
    let branch = match minor {
        "1" => "nixos-unstable".to_owned(),
        _ if minor.len() == 4 && minor.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("nixos-{}.{}", &minor[..2], &minor[2..])
        }
        _ => return None,
    };
    Some(("nixos/nixpkgs", Branch::Named(branch)))
}

/// The line of Nixpkgs a branch belongs to.
pub(super) fn nixpkgs_line(branch: &str) -> Option<NixpkgsLine> {
    if matches!(branch, "master" | "nixos-unstable" | "nixos-unstable-small" | "nixpkgs-unstable") {
        return Some(NixpkgsLine::Unstable);
    }
    let bare = ["nixos-", "nixpkgs-", "release-"].iter().find_map(|prefix| branch.strip_prefix(prefix));
    let bare = bare.unwrap_or(branch);
    let release = bare.strip_suffix("-small").or_else(|| bare.strip_suffix("-darwin")).unwrap_or(bare);
    let (year, month) = release.split_once('.')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(year) && digits(month)).then(|| NixpkgsLine::Release(release.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(REGISTRY.is_sorted_by(|a, b| a.0 < b.0));
        assert!(RENAMED.is_sorted_by(|a, b| a.0 < b.0));
        for (old, new) in RENAMED {
            assert_eq!((*old, *new), (old.to_lowercase().as_str(), new.to_lowercase().as_str()));
            assert_eq!(present_name(new), *new, "a name that has moved again");
        }
    }
}
