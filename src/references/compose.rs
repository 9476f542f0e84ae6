//! Paths that only a parse puts together: looked up where the tokens led to something that is there.

use super::Standing;
use super::find::{Doubt, Search};
use super::resolve::{self, Found};
use crate::flake::nix::references::{self as nix, Composed, Origin};
use crate::snapshot::RepoPath;
use crate::source::SourceFile;

impl Search<'_> {
    /// Adds what goes on from the leads of the file and is not in the view.
    pub(super) fn compose(
        &mut self,
        source: &SourceFile,
        directory: &RepoPath,
        flake: &RepoPath,
        doubts: &mut Vec<Doubt>,
    ) {
        let leads = std::mem::take(&mut self.leads);
        for Composed { mention, path, value, only_import } in nix::compose(source, &leads) {
            let base = if mention.origin == Origin::Flake { flake } else { directory };
            let Some(whole) = base.join(&path) else { continue };
            self.buffer = path;
            let (path, standing) = match resolve::find(self.snapshot, &whole) {
                Found::Nothing(path) => (path, Standing::Absent),
                Found::Directory { has_default: false } if !mention.open => {
                    (whole.child("default.nix"), Standing::NeedsDefault)
                }
                _ => continue,
            };
            let elsewhere = || self.trees.enclosing(flake).any(|outer| self.is_in(outer));
            if mention.origin == Origin::Flake && elsewhere() {
                continue;
            }
            let doubt = Doubt { value, only_import, ..Doubt::new(mention, path, standing) };
            if !doubts.iter().any(|known| known.mention.span == mention.span && known.path == doubt.path) {
                doubts.push(doubt);
            }
        }
    }
}
