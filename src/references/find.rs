//! The search: every Nix file of the flakes, every path in it, and what became of it.

use std::rc::Rc;

use memchr::memmem::Finder;

use super::reach::Reach;
use super::resolve::{self, Found};
use super::scope::Scope;
use super::{FlakeTrees, MARKER, Reference, References, Standing};
use crate::flake::Flake;
use crate::flake::nix::references::{self as nix, Before, Hole, Mention, Origin, Purpose};
use crate::snapshot::{Absence, Entry, Holds, Keep, RepoPath, Snapshot};
use crate::source::{SourceFile, Span};

/// Looks through the Nix files that belong to one of the flakes: all of them, or, of a commit that is being made, those
/// that it can have broken.
pub(super) fn find(snapshot: &Snapshot, flakes: &[Flake]) -> References {
    let mut search = Search {
        snapshot,
        trees: FlakeTrees::of(flakes),
        buffer: Vec::new(),
        leads: Vec::new(),
        asked: nix::Leads::default(),
        held: 0,
        found: References::default(),
    };
    if !search.trees.is_empty() {
        let scope = Scope::of(snapshot, flakes);
        let files = snapshot.entries().filter(|entry| is_nix(snapshot, entry)).map(|entry| RepoPath::new(entry.path));
        let is_ours = |path: &RepoPath| scope.includes(path) && search.trees.innermost(path).is_some();
        let files: Vec<RepoPath> = files.filter(is_ours).collect();
        let marker = Finder::new(MARKER);
        let seen = snapshot.read_ahead(&files, |path, bytes, holds| {
            let mut seen = Seen::of(bytes, &marker);
            let directory = path.parent();
            let mut buffer = Vec::new();
            seen.mentions.retain(|mention| !is_plain(mention, bytes, &directory, holds, &mut buffer));
            let keep = if seen.mentions.is_empty() { Keep::Nothing } else { Keep::Content };
            (seen, keep)
        });
        for (path, seen) in files.iter().zip(seen) {
            search.file(path, seen, &marker);
        }
    }
    let mut found = search.found;
    grade(&mut found, snapshot, flakes);
    found
}

fn is_nix(snapshot: &Snapshot, entry: &Entry<'_>) -> bool {
    entry.path.ends_with(b".nix") && snapshot.is_regular(entry)
}

/// Whether a path is written out and the view holds the file: there is nothing more to it, whatever stands around.
fn is_plain(mention: &Mention, bytes: &[u8], directory: &RepoPath, holds: &Holds<'_>, buffer: &mut Vec<u8>) -> bool {
    if mention.origin != Origin::File || mention.open || mention.suffix.is_some() {
        return false;
    }
    mention.write_path(bytes, buffer);
    directory.join(buffer).is_some_and(|path| holds(&path))
}

/// Only findings make it worth knowing which files a flake reaches.
fn grade(found: &mut References, snapshot: &Snapshot, flakes: &[Flake]) {
    if found.absent.is_empty() && found.impure.is_empty() {
        return;
    }
    let reach = Reach::of(snapshot, flakes);
    for reference in &mut found.absent {
        reference.is_reached = reach.contains(&reference.file);
    }
    found.absent.retain(|reference| reference.is_reached || !is_fixture(&reference.file));
    if found.absent.iter().any(is_others_self) {
        let offered = Reach::of_modules(snapshot, flakes);
        found.absent.retain(|reference| !is_others_self(reference) || !offered.contains(&reference.file));
    }
    found.impure.retain(|reference| reach.contains(&reference.file));
    if !found.impure.is_empty() {
        let imported = Reach::by_imports(snapshot, flakes);
        found.impure.retain(|reference| imported.contains(&reference.file));
    }
}

/// Whether the path might be one of another flake, if its file is a module that others use: their `self` is meant then.
fn is_others_self(reference: &Reference) -> bool {
    reference.origin == Origin::Flake && reference.absence == Absence::Nowhere
}

/// Whether a file that no flake reaches lies where files are kept to be copied, or to be wrong.
fn is_fixture(file: &RepoPath) -> bool {
    let is_known = |part: &[u8]| {
        matches!(
            part,
            b"templates"
                | b"template"
                | b"examples"
                | b"example"
                | b"tests"
                | b"test"
                | b"t"
                | b"testdata"
                | b"fixtures"
                | b"golden"
        ) || part.ends_with(b"-tests")
    };
    file.parent().as_bytes().split(|byte| *byte == b'/').any(is_known)
}

pub(super) struct Search<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) trees: FlakeTrees,
    pub(super) buffer: Vec<u8>,
    /// Paths of the file at hand that a parse may show to go on.
    pub(super) leads: Vec<Mention>,
    asked: nix::Leads,
    /// Bytes of the files in which something is in doubt.
    held: usize,
    found: References,
}

/// As many paths that lead nowhere are enough for anybody: a commit may hold the same file under thousands of names.
const MAX_FOUND: usize = 100_000;

/// And as many bytes of the files around them.
const MAX_HELD: usize = 512 << 20;

/// What can be seen of a file without the others.
struct Seen {
    mentions: Vec<Mention>,
    /// A comment may suppress something.
    is_annotated: bool,
}

impl Seen {
    fn of(bytes: &[u8], marker: &Finder<'_>) -> Self {
        Self { mentions: nix::scan(bytes).mentions, is_annotated: marker.find(bytes).is_some() }
    }
}

/// A mention that could not be done with at once.
pub(super) struct Doubt {
    pub(super) mention: Mention,
    pub(super) path: RepoPath,
    pub(super) standing: Standing,
    /// Where the value is written that makes an interpolated path this one.
    pub(super) value: Option<Span>,
    /// It says something only where it is imported.
    pub(super) only_import: bool,
    /// Where it is imported, something longer is meant.
    pub(super) unless_import: bool,
}

impl Doubt {
    pub(super) fn new(mention: Mention, path: RepoPath, standing: Standing) -> Self {
        Self { mention, path, standing, value: None, only_import: false, unless_import: false }
    }
}

/// Whether a parse may show that what is there is only the beginning of a path.
fn may_go_on(leads: &mut nix::Leads, source: &SourceFile, mention: &Mention, found: &Found) -> bool {
    match found {
        Found::Directory { .. } => leads.is_lead(source.bytes(), mention),
        Found::File => mention.open && leads.is_lead(source.bytes(), mention),
        Found::Nothing(_) => mention.suffix.is_some() && nix::is_made_string(source.bytes(), mention),
        Found::Outside => false,
    }
}

impl Search<'_> {
    fn file(&mut self, path: &RepoPath, seen: Option<Seen>, marker: &Finder<'_>) {
        let seen = seen.map_or_else(|| Some(Seen::of(self.snapshot.read(path).ok()?.bytes(), marker)), Some);
        // What cannot be read is for the run to say.
        let Some(Seen { mentions, is_annotated }) = seen else { return };
        self.found.files += 1;
        if is_annotated {
            self.found.annotated.push(path.clone());
        }
        if mentions.is_empty() {
            return;
        }
        let (Some(flake), Ok(source)) = (self.trees.innermost(path).cloned(), self.snapshot.read(path)) else { return };
        self.asked = nix::Leads::default();
        let directory = path.parent();
        let holes: Vec<Hole> = mentions.iter().filter_map(|mention| Hole::of(source.bytes(), *mention)).collect();
        let mut doubts: Vec<Doubt> =
            mentions.into_iter().filter_map(|mention| self.doubt(&source, &directory, &flake, mention)).collect();
        if !self.leads.is_empty() {
            self.compose(&source, &directory, &flake, &mut doubts);
        }
        if !holes.is_empty() {
            self.fill(&source, &directory, &flake, &holes, &mut doubts);
        }
        if !doubts.is_empty() && self.has_room() {
            self.judge(path, &source, &flake, doubts);
        }
    }

    /// Whether one more file with something in doubt is looked at.
    fn has_room(&mut self) -> bool {
        let has_room = self.found.absent.len() + self.found.impure.len() < MAX_FOUND && self.held < MAX_HELD;
        self.found.is_cut |= !has_room;
        has_room
    }

    /// `None` for a path that is there.
    fn doubt(
        &mut self,
        source: &SourceFile,
        directory: &RepoPath,
        flake: &RepoPath,
        mention: Mention,
    ) -> Option<Doubt> {
        let base = match mention.origin {
            Origin::File => directory,
            Origin::Flake => flake,
            // Nix's own files, `<nix/fetchurl.nix>`, are there in pure evaluation too.
            Origin::Search if source.text().get(mention.span.start..).is_some_and(|text| text.starts_with("<nix/")) => {
                return None;
            }
            Origin::Absolute | Origin::Home | Origin::Search => {
                return Some(Doubt::new(mention, RepoPath::default(), Standing::Impure));
            }
        };
        mention.write_path(source.bytes(), &mut self.buffer);
        let Some(path) = base.join(&self.buffer) else {
            return Some(Doubt::new(mention, RepoPath::default(), Standing::Impure));
        };
        let mut found = resolve::find(self.snapshot, &path);
        if mention.open || matches!(found, Found::Nothing(_)) {
            found = self.whole(source, base, mention).unwrap_or(found);
            mention.write_path(source.bytes(), &mut self.buffer);
        }
        let is_odd = nix::is_odd_string(source.bytes(), &mention);
        if is_odd || may_go_on(&mut self.asked, source, &mention, &found) {
            self.leads.push(mention);
        }
        let (path, standing) = match found {
            Found::File | Found::Directory { has_default: true } => return None,
            Found::Directory { has_default: false } => {
                if mention.open || mention.before == Before::Other {
                    return None;
                }
                (path.child("default.nix"), Standing::NeedsDefault)
            }
            Found::Nothing(path) => (path, Standing::Absent),
            Found::Outside => (path, Standing::Impure),
        };
        let elsewhere = || self.trees.enclosing(flake).any(|outer| self.is_in(outer));
        if mention.origin == Origin::Flake && elsewhere() {
            return None;
        }
        Some(Doubt { unless_import: is_odd, ..Doubt::new(mention, path, standing) })
    }

    /// Adds what interpolated paths can be seen to range over and the view does not hold. Their fixed parts are there:
    /// where one is not, it is in doubt already.
    fn fill(
        &mut self,
        source: &SourceFile,
        directory: &RepoPath,
        flake: &RepoPath,
        holes: &[Hole],
        doubts: &mut Vec<Doubt>,
    ) {
        for (hole, values) in holes.iter().zip(nix::values(source, holes)) {
            let base = match hole.mention.origin {
                Origin::File => directory,
                Origin::Flake => flake,
                Origin::Absolute | Origin::Home | Origin::Search => continue,
            };
            if doubts.iter().any(|doubt| doubt.mention == hole.mention) {
                continue;
            }
            for value in values {
                hole.write_path(source.bytes(), value, &mut self.buffer);
                let found = base.join(&self.buffer).map(|path| (resolve::find(self.snapshot, &path), path));
                let (path, standing) = match found {
                    Some((Found::Nothing(path), _)) => (path, Standing::Absent),
                    Some((Found::Directory { has_default: false }, path)) => {
                        (path.child("default.nix"), Standing::NeedsDefault)
                    }
                    _ => continue,
                };
                doubts.push(Doubt { value: Some(value), ..Doubt::new(hole.mention, path, standing) });
            }
        }
    }

    /// What is found of a longer path that may be meant, if it is in the view or on disk.
    fn whole(&mut self, source: &SourceFile, base: &RepoPath, mention: Mention) -> Option<Found> {
        mention.farther_ends(source.bytes()).find_map(|end| {
            mention.write_up_to(end, source.bytes(), &mut self.buffer);
            let found = resolve::find(self.snapshot, &base.join(&self.buffer)?);
            let Found::Nothing(path) = &found else { return Some(found) };
            let is_known = !matches!(self.snapshot.absence(path), Absence::Nowhere | Absence::OtherCase(_));
            is_known.then_some(found)
        })
    }

    /// Whether the path just written is in the flake in `directory`: a module of one flake may be given the `self` of a
    /// flake around it.
    pub(super) fn is_in(&self, directory: &RepoPath) -> bool {
        let Some(path) = directory.join(&self.buffer) else { return false };
        matches!(resolve::find(self.snapshot, &path), Found::File | Found::Directory { .. })
    }

    /// What is missing, and where it is: of a path through a link that git does not track, the link; of a directory
    /// that is imported, an ignored `default.nix`, which `git add` would leave out.
    fn absence(&self, path: RepoPath, standing: Standing, is_import: bool) -> (RepoPath, Absence) {
        if standing == Standing::Impure {
            return (path, Absence::Outside);
        }
        let absence = self.snapshot.absence(&path);
        if absence == Absence::Nowhere
            && let Some(real) = resolve::through_other_case(self.snapshot, &path)
        {
            return (path, Absence::OtherCase(real));
        }
        let instead = match absence {
            Absence::Nowhere => self.snapshot.link_on_the_way(&path),
            Absence::Untracked if is_import => Some(path.child("default.nix")),
            _ => None,
        };
        let instead = instead.map(|instead| (self.snapshot.absence(&instead), instead));
        match instead {
            Some((found, instead)) if absence == Absence::Nowhere || matches!(found, Absence::Ignored(_)) => {
                (instead, found)
            }
            _ => (path, absence),
        }
    }

    fn judge(&mut self, file: &RepoPath, source: &Rc<SourceFile>, flake: &RepoPath, doubts: Vec<Doubt>) {
        let mentions: Vec<Mention> = doubts.iter().map(|doubt| doubt.mention).collect();
        let uses = nix::uses(source, &mentions);
        // What is found keeps the file.
        self.held += source.bytes().len();
        for (Doubt { mention, path, standing, value, only_import, unless_import }, used) in doubts.into_iter().zip(uses)
        {
            let is_import = used.purpose == Purpose::Import;
            let matters = match standing {
                // Not every value need come so far.
                _ if value.is_some() && (used.is_conditional || used.is_default) => false,
                Standing::NeedsDefault => is_import,
                Standing::Impure => !used.is_conditional && (mention.origin == Origin::Search || is_import),
                Standing::Absent => is_import || !(used.is_default || resolve::is_build_result(&path, flake)),
            };
            let is_other = if is_import { unless_import } else { only_import };
            if used.purpose == Purpose::Nothing || !matters || is_other {
                continue;
            }
            if self.found.absent.len() + self.found.impure.len() >= MAX_FOUND {
                self.found.is_cut = true;
                return;
            }
            let (path, absence) = self.absence(path, standing, is_import);
            let reference = Reference {
                file: file.clone(),
                source: Rc::clone(source),
                span: value.unwrap_or(mention.span),
                absence,
                path,
                standing,
                origin: mention.origin,
                is_import,
                is_default: used.is_default,
                is_reached: true,
            };
            match standing {
                Standing::Impure if used.is_default => {}
                Standing::Impure => self.found.impure.push(reference),
                Standing::Absent | Standing::NeedsDefault => self.found.absent.push(reference),
            }
        }
    }
}
