//! Nix expressions from nothing, every form of the grammar, with names that mostly are in scope: what stands inside
//! `outputs` is never evaluated, but all of it is parsed.

use crate::rng::Rng;

const NAMES: &[&str] = &["a", "b", "c", "d", "self", "x'", "y-z", "_", "or_", "zzz"];
const GLOBALS: &[&str] = &[
    "true",
    "false",
    "null",
    "builtins",
    "import",
    "map",
    "throw",
    "toString",
    "abort",
    "derivation",
    "fetchTree",
    "__sub",
    "__lessThan",
    "__curPos",
    "isNull",
    "placeholder",
    "fromTOML",
    "break",
];
/// Names that look as if they were defined everywhere.
const STRANGERS: &[&str] = &[
    "pkgs",
    "lib",
    "stdenv",
    "currentSystem",
    "__currentSystem",
    "__currentTime",
    "foldl'",
    "attrNames",
    "__foldl'",
    "fetchurl",
    "__fetchurl",
    "system",
    "nixpkgs",
    "or",
    "__nixPath",
    "__storeDir",
    "__langVersion",
    "unknown",
    "__add",
    "__nope",
    "readFile",
    "__readFile",
    "typeOf",
    "getFlake",
    "__getFlake",
    "trace",
    "__trace",
    "split",
];
const OPERATORS: &[&str] =
    &["+", "-", "*", "/", "++", "//", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "->", "+", "//", "++"];
const ATOMS: &[&str] = &[
    "1",
    "10",
    "007",
    "9223372036854775807",
    "9223372036854775808",
    "1.5",
    ".5",
    "1.",
    "1e3",
    "1.e3",
    "1.0e308",
    "1.0e309",
    "./a",
    "./a/",
    "../b",
    "a/b",
    "/abs",
    "./.",
    "./..",
    "~/x",
    "<a>",
    "<a/b.nix>",
    "https://example.org/x",
    "a:b",
    "x:x",
    "a://",
    "[ ]",
    "{ }",
    "(1)",
    "\"\"",
    "''''",
    "./a${\"b\"}",
    "./${\"b\"}",
    "/${\"b\"}/c",
    "./a/${\"b\"}/",
    "a+b:c",
    "./a.b_c-d+e",
    "-1",
    "!true",
    "__curPos",
];

/// One expression and the names that it may use.
pub(crate) struct Syntax<'r> {
    pub(crate) rng: &'r mut Rng,
    /// Names in scope, innermost last.
    pub(crate) scope: Vec<String>,
}

impl Syntax<'_> {
    /// Any expression, at most `depth` forms deep.
    pub(crate) fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.atom();
        }
        match self.rng.below(21) {
            0 | 1 => self.atom(),
            2 | 3 => self.set(depth),
            4 => self.let_in(depth),
            5 => format!("with {}; {}", self.inner(depth), self.inner(depth)),
            6 => format!("if {} then {} else {}", self.inner(depth), self.inner(depth), self.inner(depth)),
            7 => format!("assert {}; {}", self.inner(depth), self.inner(depth)),
            8 | 9 => self.lambda(depth),
            10 => format!("{} {}", self.operand(depth), self.operand(depth)),
            11 | 12 => self.select(depth),
            13 => format!("{} ? {}", self.operand(depth), self.path(depth)),
            14 | 15 => format!("{} {} {}", self.operand(depth), self.rng.pick(OPERATORS), self.operand(depth)),
            16 => {
                let sign = *self.rng.pick(&["-", "!", "- ", "!!"]);
                format!("{sign}{}", self.operand(depth))
            }
            17 => self.quoted(depth),
            18 => self.indented(depth),
            19 => {
                let items: Vec<String> = (0..self.rng.below(4)).map(|_| self.operand(depth)).collect();
                format!("[ {} ]", items.join(" "))
            }
            _ => format!("let {}", self.set(depth).trim_start_matches("rec ")),
        }
    }

    fn inner(&mut self, depth: usize) -> String {
        self.expression(depth - 1)
    }

    /// In parentheses, mostly: else precedence is what Nix makes of it.
    fn operand(&mut self, depth: usize) -> String {
        let inner = self.inner(depth);
        if self.rng.chance(25) { inner } else { format!("({inner})") }
    }

    fn atom(&mut self) -> String {
        match self.rng.below(10) {
            0..=4 if !self.scope.is_empty() => self.rng.pick(&self.scope).clone(),
            0..=6 => (*self.rng.pick(GLOBALS)).to_owned(),
            7 if self.rng.chance(12) => (*self.rng.pick(STRANGERS)).to_owned(),
            8 if self.rng.chance(50) => (*self.rng.pick(ATOMS)).to_owned(),
            _ => (*self.rng.pick(&ATOMS[..3])).to_owned(),
        }
    }

    fn name(&mut self) -> String {
        (*self.rng.pick(NAMES)).to_owned()
    }

    /// Names of which hardly ever two are the same.
    fn names(&mut self, most: usize) -> Vec<String> {
        let mut names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        self.rng.shuffle(&mut names);
        names.truncate(self.rng.below(most + 1));
        if self.rng.chance(2) && !names.is_empty() {
            names.push(names[0].clone());
        }
        names
    }

    fn set(&mut self, depth: usize) -> String {
        let names = self.names(4);
        let recursive = self.rng.chance(30);
        let outside = self.scope.len();
        if recursive {
            self.scope.extend(names.clone());
        }
        let bindings = self.bindings(&names, depth, outside);
        self.scope.truncate(outside);
        let head = if recursive { "rec " } else { "" };
        format!("{head}{{ {bindings}}}")
    }

    fn let_in(&mut self, depth: usize) -> String {
        let names = self.names(4);
        let outside = self.scope.len();
        self.scope.extend(names.clone());
        let bindings = self.bindings(&names, depth, outside);
        let body = self.inner(depth);
        self.scope.truncate(outside);
        format!("let {bindings}in {body}")
    }

    fn bindings(&mut self, names: &[String], depth: usize, outside: usize) -> String {
        let mut bindings = String::new();
        for name in names {
            let binding = match self.rng.below(12) {
                0 if outside > 0 => format!("inherit {};", self.key(name)),
                1 => format!("inherit ({}) {};", self.inner(depth), self.key(name)),
                2 => format!("{}.{} = {};", self.key(name), self.path(depth), self.inner(depth)),
                3 => {
                    let (first, second) = (self.key(name), self.key(name));
                    format!("{first}.u = {}; {second}.v = {};", self.inner(depth), self.inner(depth))
                }
                4 if self.rng.chance(30) => {
                    let (rec, more) = (*self.rng.pick(&["", "rec "]), *self.rng.pick(&["u", "v"]));
                    format!("{name} = {rec}{{ u = {}; }}; {name}.{more} = 1;", self.inner(depth))
                }
                5 if self.rng.chance(30) => format!("${{{}}} = {};", self.inner(depth), self.inner(depth)),
                _ => format!("{} = {};", self.key(name), self.inner(depth)),
            };
            bindings.extend([binding.as_str(), " "]);
        }
        bindings
    }

    fn key(&mut self, name: &str) -> String {
        match self.rng.below(16) {
            0 => format!("\"{name}\""),
            1 => format!("${{\"{name}\"}}"),
            2 if self.rng.chance(20) => format!("\"{name}${{\"\"}}\""),
            3 if self.rng.chance(10) => "or".to_owned(),
            _ => name.to_owned(),
        }
    }

    fn path(&mut self, depth: usize) -> String {
        let part = |syntax: &mut Self| match syntax.rng.below(8) {
            0 => format!("${{{}}}", syntax.inner(depth)),
            1 => syntax.quoted(depth),
            2 => (*syntax.rng.pick(&["or", "\"a b\"", "${\"x\"}"])).to_owned(),
            _ => syntax.name(),
        };
        let parts: Vec<String> = (0..=self.rng.below(2)).map(|_| part(self)).collect();
        parts.join(".")
    }

    fn select(&mut self, depth: usize) -> String {
        let selected = format!("{}.{}", self.operand(depth), self.path(depth));
        if self.rng.chance(30) { format!("{selected} or {}", self.operand(depth)) } else { selected }
    }

    fn lambda(&mut self, depth: usize) -> String {
        let outside = self.scope.len();
        let parameter = if self.rng.chance(40) {
            let name = self.name();
            self.scope.push(name.clone());
            name
        } else {
            let names = self.names(3);
            self.scope.extend(names.clone());
            let bound = if self.rng.chance(30) { Some(self.name()) } else { None };
            let bound = bound.filter(|bound| !names.contains(bound) || self.rng.chance(4));
            self.scope.extend(bound.clone());
            let mut formals: Vec<String> = Vec::new();
            for name in names {
                let default = self.rng.chance(25).then(|| format!(" ? {}", self.inner(depth)));
                formals.push(format!("{name}{}", default.unwrap_or_default()));
            }
            if self.rng.chance(40) {
                formals.push("...".to_owned());
            }
            let comma = if self.rng.chance(8) { "," } else { "" };
            let set = format!("{{ {}{comma} }}", formals.join(", "));
            match bound {
                Some(bound) if self.rng.chance(50) => format!("{bound}@{set}"),
                Some(bound) => format!("{set}@{bound}"),
                None => set,
            }
        };
        let colon = if self.rng.chance(8) { ":" } else { ": " };
        let body = self.inner(depth);
        self.scope.truncate(outside);
        format!("{parameter}{colon}{body}")
    }

    /// A string in double quotes.
    pub(crate) fn quoted(&mut self, depth: usize) -> String {
        let pieces =
            ["x", " ", "\\n", "\\\"", "\\${", "$", "$$", "'", "''", "\\\\", "\n", "\r\n", "\\q", "$x", "ä", "{", "}"];
        self.string("\"", &pieces, depth)
    }

    /// A string in two single quotes.
    pub(crate) fn indented(&mut self, depth: usize) -> String {
        let pieces = [
            "x", " ", "\n", "\n    ", "\n  ", "''$", "'''", "''\\n", "''${", "$", "$$", "'", "\\", "\"", "\t", "\r\n",
            "$x", "ä", "{", "}", "' ", "$'",
        ];
        self.string("''", &pieces, depth)
    }

    fn string(&mut self, quote: &str, pieces: &[&str], depth: usize) -> String {
        let mut text = quote.to_owned();
        for _ in 0..self.rng.below(5) {
            if depth > 0 && self.rng.chance(20) {
                text.extend(["${", &self.inner(depth), "}"]);
            } else {
                text += *self.rng.pick(pieces);
            }
        }
        text + quote
    }
}
