//! What a flake.nix says about inputs of its inputs.

use std::rc::Rc;

use super::Walker;
use crate::flake::InputAttrPath;
use crate::flake::flakeref::FlakeRef;
use crate::flake::nix::FlakeInput;
use crate::snapshot::RepoPath;

/// What a flake.nix further up says about an input.
pub(super) struct Override {
    pub(super) reference: Option<Rc<FlakeRef>>,
    pub(super) follows: Option<InputAttrPath>,
    /// The flake that says so: its path, and its directory where it lies in our tree.
    pub(super) declared_by: InputAttrPath,
    pub(super) dir: Option<RepoPath>,
}

impl Walker<'_> {
    /// Registers the overrides that the inputs of the flake at `declared_by` carry; what is there already stays.
    pub(super) fn register(&mut self, inputs: &[FlakeInput], declared_by: &InputAttrPath, dir: Option<&RepoPath>) {
        let mut pending: Vec<(InputAttrPath, &FlakeInput)> =
            inputs.iter().map(|input| (declared_by.child(&input.name), input)).collect();
        while let Some((path, input)) = pending.pop() {
            for inner in &input.overrides {
                pending.push((path.child(&inner.name), inner));
                if inner.reference.is_none() && inner.follows.is_none() {
                    continue;
                }
                let absolute = |target: &InputAttrPath| InputAttrPath([declared_by.0.as_slice(), &target.0].concat());
                let new = Override {
                    reference: inner.reference.as_ref().map(|reference| Rc::new(reference.value.clone())),
                    follows: inner.follows.as_ref().map(|follows| absolute(&follows.value)),
                    declared_by: declared_by.clone(),
                    dir: dir.cloned(),
                };
                self.overrides.entry(path.clone()).or_default().entry(inner.name.clone()).or_insert(new);
            }
        }
    }
}
