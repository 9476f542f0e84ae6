//! The content of a tree object: one directory, as git stores it.

use super::super::entries::{self, is_sound};
use crate::snapshot::Mode;

/// What a tree says of one name.
pub(in crate::git) struct Item<'a> {
    pub(in crate::git) name: &'a [u8],
    pub(in crate::git) id: &'a [u8],
    /// `None` for a directory.
    pub(in crate::git) mode: Option<Mode>,
}

/// The items of a tree, in git's order: by name, a directory's as if it ended with `/`. Names that no checkout could
/// have are left out; what is damaged ends the list.
pub(in crate::git) fn items(content: &[u8], id_len: usize) -> impl Iterator<Item = Item<'_>> {
    let mut rest = content;
    let next = move || {
        let (bits, after) = split(rest, b' ')?;
        let (name, after) = split(after, 0)?;
        let id = after.get(..id_len)?;
        rest = after.get(id_len..)?;
        let bits = u32::from_str_radix(std::str::from_utf8(bits).ok()?, 8).ok()?;
        let mode = entries::mode(bits);
        Some(Item { name, id, mode: (mode != Mode::SparseDirectory).then_some(mode) })
    };
    std::iter::from_fn(next).filter(|item| is_sound(item.name) && !item.name.contains(&b'/'))
}

/// Whether the content is that of a tree to its end: git refuses any other.
pub(in crate::git) fn is_whole(content: &[u8], id_len: usize) -> bool {
    let mut rest = content;
    while !rest.is_empty() {
        let after = split(rest, b' ').and_then(|(bits, after)| {
            let is_mode = !bits.is_empty() && bits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
            split(after, 0).filter(|(name, _)| is_mode && !name.is_empty())?.1.get(id_len..)
        });
        let Some(after) = after else { return false };
        rest = after;
    }
    true
}

fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(at, bytes)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_trees() {
        let item = [&b"100644 a.nix\0"[..], &[1; 20]].concat();
        for (content, is_tree) in [
            (Vec::new(), true),
            (item.clone(), true),
            ([&item[..], &item].concat(), true),
            ([&item[..], &item[..30]].concat(), false),
            (item[..12].to_vec(), false),
            ([&b"100644x a.nix\0"[..], &[1; 20]].concat(), false),
            ([&b" a.nix\0"[..], &[1; 20]].concat(), false),
            ([&b"100644 \0"[..], &[1; 20]].concat(), false),
        ] {
            assert_eq!(is_whole(&content, 20), is_tree, "{content:?}");
        }
    }

    #[test]
    fn files_links_and_directories() {
        let content = [
            b"100644 a.nix\0".as_slice(),
            &[1; 20],
            b"40000 b\0",
            &[2; 20],
            b"120000 c\0",
            &[3; 20],
            b"100644 ..\0",
            &[4; 20],
            b"100755 d\0",
            &[5; 7],
        ]
        .concat();
        let found: Vec<_> = items(&content, 20).map(|item| (item.name.to_vec(), item.mode, item.id[0])).collect();
        let expected = vec![
            (b"a.nix".to_vec(), Some(Mode::File), 1),
            (b"b".to_vec(), None, 2),
            (b"c".to_vec(), Some(Mode::Symlink), 3),
        ];
        assert_eq!(found, expected);
    }
}
