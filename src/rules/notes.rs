//! What is no finding, but good to know beside the findings.

use super::{Context, Level, missing_follows, opt_out};
use crate::flake::keepers::{self, Keeper};
use crate::flake::lock::LockFile;
use crate::flake::nix::FlakeInput;
use crate::flake::{Flake, InputAttrPath};

/// The notes on the flakes: inputs that keep their own nixpkgs because their projects ask for it, and those that follow
/// although their binary cache is in use.
#[must_use]
pub fn notes(cx: &Context<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if cx.settings.level(&missing_follows::RULE) == Level::Off {
        return found;
    }
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        kept(cx, flake, lock, &mut found);
        overridden(flake, lock, &mut found);
    }
    found
}

/// The inputs that are left alone.
fn kept(cx: &Context<'_>, flake: &Flake, lock: &LockFile, out: &mut Vec<String>) {
    let mut said: Vec<InputAttrPath> = Vec::new();
    for copy in flake.copies().iter().filter(|copy| copy.is_nixpkgs) {
        let wishes = &cx.settings.follows;
        let is_decided =
            wishes.allows(&copy.path) || wishes.requires(&copy.path) || opt_out::is_commented_out(flake, &copy.path);
        let Some((input, keeper)) = keepers::keeper_of(&lock.graph, &copy.path) else { continue };
        if is_decided || said.contains(&input) {
            continue;
        }
        let cache = match keeper.cache {
            "" => String::new(),
            cache if keeper.is_cache_named(flake) => format!(", and `nixConfig` names its cache, {cache}"),
            cache => format!(" ({cache} has it built with its own inputs)"),
        };
        out.push(format!(
            "`{input}` keeps its own nixpkgs, as its project asks{cache}; `require = [\"{input}\"]` below \
             `[missing-follows]` in preflake.toml says otherwise"
        ));
        said.push(input);
    }
}

/// The root inputs whose nixpkgs follows, and whose cache `nixConfig` names in vain.
fn overridden(flake: &Flake, lock: &LockFile, out: &mut Vec<String>) {
    for input in &flake.nix.inputs {
        let nixpkgs = |inner: &&FlakeInput| inner.name == "nixpkgs" && inner.follows.is_some();
        let Some(inner) = input.overrides.iter().find(nixpkgs) else { continue };
        let path = InputAttrPath::of(&input.name).child(&inner.name);
        let keeper: Option<&Keeper> = keepers::keeper_of(&lock.graph, &path).map(|(_, keeper)| keeper);
        if let Some(keeper) = keeper.filter(|keeper| keeper.is_cache_named(flake)) {
            let name = &input.name;
            out.push(format!(
                "`nixConfig` names {}, which has nothing for you while `{name}` follows another nixpkgs than its own",
                keeper.cache
            ));
        }
    }
}
