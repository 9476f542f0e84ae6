//! Merging texts line by line, as git does where it is told nothing better.

use super::GitError;

/// How a conflict is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markers {
    /// What the common ancestor is called.
    pub base: String,
    /// What our side is called.
    pub ours: String,
    /// What their side is called.
    pub theirs: String,
    /// How long the markers are.
    pub size: u16,
    /// `merge.conflictStyle`.
    pub style: Option<String>,
}

/// A merged text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedText {
    /// The text, with markers where the sides are in conflict.
    pub bytes: Vec<u8>,
    /// Whether there is no conflict.
    pub is_clean: bool,
}

/// Merges two versions of a text that come from a third.
///
/// # Errors
/// When a text is too large.
pub fn merge_text(base: &[u8], ours: &[u8], theirs: &[u8], markers: &Markers) -> Result<MergedText, GitError> {
    // Of a result without bytes git2 makes a slice that begins nowhere. What nobody or one side changed needs no merge, ...
    for (changed, unchanged, before) in [(ours, theirs, base), (theirs, ours, base), (ours, theirs, ours)] {
        if unchanged == before {
            return Ok(MergedText { bytes: changed.to_vec(), is_clean: true });
        }
    }
    // ... and of what is no text git keeps our side, in conflict, where libgit2 gives nothing.
    if [base, ours, theirs].iter().any(|content| is_binary(content)) {
        return Ok(MergedText { bytes: ours.to_vec(), is_clean: false });
    }
    let failed = |error: git2::Error| GitError::new(format!("cannot merge: {}", error.message()));
    // Nothing else here makes libgit2 ready for use, and before that it cannot even allocate.
    drop(git2::Config::new().map_err(failed)?);
    // libgit2 wants a name, and says nothing with it.
    let input = |content| {
        let mut input = git2::MergeFileInput::new();
        input.content(content).path("file");
        input
    };
    let label = |text: &str| text.replace('\0', "");
    let mut options = git2::MergeFileOptions::new();
    options
        .ancestor_label(label(&markers.base))
        .our_label(label(&markers.ours))
        .their_label(label(&markers.theirs))
        .marker_size(markers.size)
        .style_diff3(markers.style.as_deref() == Some("diff3"))
        .style_zdiff3(markers.style.as_deref() == Some("zdiff3"));
    let merged = git2::merge_file(&input(base), &input(ours), &input(theirs), Some(&mut options)).map_err(failed)?;
    Ok(MergedText { bytes: merged.content().to_vec(), is_clean: merged.is_automergeable() })
}

/// As git judges it: by a zero among the first bytes.
fn is_binary(content: &[u8]) -> bool {
    content.iter().take(8000).any(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_changed_is_taken_even_to_nothing() {
        let markers = Markers {
            base: "base".to_owned(),
            ours: "ours".to_owned(),
            theirs: "theirs".to_owned(),
            size: 7,
            style: None,
        };
        for (base, ours, theirs, merged) in [
            ("", "", "", ""),
            ("a\n", "", "a\n", ""),
            ("a\n", "a\n", "", ""),
            ("a\n", "", "", ""),
            ("a", "b", "b", "b"),
        ] {
            let found = merge_text(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), &markers).expect("small");
            assert_eq!(found, MergedText { bytes: merged.into(), is_clean: true }, "{base:?} {ours:?} {theirs:?}");
        }
        let found = merge_text(b"a\n", b"b\0\n", b"c\n", &markers).expect("small");
        assert_eq!(found, MergedText { bytes: b"b\0\n".to_vec(), is_clean: false });
        let found = merge_text(b"a\n", b"", b"b\n", &markers).expect("small");
        assert!(!found.is_clean && found.bytes.ends_with(b"\n=======\nb\n>>>>>>> theirs\n"), "{found:?}");
    }
}
