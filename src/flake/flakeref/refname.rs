//! Legal git reference names and revisions (`git-utils.cc: isLegalRefName`).

/// Whether Nix takes the text for a branch or tag: not `@`, and what git-check-ref-format allows.
pub(super) fn is_legal_ref(name: &str) -> bool {
    let bad_byte = |byte: u8| byte <= b' ' || byte == 0x7f || b"~^:?*[\\".contains(&byte);
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.strip_suffix(".lock").is_some();
    !(name.is_empty()
        || name == "@"
        || name.bytes().any(bad_byte)
        || name.contains("..")
        || name.contains("@{")
        || name.ends_with('.')
        || name.split('/').any(bad_part)
        || (!name.contains('/') && name.starts_with('-')))
}

/// Whether the text matches the older, narrower and elsewhere wider pattern that Mercurial and short flake references
/// keep: `[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*`.
pub(super) fn is_plain_ref(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '@')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./@+-".contains(&byte))
}

/// Whether the text is a commit hash as URLs hold it: 40 hexadecimal digits.
pub(super) fn is_revision(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether the text is a hash that Nix takes for a `rev` attribute: SHA-1 in base 16, 32 or 64, or with a prefix.
pub(super) fn check_revision(text: &str) -> Result<(), String> {
    let (body, kind) = match text.split_once([':', '-']) {
        Some((kind @ ("sha1" | "sha256"), body)) => (body, kind),
        _ => (text, "sha1"),
    };
    let lengths = if kind == "sha1" { [40, 32, 28] } else { [64, 52, 44] };
    if !lengths.contains(&body.len()) {
        return Err(format!("hash `{text}` has wrong length for hash algorithm `{kind}`"));
    }
    let base16 = body.len() == lengths[0];
    if base16 && !body.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("invalid base-16 hash `{text}`"));
    }
    if body.len() == lengths[1] && !body.bytes().all(|byte| b"0123456789abcdfghijklmnpqrsvwxyz".contains(&byte)) {
        return Err(format!("invalid base-32 hash `{text}`"));
    }
    Ok(())
}

/// The same for the forges, which know commits by SHA-1 only.
pub(super) fn check_commit(text: &str) -> Result<(), String> {
    check_revision(text)?;
    if text.starts_with("sha256") { Err(format!("hash `{text}` should have type `sha1`")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forges_know_sha1() {
        let sha256 = format!("sha256:{}", "0".repeat(64));
        assert_eq!(check_revision(&sha256), Ok(()));
        assert_eq!(check_commit(&sha256), Err(format!("hash `{sha256}` should have type `sha1`")));
        assert_eq!(check_commit(&"0".repeat(40)), Ok(()));
    }

    /// The lists of Nix's own unit test.
    #[test]
    fn names_from_nix_tests() {
        for name in ["A/b", "foo.baz", "foo./bar", "heads/foo@bar", "branch#", "$1", "foo.locke", "HEAD"] {
            assert!(is_legal_ref(name), "{name}");
        }
        for name in [
            "refs///x",
            "heads/foo/",
            ".foo",
            "foo..bar",
            "x.lock",
            "a.lock/b",
            "@{",
            "@",
            "*",
            "/foo",
            "",
            "foo bar",
            "~",
            "^",
            ":",
            "?",
            "[",
            "\\",
        ] {
            assert!(!is_legal_ref(name), "{name}");
        }
    }
}
