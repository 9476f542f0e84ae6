//! Merge-conflict markers in flake.nix or flake.lock, said as what they are.

use crate::source::{SourceFile, Span};

/// What a merge left in a file.
pub(super) struct Conflict {
    /// The first marker.
    pub(super) span: Span,
    /// What goes on behind "merge-conflict markers": between whom, or nothing.
    pub(super) sides: String,
}

/// A text with one side of each conflict.
pub(super) fn resolved(text: &str, takes_ours: bool) -> String {
    let wanted = if takes_ours { Part::Ours } else { Part::Theirs };
    let mut kept = String::new();
    // Where the line is in a conflict, if it is in one.
    let mut part: Option<Part> = None;
    for line in text.split_inclusive('\n') {
        match line.trim_end() {
            marker if marker.starts_with("<<<<<<<") => part = Some(Part::Ours),
            marker if part.is_some() && marker.starts_with("|||||||") => part = Some(Part::Base),
            "=======" if part.is_some() => part = Some(Part::Theirs),
            marker if part.is_some() && marker.starts_with(">>>>>>>") => part = None,
            _ if part.as_ref().is_none_or(|part| *part == wanted) => kept.push_str(line),
            _ => {}
        }
    }
    kept
}

#[derive(PartialEq)]
enum Part {
    Ours,
    Base,
    Theirs,
}

/// The conflict in a file, if there is one.
pub(super) fn find(source: &SourceFile) -> Option<Conflict> {
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
    Some(Conflict { span, sides })
}
