//! The merge of two sides of a flake.lock as a git merge driver does it: by root input, without the network, checked
//! against the merged flake.nix where that can be known, and else git's ordinary conflict.
//!
//! Nothing that a side did is lost without a word: what both changed, each its own way, is a conflict, unless flake.nix
//! asks for one of the two, and then the result says so.

mod commits;
mod declared;

use std::collections::BTreeMap;
use std::rc::Rc;

use self::declared::{Declared, Judged};
use crate::flake::flakeref::Attr;
use crate::flake::lock::{self, LockEdge, LockGraph, LockedSource};
use crate::flake::merge::{Locks, Side, TooLarge};
use crate::flake::{InputName, LockState};
use crate::git::{GitError, Markers, MergedText, Repository, merge_text};
use crate::snapshot::RepoPath;
use crate::source::SourceFile;
use crate::text::date;

/// Larger files are merged as text: no lock is.
const MAX_SIZE: usize = 64 << 20;

/// What a lock and its nodes may hold; what we do not know would be lost.
const KNOWN_AT_THE_TOP: &[&str] = &["nodes", "root", "version"];
const KNOWN_IN_A_NODE: &[&str] = &["flake", "info", "inputs", "locked", "original", "parent"];

/// What is to be merged.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The common ancestor; empty where there is none.
    pub base: &'a [u8],
    /// The side that is merged into.
    pub ours: &'a [u8],
    /// The side that is merged.
    pub theirs: &'a [u8],
    /// Where the file belongs.
    pub path: RepoPath,
    /// How conflicts are marked.
    pub markers: Markers,
    /// Whether of two updates of one input the later is taken.
    pub prefer_newer: bool,
}

/// What came of a merge.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The file.
    pub bytes: Vec<u8>,
    /// Whether it is merged; otherwise it holds conflict markers.
    pub is_clean: bool,
    /// What the user should know, one line each.
    pub notes: Vec<String>,
}

/// Merges.
///
/// # Errors
/// When not even a conflict can be written.
pub fn merge(repository: Option<&Repository>, request: &Request<'_>) -> Result<Answer, GitError> {
    // Where there is no ancestor, git gives an empty file.
    let base =
        if request.base.is_empty() { Some(Rc::new(LockGraph::empty())) } else { read(request.base, &request.path) };
    let sides = [request.ours, request.theirs].map(|bytes| read(bytes, &request.path));
    let (Some(base), [Some(ours), Some(theirs)]) = (&base, &sides) else {
        return as_text(request, "a side is no lock that Nix reads; merged line by line");
    };
    let locks = Locks { base, ours, theirs };
    let declared = repository.and_then(|repository| Declared::find(repository, request, locks));
    let mut notes = Vec::new();
    let Ok(mut chosen) = settle(locks, declared.as_ref(), request, &mut notes) else {
        return as_text(request, "the locks are too large; merged line by line");
    };
    let Ok(merged) = locks.merge(&chosen) else {
        return as_text(request, "the locks are too large; merged line by line");
    };
    if !merged.conflicts.is_empty() {
        return conflict(request, locks, &mut chosen, &merged.conflicts, notes);
    }
    match declared::judge(declared.as_ref(), locks, &merged.graph) {
        Judged::Fits => Ok(Answer { bytes: merged.graph.to_json().into_bytes(), is_clean: true, notes }),
        Judged::Mended(graph) => Ok(Answer { bytes: graph.to_json().into_bytes(), is_clean: true, notes }),
        Judged::Worse(why) => as_conflict(request, why),
    }
}

/// Reads a side; `None` where it is no lock, or holds what we do not know and would lose.
fn read(bytes: &[u8], path: &RepoPath) -> Option<Rc<LockGraph>> {
    let knows = |value: &serde_json::Value, fields: &[&str]| {
        value.as_object().is_some_and(|object| object.keys().all(|key| fields.contains(&key.as_str())))
    };
    if bytes.len() > MAX_SIZE {
        return None;
    }
    let LockState::Valid(lock) = lock::read(Rc::new(SourceFile::new(path.clone(), bytes.to_vec()))) else {
        return None;
    };
    let json: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let mut nodes = json.get("nodes")?.as_object()?.values();
    (knows(&json, KNOWN_AT_THE_TOP) && nodes.all(|node| knows(node, KNOWN_IN_A_NODE))).then_some(lock.graph)
}

/// Decides about inputs that both sides changed: for the one that flake.nix asks for or, where that is wanted, for the
/// later of two updates.
fn settle(
    locks: Locks<'_>,
    declared: Option<&Declared>,
    request: &Request<'_>,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<InputName, Side>, TooLarge> {
    let mut chosen = BTreeMap::new();
    let conflicts = locks.merge(&chosen)?.conflicts;
    let all = |side| conflicts.iter().map(|name| (name.clone(), side)).collect::<BTreeMap<_, _>>();
    let (ours, theirs) = (locks.merge(&all(Side::Ours))?.graph, locks.merge(&all(Side::Theirs))?.graph);
    let unfit = declared.map(|declared| [declared.unfit(&ours), declared.unfit(&theirs)]);
    for name in &conflicts {
        let asked = unfit.as_ref().and_then(|[ours, theirs]| match (ours.contains(name), theirs.contains(name)) {
            (false, true) => Some(Side::Ours),
            (true, false) => Some(Side::Theirs),
            _ => None,
        });
        if let Some(side) = asked {
            notes.push(format!("input `{name}`: both sides changed it, flake.nix asks for {}", side.as_str()));
            chosen.insert(name.clone(), side);
        } else if request.prefer_newer
            && let Some(side) = newer(locks, name)
        {
            notes.push(format!("input `{name}`: both sides updated it, {} is newer", side.as_str()));
            chosen.insert(name.clone(), side);
        }
    }
    Ok(chosen)
}

/// The side with the later of two revisions of one reference.
fn newer(locks: Locks<'_>, name: &str) -> Option<Side> {
    let source = |graph: &LockGraph| -> Option<Rc<LockedSource>> {
        let LockEdge::Node(id) = graph.node(LockGraph::ROOT).inputs.get(name)? else { return None };
        graph.node(*id).source.clone()
    };
    let (ours, theirs) = (source(locks.ours)?, source(locks.theirs)?);
    let modified = |source: &LockedSource| match source.locked.attrs.get("lastModified") {
        Some(Attr::Integer(seconds)) => Some(*seconds),
        _ => None,
    };
    let (left, right) = (modified(&ours)?, modified(&theirs)?);
    let comparable = ours.original.canonicalize() == theirs.original.canonicalize() && left != right;
    comparable.then_some(if left > right { Side::Ours } else { Side::Theirs })
}

/// The merged file with markers around what is in conflict and nothing else.
fn conflict(
    request: &Request<'_>,
    locks: Locks<'_>,
    chosen: &mut BTreeMap<InputName, Side>,
    conflicts: &[InputName],
    mut notes: Vec<String>,
) -> Result<Answer, GitError> {
    let mut with = |side: Side| {
        chosen.extend(conflicts.iter().map(|name| (name.clone(), side)));
        locks.merge(chosen).map(|merged| merged.graph.to_json())
    };
    let (Ok(ours), Ok(theirs)) = (with(Side::Ours), with(Side::Theirs)) else {
        return as_text(request, "the locks are too large; merged line by line");
    };
    for name in conflicts {
        notes.push(format!("input `{name}`: both sides changed it, {}", apart(locks, name)));
    }
    notes.push(advice(conflicts));
    let bytes = two_way(request, ours.as_bytes(), theirs.as_bytes())?.bytes;
    Ok(Answer { bytes, is_clean: false, notes })
}

/// What each side made of an input.
fn apart(locks: Locks<'_>, name: &str) -> String {
    let [ours, theirs] = [locks.ours, locks.theirs].map(|graph| match graph.node(LockGraph::ROOT).inputs.get(name) {
        None => "removes it".to_owned(),
        Some(LockEdge::Follows(target)) => format!("lets it follow `{target}`"),
        Some(LockEdge::Node(id)) => format!("has {}", graph.node(*id).source.as_deref().map(state).unwrap_or_default()),
    });
    if ours == theirs { "each its own way".to_owned() } else { format!("ours {ours}, theirs {theirs}") }
}

/// What is locked, as short as it is told apart.
fn state(source: &LockedSource) -> String {
    let Some(rev) = source.locked.get("rev") else { return source.locked.to_string() };
    let rev: String = rev.chars().take(7).collect();
    match source.locked.attrs.get("lastModified") {
        Some(Attr::Integer(seconds)) => format!("{rev} of {}", date(*seconds)),
        _ => rev,
    }
}

/// What to do about conflicts. To take a whole file, as `git checkout --ours` does, would lose what is merged.
fn advice(conflicts: &[InputName]) -> String {
    let update = match conflicts {
        [name] => format!("`nix flake update {name}`"),
        _ => "`nix flake update NAME`".to_owned(),
    };
    format!("keep one side between the markers, then run `git add`; {update} has the latest")
}

/// Every difference of two texts as a conflict. A three-way merge would take some lines from one side and some from the
/// other, of what belongs together.
fn two_way(request: &Request<'_>, ours: &[u8], theirs: &[u8]) -> Result<MergedText, GitError> {
    // A style that shows the ancestor has nothing to show, and puts the whole file between the markers.
    let markers = Markers { style: None, ..request.markers.clone() };
    merge_text(&[], ours, theirs, &markers)
}

/// What git does without a driver.
fn as_text(request: &Request<'_>, why: &str) -> Result<Answer, GitError> {
    let merged = merge_text(request.base, request.ours, request.theirs, &request.markers)?;
    Ok(Answer { bytes: merged.bytes, is_clean: merged.is_clean, notes: vec![why.to_owned()] })
}

/// A conflict between the whole files: what is merged line by line, or input by input, does not agree with flake.nix.
fn as_conflict(request: &Request<'_>, why: String) -> Result<Answer, GitError> {
    let bytes = two_way(request, request.ours, request.theirs)?.bytes;
    Ok(Answer { bytes, is_clean: false, notes: vec![why] })
}
