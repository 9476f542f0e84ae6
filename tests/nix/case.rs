//! A case: a seed, the mutations it is left with, and the files that come of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::generate::base;
use crate::graph::lock_text;
use crate::mutate::{self, Change, GROUPS};
use crate::render::render;
use crate::rng::Rng;

/// The files of a flake, by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// How to make a case; shrinking takes things out of it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Places in [`GROUPS`], each with the number that seeds its choices.
    pub(crate) mutations: Vec<((usize, usize), u64)>,
    /// Root inputs that are left out of both files.
    pub(crate) dropped: Vec<String>,
    /// The plainest spelling.
    pub(crate) plain: bool,
}

impl Plan {
    /// The case of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let rng = &mut Rng::part(seed, 0);
        let count = [0, 0, 0, 0, 1, 1, 1, 1, 2, 3][rng.below(10)];
        let mutations = (0..count).map(|number| (mutate::any(rng), 10 + number)).collect();
        Self { seed, mutations, dropped: Vec::new(), plain: false }
    }

    /// A case whose lock Nix mostly can mend without the network.
    pub(crate) fn mendable(seed: u64) -> Self {
        let rng = &mut Rng::part(seed, 5);
        let mutations = (0..=rng.below(2)).map(|number| (*rng.pick(&mutate::mendable()), 20 + number as u64));
        Self { seed, mutations: mutations.collect(), dropped: Vec::new(), plain: rng.chance(30) }
    }

    /// The names of the mutations.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.mutations.iter().map(|((group, place), _)| GROUPS[*group].1[*place].name).collect()
    }

    /// The files.
    pub(crate) fn build(&self) -> Files {
        let mut draft = base(self.seed, &self.dropped);
        for (change, rng) in &mut self.changes() {
            // A mutation before this one may have left no nodes to change.
            if let Change::Draft(change) = change
                && draft.lock["nodes"].is_object()
            {
                change(&mut draft, rng);
            }
        }
        let mut nix = render(&draft.flake, &mut Rng::part(self.seed, 4), self.plain);
        let mut lock = lock_text(&draft.lock).into_bytes();
        for (change, rng) in &mut self.changes() {
            match change {
                Change::Draft(_) => {}
                Change::Nix(change) => change(&mut nix, rng),
                Change::Lock(change) => change(&mut lock, rng),
            }
        }
        let mut files: Files = draft.files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        files.insert("flake.nix".to_owned(), nix.into_bytes());
        if !lock.is_empty() {
            files.insert("flake.lock".to_owned(), lock);
        }
        files
    }

    fn changes(&self) -> Vec<(Change, Rng)> {
        let change = |((group, place), seed): &((usize, usize), u64)| {
            (GROUPS[*group].1[*place].change, Rng::part(self.seed, *seed))
        };
        self.mutations.iter().map(change).collect()
    }
}

/// Writes the files below `dir`.
pub(crate) fn write(files: &Files, dir: &Path) {
    for (path, bytes) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("scratch can be written");
        fs::write(path, bytes).expect("scratch can be written");
    }
}

/// The files for people to read.
pub(crate) fn show(files: &Files) -> String {
    let mut shown = String::new();
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        let cut = text.char_indices().nth(40000).map_or(text.len(), |(at, _)| at);
        let dots = if cut < text.len() { "…" } else { "" };
        let _ = write!(shown, "--- {path}\n{}{dots}\n", &text[..cut]);
    }
    shown
}
