//! What commits have in common: git's `commit-reach.c` for two of them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::objects::Fault;

type Id = Vec<u8>;

/// When a commit was made, in seconds, and its parents.
pub(super) type Step = (u64, Vec<Id>);

const ONE: u8 = 1;
const OTHER: u8 = 2;
/// It and what comes before it is in common.
const COMMON: u8 = 4;

/// The best common ancestor of two commits, the one committed last where there are several; `None` where there is none.
/// `read` knows the commits.
pub(super) fn merge_base(
    one: &[u8],
    other: &[u8],
    read: &impl Fn(&[u8]) -> Result<Step, Fault>,
) -> Result<Option<Id>, Fault> {
    if one == other {
        return Ok(Some(one.to_vec()));
    }
    let mut bases = paint(one, other, read)?.bases;
    // Where clocks were wrong, one of them may come before another.
    let mut index = 0;
    while bases.len() > 1 && index < bases.len() {
        let mut is_before = false;
        for other in bases.iter().filter(|other| **other != bases[index]) {
            is_before |=
                paint(&bases[index], other, read)?.painted.get(&bases[index]).is_some_and(|by| by & OTHER != 0);
        }
        if is_before {
            bases.remove(index);
        } else {
            index += 1;
        }
    }
    Ok(bases.into_iter().next())
}

struct Painted {
    painted: HashMap<Id, u8>,
    /// The common ancestors that come before no other, as far as dates tell; the last first.
    bases: Vec<Id>,
}

/// Goes back from both sides, the latest commit first, until only what is in common is left.
fn paint(one: &[u8], other: &[u8], read: &impl Fn(&[u8]) -> Result<Step, Fault>) -> Result<Painted, Fault> {
    let mut painted: HashMap<Id, u8> = HashMap::new();
    let mut queue = BinaryHeap::new();
    let mut found: Vec<(u64, Id)> = Vec::new();
    for (id, by) in [(one, ONE), (other, OTHER)] {
        *painted.entry(id.to_vec()).or_default() |= by;
        let (date, parents) = read(id)?;
        queue.push((date, Reverse(queue.len()), id.to_vec(), parents));
    }
    let mut number = queue.len();
    while queue.iter().any(|(_, _, id, _)| painted.get(id).is_none_or(|by| by & COMMON == 0)) {
        let Some((date, _, id, parents)) = queue.pop() else { break };
        let mut by = painted.get(&id).copied().unwrap_or_default();
        if by == ONE | OTHER {
            if !found.iter().any(|(_, known)| *known == id) {
                found.push((date, id));
            }
            by |= COMMON;
        }
        for parent in parents {
            let before = painted.entry(parent.clone()).or_default();
            if *before & by == by {
                continue;
            }
            *before |= by;
            number += 1;
            let (date, parents) = read(&parent)?;
            queue.push((date, Reverse(number), parent, parents));
        }
    }
    found.retain(|(_, id)| painted.get(id).is_some_and(|by| by & COMMON == 0));
    // The order in which they were found stays where dates are the same.
    found.sort_by_key(|(date, _)| Reverse(*date));
    Ok(Painted { painted, bases: found.into_iter().map(|(_, id)| id).collect() })
}
