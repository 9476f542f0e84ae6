//! What a Nix file says by name, seen from its tokens: whether it names an input, and whether it hands all of them on.

use memchr::memmem;
use rnix::SyntaxKind;
use rnix::SyntaxKind::{
    TOKEN_ASSIGN, TOKEN_AT, TOKEN_COLON, TOKEN_COMMA, TOKEN_COMMENT, TOKEN_DOT, TOKEN_IDENT, TOKEN_INHERIT,
    TOKEN_INTERPOL_END, TOKEN_INTERPOL_START, TOKEN_L_BRACE, TOKEN_L_BRACK, TOKEN_L_PAREN, TOKEN_PATH_ABS,
    TOKEN_PATH_REL, TOKEN_QUESTION, TOKEN_R_BRACE, TOKEN_R_BRACK, TOKEN_R_PAREN, TOKEN_SEMICOLON, TOKEN_STRING_CONTENT,
    TOKEN_STRING_END, TOKEN_STRING_START, TOKEN_UPDATE, TOKEN_WHITESPACE, TOKEN_WITH,
};

use super::depth::too_far;
use crate::source::Span;

/// Where `word` stands in a text as a whole word: not as a part of a longer name. In code, strings, paths and comments
/// alike.
pub fn occurrences<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = Span> + 't {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
    memmem::find_iter(text.as_bytes(), word).filter_map(move |start| {
        let end = start + word.len();
        let before = start.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        let is_whole = !is_part(before) && !is_part(text.as_bytes().get(end));
        (is_whole && !word.is_empty()).then_some(Span::new(start, end))
    })
}

/// Attributes that only make their names known to modules: these take each input by its name.
const MODULE_ARGUMENTS: &[&str] = &["specialArgs", "extraSpecialArgs", "inputs", "args"];

/// Functions of flake-utils-plus that look at all inputs.
const LOOK_AT_ALL: &[&str] = &["generateRegistryFromInputs", "generateNixPathFromInputs", "linkInputs"];

/// Whether a file may look at every attribute of one of the sets called `names`, whatever it is called: the set is an
/// argument of a function, a value of its own, or selected from with a computed name. That it is selected from, put in
/// scope, imported with, or passed on under its name (`inherit inputs`) is nothing of the kind: whoever gets it needs a
/// name, too.
#[must_use]
pub fn looks_at_all(text: &str, names: &[&str]) -> bool {
    if !names.iter().chain(LOOK_AT_ALL).any(|name| memmem::find(text.as_bytes(), name.as_bytes()).is_some()) {
        return false;
    }
    if too_far(text).is_some() {
        return true;
    }
    let tokens: Vec<(SyntaxKind, &str)> =
        rnix::tokenize(text).filter(|(kind, _)| !matches!(*kind, TOKEN_WHITESPACE | TOKEN_COMMENT)).collect();
    let tokens = Tokens(&tokens);
    (0..tokens.0.len()).any(|at| {
        let is_name = |wanted: &[&str]| tokens.kind(at) == Some(TOKEN_IDENT) && wanted.contains(&tokens.0[at].1);
        is_name(LOOK_AT_ALL) || is_name(names) && tokens.is_open(at)
    })
}

/// As many tokens before a name are looked at; where they do not say what becomes of it, anything may.
const MAX_WALK: usize = 500;

/// The tokens of a file that are neither white space nor comments.
struct Tokens<'t>(&'t [(SyntaxKind, &'t str)]);

impl Tokens<'_> {
    fn kind(&self, at: usize) -> Option<SyntaxKind> {
        self.0.get(at).map(|(kind, _)| *kind)
    }

    fn text(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |(_, text)| text)
    }

    /// Whether the name at `at` stands for the whole set, where anything may be done to it.
    fn is_open(&self, at: usize) -> bool {
        let next = self.kind(at + 1);
        if next == Some(TOKEN_DOT) {
            return self.is_computed(at + 2);
        }
        let before = at.checked_sub(1).and_then(|before| self.kind(before));
        let is_formal = next == Some(TOKEN_COMMA)
            || before == Some(TOKEN_COMMA)
            || before == Some(TOKEN_L_BRACE) && next == Some(TOKEN_R_BRACE);
        let is_bound =
            matches!(next, Some(TOKEN_AT | TOKEN_COLON | TOKEN_ASSIGN | TOKEN_QUESTION)) || before == Some(TOKEN_AT);
        let is_scope = before == Some(TOKEN_WITH) && next == Some(TOKEN_SEMICOLON);
        !(is_formal || is_bound || is_scope || self.is_inherited(at) || self.is_passed_on(at))
    }

    /// Whether the attribute at `at` is `${…}`, or a string with such a part.
    fn is_computed(&self, at: usize) -> bool {
        match self.kind(at) {
            Some(TOKEN_INTERPOL_START) => true,
            Some(TOKEN_STRING_START) => {
                let inside = self.0.iter().skip(at + 1).take_while(|(kind, _)| *kind != TOKEN_STRING_END);
                inside.into_iter().any(|(kind, _)| *kind == TOKEN_INTERPOL_START)
            }
            _ => false,
        }
    }

    /// Whether the name is one of those behind `inherit`, or what they are inherited from.
    fn is_inherited(&self, at: usize) -> bool {
        let mut from = at;
        while let Some(before) = from.checked_sub(1).filter(|before| before + MAX_WALK > at) {
            match self.kind(before) {
                Some(TOKEN_INHERIT) => return true,
                Some(TOKEN_IDENT | TOKEN_STRING_START | TOKEN_STRING_CONTENT | TOKEN_STRING_END) => from = before,
                Some(TOKEN_R_PAREN) => match self.opening(before) {
                    Some(open) => from = open,
                    None => return false,
                },
                // `inherit (inputs) a b`.
                Some(TOKEN_L_PAREN) if from == at && self.kind(at + 1) == Some(TOKEN_R_PAREN) => from = before,
                _ => return false,
            }
        }
        false
    }

    /// Whether the set is an argument of an imported file, or what modules get as their arguments.
    fn is_passed_on(&self, at: usize) -> bool {
        let head = self.head(at);
        let is_import = |at: usize| self.kind(at) == Some(TOKEN_IDENT) && self.text(at) == "import";
        if head < at && (is_import(head) || self.kind(head) == Some(TOKEN_L_PAREN) && is_import(head + 1)) {
            return true;
        }
        let mut before = head.checked_sub(1);
        // `specialArgs = { … } // inputs`.
        if let Some(update) = before.filter(|update| self.kind(*update) == Some(TOKEN_UPDATE)) {
            before = self.head(update).checked_sub(1);
        }
        let Some(assign) = before.filter(|before| self.kind(*before) == Some(TOKEN_ASSIGN)) else { return false };
        let key = assign.checked_sub(1).map_or("", |key| self.text(key));
        let is_whole = head == at || self.kind(at.saturating_sub(1)) == Some(TOKEN_DOT);
        is_whole && MODULE_ARGUMENTS.contains(&key)
    }

    /// Where the application or selection begins that ends before or with `end`.
    fn head(&self, end: usize) -> usize {
        let mut from = end;
        while let Some(before) = from.checked_sub(1).filter(|before| before + MAX_WALK > end) {
            from = match self.kind(before) {
                Some(
                    TOKEN_IDENT | TOKEN_DOT | TOKEN_PATH_REL | TOKEN_PATH_ABS | TOKEN_STRING_START
                    | TOKEN_STRING_CONTENT | TOKEN_STRING_END,
                ) => before,
                Some(TOKEN_R_PAREN | TOKEN_R_BRACE | TOKEN_R_BRACK | TOKEN_INTERPOL_END) => {
                    match self.opening(before) {
                        Some(open) => open,
                        None => return from,
                    }
                }
                _ => return from,
            };
        }
        from
    }

    /// The bracket that the one at `close` closes.
    fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in (close.saturating_sub(MAX_WALK)..=close).rev() {
            match self.kind(at)? {
                TOKEN_R_PAREN | TOKEN_R_BRACE | TOKEN_R_BRACK | TOKEN_INTERPOL_END => depth += 1,
                TOKEN_L_PAREN | TOKEN_L_BRACE | TOKEN_L_BRACK | TOKEN_INTERPOL_START => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        let found = |text| occurrences(text, "nix").count();
        assert_eq!(found("nix nix-darwin my_nix inputs.nix \"nix\" inputs'.nix.x ./nix/a nixos"), 5);
    }

    #[test]
    fn who_may_look_at_all_inputs() {
        for text in [
            "lib.mapAttrs (_: flake: { inherit flake; }) inputs",
            "builtins.attrValues inputs",
            "{ x = lib.filterAttrs (_: lib.isType \"flake\") self.inputs; }",
            "let all = inputs; in all",
            "name: inputs.${name}",
            "v: inputs.\"nixpkgs-${v}\"",
            "utils.standardPluginOverlay inputs",
            "inputs |> lib.attrNames",
            "{ nix.generateRegistryFromInputs = true; }",
            "{ x = f (inputs // { a = 1; }); }",
            "[ inputs ]",
        ] {
            assert!(looks_at_all(text, &["inputs"]), "{text}");
        }
    }

    #[test]
    fn who_needs_a_name() {
        for text in [
            "inputs@{ self, ... }: { }",
            "{ self, ... }@inputs: { }",
            "{ inputs, lib, ... }: inputs.a.b",
            "{ inputs }: inputs.\"a.b\"",
            "{ lib, inputs ? { }, ... }: inputs ? a",
            "inputs: import ./outputs.nix inputs",
            "(import ./outputs.nix) self.inputs",
            "mkFlake { inherit self inputs; } { }",
            "with inputs; [ a b ]",
            "let inherit (inputs) a b; inherit (inputs.c) d; in a",
            "{ specialArgs = inputs; }",
            "{ extraSpecialArgs = { inherit self; } // inputs; }",
            "{ specialArgs = self.inputs // { a = 1; }; }",
            "# builtins.attrValues inputs\n1",
        ] {
            assert!(!looks_at_all(text, &["inputs"]), "{text}");
        }
    }
}
