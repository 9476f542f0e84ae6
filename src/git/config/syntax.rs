//! How configuration is written: in files, and in the variable that carries `git -c`.

use std::sync::Arc;

use super::Setting;

/// `GIT_CONFIG_PARAMETERS`: shell-quoted words, `'key=value'` of old or `'key'='value'`.
pub(super) fn parameters_of(text: &[u8]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut rest = text.trim_ascii_start();
    while let Some((word, after)) = quoted(rest) {
        if let Some((value, after)) = after.strip_prefix(b"=").and_then(quoted) {
            found.push((word, Some(value)));
            rest = after.trim_ascii_start();
            continue;
        }
        if let Some(after) = after.strip_prefix(b"=") {
            found.push((word, None));
            rest = after.trim_ascii_start();
            continue;
        }
        match word.iter().position(|byte| *byte == b'=') {
            Some(equals) => found.push((word[..equals].to_vec(), Some(word[equals + 1..].to_vec()))),
            None => found.push((word, None)),
        }
        rest = after.trim_ascii_start();
    }
    found
}

/// A word as git's `sq_quote` writes it.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"'")?;
    let mut word = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'\'')?;
        word.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest {
            [b'\\', escaped @ (b'\'' | b'!'), b'\'', after @ ..] => {
                word.push(*escaped);
                rest = after;
            }
            _ => return Some((word, rest)),
        }
    }
}

/// Reads the syntax of a configuration file.
pub(super) fn parse(content: &[u8], found: &mut dyn FnMut(Setting)) {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut section: Arc<[u8]> = Arc::default();
    let mut at = 0;
    while let Some(byte) = content.get(at) {
        match byte {
            b'[' => {
                let (name, end) = header(content, at + 1);
                (section, at) = (name.into(), end);
            }
            b'#' | b';' => at = line_end(content, at),
            byte if byte.is_ascii_whitespace() => at += 1,
            byte if byte.is_ascii_alphabetic() => {
                let end = name_end(content, at);
                let name = content[at..end].to_ascii_lowercase();
                let blanks = content[end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                at = end + blanks;
                let value = if content.get(at) == Some(&b'=') {
                    let (value, next) = value(content, at + 1);
                    at = next;
                    Some(value)
                } else {
                    at = line_end(content, at);
                    None
                };
                found(Setting { section: Arc::clone(&section), name, value });
            }
            _ => at = line_end(content, at),
        }
    }
}

fn name_end(content: &[u8], at: usize) -> usize {
    at + content[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count()
}

fn line_end(content: &[u8], at: usize) -> usize {
    content[at..].iter().position(|byte| *byte == b'\n').map_or(content.len(), |end| at + end)
}

/// `[section]`, `[section "subsection"]` or `[section.subsection]`, from behind the bracket.
fn header(content: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let mut name = Vec::new();
    while let Some(byte) = content.get(at) {
        at += 1;
        match byte {
            b']' | b'\n' => return (name, at),
            b'"' => {
                name.push(b'.');
                while let Some(byte) = content.get(at) {
                    at += 1;
                    match byte {
                        b'"' | b'\n' => break,
                        b'\\' => {
                            name.extend(content.get(at));
                            at += 1;
                        }
                        byte => name.push(*byte),
                    }
                }
            }
            b' ' | b'\t' => {}
            byte => name.push(byte.to_ascii_lowercase()),
        }
    }
    (name, at)
}

/// A value from behind its `=`: quotes, escapes, comments, lines that go on.
fn value(content: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let mut value = Vec::new();
    // The length up to the last byte that is not an unquoted blank.
    let mut kept = 0;
    let mut in_quotes = false;
    while let Some(byte) = content.get(at) {
        at += 1;
        match byte {
            b'\n' => break,
            b'\r' if content.get(at) == Some(&b'\n') => {}
            b'#' | b';' if !in_quotes => {
                at = line_end(content, at);
                break;
            }
            b'"' => {
                in_quotes = !in_quotes;
                kept = value.len();
            }
            b'\\' => {
                let escaped = content.get(at).copied();
                at += 1;
                match escaped {
                    Some(b'\n') => continue,
                    Some(b'\r') if content.get(at) == Some(&b'\n') => {
                        at += 1;
                        continue;
                    }
                    Some(b'n') => value.push(b'\n'),
                    Some(b't') => value.push(b'\t'),
                    Some(b'b') => value.push(8),
                    Some(byte) => value.push(byte),
                    None => {}
                }
                kept = value.len();
            }
            b' ' | b'\t' if !in_quotes && value.is_empty() => {}
            byte => {
                value.push(*byte);
                if in_quotes || !matches!(byte, b' ' | b'\t') {
                    kept = value.len();
                }
            }
        }
    }
    value.truncate(kept);
    (value, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_both_of_gits_forms() {
        let found = parameters_of(b"'core.a=b c' 'core.d'='it'\\''s' 'core.e'=");
        let expected = [
            (b"core.a".to_vec(), Some(b"b c".to_vec())),
            (b"core.d".to_vec(), Some(b"it's".to_vec())),
            (b"core.e".to_vec(), None),
        ];
        assert_eq!(found, expected);
    }
}
