//! Which commits a merge driver's files come from.
//!
//! git tells a driver contents and names, no commits. The names it prints behind conflict markers are those of branches
//! or commits, and a few references say what is under way; whichever of them holds the very content is the one.

use super::Request;
use crate::git::Repository;

/// The commits of the three files, by id.
pub(super) struct Commits {
    /// `None` where there is no ancestor that has the file.
    pub(super) base: Option<String>,
    pub(super) ours: String,
    pub(super) theirs: String,
}

/// References that name what is merged, picked, reverted, rebased or taken from the stash.
const UNDER_WAY: &[&str] = &["MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "refs/stash"];

impl Commits {
    /// Finds the commits; `None` where one cannot be told.
    pub(super) fn find(repository: &Repository, request: &Request<'_>) -> Option<Self> {
        let holding = |names: Vec<String>, content: &[u8]| {
            let mut found = names.iter().filter_map(|name| repository.file_at(name, &request.path));
            found.find(|(_, bytes)| bytes == content).map(|(id, _)| id)
        };
        let mut ours = words(&request.markers.ours);
        ours.push("HEAD".to_owned());
        let ours = holding(ours, request.ours)?;
        let mut theirs = words(&request.markers.theirs);
        theirs.extend(repository.merged_heads());
        theirs.extend(UNDER_WAY.iter().map(|name| (*name).to_owned()));
        let theirs = holding(theirs, request.theirs)?;
        let fork = repository.merge_base(&ours, &theirs).ok();
        if request.base.is_empty() {
            return Some(Self { base: fork, ours, theirs });
        }
        let mut base: Vec<String> = fork.into_iter().chain([format!("{theirs}^")]).collect();
        base.extend(words(&request.markers.base));
        let base = holding(base, request.base)?;
        Some(Self { base: Some(base), ours, theirs })
    }
}

/// What may be a commit in a label such as `topic`, `1a2b3c4 (its subject)` or `parent of 1a2b3c4 (its subject)`.
fn words(label: &str) -> Vec<String> {
    let head = label.split(" (").next().unwrap_or_default();
    match head.strip_prefix("parent of ") {
        Some(commit) => vec![format!("{commit}^")],
        None if head.is_empty() || head.contains([' ', ':']) => Vec::new(),
        None => vec![head.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_commits() {
        assert_eq!(words("topic/x"), ["topic/x"]);
        assert_eq!(words("1a2b3c4 (a subject)"), ["1a2b3c4"]);
        assert_eq!(words("parent of 1a2b3c4 (a subject)"), ["1a2b3c4^"]);
        assert_eq!(words("Updated upstream"), [""; 0]);
        assert_eq!(words(""), [""; 0]);
    }
}
