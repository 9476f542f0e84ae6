//! Which inputs lock a copy of what the flake itself has, and could follow.
//!
//! Two inputs are the same when they are the same repository and directory, and both flakes or both not, never because
//! they share a name: see [`identity`](super::identity).

mod size;

use std::cell::OnceCell;
use std::collections::BTreeMap;

pub use size::{Gain, Size, gain};

use self::size::Counter;
use super::identity::{Branch, Identity, NixpkgsLine, Repository};
use super::lock::{LockEdge, LockFile, LockGraph, LockedSource, NodeId};
use super::{Flake, InputAttrPath};

/// An edge of the lock that leads to a copy of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The input, from the root flake: `["a", "nixpkgs"]`.
    pub path: InputAttrPath,
    /// The node that holds the edge.
    pub holder: NodeId,
    /// The input of the root flake that is the best to follow.
    pub target: String,
    /// How many inputs of the root flake could be followed.
    pub choices: usize,
    /// What would change besides the copy.
    pub difference: Difference,
    /// Whether it is Nixpkgs.
    pub is_nixpkgs: bool,
    /// How many copies of it the lock holds.
    pub copies: usize,
    /// What would go from the lock with this edge.
    pub below: Size,
}

/// How a copy differs from what it could follow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// In nothing but the revision that happens to be locked.
    None,
    /// It asks for a branch of the same kind: both unstable, or both of one release.
    Channel,
    /// It asks for another branch, in words that go on from "locks its own x, ".
    Branch(String),
    /// It asks for one revision.
    Pinned,
}

/// An input of the root flake that others may follow.
struct Root<'f> {
    name: &'f str,
    node: NodeId,
    /// Whether the node is that of an input of an input, which it follows itself.
    is_borrowed: bool,
    identity: &'f Identity,
}

/// Every edge below the flake's own inputs whose target the flake has too, in order of path. Linear in edges.
#[must_use]
pub fn copies(flake: &Flake, lock: &LockFile) -> Vec<Copy> {
    let graph = &lock.graph;
    let roots = roots(flake, graph);
    let total = OnceCell::new();
    let mut counter = Counter::of(graph);
    let mut found = Vec::new();
    for (path, holder) in lock.nodes_by_path() {
        for (name, edge) in &graph.node(*holder).inputs {
            let LockEdge::Node(child) = edge else { continue };
            let Some(source) = &graph.node(*child).source else { continue };
            let identity = source.identity();
            // The library of Nixpkgs: small, and often a repository of its own.
            if name.ends_with("nixpkgs-lib") {
                continue;
            }
            let Some(same) = roots.get(&key(source)) else { continue };
            // What the flake itself takes from there is no copy for another that it takes so: they would go in a circle.
            let is_own = same.iter().any(|root| root.node == *child);
            let can_follow = |root: &&Root<'_>| root.node != *child && !(is_own && root.is_borrowed);
            let choices: Vec<&Root<'_>> = same.iter().filter(can_follow).collect();
            let rank = |root: &Root<'_>| (difference(root.identity, identity), root.name != name, root.is_borrowed);
            // Of equals the first by name: the inputs are sorted.
            let Some(best) = choices.iter().min_by_key(|root| rank(root)) else { continue };
            found.push(Copy {
                path: path.child(name),
                holder: *holder,
                target: best.name.to_owned(),
                choices: choices.len(),
                difference: difference(best.identity, identity),
                is_nixpkgs: identity.is_nixpkgs(),
                copies: total.get_or_init(|| total_of(graph)).get(&place(identity)).copied().unwrap_or_default(),
                below: counter.below(*child),
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// A repository and a directory in it.
type Source<'l> = (&'l Repository, &'l str);

fn place(identity: &Identity) -> Source<'_> {
    (&identity.repository, &identity.dir)
}

/// How many nodes lock each source.
fn total_of(graph: &LockGraph) -> BTreeMap<Source<'_>, usize> {
    let mut total = BTreeMap::new();
    for source in graph.nodes.iter().filter_map(|node| node.source.as_ref()) {
        *total.entry(place(source.identity())).or_default() += 1;
    }
    total
}

/// What inputs must have in common.
type Key<'l> = (Source<'l>, bool);

fn key(source: &LockedSource) -> Key<'_> {
    (place(source.identity()), source.is_flake)
}

fn roots<'f>(flake: &'f Flake, graph: &'f LockGraph) -> BTreeMap<Key<'f>, Vec<Root<'f>>> {
    let mut found: BTreeMap<Key<'_>, Vec<Root<'_>>> = BTreeMap::new();
    for input in &flake.nix.inputs {
        let Some(node) = graph.resolve(&InputAttrPath::of(&input.name)) else { continue };
        let Some(source) = &graph.node(node).source else { continue };
        let edge = graph.node(LockGraph::ROOT).inputs.get(&input.name);
        let is_borrowed = matches!(edge, Some(LockEdge::Follows(_)));
        let root = Root { name: &input.name, node, is_borrowed, identity: source.identity() };
        found.entry(key(source)).or_default().push(root);
    }
    found
}

fn difference(root: &Identity, copy: &Identity) -> Difference {
    if copy.rev.is_some() && copy.rev != root.rev {
        return Difference::Pinned;
    }
    if copy.branch == root.branch && copy.rev == root.rev {
        return Difference::None;
    }
    match (root.nixpkgs_line(), copy.nixpkgs_line()) {
        (Some(ours), Some(theirs)) if ours == theirs => Difference::Channel,
        (_, Some(NixpkgsLine::Release(release))) => Difference::Branch(format!("of release {release}")),
        (_, Some(NixpkgsLine::Unstable)) => Difference::Branch("of the unstable branch".to_owned()),
        (_, None) => Difference::Branch(match &copy.branch {
            Branch::Default => "of the default branch".to_owned(),
            Branch::Named(name) => format!("of branch `{name}`"),
            Branch::Version(version) => format!("of version `{version}`"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::copies;
    use crate::flake::Flake;
    use crate::snapshot::{FileState, Memory, RepoPath};

    /// The copies in a lock whose root has these edges, below an input `a` with two of the same branch.
    fn found(inputs: &str, root: &str) -> Vec<String> {
        let source = |owner: &str, repo: &str, inputs: &str| {
            let reference = format!(r#""owner":"{owner}","repo":"{repo}","type":"github""#);
            let rev = "2222222222222222222222222222222222222222";
            let hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
            let locked = format!(r#"{reference},"rev":"{rev}","narHash":"{hash}""#);
            format!(r#"{{"inputs":{{{inputs}}},"locked":{{{locked}}},"original":{{{reference}}}}}"#)
        };
        let nixpkgs = source("NixOS", "nixpkgs", "");
        let a = source("o", "a", r#""m":"m","n":"n""#);
        let nodes = format!(r#""a":{a},"m":{nixpkgs},"n":{nixpkgs},"own":{nixpkgs},"root":{{"inputs":{{{root}}}}}"#);
        let lock = format!(r#"{{"nodes":{{{nodes}}},"root":"root","version":7}}"#);
        let nix = format!("{{ inputs = {{ a.url = \"github:o/a\"; {inputs} }}; outputs = _: {{ }}; }}");
        let memory = Memory::new().file("flake.nix", &nix, FileState::Tracked);
        let snapshot = memory.file("flake.lock", &lock, FileState::Tracked).snapshot();
        let flake = Flake::read(&snapshot, &RepoPath::default()).expect("it is there");
        let lock = flake.valid_lock().expect("a lock");
        copies(&flake, lock).iter().map(|copy| format!("{} -> {}", copy.path, copy.target)).collect()
    }

    #[test]
    fn inputs_that_the_flake_takes_from_an_input_do_not_follow_each_other() {
        let both = r#"x.follows = "a/m"; y.follows = "a/n";"#;
        assert_eq!(found(both, r#""a":"a","x":["a","m"],"y":["a","n"]"#), [""; 0]);
        let one = r#"x.follows = "a/m";"#;
        assert_eq!(found(one, r#""a":"a","x":["a","m"]"#), ["a/n -> x"]);
        let own = r#"x.follows = "a/m"; z.url = "github:NixOS/nixpkgs";"#;
        assert_eq!(found(own, r#""a":"a","x":["a","m"],"z":"own""#), ["a/m -> z", "a/n -> z"]);
    }
}
