//! Do the two agree?

use crate::oracle::{Answer, Verdict};
use crate::subject::{Claim, Report};

/// Whether preflake's claim is what Nix does.
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
    )
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

const CAUSES: &[Cause] = &[
    ("undefined variable", "invalid-flake", &["undefined variable"]),
    ("already defined", "invalid-flake", &["already defined", "twice", "duplicate"]),
    ("duplicate formal", "invalid-flake", &["formal", "argument"]),
    ("syntax error", "invalid-flake", &["syntax", "unexpected", "expected", "conflict", "empty"]),
    ("unsupported attribute", "invalid-flake", &["attribute"]),
    ("lacks attribute 'outputs'", "invalid-flake", &["outputs"]),
    ("must be an attribute set", "invalid-flake", &["attribute set"]),
    ("dynamic attributes not allowed", "invalid-flake", &["dynamic"]),
    ("not supported", "invalid-flake", &["not supported"]),
    ("should not have an authority", "invalid-flake", &["authority"]),
    ("expected a", "invalid-flake", &["expected", "must be", "not a", "thunk", "literal"]),
    ("is a thunk", "invalid-flake", &["literal", "thunk", "evaluat", "comput"]),
    ("while a string, Boolean, or integer is expected", "invalid-flake", &["expected", "must be", "is a", "is null"]),
    ("flake configuration setting", "invalid-flake", &["setting", "nixConfig"]),
    ("unexpected flake input attribute", "invalid-flake", &["attribute"]),
    ("both a flake reference and a follows", "invalid-flake", &["follows"]),
    ("invalid flake input attribute path element", "invalid-flake", &["follows", "path element"]),
    ("not supported by scheme", "", &["attribute", "support"]),
    ("input attribute", "", &["attribute", "missing", "is not", "not a"]),
    ("unexpected fragment", "invalid-flake", &["fragment"]),
    ("is not an absolute path", "invalid-flake", &["reference", "id", "path"]),
    ("is not a valid flake ID", "invalid-flake", &["id", "name"]),
    ("attribute to specify input scheme", "invalid-lock", &["type"]),
    ("Could not parse", "invalid-lock", &["JSON", "conflict", "empty", "UTF-8"]),
    ("is unsupported", "invalid-flake", &["support", "scheme"]),
    ("unsupported parameter", "invalid-flake", &["parameter"]),
    ("follows a non-existent input", "broken-follows", &["exist", "no input", "not an input"]),
    ("follow cycle", "broken-follows", &["cycle", "circle", "loop"]),
    ("unsupported version", "invalid-lock", &["version"]),
    ("type_error", "invalid-lock", &["must be", "expected", "is not", "not a"]),
    ("missing node", "invalid-lock", &["node"]),
    ("cycle to root node", "invalid-lock", &["root", "cycle"]),
    ("missing in lock file", "invalid-lock", &["missing", "no `", "lacks", "without"]),
    ("unsupported input attribute type in lock file", "invalid-lock", &["attribute", "must be", "is not"]),
    ("unlocked input", "", &["unlocked", "pin", "lock", "rev", "narHash"]),
    ("hash '", "", &["hash", "rev"]),
];

/// Whether one of preflake's findings names the cause that Nix's error has: `None` where no kind is known for it.
pub(crate) fn same_cause(answer: &Answer, report: &Report) -> Option<bool> {
    let (_, rule, words) = CAUSES.iter().find(|(text, ..)| answer.message.contains(text))?;
    let fits = |(name, message): &(String, String)| {
        (rule.is_empty() || name == rule) && words.iter().any(|word| message.contains(word))
    };
    Some(report.findings.iter().any(fits))
}
