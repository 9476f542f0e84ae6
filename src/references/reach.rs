//! Which files a flake reaches, from its flake.nix on.

use std::collections::BTreeSet;

use super::FlakeTrees;
use super::resolve::{self, Found};
use crate::flake::Flake;
use crate::flake::nix::references::{self as nix, Composed, Mention, Origin, Purpose, Scan};
use crate::snapshot::{Mode, RepoPath, Snapshot};
use crate::source::SourceFile;

/// Which of a file's paths are followed: of those that the tokens show, and of those that only a parse puts together.
type Select = dyn Fn(&Snapshot, &RepoPath, &SourceFile, Vec<Mention>) -> (Vec<Mention>, Vec<Composed>);

/// The paths of a file that only a parse puts together.
pub(super) fn composed(source: &SourceFile, mentions: &[Mention]) -> Vec<Composed> {
    let mut asked = nix::Leads::default();
    let mut is_lead =
        |mention: &Mention| asked.is_lead(source.bytes(), mention) || nix::is_odd_string(source.bytes(), mention);
    let leads: Vec<Mention> = mentions.iter().filter(|mention| is_lead(mention)).copied().collect();
    if leads.is_empty() { Vec::new() } else { nix::compose(source, &leads) }
}

/// The Nix files that the flakes reach.
pub(super) struct Reach {
    files: BTreeSet<RepoPath>,
}

impl Reach {
    /// Every file that a chain of paths leads to, and every one that a directory on it may bring in. A file too many
    /// rather than one too few.
    ///
    /// A flake below the root that has no lock is a template or a fixture: its files count where another flake leads
    /// to them.
    pub(super) fn of(snapshot: &Snapshot, flakes: &[Flake]) -> Self {
        Walk::new(snapshot, flakes, Step::AnyPath).run()
    }

    /// Every file that a chain of plain imports leads to. A file too few rather than one too many.
    pub(super) fn by_imports(snapshot: &Snapshot, flakes: &[Flake]) -> Self {
        Walk::new(snapshot, flakes, Step::Import).run()
    }

    /// Every file of the modules for flake-parts that the flakes offer to others.
    pub(super) fn of_modules(snapshot: &Snapshot, flakes: &[Flake]) -> Self {
        let exports = |_: &Snapshot, _: &RepoPath, source: &SourceFile, mentions: Vec<Mention>| {
            (nix::exports(source, &mentions), Vec::new())
        };
        Self { files: Self::beyond(snapshot, flakes, &Self::of(snapshot, flakes).files, &exports) }
    }

    /// Every file that a chain of paths leads to from those that `files` name, each taken for what `select` leaves of
    /// its paths.
    pub(super) fn beyond(
        snapshot: &Snapshot,
        flakes: &[Flake],
        files: &BTreeSet<RepoPath>,
        select: &Select,
    ) -> BTreeSet<RepoPath> {
        let mut walk = Walk::new(snapshot, &[], Step::AnyPath);
        walk.trees = FlakeTrees::of(flakes);
        for file in files {
            let Ok(source) = snapshot.read(file) else { continue };
            let Scan { mentions, lists_directories, .. } = nix::scan(source.bytes());
            let (mentions, composed) = select(snapshot, file, &source, mentions);
            for mention in mentions {
                walk.follow(file, &source, &mention, lists_directories);
            }
            for Composed { mention, path, .. } in composed {
                walk.enter(file, &mention, &path, lists_directories);
            }
        }
        walk.run().files
    }

    pub(super) fn contains(&self, file: &RepoPath) -> bool {
        self.files.contains(file)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    AnyPath,
    Import,
}

struct Walk<'a> {
    snapshot: &'a Snapshot,
    trees: FlakeTrees,
    templates: BTreeSet<RepoPath>,
    step: Step,
    files: BTreeSet<RepoPath>,
    directories: BTreeSet<RepoPath>,
    queue: Vec<RepoPath>,
}

impl<'a> Walk<'a> {
    fn new(snapshot: &'a Snapshot, flakes: &[Flake], step: Step) -> Self {
        let living = flakes.iter().filter(|flake| flake.lock_expected);
        let queue: Vec<RepoPath> = living.map(|flake| flake.nix_path.clone()).collect();
        let files = queue.iter().cloned().collect();
        let templates = flakes.iter().filter(|flake| !flake.lock_expected).map(|flake| flake.dir.clone()).collect();
        Self { snapshot, trees: FlakeTrees::of(flakes), templates, step, files, directories: BTreeSet::new(), queue }
    }

    fn run(mut self) -> Reach {
        while let Some(file) = self.queue.pop() {
            // What lies behind a directory that is a link has endless names, where the link leads back.
            let source = self.snapshot.has_file(&file).then(|| self.snapshot.read(&file));
            if let Some(Ok(source)) = source {
                self.file(&file, &source);
            }
        }
        Reach { files: self.files }
    }

    fn file(&mut self, file: &RepoPath, source: &SourceFile) {
        let Scan { mentions, lists_directories, takes_all } = nix::scan(source.bytes());
        match self.step {
            Step::AnyPath => {
                if takes_all && file.file_name() == b"flake.nix" {
                    self.everything_below(&file.parent());
                }
                for mention in mentions.iter().filter(|mention| !mention.is_text) {
                    self.follow(file, source, mention, lists_directories);
                }
                for Composed { mention, path, .. } in composed(source, &mentions) {
                    self.enter(file, &mention, &path, lists_directories);
                }
            }
            Step::Import => {
                let uses = nix::uses(source, &mentions);
                for (mention, used) in mentions.iter().zip(uses) {
                    if used.purpose == Purpose::Import && !used.is_default && !mention.open {
                        self.follow(file, source, mention, false);
                    }
                }
            }
        }
    }

    fn follow(&mut self, file: &RepoPath, source: &SourceFile, mention: &Mention, lists_directories: bool) {
        let mut buffer = Vec::new();
        mention.write_path(source.bytes(), &mut buffer);
        self.enter(file, mention, &buffer, lists_directories);
    }

    /// Goes where a path leads that is relative to the origin of a mention.
    fn enter(&mut self, file: &RepoPath, mention: &Mention, path: &[u8], lists_directories: bool) {
        let directory = file.parent();
        let base = match mention.origin {
            Origin::File => Some(&directory),
            Origin::Flake => self.trees.innermost(file),
            Origin::Absolute | Origin::Home | Origin::Search => None,
        };
        let Some(path) = base.and_then(|base| base.join(path)) else { return };
        match resolve::find(self.snapshot, &path) {
            Found::File => self.push(path),
            Found::Directory { has_default } => {
                if has_default && !mention.open {
                    self.push(path.child("default.nix"));
                }
                if (mention.open || lists_directories) && self.step == Step::AnyPath {
                    self.everything_below(&path);
                }
            }
            Found::Nothing(_) | Found::Outside => {}
        }
    }

    fn everything_below(&mut self, directory: &RepoPath) {
        if !self.directories.insert(directory.clone()) {
            return;
        }
        let is_file = |mode| matches!(mode, Mode::File | Mode::Executable);
        let below: Vec<RepoPath> = self
            .snapshot
            .entries_under(directory)
            .filter(|entry| is_file(entry.mode) && !is_set_aside(directory, entry.path))
            .map(|entry| RepoPath::new(entry.path))
            .collect();
        for path in below {
            // A template is there to be copied: that its directory is listed does not make it part of the flake.
            let is_template = self.trees.innermost(&path).is_some_and(|flake| self.templates.contains(flake));
            if !is_template {
                self.push(path);
            }
        }
    }

    fn push(&mut self, path: RepoPath) {
        if path.as_bytes().ends_with(b".nix") && self.files.insert(path.clone()) {
            self.queue.push(path);
        }
    }
}

/// Whether what imports whole trees leaves a file of `directory` out: by the custom of import-tree and its like, what
/// lies below a name that begins with `_`.
fn is_set_aside(directory: &RepoPath, file: &[u8]) -> bool {
    let below = file.get(directory.as_bytes().len()..).unwrap_or_default();
    below.split(|byte| *byte == b'/').any(|part| part.starts_with(b"_"))
}
