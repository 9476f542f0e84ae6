//! The names that say what becomes of a path.

/// Functions that read a Nix file, or `default.nix` where they are given a directory.
const IMPORTS: &[&[u8]] = &[b"import", b"import'", b"scopedImport", b"importApply"];

/// Whether a name ends as those of such functions do.
#[inline]
fn has_import_ending(name: &[u8]) -> bool {
    // Every name passes here: most differ in the last letter.
    match name.last() {
        Some(b'e') => name.ends_with(b"callPackage"),
        Some(b's') => name.ends_with(b"callPackages"),
        _ => false,
    }
}

/// Functions and libraries that take in what a directory holds.
const LISTINGS: &[&[u8]] = &[
    b"readDir",
    b"listFilesRecursive",
    b"packagesFromDirectoryRecursive",
    b"import-tree",
    b"importTree",
    b"haumea",
    b"rakeLeaves",
    b"flattenTree",
    b"importDir",
    b"importAll",
    b"autoImport",
];

/// Frameworks that take in directories nobody names.
const FRAMEWORKS: &[&[u8]] = &[
    b"easy-hosts",
    b"ez-configs",
    b"snowfall-lib",
    b"blueprint",
    b"digga",
    b"divnix",
    b"omnibus",
    b"flakelight",
    b"nixos-unified",
    b"denful",
];

/// Names that the scanner itself knows.
const BASES: &[&[u8]] = &[b"self", b"inputs", b"append", b"outPath"];

/// Whether a function of this name reads a Nix file, or `default.nix` where it is given a directory.
pub(super) fn is_import(name: &[u8]) -> bool {
    IMPORTS.contains(&name) || has_import_ending(name)
}

/// Whether what is called so takes in what a directory holds.
pub(super) fn is_listing(name: &[u8]) -> bool {
    LISTINGS.contains(&name)
}

/// Whether a framework of this name takes in directories nobody names.
pub(super) fn is_framework(name: &[u8]) -> bool {
    FRAMEWORKS.contains(&name)
}

/// False for a name that is none of those above; nearly always where it is none. Every name of every file passes here.
#[inline]
pub(super) fn may_matter(name: &[u8]) -> bool {
    let first = name.first().copied().unwrap_or_default();
    let has_length = name.len() < 32 && LENGTHS[usize::from(first)] >> name.len() & 1 == 1;
    has_length || has_import_ending(name)
}

/// By their first byte, the lengths of the names above: a bit each.
static LENGTHS: [u32; 256] = {
    let mut lengths = [0; 256];
    let lists = [IMPORTS, LISTINGS, FRAMEWORKS, BASES];
    let mut list = 0;
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            let name = lists[list][index];
            lengths[name[0] as usize] |= 1 << name.len();
            index += 1;
        }
        list += 1;
    }
    lengths
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_may_matter() {
        for name in [IMPORTS, LISTINGS, FRAMEWORKS, BASES, &[b"callPackage", b"callPackages"]].concat() {
            assert!(may_matter(name), "{name:?}");
        }
        assert!(may_matter(b"python3Packages.callPackage"));
        for name in ["", "enable", "services", "lib", "callPackage2", &"x".repeat(40)] {
            assert!(!may_matter(name.as_bytes()), "{name}");
        }
    }
}
