//! flake.nix as Nix reads it: without evaluating anything (`flake.cc: readFlake`).
//!
//! The only module that knows rnix. What leaves it is plain data with spans; no syntax node does.

mod advice;
mod depth;
mod dialect;
mod grammar;
mod inputs;
mod layout;
mod literals;
mod outputs;
mod parse;
mod read;
pub mod references;
mod scope;
mod set;
mod value;
pub mod words;

pub use layout::{BindingLayout, SetLayout, layout};
pub use parse::{code, comments, parses};
pub use read::read;

use super::flakeref::FlakeRef;
use super::{InputAttrPath, InputName, Problem};
use crate::source::{Span, Spanned};

/// What a flake.nix declares, and every reason Nix would have to reject it.
#[derive(Clone, Debug, Default)]
pub struct FlakeNix {
    /// Declared inputs and those that only `outputs` asks for, in bytewise order of name. `self` is not among them.
    pub inputs: Vec<FlakeInput>,
    /// The key of the first `inputs` binding, or of the first `inputs.x` one.
    pub inputs_key: Option<Span>,
    /// `inputs.self.submodules` (Nix 2.27 and later).
    pub self_submodules: bool,
    /// The `outputs` function.
    pub outputs: Option<Outputs>,
    /// `description`, where it is a plain string.
    pub description: Option<Spanned<String>>,
    /// Every plain string in `nixConfig`, by setting: binary caches are found here.
    pub nix_config: Vec<(String, Vec<Spanned<String>>)>,
    /// Whether the file is an attribute set, or could be one but for a syntax error. Anything else is no flake, only a
    /// file of that name.
    pub is_set: bool,
    /// Every path in `nixConfig`, as written: Nix copies what they name, so that must be there.
    pub config_paths: Vec<Spanned<String>>,
    /// Why Nix rejects the file; empty for a valid one. In order of position.
    pub problems: Vec<Problem>,
    /// Set where real evaluation would be needed to know (`__overrides`, `publicKeys`): nothing may be concluded.
    pub uncertain: bool,
    /// Comments in order of position, each without its markers: suppressions are found here.
    pub comments: Vec<Spanned<String>>,
}

impl FlakeNix {
    /// Whether Nix would reject the file before it looks at the lock.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        !self.problems.is_empty()
    }

    /// The root input of this name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&FlakeInput> {
        self.inputs.iter().find(|input| input.name == name)
    }

    /// The declaration at a path of input names: a root input or an override below one.
    #[must_use]
    pub fn declaration(&self, path: &InputAttrPath) -> Option<&FlakeInput> {
        let (first, rest) = path.0.split_first()?;
        rest.iter().try_fold(self.input(first)?, |input, name| input.overrides.iter().find(|o| o.name == *name))
    }
}

/// Where an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputOrigin {
    /// Written in `inputs`.
    Declared,
    /// Only a formal of `outputs`: Nix takes it from the registry.
    Implicit,
}

/// One input of a flake, or one override inside an input (`inputs.a.inputs.b`).
#[derive(Clone, Debug)]
pub struct FlakeInput {
    /// Its name.
    pub name: InputName,
    /// The text of the name where it is first declared (without quotes' content being unescaped: the token itself).
    pub name_span: Span,
    /// Declared or implied.
    pub origin: InputOrigin,
    /// Every binding that contributes to it, from the start of its attribute path to its semicolon, in order.
    pub bindings: Vec<Span>,
    /// The reference, from `url` or from attributes, with the place of the value (of the `url`, else of the first
    /// attribute). `None` where neither is given: the registry entry named like the input is meant.
    pub reference: Option<Spanned<FlakeRef>>,
    /// The values of the attributes that the reference is made of, where it has a `type`: by name, in bytewise order.
    pub attributes: Vec<(String, Span)>,
    /// The `url` as written, where there is one.
    pub url: Option<Spanned<String>>,
    /// `follows`, absolute from the root (the declaring flake is the root, so as written). Empty is the flake itself.
    pub follows: Option<Spanned<InputAttrPath>>,
    /// `flake = true` or `false`, where written.
    pub is_flake: Option<Spanned<bool>>,
    /// `inputs.…` inside it, in bytewise order of name.
    pub overrides: Vec<FlakeInput>,
}

impl FlakeInput {
    /// Whether the input is a flake: true unless `flake = false`.
    #[must_use]
    pub fn flake(&self) -> bool {
        self.is_flake.as_ref().is_none_or(|flake| flake.value)
    }
}

/// The `outputs` function.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// The whole value.
    pub span: Span,
    /// The formals, `self` included, in order; `None` for `outputs = inputs: …`.
    pub formals: Option<Vec<Formal>>,
    /// Whether the formals end in `...`.
    pub ellipsis: bool,
    /// The name behind `@`, or the plain argument.
    pub bound_name: Option<String>,
}

/// One formal argument.
#[derive(Clone, Debug)]
pub struct Formal {
    /// Its name.
    pub name: String,
    /// Its place.
    pub span: Span,
    /// Whether it has a default.
    pub has_default: bool,
}
