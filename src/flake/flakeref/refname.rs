//! Legal git reference names and revisions (`git-utils.cc: isLegalRefName`).

use crate::flake::hash::{Algorithm, Hash};

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

/// Reads a `rev` attribute (`Input::getRev`): SHA-1 in any spelling, or any hash that names its algorithm.
pub(super) fn revision(text: &str) -> Result<Hash, String> {
    Hash::parse_any(text, Algorithm::Sha1)
}

/// Whether the text is the SHA-1 hash of zeros, which stands for no revision at all.
pub(super) fn is_no_revision(text: &str) -> bool {
    revision(text).is_ok_and(|hash| hash.algorithm == Algorithm::Sha1 && hash.bytes.iter().all(|byte| *byte == 0))
}

/// Checks a `rev` of the forges, which know commits by SHA-1 only.
pub(super) fn check_commit(text: &str) -> Result<(), String> {
    let hash = revision(text)?;
    if hash.algorithm == Algorithm::Sha1 { Ok(()) } else { Err(format!("hash `{text}` should have type `sha1`")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forges_know_sha1() {
        let sha256 = format!("sha256:{}", "0".repeat(64));
        assert!(revision(&sha256).is_ok());
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
