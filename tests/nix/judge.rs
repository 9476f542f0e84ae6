//! Do the two agree?

use std::collections::BTreeSet;

use crate::oracle::{Answer, Verdict};
use crate::subject::{Claim, Report};

/// Whether preflake's claim is what Nix does, and is made once an input.
///
/// Where Nix stops to fetch it has not looked at what comes later: a fault that preflake finds there is no
/// contradiction. Where it refetches, preflake may know better than `undecided` from something else in the lock.
pub(crate) fn agree(answer: &Answer, report: &Report) -> bool {
    matches!(
        (answer.verdict, report.claim),
        (Verdict::Consistent, Claim::Consistent)
            | (Verdict::Stale, Claim::Stale)
            | (Verdict::Fetch | Verdict::FetchError, Claim::Stale | Claim::Invalid)
            | (Verdict::Refetch, Claim::Undecided | Claim::Stale | Claim::Invalid)
            | (Verdict::Error, Claim::Invalid)
    ) && is_told_once(report)
}

fn is_told_once(report: &Report) -> bool {
    let inputs: BTreeSet<&String> = report.stale.iter().collect();
    inputs.len() == report.stale.len()
}

/// Whether preflake reports as many overrides for inputs that do not exist as Nix warns about. Nix only comes to all
/// of them where it changes nothing.
pub(crate) fn same_warnings(answer: &Answer, report: &Report) -> bool {
    let warned = answer.warnings.iter().filter(|warning| warning.contains("has an override for a non-existent input"));
    let found = report.findings.iter().filter(|(rule, _)| rule == "stale-follows");
    answer.verdict != Verdict::Consistent || report.claim != Claim::Consistent || warned.count() == found.count()
}

/// Words of Nix's message, the rule that must name the cause, and words of which its message must have one.
type Cause = (&'static str, &'static str, &'static [&'static str]);

/// The first that fits a message counts.
const CAUSES: &[Cause] = &[
    ("Could not parse", "invalid-lock", &["JSON", "conflict", "empty"]),
    ("out_of_range", "invalid-lock", &["number overflow"]),
    ("unsupported version", "invalid-lock", &["version"]),
    ("type_error", "invalid-lock", &["must be", "must hold", "version"]),
    ("references missing node", "invalid-lock", &["missing node", "`inputs` must be"]),
    ("cycle to root node", "invalid-lock", &["root"]),
    ("stack overflow", "invalid-lock", &["cycle"]),
    ("missing in lock file", "invalid-lock", &["missing"]),
    ("unsupported input attribute type in lock file", "invalid-lock", &["attribute"]),
    ("contains unlocked input", "invalid-lock", &["unlocked"]),
    ("contains unlocked input", "unlocked-input", &["unlocked", "pin", "lock"]),
    ("follows a non-existent input", "broken-follows", &["exist"]),
    ("follow cycle", "broken-follows", &["cycle"]),
    ("undefined variable", "invalid-flake", &["undefined variable"]),
    ("already defined", "invalid-flake", &["already defined"]),
    ("duplicate formal", "invalid-flake", &["duplicate formal"]),
    ("dynamic attributes not allowed", "invalid-flake", &["dynamic"]),
    ("syntax error", "invalid-flake", &["syntax"]),
    ("null bytes", "invalid-flake", &["null bytes"]),
    ("trailing slash", "invalid-flake", &["slash", "syntax"]),
    ("pipe-operators", "invalid-flake", &["pipe-operators"]),
    ("invalid float", "invalid-flake", &["invalid float"]),
    ("invalid integer", "invalid-flake", &["invalid integer"]),
    ("pure mode", "invalid-flake", &["pure mode"]),
    ("forbidden in pure evaluation mode", "invalid-flake", &["forbidden in pure evaluation mode"]),
    ("is not in the Nix store", "invalid-flake", &["leads out of the flake's tree"]),
    ("does not exist", "invalid-flake", &["does not exist"]),
    ("unsupported attribute", "invalid-flake", &["unsupported attribute"]),
    ("lacks attribute 'outputs'", "invalid-flake", &["outputs"]),
    ("must be an attribute set", "invalid-flake", &["attribute set"]),
    ("while a string, Boolean, or integer is expected", "invalid-flake", &["while a string", "is not supported"]),
    ("flake configuration setting", "invalid-flake", &["setting"]),
    ("expected a", "invalid-flake", &["expected"]),
    ("unexpected flake input attribute", "invalid-flake", &["unexpected flake input attribute"]),
    ("both a flake reference and a follows", "invalid-flake", &["both"]),
    ("invalid flake input attribute path element", "invalid-flake", &["path element"]),
    ("flake 'self' attribute", "invalid-flake", &["is not supported"]),
    ("input attribute not allowed", "invalid-flake", &["not allowed"]),
    ("not supported by scheme", "", &["not supported by scheme"]),
    ("attribute to specify input scheme", "", &["attribute to specify input scheme"]),
    ("input attribute", "", &["input attribute"]),
    ("unexpected fragment", "invalid-flake", &["fragment"]),
    ("is not an absolute path", "invalid-flake", &["not an absolute path"]),
    ("is not a valid flake ID", "", &["is not a valid flake ID"]),
    ("is not a commit hash", "invalid-flake", &["commit hash", "branch/tag name"]),
    ("invalid flakeref", "invalid-flake", &["invalid flakeref"]),
    ("invalid instance host", "", &["invalid instance host"]),
    ("flake URL", "invalid-flake", &["flake URL"]),
    ("GitHub URL", "invalid-flake", &["URL"]),
    ("is unsupported", "invalid-flake", &["is unsupported"]),
    ("unsupported parameter", "invalid-flake", &["unsupported parameter"]),
    ("invalid parameter", "invalid-flake", &["invalid parameter"]),
    ("should not have an authority", "invalid-flake", &["authority"]),
    ("invalid URI query", "invalid-flake", &["percent-encoding", "invalid URI query"]),
    ("invalid URI parameter", "invalid-flake", &["percent-encoding"]),
    ("is not a valid URL", "", &["is not a valid URL"]),
    ("percent-encoding", "invalid-flake", &["percent-encoding"]),
    ("SCP-like URL", "", &["SCP"]),
    ("branch/tag name", "", &["branch/tag name"]),
    ("doesn't have a scheme", "", &["not a URL"]),
    ("Assertion 'scheme'", "", &["type"]),
    ("hash '", "", &["hash"]),
    ("hash", "", &["hash"]),
    // A lock whose nodes form a circle makes Nix run out of memory, and say nothing of it.
    ("", "invalid-lock", &["cycle through node"]),
];

/// Kinds of messages that say what they are about: preflake must name it, too.
const NAMING: &[&str] = &[
    "undefined variable",
    "already defined",
    "duplicate formal",
    "unsupported attribute",
    "unexpected flake input attribute",
    "attribute path element",
    "not supported by scheme",
    "references missing node",
    "follows a non-existent input",
    "invalid integer",
    "invalid float",
    "is missing",
    "not a valid flake ID",
];

/// What such a message is about: what it quotes after the words of its kind, else what it quotes first.
fn subject(message: &str, kind: &str) -> String {
    let after = message.split_once(kind).map_or("", |(_, after)| after);
    let quoting = if after.starts_with(" '") { after } else { message };
    let Some((_, rest)) = quoting.split_once(" '") else { return String::new() };
    // An apostrophe inside of a name is followed by more of it.
    let ends = |end: &(usize, char)| end.1 == '\'' && !rest[end.0 + 1..].starts_with(|c: char| c.is_alphanumeric());
    single_spaced(rest.char_indices().find(ends).map_or("", |(end, _)| &rest[..end]))
}

/// The text with one space for any blank.
fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether one of preflake's findings names the cause that Nix's error has: `None` where no kind is known for it.
pub(crate) fn same_cause(answer: &Answer, report: &Report) -> Option<bool> {
    let mut known = CAUSES.iter().filter(|(text, ..)| answer.message.contains(text)).peekable();
    let first = known.peek()?.0;
    let kind = NAMING.iter().find(|kind| answer.message.contains(**kind));
    let about = kind.map(|kind| subject(&answer.message, kind)).unwrap_or_default();
    let fits = |(_, rule, words): &Cause| {
        let named = |(name, message): &(String, String)| {
            (rule.is_empty() || name == rule)
                && words.iter().any(|word| message.contains(word))
                && single_spaced(message).contains(&about)
        };
        report.findings.iter().any(named)
    };
    Some(known.take_while(|(text, ..)| *text == first).any(fits))
}
