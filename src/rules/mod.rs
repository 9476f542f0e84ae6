//! The rules: one file and one page each, and one line here.

mod broken_follows;
mod copies;
mod duplicate_input;
mod evidence;
mod flakeness_mismatch;
mod foreign_nixpkgs;
mod implicit_input;
mod impure_path;
mod indirect_input;
mod intent_to_add;
mod invalid_flake;
mod invalid_lock;
mod local_input;
mod lock_hash_conflict;
mod lock_rollback;
mod lock_source_mismatch;
mod missing_follows;
mod missing_import;
mod missing_lock;
mod missing_path;
mod noncanonical_lock;
mod notes;
mod opt_out;
mod outdated_nixpkgs;
mod outputs_mismatch;
mod path_case;
mod stale_follows;
mod stale_lock;
mod submodule_path;
mod unlocked_input;
mod unreachable_lock_node;
mod unstaged;
mod unsupported_branch;
mod untracked_nix_file;
mod untracked_reference;
mod unused_ignore;
mod unused_input;

pub use notes::notes;

use std::cell::OnceCell;

use crate::config::Settings;
use crate::diagnostic::{Diagnostic, Severity};
use crate::flake::Flake;
use crate::references::References;
use crate::snapshot::{RepoPath, Snapshot};

/// How a rule is set: by its own default, then by the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not run.
    Off,
    /// Its findings are warnings.
    Warn,
    /// Its findings are errors (a finding that the rule itself calls a warning stays one).
    Error,
}

/// Whether a rule's findings carry fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixAvailability {
    /// Never.
    None,
    /// Some or all do, and they are safe.
    Safe,
    /// Some or all do, and they change what is built or committed.
    Unsafe,
}

/// A rule: its name, its page, its default, and the function that looks.
pub struct Rule {
    /// Kebab-case; reads after "allow".
    pub name: &'static str,
    /// One line for tables.
    pub summary: &'static str,
    /// The page, Markdown.
    pub docs: &'static str,
    /// The default level.
    pub level: Level,
    /// Whether it fixes.
    pub fix: FixAvailability,
    /// The version that brought it.
    pub since: &'static str,
    /// Looks, and appends what it finds. Sees only its context: no file, no git, no clock.
    pub check: fn(&Context<'_>, &mut Vec<Diagnostic>),
}

impl Rule {
    /// Where its page is on the web, in the state of this version.
    #[must_use]
    pub fn page(&self) -> String {
        let file = self.name.replace('-', "_");
        concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/v", env!("CARGO_PKG_VERSION"), "/src/rules/").to_owned()
            + &file
            + ".md"
    }

    /// The severity of its findings by default.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self.level {
            Level::Error => Severity::Error,
            Level::Warn | Level::Off => Severity::Warning,
        }
    }
}

/// All that a rule may look at.
pub struct Context<'a> {
    /// The files of the view.
    pub snapshot: &'a Snapshot,
    /// The flakes to judge.
    pub flakes: &'a [Flake],
    /// The configuration.
    pub settings: &'a Settings,
    references: OnceCell<References>,
}

impl<'a> Context<'a> {
    /// What rules look at; computes nothing yet.
    #[must_use]
    pub const fn new(snapshot: &'a Snapshot, flakes: &'a [Flake], settings: &'a Settings) -> Self {
        Self { snapshot, flakes, settings, references: OnceCell::new() }
    }

    /// The paths that the Nix files name and the view does not hold, looked for when the first rule asks.
    pub fn references(&self) -> &References {
        self.references.get_or_init(|| References::find(self.snapshot, self.flakes))
    }

    /// Whether there are more such paths than were looked for.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.references.get().is_some_and(|references| references.is_cut)
    }

    /// The Nix files with what may be a suppression, of those that rules have looked through.
    pub fn annotated(&self) -> &[RepoPath] {
        self.references.get().map_or(&[], |references| &references.annotated)
    }
}

/// Every rule, sorted by name.
pub static RULES: &[&Rule] = &[
    &broken_follows::RULE,
    &duplicate_input::RULE,
    &flakeness_mismatch::RULE,
    &foreign_nixpkgs::RULE,
    &implicit_input::RULE,
    &impure_path::RULE,
    &indirect_input::RULE,
    &intent_to_add::RULE,
    &invalid_flake::RULE,
    &invalid_lock::RULE,
    &local_input::RULE,
    &lock_hash_conflict::RULE,
    &lock_rollback::RULE,
    &lock_source_mismatch::RULE,
    &missing_follows::RULE,
    &missing_import::RULE,
    &missing_lock::RULE,
    &missing_path::RULE,
    &noncanonical_lock::RULE,
    &outdated_nixpkgs::RULE,
    &outputs_mismatch::RULE,
    &path_case::RULE,
    &stale_follows::RULE,
    &stale_lock::RULE,
    &submodule_path::RULE,
    &unlocked_input::RULE,
    &unreachable_lock_node::RULE,
    &unsupported_branch::RULE,
    &untracked_nix_file::RULE,
    &untracked_reference::RULE,
    &unused_ignore::RULE,
    &unused_input::RULE,
];

/// The rule of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name).copied()
}
