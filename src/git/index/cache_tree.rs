//! The `TREE` extension: for each directory whose entries are as some tree has them, that tree's id
//! (Documentation/gitformat-index).

use std::collections::HashMap;

/// The extension, read.
pub(in crate::git) struct CacheTree<'a> {
    body: &'a [u8],
    id_len: usize,
    /// A directory, then everything below it.
    nodes: Vec<Node>,
}

struct Node {
    name: (usize, usize),
    /// Where the id stands; `None` where the entries have changed since.
    id: Option<usize>,
    entries: usize,
    /// The node behind everything below this one.
    next: usize,
}

impl<'a> CacheTree<'a> {
    /// The node of the root.
    pub(in crate::git) const ROOT: usize = 0;

    /// Reads the extension's body; `None` where it is damaged.
    pub(in crate::git) fn parse(body: &'a [u8], id_len: usize) -> Option<Self> {
        let mut nodes: Vec<Node> = Vec::new();
        // Directories that are being read, and how many below each are still to come.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        loop {
            let (node, below, after) = node(body, at, id_len)?;
            at = after;
            open.push((nodes.len(), below));
            nodes.push(node);
            while let Some((closed, 0)) = open.last().copied() {
                open.pop();
                nodes[closed].next = nodes.len();
            }
            match open.last_mut() {
                Some((_, to_come)) => *to_come -= 1,
                None => return Some(Self { body, id_len, nodes }),
            }
        }
    }

    /// The tree that holds exactly the `entries` entries below a directory; `None` where that is not known.
    pub(in crate::git) fn tree(&self, node: usize, entries: usize) -> Option<&'a [u8]> {
        let node = self.nodes.get(node)?;
        self.body.get(node.id?..)?.get(..self.id_len).filter(|_| node.entries == entries)
    }

    /// The directories directly below one, by name.
    pub(in crate::git) fn below(&self, node: usize) -> HashMap<&'a [u8], usize> {
        let mut found = HashMap::new();
        let end = self.nodes.get(node).map_or(0, |node| node.next);
        let mut child = node + 1;
        while child < end {
            let Node { name, next, .. } = &self.nodes[child];
            found.insert(self.body.get(name.0..name.1).unwrap_or_default(), child);
            child = *next;
        }
        found
    }
}

/// One node: its name, `ENTRIES SUBTREES\n`, and its id unless the first number is negative.
fn node(body: &[u8], at: usize, id_len: usize) -> Option<(Node, usize, usize)> {
    let rest = body.get(at..)?;
    let name_end = memchr::memchr(0, rest)?;
    let line_end = name_end + memchr::memchr(b'\n', &rest[name_end..])?;
    let numbers = std::str::from_utf8(&rest[name_end + 1..line_end]).ok()?;
    let (entries, below) = numbers.split_once(' ')?;
    let (entries, below) = (entries.parse::<i64>().ok()?, below.parse::<usize>().ok()?);
    let mut after = at + line_end + 1;
    let id = (entries >= 0).then_some(after);
    if id.is_some() {
        after += id_len;
    }
    let entries = usize::try_from(entries).unwrap_or(0);
    (after <= body.len()).then_some((Node { name: (at, at + name_end), id, entries, next: 0 }, below, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_found_below_their_parents() {
        let body =
            [b"\x00-1 2\n".as_slice(), b"a\x002 1\n", &[1; 20], b"b\x001 0\n", &[2; 20], b"c\x001 0\n", &[3; 20]]
                .concat();
        let tree = CacheTree::parse(&body, 20).expect("it is sound");
        let root = tree.below(CacheTree::ROOT);
        assert_eq!(root.len(), 2);
        assert_eq!(tree.tree(CacheTree::ROOT, 3), None);
        assert_eq!(tree.tree(root[b"a".as_slice()], 2), Some([1; 20].as_slice()));
        assert_eq!(tree.tree(root[b"a".as_slice()], 3), None);
        assert_eq!(tree.tree(tree.below(root[b"a".as_slice()])[b"b".as_slice()], 1), Some([2; 20].as_slice()));
        assert_eq!(tree.tree(root[b"c".as_slice()], 1), Some([3; 20].as_slice()));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let body = [b"\x001 1\n".as_slice(), &[1; 20], b"a\x001 0\n", &[2; 20]].concat();
        assert!(CacheTree::parse(&body, 20).is_some());
        for end in 0..body.len() {
            assert!(CacheTree::parse(&body[..end], 20).is_none(), "{end}");
        }
    }
}
