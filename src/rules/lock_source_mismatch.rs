//! `lock-source-mismatch`: `locked` names another source than `original` does.

use super::evidence::{locked_finding, short, sources};
use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::flake::flakeref::FlakeRef;
use crate::flake::identity::{Identity, Repository};
use crate::flake::lock::{self, LockFile};
use crate::flake::{Flake, InputAttrPath, LockState};

pub(super) static RULE: Rule = Rule {
    name: "lock-source-mismatch",
    summary: "an entry of flake.lock fetches something else than what was asked for",
    docs: include_str!("lock_source_mismatch.md"),
    level: Level::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for flake in cx.flakes {
        let Some(lock) = flake.valid_lock() else { continue };
        for (path, node, source) in sources(lock) {
            let Some(Mismatch { field, asked, fetched }) = mismatch(&source.original, &source.locked) else { continue };
            // Nix before 2.20, and Lix, lock what an override names and record what it overrides.
            let overridden = flake.nix.declaration(path).and_then(|declared| declared.reference.as_ref());
            let is_nested = path.0.len() > 1;
            if is_nested && overridden.is_some_and(|named| mismatch(&named.value, &source.locked).is_none()) {
                continue;
            }
            let message = format!("input `{path}` asks for `{asked}`, but `{fetched}` is locked");
            let update = path.0.first().map_or("", String::as_str);
            let place = (field, "this is what is fetched");
            let mut finding = locked_finding(&RULE, flake, lock, (path, &node.key), place, message).help(format!(
                "only `--override-input`, or a hand, leaves it so: find out which, or run `nix flake update {update}`"
            ));
            if is_nested && !is_changed_alone(cx, flake, lock, path) {
                finding.severity = Severity::Warning;
                finding.help = Some(format!("it comes with the lock of `{update}`, or from an override in that flake"));
            }
            out.push(finding);
        }
    }
}

/// Whether an input of an input is locked otherwise than in the parent commit, although the input that brings it is
/// not: no command of Nix does that to the source.
fn is_changed_alone(cx: &Context<'_>, flake: &Flake, lock: &LockFile, path: &InputAttrPath) -> bool {
    let Some(source) = cx.snapshot.read_base(&flake.lock_path) else { return false };
    let LockState::Valid(before) = lock::read(source) else { return false };
    let outer = InputAttrPath(path.0[..1].to_vec());
    let locked = |lock: &LockFile, path: &InputAttrPath| {
        let node = lock.graph.resolve(path)?;
        Some(lock.graph.node(node).source.as_deref()?.locked.clone())
    };
    let differs = |path: &InputAttrPath| locked(lock, path) != locked(&before, path);
    !differs(&outer) && locked(&before, path).is_some() && differs(path)
}

struct Mismatch {
    /// The attribute of `locked` that says it.
    field: &'static str,
    asked: String,
    fetched: String,
}

/// How an entry differs from what Nix would have made of the reference; `None` where it does not, and where nobody can
/// know: names of a registry that is not the global one, redirects from hosts that are no forge.
fn mismatch(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    if original.kind() == "indirect" {
        return by_registry(original, locked);
    }
    if original.kind() != locked.kind() {
        return Some(Mismatch { field: "type", asked: original.to_string(), fetched: locked.to_string() });
    }
    match original.kind() {
        "path" => differing(original, locked, "path"),
        "tarball" | "file" => by_redirect(original, locked),
        _ => by_repository(original, locked)
            .or_else(|| differing(original, locked, "rev"))
            .or_else(|| differing(original, locked, "ref"))
            .or_else(|| directory(original, locked)),
    }
}

/// An attribute that both have, with different values.
fn differing(original: &FlakeRef, locked: &FlakeRef, field: &'static str) -> Option<Mismatch> {
    let (asked, fetched) = (original.get(field)?, locked.get(field)?);
    let same = if field == "rev" { asked.eq_ignore_ascii_case(fetched) } else { asked == fetched };
    let shown = |text: &str| if field == "rev" { short(text).to_owned() } else { text.to_owned() };
    (!same).then(|| Mismatch { field, asked: shown(asked), fetched: shown(fetched) })
}

fn directory(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    let shown = |reference: &FlakeRef| if reference.dir.is_empty() { ".".to_owned() } else { reference.dir.clone() };
    (original.dir != locked.dir).then(|| Mismatch { field: "dir", asked: shown(original), fetched: shown(locked) })
}

fn by_repository(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    let same = |name: &str| original.get(name) == locked.get(name);
    // Nearly always; what it means need not be asked.
    if ["host", "owner", "repo", "url"].into_iter().all(same) {
        return None;
    }
    let (asked, fetched) = (Identity::of(original).repository, Identity::of(locked).repository);
    if asked == fetched {
        return None;
    }
    let field = match original.kind() {
        "git" | "hg" => "url",
        _ if !same("owner") => "owner",
        _ if !same("repo") => "repo",
        _ => "host",
    };
    Some(Mismatch { field, asked: asked.to_string(), fetched: fetched.to_string() })
}

/// A tarball's server may say where this very version stays: channels point to releases, `FlakeHub` to its store. Of
/// other servers nobody knows, as long as they are not forges that would have to name the repository.
fn by_redirect(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    let (asked, fetched) = (Identity::of(original), Identity::of(locked));
    let is_known = |repository: &Repository| matches!(repository, Repository::Hosted { .. });
    if !is_known(&asked.repository) || asked.repository == fetched.repository {
        return None;
    }
    Some(Mismatch { field: "url", asked: asked.repository.to_string(), fetched: fetched.repository.to_string() })
}

/// A name of the global registry that leads to another repository on a forge.
fn by_registry(original: &FlakeRef, locked: &FlakeRef) -> Option<Mismatch> {
    let (asked, fetched) = (Identity::of(original).repository, Identity::of(locked).repository);
    match (&asked, &fetched) {
        (Repository::Hosted { .. }, Repository::Hosted { .. }) if asked != fetched => {
            let field = if locked.get("owner").is_some() { "owner" } else { "url" };
            let asked = format!("{} ({asked})", original.get("id").unwrap_or_default());
            Some(Mismatch { field, asked, fetched: fetched.to_string() })
        }
        _ => differing(original, locked, "rev"),
    }
}

#[cfg(test)]
mod tests {
    use super::{RULE, Severity};
    use crate::diagnostic::Diagnostic;
    use crate::references::testing::{findings, view_of};
    use crate::snapshot::{FileState, Memory};

    /// A lock with `a`, at a revision of this digit, and its input `b`, for which `locked` is fetched.
    fn lock(digit: char, locked: &str) -> String {
        let node = |inputs: &str, asked: &str, fetched: &str| {
            let rev = digit.to_string().repeat(40);
            format!(
                r#"{{{inputs}"locked":{{"owner":"o","repo":"{fetched}","rev":"{rev}","type":"github"}},"original":{{"owner":"o","repo":"{asked}","type":"github"}}}}"#
            )
        };
        let (a, b) = (node(r#""inputs":{"b":"b"},"#, "a", "a"), node("", "b", locked));
        format!(r#"{{"nodes":{{"a":{a},"b":{b},"root":{{"inputs":{{"a":"a"}}}}}},"root":"root","version":7}}"#)
    }

    fn found(inputs: &str, base: Option<&str>) -> Option<Diagnostic> {
        let nix = format!("{{ inputs = {{ a.url = \"github:o/a\"; {inputs} }}; outputs = _: {{ }}; }}");
        let memory = Memory::new().file("flake.nix", &nix, FileState::Tracked);
        let mut memory = memory.file("flake.lock", &lock('1', "fork"), FileState::Tracked);
        if let Some(base) = base {
            memory = memory.base(base);
        }
        findings(&RULE, &view_of(memory)).pop()
    }

    #[test]
    fn an_override_may_name_what_is_locked() {
        let message = |inputs: &str| found(inputs, None).map(|finding| finding.message);
        let told = Some("input `a/b` asks for `github.com/o/b`, but `github.com/o/fork` is locked".to_owned());
        assert_eq!(message(""), told);
        assert_eq!(message(r#"a.inputs.b.url = "github:o/other";"#), told);
        assert_eq!(message(r#"a.inputs.b.url = "github:o/fork";"#), None);
    }

    /// What comes with an input's own lock is that flake's doing; what changes without the input is not.
    #[test]
    fn inside_an_input_it_is_an_error_where_only_that_changed() {
        let severity = |base: &str| found("", Some(base)).map(|finding| finding.severity);
        assert_eq!(found("", None).map(|finding| finding.severity), Some(Severity::Warning));
        assert_eq!(severity(&lock('1', "fork")), Some(Severity::Warning));
        assert_eq!(severity(&lock('2', "b")), Some(Severity::Warning));
        assert_eq!(severity(&lock('1', "b")), Some(Severity::Error));
    }
}
