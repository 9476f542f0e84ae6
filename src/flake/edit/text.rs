//! Lines, indentation and names in the text of flake.nix.

use crate::flake::is_flake_id;

/// The line break that the file uses.
pub(super) fn line_break(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the line of an offset begins.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line of an offset ends, its line break left out.
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    let end = text[offset..].find('\n').map_or(text.len(), |newline| offset + newline);
    if text[offset..end].ends_with('\r') { end - 1 } else { end }
}

/// The white space that the line of an offset begins with.
pub(super) fn indentation(text: &str, offset: usize) -> &str {
    let line = &text[line_start(text, offset)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Whether nothing but white space stands before an offset on its line.
pub(super) fn is_first_on_line(text: &str, offset: usize) -> bool {
    text[line_start(text, offset)..offset].trim().is_empty()
}

/// Where what follows a binding on its line ends, if that is nothing or a comment which ends there too; `None` where
/// more of the file stands on the line.
pub(super) fn rest_of_line(text: &str, offset: usize) -> Option<usize> {
    let end = line_end(text, offset);
    let rest = text[offset..end].trim();
    let closes_once = || rest.ends_with("*/") && rest.matches("*/").count() == 1;
    (rest.is_empty() || rest.starts_with('#') || (rest.starts_with("/*") && closes_once())).then_some(end)
}

/// An attribute path as written: names that are no identifiers are quoted.
pub(super) fn attribute_path(names: &[String]) -> String {
    let quoted = |name: &String| {
        let is_keyword = matches!(
            name.as_str(),
            "if" | "then" | "else" | "assert" | "with" | "let" | "in" | "rec" | "inherit" | "or"
        );
        if is_flake_id(name) && !is_keyword { name.clone() } else { format!("\"{}\"", escaped(name)) }
    };
    names.iter().map(quoted).collect::<Vec<_>>().join(".")
}

/// The content of a string literal.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${").replace('\n', "\\n")
}
