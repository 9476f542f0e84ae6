//! The attributes of a fetcher's input, by name.

use std::borrow::Cow;
use std::{iter, slice, vec};

use super::Attr;

/// The name of an attribute. Those that fetchers know, which are nearly all, take no memory of their own.
pub type Name = Cow<'static, str>;

/// Attributes by name, as `original` and `locked` hold them, in order of name.
///
/// There are a few of them in each of thousands of nodes: a sorted list takes a fraction of a tree's memory and time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attrs(Vec<(Name, Attr)>);

/// Makes a list of names, and the function that finds one in it: by comparisons that the compiler knows the lengths of.
macro_rules! known {
    ($($name:literal),* $(,)?) => {
        /// All names that some fetcher knows, sorted.
        #[cfg(test)]
        const KNOWN: &[&str] = &[$($name),*];

        fn known(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some($name),)*
                _ => None,
            }
        }
    };
}

known![
    "allRefs",
    "dir",
    "dirtyRev",
    "dirtyShortRev",
    "exportIgnore",
    "host",
    "id",
    "keytype",
    "lastModified",
    "lfs",
    "name",
    "narHash",
    "owner",
    "path",
    "publicKey",
    "publicKeys",
    "ref",
    "repo",
    "rev",
    "revCount",
    "shallow",
    "submodules",
    "treeHash",
    "type",
    "unpack",
    "url",
    "verifyCommit",
];

impl Attrs {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// None, with room for so many.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// An attribute.
    #[inline]
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Attr> {
        // A name of another length is passed over without a look at its letters.
        self.0.iter().find(|(present, _)| present.as_ref() == name).map(|(_, value)| value)
    }

    /// Whether there is an attribute of this name.
    #[inline]
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets an attribute.
    pub fn insert(&mut self, name: impl AsRef<str> + Into<String>, value: Attr) {
        // They mostly come in order.
        let is_last = self.0.last().is_none_or(|(last, _)| last.as_ref() < name.as_ref());
        let place = if is_last { Err(self.0.len()) } else { self.position(name.as_ref()) };
        match place {
            Ok(index) => self.0[index].1 = value,
            Err(index) => {
                let name = known(name.as_ref()).map_or_else(|| Cow::Owned(name.into()), Cow::Borrowed);
                self.0.insert(index, (name, value));
            }
        }
    }

    /// Takes an attribute out.
    pub fn remove(&mut self, name: &str) -> Option<Attr> {
        self.position(name).ok().map(|index| self.0.remove(index).1)
    }

    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// The attributes, in order of name.
    pub fn iter(&self) -> AttrsIter<'_> {
        self.into_iter()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        // Faster than to halve for as few as there are.
        for (index, (present, _)) in self.0.iter().enumerate() {
            match present.as_ref().cmp(name) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Ok(index),
                std::cmp::Ordering::Greater => return Err(index),
            }
        }
        Err(self.0.len())
    }
}

/// Attributes in order of name.
pub type AttrsIter<'a> = iter::Map<slice::Iter<'a, (Name, Attr)>, fn(&'a (Name, Attr)) -> (&'a str, &'a Attr)>;

impl<'a> IntoIterator for &'a Attrs {
    type Item = (&'a str, &'a Attr);
    type IntoIter = AttrsIter<'a>;

    fn into_iter(self) -> AttrsIter<'a> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}

impl IntoIterator for Attrs {
    type Item = (Name, Attr);
    type IntoIter = vec::IntoIter<(Name, Attr)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: AsRef<str> + Into<String>> Extend<(N, Attr)> for Attrs {
    fn extend<I: IntoIterator<Item = (N, Attr)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.insert(name, value);
        }
    }
}

impl<N: AsRef<str> + Into<String>> FromIterator<(N, Attr)> for Attrs {
    fn from_iter<I: IntoIterator<Item = (N, Attr)>>(pairs: I) -> Self {
        let mut attrs = Self::new();
        attrs.extend(pairs);
        attrs
    }
}

impl<N: AsRef<str> + Into<String>, const COUNT: usize> From<[(N, Attr); COUNT]> for Attrs {
    fn from(pairs: [(N, Attr); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_names_are_sorted() {
        assert!(KNOWN.is_sorted());
        assert!(KNOWN.iter().all(|name| known(name) == Some(name)));
        assert_eq!(known("other"), None);
    }

    /// In any order of coming, as a tree of the standard library.
    #[test]
    fn as_a_tree_would_hold_them() {
        let names = ["url", "other", "rev", "dir", "url", "a", "zz", "rev"];
        for first in 0..names.len() {
            let (mut attrs, mut tree) = (Attrs::new(), std::collections::BTreeMap::new());
            for (number, name) in (0..).zip(names.iter().cycle().skip(first).take(names.len())) {
                attrs.insert(*name, Attr::Integer(number));
                tree.insert(*name, Attr::Integer(number));
            }
            assert_eq!(attrs.remove("rev"), tree.remove("rev"));
            assert_eq!(attrs.remove("rev"), None);
            assert!(attrs.iter().eq(tree.iter().map(|(name, value)| (*name, value))), "{attrs:?}");
            assert_eq!((attrs.get("zz"), attrs.contains_key("rev")), (tree.get("zz"), false));
        }
    }
}
