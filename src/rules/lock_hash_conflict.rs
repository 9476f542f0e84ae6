//! `lock-hash-conflict`: one source and revision with two hashes.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::evidence::{locked_finding, short, sources};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::flake::LockState;
use crate::flake::flakeref::{Attr, FlakeRef};
use crate::flake::hash::sha256;
use crate::flake::identity::Identity;
use crate::flake::lock::{self, LockFile, Place};
use crate::snapshot::RepoPath;

pub(super) static RULE: Rule = Rule {
    name: "lock-hash-conflict",
    summary: "one source and revision is locked with two hashes",
    docs: include_str!("lock_hash_conflict.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        let before = base(cx, &flake.lock_path, lock);
        let repeated = repeated(lock);
        let mut here: BTreeMap<String, (&str, &str)> = BTreeMap::new();
        for (path, node, source) in sources(lock) {
            if before.is_empty() && !mark(&source.locked).is_some_and(|mark| repeated.contains(mark)) {
                continue;
            }
            let (Some(key), Some(hash)) = (fetched(&source.locked), source.locked.get("narHash")) else { continue };
            let rev = source.locked.get("rev").map(|rev| format!(" at {}", short(rev))).unwrap_or_default();
            let place = ((path, node.key.as_str()), ("narHash", "another hash"));
            let old = before.get(&key).filter(|hashes| !hashes.iter().any(|old| is_same(old, hash)));
            if let Some(old) = old.and_then(|hashes| hashes.first()) {
                let message =
                    format!("input `{path}`{rev} had the hash `{old}` before this change, and now has another");
                let help =
                    "the same source and revision has one hash for ever: take the lock of the parent commit back";
                out.push(locked_finding(&RULE, flake, lock, place.0, place.1, message).help(help));
                continue;
            }
            match here.get(&key) {
                Some((other, first)) if !is_same(first, hash) => {
                    let message = format!("input `{path}`{rev} is locked with another hash than the node `{other}`");
                    let span = lock.span_of(Place::Locked(other, "narHash"));
                    let help = "the same source and revision has one hash: run `nix flake update` for the wrong one";
                    let mut finding = locked_finding(&RULE, flake, lock, place.0, place.1, message)
                        .related(Label::new(&flake.lock_path, span, "the first hash"))
                        .help(help);
                    if path.0.len() > 1 {
                        // It came with the lock of an input, where two of its branches were merged badly.
                        finding.severity = Severity::Warning;
                    }
                    out.push(finding);
                }
                Some(_) => {}
                None => {
                    here.insert(key, (&node.key, hash));
                }
            }
        }
    }
}

/// The revision or address of what is fetched: where it is another, so is what is fetched.
fn mark(locked: &FlakeRef) -> Option<&str> {
    locked.get("rev").or_else(|| locked.get("url"))
}

/// The marks that several nodes have. Most nodes are alone with theirs and can be in no conflict.
fn repeated(lock: &LockFile) -> HashSet<&str> {
    let mut seen = HashSet::with_capacity(lock.graph.nodes.len());
    let marks = lock.graph.nodes.iter().filter_map(|node| mark(&node.source.as_ref()?.locked));
    marks.filter(|mark| !seen.insert(*mark)).collect()
}

/// Whether two texts are one hash: older versions of Nix spelt them otherwise.
fn is_same(one: &str, other: &str) -> bool {
    one == other || sha256(one).is_some_and(|bytes| Some(bytes) == sha256(other))
}

/// The hashes of the lock in the parent commit, by what is fetched.
fn base(cx: &Context<'_>, path: &RepoPath, now: &LockFile) -> BTreeMap<String, BTreeSet<String>> {
    let Some(source) = cx.snapshot.read_base(path) else { return BTreeMap::new() };
    // Most changes leave the lock alone.
    if source.bytes() == now.source.bytes() {
        return BTreeMap::new();
    }
    let LockState::Valid(lock) = lock::read(source) else { return BTreeMap::new() };
    let pair = |locked: &FlakeRef| Some((fetched(locked)?, locked.get("narHash")?.to_owned()));
    let mut hashes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (key, hash) in lock.graph.nodes.iter().filter_map(|node| pair(&node.source.as_ref()?.locked)) {
        hashes.entry(key).or_default().insert(hash);
    }
    hashes
}

/// Everything that decides what is fetched. `None` where that may differ from day to day.
fn fetched(locked: &FlakeRef) -> Option<String> {
    let pinned = match locked.kind() {
        "github" | "gitlab" | "sourcehut" | "git" | "hg" => locked.get("rev").is_some(),
        // Of other files the address says nothing of the content.
        "tarball" | "file" => Identity::of(locked).rev.is_some(),
        _ => false,
    };
    if !pinned {
        return None;
    }
    let matters = |name: &str| !matches!(name, "narHash" | "lastModified" | "revCount" | "ref" | "shallow" | "allRefs");
    let ignores_case = matches!(locked.kind(), "github" | "gitlab");
    let mut key = String::new();
    for (name, value) in locked.attrs.iter().filter(|(name, _)| matters(name)) {
        key.push_str(name);
        // Neither is part of a name or of text that Nix takes: what is different stays different.
        match value {
            Attr::String(text) if ignores_case && matches!(name, "owner" | "repo") => {
                key.extend(["\0s", &text.to_lowercase(), "\0"]);
            }
            Attr::String(text) => key.extend(["\0s", text, "\0"]),
            Attr::Integer(number) => key.extend(["\0i", &number.to_string(), "\0"]),
            Attr::Boolean(value) => key.push_str(if *value { "\0t\0" } else { "\0f\0" }),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::{RULE, Severity};
    use crate::references::testing::{findings, view_of};
    use crate::snapshot::{FileState, Memory};

    const FIRST: &str = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    /// The same bytes in base 32.
    const FIRST_SPELT_OTHERWISE: &str = "0000000000000000000000000000000000000000000000000000";
    const OTHER: &str = "sha256-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";

    /// A lock with `a` and its input `b`, which are one source at one revision.
    fn lock(a: &str, b: &str) -> String {
        let node = |inputs: &str, hash: &str| {
            format!(
                r#"{{{inputs}"locked":{{"narHash":"{hash}","owner":"o","repo":"r","rev":"1111111111111111111111111111111111111111","type":"github"}},"original":{{"owner":"o","repo":"r","type":"github"}}}}"#
            )
        };
        let (a, b) = (node(r#""inputs":{"b":"b"},"#, a), node("", b));
        format!(r#"{{"nodes":{{"a":{a},"b":{b},"root":{{"inputs":{{"a":"a"}}}}}},"root":"root","version":7}}"#)
    }

    fn found(now: &str, before: &str) -> Vec<(Severity, String)> {
        let memory = Memory::new()
            .file("flake.nix", "{ inputs.a.url = \"github:o/r\"; outputs = _: { }; }", FileState::Tracked)
            .file("flake.lock", now, FileState::Tracked)
            .base(before);
        findings(&RULE, &view_of(memory)).into_iter().map(|finding| (finding.severity, finding.message)).collect()
    }

    #[test]
    fn a_hash_that_changes_is_an_error_in_any_spelling_but_its_own() {
        let same = lock(FIRST, FIRST);
        assert_eq!(found(&same, &lock(FIRST_SPELT_OTHERWISE, FIRST)), []);
        let changed = found(&lock(OTHER, OTHER), &same);
        assert_eq!(changed.len(), 2, "{changed:?}");
        assert!(
            changed
                .iter()
                .all(|(severity, message)| { *severity == Severity::Error && message.contains("before this change") })
        );
    }

    /// What was so before this change is not told as part of it.
    #[test]
    fn a_conflict_inside_an_input_is_a_warning() {
        let lock = lock(FIRST, OTHER);
        let found = found(&lock, &lock);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, Severity::Warning);
        assert!(found[0].1.contains("than the node `a`"), "{}", found[0].1);
    }
}
