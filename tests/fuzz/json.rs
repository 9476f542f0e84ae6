//! Mutations of JSON as values: what is not JSON any more ends in the reader; this goes behind it.

use serde_json::{Value, json};

use crate::rng::Rng;

/// Mutates a text's values; a text that is no JSON stays.
pub(crate) fn mutate(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else { return text.to_vec() };
    for _ in 0..=rng.below(4) {
        let parts = count(&value);
        let donor = nth(&mut value, &mut rng.below(parts)).map(|part| part.clone()).unwrap_or_default();
        if let Some(part) = nth(&mut value, &mut rng.below(parts)) {
            change(part, donor, rng);
        }
    }
    let written = if rng.chance(50) { serde_json::to_vec(&value) } else { serde_json::to_vec_pretty(&value) };
    written.expect("a value can be written")
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// The part of this number, counted from the outermost.
fn nth<'a>(value: &'a mut Value, number: &mut usize) -> Option<&'a mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, number)),
        Value::Object(members) => members.values_mut().find_map(|item| nth(item, number)),
        _ => None,
    }
}

fn change(part: &mut Value, donor: Value, rng: &mut Rng) {
    let keys =
        ["inputs", "locked", "original", "flake", "rev", "type", "url", "narHash", "dir", "parent", "root", "n1"];
    match (rng.below(6), part) {
        (0, part) => *part = donor,
        (1, part) => {
            let odd = [json!(null), json!(true), json!(0), json!(-1), json!(7), json!(u64::MAX), json!(1e300)];
            *part = rng.pick(&odd).clone();
        }
        (2, part) => *part = rng.pick(&[json!({}), json!([]), json!(""), json!("root"), json!(["n1", "n2"])]).clone(),
        (3, Value::Object(members)) => {
            members.insert((*rng.pick(&keys)).to_owned(), donor);
        }
        (4, Value::Object(members)) if !members.is_empty() => {
            let key = members.keys().nth(rng.below(members.len())).cloned().unwrap_or_default();
            let value = members.remove(&key).unwrap_or_default();
            if rng.chance(50) {
                members.insert((*rng.pick(&keys)).to_owned(), value);
            }
        }
        (_, Value::Array(items)) => items.push(donor),
        (_, part) => *part = Value::String((*rng.pick(&keys)).to_owned()),
    }
}
