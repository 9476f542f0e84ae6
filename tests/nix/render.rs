//! One flake, many spellings: writes a flake.nix so that Nix reads the same values out of it every time.

use crate::rng::Rng;

/// A value as flake.nix may hold it literally.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Flag(bool),
    Number(u64),
    Set(Vec<(String, Value)>),
    /// Nix text as it stands.
    Raw(String),
}

/// What a flake.nix says.
#[derive(Clone, Debug)]
pub(crate) struct FlakeText {
    /// The value of `inputs`: a set, in most cases.
    pub(crate) inputs: Value,
    /// The other attributes, except `outputs`.
    pub(crate) others: Vec<(String, Value)>,
    /// The formals of `outputs`; `None` for a plain argument.
    pub(crate) formals: Option<Vec<String>>,
    /// `outputs` as it stands, instead of one made from `formals`; empty for none at all.
    pub(crate) outputs: Option<String>,
}

impl Value {
    /// An empty set.
    pub(crate) const fn empty() -> Self {
        Self::Set(Vec::new())
    }

    /// A piece of text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The fields of a set; none of anything else.
    pub(crate) fn fields(&self) -> &[(String, Self)] {
        match self {
            Self::Set(fields) => fields,
            _ => &[],
        }
    }

    /// The value at a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, name| value.fields().iter().find(|(key, _)| key == name).map(|(_, v)| v))
    }

    /// The place at a path of names, made where it is not there; what is in the way becomes a set.
    pub(crate) fn entry(&mut self, path: &[&str]) -> &mut Self {
        let Some((first, rest)) = path.split_first() else { return self };
        if !matches!(self, Self::Set(_)) {
            *self = Self::empty();
        }
        let Self::Set(fields) = self else { unreachable!("it was just made a set") };
        let place = fields.iter().position(|(key, _)| key == first).unwrap_or(fields.len());
        if place == fields.len() {
            fields.push(((*first).to_owned(), Self::empty()));
        }
        fields[place].1.entry(rest)
    }

    /// Takes the field of this name out of a set.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Self> {
        let Self::Set(fields) = self else { return None };
        let place = fields.iter().position(|(key, _)| key == name)?;
        Some(fields.remove(place).1)
    }
}

/// Writes `flake` in a random spelling, or in the plainest one.
pub(crate) fn render(flake: &FlakeText, rng: &mut Rng, plain: bool) -> String {
    let mut writer = Writer { rng, plain };
    let mut bindings = Vec::new();
    for (name, value) in &flake.others {
        writer.bindings("", name, value, &mut bindings);
    }
    writer.bindings("", "inputs", &flake.inputs, &mut bindings);
    let outputs = flake.outputs.clone().unwrap_or_else(|| writer.outputs(flake.formals.as_deref()));
    if !outputs.is_empty() {
        bindings.push(format!("outputs = {outputs};"));
    }
    if !plain {
        writer.rng.shuffle(&mut bindings);
    }
    let head = if !plain && writer.rng.chance(10) { "rec " } else { "" };
    let mut text = format!("{head}{{\n");
    for binding in bindings {
        text.extend([writer.space("  "), binding, "\n".to_owned()]);
    }
    text + "}\n"
}

struct Writer<'a> {
    rng: &'a mut Rng,
    plain: bool,
}

impl Writer<'_> {
    fn chance(&mut self, percent: usize) -> bool {
        !self.plain && self.rng.chance(percent)
    }

    /// White space, with a comment now and then.
    fn space(&mut self, usual: &str) -> String {
        if !self.chance(6) {
            return usual.to_owned();
        }
        (*self.rng.pick(&[" /* inputs.x.url = \"y\"; */ ", "\n # a comment; } {\n", "\t", "\n\n", "/**/ "])).to_owned()
    }

    /// The bindings that give `prefix` + `name` its value.
    fn bindings(&mut self, prefix: &str, name: &str, value: &Value, out: &mut Vec<String>) {
        let path = format!("{prefix}{}", self.key(name));
        let Value::Set(fields) = value else {
            let value = self.value(value);
            out.push(format!("{path}{}={}{value};", self.space(" "), self.space(" ")));
            return;
        };
        if fields.is_empty() {
            out.push(format!("{path} ={}{{ }};", self.space(" ")));
            return;
        }
        let style = self.rng.below(if self.plain { 1 } else { 3 });
        let mut dotted = Vec::new();
        let mut nested = Vec::new();
        for field in fields {
            let is_dotted = style == 1 || style == 2 && self.rng.chance(50);
            if is_dotted { dotted.push(field) } else { nested.push(field) }
        }
        // Two literals for one attribute merge, too.
        let split = if nested.len() > 1 && self.chance(8) { self.rng.below(nested.len()) } else { 0 };
        for part in [&nested[..split], &nested[split..]] {
            if !part.is_empty() {
                let set = self.set(part);
                out.push(format!("{path}{}= {set};", self.space(" ")));
            }
        }
        for (name, value) in dotted {
            self.bindings(&format!("{path}."), name, value, out);
        }
    }

    fn set(&mut self, fields: &[&(String, Value)]) -> String {
        let mut bindings = Vec::new();
        for (name, value) in fields {
            self.bindings("", name, value, &mut bindings);
        }
        if !self.plain {
            self.rng.shuffle(&mut bindings);
        }
        let head = if self.chance(5) { "rec " } else { "" };
        let mut set = format!("{head}{{");
        for binding in bindings {
            set.extend([self.space(" "), binding]);
        }
        set.push_str(" }");
        if self.chance(3) { format!("({set})") } else { set }
    }

    fn key(&mut self, name: &str) -> String {
        let quoted = quote(name);
        if !is_identifier(name) || self.chance(8) {
            return if self.chance(25) { format!("${{{quoted}}}") } else { quoted };
        }
        name.to_owned()
    }

    fn value(&mut self, value: &Value) -> String {
        let text = match value {
            Value::Text(text) => self.text(text),
            Value::Flag(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Set(fields) => self.set(&fields.iter().collect::<Vec<_>>()),
            Value::Raw(text) => return text.clone(),
        };
        if self.chance(4) { format!("({}{text})", self.space("")) } else { text }
    }

    fn text(&mut self, text: &str) -> String {
        let simple = !text.contains(['\'', '$', '\n', '\r', '\t']) && !text.starts_with(' ') && !text.is_empty();
        if simple && self.chance(6) {
            return format!("''{text}''");
        }
        if is_url_literal(text) && self.chance(6) {
            return text.to_owned();
        }
        if text.contains('/') && self.chance(4) {
            return quote(text).replacen('/', "\\/", 1);
        }
        quote(text)
    }

    fn outputs(&mut self, formals: Option<&[String]>) -> String {
        let Some(formals) = formals else {
            return (*self.rng.pick(&["_: { }", "inputs: { inherit (inputs) self; }", "(inputs: { })"])).to_owned();
        };
        let mut formals: Vec<String> = formals.to_vec();
        if !self.plain {
            self.rng.shuffle(&mut formals);
        }
        let formals: Vec<String> =
            formals.into_iter().map(|name| if self.chance(4) { format!("{name} ? null") } else { name }).collect();
        let ellipsis = if formals.is_empty() { "..." } else { ", ..." };
        let set = format!("{{{}{}{ellipsis} }}", self.space(" "), formals.join(", "));
        match self.rng.below(if self.plain { 1 } else { 4 }) {
            0 | 1 => format!("{set}: {{ }}"),
            2 => format!("{set}@inputs: {{ }}"),
            _ => format!("inputs@{set}: {{ }}"),
        }
    }
}

/// Whether Nix reads `name` as an identifier in a key or a formal.
pub(crate) fn is_identifier(name: &str) -> bool {
    const KEYWORDS: &[&str] = &["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"];
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_'-".contains(c))
        && !KEYWORDS.contains(&name)
}

fn is_url_literal(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !rest.is_empty()
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || "%/?:@&=+$,-_.!~*'".contains(c))
}

/// A string literal.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '$' => quoted.push_str("\\$"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
