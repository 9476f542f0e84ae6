//! Nodes of the old lock that stay.

use std::rc::Rc;

use super::{Frame, Walker, Wanted, directory, wanted};
use crate::flake::InputAttrPath;
use crate::flake::compare::ChangeKind;
use crate::flake::lock::{LockEdge, LockGraph, NodeId};
use crate::snapshot::RepoPath;

impl Walker<'_> {
    /// Keeps a node of the old lock; what its flake.nix says is believed or, where an override has gone, read anew.
    pub(super) fn keep(
        &mut self,
        frame: &Frame,
        input: &Wanted,
        path: InputAttrPath,
        graph: &Rc<LockGraph>,
        id: NodeId,
        base: Option<&RepoPath>,
    ) {
        let Some(source) = graph.node(id).source.clone() else { return };
        if !frame.quiet && frame.prefix.is_root() && std::mem::replace(&mut self.seen[id.0], true) {
            self.out.shared.get_or_insert_with(|| path.clone());
        }
        let dir = directory(base, &source.original, &source.locked.dir);
        let node = self.add_node(source);
        self.set_edge(frame.node, &input.name, LockEdge::Node(node));
        let mut refetch = false;
        let mut inputs = Vec::new();
        for (name, edge) in &graph.node(id).inputs {
            let (reference, follows, is_flake) = match edge {
                LockEdge::Node(child) => {
                    let Some(source) = &graph.node(*child).source else { continue };
                    (Some(source.original.clone()), None, source.is_flake)
                }
                LockEdge::Follows(target) => {
                    let target = InputAttrPath([frame.prefix.0.as_slice(), &target.0].concat());
                    let overridden = self.overrides.get(&path).is_some_and(|known| known.contains_key(name));
                    refetch |= !frame.trusted && !overridden;
                    (None, Some(target), true)
                }
            };
            inputs.push(Wanted { name: name.clone(), reference, follows, is_flake });
        }
        let mut inner = Frame {
            inputs,
            node,
            path,
            old: Some((Rc::clone(graph), id)),
            prefix: frame.prefix.clone(),
            trusted: !refetch,
            assumed: frame.assumed.clone(),
            dir,
            creating: frame.creating.clone(),
            quiet: frame.quiet,
        };
        if !refetch {
            // A flake that is not read has no directory: Nix stays in that of the flake it read last.
            inner.dir.clone_from(&frame.dir);
        } else if !self.reread(&mut inner) {
            return;
        }
        self.stack.push(inner);
    }

    /// A kept flake has to be looked into. In our own tree that is done for real; elsewhere its word is
    /// taken for `follows` into its own inputs, and every other one can only come from an override that has gone.
    /// Says whether the walk goes on below.
    fn reread(&mut self, inner: &mut Frame) -> bool {
        if let Some(dir) = inner.dir.clone() {
            let Some(flake) = self.flake(&dir, &inner.path) else { return false };
            self.register(&flake.inputs, &inner.path, Some(&dir));
            inner.inputs = wanted(&flake.inputs, &inner.path);
            return true;
        }
        let trust = inner.assumed.clone().unwrap_or_else(|| inner.path.clone());
        let mut gone = Vec::new();
        for input in &inner.inputs {
            let Some(target) = &input.follows else { continue };
            let overridden = self.overrides.get(&inner.path).is_some_and(|known| known.contains_key(&input.name));
            if !overridden && !target.starts_with(&trust) {
                gone.push((inner.path.child(&input.name), target.clone()));
            }
        }
        for (path, target) in &gone {
            self.change(inner, path.clone(), ChangeKind::FollowsRemoved { target: target.clone() }, true);
        }
        if gone.is_empty() {
            self.out.undecided.push(inner.path.clone());
        } else {
            self.out.unknown.insert(inner.path.clone());
        }
        inner.assumed = Some(trust);
        gone.is_empty()
    }
}
