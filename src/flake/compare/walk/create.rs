//! Inputs that the old lock does not have.

use std::rc::Rc;

use super::{Frame, Walker, Wanted, directory, wanted};
use crate::flake::compare::InputError;
use crate::flake::flakeref::FlakeRef;
use crate::flake::lock::{self, LockEdge, LockGraph, LockedSource};
use crate::flake::{InputAttrPath, LockState};
use crate::snapshot::RepoPath;

impl Walker<'_> {
    /// Locks an input that the old lock does not have: possible without fetching only for relative paths.
    pub(super) fn create(
        &mut self,
        frame: &Frame,
        input: &Wanted,
        path: InputAttrPath,
        reference: Rc<FlakeRef>,
        parent: Option<InputAttrPath>,
        base: Option<&RepoPath>,
    ) {
        let relative = parent.is_some();
        let dir = directory(base, &reference, &reference.dir);
        let locked = FlakeRef::clone(&reference);
        let asked = Rc::clone(&reference);
        let source = LockedSource::new(reference, locked, input.is_flake, parent);
        let node = self.add_node(Rc::new(source));
        self.set_edge(frame.node, &input.name, LockEdge::Node(node));
        let Some(dir) = dir.filter(|_| relative) else {
            if relative && base.is_some() {
                let message = "its path leads out of the flake's tree".to_owned();
                self.out.input_errors.push(InputError { input: path.clone(), message });
            }
            self.out.unknown.insert(path);
            return;
        };
        if let Err(error) = asked.check_pin() {
            self.out.input_errors.push(InputError { input: path, message: error.0 });
            return;
        }
        if !input.is_flake {
            return;
        }
        // Nix compares what is written: the same words may mean another directory, and other words the same one.
        if frame.creating.contains(&asked) {
            let message = format!("circular import of flake `{asked}`");
            self.out.input_errors.push(InputError { input: path, message });
            return;
        }
        let Some(flake) = self.flake(&dir, &path) else { return };
        let old = match lock::read_beside(self.snapshot, &dir.child("flake.lock")) {
            LockState::Missing => None,
            LockState::Valid(lock) => Some((lock.graph, LockGraph::ROOT)),
            LockState::Invalid { .. } => {
                let message = format!("its `{}` is invalid", dir.child("flake.lock"));
                self.out.input_errors.push(InputError { input: path, message });
                return;
            }
        };
        self.register(&flake.inputs, &path, Some(&dir));
        let mut creating = frame.creating.clone();
        creating.push(asked);
        self.stack.push(Frame {
            inputs: wanted(&flake.inputs, &path),
            node,
            prefix: path.clone(),
            path,
            old,
            trusted: false,
            assumed: None,
            dir: Some(dir),
            creating,
            quiet: true,
        });
    }
}
