//! In which way the new lock differs.

use super::{Frame, Walker};
use crate::flake::InputAttrPath;
use crate::flake::compare::ChangeKind;
use crate::flake::flakeref::FlakeRef;
use crate::flake::lock::LockEdge;

impl Walker<'_> {
    pub(super) fn compare_follows(
        &mut self,
        frame: &Frame,
        path: &InputAttrPath,
        old: Option<&LockEdge>,
        target: &InputAttrPath,
    ) {
        let kind = match old {
            Some(LockEdge::Follows(edge)) => {
                let from = InputAttrPath([frame.prefix.0.as_slice(), &edge.0].concat());
                if from == *target {
                    return;
                }
                ChangeKind::FollowsRetargeted { from, to: target.clone() }
            }
            Some(LockEdge::Node(_)) | None => ChangeKind::FollowsAdded { target: target.clone() },
        };
        self.change(frame, path.clone(), kind, false);
    }

    /// Says why a node cannot be kept.
    pub(super) fn report_new(
        &mut self,
        frame: &Frame,
        path: &InputAttrPath,
        reference: &FlakeRef,
        parent: Option<&InputAttrPath>,
    ) {
        let name = path.0.last().map_or("", String::as_str);
        let old_edge = frame.old.as_ref().and_then(|(graph, id)| graph.node(*id).inputs.get(name).map(|e| (graph, e)));
        let kind = match old_edge {
            None => ChangeKind::Added { reference: reference.clone() },
            Some((_, LockEdge::Follows(edge))) => {
                let target = InputAttrPath([frame.prefix.0.as_slice(), &edge.0].concat());
                ChangeKind::FollowsRemoved { target }
            }
            Some((graph, LockEdge::Node(id))) => match &graph.node(*id).source {
                Some(source) if source.original.canonicalize() == reference.canonicalize() => ChangeKind::Reparented,
                Some(source) => ChangeKind::Changed { from: FlakeRef::clone(&source.original), to: reference.clone() },
                None => ChangeKind::Added { reference: reference.clone() },
            },
        };
        self.change(frame, path.clone(), kind, parent.is_none());
    }
}
