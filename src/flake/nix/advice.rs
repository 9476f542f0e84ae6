//! What to do about a flake.nix that Nix rejects.

use crate::flake::is_flake_id;
use crate::text::nearest;

/// About an attribute beside `inputs` and `outputs`.
pub(super) fn on_top_level(name: &str) -> String {
    const KNOWN: &[&str] = &["description", "inputs", "outputs", "nixConfig"];
    match nearest(name, KNOWN.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a flake has `description`, `inputs`, `outputs` and `nixConfig`: remove it, or let `outputs` return it"
            .to_owned(),
    }
}

/// About an attribute of an input that gives no `type`.
pub(super) fn on_input_attribute(name: &str) -> String {
    const KNOWN: &[&str] = &["url", "flake", "follows", "inputs", "type"];
    match nearest(name, KNOWN.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("say it in the `url`, or give `type` and everything else as attributes beside `{name}`"),
    }
}

/// About a `url` that Nix refuses for this reason.
pub(super) fn on_url(url: &str, reason: &str) -> Option<String> {
    if reason.starts_with("unexpected fragment") {
        let flake = url.split('#').next().unwrap_or_default();
        return Some(format!("an input is a flake, not one of its outputs: write `{flake}`"));
    }
    if !reason.ends_with("is unsupported") {
        return None;
    }
    let (scheme, rest) = url.split_once(':')?;
    let lower = scheme.to_lowercase();
    Some(match lower.as_str() {
        "gh" => format!("write `github:{rest}`"),
        "gl" => format!("write `gitlab:{rest}`"),
        "ssh" | "ssh+git" => format!("write `git+ssh:{rest}`"),
        _ if lower != scheme => format!("write `{lower}:{rest}`"),
        _ => {
            "Nix knows `github:`, `gitlab:`, `sourcehut:`, `git+https:`, `git+ssh:`, `https:`, `path:` and some others"
                .to_owned()
        }
    })
}

/// About a part of a `follows` that is no name of an input.
pub(super) fn on_follows(element: &str) -> String {
    let names: Vec<&str> = element.split('.').collect();
    if names.len() > 1 && names.iter().all(|name| is_flake_id(name)) {
        return format!("separate names of inputs with slashes: `{}`", names.join("/"));
    }
    "only inputs whose names are letters, digits, `_` and `-`, with a letter first, can be followed".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let unsupported = |url: &str| on_url(url, &format!("input `{url}` is unsupported"));
        assert_eq!(unsupported("gh:o/r").as_deref(), Some("write `github:o/r`"));
        assert_eq!(unsupported("ssh://git@h/r").as_deref(), Some("write `git+ssh://git@h/r`"));
        assert_eq!(unsupported("GitHub:o/r").as_deref(), Some("write `github:o/r`"));
        assert!(unsupported("ftp://h/r").is_some_and(|help| help.contains("`github:`")));
        let fragment = on_url("github:o/r#x", "unexpected fragment `x` in flake reference `github:o/r#x`");
        assert_eq!(fragment.as_deref(), Some("an input is a flake, not one of its outputs: write `github:o/r`"));
        assert_eq!(on_url("github:o/r?rev=x", "hash `x` has wrong length"), None);
    }

    #[test]
    fn names() {
        assert_eq!(on_top_level("input"), "did you mean `inputs`?");
        assert!(on_top_level("edition").starts_with("a flake has"));
        assert_eq!(on_input_attribute("uri"), "did you mean `url`?");
        assert!(on_input_attribute("ref").starts_with("say it in the `url`"));
        assert_eq!(on_follows("nixpkgs.lib"), "separate names of inputs with slashes: `nixpkgs/lib`");
        assert!(on_follows("_x").starts_with("only inputs"));
    }
}
