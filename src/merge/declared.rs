//! What the merged flake.nix asks of the merged lock.
//!
//! While a driver runs, git has not merged flake.nix yet; so it is merged here from the commits of the three locks, as
//! git will merge it. Where that gives a conflict, or a commit cannot be told, only the locks are left to go by.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::Request;
use super::commits::Commits;
use crate::flake::InputName;
use crate::flake::compare::{self, ChangeKind, Comparison, FollowsError};
use crate::flake::lock::LockGraph;
use crate::flake::merge::Locks;
use crate::flake::nix::{self, FlakeInput, FlakeNix};
use crate::git::{Repository, ViewChoice, merge_text};
use crate::snapshot::{FileState, Memory, RepoPath, Snapshot};
use crate::source::SourceFile;

/// Files by path: those that locks are made from.
type Files = BTreeMap<RepoPath, Vec<u8>>;

/// The merged flake.nix.
pub(super) struct Declared {
    merged: Side,
    /// What was wrong on either side before.
    known: [Comparison; 2],
}

/// One flake.nix, with what it may refer to.
struct Side {
    nix: FlakeNix,
    dir: RepoPath,
    files: Snapshot,
}

/// What comes of comparing the merged lock with the merged flake.nix.
pub(super) enum Judged {
    /// They agree, or no less than they did.
    Fits,
    /// They do once this is written, for which nothing has to be fetched.
    Mended(LockGraph),
    /// The merge has broken something.
    Worse(String),
}

impl Declared {
    /// Finds and merges the flake.nix files that belong to the locks.
    pub(super) fn find(repository: &Repository, request: &Request<'_>, locks: Locks<'_>) -> Option<Self> {
        let commits = Commits::find(repository, request)?;
        let path = request.path.parent().child("flake.nix");
        let one = |id: &str| -> Option<Files> { Some(Files::from([(path.clone(), repository.file_at(id, &path)?.1)])) };
        let base = |read: &dyn Fn(&str) -> Option<Files>| match &commits.base {
            Some(id) => read(id).or_else(|| Some(Files::new())),
            None => Some(Files::new()),
        };
        let alone = [base(&one)?, one(&commits.ours)?, one(&commits.theirs)?];
        // Flakes in the same tree are read with the rest only where there is one.
        let relative = alone.iter().flat_map(BTreeMap::values).any(|text| has_relative(&read(&path, text).inputs));
        let whole = |id: &str| flakes(repository, id, &request.path);
        let trees = if relative { [base(&whole)?, whole(&commits.ours)?, whole(&commits.theirs)?] } else { alone };
        let merged = Side::of(merge_files(&trees, request)?, &path)?;
        let [_, ours, theirs] = trees;
        let known = [Side::of(ours, &path)?.compare(locks.ours), Side::of(theirs, &path)?.compare(locks.theirs)];
        (!merged.nix.is_invalid()).then_some(Self { merged, known })
    }

    /// The root inputs of a lock that are not what flake.nix asks for.
    pub(super) fn unfit(&self, graph: &LockGraph) -> BTreeSet<InputName> {
        let changes = self.merged.compare(graph).changes.into_iter();
        let root = changes.filter(|change| change.input.0.len() == 1 && change.kind != ChangeKind::Shared);
        root.flat_map(|change| change.input.0).collect()
    }

    fn judge(&self, graph: &LockGraph) -> Judged {
        let found = self.merged.compare(graph);
        let [ours, theirs] = &self.known;
        let change =
            found.changes.iter().find(|change| !ours.changes.contains(change) && !theirs.changes.contains(change));
        let follows = found
            .follows_errors
            .iter()
            .find(|e| !ours.follows_errors.contains(e) && !theirs.follows_errors.contains(e));
        let input =
            found.input_errors.iter().find(|e| !ours.input_errors.contains(e) && !theirs.input_errors.contains(e));
        let broken = follows.map(FollowsError::input).or(input.map(|error| &error.input));
        // What was wrong before is not the merge's to mend.
        let Some(input) = broken.or(change.map(|change| &change.input)) else { return Judged::Fits };
        match found.new_graph {
            Some(graph) => Judged::Mended(graph),
            None => {
                Judged::Worse(format!("input `{input}`: the merged lock would not agree with the merged flake.nix"))
            }
        }
    }
}

/// Compares the merged lock with the merged flake.nix or, where that is not known, with itself.
pub(super) fn judge(declared: Option<&Declared>, locks: Locks<'_>, graph: &LockGraph) -> Judged {
    if let Some(declared) = declared {
        return declared.judge(graph);
    }
    let known = [locks.ours, locks.theirs].map(compare::follows_errors);
    let broken =
        compare::follows_errors(graph).into_iter().find(|error| !known.iter().any(|known| known.contains(error)));
    broken.map_or(Judged::Fits, |error| {
        Judged::Worse(format!("input `{}`: what it follows is not in the merged lock", error.input()))
    })
}

impl Side {
    fn of(files: Files, path: &RepoPath) -> Option<Self> {
        let nix = read(path, files.get(path)?);
        let mut memory = Memory::new();
        for (path, bytes) in files {
            let text = String::from_utf8(bytes).ok()?;
            memory = memory.file(std::str::from_utf8(path.as_bytes()).ok()?, &text, FileState::Tracked);
        }
        Some(Self { nix, dir: path.parent(), files: memory.snapshot() })
    }

    fn compare(&self, graph: &LockGraph) -> Comparison {
        compare::compare_graph(&self.files, &self.dir, &self.nix, &Rc::new(graph.clone()))
    }
}

fn read(path: &RepoPath, text: &[u8]) -> FlakeNix {
    nix::read(&SourceFile::new(path.clone(), text.to_vec()))
}

/// Whether an input lies in the same tree.
fn has_relative(inputs: &[FlakeInput]) -> bool {
    let mut pending: Vec<&FlakeInput> = inputs.iter().collect();
    while let Some(input) = pending.pop() {
        if input.reference.as_ref().is_some_and(|reference| reference.value.relative_path().is_some()) {
            return true;
        }
        pending.extend(&input.overrides);
    }
    false
}

/// Every flake.nix and flake.lock of a commit but the lock that is being merged.
fn flakes(repository: &Repository, commit: &str, merged: &RepoPath) -> Option<Files> {
    let snapshot = repository.snapshot(&ViewChoice::Revision(commit.to_owned())).ok()?;
    let paths = snapshot.all_entries().map(|entry| RepoPath::new(entry.path));
    let wanted = paths.filter(|path| matches!(path.file_name(), b"flake.nix" | b"flake.lock") && path != merged);
    wanted.map(|path| Some((path.clone(), snapshot.read(&path).ok()?.bytes().to_vec()))).collect()
}

/// Merges each file as git will; `None` where one would be in conflict.
fn merge_files([base, ours, theirs]: &[Files; 3], request: &Request<'_>) -> Option<Files> {
    let mut merged = Files::new();
    let paths: BTreeSet<&RepoPath> = ours.keys().chain(theirs.keys()).collect();
    for path in paths {
        let (old, left, right) = (base.get(path), ours.get(path), theirs.get(path));
        let text = match (left, right) {
            _ if left == right || old == right => left.cloned(),
            _ if old == left => right.cloned(),
            (Some(left), Some(right)) if path.file_name() == b"flake.nix" => {
                let text = merge_text(old.map_or(&[], Vec::as_slice), left, right, &request.markers).ok()?;
                if !text.is_clean {
                    return None;
                }
                Some(text.bytes)
            }
            _ => return None,
        };
        if let Some(text) = text {
            merged.insert(path.clone(), text);
        }
    }
    Some(merged)
}
