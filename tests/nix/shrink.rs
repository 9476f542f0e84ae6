//! Makes a disagreement small: leaves out mutations, then root inputs, then odd spellings, while it lasts.

use crate::case::Plan;
use crate::generate::base;

/// The smallest plan that can be reached for which `still` holds.
pub(crate) fn shrink(plan: &Plan, still: impl Fn(&Plan) -> bool) -> Plan {
    let mut smallest = plan.clone();
    let mut number = 0;
    while number < smallest.mutations.len() {
        let mut fewer = smallest.clone();
        fewer.mutations.remove(number);
        if still(&fewer) {
            smallest = fewer;
        } else {
            number += 1;
        }
    }
    let names: Vec<String> = base(plan.seed, &[]).flake.inputs.fields().iter().map(|(name, _)| name.clone()).collect();
    for name in names {
        let mut fewer = smallest.clone();
        fewer.dropped.push(name);
        if still(&fewer) {
            smallest = fewer;
        }
    }
    let simple = Plan { plain: true, ..smallest.clone() };
    if still(&simple) { simple } else { smallest }
}
