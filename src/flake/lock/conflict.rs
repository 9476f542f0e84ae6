//! Merge-conflict markers in a lock file, said as what they are.

use super::lock_command;
use crate::flake::Problem;
use crate::source::{SourceFile, Span};

/// The conflict that a merge left in the file, if there is one.
pub(super) fn find(source: &SourceFile) -> Option<Problem> {
    let text = source.text();
    let mut offset = 0;
    let (mut ours, mut middle, mut theirs) = (None, false, None);
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if let Some(name) = content.strip_prefix("<<<<<<<") {
            ours.get_or_insert((Span::new(offset, offset + content.len()), name.trim()));
        } else if content == "=======" {
            middle = true;
        } else if let Some(name) = content.strip_prefix(">>>>>>>") {
            theirs.get_or_insert(name.trim());
        }
        offset += line.len();
    }
    let (span, ours) = ours?;
    if !middle && theirs.is_none() {
        return None;
    }
    let sides = match (ours, theirs.unwrap_or_default()) {
        ("", _) | (_, "") => String::new(),
        (ours, theirs) => format!(" between `{ours}` and `{theirs}`"),
    };
    let path = source.path();
    let command = lock_command(&path.parent());
    Some(Problem {
        message: format!("has merge-conflict markers{sides}"),
        // `--ours` alone does nothing once the file was added, as it is in every commit that a hook sees.
        help: Some(format!(
            "run `git checkout -m {path}`, take one side with `git checkout --ours {path}` or `--theirs`, then run \
             `{command}`"
        )),
        span,
        input: None,
        first: None,
    })
}
