//! How a binding is taken out.

use super::Change;
use super::text::{is_first_on_line, line_end, line_start};
use crate::flake::InputAttrPath;
use crate::flake::nix::{BindingLayout, SetLayout};
use crate::source::Span;

/// The changes that remove every binding of the override at `path`. `None` where the file has none.
pub(super) fn binding(text: &str, layout: &SetLayout, path: &InputAttrPath) -> Option<Vec<Change>> {
    let mut names = Vec::new();
    for name in &path.0 {
        names.extend(["inputs".to_owned(), name.clone()]);
    }
    let mut found = Vec::new();
    collect(layout, &names, 0, &mut found);
    found.sort_by_key(|span| span.start);
    found.dedup();
    if found.is_empty() { None } else { Some(found.into_iter().map(|span| removal(text, span)).collect()) }
}

/// Collects what goes: bindings whose path is `names` or goes on behind it, and bindings that hold nothing else.
/// Says whether all of `set` would go.
fn collect(set: &SetLayout, names: &[String], taken: usize, found: &mut Vec<Span>) -> bool {
    let wanted = &names[taken..];
    let mut left = set.bindings.len();
    for binding in &set.bindings {
        let shared = binding.names.iter().zip(wanted).take_while(|(a, b)| a == b).count();
        if shared == wanted.len() {
            found.push(binding.span);
            left -= 1;
        } else if shared > 0 && shared == binding.names.len() && goes_with(binding, names, taken + shared, found) {
            left -= 1;
        }
    }
    left == 0 && !set.bindings.is_empty()
}

/// Looks into a binding that leads to what goes; whether the binding itself goes: a set of overrides that would be
/// empty does, what declares a root input does not.
fn goes_with(binding: &BindingLayout, names: &[String], taken: usize, found: &mut Vec<Span>) -> bool {
    let Some(inner) = &binding.set else { return false };
    let before = found.len();
    let is_emptied = collect(inner, names, taken, found);
    // `inputs` and `inputs.a` take two names: what is deeper belongs to overrides.
    if is_emptied && taken > 2 {
        found.truncate(before);
        found.push(binding.span);
        return true;
    }
    false
}

/// A binding with its line, where it stands there alone. A comment behind it stays: nobody knows whether it speaks of
/// the binding alone.
fn removal(text: &str, binding: Span) -> Change {
    let end = line_end(text, binding.end);
    let rest = &text[binding.end..end];
    let is_last = rest.trim().is_empty();
    let is_alone = is_first_on_line(text, binding.start) && is_last;
    let span = if is_alone {
        let newline = text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1);
        Span::new(line_start(text, binding.start), newline)
    } else if is_last {
        Span::new(text[..binding.start].trim_end_matches([' ', '\t']).len(), end)
    } else {
        let space = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        // In the middle of a line one space is the binding's own, before a comment all are.
        let is_first = is_first_on_line(text, binding.start);
        Span::new(binding.start, binding.end + if is_first { space } else { space.min(1) })
    };
    Change { span, text: String::new() }
}
