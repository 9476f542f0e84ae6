//! Paths that are put together where only a parse can see it: `./m + "/x" + ".nix"`, `./m/${"x"}.nix`,
//! `"${toString ./.}/x.nix"`, and `let d = ./m; in d + "/x.nix"`.
//!
//! [`Leads`](super::Leads) asks the bytes whether a path may be one of these, so that nearly no file is parsed for it. What is not
//! fully understood ends a path early, at the last name that is certain.

use std::collections::BTreeMap;

use rnix::ast;
use rnix::{SyntaxKind, SyntaxNode};
use rowan::ast::AstNode as _;

use super::context::is_flake_self;
use super::pieces::{self, Pieces};
use super::range::{Binder, binder};
use super::syntax::{Bound, attribute_names, head, node_at};
use super::{Mention, Origin};
use crate::flake::nix::parse;
use crate::source::{SourceFile, Span};

/// A path that was put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// What it begins with, and the place of the whole.
    pub mention: Mention,
    /// As far as it is known, relative to the mention's origin.
    pub path: Vec<u8>,
    /// Where the value is written that makes it this path and not another one.
    pub value: Option<Span>,
    /// It is a string, which may be anything where it is not imported.
    pub only_import: bool,
}

/// No more than this are put together in one file: what comes after is silent.
const MAX_COMPOSED: usize = 200;

/// As far as one name is followed to another.
const MAX_NAMES: usize = 3;

/// So many places of names are looked at for what binds them, which takes a search through the scopes around.
const MAX_USES: usize = 200;

/// Puts together what begins with one of the leads. A file that Nix could not parse yields nothing.
#[must_use]
pub fn compose(source: &SourceFile, leads: &[Mention]) -> Vec<Composed> {
    let Some(root) = parse::parse(source.text()).root else { return Vec::new() };
    let mut composer = Composer {
        text: source.text(),
        root: root.syntax().clone(),
        uses: None,
        uses_left: MAX_USES,
        found: Vec::new(),
    };
    for lead in leads.iter().take(MAX_COMPOSED) {
        if let Some(path) = composer.begin(lead) {
            composer.grow(lead, path, 0);
        }
    }
    composer.found
}

/// A path so far.
#[derive(Clone)]
struct Growing {
    /// The expression that it is the value of.
    node: SyntaxNode,
    pieces: Pieces,
    is_string: bool,
    /// Nothing can be put behind it any more.
    is_ended: bool,
    /// More is known of it than the tokens showed.
    is_grown: bool,
}

struct Composer<'a> {
    text: &'a str,
    root: SyntaxNode,
    /// The names that something may be put behind, by their text.
    uses: Option<BTreeMap<String, Vec<SyntaxNode>>>,
    uses_left: usize,
    found: Vec<Composed>,
}

impl Composer<'_> {
    fn begin(&self, lead: &Mention) -> Option<Growing> {
        let node = base(&self.root, lead)?;
        let is_inputs_self = self.text.get(..lead.text.start).is_some_and(|before| before.ends_with("inputs."));
        if lead.origin == Origin::Flake && !is_inputs_self && !is_flake_self(&node) {
            return None;
        }
        let pieces = match lead.origin {
            Origin::File => pieces::of_path(self.text, &node)?,
            Origin::Flake => Pieces::of_text(b""),
            Origin::Absolute | Origin::Home | Origin::Search => return None,
        };
        Some(Growing { node, pieces, is_string: false, is_ended: false, is_grown: lead.open })
    }

    /// Follows the expression outwards for as long as the path is its beginning.
    fn grow(&mut self, lead: &Mention, mut path: Growing, names: usize) {
        while !path.pieces.open && !path.is_ended && self.found.len() < MAX_COMPOSED {
            let Some(parent) = path.node.parent() else { break };
            match parent.kind() {
                SyntaxKind::NODE_PAREN => path.node = parent,
                SyntaxKind::NODE_BIN_OP => {
                    let Some(more) = behind_plus(self.text, &path.node, &parent) else { break };
                    path.add(parent, &more);
                }
                SyntaxKind::NODE_INTERPOL => {
                    let Some(behind) = pieces::behind(self.text, &parent) else { break };
                    if let Some(odd) = &behind.odd {
                        path.add(behind.string, odd);
                        path.is_string = true;
                        break;
                    }
                    path.is_ended = !behind.is_all;
                    path.add(behind.string, &behind.pieces);
                }
                SyntaxKind::NODE_APPLY => {
                    if !path.apply(self.text, &parent) {
                        break;
                    }
                }
                SyntaxKind::NODE_ATTRPATH_VALUE => {
                    self.push(lead, &path);
                    if names < MAX_NAMES {
                        self.follow_name(lead, &path, &parent, names);
                    }
                    return;
                }
                _ => break,
            }
        }
        self.push(lead, &path);
    }

    /// Goes on wherever the name stands that the path is bound to.
    fn follow_name(&mut self, lead: &Mention, path: &Growing, binding: &SyntaxNode, names: usize) {
        let is_scope = binding.parent().is_some_and(|scope| match scope.kind() {
            SyntaxKind::NODE_LET_IN => true,
            SyntaxKind::NODE_ATTR_SET => ast::AttrSet::cast(scope).is_some_and(|set| set.rec_token().is_some()),
            _ => false,
        });
        let all = attribute_names(binding);
        let [name] = all.as_slice() else { return };
        if !is_scope {
            return;
        }
        let root = &self.root;
        let uses = self.uses.get_or_insert_with(|| places_of_names(root)).get(name).cloned().unwrap_or_default();
        for place in uses {
            if self.uses_left == 0 {
                return;
            }
            self.uses_left -= 1;
            let is_this = |bound: &Binder| match bound {
                Binder::Scope(Bound::To(value)) => *value.syntax() == path.node,
                _ => false,
            };
            if binder(&place, name).as_ref().is_some_and(is_this) {
                self.grow(lead, Growing { node: place, is_grown: false, ..path.clone() }, names + 1);
            }
        }
    }

    fn push(&mut self, lead: &Mention, path: &Growing) {
        let span = parse::span(path.node.text_range());
        // What the tokens showed is looked up already.
        if !path.is_grown || (span == lead.span && !lead.open) {
            return;
        }
        let mention = Mention { span, suffix: None, open: path.pieces.open, ..*lead };
        for (mut text, value) in path.pieces.known() {
            if lead.origin == Origin::Flake && text.first() == Some(&b'/') {
                text.remove(0);
            }
            if self.found.len() < MAX_COMPOSED {
                self.found.push(Composed { mention, path: text, value, only_import: path.is_string });
            }
        }
    }
}

impl Growing {
    fn add(&mut self, whole: SyntaxNode, more: &Pieces) {
        self.node = whole;
        self.is_grown = true;
        self.pieces.add(more);
    }

    /// Goes through a function that makes a path of a path; false for any other.
    fn apply(&mut self, source: &str, parent: &SyntaxNode) -> bool {
        let Some(apply) = ast::Apply::cast(parent.clone()) else { return false };
        let Some(function) = apply.lambda().filter(|function| *function.syntax() != self.node) else { return false };
        let (name, first) = head(&function);
        match name.as_deref() {
            Some("toString") if first.is_none() => {
                self.node = parent.clone();
                self.is_string = true;
                true
            }
            Some("append") if first.is_none() => {
                let Some(outer) = parent.parent().and_then(ast::Apply::cast) else { return false };
                let Some(name) = outer.argument().filter(|name| name.syntax() != parent) else { return false };
                self.pieces.add(&Pieces::of_text(b"/"));
                self.add(outer.syntax().clone(), &pieces::of(source, &name));
                true
            }
            _ => false,
        }
    }
}

/// The path literal, or `self` with what is selected from it, that a mention begins with.
fn base(root: &SyntaxNode, lead: &Mention) -> Option<SyntaxNode> {
    if lead.origin != Origin::Flake {
        let found = node_at(root, &Mention { span: lead.text, ..*lead })?;
        return (found.kind() == SyntaxKind::NODE_PATH_REL).then_some(found);
    }
    let text = Span::new(lead.text.start, lead.text.start + "self".len());
    let ident = node_at(root, &Mention { span: text, ..*lead })?;
    let mut whole = ident.clone();
    for node in ident.ancestors().skip(1) {
        match node.kind() {
            SyntaxKind::NODE_ATTRPATH => {}
            SyntaxKind::NODE_SELECT => whole = node,
            _ => break,
        }
    }
    Some(whole)
}

/// What `path + …` puts behind a path, if `sum` is that.
fn behind_plus(source: &str, path: &SyntaxNode, sum: &SyntaxNode) -> Option<Pieces> {
    let sum = ast::BinOp::cast(sum.clone()).filter(|sum| sum.operator() == Some(ast::BinOpKind::Add))?;
    sum.lhs().filter(|left| left.syntax() == path)?;
    Some(pieces::of(source, &sum.rhs()?))
}

/// Names in places where they may be the beginning of something longer.
fn places_of_names(root: &SyntaxNode) -> BTreeMap<String, Vec<SyntaxNode>> {
    let mut places: BTreeMap<String, Vec<SyntaxNode>> = BTreeMap::new();
    for node in root.descendants().filter(|node| node.kind() == SyntaxKind::NODE_IDENT) {
        let may_grow = node.parent().is_some_and(|parent| {
            matches!(
                parent.kind(),
                SyntaxKind::NODE_BIN_OP
                    | SyntaxKind::NODE_INTERPOL
                    | SyntaxKind::NODE_PAREN
                    | SyntaxKind::NODE_APPLY
                    | SyntaxKind::NODE_ATTRPATH_VALUE
            )
        });
        if may_grow {
            places.entry(node.text().to_string()).or_default().push(node);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flake::nix::references::{Leads, is_odd_string, scan};

    /// Of a text whose leads are those that the bytes say.
    fn paths(text: &str) -> Vec<String> {
        let source = SourceFile::new("a.nix".into(), text.as_bytes().to_vec());
        let bytes = source.bytes();
        let mut leads = Leads::default();
        let is_wanted = |mention: &Mention| leads.is_lead(bytes, mention) || is_odd_string(bytes, mention);
        let leads: Vec<Mention> = scan(bytes).mentions.into_iter().filter(is_wanted).collect();
        let written = |composed: Composed| {
            let mark = if composed.only_import { "import " } else { "" };
            let end = if composed.mention.open { "…" } else { "" };
            format!("{mark}{}{end}", String::from_utf8_lossy(&composed.path))
        };
        compose(&source, &leads).into_iter().map(written).collect()
    }

    #[test]
    fn sums_and_interpolations() {
        assert_eq!(paths(r#"./m + "/x" + ".nix""#), ["./m/x.nix"]);
        assert_eq!(paths(r#"import (./m + ("/x" + ".nix"))"#), ["./m/x.nix"]);
        assert_eq!(paths(r#"./m/${"x"}.nix"#), ["./m/x.nix"]);
        assert_eq!(paths(r#"{ self }: self + "/m" + "/x.nix""#), ["m/x.nix"]);
        assert_eq!(paths(r#"{ inputs }: (inputs.self.outPath + "/m") + "/x.nix""#), ["m/x.nix"]);
        assert_eq!(paths(r#"map (n: ./m + "/" + n + ".nix") [ "a" "b" ]"#), ["./m/a.nix", "./m/b.nix"]);
        assert_eq!(paths(r#"let a = "a"; in map (n: ./${a}/${n}.nix) [ "b" "c" ]"#), ["./a/b.nix", "./a/c.nix"]);
    }

    #[test]
    fn strings_of_paths() {
        assert_eq!(paths(r#"import "${toString ./.}/x.nix""#), ["import ././x.nix"]);
        assert_eq!(paths(r#"import (builtins.toString ./m + "/x.nix")"#), ["import ./m/x.nix"]);
        assert_eq!(paths(r#"import ((toString ./m) + "/x.nix")"#), ["import ./m/x.nix"]);
        assert_eq!(paths(r#"{ self }: "${self}/it's/x""#), ["import it's/x"]);
        assert_eq!(paths(r#"{ self }: "${self}/[z]/x""#), ["import [z]/x"]);
    }

    #[test]
    fn names() {
        assert_eq!(paths(r#"let d = ./m; in import (d + "/x.nix")"#), ["./m/x.nix"]);
        assert_eq!(paths(r#"let d = ./m; in "${d}/x.nix""#), ["./m/x.nix"]);
        assert_eq!(paths(r#"let d = ./m; in "${d}/x.nix" + ".bak""#), ["./m/x.nix.bak"]);
        assert_eq!(paths(r#"let d = ./m; in "cp ${d}/x.sh ${d}/y.sh; ls ${d}/z; ""#), ["./m/x.sh", "./m/…", "./m/…"]);
        assert_eq!(paths(r#"let d = ./m; e = d + "/n"; in [ (e + "/x") ]"#), ["./m/n", "./m/n/x"]);
        assert_eq!(paths(r#"rec { d = ./m; x = lib.path.append d "x.nix"; }"#), ["./m/x.nix"]);
        assert_eq!(paths(r#"{ self }: let d = self + "/m"; in d + "/x""#), ["m/x"]);
    }

    #[test]
    fn hostile_input_is_bounded() {
        let same = "a = ./m; ".repeat(50_000);
        let others: Vec<String> = (0..50_000).map(|index| format!("a{index} = ./m;")).collect();
        for bindings in [same, others.concat()] {
            let text = format!("let {bindings} in [ {} ]", "(a + \"/x\") ".repeat(10_000));
            let started = std::time::Instant::now();
            paths(&text);
            assert!(started.elapsed().as_secs() < 60);
        }
    }

    #[test]
    fn what_is_not_understood_stays_open_or_silent() {
        for text in [
            r#"let d = ./m; in d: d + "/x""#,
            r#"let d = ./m; in { d, ... }: d + "/x""#,
            r#"let d = ./m; in let d = f 1; in d + "/x""#,
            r#"{ d = ./m; x = d + "/x"; }"#,
            r#"let d.e = ./m; in d + "/x""#,
            r#"let d = f ./m; in d + "/x""#,
            r#"let d = ./m; in "x" + d + "/x""#,
            r#"let d = ./m; in [ d ] ++ [ "/x" ]"#,
            r#"let d = ./m; in f "${d}-x" "${d}""#,
            r#"self: self + "/m" + "/x""#,
        ] {
            assert_eq!(paths(text), [""; 0], "{text}");
        }
        assert_eq!(paths(r#"./m + "/x" + name"#), ["./m/…"]);
        assert_eq!(paths(r#"./m + "/x/" + name + ".nix""#), ["./m/x/…"]);
        assert_eq!(paths(r#"let d = ./m; in d + "/x/${name}""#), ["./m/x/…"]);
        assert_eq!(paths(r#"map (a: map (b: ./${a}/${b}) [ "c" "d" ]) [ "e" "f" ]"#), ["./e/…", "./f/…"]);
        assert_eq!(paths(r#"let d = ./m; in d + "/\x""#), ["./…"]);
    }
}
