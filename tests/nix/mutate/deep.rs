//! Overrides and `follows` at any depth, to anywhere.

use serde_json::{Value as Json, json};

use super::declared::input;
use super::{Mutation, draft, is_flake_id};
use crate::generate::Draft;
use crate::render::Value;
use crate::rng::Rng;
use crate::sources::{any, as_fields, object};

/// Mutations of which only the whole walk shows what comes of them.
pub(super) const DEEP: &[Mutation] = &[
    draft("override at any depth", override_anywhere),
    draft("two overrides of one input", twice),
    draft("follows to anywhere", follow_anything),
    draft("edge to anywhere", edge_to_anything),
    draft("edge of any node removed", forget_anything),
];

/// The path of some node, and its key; `through` says whether it may lead through what follows something.
fn path(draft: &Draft, rng: &mut Rng, most: usize) -> (Vec<String>, String) {
    let mut path = Vec::new();
    let mut key = "root".to_owned();
    for _ in 0..=rng.below(most) {
        let inputs = draft.lock["nodes"][&key]["inputs"].as_object().cloned().unwrap_or_default();
        let nodes: Vec<(&String, &str)> =
            inputs.iter().filter_map(|(name, edge)| Some((name, edge.as_str()?))).collect();
        if nodes.is_empty() {
            break;
        }
        let (name, child) = *rng.pick(&nodes);
        path.push(name.clone());
        child.clone_into(&mut key);
    }
    (path, key)
}

/// A path that `follows` can name: of a node, of something that follows, or of nothing.
fn target(draft: &Draft, rng: &mut Rng) -> Vec<String> {
    let (mut path, key) = path(draft, rng, 4);
    let inputs = draft.lock["nodes"][&key]["inputs"].as_object().cloned().unwrap_or_default();
    if rng.chance(25) && !inputs.is_empty() {
        let names: Vec<&String> = inputs.keys().collect();
        path.push((*rng.pick(&names)).clone());
    }
    if rng.chance(4) {
        path.push("nowhere".to_owned());
    }
    path.retain(|name| is_flake_id(name));
    path
}

/// Where flake.nix declares what becomes of the input at a path.
fn place(path: &[String]) -> Vec<&str> {
    let mut place = Vec::new();
    for (depth, name) in path.iter().enumerate() {
        if depth > 0 {
            place.push("inputs");
        }
        place.push(name.as_str());
    }
    place
}

fn override_anywhere(draft: &mut Draft, rng: &mut Rng) {
    let (mut path, key) = path(draft, rng, 4);
    let children = draft.lock["nodes"][&key]["inputs"].as_object().cloned().unwrap_or_default();
    if path.is_empty() {
        return;
    }
    let names: Vec<&String> = children.keys().collect();
    path.push(if names.is_empty() || rng.chance(8) { "nixpkgs".to_owned() } else { (*rng.pick(&names)).clone() });
    let recorded = children.get(path.last().expect("just pushed")).and_then(Json::as_str);
    let value = match rng.below(10) {
        0 => Value::empty(),
        1 => Value::Set(vec![("flake".to_owned(), Value::Flag(false))]),
        2 => Value::Set(as_fields(&any(rng).original)),
        3 | 4 => match recorded {
            Some(key) => Value::Set(as_fields(&object(&draft.lock["nodes"][key]["original"]))),
            None => Value::empty(),
        },
        _ => {
            let target = target(draft, rng);
            Value::Set(vec![("follows".to_owned(), Value::text(target.join("/")))])
        }
    };
    if draft.flake.inputs.at(&[&path[0]]).is_some() {
        *draft.flake.inputs.entry(&place(&path)) = value;
    }
}

fn twice(draft: &mut Draft, rng: &mut Rng) {
    override_anywhere(draft, rng);
    override_anywhere(draft, rng);
}

fn follow_anything(draft: &mut Draft, rng: &mut Rng) {
    let Some(name) = input(draft, rng) else { return };
    let target = target(draft, rng);
    *draft.flake.inputs.entry(&[&name]) = Value::Set(vec![("follows".to_owned(), Value::text(target.join("/")))]);
}

fn edge_to_anything(draft: &mut Draft, rng: &mut Rng) {
    let (_, key) = path(draft, rng, 4);
    let target = target(draft, rng);
    let name = *rng.pick(&["nixpkgs", "a", "flake-utils", "systems"]);
    draft.lock["nodes"][&key]["inputs"][name] = json!(target);
}

fn forget_anything(draft: &mut Draft, rng: &mut Rng) {
    let (_, key) = path(draft, rng, 4);
    if let Some(inputs) = draft.lock["nodes"][&key]["inputs"].as_object_mut() {
        let names: Vec<String> = inputs.keys().cloned().collect();
        if !names.is_empty() {
            inputs.remove(rng.pick(&names));
        }
    }
}
