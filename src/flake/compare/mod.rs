//! Does flake.lock agree with flake.nix? The lock recomputed as Nix does it (`flake.cc: lockFlake`).
//!
//! `walk` is Nix's `computeLocks` with what cannot be known offline made explicit, `follows` its check of every
//! `follows`, `summary` turns what the walk met into one change an input.

mod follows;
mod summary;
mod walk;

use std::collections::BTreeSet;
use std::rc::Rc;

use super::flakeref::FlakeRef;
use super::lock::{LockFile, LockGraph};
use super::nix::FlakeNix;
use super::{InputAttrPath, LockVerdict};
use crate::snapshot::{RepoPath, Snapshot};

/// One difference between the lock and flake.nix; what Nix would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The input, from the root flake.
    pub input: InputAttrPath,
    /// What happens to it.
    pub kind: ChangeKind,
    /// Whether Nix must fetch something to make the change.
    pub needs_fetch: bool,
}

/// What Nix would do to an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// flake.nix declares it, the lock has none.
    Added {
        /// What flake.nix asks for.
        reference: FlakeRef,
    },
    /// The lock has it, flake.nix does not.
    Removed,
    /// The lock has the same reference under another name.
    Renamed {
        /// The name in the lock.
        from: InputAttrPath,
    },
    /// The lock was made for another reference.
    Changed {
        /// As the lock has it.
        from: FlakeRef,
        /// As flake.nix has it.
        to: FlakeRef,
    },
    /// The lock records another declaring flake for a relative path, or none.
    Reparented,
    /// flake.nix says `follows`, the lock has a node of its own or nothing.
    FollowsAdded {
        /// The target.
        target: InputAttrPath,
    },
    /// The lock says `follows`, flake.nix does not (any more).
    FollowsRemoved {
        /// The target in the lock.
        target: InputAttrPath,
    },
    /// Both say `follows`, with different targets.
    FollowsRetargeted {
        /// As the lock has it.
        from: InputAttrPath,
        /// As flake.nix has it.
        to: InputAttrPath,
    },
    /// Several inputs share one node; Nix gives each a node of its own.
    Shared,
}

/// A `follows` that leads nowhere or in a circle: Nix refuses the flake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowsError {
    /// "input 'a/c' follows a non-existent input 'c'".
    Missing {
        /// The input that follows.
        input: InputAttrPath,
        /// What it follows.
        target: InputAttrPath,
    },
    /// "follow cycle detected: [a -> b -> a]".
    Cycle {
        /// The input that follows.
        input: InputAttrPath,
        /// The paths in order, the first one again at the end.
        cycle: Vec<InputAttrPath>,
    },
}

impl FollowsError {
    /// The input that follows.
    #[must_use]
    pub const fn input(&self) -> &InputAttrPath {
        match self {
            Self::Missing { input, .. } | Self::Cycle { input, .. } => input,
        }
    }
}

/// A relative input that Nix cannot read from the flake's own tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The input.
    pub input: InputAttrPath,
    /// Why, in our message style.
    pub message: String,
}

/// What comparing the two files gave.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What Nix would change, in the order of input paths; one entry an input.
    pub changes: Vec<Change>,
    /// `follows` that Nix refuses.
    pub follows_errors: Vec<FollowsError>,
    /// Relative inputs that Nix cannot read.
    pub input_errors: Vec<InputError>,
    /// Overrides for inputs that do not exist (Nix warns and goes on).
    pub unused_overrides: Vec<InputAttrPath>,
    /// Inputs that Nix would have to fetch, at their locked revision, before it could decide.
    pub undecided: Vec<InputAttrPath>,
    /// The lock that Nix would write, where it would change anything, nothing has to be fetched to know it, and Nix
    /// would not refuse to write it.
    pub new_graph: Option<LockGraph>,
}

impl Comparison {
    /// The verdict for a flake that has a valid lock.
    #[must_use]
    pub fn verdict(&self) -> LockVerdict {
        // Nix walks all inputs before it checks `follows`: a fetch, which fails offline, comes first.
        if self.changes.iter().any(|change| change.needs_fetch) {
            LockVerdict::Stale
        } else if !self.follows_errors.is_empty() || !self.input_errors.is_empty() {
            LockVerdict::Invalid
        } else if !self.changes.is_empty() {
            LockVerdict::Stale
        } else if !self.undecided.is_empty() {
            LockVerdict::Undecided
        } else {
            LockVerdict::Consistent
        }
    }
}

/// Recomputes the lock of the flake in `dir` from its flake.nix and the lock it has (`None`: no lock in the view).
/// Relative inputs are read from the same snapshot.
#[must_use]
pub fn compare(snapshot: &Snapshot, dir: &RepoPath, nix: &FlakeNix, lock: Option<&LockFile>) -> Comparison {
    let old = lock.map_or_else(|| Rc::new(LockGraph::empty()), |lock| Rc::clone(&lock.graph));
    compare_graph(snapshot, dir, nix, &old)
}

/// The same for a lock that is in no file yet.
#[must_use]
pub fn compare_graph(snapshot: &Snapshot, dir: &RepoPath, nix: &FlakeNix, old: &Rc<LockGraph>) -> Comparison {
    if nix.uncertain {
        return Comparison { undecided: vec![InputAttrPath::default()], ..Comparison::default() };
    }
    let mut walked = walk::walk(snapshot, dir, nix, Rc::clone(old));
    let mut follows_errors = Vec::new();
    if walked.input_errors.is_empty() && !walked.gave_up {
        (follows_errors, walked.gave_up) = follows::check(&walked.new, &walked.unknown);
    }
    summary::summarize(old, walked, follows_errors)
}

/// What each `follows` of a lock leads to, as far as the lock alone can tell: those that lead nowhere.
#[must_use]
pub fn follows_errors(graph: &LockGraph) -> Vec<FollowsError> {
    follows::check(graph, &BTreeSet::new()).0
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    use crate::flake::{Flake, LockVerdict};
    use crate::snapshot::{FileState, Memory, RepoPath};

    /// The flake with these inputs and a lock in which node `n` of `count` has the edges that `edges` writes for it.
    fn flake(inputs: &str, count: usize, edges: impl Fn(usize) -> String) -> Flake {
        let mut nodes = String::new();
        for node in 0..count {
            let written = write!(
                nodes,
                r#""n{node}":{{"inputs":{{{}}},"locked":{{"owner":"o","repo":"r{node}","rev":"1111111111111111111111111111111111111111","type":"github"}},"original":{{"owner":"o","repo":"r{node}","type":"github"}}}},"#,
                edges(node)
            );
            assert!(written.is_ok(), "writing to a string does not fail");
        }
        let lock = format!(r#"{{"nodes":{{{nodes}"root":{{"inputs":{{"a":"n0"}}}}}},"root":"root","version":7}}"#);
        let snapshot = Memory::new()
            .file("flake.nix", &format!("{{ inputs = {{ {inputs} }}; outputs = _: {{ }}; }}"), FileState::Tracked)
            .file("flake.lock", &lock, FileState::Tracked)
            .snapshot();
        Flake::read(&snapshot, &RepoPath::from("")).expect("flake.nix is in the view")
    }

    /// Measures what this thread has computed: a machine that is busy with other things is no reason to fail.
    struct Timer {
        start: Instant,
        computed: Option<Duration>,
    }

    impl Timer {
        fn start() -> Self {
            Self { start: Instant::now(), computed: Self::computed() }
        }

        fn assert_below(&self, limit: Duration) {
            let computed = Self::computed().zip(self.computed).map(|(now, then)| now.saturating_sub(then));
            let took = computed.unwrap_or_else(|| self.start.elapsed());
            assert!(took < limit, "took {took:?}");
        }

        /// The time that Linux says this thread had a processor; `None` elsewhere.
        fn computed() -> Option<Duration> {
            let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
            Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
        }
    }

    const A: &str = "a.url = \"github:o/r0\";";

    /// Nix would need as many nodes as there are ways through the lock, two to the power of the depth.
    #[test]
    fn a_lock_that_would_explode_is_stale_at_once() {
        let start = Timer::start();
        let flake = flake(A, 200, |node| match node {
            199 => String::new(),
            _ => format!(r#""x":"n{0}","y":"n{0}""#, node + 1),
        });
        assert_eq!(flake.lock_verdict(), LockVerdict::Stale);
        start.assert_below(Duration::from_secs(20));
    }

    #[test]
    fn a_deep_chain_of_nodes_neither_overflows_nor_lasts() {
        let start = Timer::start();
        let flake = flake(A, 100_000, |node| match node {
            99_999 => String::new(),
            _ => format!(r#""x":"n{}""#, node + 1),
        });
        assert_eq!(flake.lock_verdict(), LockVerdict::Undecided);
        start.assert_below(Duration::from_secs(20));
    }

    #[test]
    fn many_follows_that_lead_to_one_another_do_not_last() {
        let start = Timer::start();
        let mut inputs = A.to_owned();
        for number in 0..1_000 {
            let written = write!(inputs, "b{number}.follows = \"b{}\";", number + 1);
            assert!(written.is_ok(), "writing to a string does not fail");
        }
        inputs.push_str("b1000.follows = \"a\";");
        let flake = flake(&inputs, 1, |_| String::new());
        assert_eq!(flake.lock_verdict(), LockVerdict::Stale);
        let comparison = flake.comparison.as_ref().expect("both files are valid");
        assert!(comparison.follows_errors.is_empty(), "{:?}", comparison.follows_errors.first());
        start.assert_below(Duration::from_secs(40));
    }
}
