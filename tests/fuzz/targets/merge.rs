//! The merge driver: what one side did to an input is in the result, and what both did is there or said.

use std::collections::BTreeSet;
use std::rc::Rc;

use preflake::flake::LockState;
use preflake::flake::lock::{self, LockEdge, LockGraph};
use preflake::git::Markers;
use preflake::merge::{Answer, Request, merge};
use preflake::snapshot::RepoPath;
use preflake::source::SourceFile;

use crate::harness::{Target, run};
use crate::rng::Rng;
use crate::{json, locks, mutate, words};

/// Stands between the three locks of one input.
const DIVIDER: &[u8] = b"\n#- next\n";

#[test]
fn merged_locks() {
    run(Target { name: "merge", make, check: Box::new(merged) }, 300);
}

fn make(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let any = |text: &[u8], rng: &mut Rng| match rng.below(20) {
        0 => json::mutate(text, rng),
        1 => mutate::text(&[text.to_vec()], words::LOCK, rng),
        2 => Vec::new(),
        _ => locks::edit(text, rng),
    };
    let mut base = locks::edit(&rng.pick(corpus).clone(), rng);
    let (ours, theirs) = (any(&base, rng), any(&base, rng));
    if rng.chance(10) {
        base = any(&base, rng);
    }
    [&base, DIVIDER, &ours, DIVIDER, &theirs].concat()
}

fn read(bytes: &[u8]) -> Option<Rc<LockGraph>> {
    if bytes.is_empty() {
        return Some(Rc::new(LockGraph::empty()));
    }
    match lock::read(Rc::new(SourceFile::new(RepoPath::from("flake.lock"), bytes.to_vec()))) {
        LockState::Valid(file) => Some(file.graph),
        _ => None,
    }
}

fn merged(input: &[u8]) -> Result<(), String> {
    let mut parts = split(input).into_iter();
    let [base, ours, theirs] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    for prefer_newer in [false, true] {
        let markers = Markers {
            base: "base".to_owned(),
            ours: "ours".to_owned(),
            theirs: "theirs".to_owned(),
            size: 7,
            style: None,
        };
        let path = RepoPath::from("flake.lock");
        let request = Request { base, ours, theirs, path, markers, prefer_newer };
        let answer = merge(None, &request).map_err(|error| error.to_string())?;
        // Then it is git's own merge, of which nothing more is promised.
        if answer.notes.iter().any(|note| note.contains("line by line")) {
            continue;
        }
        let (Some(base), Some(ours), Some(theirs)) = (read(base), read(ours), read(theirs)) else {
            return Err("a side that is no lock was merged".to_owned());
        };
        nothing_is_lost(&answer, [&base, &ours, &theirs])
            .map_err(|why| format!("{why}\n{:?}\n{}", answer.notes, String::from_utf8_lossy(&answer.bytes)))?;
    }
    Ok(())
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(DIVIDER.len()).position(|window| window == DIVIDER) {
        parts.push(&rest[..at]);
        rest = &rest[at + DIVIDER.len()..];
    }
    parts.push(rest);
    parts
}

/// What stands in the file when in every conflict this side is taken.
fn resolved(bytes: &[u8], ours: bool) -> String {
    let (mut text, mut side) = (String::new(), None);
    for line in String::from_utf8_lossy(bytes).split_inclusive('\n') {
        match line.trim_end() {
            "<<<<<<< ours" => side = Some(true),
            "=======" if side.is_some() => side = Some(false),
            ">>>>>>> theirs" => side = None,
            _ if side.is_none_or(|side| side == ours) => text.push_str(line),
            _ => {}
        }
    }
    text
}

fn nothing_is_lost(answer: &Answer, graphs: [&LockGraph; 3]) -> Result<(), String> {
    let text = |ours| read(resolved(&answer.bytes, ours).as_bytes());
    let (Some(left), Some(right)) = (text(true), text(false)) else { return Err("it is no lock".to_owned()) };
    if answer.is_clean && !left.is_same(&right) {
        return Err("a clean merge has conflicts".to_owned());
    }
    // Both sides as they are, in one conflict: what they make together does not fit.
    if !answer.is_clean && left.is_same(graphs[1]) && right.is_same(graphs[2]) {
        return Ok(());
    }
    let root = |graph: &'_ LockGraph| graph.node(LockGraph::ROOT).inputs.keys().cloned().collect::<BTreeSet<_>>();
    let names = graphs.iter().fold(root(&left), |names, graph| &names | &root(graph));
    for name in names {
        let edge = |graph: &'_ LockGraph| graph.node(LockGraph::ROOT).inputs.get(&name).cloned();
        let [base, ours, theirs] = graphs.map(|graph| Place { graph, edge: edge(graph) });
        let [taken, other] = [&left, &right].map(|graph| Place { graph, edge: edge(graph) });
        let said = answer.notes.iter().any(|note| note.contains(&format!("input `{name}`:")));
        if said && !answer.is_clean && (!same(&taken, &ours, 0) || !same(&other, &theirs, 0)) && !decided(answer, &name)
        {
            return Err(format!("the conflict of `{name}` does not hold both sides"));
        }
        if said {
            continue;
        }
        if !same(&taken, &other, 0) {
            return Err(format!("`{name}` differs without a word"));
        }
        kept(&taken, [&base, &ours, &theirs], 0).map_err(|why| format!("`{name}`: {why}"))?;
    }
    Ok(())
}

/// Whether one of the two updates was taken, by the wish for the later one.
fn decided(answer: &Answer, name: &str) -> bool {
    answer.notes.iter().any(|note| note.starts_with(&format!("input `{name}`: both sides updated it")))
}

/// An input of a graph, or that it has none.
struct Place<'g> {
    graph: &'g LockGraph,
    edge: Option<LockEdge>,
}

impl Place<'_> {
    fn below(&self, name: &str) -> Place<'_> {
        let edge = match &self.edge {
            Some(LockEdge::Node(id)) => self.graph.node(*id).inputs.get(name).cloned(),
            _ => None,
        };
        Place { graph: self.graph, edge }
    }

    fn names(&self) -> BTreeSet<String> {
        match &self.edge {
            Some(LockEdge::Node(id)) => self.graph.node(*id).inputs.keys().map(ToString::to_string).collect(),
            _ => BTreeSet::new(),
        }
    }
}

/// Deeper than this the graphs of the corpus repeat themselves.
const DEEP: usize = 6;

/// Whether two inputs are the same, with all below them.
fn same(a: &Place<'_>, b: &Place<'_>, depth: usize) -> bool {
    match (&a.edge, &b.edge) {
        (Some(LockEdge::Node(first)), Some(LockEdge::Node(second))) => {
            let (first, second) = (a.graph.node(*first), b.graph.node(*second));
            let names = &a.names() | &b.names();
            first.source == second.source
                && (depth > DEEP || names.iter().all(|name| same(&a.below(name), &b.below(name), depth + 1)))
        }
        (first, second) => first == second,
    }
}

/// What a side alone changed is there; what both changed is what one of them has, or put together of both.
fn kept(taken: &Place<'_>, [base, ours, theirs]: [&Place<'_>; 3], depth: usize) -> Result<(), String> {
    for (changed, unchanged) in [(ours, theirs), (theirs, ours)] {
        if same(unchanged, base, 0) {
            return if same(taken, changed, 0) { Ok(()) } else { Err("not what the one side made of it".to_owned()) };
        }
    }
    if same(ours, theirs, 0) {
        return if same(taken, ours, 0) { Ok(()) } else { Err("not what both sides made of it".to_owned()) };
    }
    if depth == 0 && !matches!(taken.edge, Some(LockEdge::Node(_))) {
        return Err("both changed it, and one is gone without a word".to_owned());
    }
    match &taken.edge {
        // Below an input that one side moved, what the other lets follow follows.
        Some(LockEdge::Follows(_)) if taken.edge == ours.edge || taken.edge == theirs.edge => Ok(()),
        Some(LockEdge::Node(id)) if depth < DEEP => {
            let source = |place: &Place<'_>| match &place.edge {
                Some(LockEdge::Node(id)) => place.graph.node(*id).source.clone(),
                _ => None,
            };
            let now = taken.graph.node(*id).source.clone();
            let [was, ours_now, theirs_now] = [source(base), source(ours), source(theirs)];
            let wanted = if ours_now == was { theirs_now } else { ours_now };
            if now != wanted {
                return Err("its source is neither side's".to_owned());
            }
            let names = [base, ours, theirs].iter().fold(taken.names(), |names, place| &names | &place.names());
            names.iter().try_for_each(|name| {
                let sides = [base.below(name), ours.below(name), theirs.below(name)];
                kept(&taken.below(name), [&sides[0], &sides[1], &sides[2]], depth + 1)
            })
        }
        _ => Err("neither side's".to_owned()),
    }
}
