//! `--since`, and `--rev A..B`: which commit a view is compared with.

use super::Failure;
use super::place::Place;
use crate::check::{self, Outcome};
use crate::cli;
use crate::config::Settings;
use crate::git::ViewChoice;
use crate::since::keep_new;
use crate::snapshot::{RepoPath, Snapshot, View};

/// What a command line asks for: a view, and the commit whose findings do not count.
pub(super) struct Asked {
    pub(super) choice: ViewChoice,
    pub(super) since: Option<String>,
}

impl Asked {
    /// Reads `--staged`, `--rev` and `--since`.
    pub(super) fn of(options: &cli::Check, place: &Place) -> Result<Self, Failure> {
        let mut since = options.since.clone();
        let choice = match options.view.rev.as_deref().map(|rev| (rev, range(rev))) {
            Some((_, Some(range))) => {
                if since.is_some() {
                    return Err(Failure::new("`--rev A..B` already says since when").help("leave `--since` out"));
                }
                since = Some(range.start(place)?);
                ViewChoice::Revision(range.to.to_owned())
            }
            Some((rev, None)) => ViewChoice::Revision(rev.to_owned()),
            None if options.view.staged => ViewChoice::Index,
            None => ViewChoice::Worktree,
        };
        if let (Some(rev), Some(repository)) = (&since, &place.repository)
            && repository.is_before_all(rev)
        {
            since = None;
        }
        Ok(Self { choice, since })
    }
}

/// Takes out of an outcome what was there at the commit `since`, judged by the same settings.
pub(super) fn leave_out_old(
    outcome: &mut Outcome,
    since: &str,
    place: &Place,
    settings: &Settings,
    paths: &[RepoPath],
) -> Result<(), Failure> {
    let earlier: Snapshot = place.snapshot(&ViewChoice::Revision(since.to_owned()))?;
    let View::Revision(commit) = earlier.view().clone() else { return Ok(()) };
    keep_new(outcome, &check::check(&earlier, settings, paths)?, commit);
    Ok(())
}

/// `A..B` or, with the commit where both went different ways for A, `A...B`.
#[derive(Debug, PartialEq)]
struct Range<'a> {
    from: &'a str,
    to: &'a str,
    from_fork: bool,
}

impl Range<'_> {
    fn start(&self, place: &Place) -> Result<String, Failure> {
        match &place.repository {
            Some(repository) if self.from_fork => Ok(repository.merge_base(self.from, self.to)?),
            _ => Ok(self.from.to_owned()),
        }
    }
}

/// Splits a range; a side that is left out is `HEAD`. Dots in `:/a message` and in braces are no range.
fn range(rev: &str) -> Option<Range<'_>> {
    let at = rev.find("..").filter(|at| !rev.starts_with(":/") && !rev[..*at].contains('{'))?;
    let from_fork = rev[at..].starts_with("...");
    let (from, to) = (&rev[..at], &rev[at + if from_fork { 3 } else { 2 }..]);
    let or_head = |side: &'static str, given| if str::is_empty(given) { side } else { given };
    Some(Range { from: or_head("HEAD", from), to: or_head("HEAD", to), from_fork })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_git_reads_them() {
        let read = |rev| range(rev).map(|range| (range.from, range.to, range.from_fork));
        assert_eq!(read("main..topic"), Some(("main", "topic", false)));
        assert_eq!(read("main...topic"), Some(("main", "topic", true)));
        assert_eq!(read("main.."), Some(("main", "HEAD", false)));
        assert_eq!(read("...main"), Some(("HEAD", "main", true)));
        assert_eq!(read("v1.2"), None);
        assert_eq!(read(":/a..b"), None);
        assert_eq!(read("HEAD^{/a..b}"), None);
    }
}
