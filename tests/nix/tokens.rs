//! Small faults in the text of any Nix file: a token gone, doubled, misspelt, or another one beside it.

use rnix::SyntaxKind;

use crate::rng::Rng;

/// Pieces that are put into a file: what is easily left over, and what Nix and other parsers like to read differently.
const PIECES: &[&str] = &[
    ";",
    ",",
    ":",
    "@",
    ".",
    "=",
    "==",
    "!=",
    "<",
    ">=",
    "//",
    "++",
    "->",
    "&&",
    "||",
    "?",
    "!",
    "-",
    "+",
    "*",
    "/",
    "or",
    "rec",
    "inherit",
    "with",
    "let",
    "in",
    "if",
    "then",
    "else",
    "assert",
    "''",
    "\"",
    "${",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "...",
    "./x",
    "./x/",
    "<x>",
    "<x/>",
    "~/x",
    "/x",
    "a/b",
    "1.5",
    ".5",
    "1.",
    "1.0e999",
    "007",
    "9223372036854775807",
    "9223372036854775808",
    "|>",
    "<|",
    "a.b",
    "a:b",
    "a:",
    "x:y",
    "${x}",
    "\"${x}\"",
    "null",
    "__curPos",
    "__sub",
    "builtins",
    "undefinedName",
    "# ",
    "/*",
    "*/",
    "/**/",
    "\\",
    "\t",
    "\r",
    "\r\n",
    "\u{a0}",
    "\u{feff}",
    "\0",
    "'",
    "$",
    "$$",
    "''${",
    "''\\n",
    "'''",
    "a'",
    "_",
    "ä",
    "https://example.org/x?y=z",
    "{ }",
    "[ ]",
    "a b",
    "x: x",
    "{ x, x }: x",
    "{ ... }: ",
    "@x",
    "let { }",
    "%",
    "&",
    "|",
    "^",
    "`",
];

/// Names of the faults, in the order of [`fault`]'s choices.
const FAULTS: usize = 9;

/// Puts one fault into a text.
pub(crate) fn fault(text: &mut String, rng: &mut Rng) {
    let mut tokens: Vec<(SyntaxKind, String)> =
        rnix::tokenize(text).map(|(kind, text)| (kind, text.to_owned())).collect();
    let solid = |kind: SyntaxKind| !matches!(kind, SyntaxKind::TOKEN_WHITESPACE | SyntaxKind::TOKEN_COMMENT);
    let places: Vec<usize> = (0..tokens.len()).filter(|place| solid(tokens[*place].0)).collect();
    if places.is_empty() {
        return;
    }
    let place = *rng.pick(&places);
    let piece = (*rng.pick(PIECES)).to_owned();
    match rng.below(FAULTS) {
        0 => drop(tokens.remove(place)),
        1 => tokens.insert(place, tokens[place].clone()),
        2 => tokens[place].1 = piece,
        3 => tokens.insert(place, (SyntaxKind::TOKEN_WHITESPACE, piece)),
        4 => tokens.insert(place, (SyntaxKind::TOKEN_WHITESPACE, format!(" {piece} "))),
        5 => {
            let other = *rng.pick(&places);
            tokens.swap(place, other);
        }
        6 => misspell(&mut tokens, rng),
        7 => return line(text, rng),
        // White space often ends one token and begins the next.
        _ => {
            let blank = (0..tokens.len()).filter(|place| tokens[*place].0 == SyntaxKind::TOKEN_WHITESPACE);
            let blank: Vec<usize> = blank.collect();
            if !blank.is_empty() {
                tokens.remove(*rng.pick(&blank));
            }
        }
    }
    *text = tokens.into_iter().map(|(_, text)| text).collect();
}

/// A name that is not quite the one meant, or that of another.
fn misspell(tokens: &mut [(SyntaxKind, String)], rng: &mut Rng) {
    let names: Vec<usize> = (0..tokens.len()).filter(|place| tokens[*place].0 == SyntaxKind::TOKEN_IDENT).collect();
    if names.is_empty() {
        return;
    }
    let place = *rng.pick(&names);
    tokens[place].1 = match rng.below(3) {
        0 => format!("{}x", tokens[place].1),
        1 => tokens[*rng.pick(&names)].1.clone(),
        _ => tokens[place].1.chars().rev().collect(),
    };
}

/// A line twice, or gone.
fn line(text: &mut String, rng: &mut Rng) {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let place = rng.below(lines.len());
    if rng.chance(50) {
        lines.insert(place, lines[place]);
    } else {
        lines.remove(place);
    }
    *text = lines.concat();
}
