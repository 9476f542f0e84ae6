//! preflake says before the commit what Nix says only afterwards: which files a flake will not see, where `flake.lock`
//! no longer agrees with `flake.nix`, and which inputs bring a second nixpkgs. Offline and without Nix.
//!
//! The modules in reading order are the way of one run: the command line chooses a view of the repository, git turns
//! it into a snapshot, the snapshot holds flakes, rules look at flakes and return diagnostics, some carry fixes, a
//! reporter prints them.

pub mod cli;

pub mod config;
pub mod git;
pub mod snapshot;
pub mod source;

pub mod flake;
pub mod references;
pub mod rules;

pub mod check;
pub mod diagnostic;
pub mod fix;
pub mod graph;
pub mod since;
pub mod suppress;

pub mod report;
pub mod text;

mod install;
mod run;

pub use run::run;
