//! Paths as git knows them.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

/// A path relative to the repository's root: bytes, separated by `/`, without a leading or trailing one.
///
/// The empty path is the root itself. `Display` escapes what a terminal would act on and what is not UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// A path from bytes that are known to be normal: no leading `/`, no `.` or `..`, no `//`.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the repository's root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last component; empty for the root.
    #[must_use]
    pub fn file_name(&self) -> &[u8] {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => &self.0[slash + 1..],
            None => &self.0,
        }
    }

    /// The directory that holds this path; the root for a path of one component and for the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => Self(self.0[..slash].to_vec()),
            None => Self::default(),
        }
    }

    /// The path, the directory that holds it, the one that holds that, and so on; without the root.
    pub fn upwards(&self) -> impl Iterator<Item = &[u8]> {
        let shorter = |path: &&[u8]| path.iter().rposition(|byte| *byte == b'/').map(|slash| &self.0[..slash]);
        std::iter::successors(Some(self.0.as_slice()).filter(|path| !path.is_empty()), shorter)
    }

    /// Appends a relative path, resolving `.`, `..`, empty components and a trailing `/` lexically, as Nix does for
    /// path literals. `None` when the result leaves the repository or `relative` is absolute.
    #[must_use]
    pub fn join(&self, relative: &[u8]) -> Option<Self> {
        if relative.first() == Some(&b'/') {
            return None;
        }
        let mut components: Vec<&[u8]> = self.0.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
        for part in relative.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    components.pop()?;
                }
                name => components.push(name),
            }
        }
        Some(Self(components.join(&b'/')))
    }

    /// Appends one file name.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut bytes = self.0.clone();
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name.as_bytes());
        Self(bytes)
    }

    /// Whether this path is `directory` or lies below it.
    #[must_use]
    pub fn is_under(&self, directory: &Self) -> bool {
        under(&self.0, directory.as_bytes())
    }

    /// The path on disk below `root`.
    #[must_use]
    pub fn on_disk(&self, root: &Path) -> PathBuf {
        if self.0.is_empty() { root.to_path_buf() } else { root.join(os_path(&self.0)) }
    }

    /// As text for JSON and the like: bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

/// Whether the path `bytes` is `directory` or lies below it.
#[must_use]
pub fn under(bytes: &[u8], directory: &[u8]) -> bool {
    directory.is_empty()
        || bytes.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
}

impl From<&str> for RepoPath {
    fn from(path: &str) -> Self {
        Self::new(path.as_bytes())
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if crate::text::is_acted_on(character) {
                    write!(formatter, "{}", character.escape_default())?;
                } else {
                    write!(formatter, "{character}")?;
                }
            }
            for byte in chunk.invalid() {
                write!(formatter, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn os_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn os_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upwards_to_the_root() {
        let upwards = |path: &str| RepoPath::from(path).upwards().map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(upwards("a/b/c"), [b"a/b/c".to_vec(), b"a/b".to_vec(), b"a".to_vec()]);
        assert!(upwards("").is_empty());
    }

    #[test]
    fn join_resolves_dots_and_stays_inside() {
        let base = RepoPath::from("hosts/vega");
        assert_eq!(base.join(b"../../flake.nix"), Some(RepoPath::from("flake.nix")));
        assert_eq!(base.join(b"./a//b/"), Some(RepoPath::from("hosts/vega/a/b")));
        assert_eq!(base.join(b"../../../x"), None);
        assert_eq!(base.join(b"/etc"), None);
    }

    #[test]
    fn under_compares_components() {
        assert!(RepoPath::from("a/b").is_under(&RepoPath::from("a")));
        assert!(!RepoPath::from("ab").is_under(&RepoPath::from("a")));
        assert!(RepoPath::from("ab").is_under(&RepoPath::default()));
    }

    #[test]
    fn display_escapes_what_a_terminal_would_act_on() {
        assert_eq!(RepoPath::new(b"a\x1b[31m\xff".to_vec()).to_string(), "a\\u{1b}[31m\\xff");
    }
}
