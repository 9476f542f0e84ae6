//! What a node of a lock stands for.

use std::cell::OnceCell;
use std::rc::Rc;

use super::super::InputAttrPath;
use super::super::flakeref::FlakeRef;
use super::super::identity::Identity;

/// What a node that is not the root stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedSource {
    /// What flake.nix asked for.
    pub original: Rc<FlakeRef>,
    /// What Nix fetched.
    pub locked: FlakeRef,
    /// False for `flake = false`.
    pub is_flake: bool,
    /// For a relative path: the input path of the flake that declares it.
    pub parent: Option<InputAttrPath>,
    meaning: Meaning,
}

impl LockedSource {
    /// What was asked for and what was fetched, together.
    #[must_use]
    pub const fn new(original: Rc<FlakeRef>, locked: FlakeRef, is_flake: bool, parent: Option<InputAttrPath>) -> Self {
        Self { original, locked, is_flake, parent, meaning: Meaning(OnceCell::new()) }
    }

    /// Which repository it is: [`Identity::of_node`] of both references, computed once.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.meaning.0.get_or_init(|| Identity::of_node(&self.original, &self.locked))
    }
}

/// An identity that is known once somebody has asked. It follows from the references, so that two sources with the same
/// ones are the same whether or not somebody has.
#[derive(Clone, Debug)]
struct Meaning(OnceCell<Identity>);

impl PartialEq for Meaning {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Meaning {}
