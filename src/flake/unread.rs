//! A flake.nix without content: what stands there in the place of a file, and why Nix does not get past it.

use std::rc::Rc;

use super::Problem;
use super::nix::{self, FlakeNix};
use crate::snapshot::{Absence, Lead, ReadError, RepoPath, Snapshot};
use crate::source::{SourceFile, Span};

/// Reads flake.nix at `path`. Where that leads to no file, Nix rejects this flake and no other: it is empty then, with
/// the reason as its only problem.
///
/// # Errors
/// When there is a file that cannot be read.
pub(super) fn read(snapshot: &Snapshot, path: &RepoPath) -> Result<(Rc<SourceFile>, FlakeNix), ReadError> {
    match snapshot.read(path) {
        Ok(source) => {
            let nix = nix::read(&source);
            Ok((source, nix))
        }
        Err(error) => {
            let problem = reason(snapshot, path).ok_or(error)?;
            let source = Rc::new(SourceFile::new(path.clone(), Vec::new()));
            Ok((source, FlakeNix { problems: vec![problem], ..FlakeNix::default() }))
        }
    }
}

fn reason(snapshot: &Snapshot, path: &RepoPath) -> Option<Problem> {
    let mut help = None;
    let message = match snapshot.follow(path) {
        Lead::Nothing(target) if target == *path => "flake.nix is not a file".to_owned(),
        Lead::Nothing(target) => {
            if snapshot.absence(&target) == Absence::Untracked {
                help = Some(format!("`{target}` is on disk, but git does not track it"));
            }
            format!("flake.nix is a symbolic link to `{target}`, which does not exist")
        }
        Lead::Directory(target) => format!("flake.nix is a symbolic link to `{target}`, which is a directory"),
        Lead::Outside | Lead::Away => "flake.nix is a symbolic link that leads out of the repository".to_owned(),
        Lead::Circle => "flake.nix is a symbolic link that leads in a circle".to_owned(),
        Lead::File(_) | Lead::Unknown => return None,
    };
    Some(Problem { message, help, span: Span::at(0), input: None, first: None })
}
