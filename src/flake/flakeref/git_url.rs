//! The `url` of a git reference, normalised (`url.cc: fixGitURL`; Nix 2.34).

use super::RefError;
use super::url::Url;

/// Turns SCP forms and plain paths into URLs, drops a leading `git+`, and writes the URL anew.
pub(super) fn fix(text: &str) -> Result<String, RefError> {
    if let Some((user, rest)) = text.split_once('@')
        && !text.starts_with('/')
        && !user.contains(['/', ':'])
        && let Some((host, path)) = rest.split_once(':')
        && !host.contains('/')
        && !path.starts_with("//")
    {
        return Ok(format!("ssh://{user}@{host}/{}", path.trim_start_matches('/')));
    }
    let is_file = text.starts_with("file:") || text.starts_with("git+file:");
    if !text.contains("://") && !is_file {
        if text.starts_with('/') {
            return Ok(format!("file://{text}"));
        }
        if text.split('/').next().is_some_and(|first| first.contains(':')) {
            return Err(RefError(format!(
                "SCP-like URL `{text}` is not supported; use SSH URL syntax instead (ssh://...)"
            )));
        }
        return Ok(format!("file:{text}"));
    }
    let mut url = Url::parse(text).map_err(|bad| RefError(bad.0))?;
    if let Some(scheme) = url.scheme.strip_prefix("git+") {
        url.scheme = scheme.to_owned();
    }
    Ok(url.to_string())
}
