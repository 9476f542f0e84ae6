//! Ways to bring a flake and its lock out of step, or to break either of them.

mod declared;
mod deep;
mod faults;
mod literals;
mod locked;
mod text;

use crate::generate::Draft;
use crate::rng::Rng;

/// What a mutation works on.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// The files as values.
    Draft(fn(&mut Draft, &mut Rng)),
    /// The text of flake.nix.
    Nix(fn(&mut String, &mut Rng)),
    /// The bytes of flake.lock.
    Lock(fn(&mut Vec<u8>, &mut Rng)),
}

/// A named mutation.
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    pub(crate) change: Change,
}

const fn draft(name: &'static str, change: fn(&mut Draft, &mut Rng)) -> Mutation {
    Mutation { name, change: Change::Draft(change) }
}

/// The groups, and how many of 100 mutations come from each.
pub(crate) const GROUPS: &[(usize, &[Mutation])] = &[
    (22, declared::SILENT),
    (24, declared::CHANGES),
    (14, deep::DEEP),
    (12, faults::FAULTS),
    (10, locked::LOCKED),
    (4, text::NIX),
    (7, text::LOCK),
    (7, literals::LITERALS),
];

/// Any mutation, as its place in [`GROUPS`].
pub(crate) fn any(rng: &mut Rng) -> (usize, usize) {
    let mut left = rng.below(100);
    for (group, (share, mutations)) in GROUPS.iter().enumerate() {
        if left < *share {
            return (group, rng.below(mutations.len()));
        }
        left -= share;
    }
    (0, 0)
}

/// The mutations after which no network is needed to write the lock, as places in [`GROUPS`].
pub(crate) fn mendable() -> Vec<(usize, usize)> {
    const NAMES: &[&str] = &[
        "input removed",
        "root follows",
        "override follows",
        "override at any depth",
        "follows to anywhere",
        "edge to anywhere",
        "node added to the root's inputs",
        "node renamed",
        "node shared",
        "parent",
        "sub-flake left out of the lock",
        "old format",
        "unknown keys",
    ];
    let places = GROUPS.iter().enumerate().flat_map(|(group, (_, mutations))| {
        mutations.iter().enumerate().map(move |(place, mutation)| ((group, place), mutation.name))
    });
    places.filter(|(_, name)| NAMES.contains(name)).map(|(place, _)| place).collect()
}

/// `[a-zA-Z][a-zA-Z0-9_-]*`
pub(crate) fn is_flake_id(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}
