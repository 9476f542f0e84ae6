//! Which paths git ignores, and by which rule: git's `dir.c` for the places that the standard exclude files are.
//!
//! Only candidates are asked about, and only the ignore files that lie above a candidate are read, each once. A path
//! is tested with all its parents, topmost first: nothing below an ignored directory can be included again.

mod pattern;
pub(super) mod wildmatch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use self::pattern::{Decision, MAX_FILE, PatternFile};
use crate::snapshot::{IgnoreRule, disk};

/// Where ignore rules come from.
pub(super) struct Sources {
    /// The worktree's root.
    pub(super) root: PathBuf,
    /// `core.excludesFile`, absolute, with the name git shows.
    pub(super) excludes_file: Option<PathBuf>,
    /// `info/exclude`, with the name git shows.
    pub(super) info_exclude: (PathBuf, Vec<u8>),
    /// `core.ignoreCase`.
    pub(super) fold: bool,
    /// What git reads in place of a `.gitignore` that a sparse checkout left out: its content in the index, by path.
    pub(super) left_out: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The ignore rules of a worktree.
pub(super) struct Ignore {
    sources: Sources,
    /// `info/exclude`, then `core.excludesFile`: the order in which they are asked.
    general: [PatternFile; 2],
    /// By directory, without a trailing slash. The value is shared between threads.
    directories: Mutex<BTreeMap<Vec<u8>, Arc<Directory>>>,
    /// Why an ignore file that is there was not read.
    failure: OnceLock<std::io::Error>,
}

/// What is known of a directory: the rule that ignores it or one above, and the ignore files from the root to here.
struct Directory {
    ignored: Option<Verdict>,
    parent: Option<Arc<Directory>>,
    patterns: PatternFile,
}

/// A deciding pattern and the file that holds it.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    decision: Decision,
    source: Vec<u8>,
}

impl Verdict {
    /// As `git check-ignore -v` names it.
    pub(super) fn rule(&self) -> IgnoreRule {
        IgnoreRule {
            source: String::from_utf8_lossy(&self.source).into_owned(),
            line: self.decision.line,
            pattern: String::from_utf8_lossy(&self.decision.pattern).into_owned(),
        }
    }
}

impl Ignore {
    /// Reads the files that belong to no directory.
    pub(super) fn new(sources: Sources) -> Self {
        let read = |path: &Path, shown: &[u8]| match disk::read_file(path, MAX_FILE) {
            Ok(content) => PatternFile::new(shown.to_vec(), Vec::new(), &content),
            // Missing or unreadable, it holds no rules: git warns at most.
            Err(_) => PatternFile::default(),
        };
        let info = read(&sources.info_exclude.0, &sources.info_exclude.1);
        let excludes = match &sources.excludes_file {
            Some(path) => read(path, path.as_os_str().as_encoded_bytes()),
            None => PatternFile::default(),
        };
        Self { sources, general: [info, excludes], directories: Mutex::default(), failure: OnceLock::new() }
    }

    /// What kept an ignore file from being read although it is there and may be: without its rules what it ignores would
    /// be taken for new.
    pub(super) fn outcome(&self) -> std::io::Result<()> {
        match self.failure.get() {
            Some(error) => Err(std::io::Error::new(error.kind(), error.to_string())),
            None => Ok(()),
        }
    }

    /// The rule that ignores a path, which is not tracked; `None` where it is not ignored.
    pub(super) fn decide(&self, path: &[u8], is_directory: bool) -> Option<Verdict> {
        let directory = self.directory(parent(path));
        self.decide_in(&directory, path, is_directory)
    }

    fn decide_in(&self, directory: &Arc<Directory>, path: &[u8], is_directory: bool) -> Option<Verdict> {
        if directory.ignored.is_some() {
            return directory.ignored.clone();
        }
        let mut level = Some(directory);
        let mut files = Vec::new();
        while let Some(directory) = level {
            files.push(&directory.patterns);
            level = directory.parent.as_ref();
        }
        files.extend(&self.general);
        let verdict = files.into_iter().filter(|file| !file.is_empty()).find_map(|file| {
            let decision = file.decide(path, is_directory, self.sources.fold)?;
            Some(Verdict { decision, source: file.source.clone() })
        });
        verdict.filter(|verdict| verdict.decision.ignored)
    }

    /// The rules in force in a directory, built from the root downwards.
    fn directory(&self, path: &[u8]) -> Arc<Directory> {
        // Climb to the nearest directory that is known, then come back down: paths can be deeper than a stack.
        let mut missing = vec![];
        let mut at = path;
        let mut known = loop {
            if let Some(known) = self.lock().get(at) {
                break Some(Arc::clone(known));
            }
            missing.push(at);
            if at.is_empty() {
                break None;
            }
            at = parent(at);
        };
        for path in missing.into_iter().rev() {
            let built = Arc::new(self.build(path, known));
            self.lock().insert(path.to_vec(), Arc::clone(&built));
            known = Some(built);
        }
        known.expect("the loop ends with a known directory or with the root among the missing ones")
    }

    fn build(&self, path: &[u8], parent: Option<Arc<Directory>>) -> Directory {
        let ignored = parent.as_ref().and_then(|parent| self.decide_in(parent, path, true));
        let patterns = if ignored.is_some() { PatternFile::default() } else { self.load(path) };
        Directory { ignored, parent, patterns }
    }

    fn load(&self, directory: &[u8]) -> PatternFile {
        let mut name = directory.to_vec();
        if !name.is_empty() {
            name.push(b'/');
        }
        name.extend_from_slice(b".gitignore");
        let content = match disk::read_inside(&self.sources.root, &name, MAX_FILE) {
            Ok(content) => Some(content),
            Err(error) => {
                if disk::is_exhausted(&error) {
                    let _ = self.failure.set(error);
                }
                self.sources.left_out.get(&name).cloned()
            }
        };
        content.map_or_else(PatternFile::default, |content| PatternFile::new(name, directory.to_vec(), &content))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<u8>, Arc<Directory>>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parent(path: &[u8]) -> &[u8] {
    path.iter().rposition(|byte| *byte == b'/').map_or(&[], |slash| &path[..slash])
}

#[cfg(test)]
mod tests;
