//! What a change makes worse: the findings that an earlier commit does not have.
//!
//! Findings are the same where their fingerprints are, so that a file may grow around one. Of several with one
//! fingerprint as many are old as there were before.

use std::collections::BTreeMap;

use crate::check::Outcome;

/// What was left out of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The id of the earlier commit.
    pub commit: String,
    /// How many findings had been there.
    pub findings: usize,
}

/// Takes out of `outcome` what `earlier`, the outcome at `commit`, has too.
pub fn keep_new(outcome: &mut Outcome, earlier: &Outcome, commit: String) {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for finding in &earlier.findings {
        *known.entry(finding.fingerprint()).or_default() += 1;
    }
    let all = outcome.findings.len();
    outcome.findings.retain(|finding| match known.get_mut(&finding.fingerprint()) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    });
    outcome.before = Some(Before { commit, findings: all - outcome.findings.len() });
}
