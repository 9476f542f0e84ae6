//! Where a new `follows` goes.
//!
//! The wanted binding is an attribute path from the root of the file: `inputs.a.inputs.b.follows`. It goes into the set
//! that is written for the longest part of that path, beside the binding there that shares most of the rest.

use super::Change;
use super::text::{attribute_path, escaped, indentation, is_first_on_line, line_break, line_start, rest_of_line};
use crate::flake::InputAttrPath;
use crate::flake::nix::{BindingLayout, SetLayout};
use crate::source::Span;

/// A set on one line is broken up where the new line would be longer than this.
const LINE_LENGTH: usize = 100;

/// The changes that make the input at `path` follow `target`. `None` where nothing in the file declares the root input.
pub(super) fn follows(text: &str, layout: &SetLayout, path: &InputAttrPath, target: &str) -> Option<Vec<Change>> {
    let mut names = Vec::new();
    for name in &path.0 {
        names.extend(["inputs".to_owned(), name.clone()]);
    }
    names.push("follows".to_owned());
    let place = best(layout, &names, 0);
    // At least `inputs` and the root input's name must be what leads there.
    if place.shared < 2 {
        return None;
    }
    let binding = format!("{} = \"{}\";", place.attribute_path(&names), escaped(target));
    Some(place.changes(text, &binding))
}

/// Where a binding can be put.
struct Place<'l> {
    set: &'l SetLayout,
    /// How many names of the path lead to the set.
    taken: usize,
    /// The binding of the set that it goes behind.
    sibling: Option<&'l BindingLayout>,
    /// How many names the set and the sibling share with the path.
    shared: usize,
}

fn best<'l>(set: &'l SetLayout, names: &[String], taken: usize) -> Place<'l> {
    let wanted = &names[taken..];
    let mut place = Place { set, taken, sibling: set.bindings.last(), shared: taken };
    for binding in &set.bindings {
        let shared = binding.names.iter().zip(wanted).take_while(|(a, b)| a == b).count();
        if shared == 0 {
            continue;
        }
        let inside = match &binding.set {
            Some(inner) if shared == binding.names.len() && shared < wanted.len() => {
                Some(best(inner, names, taken + shared))
            }
            _ => None,
        };
        let here = Place { set, taken, sibling: Some(binding), shared: taken + shared };
        let better = inside.filter(|inside| inside.shared >= here.shared).unwrap_or(here);
        // Of two places as good, a set that is already written wins over a longer path beside it.
        if (better.shared, better.taken) >= (place.shared, place.taken) {
            place = better;
        }
    }
    place
}

impl Place<'_> {
    /// What is left of the path in this place: names that the sibling has too are written as there.
    fn attribute_path(&self, names: &[String]) -> String {
        let shared = self.sibling.map_or(&[][..], |sibling| &sibling.written[..self.shared - self.taken]);
        let rest = &names[self.taken + shared.len()..];
        shared.iter().cloned().chain([attribute_path(rest)]).collect::<Vec<_>>().join(".")
    }

    fn changes(&self, text: &str, binding: &str) -> Vec<Change> {
        let (open, close) = (self.set.open.end, self.set.close.start);
        let is_one_line = !text[open..close].contains('\n');
        let Some(sibling) = self.sibling else { return self.fill_empty(text, binding) };
        if is_one_line {
            let line = line_start(text, open);
            let length = super::text::line_end(text, close) - line + binding.len() + 1;
            if length > LINE_LENGTH && is_breakable(text, self.set) {
                return self.broken_up(text, sibling, binding);
            }
            return vec![insertion(sibling.span.end, format!(" {binding}"))];
        }
        match rest_of_line(text, sibling.span.end) {
            // The indentation is that of the sibling, also where that stands on several lines.
            Some(end) if is_first_on_line(text, sibling.span.start) => {
                let indent = indentation(text, sibling.span.start);
                vec![insertion(end, format!("{}{indent}{binding}", line_break(text)))]
            }
            _ => vec![insertion(sibling.span.end, format!(" {binding}"))],
        }
    }

    fn fill_empty(&self, text: &str, binding: &str) -> Vec<Change> {
        let (open, close) = (self.set.open.end, self.set.close.start);
        if text[open..close].trim().is_empty() && !text[open..close].contains('\n') {
            let change = Change { span: Span::new(open, close), text: format!(" {binding} ") };
            return vec![change];
        }
        let indent = indentation(text, close);
        vec![insertion(open, format!("{}{indent}{}{binding}", line_break(text), step(text)))]
    }

    /// A one-line set with each binding on a line of its own, the new one behind `sibling`.
    fn broken_up(&self, text: &str, sibling: &BindingLayout, binding: &str) -> Vec<Change> {
        let outer = indentation(text, self.set.open.start);
        let (newline, step) = (line_break(text), step(text));
        let line = format!("{newline}{outer}{step}");
        let mut changes = Vec::new();
        let mut from = self.set.open.end;
        for written in &self.set.bindings {
            changes.push(Change { span: Span::new(from, written.span.start), text: line.clone() });
            from = written.span.end;
            if written.span == sibling.span {
                changes.push(insertion(from, format!("{line}{binding}")));
            }
        }
        changes.push(Change { span: Span::new(from, self.set.close.start), text: format!("{newline}{outer}") });
        merged(changes)
    }
}

/// An insertion and the change that begins where it stands are one change.
fn merged(changes: Vec<Change>) -> Vec<Change> {
    let mut joined: Vec<Change> = Vec::new();
    for change in changes {
        match joined.last_mut() {
            Some(last) if last.span.end == change.span.start && last.span.is_empty() => {
                last.span.end = change.span.end;
                last.text.push_str(&change.text);
            }
            _ => joined.push(change),
        }
    }
    joined
}

/// Whether nothing but white space stands between the bindings of a set.
fn is_breakable(text: &str, set: &SetLayout) -> bool {
    let mut from = set.open.end;
    let ends = set.bindings.iter().map(|binding| binding.span).chain([Span::at(set.close.start)]);
    for next in ends {
        if next.start < from || !text[from..next.start].trim().is_empty() {
            return false;
        }
        from = next.end;
    }
    true
}

/// One level of indentation: a tab where the file indents with tabs.
fn step(text: &str) -> &'static str {
    if text.contains("\n\t") { "\t" } else { "  " }
}

fn insertion(at: usize, text: String) -> Change {
    Change { span: Span::at(at), text }
}
