//! Several flakes in one tree, each an input of another by a relative path. No network is needed to lock them, so that
//! preflake's lock is the one of Nix from the first byte to the last, first from an empty lock, then after a change.

use std::collections::BTreeMap;

use crate::case::Files;
use crate::fixes::{Outcome, compare_in};
use crate::generate::pinned_inputs;
use crate::graph::{lock, lock_text};
use crate::judge::agree;
use crate::oracle::{Oracle, scratch};
use crate::render::{FlakeText, Value, render};
use crate::rng::Rng;
use crate::run::{Tally, ask, difference, each};

/// The directories of the flakes; each asks for those after it, and seldom for one before.
const DIRS: &[&str] = &["", "sub", "sub/sub", "other", "other/deep/er", "with space"];
const NAMES: &[&str] = &["a", "b", "c", "d", "e", "x-y", "root", "sub"];
const EMPTY_LOCK: &str = "{\n  \"nodes\": {\n    \"root\": {}\n  },\n  \"root\": \"root\",\n  \"version\": 7\n}\n";

/// How often each tree is judged, with a change in between.
pub(crate) const ROUNDS: u64 = 3;

/// What came of the trees.
#[derive(Default)]
pub(crate) struct Trees {
    pub(crate) verdicts: Tally,
    /// Locks that both wrote, the same.
    pub(crate) written: usize,
    /// Locks that are not.
    pub(crate) other: Vec<String>,
}

/// Runs the trees of these seeds.
pub(crate) fn run(oracle: &Oracle, seeds: &[u64]) -> Trees {
    let mut trees = Trees::default();
    for tree in each(seeds, |seed, _| judge(oracle, *seed)) {
        trees.verdicts.join(tree.verdicts);
        trees.written += tree.written;
        trees.other.extend(tree.other);
    }
    trees
}

fn judge(oracle: &Oracle, seed: u64) -> Trees {
    let mut trees = Trees::default();
    let mut tree = Tree::of(seed);
    let mut root_lock = EMPTY_LOCK.as_bytes().to_vec();
    for round in 0..ROUNDS {
        let mut files = tree.files(&mut Rng::part(seed, 50 + round));
        files.insert("flake.lock".to_owned(), root_lock.clone());
        let dir = scratch();
        let (answer, report) = ask(oracle, &files, dir.path());
        let head = format!("tree {seed}, round {round}");
        trees.verdicts.add(&answer, &report);
        if !agree(&answer, &report) {
            let told = format!("{}\n{}", difference(&head, &answer, &report), crate::case::show(&files));
            trees.verdicts.disagreements.push(told);
        }
        match compare_in(oracle, &files, dir.path(), answer.verdict) {
            Outcome::Nothing | Outcome::Unwritten => {}
            Outcome::Same(lock) => {
                trees.written += 1;
                root_lock = lock;
            }
            Outcome::Other(text) => trees.other.push(format!("=== {head}\n{text}")),
        }
        tree.change(&mut Rng::part(seed, 60 + round));
    }
    trees
}

/// The flakes of a tree by directory: what each declares.
struct Tree {
    flakes: BTreeMap<&'static str, Value>,
    /// The locks of flakes that have inputs from elsewhere.
    locks: BTreeMap<&'static str, String>,
}

impl Tree {
    fn of(seed: u64) -> Self {
        let rng = &mut Rng::part(seed, 40);
        let mut tree = Self { flakes: BTreeMap::new(), locks: BTreeMap::new() };
        let most = 2 + rng.below(DIRS.len() - 1);
        for (number, dir) in DIRS.iter().take(most).enumerate() {
            if number > 0 && rng.chance(30) {
                // Inputs from elsewhere, which this flake has locked itself.
                let (declared, inputs) = pinned_inputs(rng);
                tree.flakes.insert(dir, declared);
                if rng.chance(85) {
                    tree.locks.insert(dir, lock_text(&lock(&inputs)));
                }
                continue;
            }
            let mut inputs = Value::empty();
            for _ in 0..rng.below(4) {
                let name = *rng.pick(NAMES);
                *inputs.entry(&[name]) = declaration(number, most, rng);
            }
            tree.flakes.insert(dir, inputs);
        }
        tree
    }

    /// Another declaration somewhere, one less, or another flake in its place.
    fn change(&mut self, rng: &mut Rng) {
        let most = self.flakes.len();
        let number = if rng.chance(60) { 0 } else { rng.below(most) };
        let Some(inputs) = self.flakes.get_mut(DIRS[number]) else { return };
        let names: Vec<String> = inputs.fields().iter().map(|(name, _)| name.clone()).collect();
        match rng.below(4) {
            0 if !names.is_empty() => drop(inputs.remove(&names[rng.below(names.len())])),
            1 if !names.is_empty() => {
                let name = rng.pick(&names).clone();
                *inputs.entry(&[&name]) = declaration(number, most, rng);
            }
            2 if !names.is_empty() => {
                let (name, child) = (rng.pick(&names).clone(), *rng.pick(NAMES));
                *inputs.entry(&[&name, "inputs", child]) = overriding(number, most, rng);
            }
            _ => *inputs.entry(&[*rng.pick(NAMES)]) = declaration(number, most, rng),
        }
    }

    fn files(&self, rng: &mut Rng) -> Files {
        let mut files = Files::from([("data/file.txt".to_owned(), b"text".to_vec())]);
        for (dir, inputs) in &self.flakes {
            let flake = FlakeText { inputs: inputs.clone(), others: Vec::new(), formals: None, outputs: None };
            let slash = if dir.is_empty() { "" } else { "/" };
            files.insert(format!("{dir}{slash}flake.nix"), render(&flake, rng, false).into_bytes());
            if let Some(lock) = self.locks.get(dir) {
                files.insert(format!("{dir}{slash}flake.lock"), lock.clone().into_bytes());
            }
        }
        files
    }
}

/// One input of the flake in the directory of this number.
fn declaration(number: usize, most: usize, rng: &mut Rng) -> Value {
    if rng.chance(22) {
        return Value::Set(vec![("follows".to_owned(), Value::text(target(rng)))]);
    }
    let mut value = source(number, most, rng);
    for _ in 0..rng.below(3) {
        let child = *rng.pick(NAMES);
        if rng.chance(45) {
            *value.entry(&["inputs", child]) = overriding(number, most, rng);
            if rng.chance(20) {
                *value.entry(&["inputs", child, "inputs", *rng.pick(NAMES), "follows"]) = Value::text(target(rng));
            }
        }
    }
    value
}

fn overriding(number: usize, most: usize, rng: &mut Rng) -> Value {
    if rng.chance(70) {
        Value::Set(vec![("follows".to_owned(), Value::text(target(rng)))])
    } else {
        source(number, most, rng)
    }
}

fn target(rng: &mut Rng) -> String {
    let names: Vec<&str> = (0..[1, 1, 1, 1, 2, 2, 3, 0][rng.below(8)]).map(|_| *rng.pick(NAMES)).collect();
    names.join("/")
}

/// Another flake of the tree, in one of the spellings that there are for its path.
fn source(number: usize, most: usize, rng: &mut Rng) -> Value {
    let from = DIRS[number];
    if rng.chance(12) {
        let to = relative(from, ["data", "data/file.txt", "sub"][rng.below(3)]);
        return Value::Set(vec![
            ("url".to_owned(), Value::text(format!("path:{to}"))),
            ("flake".to_owned(), Value::Flag(false)),
        ]);
    }
    let later = number + 1 < most && !rng.chance(3);
    let to = if later { DIRS[number + 1 + rng.below(most - number - 1)] } else { DIRS[rng.below(most)] };
    let path = relative(from, to);
    let dotted = if path.starts_with('.') { path.clone() } else { format!("./{path}") };
    let value = match rng.below(9) {
        0 if !path.contains(' ') => Value::Raw(if dotted.contains('/') { dotted } else { format!("{dotted}/.") }),
        1 => Value::text(format!("path:{}", path.replace(' ', "%20"))),
        2 => Value::text(format!("path:{}", dotted.replace(' ', "%20"))),
        3 => Value::text(format!("{dotted}/")),
        4 => {
            let (up, dir) = dotted.rsplit_once('/').unwrap_or((".", &dotted));
            Value::text(format!("path:{}?dir={}", up.replace(' ', "%20"), dir.replace(' ', "%20")))
        }
        5 => Value::text(dotted.replacen('/', "//", 1)),
        6 => return Value::Set(vec![("type".to_owned(), Value::text("path")), ("path".to_owned(), Value::text(path))]),
        _ => Value::text(dotted),
    };
    Value::Set(vec![("url".to_owned(), value)])
}

/// The way from one directory to another.
fn relative(from: &str, to: &str) -> String {
    let split = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (split(from), split(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let ups = from[common..].iter().map(|_| "..".to_owned());
    let parts: Vec<String> = ups.chain(to[common..].iter().cloned()).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
