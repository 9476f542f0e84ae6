//! Edits of flake.nix that read as its author would have written them.
//!
//! Every edit is checked before anybody sees it: the edited text is read again, and declares exactly what it did but
//! for the change that was wanted. Where that cannot be had, the answer is a [`Refusal`].

mod insert;
mod remove;
mod text;

use super::nix::{self, FlakeInput, FlakeNix, SetLayout};
use super::{Flake, InputAttrPath};
use crate::diagnostic::Edit;
use crate::source::{SourceFile, Span};

/// Why a file cannot be edited, in a few words that go on from "not fixed: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The file does not parse, or is no attribute set.
    Unreadable,
    /// No binding of the file declares the input: it is inherited, computed, or only an argument of `outputs`.
    NotWritten,
    /// The edited file would say something else than was wanted.
    Misread,
    /// A comment stands inside what would have to go.
    Comment,
}

impl Refusal {
    /// The reason.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "flake.nix cannot be parsed",
            Self::NotWritten => "no binding of flake.nix declares the input where it could be added",
            Self::Misread => "the edited flake.nix would not mean what was wanted",
            Self::Comment => "a comment would be lost",
        }
    }
}

/// A replacement in one text, before it has a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    span: Span,
    text: String,
}

/// What edits of one flake.nix begin with: where its bindings stand, and what they declare.
#[derive(Debug)]
pub struct Written {
    layout: SetLayout,
    declarations: Declarations,
}

impl Written {
    /// `None` where nothing can be edited: the file does not parse, or offsets in it stand for bytes that the text does
    /// not hold.
    #[must_use]
    pub fn of(source: &SourceFile, nix: &FlakeNix) -> Option<Self> {
        let layout = source.is_utf8().then(|| nix::layout(source.text())).flatten()?;
        Some(Self { layout, declarations: declarations(&nix.inputs) })
    }
}

/// An input, and what it is to follow: paths of input names (`["a", "b"]` is input `b` of input `a`).
pub type Follows<'a> = (&'a InputAttrPath, InputAttrPath);

/// Makes inputs follow others, by edits that do not depend on each other: each can be applied alone.
///
/// # Errors
/// Each where the file is not written so that it could be done.
#[must_use]
pub fn add_follows(flake: &Flake, wanted: &[Follows<'_>]) -> Vec<Result<Vec<Edit>, Refusal>> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let planned: Vec<Result<Vec<Change>, Refusal>> = wanted.iter().map(|wanted| planned(flake, wanted)).collect();
    let writable =
        || wanted.iter().zip(&planned).filter_map(|(wanted, planned)| Some((wanted, planned.as_ref().ok()?)));
    // Reading the edited text is what takes time. Where all edits together do what is wanted, each alone does its part.
    let together = is_effective(flake, &writable().collect::<Vec<_>>()).is_ok();
    let checked = wanted.iter().zip(&planned).map(|(wanted, planned)| {
        let changes = planned.as_ref().map_err(|refusal| *refusal)?;
        if !together {
            is_effective(flake, &[(wanted, changes)])?;
        }
        Ok(edits(flake, sorted(changes.clone()).ok_or(Refusal::Misread)?))
    });
    checked.collect()
}

fn planned(flake: &Flake, (path, target): &Follows<'_>) -> Result<Vec<Change>, Refusal> {
    let written = flake.written().ok_or(Refusal::Unreadable)?;
    let changes = insert::follows(flake.source.text(), &written.layout, path, &target.0.join("/"));
    changes.ok_or(Refusal::NotWritten)
}

/// Whether these changes make all of these inputs follow, and nothing else.
fn is_effective(flake: &Flake, planned: &[(&Follows<'_>, &Vec<Change>)]) -> Result<(), Refusal> {
    let written = flake.written().ok_or(Refusal::Unreadable)?;
    let is_wanted = |inputs: &[FlakeInput]| {
        let mut expected = written.declarations.clone();
        let mut found = declarations(inputs);
        // What lies above a deep override is made by writing it.
        for ((path, _), _) in planned {
            for length in 2..path.0.len() {
                expected.entry(path.0[..length].to_vec()).or_default();
            }
        }
        let mut is_added = |((path, target), _): &(&Follows<'_>, &Vec<Change>)| {
            expected.remove(&path.0);
            let follows = Some(target.0.clone());
            found.remove(&path.0).is_some_and(|declared| declared.follows == follows)
        };
        planned.iter().all(&mut is_added) && found == expected
    };
    let changes = planned.iter().flat_map(|(_, changes)| changes.iter().cloned());
    check(flake, changes.collect(), is_wanted).map(drop)
}

/// Removes every binding of the override at `path` (`["a", "b"]`), and the sets that this leaves empty, but never what
/// declares a root input.
///
/// # Errors
/// Where the file is not written so that it could be done.
pub fn remove_override(flake: &Flake, path: &InputAttrPath) -> Result<Vec<Edit>, Refusal> {
    let written = flake.written().ok_or(Refusal::Unreadable)?;
    let changes = remove::binding(flake.source.text(), &written.layout, path).ok_or(Refusal::NotWritten)?;
    let wanted = |inputs: &[FlakeInput]| {
        let below = |key: &[String]| key.starts_with(&path.0);
        let mut expected = written.declarations.clone();
        let mut found = declarations(inputs);
        let gone = !found.keys().any(|key| below(key));
        // Overrides that held nothing else may go too.
        let is_bare = |declared: &Declared| *declared == Declared::default();
        let matters = |key: &[String], declared: &Declared| key.len() == 1 || !is_bare(declared);
        expected.retain(|key, declared| !below(key) && matters(key, declared));
        found.retain(|key, declared| matters(key, declared));
        gone && found == expected
    };
    Ok(edits(flake, check(flake, changes, wanted)?))
}

/// What is said of one input, in a form that can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Declared {
    reference: Option<String>,
    follows: Option<Vec<String>>,
    is_flake: Option<bool>,
}

type Declarations = std::collections::BTreeMap<Vec<String>, Declared>;

fn declarations(inputs: &[FlakeInput]) -> Declarations {
    let mut found = Declarations::new();
    let mut pending: Vec<(Vec<String>, &FlakeInput)> = inputs.iter().map(|input| (Vec::new(), input)).collect();
    while let Some((mut path, input)) = pending.pop() {
        path.push(input.name.clone());
        pending.extend(input.overrides.iter().map(|inner| (path.clone(), inner)));
        let declared = Declared {
            reference: input.reference.as_ref().map(|reference| format!("{:?}", reference.value.to_attrs())),
            follows: input.follows.as_ref().map(|follows| follows.value.0.clone()),
            is_flake: input.is_flake.as_ref().map(|flake| flake.value),
        };
        found.insert(path, declared);
    }
    found
}

/// Applies changes to a text. They are sorted and do not overlap.
fn apply(text: &str, changes: &[Change]) -> String {
    let mut edited = String::with_capacity(text.len() + 64);
    let mut from = 0;
    for change in changes {
        edited.push_str(&text[from..change.span.start]);
        edited.push_str(&change.text);
        from = change.span.end;
    }
    edited.push_str(&text[from..]);
    edited
}

/// Changes in order, those that take away overlapping parts as one; `None` where others overlap.
fn sorted(mut changes: Vec<Change>) -> Option<Vec<Change>> {
    changes.sort();
    let mut united: Vec<Change> = Vec::new();
    for change in changes {
        match united.last_mut() {
            Some(last) if change.span.start < last.span.end => {
                if !(last.text.is_empty() && change.text.is_empty()) {
                    return None;
                }
                last.span.end = last.span.end.max(change.span.end);
            }
            _ => united.push(change),
        }
    }
    Some(united)
}

/// Makes the changes and reads the text again; the changes in order, if the inputs are as wanted then.
fn check(
    flake: &Flake,
    changes: Vec<Change>,
    is_wanted: impl Fn(&[FlakeInput]) -> bool,
) -> Result<Vec<Change>, Refusal> {
    let changes = sorted(changes).ok_or(Refusal::Misread)?;
    let edited = apply(flake.source.text(), &changes);
    let again: FlakeNix = nix::read(&SourceFile::new(flake.nix_path.clone(), edited.into_bytes()));
    if again.problems != flake.nix.problems && again.is_invalid() || !is_wanted(&again.inputs) {
        return Err(Refusal::Misread);
    }
    if !again.comments.iter().map(|comment| &comment.value).eq(flake.nix.comments.iter().map(|comment| &comment.value))
    {
        return Err(Refusal::Comment);
    }
    Ok(changes)
}

fn edits(flake: &Flake, changes: Vec<Change>) -> Vec<Edit> {
    let edit = |change: Change| Edit { path: flake.nix_path.clone(), span: change.span, text: change.text };
    changes.into_iter().map(edit).collect()
}

#[cfg(test)]
mod tests {
    use super::{InputAttrPath, add_follows, remove_override};
    use crate::flake::Flake;
    use crate::snapshot::{FileState, Memory, RepoPath};

    /// Sets in parentheses, in a recursive set, with the overrides of one input in two places.
    #[test]
    fn every_override_goes_or_is_refused() {
        let nix = "{\n\tinputs.x = rec { inputs = ({ c.url = \"path:d\"; c.flake = false;\n\n\
            a = { follows = \"r\"; inputs.${\"c\"} = { \"follows\" = \"\"; }; }; }); url = \"./o\"; };\n\
            outputs = _: { };\ninputs.r.url = \"./o\";\ninputs.r.inputs.r\n # a comment; } {\n= { follows = \"x/r\"; };\n\
            inputs = { s.follows = \"b\"; };\n}\n";
        let snapshot = Memory::new().file("flake.nix", nix, FileState::Tracked).snapshot();
        let flake = Flake::read(&snapshot, &RepoPath::default()).expect("it is there");
        assert!(!flake.nix.is_invalid(), "{:?}", flake.nix.problems);
        let done = |path: &[&str]| {
            let path = InputAttrPath(path.iter().map(|name| (*name).to_owned()).collect());
            remove_override(&flake, &path).is_ok()
        };
        assert!(done(&["x", "a"]) && done(&["x", "a", "c"]) && done(&["x", "c"]));
        assert!(!done(&["r", "r"]), "a comment stands inside");
    }

    /// Together or each alone, with inputs that cannot be written among them and with edits that exclude each other.
    #[test]
    fn many_are_added_as_each_alone() {
        for nix in [
            "{ inputs = { n.url = \"path:n\"; x.url = \"path:x\"; y = { url = \"path:y\"; }; }; outputs = _: { }; }\n",
            "{\n  inputs.n.url = \"path:n\";\n  inputs.x.url = \"path:x\"; # x\n  inputs.y.url = \"path:y\";\n  outputs = _: { };\n}\n",
            "{ inputs = { n.url = \"path:n\"; x = { url = \"path:x\"; inputs = { }; }; y = { inputs.a = { }; }; }; outputs = _: { }; }",
            "let in { inputs.n.url = \"path:n\"; outputs = _: { }; }",
            "{ inputs = { n.url = \"path:n\"; inherit x y; }; outputs = _: { }; }",
            "{ outputs = { n, x, y }: { }; }",
            "{",
        ] {
            let snapshot = Memory::new().file("flake.nix", nix, FileState::Tracked).snapshot();
            let flake = Flake::read(&snapshot, &RepoPath::default()).expect("it is there");
            let path = |names: &str| InputAttrPath(names.split('/').map(str::to_owned).collect());
            let names = ["x/a", "y/a", "x/b/c", "x/b/d", "z/a", "y/a/b", "x/a"].map(path);
            for first in 0..names.len() {
                for last in first..names.len() {
                    let wanted: Vec<_> = names[first..=last].iter().map(|name| (name, path("n"))).collect();
                    let alone: Vec<_> =
                        wanted.iter().flat_map(|wanted| add_follows(&flake, std::slice::from_ref(wanted))).collect();
                    assert_eq!(add_follows(&flake, &wanted), alone, "{nix}: {wanted:?}");
                }
            }
        }
    }
}
