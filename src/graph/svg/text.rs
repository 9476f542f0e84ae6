//! Text in a picture: how wide it is, how it is shortened and escaped.

use crate::text::escape;

/// Width of a character by font size: what monospace fonts have, rounded up.
const ADVANCE: f64 = 0.61;

pub(super) fn columns_of(text: &str) -> usize {
    // Signs of Asian scripts are twice as wide; from here on most are.
    text.chars()
        .map(|character| if character >= '\u{1100}' && !character.is_ascii() && is_wide(character) { 2 } else { 1 })
        .sum()
}

const fn is_wide(character: char) -> bool {
    matches!(character, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

pub(super) fn pixels(text: &str, size: f64) -> f64 {
    spaces(columns_of(text), size)
}

#[expect(clippy::cast_precision_loss, reason = "lines of text are short")]
pub(super) fn spaces(columns: usize, size: f64) -> f64 {
    columns as f64 * size * ADVANCE
}

/// At most so many characters, the middle left out: both ends tell more.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit {
        return text.to_owned();
    }
    let end = (limit - 1) / 2;
    let start: String = text.chars().take(limit - 1 - end).collect();
    let end: String = text.chars().skip(length - end).collect();
    format!("{start}…{end}")
}

/// Text in an element or an attribute. Control characters, which XML does not know, are gone already or escaped here.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            escaped.push('\n');
        }
        for character in escape(line).chars() {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
                other => escaped.push(other),
            }
        }
    }
    escaped
}
