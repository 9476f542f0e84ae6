//! `stale-lock`: flake.lock is not the one that Nix would write for flake.nix.

use std::collections::BTreeSet;

use super::evidence::{declaration, edge, follows_line};
use super::{Context, FixAvailability, Level, Rule, unstaged};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label};
use crate::flake::compare::{Change, ChangeKind, Comparison, FollowsError};
use crate::flake::flakeref::FlakeRef;
use crate::flake::lock::{LockFile, lock_command};
use crate::flake::nix::InputOrigin;
use crate::flake::{Flake, InputAttrPath};
use crate::source::Span;
use crate::text::nearest;

pub(super) static RULE: Rule = Rule {
    name: "stale-lock",
    summary: "flake.lock does not agree with flake.nix",
    docs: include_str!("stale_lock.md"),
    level: Level::Error,
    fix: FixAvailability::Safe,
    since: "0.1.0",
    check,
};

/// As many bytes as the fixes of one flake's findings may have together.
const MAX_CARRIED: usize = 16_000_000;

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let (Some(lock), Some(comparison)) = (flake.valid_lock(), &flake.comparison) else { continue };
        let mut carried = 0;
        // What leads nowhere is `broken-follows`' and `invalid-flake`'s to say; no lock could be written for it.
        let mut broken: BTreeSet<&InputAttrPath> = comparison.follows_errors.iter().map(FollowsError::input).collect();
        broken.extend(comparison.input_errors.iter().map(|error| &error.input));
        let changes = comparison.changes.iter().filter(|change| !broken.contains(&change.input)).collect::<Vec<_>>();
        if changes.is_empty() {
            continue;
        }
        let to_add = unstaged::help(cx, flake);
        // What is on disk already needs no other lock.
        let fix = if to_add.is_none() { fix(flake, lock, comparison) } else { None };
        for change in changes {
            let mut finding = finding(flake, lock, change).input(change.input.clone());
            finding.help = Some(to_add.clone().unwrap_or_else(|| help(flake, change)));
            // Every finding carries the same whole file: only as many do as memory can well hold.
            if carried <= MAX_CARRIED {
                finding.fix.clone_from(&fix);
                carried += fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.text.len()).sum::<usize>();
            }
            out.push(finding);
        }
    }
}

fn finding(flake: &Flake, lock: &LockFile, change: &Change) -> Diagnostic {
    let input = &change.input;
    let (message, here, there) = match &change.kind {
        ChangeKind::Removed => return removed(flake, lock, input),
        ChangeKind::Shared => return shared(flake, lock, input),
        ChangeKind::Added { .. } => {
            let is_declared = flake.nix.declaration(input).is_none_or(|found| found.origin == InputOrigin::Declared);
            let here = if is_declared { "declared here" } else { "asked for here" };
            (format!("input `{input}` is not locked"), here.to_owned(), "has no such input".to_owned())
        }
        ChangeKind::Renamed { from } => (
            format!("input `{input}` is locked under the name `{from}`"),
            "named here".to_owned(),
            format!("locked as `{from}`"),
        ),
        ChangeKind::Changed { from, to } => (
            format!("input `{input}` is locked for `{from}`, but flake.nix asks for `{to}`"),
            "asked for here".to_owned(),
            format!("locked for `{from}`"),
        ),
        ChangeKind::Reparented => (
            format!("input `{input}` is locked as a path of another flake"),
            "declared here".to_owned(),
            "locked here".to_owned(),
        ),
        ChangeKind::FollowsAdded { target } => (
            format!("input `{input}` follows {}, but is locked on its own", named(target)),
            "follows here".to_owned(),
            "does not follow".to_owned(),
        ),
        ChangeKind::FollowsRemoved { target } => (
            format!("input `{input}` follows {} in flake.lock, but not in flake.nix", named(target)),
            match flake.nix.declaration(input) {
                Some(_) => "no `follows` here".to_owned(),
                None => "no `follows` for it here".to_owned(),
            },
            format!("follows {}", named(target)),
        ),
        ChangeKind::FollowsRetargeted { from, to } => (
            format!("input `{input}` follows {} in flake.lock, but {} in flake.nix", named(from), named(to)),
            format!("follows {}", named(to)),
            format!("follows {}", named(from)),
        ),
    };
    let evidence = match &change.kind {
        ChangeKind::Renamed { from } => edge(flake, lock, from, there),
        _ => edge(flake, lock, input, there),
    };
    let span = place(flake, change).or(flake.nix.inputs_key).unwrap_or(Span::at(0));
    Diagnostic::new(RULE.name, RULE.severity(), message, Label::new(&flake.nix_path, span, here)).related(evidence)
}

/// The place in flake.nix that a change is about: the name where that is what the lock does not have, and where a set
/// may be far from its first attribute; otherwise what the input asks for.
fn place(flake: &Flake, change: &Change) -> Option<Span> {
    let name = flake.nix.declaration(&change.input).map(|found| found.name_span);
    match &change.kind {
        ChangeKind::Added { .. } | ChangeKind::Renamed { .. } => name.or_else(|| declaration(flake, &change.input)),
        ChangeKind::Changed { from, to } => {
            changed_attribute(flake, &change.input, from, to).or_else(|| declaration(flake, &change.input))
        }
        _ => declaration(flake, &change.input),
    }
}

/// Of an input that is written in attributes, the first that is not as in the lock; its name where that one is gone.
fn changed_attribute(flake: &Flake, input: &InputAttrPath, from: &FlakeRef, to: &FlakeRef) -> Option<Span> {
    let declared = flake.nix.declaration(input).filter(|declared| !declared.attributes.is_empty())?;
    let (from, to) = (from.canonicalize().to_attrs(), to.canonicalize().to_attrs());
    let mut written = declared.attributes.iter();
    let changed = written.find(|(name, _)| from.get(name) != to.get(name));
    Some(changed.map_or(declared.name_span, |(_, span)| *span))
}

fn named(target: &InputAttrPath) -> String {
    if target.is_root() { "the flake itself".to_owned() } else { format!("`{target}`") }
}

fn removed(flake: &Flake, lock: &LockFile, input: &InputAttrPath) -> Diagnostic {
    let message = format!("input `{input}` is locked, but flake.nix does not declare it");
    let primary = edge(flake, lock, input, "locked here");
    let finding = Diagnostic::new(RULE.name, RULE.severity(), message, primary);
    match flake.nix.inputs_key {
        Some(span) => finding.related(Label::new(&flake.nix_path, span, format!("no `{input}` in here"))),
        None => finding,
    }
}

fn shared(flake: &Flake, lock: &LockFile, input: &InputAttrPath) -> Diagnostic {
    let message = if input.is_root() {
        "flake.lock is not what Nix would write for this flake.nix".to_owned()
    } else {
        format!("input `{input}` shares its lock entry with another input")
    };
    let primary = edge(flake, lock, input, "Nix gives each input an entry of its own");
    Diagnostic::new(RULE.name, RULE.severity(), message, primary)
}

fn help(flake: &Flake, change: &Change) -> String {
    let command = lock_command(&flake.dir);
    match &change.kind {
        ChangeKind::FollowsRemoved { .. } if misspelt(flake, &change.input).is_some() => {
            let (name, meant) = (misspelt(flake, &change.input).unwrap_or_default(), change.input.0.last());
            format!("flake.nix overrides `{name}` instead: did you mean `{}`?", meant.map_or("", String::as_str))
        }
        ChangeKind::FollowsRemoved { target } if !target.is_root() => {
            format!("run `{command}`, or put `{}` back", follows_line(&change.input, &target.to_string()))
        }
        _ => format!("run `{command}`, and commit flake.lock with flake.nix"),
    }
}

/// The override in flake.nix that was probably meant for an input: one beside it, of an input that the lock does not
/// have.
fn misspelt<'f>(flake: &'f Flake, input: &InputAttrPath) -> Option<&'f str> {
    let (name, parent) = input.0.split_last()?;
    let parent = InputAttrPath(parent.to_vec());
    let lock = flake.valid_lock()?;
    let locked = &lock.graph.node(lock.graph.resolve(&parent)?).inputs;
    let overrides = flake.nix.declaration(&parent)?.overrides.iter().map(|inner| inner.name.as_str());
    nearest(name, overrides.filter(|inner| !locked.contains_key(*inner)))
}

/// The lock that Nix would write, where nothing has to be fetched for it.
fn fix(flake: &Flake, lock: &LockFile, comparison: &Comparison) -> Option<Fix> {
    let graph = comparison.new_graph.as_ref()?;
    let edit =
        Edit { path: flake.lock_path.clone(), span: Span::new(0, lock.source.bytes().len()), text: graph.to_json() };
    Some(Fix {
        title: "write the lock that Nix would write".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![edit],
        stage: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Diagnostic;
    use crate::references::testing::{findings, view_of};
    use crate::snapshot::{FileState, Memory};

    const ROOT: &str = r#""root":{"inputs":{"a":"a","b":["a"]}}"#;

    fn node(key: &str, repo: &str) -> String {
        format!(
            r#""{key}":{{"locked":{{"lastModified":1,"narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","owner":"o","repo":"{repo}","rev":"1111111111111111111111111111111111111111","type":"github"}},"original":{{"owner":"o","repo":"{repo}","type":"github"}}}}"#
        )
    }

    fn found(dir: &str, inputs: &str, nodes: &str) -> Vec<Diagnostic> {
        let nix = format!("{{ inputs = {{ {inputs} }}; outputs = _: {{ }}; }}");
        let lock = format!(r#"{{"nodes":{{{nodes}}},"root":"root","version":7}}"#);
        let memory = Memory::new().file(&format!("{dir}flake.nix"), &nix, FileState::Tracked).file(
            &format!("{dir}flake.lock"),
            &lock,
            FileState::Tracked,
        );
        findings(&RULE, &view_of(memory))
    }

    fn messages(inputs: &str) -> Vec<String> {
        let nodes = format!("{},{ROOT}", node("a", "a"));
        found("", inputs, &nodes).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn each_difference_is_said_once() {
        let a = r#"a.url = "github:o/a";"#;
        assert_eq!(messages(&format!("{a} b.follows = \"a\";")), [] as [&str; 0]);
        assert_eq!(messages(a), ["input `b` is locked, but flake.nix does not declare it"]);
        assert_eq!(
            messages(r#"a.url = "github:o/a/v2"; b.follows = "a";"#),
            ["input `a` is locked for `github:o/a`, but flake.nix asks for `github:o/a/v2`"]
        );
        assert_eq!(
            messages(&format!("{a} b.url = \"github:o/b\";")),
            ["input `b` follows `a` in flake.lock, but not in flake.nix"]
        );
        assert_eq!(messages(&format!("{a} b.follows = \"a\"; c.url = \"github:o/c\";")), ["input `c` is not locked"]);
    }

    #[test]
    fn what_is_not_locked_is_pointed_at_by_its_name() {
        let pointed_at = |inputs: &str| {
            let nix = format!("{{ inputs = {{ {inputs} }}; outputs = _: {{ }}; }}");
            let found = found("", inputs, &format!("{},{ROOT}", node("a", "a")));
            let spans = found.iter().filter_map(|finding| finding.primary.span);
            spans.map(|span| nix[span.start..span.end].to_owned()).collect::<Vec<_>>()
        };
        let (a, b) = (r#"a.url = "github:o/a";"#, r#"b.follows = "a";"#);
        assert_eq!(pointed_at(&format!(r#"{a} {b} c.url = "github:o/c";"#)), ["c"]);
        let set = r#"c = { type = "github"; owner = "o"; repo = "c"; };"#;
        assert_eq!(pointed_at(&format!("{a} {b} {set}")), ["c"]);
        assert_eq!(pointed_at(r#"z.url = "github:o/a"; b.follows = "z";"#), ["z"]);
        // What is asked for elsewhere is pointed at by what asks for it.
        assert_eq!(pointed_at(&format!(r#"a.url = "github:o/a/v2"; {b}"#)), [r#""github:o/a/v2""#]);
        let set = |more: &str| format!(r#"a = {{ type = "github"; owner = "o"; repo = "a"; {more} }}; {b}"#);
        assert_eq!(pointed_at(&set("")), [] as [&str; 0]);
        assert_eq!(pointed_at(&set(r#"ref = "v2";"#)), [r#""v2""#]);
        assert_eq!(pointed_at(&set(r#"dir = "sub";"#)), [r#""sub""#]);
    }

    #[test]
    fn a_renamed_input_is_said_once() {
        assert_eq!(messages(r#"z.url = "github:o/a"; b.follows = "z";"#), ["input `z` is locked under the name `a`"]);
        // What follows something else than the renamed input is said for itself.
        assert_eq!(
            messages(r#"z.url = "github:o/a"; b.follows = "";"#),
            [
                "input `z` is locked under the name `a`",
                "input `b` follows `a` in flake.lock, but the flake itself in flake.nix"
            ]
        );
    }

    /// `broken-follows` says that one.
    #[test]
    fn a_follows_that_leads_nowhere_is_not_also_stale() {
        assert_eq!(messages(r#"a.url = "github:o/a"; b.follows = "x";"#), [] as [&str; 0]);
    }

    #[test]
    fn the_command_works_from_the_root() {
        let nodes = format!("{},{ROOT}", node("a", "a"));
        let found = found("sub/", r#"a.url = "github:o/a";"#, &nodes);
        let help = found.iter().find_map(|finding| finding.help.as_deref());
        assert_eq!(help, Some("run `nix flake lock ./sub`, and commit flake.lock with flake.nix"));
        let fix = found.iter().find_map(|finding| finding.fix.as_ref()).expect("a removal needs no network");
        assert!(!fix.edits[0].text.contains(r#""b""#), "{}", fix.edits[0].text);
    }

    #[test]
    fn inputs_that_share_an_entry_are_given_their_own() {
        let nodes = format!(r#"{},"root":{{"inputs":{{"a":"a","b":"a"}}}}"#, node("a", "a"));
        let found = found("", r#"a.url = "github:o/a"; b.url = "github:o/a";"#, &nodes);
        assert_eq!(found.len(), 1, "{found:#?}");
        let fix = found[0].fix.as_ref().expect("a copy needs no network");
        assert!(fix.edits[0].text.contains("\"b\": {\n      \"locked\""), "{}", fix.edits[0].text);
    }
}
