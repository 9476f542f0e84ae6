//! Rewrites as a patch that `git apply` takes.

use std::time::Duration;

use similar::TextDiff;

use super::Rewrite;

/// As long may be searched for the shortest patch of one file; any other is as good to apply.
const PATIENCE: Duration = Duration::from_secs(2);

/// The rewrites as one unified diff with git's prefixes; empty where nothing changes. Files and names may hold any
/// bytes: the patch has them as they are.
#[must_use]
pub fn patch(rewrites: &[Rewrite]) -> Vec<u8> {
    let mut patch = String::new();
    for rewrite in rewrites {
        let (before, after) = (widen(&rewrite.before), widen(&rewrite.after));
        // For git a line ends in a line feed and nowhere else.
        let lines = |text| str::split_inclusive(text, '\n').collect::<Vec<&str>>();
        let diff = TextDiff::configure()
            .timeout(PATIENCE)
            .newline_terminated(true)
            .diff_slices(&lines(&before), &lines(&after));
        let (old, new) = (quoted("a/", rewrite.path.as_bytes()), quoted("b/", rewrite.path.as_bytes()));
        let body = diff.unified_diff().context_radius(3).header(&old, &new).to_string();
        patch.extend(["diff --git ", &old, " ", &new, "\n", &body]);
    }
    narrow(&patch)
}

/// One character a byte: what compares text then compares bytes.
fn widen(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The bytes that [`widen`] made characters of.
fn narrow(text: &str) -> Vec<u8> {
    text.chars().filter_map(|character| u8::try_from(character).ok()).collect()
}

/// A name as git writes it in a patch: in quotes where it has bytes that would end it.
fn quoted(prefix: &str, name: &[u8]) -> String {
    let is_plain = |byte: &u8| !byte.is_ascii_control() && *byte != b'"' && *byte != b'\\';
    if name.iter().all(is_plain) {
        return format!("{prefix}{}", widen(name));
    }
    let mut text = format!("\"{prefix}");
    for byte in name {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => text.extend(format!("\\{byte:03o}").chars()),
        }
    }
    text.push('"');
    text
}
