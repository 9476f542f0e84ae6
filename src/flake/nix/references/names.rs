//! Names that say what is done with a path: functions, attributes, options.

/// Functions that read nothing from a path they are given, or expect that it may be missing.
pub(super) fn is_silent(name: &str) -> bool {
    matches!(
        name,
        "pathExists"
            | "pathIsDirectory"
            | "pathIsRegularFile"
            | "pathIsGitRepo"
            | "isPath"
            | "typeOf"
            | "maybeMissing"
            | "toString"
            | "dirOf"
            | "baseNameOf"
            | "tryEval"
            | "hasPrefix"
            | "hasSuffix"
            | "removePrefix"
            | "elem"
            | "throw"
            | "trace"
            | "warn"
            | "optionalPath"
            | "importIfExists"
    )
}

/// Functions that hand on what they are given.
pub(super) fn passes_on(name: &str) -> bool {
    matches!(
        name,
        "optional"
            | "optionals"
            | "optionalAttrs"
            | "mkIf"
            | "mkMerge"
            | "mkDefault"
            | "mkOptionDefault"
            | "mkForce"
            | "mkOverride"
            | "mkBefore"
            | "mkAfter"
            | "mkOrder"
            | "flatten"
            | "concatLists"
            | "filter"
            | "unique"
            | "singleton"
            | "toList"
    )
}

/// Functions that give what they are given, or nothing.
pub(super) fn is_choosing(name: &str) -> bool {
    matches!(name, "optional" | "optionals" | "optionalAttrs" | "optionalString" | "mkIf" | "filter")
}

/// Attributes whose values are lists of modules.
pub(super) fn is_module_list(name: &str) -> bool {
    matches!(name, "imports" | "modules" | "extraImports" | "sharedModules" | "commonModules")
        || name.ends_with("Modules") && name != "disabledModules"
        || name.ends_with("_modules")
}

/// Attributes whose values are modules.
pub(super) fn is_module_set(name: &str) -> bool {
    matches!(
        name,
        "nixosModules"
            | "nixosModule"
            | "homeModules"
            | "homeManagerModules"
            | "homeManagerModule"
            | "darwinModules"
            | "flakeModules"
            | "flakeModule"
    )
}

/// Attributes that say what is left out.
pub(super) fn is_excluding(name: &str) -> bool {
    matches!(name, "exclude" | "excludes" | "excluded" | "ignore" | "ignores" | "ignored" | "disabledModules")
}

/// Functions that call another one for each of what a list holds, or for each name of a set, once they are given both.
pub(super) fn is_mapping(name: &str) -> bool {
    matches!(name, "map" | "concatMap" | "mapAttrs" | "mapAttrs'" | "mapAttrsToList" | "concatMapAttrs")
}

/// The same, with what they go through in front.
pub(super) fn is_mapping_backwards(name: &str) -> bool {
    matches!(name, "genAttrs" | "genAttrs'" | "forEach")
}
