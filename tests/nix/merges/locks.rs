//! Locks as trees of inputs, without the names of nodes: read and compared by code that the driver does not share.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

/// A root input, as four locks have it.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) base: Option<Json>,
    pub(super) ours: Option<Json>,
    pub(super) theirs: Option<Json>,
    pub(super) merged: Option<Json>,
}

/// Where a merged input comes from.
#[derive(Debug, PartialEq)]
pub(super) enum Origin {
    /// From the side that changed it, or from both.
    Clean,
    /// Both sides changed it; each part of it comes from the side that changed that part.
    Nested,
    /// Both sides changed it, and it is as one of them has it.
    Decided,
    /// From nowhere.
    Lost,
}

/// All root inputs of four locks.
pub(super) fn roots(locks: [&Json; 4]) -> Vec<Input> {
    let inputs = locks.map(|lock| lock["nodes"]["root"]["inputs"].as_object());
    let names: BTreeSet<&String> = inputs.iter().flatten().flat_map(|inputs| inputs.keys()).collect();
    let input = |name: &String| {
        let [base, ours, theirs, merged] =
            locks.map(|lock| lock["nodes"]["root"]["inputs"].get(name).map(|edge| tree(lock, edge)));
        Input { name: name.clone(), base, ours, theirs, merged }
    };
    names.into_iter().map(input).collect()
}

/// An input with everything below it.
pub(super) fn tree(lock: &Json, edge: &Json) -> Json {
    let Some(key) = edge.as_str() else { return edge.clone() };
    let node = &lock["nodes"][key];
    let source = json!({
        "locked": node["locked"], "original": node["original"], "flake": node["flake"], "parent": node["parent"],
    });
    let inputs = node["inputs"].as_object().into_iter().flatten();
    let inputs: serde_json::Map<String, Json> = inputs.map(|(name, edge)| (name.clone(), tree(lock, edge))).collect();
    json!({ "source": source, "inputs": inputs })
}

/// Where a root input comes from.
pub(super) fn origin(input: &Input) -> Origin {
    let Input { base, ours, theirs, merged, .. } = input;
    let [base, ours, theirs, merged] = [base, ours, theirs, merged].map(Option::as_ref);
    if is_clean(base, ours, theirs, merged) {
        Origin::Clean
    } else if is_nested(base, ours, theirs, merged) {
        Origin::Nested
    } else if merged == ours || merged == theirs {
        Origin::Decided
    } else {
        Origin::Lost
    }
}

type Part<'a> = Option<&'a Json>;

fn is_clean(base: Part<'_>, ours: Part<'_>, theirs: Part<'_>, merged: Part<'_>) -> bool {
    if ours == theirs || base == theirs { merged == ours } else { base == ours && merged == theirs }
}

/// Whether source and inputs, taken for themselves, come each from the side that changed it. Below an input that one
/// side moved to another revision, inputs that the other follows may be gone with it.
fn is_nested(base: Part<'_>, ours: Part<'_>, theirs: Part<'_>, merged: Part<'_>) -> bool {
    if is_clean(base, ours, theirs, merged) {
        return true;
    }
    let follows = |part: Part<'_>| part.is_some_and(Json::is_array);
    if follows(merged) && (merged == ours || merged == theirs) {
        // A target to follow against another revision of what it replaces.
        return !(follows(ours) && follows(theirs));
    }
    let (Some(ours), Some(theirs), Some(merged)) = (ours, theirs, merged) else { return false };
    if ![ours, theirs, merged].iter().all(|part| part.is_object()) {
        return false;
    }
    let nothing = Json::Null;
    let base = base.unwrap_or(&nothing);
    let names = [ours, theirs, merged].into_iter().filter_map(|part| part["inputs"].as_object()).flatten();
    let names: BTreeSet<&String> = names.map(|(name, _)| name).collect();
    is_clean(Some(&base["source"]), Some(&ours["source"]), Some(&theirs["source"]), Some(&merged["source"]))
        && names.into_iter().all(|name| {
            let [base, ours, theirs, merged] = [base, ours, theirs, merged].map(|part| part["inputs"].get(name));
            is_nested(base, ours, theirs, merged)
        })
}
