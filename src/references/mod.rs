//! Which paths a flake's Nix files name, and whether the view holds them.

pub mod advice;
mod tree;

pub use tree::{FlakeTrees, name as flake_name};

use crate::flake::Flake;
use crate::snapshot::Snapshot;

/// The paths that the flakes' Nix files name and the view does not hold.
#[derive(Debug, Default)]
pub struct References {}

impl References {
    /// Looks through every Nix file that belongs to one of the flakes.
    #[must_use]
    pub fn find(snapshot: &Snapshot, flakes: &[Flake]) -> Self {
        let _ = (snapshot, flakes);
        Self::default()
    }
}
