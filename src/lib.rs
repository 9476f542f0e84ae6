//! preflake says before the commit what Nix says only afterwards: which files a flake will not see, where `flake.lock`
//! no longer agrees with `flake.nix`, and which inputs bring a second nixpkgs. Offline and without Nix.
//!
//! The modules in reading order are the way of one run: the command line chooses a view of the repository, git turns
//! it into a snapshot, the snapshot holds flakes, rules look at flakes and return diagnostics, some carry fixes, a
//! reporter prints them.

pub mod config;
pub mod diagnostic;
pub mod flake;
pub mod git;
pub mod references;
pub mod rules;
pub mod snapshot;
pub mod source;
