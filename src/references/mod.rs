//! Which paths a flake's Nix files name, and whether the view holds them.

pub mod advice;
mod tree;

pub use tree::{FlakeTrees, name as flake_name};
