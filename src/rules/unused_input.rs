//! `unused-input`: an input that no Nix file of the view names.
//!
//! Whether an input is used cannot be known without evaluating. What can be known is that its name is nowhere: neither
//! as a variable nor in a string, in none of the files. Where all inputs may be looked at whatever they are called, the
//! rule says nothing.

use super::{Context, FixAvailability, Level, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::flake::nix::{self, FlakeInput, InputOrigin, Outputs, words};
use crate::flake::{Flake, InputAttrPath};
use crate::snapshot::{Changes, RepoPath};
use crate::source::{SourceFile, Span};

pub(super) static RULE: Rule = Rule {
    name: "unused-input",
    summary: "an input is declared, and no Nix file names it",
    docs: include_str!("unused_input.md"),
    level: Level::Warn,
    fix: FixAvailability::None,
    since: "0.1.0",
    check,
};

/// Inputs that a framework takes by their names where it is given all of them: flake-parts, blueprint, snowfall-lib,
/// flakelight, digga, nixos-unified, easy-hosts and ez-configs, std, and the languages of devenv.
const TAKEN_BY_FRAMEWORKS: &[&str] = &[
    "cachix",
    "crane",
    "crate2nix",
    "darwin",
    "deploy",
    "deploy-rs",
    "devenv",
    "devenv-root",
    "devshell",
    "fenix",
    "flake-compat",
    "flake-parts",
    "flake-root",
    "flake-utils",
    "flake-utils-plus",
    "foundry",
    "git-hooks",
    "git-hooks-nix",
    "go-overlay",
    "home",
    "home-manager",
    "makes",
    "microvm",
    "mk-shell-bin",
    "n2c",
    "nix",
    "nix-darwin",
    "nix-unit",
    "nix2container",
    "nixago",
    "nixlib",
    "nixos",
    "nixos-generators",
    "nixpkgs",
    "nixpkgs-lib",
    "nixpkgs-python",
    "nixpkgs-ruby",
    "nixpkgs-stable",
    "nixpkgs-terraform",
    "nixpkgs-unstable",
    "phps",
    "pre-commit-hooks",
    "pre-commit-hooks-nix",
    "purescript-overlay",
    "pyproject-build-systems",
    "pyproject-nix",
    "rust-overlay",
    "system-manager",
    "systems",
    "treefmt",
    "treefmt-nix",
    "utils",
    "uv2nix",
    "zig-overlay",
    "zls",
];

/// More unused inputs than this, and more than half of all, are not unused.
const MAX_FORGOTTEN: usize = 3;

/// Scripts and such that may say `--inputs-from .`, or look into the lock, are read up to this size.
const MAX_SCRIPT: usize = 256 * 1024;

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let changes = cx.snapshot.changes().filter(|changes| !changes.is_idle());
    // A template shows what could be used; it is locked where it is.
    for flake in cx.flakes.iter().filter(|flake| flake.lock_expected && !flake.nix.is_invalid()) {
        let mut unused = candidates(flake);
        if let Some(changes) = &changes {
            keep_concerned(cx, flake, changes, &mut unused);
        }
        if unused.is_empty() {
            continue;
        }
        drop_named(cx, flake, &mut unused);
        // So many are not forgotten: something takes them in a way that is not seen.
        if unused.len() > MAX_FORGOTTEN && unused.len() * 2 > flake.nix.inputs.len() {
            continue;
        }
        for input in unused {
            let primary = Label::new(&flake.nix_path, input.name_span, "declared here");
            let message = format!("nothing uses input `{}`", input.name);
            let formals = flake.nix.outputs.as_ref().and_then(|outputs| outputs.formals.as_ref());
            let is_formal = formals.is_some_and(|formals| formals.iter().any(|formal| formal.name == input.name));
            let also = if is_formal { ", and from the arguments of `outputs`" } else { "" };
            let finding = Diagnostic::new(RULE.name, RULE.severity(), message, primary);
            out.push(finding.input(InputAttrPath::of(&input.name)).help(format!("remove it from the inputs{also}")));
        }
    }
}

/// The declared inputs that flake.nix itself does not use.
fn candidates(flake: &Flake) -> Vec<&FlakeInput> {
    let Some(outputs) = flake.nix.outputs.as_ref().filter(|outputs| !holds_inputs(flake, outputs)) else {
        return Vec::new();
    };
    let mut followed = Vec::new();
    let mut pending: Vec<&FlakeInput> = flake.nix.inputs.iter().collect();
    while let Some(input) = pending.pop() {
        pending.extend(&input.overrides);
        followed.extend(input.follows.iter().filter_map(|follows| follows.value.0.first()));
    }
    let takes_all = outputs.formals.is_none() || outputs.bound_name.is_some();
    let part = used_part(flake);
    let is_used = |input: &FlakeInput| {
        followed.contains(&&input.name)
            || (takes_all && TAKEN_BY_FRAMEWORKS.contains(&input.name.as_str()))
            || is_named(&flake.source, &part, &input.name)
    };
    let declared = flake.nix.inputs.iter().filter(|input| input.origin == InputOrigin::Declared);
    declared.filter(|input| !is_used(input)).collect()
}

/// Of a commit that is being made, keeps the inputs that it can have left without a use: all where it changes flake.nix,
/// else those that a file named which it changes or removes. The other files need not be read then.
fn keep_concerned(cx: &Context<'_>, flake: &Flake, changes: &Changes, unused: &mut Vec<&FlakeInput>) {
    let is_changed = changes.changed.contains(&flake.nix_path) || changes.added.contains(&flake.nix_path);
    if unused.is_empty() || is_changed {
        return;
    }
    let touched = changes.changed.iter().chain(&changes.removed).filter(|path| may_use(path.as_bytes()));
    let before: Vec<_> = touched.filter_map(|path| cx.snapshot.read_base(path)).collect();
    let was_named = |name: &str| before.iter().any(|source| words::occurrences(source.text(), name).next().is_some());
    unused.retain(|input| was_named(&input.name));
}

/// Whether the flake has no outputs, and so is there for its inputs: other flakes read them out of its lock, as the
/// partitions of flake-parts do.
fn holds_inputs(flake: &Flake, outputs: &Outputs) -> bool {
    let mut text = String::new();
    let mut from = outputs.span.start;
    let inside = flake.nix.comments.iter().map(|comment| comment.span).filter(|span| outputs.span.contains(*span));
    for comment in inside.chain([Span::at(outputs.span.end)]) {
        text.push_str(flake.source.text().get(from..comment.start).unwrap_or_default());
        from = comment.end;
    }
    let body = text.trim_end().strip_suffix('}').and_then(|body| body.trim_end().strip_suffix('{'));
    body.is_some_and(|body| body.trim_end().ends_with(':'))
}

/// Keeps the inputs that no file of the view names; none where a file may look at all of them.
fn drop_named(cx: &Context<'_>, flake: &Flake, unused: &mut Vec<&FlakeInput>) {
    let bound = flake.nix.outputs.as_ref().and_then(|outputs| outputs.bound_name.as_deref());
    let mut names = vec!["inputs", "inputs'"];
    names.extend(bound.filter(|bound| !names.contains(bound)));
    if words::looks_at_all(flake.source.text(), &names) {
        unused.clear();
        return;
    }
    let paths = |wanted: fn(&[u8]) -> bool| {
        let files = cx.snapshot.entries().filter(|entry| wanted(entry.path) && cx.snapshot.is_regular(entry));
        files.map(|entry| RepoPath::new(entry.path)).collect::<Vec<_>>()
    };
    for path in paths(is_called_nix).iter().filter(|path| **path != flake.nix_path) {
        // What cannot be read is for the run to say; it may name anything.
        let Ok(source) = cx.snapshot.read(path) else { return unused.clear() };
        if words::looks_at_all(source.text(), &["inputs", "inputs'"]) {
            return unused.clear();
        }
        let part = cx.flakes.iter().find(|other| other.nix_path == *path).map_or_else(|| whole(&source), used_part);
        unused.retain(|input| !is_named(&source, &part, &input.name));
        if unused.is_empty() {
            return;
        }
    }
    for path in paths(is_called_script) {
        let Ok(source) = cx.snapshot.read(&path) else { continue };
        if source.bytes().len() <= MAX_SCRIPT {
            unused.retain(|input| words::occurrences(source.text(), &input.name).next().is_none());
        }
    }
}

/// The parts of a flake.nix that can use an input: `outputs`, without the names of its arguments.
fn used_part(flake: &Flake) -> Vec<Span> {
    let Some(outputs) = &flake.nix.outputs else { return Vec::new() };
    let mut parts = Vec::new();
    let mut from = outputs.span.start;
    for formal in outputs.formals.iter().flatten() {
        parts.push(Span::new(from, formal.span.start));
        from = formal.span.end;
    }
    parts.push(Span::new(from, outputs.span.end));
    parts
}

fn whole(source: &SourceFile) -> Vec<Span> {
    vec![Span::new(0, source.text().len())]
}

/// Whether a word stands in one of the parts of a file, comments aside.
fn is_named(source: &SourceFile, parts: &[Span], word: &str) -> bool {
    let is_inside = |span: &Span| parts.iter().any(|part| part.contains(*span));
    let mut found = words::occurrences(source.text(), word).filter(is_inside).peekable();
    if found.peek().is_none() {
        return false;
    }
    let comments = nix::comments(source);
    found.any(|span| !comments.iter().any(|comment| comment.span.contains(span)))
}

fn is_called_nix(path: &[u8]) -> bool {
    path.ends_with(NIX)
}

/// Whether a file of this name is one in which inputs are used.
fn may_use(path: &[u8]) -> bool {
    is_called_nix(path) || is_called_script(path)
}

const NIX: &[u8] = b".nix";

/// Whether a file of this name is one in which people call Nix.
fn is_called_script(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let endings: [&[u8]; 8] = [b".sh", b".yml", b".yaml", b".toml", b".just", b".fish", b".nu", b".py"];
    let names: [&[u8]; 5] = [b".envrc", b"justfile", b"Justfile", b"Makefile", b"Taskfile"];
    endings.iter().any(|ending| name.ends_with(ending)) || names.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::references::testing::{messages, view_of};
    use crate::snapshot::{FileState, Memory};

    const INPUTS: &str = r#"a.url = "github:o/a"; b.url = "github:o/b"; b.inputs.a.url = "github:o/x";"#;

    /// What is found in a flake with the inputs `a` and `b`, beside another file.
    fn found(outputs: &str, file: &str) -> Vec<String> {
        let nix = format!("{{ description = \"a b\"; inputs = {{ {INPUTS} }}; outputs = {outputs}; }}");
        let memory = Memory::new().file("flake.nix", &nix, FileState::Tracked);
        let view = view_of(memory.file("x.nix", file, FileState::Tracked));
        assert!(!view.1[0].nix.is_invalid(), "{nix}: {:?}", view.1[0].nix.problems);
        messages(&RULE, &view)
    }

    fn is_silent(outputs: &str, file: &str) {
        assert_eq!(found(outputs, file), [""; 0], "{outputs} with {file}");
    }

    #[test]
    fn what_nobody_names_is_unused() {
        let a = ["warning: nothing uses input `a`"];
        assert_eq!(found("{ self, b, ... }: b.x", ""), a);
        assert_eq!(found("{ self, a, b }: b.x", ""), a, "an argument alone is no use");
        assert_eq!(found("inputs: inputs.b.mkFlake { inherit inputs; } ./x.nix", "{ inputs, ... }: inputs.b.x # a"), a);
        assert_eq!(found("{ self, b, ... }@inputs: b.x // { /* inputs.a */ }", "{ a-b }: a_x + ./a2"), a);
    }

    #[test]
    fn any_mention_is_a_use() {
        is_silent("{ self, a, b }: a.x b.x", "");
        is_silent("{ self, b, ... }@inputs: b.x inputs.a", "");
        is_silent("inputs: inputs.b", "\"the ${x} of a\"");
        is_silent("{ self, b, ... }: b", "{ inputs', ... }: inputs'.a.packages");
        is_silent("inputs: import ./x.nix inputs", "{ a, b, ... }: 1");
    }

    #[test]
    fn where_all_are_looked_at_nothing_is_known() {
        is_silent("inputs: builtins.attrValues inputs", "");
        is_silent("inputs: import ./x.nix inputs", "i: lib.mapAttrs f i.inputs");
        is_silent("args: args.b.lib.f args", "");
        is_silent("_: { }", "");
        is_silent("{ self, ... }: { # nothing\n}", "");
        is_silent("{ self, b, ... }: b", "{ nix.registry = lib.mapAttrs (_: flake: { inherit flake; }) self.inputs; }");
    }

    #[test]
    fn what_others_follow_is_used() {
        let nix = r#"{ inputs = { a.url = "github:o/a"; b.url = "github:o/b"; b.inputs.x.follows = "a/y"; };
            outputs = { b, ... }: b; }"#;
        assert_eq!(messages(&RULE, &view_of(Memory::new().file("flake.nix", nix, FileState::Tracked))), [""; 0]);
    }

    #[test]
    fn frameworks_take_some_by_name() {
        let nix = |name: &str, arguments: &str| {
            let text = format!("{{ inputs.{name}.url = \"github:o/x\"; outputs = {arguments}: 1; }}");
            messages(&RULE, &view_of(Memory::new().file("flake.nix", &text, FileState::Tracked))).len()
        };
        assert_eq!((nix("systems", "inputs"), nix("systems", "{ self, ... }")), (0, 1));
        assert_eq!((nix("systemz", "inputs"), nix("nixpkgs", "inputs@{ self, ... }")), (1, 0));
        assert!(super::TAKEN_BY_FRAMEWORKS.is_sorted());
    }

    #[test]
    fn most_inputs_are_not_forgotten() {
        let found = |names: &[&str], used: &str| {
            let inputs: Vec<String> = names.iter().map(|name| format!("{name}.url = \"github:o/{name}\";")).collect();
            let nix = format!("{{ inputs = {{ {} }}; outputs = inputs: {used}; }}", inputs.concat());
            messages(&RULE, &view_of(Memory::new().file("flake.nix", &nix, FileState::Tracked))).len()
        };
        assert_eq!(found(&["a", "b", "c", "d", "e"], "inputs.a"), 0);
        assert_eq!(found(&["a", "b", "c", "d", "e"], "inputs.a // inputs.b"), 3);
        assert_eq!(found(&["a", "b", "c", "d", "e", "f", "g", "h"], "with inputs; [ a b c d ]"), 4);
    }

    #[test]
    fn a_script_may_take_inputs_from_the_flake() {
        let nix = r#"{ inputs.a.url = "github:o/a"; outputs = _: { x = 1; }; }"#;
        let memory = Memory::new().file("flake.nix", nix, FileState::Tracked);
        let script = "nix run --inputs-from . a#x\n";
        assert_eq!(messages(&RULE, &view_of(memory.file("run.sh", script, FileState::Tracked))), [""; 0]);
    }
}
