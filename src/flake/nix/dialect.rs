//! What Nix reads otherwise than rnix, rewritten at the same length into what both read the same.

use std::borrow::Cow;

use rnix::SyntaxKind;

use super::depth::too_far_anywhere;

/// A comment up to the end of the line ends for Nix at a carriage return, too.
pub(super) fn with_line_ends(text: &str) -> Cow<'_, str> {
    let alone = |at: &usize| !text[at + 1..].starts_with('\n');
    if !text.match_indices('\r').any(|(at, _)| alone(&at)) {
        return Cow::Borrowed(text);
    }
    if too_far_anywhere(text) {
        return Cow::Borrowed(text);
    }
    let mut rewritten = text.to_owned();
    let mut work = 0;
    // What a comment hid is made of other tokens once it ends earlier, and only from the start can it be told whether
    // they are in a string.
    while let Some(at) = hidden_line_end(&rewritten) {
        rewritten.replace_range(at..=at, "\n");
        work += rewritten.len();
        if work > MAX_WORK {
            return Cow::Owned(by_pieces(&rewritten));
        }
    }
    Cow::Owned(rewritten)
}

/// The first carriage return in a line comment that ends it for Nix alone.
fn hidden_line_end(text: &str) -> Option<usize> {
    let mut offset = 0;
    for (kind, token) in rnix::tokenize(text) {
        if kind == SyntaxKind::TOKEN_COMMENT
            && token.starts_with('#')
            && let Some(at) = token.find('\r').filter(|at| !text[offset + at + 1..].starts_with('\n'))
        {
            return Some(offset + at);
        }
        offset += token.len();
    }
    None
}

/// As many bytes are looked at again and again.
const MAX_WORK: usize = 64 << 20;

/// The same in one pass, which takes what follows a comment inside an interpolation for code.
fn by_pieces(text: &str) -> String {
    let mut rewritten = String::with_capacity(text.len());
    while let Some((start, comment)) = next_comment(text, rewritten.len()) {
        let end = comment.find('\r').unwrap_or(comment.len());
        rewritten.push_str(&text[rewritten.len()..start + end]);
        if end < comment.len() {
            rewritten.push('\n');
        }
    }
    let rest = &text[rewritten.len()..];
    rewritten.push_str(rest);
    rewritten
}

/// The first line comment at or after an offset at which a token begins.
fn next_comment(text: &str, from: usize) -> Option<(usize, &str)> {
    let mut offset = from;
    for (kind, token) in rnix::tokenize(&text[from..]) {
        if kind == SyntaxKind::TOKEN_COMMENT && token.starts_with('#') {
            return Some((offset, token));
        }
        offset += token.len();
    }
    None
}

/// The text with `rec { … }` for every `let { … }`, which Nix takes wherever it takes a set and rnix only as a whole
/// expression, `-` for every `!` in front of a value, which rnix does not take after an operator that binds more
/// tightly, and `_../x` for the path `.../x`. `None` where there is none of them. To be asked only where rnix does not
/// take the text itself: the two mean something else.
pub(super) fn plainer(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut pending: Option<String> = None;
    let mut found = false;
    let mut before = None;
    let mut is_value = false;
    for (kind, token) in rnix::tokenize(text) {
        let is_dotted = before.replace(kind) == Some(SyntaxKind::TOKEN_ELLIPSIS);
        if is_dotted && matches!(kind, SyntaxKind::TOKEN_PATH_ABS | SyntaxKind::TOKEN_PATH_REL) {
            found = true;
            plain.truncate(plain.len() - "...".len());
            plain.push_str("_..");
        }
        let is_blank = matches!(kind, SyntaxKind::TOKEN_WHITESPACE | SyntaxKind::TOKEN_COMMENT);
        if let Some(blank) = pending.as_mut().filter(|_| is_blank) {
            blank.push_str(token);
            continue;
        }
        if let Some(blank) = pending.take() {
            let is_old = kind == SyntaxKind::TOKEN_L_BRACE;
            found |= is_old;
            plain.push_str(if is_old { "rec" } else { "let" });
            plain.push_str(&blank);
        }
        match kind {
            SyntaxKind::TOKEN_LET => pending = Some(String::new()),
            // Behind a value, a minus would be one more operator.
            SyntaxKind::TOKEN_INVERT if !is_value => {
                found = true;
                plain.push('-');
            }
            _ => plain.push_str(token),
        }
        is_value = if is_blank { is_value } else { ends_value(kind) };
    }
    found.then(|| plain + pending.map_or("", |_| "let"))
}

/// Whether a value may end with a token of this kind.
const fn ends_value(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::TOKEN_IDENT
            | SyntaxKind::TOKEN_OR
            | SyntaxKind::TOKEN_INTEGER
            | SyntaxKind::TOKEN_FLOAT
            | SyntaxKind::TOKEN_STRING_END
            | SyntaxKind::TOKEN_PATH_ABS
            | SyntaxKind::TOKEN_PATH_REL
            | SyntaxKind::TOKEN_PATH_HOME
            | SyntaxKind::TOKEN_PATH_SEARCH
            | SyntaxKind::TOKEN_URI
            | SyntaxKind::TOKEN_R_PAREN
            | SyntaxKind::TOKEN_R_BRACK
            | SyntaxKind::TOKEN_R_BRACE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_end_at_carriage_returns() {
        assert_eq!(with_line_ends("# a\r\nb\n"), "# a\r\nb\n");
        assert_eq!(with_line_ends("# a\rb # \"\r\"x\r# y\""), "# a\nb # \"\n\"x\r# y\"");
        assert_eq!(with_line_ends("\"${b # a\n}\" # c\r d # e\r\n"), "\"${b # a\n}\" # c\n d # e\r\n");
    }

    #[test]
    fn old_lets_and_negations() {
        assert_eq!(plainer("let x = 1; in x"), None);
        assert_eq!(
            plainer("[ let /* x */ { } (let x = 1; in x) ]").as_deref(),
            Some("[ rec /* x */ { } (let x = 1; in x) ]")
        );
        assert_eq!(plainer("{ ... }: [ .../x ... /y ...z/x ]").as_deref(), Some("{ ... }: [ _../x ... /y _..z/x ]"));
        assert_eq!(plainer("f ! (a) [ x ]! b .5 !c"), None);
        assert_eq!(plainer("1 + !a != b").as_deref(), Some("1 + -a != b"));
        assert_eq!(plainer("rec { x = let{ }; } let").as_deref(), Some("rec { x = rec{ }; } let"));
    }
}
