//! Which commit a name stands for (gitrevisions(7)).
//!
//! Names as nearly everybody writes them are resolved here: an id, `HEAD`, a branch, a tag, and from there to parents.
//! Everything else is asked of git.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::child::Git;
use super::discover::Layout;
use super::error::GitError;
use super::objects::{Fault, Links, Objects};
use super::refs::{self, Target};
use super::{hex, history, unhex};
use crate::snapshot::disk;

/// What names of commits depend on.
pub(super) struct Revisions {
    pub(super) git: Git,
    pub(super) layout: Layout,
    /// The commits at which a shallow clone ends.
    pub(super) shallow: OnceCell<HashSet<Vec<u8>>>,
}

/// A commit as far as views need it.
#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) tree: Vec<u8>,
    /// The tree of the first parent.
    pub(super) parent_tree: Option<Vec<u8>>,
}

/// The longest list of commits at which a shallow clone ends.
const MAX_SHALLOW: u64 = 64 << 20;

/// The places where git looks for a short name, in its order.
const PLACES: [(&str, &str); 5] =
    [("refs/", ""), ("refs/tags/", ""), ("refs/heads/", ""), ("refs/remotes/", ""), ("refs/remotes/", "/HEAD")];

impl Revisions {
    /// The commit that a revision names.
    pub(super) fn commit(&self, objects: &Objects, revision: &str) -> Result<Commit, GitError> {
        let (id, links) = match self.known(objects, revision)? {
            Some(known) => known,
            None => self.read(objects, &self.parsed(revision)?, revision)?,
        };
        let parent = links.parents.first().and_then(|parent| objects.commit(parent).ok());
        Ok(Commit { id: hex(&id), tree: links.tree, parent_tree: parent.map(|(_, links)| links.tree) })
    }

    /// The tree of `HEAD`; `None` on a branch without a commit.
    pub(super) fn head_tree(&self, objects: &Objects) -> Option<Vec<u8>> {
        match refs::read(&self.layout, "HEAD") {
            Target::Object(id) => objects.commit(&id).ok().map(|(_, links)| links.tree),
            Target::Nothing => None,
            Target::Unknown => self.commit(objects, "HEAD").ok().map(|commit| commit.tree),
        }
    }

    /// Whether nothing is committed yet.
    pub(super) fn is_unborn(&self, objects: &Objects) -> bool {
        match refs::read(&self.layout, "HEAD") {
            Target::Object(_) => false,
            Target::Nothing => true,
            Target::Unknown => self.commit(objects, "HEAD").is_err(),
        }
    }

    /// The best common ancestor of two commits, which are named by their ids; `None` where there is none.
    ///
    /// # Errors
    /// Where a commit on the way cannot be read.
    pub(super) fn merge_base(&self, objects: &Objects, one: &str, other: &str) -> Result<Option<String>, GitError> {
        let read = |id: &[u8]| self.links(objects, id).map(|(_, links)| (links.date, links.parents));
        let id = |name: &str| unhex(name).unwrap_or_default();
        let found = history::merge_base(&id(one), &id(other), &read);
        let found = found.map_err(|fault| GitError::new(format!("cannot read the history: {fault}")))?;
        Ok(found.map(|id| hex(&id)))
    }

    /// The same, of what a revision names.
    fn read(&self, objects: &Objects, id: &[u8], revision: &str) -> Result<(Vec<u8>, Links), GitError> {
        self.links(objects, id).map_err(|fault| match fault {
            Fault::Absent | Fault::OtherKind(_) => no_commit(revision),
            fault => GitError::new(format!("cannot read the commit `{}`: {fault}", shown(revision))),
        })
    }

    /// The commit with this id, or that a tag with it leads to. The history of a shallow clone ends where git ends it.
    fn links(&self, objects: &Objects, id: &[u8]) -> Result<(Vec<u8>, Links), Fault> {
        let (id, mut links) = objects.commit(id)?;
        let shallow = self.shallow.get_or_init(|| {
            let list = disk::read_file(&self.layout.common_dir.join("shallow"), MAX_SHALLOW).unwrap_or_default();
            list.split(|byte| *byte == b'\n').filter_map(|line| unhex(std::str::from_utf8(line).ok()?)).collect()
        });
        if shallow.contains(&id) {
            links.parents.clear();
        }
        Ok((id, links))
    }

    /// The commit of a name that is resolved here; `None` for others.
    fn known(&self, objects: &Objects, revision: &str) -> Result<Option<(Vec<u8>, Links)>, GitError> {
        let end = revision.find(['~', '^']).unwrap_or(revision.len());
        let (name, steps) = revision.split_at(end);
        let Some(steps) = parents(steps) else { return Ok(None) };
        let id = match name {
            "HEAD" | "@" => match refs::read(&self.layout, "HEAD") {
                Target::Object(id) => id,
                Target::Nothing => {
                    return Err(GitError::new("nothing is committed yet").with_help("make the first commit"));
                }
                Target::Unknown => return Ok(None),
            },
            name => match unhex(name).filter(|id| id.len() == self.layout.id_len).or_else(|| self.reference(name)) {
                Some(id) => id,
                None => return Ok(None),
            },
        };
        let (mut id, mut links) = self.read(objects, &id, revision)?;
        for step in steps {
            let Some(parent) = links.parents.get(step) else { return Err(no_commit(revision)) };
            (id, links) = self.read(objects, parent, revision)?;
        }
        Ok(Some((id, links)))
    }

    /// What the reference with this name, shortened or not, names.
    fn reference(&self, name: &str) -> Option<Vec<u8>> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./+#=,%".contains(&byte);
        // A file `x.lock` is a reference that is being written.
        let is_odd = |part: &str| {
            part.is_empty() || part.starts_with('.') || part.ends_with('.') || part.as_bytes().ends_with(b".lock")
        };
        let is_safe = !name.contains("..") && !name.split('/').any(is_odd);
        if !is_safe || name.starts_with('-') || !name.bytes().all(is_plain) {
            return None;
        }
        // Some files of the git directory are references, and whatever one is called, it comes first for git.
        let is_whole = name.starts_with("refs/") || name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        if !is_whole && [&self.layout.git_dir, &self.layout.common_dir].iter().any(|top| top.join(name).is_file()) {
            return None;
        }
        let whole = is_whole.then(|| name.to_owned());
        let mut names = whole.into_iter().chain(PLACES.map(|(before, after)| format!("{before}{name}{after}")));
        names.find_map(|name| match refs::read(&self.layout, &name) {
            Target::Object(id) => Some(Some(id)),
            Target::Nothing => None,
            Target::Unknown => Some(None),
        })?
    }

    /// The id of what git makes of a name.
    fn parsed(&self, revision: &str) -> Result<Vec<u8>, GitError> {
        self.git.check_files()?;
        let spec = format!("{revision}^{{commit}}");
        match self.git.output(&["rev-parse", "--verify", "--quiet", "--end-of-options", &spec]) {
            Ok(output) => unhex(&String::from_utf8_lossy(output.trim_ascii())).ok_or_else(|| no_commit(revision)),
            // git that cannot be run, or must not be, is the better explanation.
            Err(error) if error.help.is_some() => Err(error),
            Err(_) => Err(no_commit(revision)),
        }
    }
}

/// Which parents `~2^2` and the like lead through, each by its number from 0; `None` for what is not that.
fn parents(steps: &str) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    let mut rest = steps;
    while let Some(sign) = rest.chars().next() {
        rest = &rest[sign.len_utf8()..];
        if let Some(after) = ["{commit}", "{}"].iter().find_map(|peeled| rest.strip_prefix(peeled)) {
            if sign != '^' {
                return None;
            }
            rest = after;
            continue;
        }
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let number = if end == 0 { 1 } else { rest[..end].parse().ok().filter(|number| *number <= MAX_STEPS)? };
        rest = &rest[end..];
        match sign {
            '~' => found.extend(std::iter::repeat_n(0, number)),
            // None is the commit itself.
            '^' => found.extend(number.checked_sub(1)),
            _ => return None,
        }
    }
    Some(found)
}

/// More are left to git, which does not keep them in a list.
const MAX_STEPS: usize = 10_000;

fn no_commit(revision: &str) -> GitError {
    GitError::new(format!("no commit `{}`", shown(revision)))
        .with_help("name a branch, a tag or a commit: `git log --oneline`")
}

/// A revision as a terminal may see it.
pub(super) fn shown(revision: &str) -> String {
    revision.escape_debug().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_parents() {
        for (steps, expected) in [
            ("", Some(vec![])),
            ("~", Some(vec![0])),
            ("~3", Some(vec![0, 0, 0])),
            ("^2~", Some(vec![1, 0])),
            ("^^^", Some(vec![0, 0, 0])),
            ("^0^{commit}^{}", Some(vec![])),
            ("~0", Some(vec![])),
            ("^{tree}", None),
            ("~{}", None),
            ("^x", None),
            ("~99999999999999999999", None),
            ("^ä", None),
        ] {
            assert_eq!(parents(steps), expected, "{steps}");
        }
    }
}
