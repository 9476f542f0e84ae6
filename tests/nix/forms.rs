//! Every form in which flake.nix may, or may not, say what it says: the values that Nix looks at without evaluating.

use serde_json::json;

use crate::case::Files;
use crate::rng::Rng;
use crate::syntax::Syntax;

const SPACE_BEFORE: &[&str] = &["", "", "", "\n", "  \n", "\n    ", " ", "\n\n", "\r\n", "\t"];
const SPACE_AFTER: &[&str] = &["", "", "", "", "\n", "\n  ", " ", "\r\n"];

/// The files of a seed: flake.nix in some form, and a lock for what it mostly says.
pub(crate) fn files(seed: u64) -> Files {
    let rng = &mut Rng::part(seed, 30);
    let nix = Writer { rng, strange: seed.is_multiple_of(3) }.flake();
    let source = |name: &str| json!({ "type": "github", "owner": "o", "repo": name });
    let node = |name: &str| {
        let mut locked = source(name);
        locked["rev"] = json!("0123456789012345678901234567890123456789");
        json!({ "locked": locked, "original": source(name) })
    };
    let inputs = json!({ "a": "a", "b": "b" });
    let nodes = json!({ "a": node("a"), "b": node("b"), "root": { "inputs": inputs } });
    let lock = json!({ "nodes": nodes, "root": "root", "version": 7 });
    Files::from([
        ("flake.nix".to_owned(), nix.into_bytes()),
        ("flake.lock".to_owned(), format!("{lock:#}\n").into_bytes()),
        ("x/y".to_owned(), b"a file that nixConfig may name".to_vec()),
    ])
}

struct Writer<'r> {
    rng: &'r mut Rng,
    /// Whether a value may be of any form; else it is of one that Nix reads.
    strange: bool,
}

impl Writer<'_> {
    fn flake(mut self) -> String {
        let mut bindings = self.inputs();
        if self.rng.chance(40) {
            let description = if self.rng.chance(50) { self.string("words") } else { self.any() };
            bindings.push(format!("description = {description};"));
        }
        if self.rng.chance(30) {
            bindings.extend(self.config());
        }
        bindings.push(self.outputs());
        if self.strange && self.rng.chance(15) {
            let odd = ["inherit (builtins) true;", "inherit builtins;", "foo = 1;", "${\"a\"} = 1;", "inputs.c = { };"];
            bindings.push((*self.rng.pick(&odd)).to_owned());
        }
        self.rng.shuffle(&mut bindings);
        let head = if self.rng.chance(25) { "rec " } else { "" };
        let set = format!("{head}{{\n  {}\n}}", bindings.join("\n  "));
        match self.rng.below(12) {
            0 => format!("({set})\n"),
            1 => format!("# x\n((/* y */ {set}))"),
            _ => format!("{set}\n"),
        }
    }

    fn inputs(&mut self) -> Vec<String> {
        let (a, b) = (self.input("a"), self.input("b"));
        let rec = if self.rng.chance(20) { "rec " } else { "" };
        match self.rng.below(7) {
            0 => vec![format!("inputs = {rec}{{ {} {} }};", nested("a", &a), nested("b", &b))],
            1 => vec![format!("inputs = {rec}{{ {} {} }};", dotted("a.", &a), dotted("b.", &b))],
            2 => vec![dotted("inputs.a.", &a), dotted("inputs.b.", &b)],
            3 => vec![format!("inputs = {rec}{{ {} }};", nested("a", &a)), dotted("inputs.\"b\".", &b)],
            4 => vec![
                format!("inputs = {rec}{{ {} }};", nested("a", &a)),
                format!("inputs = {{ {} }};", nested("b", &b)),
            ],
            5 => vec![format!("inputs.a = {rec}{{ {} }};", dotted("", &a)), dotted("${\"inputs\"}.b.", &b)],
            // A donor in the same set, or in one around it.
            _ => {
                let donor = *self.rng.pick(&["a", "zz", "type", "url", "name", "path", "description", "_0"]);
                let first = self.rng.chance(50);
                let give = format!("{donor} = {{ url = \"github:o/a\"; }};");
                let take = format!("b = {donor};");
                let (one, two) = if first { (give, take) } else { (take, give) };
                vec![format!("inputs = rec {{ {one} {two} }};")]
            }
        }
    }

    /// The attributes of one input.
    fn input(&mut self, name: &str) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        if self.rng.chance(30) {
            for (key, value) in [("type", "github"), ("owner", "o"), ("repo", name)] {
                fields.push((key.to_owned(), self.string(value)));
            }
        } else {
            fields.push(("url".to_owned(), self.string(&format!("github:o/{name}"))));
        }
        if self.rng.chance(20) {
            let value =
                if self.strange { self.any() } else { (*self.rng.pick(&["true", "false", "(true)"])).to_owned() };
            fields.push(("flake".to_owned(), value));
        }
        if self.strange && self.rng.chance(40) {
            let key =
                *self.rng.pick(&["url", "follows", "flake", "inputs", "rev", "dir", "ref", "lastModified", "foo"]);
            fields.retain(|(known, _)| known != key);
            fields.push((key.to_owned(), self.any()));
        }
        if self.rng.chance(10) {
            fields.push(("inputs".to_owned(), "{ }".to_owned()));
            fields.dedup_by(|a, b| a.0 == b.0);
        }
        fields
    }

    /// A string of this value, or nearly.
    fn string(&mut self, value: &str) -> String {
        match self.rng.below(10) {
            0 => {
                let (before, after) = (*self.rng.pick(SPACE_BEFORE), *self.rng.pick(SPACE_AFTER));
                format!("''{before}{value}{after}''")
            }
            1 if value.contains(':') => value.to_owned(),
            2 => format!("(\"{value}\")"),
            3 => format!("\"\\{value}\""),
            4 if self.strange => Syntax { rng: self.rng, scope: Vec::new() }.quoted(1),
            5 if self.strange => Syntax { rng: self.rng, scope: Vec::new() }.indented(1),
            _ => format!("\"{value}\""),
        }
    }

    /// A value of any form.
    fn any(&mut self) -> String {
        let forms = [
            "1",
            "-1",
            "0",
            "1.5",
            "true",
            "false",
            "null",
            "\"x\"",
            "''x''",
            "x:y",
            "./x",
            "./x/y",
            "/abs",
            "x/y",
            "~/x",
            "<x>",
            "[ ]",
            "[ \"x\" ]",
            "{ }",
            "{ x = 1; }",
            "rec { x = 1; }",
            "x: x",
            "{ x }: x",
            "description",
            "inputs",
            "outputs",
            "url",
            "flake",
            "builtins",
            "toString",
            "builtins.true",
            "__add",
            "\"${\"x\"}\"",
            "\"a\" + \"b\"",
            "if true then \"x\" else \"y\"",
            "let x = 1; in x",
            "with { }; \"x\"",
            "assert true; 1",
            "!true",
            "{ } // { }",
            "{ x = \"y\"; }.x",
            "[ ] ++ [ ]",
            "{ ${\"x\"} = 1; }",
            "{ ${toString 1} = 1; }",
            "__curPos",
            "import ./x",
            "./x + \"y\"",
            "./${\"x\"}",
            "(x: x) 1",
            "{ x = 1; } ? x",
            "9223372036854775807",
            "00012",
        ];
        let form = (*self.rng.pick(&forms)).to_owned();
        if self.rng.chance(10) { format!("({form})") } else { form }
    }

    fn config(&mut self) -> Vec<String> {
        let good =
            ["\"x\"", "1", "true", "[ ]", "[ \"x\" \"y\" ]", "./x", "./x/y", "(\"x\")", "[ (\"x\") ''y'' ]", "[ x:y ]"];
        let value = |writer: &mut Self| {
            if !writer.strange || writer.rng.chance(50) {
                return (*writer.rng.pick(&good)).to_owned();
            }
            let inner = writer.any();
            if writer.rng.chance(30) { format!("[ \"x\" ({inner}) ]") } else { inner }
        };
        match self.rng.below(4) {
            0 => vec![format!("nixConfig.s = {};", value(self)), format!("nixConfig.\"t-u\" = {};", value(self))],
            1 if self.strange => vec![format!("nixConfig = {};", self.any())],
            2 => vec![format!("nixConfig = rec {{ s = {}; t = {}; }};", value(self), value(self))],
            _ => vec![format!("nixConfig = {{ s = {}; }};", value(self))],
        }
    }

    fn outputs(&mut self) -> String {
        let formals = [
            "_",
            "inputs",
            "{ ... }",
            "{ self, ... }",
            "{ self, a, b }",
            "{ self, a, ... }@all",
            "all@{ self, b, ... }",
            "{ self, a ? null, b ? a, ... }",
            "{ a, b, self, }",
            "{ self, a, b, ... } @ all",
            "{self,a,b}",
        ];
        let odd = [
            "{ self, c, ... }",
            "{ self, _a, ... }",
            "{ self, a', ... }",
            "{ self, a, a }",
            "a@{ a, ... }",
            "{ }",
            "self",
        ];
        if self.strange && self.rng.chance(30) {
            return format!("outputs = {};", self.any());
        }
        let odd = if self.strange && self.rng.chance(40) { &odd[..] } else { &formals[..] };
        let parameter = *self.rng.pick(odd);
        let mut scope: Vec<String> = Vec::new();
        for name in ["self", "a", "b", "all", "inputs"] {
            let is_word = |c: char| c.is_alphanumeric() || c == '\'';
            if parameter.split(|c| !is_word(c)).any(|word| word == name) {
                scope.push(name.to_owned());
            }
        }
        let depth = self.rng.below(5);
        let body = Syntax { rng: self.rng, scope }.expression(depth);
        let lambda = format!("{parameter}: {body}");
        if self.rng.chance(15) { format!("outputs = ({lambda});") } else { format!("outputs = {lambda};") }
    }
}

fn nested(name: &str, fields: &[(String, String)]) -> String {
    format!("{name} = {{ {} }};", dotted("", fields))
}

fn dotted(prefix: &str, fields: &[(String, String)]) -> String {
    fields.iter().map(|(key, value)| format!("{prefix}{key} = {value};")).collect::<Vec<_>>().join(" ")
}
