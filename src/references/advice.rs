//! What to do about a file that git will not give Nix: the command in words, and the fix that stages it.

use crate::diagnostic::{Applicability, Fix};
use crate::snapshot::RepoPath;

/// The command that stages `path`, to be pasted into a shell at the repository's root.
#[must_use]
pub fn git_add(path: &RepoPath) -> String {
    format!("git add {}", argument(path))
}

/// The command that brings tracked files back that git was told to leave alone. Below a directory, each file has a mark
/// of its own.
#[must_use]
pub fn unskip(path: &RepoPath) -> String {
    let path = argument(path);
    format!("git ls-files -z {path} | git update-index --no-skip-worktree -z --stdin && git restore {path}")
}

/// A path as an argument for a shell and for git: quoted where it has to be, and never taken for an option or for a
/// pattern. Bytes that a terminal would act on come out escaped.
#[must_use]
pub fn argument(path: &RepoPath) -> String {
    let shown = if path.is_root() { ".".to_owned() } else { path.to_string() };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@%,=".contains(&byte);
    let literal = if shown.starts_with(':') || shown.contains(['*', '?', '[']) { ":(literal)" } else { "" };
    let dashes = if shown.starts_with('-') { "-- " } else { "" };
    if literal.is_empty() && shown.bytes().all(plain) {
        return format!("{dashes}{shown}");
    }
    format!("{dashes}'{literal}{}'", shown.replace('\'', r"'\''"))
}

/// The fix that stages one path. Unsafe: it changes what is committed.
#[must_use]
pub fn stage(path: &RepoPath) -> Fix {
    Fix {
        title: format!("stage `{path}`"),
        applicability: Applicability::Unsafe,
        edits: Vec::new(),
        stage: vec![path.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_survive_a_shell_and_git() {
        assert_eq!(git_add(&"hosts/a.nix".into()), "git add hosts/a.nix");
        assert_eq!(git_add(&"my file's.nix".into()), r"git add 'my file'\''s.nix'");
        assert_eq!(git_add(&"-n.nix".into()), "git add -- -n.nix");
        assert_eq!(git_add(&"[id].nix".into()), "git add ':(literal)[id].nix'");
    }
}
