//! `inputs` (`flake.cc: parseFlakeInputs, parseFlakeInput`).

use super::advice;
use super::literals;
use super::parse::problem;
use super::read::expected;
use super::set::{Attribute, SetNode, Value};
use super::value::{Class, Env};
use super::{FlakeInput, FlakeNix, InputOrigin};
use crate::flake::flakeref::{Attr, Attrs, FlakeRef};
use crate::flake::{InputAttrPath, Problem, is_flake_id};
use crate::source::{Span, Spanned};

/// Reads the value of `inputs`.
pub(super) fn read(flake: &mut FlakeNix, class: Class<'_>, key: Span, problems: &mut Vec<Problem>) {
    let Class::Set(set, env) = class else {
        problems.push(expected("a set", &class, key));
        return;
    };
    let mut reader = Reader { problems, uncertain: overridden(set) };
    for (name, attribute) in &set.attributes {
        if name == "__overrides" && set.recursive {
            continue;
        }
        let class = env.classify(name, attribute);
        if name == "self" {
            flake.self_submodules |= reader.own_attributes(class, attribute);
            continue;
        }
        if let Some(input) = reader.input(&InputAttrPath::of(name), attribute, class) {
            flake.inputs.push(input);
        }
    }
    flake.uncertain |= reader.uncertain;
}

/// Whether a set has the one attribute that makes Nix really evaluate it.
fn overridden(set: &SetNode) -> bool {
    set.recursive && set.attributes.contains_key("__overrides")
}

struct Reader<'p> {
    problems: &'p mut Vec<Problem>,
    uncertain: bool,
}

/// What the attributes of one input gave so far.
#[derive(Default)]
struct Parts {
    url: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    follows: Option<Spanned<InputAttrPath>>,
    is_flake: Option<Spanned<bool>>,
    overrides: Vec<FlakeInput>,
    raw: Attrs,
    raw_span: Option<Span>,
    values: Vec<(String, Span)>,
    broken: bool,
}

impl Parts {
    /// Where the attributes are that make the reference of an input with a `type`.
    fn attributes(&self) -> Vec<(String, Span)> {
        if !self.raw.contains_key("type") {
            return Vec::new();
        }
        let url = self.url.as_ref().or(self.path.as_ref()).map(|url| ("url".to_owned(), url.span));
        let mut attributes: Vec<(String, Span)> = self.values.iter().cloned().chain(url).collect();
        attributes.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        attributes
    }
}

impl Reader<'_> {
    fn report(&mut self, path: &InputAttrPath, found: Problem) {
        self.problems.push(Problem { input: Some(path.clone()), ..found });
    }

    /// `inputs.self`: attributes for the flake's own fetching. Says whether submodules are asked for.
    fn own_attributes(&mut self, class: Class<'_>, attribute: &Attribute) -> bool {
        let Class::Set(set, env) = class else {
            self.problems.push(expected("a set", &class, attribute.key));
            return false;
        };
        let mut submodules = false;
        for (name, attribute) in &set.attributes {
            match (name.as_str(), env.classify(name, attribute)) {
                ("submodules", Class::Boolean(value, _)) => submodules = value,
                ("lfs", Class::Boolean(..)) => {}
                ("submodules" | "lfs", other) => {
                    self.problems.push(expected("a Boolean", &other, attribute.key));
                }
                _ => self
                    .problems
                    .push(problem(format!("flake `self` attribute `{name}` is not supported"), attribute.key)),
            }
        }
        submodules
    }

    fn input(&mut self, path: &InputAttrPath, attribute: &Attribute, class: Class<'_>) -> Option<FlakeInput> {
        let name = path.0.last().cloned().unwrap_or_default();
        let Class::Set(set, env) = class else {
            let help = matches!(class, Class::String(..)).then(|| format!("write `{name}.url = …`"));
            self.report(path, Problem { help, ..expected("a set", &class, attribute.key) });
            return None;
        };
        self.uncertain |= overridden(set);
        let mut parts = Parts::default();
        for (key, inner) in &set.attributes {
            self.attribute(path, &env, key, inner, &mut parts);
        }
        let reference = self.reference(path, attribute, &mut parts);
        if reference.is_some() && parts.follows.is_some() {
            let message = "flake input has both a flake reference and a follows attribute";
            let help = Some("remove one of the two".to_owned());
            self.report(path, Problem { help, ..problem(message, attribute.key) });
        }
        let nothing = reference.is_none() && parts.follows.is_none() && !parts.broken;
        if nothing && path.0.len() == 1 && !is_flake_id(&name) {
            self.report(path, problem(format!("`{name}` is not a valid flake ID"), attribute.key));
        }
        Some(FlakeInput {
            name,
            name_span: attribute.key,
            origin: InputOrigin::Declared,
            bindings: bindings(attribute, set),
            reference,
            attributes: parts.attributes(),
            url: parts.url,
            follows: parts.follows,
            is_flake: parts.is_flake,
            overrides: parts.overrides,
        })
    }

    fn attribute(&mut self, path: &InputAttrPath, env: &Env<'_>, key: &str, inner: &Attribute, parts: &mut Parts) {
        let class = env.classify(key, inner);
        match (key, class) {
            ("url", Class::String(text, span)) => parts.url = Some(Spanned::new(text, span)),
            ("url", Class::Path(text, span)) => parts.path = Some(Spanned::new(text, span)),
            ("url", other) => {
                parts.broken = true;
                self.report(path, expected("a string or a path", &other, inner.key));
            }
            ("flake", Class::Boolean(value, span)) => {
                let span = if span.is_empty() { inner.key } else { span };
                parts.is_flake = Some(Spanned::new(value, span));
            }
            ("flake", other) => self.report(path, expected("a Boolean", &other, inner.key)),
            ("follows", Class::String(text, span)) => match follows_path(&text) {
                Ok(target) => parts.follows = Some(Spanned::new(target, span)),
                Err(element) => {
                    parts.broken = true;
                    let message = format!("invalid flake input attribute path element `{element}`");
                    let help = Some(advice::on_follows(element));
                    self.report(path, Problem { help, ..problem(message, span) });
                }
            },
            ("follows", other) => {
                parts.broken = true;
                self.report(path, expected("a string", &other, inner.key));
            }
            ("inputs", Class::Set(set, env)) => self.overrides(path, set, &env, parts),
            ("inputs", other) => self.report(path, expected("a set", &other, inner.key)),
            ("publicKeys", _) => self.uncertain = true,
            ("__overrides", _) => {}
            (_, class) => self.raw(path, key, inner, class, parts),
        }
    }

    fn overrides(&mut self, path: &InputAttrPath, set: &SetNode, env: &Env<'_>, parts: &mut Parts) {
        self.uncertain |= overridden(set);
        for (name, attribute) in &set.attributes {
            let child = path.child(name);
            if name == "self" {
                self.report(&child, problem("`self` input attribute not allowed", attribute.key));
                continue;
            }
            // `Env` borrows from the set it was made in; the nested input lives in the same tree.
            let class = env.classify(name, attribute);
            parts.overrides.extend(self.input(&child, attribute, class));
        }
    }

    fn raw(&mut self, path: &InputAttrPath, key: &str, inner: &Attribute, class: Class<'_>, parts: &mut Parts) {
        let mut place = inner.key;
        let value = match class {
            Class::String(text, span) => {
                place = span;
                Attr::String(text)
            }
            Class::Boolean(value, _) => Attr::Boolean(value),
            Class::Integer(number) => match u64::try_from(number) {
                Ok(number) => Attr::Integer(number),
                Err(_) => return,
            },
            other => {
                parts.broken = true;
                // Raw attributes are not opened: a set or a list is as opaque as any expression.
                let got = match other {
                    Class::Set(..) | Class::List(_) | Class::Function(_) => "a thunk",
                    other => other.type_name(),
                };
                let message =
                    format!("flake input attribute `{key}` is {got} while a string, Boolean, or integer is expected");
                self.report(path, problem(message, inner.key));
                return;
            }
        };
        parts.raw_span = Some(parts.raw_span.unwrap_or(inner.key));
        parts.raw.insert(key.to_owned(), value);
        parts.values.push((key.to_owned(), place));
    }

    /// Makes the reference of what was written.
    fn reference(
        &mut self,
        path: &InputAttrPath,
        attribute: &Attribute,
        parts: &mut Parts,
    ) -> Option<Spanned<FlakeRef>> {
        if parts.raw.contains_key("type") {
            let mut attrs = parts.raw.clone();
            if let Some(url) = &parts.url {
                attrs.insert("url", Attr::String(url.value.clone()));
            }
            if let Some(literal) = &parts.path {
                let url = format!("path:{}", literals::normal_relative(&literal.value));
                attrs.insert("url", Attr::String(url));
            }
            let span = parts.raw_span.unwrap_or(attribute.key);
            return match FlakeRef::from_attrs(attrs) {
                Ok(reference) => Some(Spanned::new(reference, span)),
                Err(error) => self.bad_reference(path, parts, problem(error.0, span)),
            };
        }
        if let Some((unexpected, _)) = parts.raw.iter().next() {
            let help = Some(advice::on_input_attribute(unexpected));
            let message = format!("unexpected flake input attribute `{unexpected}`");
            let found = problem(message, parts.raw_span.unwrap_or(attribute.key));
            return self.bad_reference(path, parts, Problem { help, ..found });
        }
        if let Some(literal) = &parts.path {
            if literal.value.starts_with('/') {
                let message = format!("input attribute path `{}` must be in the same source tree", literal.value);
                let span = literal.span;
                return self.bad_reference(path, parts, problem(message, span));
            }
            let attrs = Attrs::from([
                ("type", Attr::String("path".to_owned())),
                ("path", Attr::String(literals::normal_relative(&literal.value))),
            ]);
            return FlakeRef::from_attrs(attrs).ok().map(|reference| Spanned::new(reference, literal.span));
        }
        let url = parts.url.clone()?;
        let is_flake = parts.is_flake.as_ref().is_none_or(|flake| flake.value);
        match FlakeRef::parse_url(&url.value, is_flake) {
            Ok(parsed) => Some(Spanned::new(parsed.reference, url.span)),
            Err(error) => {
                let help = advice::on_url(&url.value, &error.0);
                self.bad_reference(path, parts, Problem { help, ..problem(error.0, url.span) })
            }
        }
    }

    fn bad_reference<T>(&mut self, path: &InputAttrPath, parts: &mut Parts, found: Problem) -> Option<T> {
        parts.broken = true;
        self.report(path, found);
        None
    }
}

/// The bindings that make an input: its own, or where it came with a merged set, those of its attributes.
fn bindings(attribute: &Attribute, set: &SetNode) -> Vec<Span> {
    let mut spans = attribute.bindings.clone();
    for inner in set.attributes.values() {
        if !matches!(inner.value, Value::Inherit(_)) {
            spans.extend(&inner.bindings);
        }
    }
    spans.sort_unstable();
    spans.dedup();
    let mut outermost: Vec<Span> = Vec::new();
    for span in spans {
        if !outermost.last().is_some_and(|last| last.contains(span)) {
            outermost.push(span);
        }
    }
    outermost
}

/// `lockfile.cc: parseInputAttrPath`: names between slashes, empty ones dropped.
fn follows_path(text: &str) -> Result<InputAttrPath, &str> {
    let names: Vec<&str> = text.split('/').filter(|name| !name.is_empty()).collect();
    match names.iter().find(|name| !is_flake_id(name)) {
        Some(bad) => Err(bad),
        None => Ok(InputAttrPath(names.into_iter().map(str::to_owned).collect())),
    }
}
