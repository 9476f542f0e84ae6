//! Rewrites as a patch that `git apply` takes.

use similar::TextDiff;

use super::Rewrite;

/// The rewrites as one unified diff with git's prefixes; empty where nothing changes.
#[must_use]
pub fn patch(rewrites: &[Rewrite]) -> String {
    let one = |rewrite: &Rewrite| {
        let (before, after) = (String::from_utf8_lossy(&rewrite.before), String::from_utf8_lossy(&rewrite.after));
        let diff = TextDiff::from_lines(&*before, &*after);
        let (old, new) = (quoted(&format!("a/{}", rewrite.path)), quoted(&format!("b/{}", rewrite.path)));
        format!("diff --git {old} {new}\n{}", diff.unified_diff().context_radius(3).header(&old, &new))
    };
    rewrites.iter().map(one).collect()
}

/// A name as git writes it in a patch: in quotes where it has characters that would end it.
fn quoted(name: &str) -> String {
    if name.chars().all(|character| !character.is_control() && character != '"' && character != '\\') {
        return name.to_owned();
    }
    let mut text = String::from("\"");
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            0x20..=0x7e => text.push(char::from(byte)),
            _ => text.extend(format!("\\{byte:03o}").chars()),
        }
    }
    text.push('"');
    text
}
