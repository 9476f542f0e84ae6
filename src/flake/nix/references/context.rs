//! What a path is there for: the parser's answer, asked only for paths that name nothing.

use rnix::ast::{self, HasEntry as _};
use rnix::{SyntaxKind, SyntaxNode};
use rowan::ast::AstNode as _;

use super::guards::Guards;
use super::names::{is_choosing, is_excluding, is_module_list, is_module_set, is_silent, passes_on};
use super::syntax::{attribute_name, attribute_names, head, is_within_set, node_at};
use super::words::is_import;
use super::{Mention, Origin};
use crate::flake::nix::parse;
use crate::source::SourceFile;

/// What a path is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Read as Nix: `import`, `callPackage`, `imports`, `modules`.
    Import,
    /// Named for another reason: a source, a patch, a file to read.
    Name,
    /// Its absence is provided for, or nothing is read from it.
    Nothing,
}

/// How a file uses a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// What for.
    pub purpose: Purpose,
    /// It is, or is in, the default of a function's argument or of an option: others may give another value.
    pub is_default: bool,
    /// It is in a branch of an `if` or of something like it: nobody may ever ask for it.
    pub is_conditional: bool,
}

impl Use {
    const NOTHING: Self = Self { purpose: Purpose::Nothing, is_default: false, is_conditional: false };
}

/// No more mentions than this are looked at in one file: what comes after is silent. It bounds the work on a file that
/// was made to be slow.
const MAX_MENTIONS: usize = 1_000;

/// Says what each mention is there for. A file that Nix could not parse uses nothing.
#[must_use]
pub fn uses(source: &SourceFile, mentions: &[Mention]) -> Vec<Use> {
    let text = source.text();
    let parsed = parse::parse(text);
    let Some(root) = parsed.root else { return vec![Use::NOTHING; mentions.len()] };
    let guards = Guards::of(text, root.syntax());
    let look = |(index, mention): (usize, &Mention)| {
        let is_inputs_self = text.get(..mention.text.start).is_some_and(|before| before.ends_with("inputs."));
        if index < MAX_MENTIONS { use_of(root.syntax(), mention, is_inputs_self, &guards) } else { Use::NOTHING }
    };
    mentions.iter().enumerate().map(look).collect()
}

fn use_of(root: &SyntaxNode, mention: &Mention, is_inputs_self: bool, guards: &Guards<'_>) -> Use {
    let Some(start) = node_at(root, mention) else { return Use::NOTHING };
    if mention.origin == Origin::Flake && !is_inputs_self && !is_flake_self(&start) {
        return Use::NOTHING;
    }
    if splits_application(&start, mention) {
        return Use::NOTHING;
    }
    let mut climb = Climb { guards, purpose: None, is_default: false, is_conditional: false, in_list: false };
    let mut child = start;
    while let Some(parent) = child.parent() {
        if climb.step(&child, &parent).is_break() {
            return Use::NOTHING;
        }
        child = parent;
    }
    Use {
        purpose: climb.purpose.unwrap_or(Purpose::Name),
        is_default: climb.is_default,
        is_conditional: climb.is_conditional,
    }
}

/// `toString ./. + "/x"` is `(toString ./.) + "/x"`: not a path but a string, which nothing need be read from.
fn splits_application(node: &SyntaxNode, mention: &Mention) -> bool {
    if mention.suffix.is_none() {
        return false;
    }
    let Some(sum) = ast::BinOp::cast(node.clone()) else { return false };
    let mut left = sum.lhs();
    while let Some(ast::Expr::BinOp(inner)) = &left {
        left = inner.lhs();
    }
    matches!(left, Some(ast::Expr::Apply(_)))
}

struct Climb<'a> {
    guards: &'a Guards<'a>,
    purpose: Option<Purpose>,
    is_default: bool,
    is_conditional: bool,
    in_list: bool,
}

type Step = std::ops::ControlFlow<()>;
const SILENT: Step = Step::Break(());
const GO_ON: Step = Step::Continue(());

impl Climb<'_> {
    fn step(&mut self, child: &SyntaxNode, parent: &SyntaxNode) -> Step {
        match parent.kind() {
            SyntaxKind::NODE_LIST if self.purpose.is_none() => self.in_list = true,
            SyntaxKind::NODE_APPLY => return self.apply(child, parent),
            SyntaxKind::NODE_ATTRPATH_VALUE => return self.binding(parent),
            SyntaxKind::NODE_IF_ELSE => return self.condition(child, parent),
            SyntaxKind::NODE_BIN_OP => return self.operator(child, parent),
            SyntaxKind::NODE_SELECT => {
                let select = ast::Select::cast(parent.clone());
                let default = select.and_then(|select| select.default_expr());
                if default.is_some_and(|default| default.syntax() == child) {
                    return SILENT;
                }
            }
            SyntaxKind::NODE_PAT_ENTRY => self.is_default = true,
            SyntaxKind::NODE_LAMBDA => self.in_list = false,
            _ => {}
        }
        GO_ON
    }

    fn apply(&mut self, child: &SyntaxNode, parent: &SyntaxNode) -> Step {
        let Some(apply) = ast::Apply::cast(parent.clone()) else { return GO_ON };
        let Some(function) = apply.lambda() else { return GO_ON };
        if function.syntax() == child {
            return GO_ON;
        }
        if self.guards.any_in(function.syntax()) {
            return SILENT;
        }
        let (name, first) = head(&function);
        if name.as_deref().is_some_and(is_choosing) && self.guards.decides(function.syntax()) {
            return SILENT;
        }
        if self.guards.asked_by(name.as_deref(), first.as_ref()) {
            return SILENT;
        }
        self.is_default |= matches!(name.as_deref(), Some("mkDefault" | "mkOptionDefault"));
        self.is_conditional |= name.as_deref().is_some_and(is_choosing);
        if self.purpose.is_some() {
            return GO_ON;
        }
        match name.as_deref().unwrap_or_default() {
            name if is_silent(name) => return SILENT,
            name if passes_on(name) => {}
            "map" | "forEach" | "concatMap" | "mapAttrs" | "mapAttrs'" => {
                let imports = first.is_some_and(|first| head(&first).0.is_some_and(|name| is_import(name.as_bytes())));
                // Whatever else is done with each element: nothing says that it is imported as it stands.
                self.purpose = Some(if imports { Purpose::Import } else { Purpose::Name });
            }
            name if is_import(name.as_bytes()) && !self.in_list => self.purpose = Some(Purpose::Import),
            _ => self.purpose = Some(Purpose::Name),
        }
        GO_ON
    }

    fn binding(&mut self, parent: &SyntaxNode) -> Step {
        let names = attribute_names(parent);
        if names.len() == 1 && names.iter().any(|name| self.guards.any_of(name)) {
            return SILENT;
        }
        if self.purpose.is_some() {
            return GO_ON;
        }
        if names.iter().any(|name| is_excluding(name)) {
            return SILENT;
        }
        let last = names.last().map(String::as_str).unwrap_or_default();
        let is_module = if self.in_list { is_module_list(last) } else { names.iter().any(|name| is_module_set(name)) };
        if is_module || last == "imports" {
            self.purpose = Some(Purpose::Import);
        } else if self.in_list || !is_within_set(parent) {
            self.purpose = Some(Purpose::Name);
        }
        GO_ON
    }

    fn condition(&mut self, child: &SyntaxNode, parent: &SyntaxNode) -> Step {
        let Some(condition) = ast::IfElse::cast(parent.clone()).and_then(|choice| choice.condition()) else {
            return GO_ON;
        };
        if condition.syntax() == child {
            return GO_ON;
        }
        self.is_conditional = true;
        if self.guards.decides(condition.syntax()) { SILENT } else { GO_ON }
    }

    fn operator(&mut self, child: &SyntaxNode, parent: &SyntaxNode) -> Step {
        let Some(operation) = ast::BinOp::cast(parent.clone()) else { return GO_ON };
        let left = operation.lhs().filter(|left| left.syntax() != child);
        match operation.operator() {
            Some(ast::BinOpKind::Equal | ast::BinOpKind::NotEqual) if self.purpose.is_none() => return SILENT,
            Some(ast::BinOpKind::And | ast::BinOpKind::Or | ast::BinOpKind::Implication)
                if left.as_ref().is_some_and(|left| self.guards.decides(left.syntax())) =>
            {
                return SILENT;
            }
            // `source + /x`: an absolute path put behind another one is no absolute path.
            Some(ast::BinOpKind::Add) if left.is_some() && child.kind() == SyntaxKind::NODE_PATH_ABS => return SILENT,
            Some(ast::BinOpKind::PipeRight) if left.is_none() && self.purpose.is_none() => {
                let name = operation.rhs().and_then(|function| head(&function).0);
                if name.as_deref().is_some_and(is_silent) {
                    return SILENT;
                }
                if name.is_some_and(|name| is_import(name.as_bytes())) {
                    self.purpose = Some(Purpose::Import);
                }
            }
            _ => {}
        }
        GO_ON
    }
}

/// Whether `self` at this node is the flake: an argument of the file's function or of `outputs`, by pattern. A plain
/// `self:` is an overlay's or an extension's, a `let` binding is something else.
pub(super) fn is_flake_self(node: &SyntaxNode) -> bool {
    for ancestor in node.ancestors() {
        match ancestor.kind() {
            SyntaxKind::NODE_LAMBDA => {
                let parameter = ast::Lambda::cast(ancestor).and_then(|lambda| lambda.param());
                match parameter {
                    Some(ast::Param::IdentParam(parameter)) if is_self(parameter.ident()) => return false,
                    Some(ast::Param::Pattern(pattern)) => {
                        let binds = pattern.pat_bind().and_then(|bind| bind.ident());
                        if pattern.pat_entries().any(|entry| is_self(entry.ident())) {
                            return true;
                        }
                        if is_self(binds) {
                            return false;
                        }
                    }
                    _ => {}
                }
            }
            SyntaxKind::NODE_LET_IN => {
                let binds = ast::LetIn::cast(ancestor).is_some_and(|scope| binds_self(scope.attrpath_values()));
                if binds {
                    return false;
                }
            }
            SyntaxKind::NODE_ATTR_SET => {
                let set = ast::AttrSet::cast(ancestor).filter(|set| set.rec_token().is_some());
                if set.is_some_and(|set| binds_self(set.attrpath_values())) {
                    return false;
                }
            }
            _ => {}
        }
    }
    false
}

fn is_self(ident: Option<ast::Ident>) -> bool {
    ident.and_then(|ident| ident.ident_token()).is_some_and(|token| token.text() == "self")
}

fn binds_self(mut bindings: impl Iterator<Item = ast::AttrpathValue>) -> bool {
    let names_self = |binding: ast::AttrpathValue| {
        binding.attrpath().and_then(|path| path.attrs().next()).and_then(|first| attribute_name(&first))
            == Some("self".to_owned())
    };
    bindings.any(names_self)
}
