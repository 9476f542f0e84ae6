//! A directory without git: everything on disk is visible.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Absence, Entry, Mode, ReadError, RepoPath, Snapshot, Store, View, disk};

struct Directory {
    root: PathBuf,
    files: Vec<(RepoPath, Mode)>,
}

/// A snapshot of a directory. Where it holds no flake.nix itself it counts as empty: Nix would copy the whole of a
/// flake's directory, and nothing else.
#[must_use]
pub fn directory(root: &Path) -> Snapshot {
    let mut files = Vec::new();
    if root.join("flake.nix").is_file() {
        collect(root, &mut files);
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Snapshot::new(View::Directory, Box::new(Directory { root: root.to_path_buf(), files }))
}

fn collect(root: &Path, files: &mut Vec<(RepoPath, Mode)>) {
    let mut pending = vec![RepoPath::default()];
    while let Some(directory) = pending.pop() {
        let Ok(entries) = fs::read_dir(directory.on_disk(root)) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            let mut path = directory.as_bytes().to_vec();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_encoded_bytes());
            let path = RepoPath::new(path);
            if kind.is_dir() {
                pending.push(path);
            } else if kind.is_symlink() {
                files.push((path, Mode::Symlink));
            } else if kind.is_file() {
                files.push((path, Mode::File));
            }
        }
    }
}

impl Store for Directory {
    fn count(&self) -> usize {
        self.files.len()
    }

    fn entry(&self, index: usize) -> Entry<'_> {
        let (path, mode) = &self.files[index];
        Entry {
            path: path.as_bytes(),
            mode: *mode,
            id: &[],
            intent_to_add: false,
            skip_worktree: false,
            conflicted: false,
        }
    }

    fn is_present(&self, _entry: Entry<'_>) -> bool {
        true
    }

    fn read(&self, entry: Entry<'_>) -> Result<Vec<u8>, ReadError> {
        let path = RepoPath::new(entry.path);
        disk::read(&self.root, &path).map_err(|error| ReadError::of_disk(path, &error))
    }

    fn untracked_nix_files(&self) -> Result<Vec<RepoPath>, ReadError> {
        Ok(Vec::new())
    }

    fn absence(&self, path: &RepoPath) -> Absence {
        let same = |file: &&(RepoPath, Mode)| file.0.as_bytes().eq_ignore_ascii_case(path.as_bytes());
        self.files.iter().find(same).map_or(Absence::Nowhere, |file| Absence::OtherCase(file.0.clone()))
    }

    fn read_base(&self, _path: &RepoPath) -> Option<Vec<u8>> {
        None
    }
}
