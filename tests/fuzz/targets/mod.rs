//! The targets: what is read, and what is promised of it.

mod disk;
mod fix;
mod flake;
mod merge;
mod text;

use preflake::snapshot::{FileState, Memory, Snapshot, View};

/// Stands between the two files of one input.
const DIVIDER: &str = "\n#- flake.lock\n";

/// A number from 0 to `most` that depends on the input alone: of several ways to look at it, each input gets one.
fn turn(input: &[u8], most: usize) -> usize {
    let sum = input.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    (sum >> 8) % (most + 1)
}

/// The flake.nix and flake.lock of an input.
fn both(input: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(input);
    match text.split_once(DIVIDER) {
        Some((nix, lock)) => (nix.to_owned(), lock.to_owned()),
        None => (text.into_owned(), String::new()),
    }
}

/// A tree with these two files and some others around them.
fn tree(nix: &str, lock: &str) -> Snapshot {
    let mut memory = Memory::new()
        .view(View::Index)
        .file("flake.nix", nix, FileState::Tracked)
        .base("{ inputs.n1.url = \"github:o/r\"; outputs = _: { }; }\n")
        .file("a.nix", "{ imports = [ ./b.nix ./new.nix ./sub ]; x = ./ign.nix; }\n", FileState::Tracked)
        .file("new.nix", "{ }\n", FileState::Untracked)
        .file("ign.nix", "{ }\n", FileState::Ignored)
        .file("later.nix", "{ }\n", FileState::IntentToAdd)
        .file("sub", "", FileState::Submodule);
    if !lock.is_empty() {
        memory = memory.file("flake.lock", lock, FileState::Tracked);
    }
    memory.snapshot()
}
