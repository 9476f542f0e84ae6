//! Which paths a file offers to other flakes as modules of flake-parts.

use rnix::SyntaxKind;
use rowan::ast::AstNode as _;

use super::syntax::{attribute_names, node_at};
use super::{Mention, Origin};
use crate::flake::nix::parse;
use crate::source::SourceFile;

/// What such modules are offered under.
const NAME: &str = "flakeModule";

/// The mentions that are, or are in, the value of `flakeModule` or `flakeModules`. What is called `self` in the files
/// that they name is the flake that uses them.
#[must_use]
pub fn exports(source: &SourceFile, mentions: &[Mention]) -> Vec<Mention> {
    if !source.text().contains(NAME) {
        return Vec::new();
    }
    let Some(root) = parse::parse(source.text()).root else { return Vec::new() };
    let is_export = |mention: &&Mention| {
        let node = node_at(root.syntax(), mention).filter(|_| mention.origin == Origin::File);
        node.is_some_and(|node| {
            let mut bindings = node.ancestors().filter(|node| node.kind() == SyntaxKind::NODE_ATTRPATH_VALUE);
            bindings.any(|binding| attribute_names(&binding).iter().any(|name| name.starts_with(NAME)))
        })
    };
    mentions.iter().filter(is_export).copied().collect()
}
