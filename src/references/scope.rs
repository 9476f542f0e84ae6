//! Which files a check looks at: all, or, of a commit that is being made, those that it can have broken.

use std::collections::BTreeSet;

use super::reach::{Reach, composed};
use crate::flake::Flake;
use crate::flake::nix::references::{self as nix, Composed, Mention};
use crate::snapshot::{Changes, Mode, RepoPath, Snapshot};
use crate::source::SourceFile;

/// Which files are looked at.
pub(super) enum Scope {
    Everything,
    /// Those that the commit changes, and those that it begins to use: it breaks nothing elsewhere.
    Some(BTreeSet<RepoPath>),
}

impl Scope {
    pub(super) fn of(snapshot: &Snapshot, flakes: &[Flake]) -> Self {
        let Some(changes) = snapshot.changes() else { return Self::Everything };
        let is_idle = changes.is_idle();
        let Changes { changed, added, removed } = changes;
        // What names a file that goes may be anywhere.
        let is_new_ground = added.iter().any(|path| is_about_all(path) || path.file_name() == b"flake.lock")
            || changed.iter().any(|path| is_about_all(path) && path.file_name() != b"flake.nix")
            || changed.iter().any(|path| drops_submodules(snapshot, path))
            || added.iter().any(|path| is_link(snapshot, path));
        if is_idle || is_new_ground || !removed.is_empty() {
            return Self::Everything;
        }
        let mut files: BTreeSet<RepoPath> = changed.into_iter().chain(added).filter(is_nix).collect();
        let begun = Reach::beyond(snapshot, flakes, &files, &new_paths);
        files.extend(begun);
        Self::Some(files)
    }

    pub(super) fn includes(&self, path: &RepoPath) -> bool {
        match self {
            Self::Everything => true,
            Self::Some(files) => files.contains(path),
        }
    }
}

/// Whether what the file says concerns every other one.
fn is_about_all(path: &RepoPath) -> bool {
    matches!(path.file_name(), b"flake.nix" | b"preflake.toml" | b".gitmodules")
}

/// Whether paths that any file names may lead elsewhere now: what a new link leads to need not be there.
fn is_link(snapshot: &Snapshot, path: &RepoPath) -> bool {
    snapshot.entry(path).is_some_and(|entry| entry.mode == Mode::Symlink)
}

fn is_nix(path: &RepoPath) -> bool {
    path.as_bytes().ends_with(b".nix")
}

/// Whether a flake.nix no longer asks for its submodules.
fn drops_submodules(snapshot: &Snapshot, path: &RepoPath) -> bool {
    let asks = |source: &SourceFile| source.text().contains("submodules");
    path.file_name() == b"flake.nix"
        && snapshot.read_base(path).is_some_and(|before| asks(&before))
        && !snapshot.read(path).is_ok_and(|now| asks(&now))
}

/// The paths that a file names and did not name before.
fn new_paths(
    snapshot: &Snapshot,
    path: &RepoPath,
    source: &SourceFile,
    mut mentions: Vec<Mention>,
) -> (Vec<Mention>, Vec<Composed>) {
    let mut composed = composed(source, &mentions);
    let Some(before) = snapshot.read_base(path) else { return (mentions, composed) };
    let written = |source: &SourceFile, mention: &Mention| {
        let mut text = Vec::new();
        mention.write_path(source.bytes(), &mut text);
        (mention.origin, text)
    };
    let were = nix::scan(before.bytes()).mentions;
    let known: Vec<_> = were.iter().map(|mention| written(&before, mention)).collect();
    mentions.retain(|mention| !known.contains(&written(source, mention)));
    if !composed.is_empty() {
        let known = self::composed(&before, &were);
        let is_known = |path: &Composed| known.iter().any(|known| known.path == path.path);
        composed.retain(|path| !is_known(path));
    }
    (mentions, composed)
}
