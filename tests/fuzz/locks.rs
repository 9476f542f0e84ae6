//! Edits of a lock as a person's commands make them: an input updated, added, removed, let follow, moved.

use serde_json::{Map, Value, json};

use crate::rng::Rng;

/// Makes a few edits; what is no lock stays as it is.
pub(crate) fn edit(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let Ok(mut lock) = serde_json::from_slice::<Value>(text) else { return text.to_vec() };
    for _ in 0..rng.below(4) {
        once(&mut lock, rng);
    }
    serde_json::to_vec_pretty(&lock).expect("a value can be written")
}

const NAMES: &[&str] = &["n1", "n2", "nixpkgs", "home-manager", "x", "y", "z"];

fn once(lock: &mut Value, rng: &mut Rng) -> Option<()> {
    let root = lock.get("root")?.as_str()?.to_owned();
    let nodes = lock.get_mut("nodes")?.as_object_mut()?;
    let keys: Vec<String> = nodes.keys().cloned().collect();
    let key = rng.pick(&keys).clone();
    match rng.below(8) {
        // Updated: another revision, now and then one that somebody else has too.
        0..=2 => {
            let locked = nodes.get_mut(&key)?.get_mut("locked")?.as_object_mut()?;
            let number = rng.below(5);
            locked.insert("rev".to_owned(), json!(format!("{number:040}")));
            locked.insert("lastModified".to_owned(), json!(number));
        }
        3 => {
            let name = free(nodes, rng);
            nodes.insert(name.clone(), node(rng));
            let into = if rng.chance(60) { &root } else { &key };
            inputs(nodes, into)?.insert((*rng.pick(NAMES)).to_owned(), json!(name));
        }
        4 => {
            let into = if rng.chance(60) { &root } else { &key };
            let inputs = inputs(nodes, into)?;
            let name = inputs.keys().nth(rng.below(inputs.len()))?.clone();
            inputs.remove(&name);
        }
        5 => {
            let target: Vec<&str> = (0..rng.below(3)).map(|_| *rng.pick(NAMES)).collect();
            let inputs = inputs(nodes, &key)?;
            let name = inputs.keys().nth(rng.below(inputs.len()))?.clone();
            inputs.insert(name, json!(target));
        }
        6 => {
            let target = rng.pick(&keys).clone();
            inputs(nodes, &key)?.insert((*rng.pick(NAMES)).to_owned(), json!(target));
        }
        _ => {
            let original = nodes.get_mut(&key)?.get_mut("original")?.as_object_mut()?;
            original.insert("ref".to_owned(), json!(format!("b{}", rng.below(3))));
        }
    }
    Some(())
}

fn inputs<'a>(nodes: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    let node = nodes.get_mut(key)?.as_object_mut()?;
    node.entry("inputs").or_insert_with(|| json!({})).as_object_mut()
}

fn free(nodes: &Map<String, Value>, rng: &mut Rng) -> String {
    let mut name = (*rng.pick(NAMES)).to_owned();
    while nodes.contains_key(&name) {
        name.push_str("_2");
    }
    name
}

fn node(rng: &mut Rng) -> Value {
    let repository = *rng.pick(NAMES);
    let source = json!({ "type": "github", "owner": "o", "repo": repository });
    let mut locked = source.clone();
    locked["rev"] = json!(format!("{:040}", rng.below(3)));
    locked["narHash"] = json!("sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    locked["lastModified"] = json!(rng.below(3));
    json!({ "locked": locked, "original": source })
}
