//! preflake says before the commit what Nix says only afterwards: which files a flake will not see, where `flake.lock`
//! no longer agrees with `flake.nix`, and which inputs bring a second nixpkgs. Offline and without Nix.
//!
//! Most of it is of use to other tools that read flakes: everything that the command does, it does through the modules
//! below.
//!
//! # Reading flake.lock
//!
//! [`flake::lock::read`] gives the graph as Nix loads it, or the reasons why Nix would not.
//!
//! ```
//! use std::rc::Rc;
//!
//! use preflake::flake::lock::{self, LockGraph};
//! use preflake::flake::{InputAttrPath, LockState};
//! use preflake::snapshot::RepoPath;
//! use preflake::source::SourceFile;
//!
//! let text = r#"{ "nodes": {
//!   "nixpkgs": {
//!     "locked": { "lastModified": 1780000000, "narHash": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
//!       "owner": "NixOS", "repo": "nixpkgs", "rev": "1111111111111111111111111111111111111111", "type": "github" },
//!     "original": { "owner": "NixOS", "repo": "nixpkgs", "type": "github" } },
//!   "root": { "inputs": { "nixpkgs": "nixpkgs" } } }, "root": "root", "version": 7 }"#;
//! let file = SourceFile::new(RepoPath::from("flake.lock"), text.as_bytes().to_vec());
//! let LockState::Valid(lock) = lock::read(Rc::new(file)) else { panic!("Nix would not read it") };
//!
//! let nixpkgs = lock.graph.resolve(&InputAttrPath::of("nixpkgs")).expect("the root has this input");
//! assert_ne!(nixpkgs, LockGraph::ROOT);
//! let source = lock.graph.node(nixpkgs).source.as_ref().expect("every node but the root has one");
//! assert_eq!(source.original.to_string(), "github:NixOS/nixpkgs");
//! assert_eq!(source.locked.get("rev"), Some("1111111111111111111111111111111111111111"));
//! // As Nix would write it.
//! assert!(lock.graph.to_json().starts_with("{\n  \"nodes\": {\n    \"nixpkgs\": {"));
//! ```
//!
//! # Comparing it with flake.nix
//!
//! A [`flake::Flake`] is read from a [`snapshot::Snapshot`]: a view of a git repository ([`git::Repository::snapshot`]),
//! a directory ([`snapshot::directory`]), or files held in memory. [`flake::Flake::comparison`] says what Nix would
//! change, input by input; [`check::check`] runs the rules.
//!
//! ```
//! use preflake::flake::compare::ChangeKind;
//! use preflake::flake::{Flake, LockVerdict};
//! use preflake::snapshot::{FileState, Memory, RepoPath};
//!
//! let nix = r#"{ inputs.systems.url = "github:nix-systems/default"; outputs = _: { }; }"#;
//! let lock = r#"{ "nodes": { "root": {} }, "root": "root", "version": 7 }"#;
//! let snapshot = Memory::new()
//!     .file("flake.nix", nix, FileState::Tracked)
//!     .file("flake.lock", lock, FileState::Tracked)
//!     .snapshot();
//! let flake = Flake::read(&snapshot, &RepoPath::default())?;
//!
//! assert_eq!(flake.lock_verdict(), LockVerdict::Stale);
//! let comparison = flake.comparison.expect("neither file is invalid");
//! let change = &comparison.changes[0];
//! assert_eq!(change.input.to_string(), "systems");
//! assert!(matches!(&change.kind, ChangeKind::Added { reference } if reference.kind() == "github"));
//! # Ok::<(), preflake::snapshot::ReadError>(())
//! ```
//!
//! # Parsing flake references
//!
//! [`flake::flakeref::FlakeRef`] is Nix's own model, attributes and a directory; [`flake::identity::Identity`] says
//! which repository a reference means, through forges, channels and mirrors.
//!
//! ```
//! use preflake::flake::flakeref::FlakeRef;
//! use preflake::flake::identity::Identity;
//!
//! let reference = FlakeRef::parse_url("github:nixos/nixpkgs/nixos-unstable?dir=lib", true)?.reference;
//! assert_eq!(reference.get("ref"), Some("nixos-unstable"));
//! assert_eq!(reference.dir, "lib");
//!
//! let channel = FlakeRef::parse_url("https://channels.nixos.org/nixos-unstable/nixexprs.tar.xz", true)?.reference;
//! let forge = FlakeRef::parse_url("github:nixos/nixpkgs", true)?.reference;
//! assert!(Identity::of(&channel).same_repository(&Identity::of(&forge)));
//! # Ok::<(), preflake::flake::flakeref::RefError>(())
//! ```
//!
//! # How it hangs together
//!
//! The modules in reading order are the way of one run: the command line chooses a view of the repository, git turns
//! it into a snapshot, the snapshot holds flakes, rules look at flakes and return diagnostics, some carry fixes, a
//! reporter prints them.
//!
//! The command and the library share one version. Until 1.0, a minor version may change the library.

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
pub mod merge;
pub mod since;
pub mod suppress;

pub mod report;
pub mod text;

mod install;
mod run;

pub use run::run;
