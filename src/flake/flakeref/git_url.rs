//! The `url` of a git reference, normalised (`url.cc: fixGitURL`; Nix 2.34).

use super::RefError;
use super::url::{Url, encode};

/// Turns SCP forms and plain paths into URLs, drops a leading `git+`, and writes the URL anew.
pub(super) fn fix(text: &str) -> Result<String, RefError> {
    let scp = scp_as_ssh(text);
    let text = scp.as_deref().unwrap_or(text);
    let is_file = text.starts_with("file:") || text.starts_with("git+file:");
    if !text.contains("://") && !is_file {
        if text.split('/').next().is_some_and(|first| first.contains(':')) {
            return Err(RefError(format!(
                "SCP-like URL `{text}` is not supported; use SSH URL syntax instead (ssh://...)"
            )));
        }
        // A path is not encoded yet, whatever it looks like.
        let path = text.split('/').map(|segment| encode(segment, ":@")).collect::<Vec<_>>().join("/");
        // One of no parts is the root.
        let path = if text.is_empty() { "/".to_owned() } else { path };
        return Ok(format!("{}{path}", if text.starts_with('/') { "file://" } else { "file:" }));
    }
    let mut url = Url::parse_strictly(text).map_err(|bad| RefError(bad.0))?;
    if let Some(scheme) = url.scheme.strip_prefix("git+") {
        url.scheme = scheme.to_owned();
    }
    Ok(url.to_string())
}

/// `git@example.org:owner/repository` as an SSH URL. Nix matches `([^/]*)@(.*):(.*)`, which takes the last `@` before
/// any `/`, and the last `:`.
fn scp_as_ssh(text: &str) -> Option<String> {
    if text.starts_with('/') {
        return None;
    }
    let colon = text.rfind(':')?;
    let before_slash = &text[..text.find('/').unwrap_or(text.len()).min(colon)];
    let at = before_slash.rfind('@')?;
    if text[at..].contains(['\n', '\r']) {
        return None;
    }
    Some(format!("ssh://{}@{}/{}", &text[..at], &text[at + 1..colon], &text[colon + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_nix_normalises() {
        for (text, wanted) in [
            ("git@example.org:owner/r+x", "ssh://git@example.org/owner/r%2Bx"),
            ("git@example.org:/abs", "ssh://git@example.org//abs"),
            ("git@h:1:2/x", "ssh://git@h:1/2/x"),
            ("git+https://h/p?b=1&a=2", "https://h/p?a=2&b=1"),
            ("git+git+https://h/p", "git+https://h/p"),
            ("/srv/a b/50%", "file:///srv/a%20b/50%25"),
            ("srv/x", "file:srv/x"),
            ("file:./p", "file:./p"),
        ] {
            assert_eq!(fix(text).as_deref(), Ok(wanted), "{text}");
        }
        for text in ["example.org:x", "https://h/a b", "https://h/?a=b c"] {
            assert!(fix(text).is_err(), "{text}");
        }
    }

    /// What Nix 2.34 makes of each, as `builtins.flakeRefToString { type = "git"; url = …; }` says it.
    #[test]
    fn written_as_nix_writes() {
        for (url, expected) in [
            ("[", "file:%5B"),
            ("/a[b", "file:///a%5Bb"),
            ("a%20b", "file:a%2520b"),
            ("a?b", "file:a%3Fb"),
            ("/a?b=c", "file:///a%3Fb%3Dc"),
            ("/a#b", "file:///a%23b"),
            ("a//b", "file:a//b"),
            ("/a//b/", "file:///a//b/"),
            ("~x", "file:~x"),
            ("é", "file:%C3%A9"),
            ("a!$()*,;=b", "file:a%21%24%28%29%2A%2C%3B%3Db"),
            ("/a@b:c", "file:///a@b:c"),
            ("", "file:/"),
            ("/", "file:///"),
            ("//", "file:////"),
            ("git+/x", "file:git%2B/x"),
            ("a/b:c", "file:a/b:c"),
            ("a/b@c:d", "file:a/b@c:d"),
            ("git@h:a%20b", "ssh://git@h/a%20b"),
            ("git@h:/a", "ssh://git@h//a"),
            ("git@h:a?b=c", "ssh://git@h/a?b=c"),
            ("git@h:a#b", "ssh://git@h/a#b"),
            ("g@h:1:b", "ssh://g@h:1/b"),
            ("@h:x", "ssh://@h/x"),
            ("u@:x", "ssh://u@/x"),
            ("u@h:", "ssh://u@h/"),
            ("u@[::1]:x", "ssh://u@[::1]/x"),
            ("git@h:a//b", "ssh://git@h/a//b"),
            ("git@h://x", "ssh://git@h///x"),
            ("file:a?x=y", "file:a?x=y"),
            ("git+file:a", "file:a"),
            ("http://h/?a", "http://h/"),
            ("git+git+http://h", "git+http://h"),
        ] {
            assert_eq!(fix(url).as_deref(), Ok(expected), "{url}");
        }
        for url in
            ["git@h:a b", "git@h:a[b", "u v@h:x", "a@b@c:d", "u%@h:x", "a:b", "file:[", "http://h/a b", "+https://h/p"]
        {
            assert!(fix(url).is_err(), "{url}: {:?}", fix(url));
        }
    }
}
