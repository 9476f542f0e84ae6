//! `merge-driver`: what git runs to merge a flake.lock.

use std::fs;
use std::path::Path;

use super::{Failure, tell};
use crate::cli;
use crate::git::{Markers, Repository};
use crate::merge::{self, Request};
use crate::snapshot::RepoPath;
use crate::text::escape;

/// What git takes for a conflict.
const CONFLICT: u8 = 1;

/// What git takes for a driver that could not do its work: it then stops the merge and leaves everything as it was.
const FAILED: u8 = 129;

/// Merges into the file of our side: 0 where it is merged, 1 where it holds a conflict.
pub(super) fn merge_driver(options: &cli::MergeDriver) -> u8 {
    match merge_files(options) {
        Ok(is_clean) => {
            if is_clean {
                0
            } else {
                CONFLICT
            }
        }
        Err(failure) => {
            tell(&format!("preflake: {}", escape(&failure.message)));
            FAILED
        }
    }
}

fn merge_files(options: &cli::MergeDriver) -> Result<bool, Failure> {
    let (base, ours, theirs) = (read(&options.base)?, read(&options.ours)?, read(&options.theirs)?);
    let repository = Repository::discover(Path::new("."))?;
    let style = repository.as_ref().and_then(|repository| repository.config("merge.conflictstyle"));
    let markers = Markers {
        base: label(&options.base_label, "base"),
        ours: label(&options.ours_label, "ours"),
        theirs: label(&options.theirs_label, "theirs"),
        size: options.marker_size.parse().unwrap_or(7),
        style,
    };
    let request = Request {
        base: &base,
        ours: &ours,
        theirs: &theirs,
        path: RepoPath::new(options.path.as_os_str().as_encoded_bytes()),
        markers,
        prefer_newer: options.prefer == Some(cli::Prefer::Newer),
    };
    let answer = merge::merge(repository.as_ref(), &request)?;
    let shown = escape(&options.path.to_string_lossy());
    for note in &answer.notes {
        tell(&format!("preflake: {shown}: {}", escape(note)));
    }
    fs::write(&options.ours, &answer.bytes)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", options.ours.to_string_lossy())))?;
    Ok(answer.is_clean)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::new(format!("cannot read {}: {error}", path.to_string_lossy())))
}

/// A label; git before 2.44 leaves the placeholder as it is.
fn label(given: &str, otherwise: &str) -> String {
    let text = if given.is_empty() || given.starts_with('%') { otherwise } else { given };
    text.to_owned()
}
