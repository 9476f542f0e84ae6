//! Why a file that a flake names is often not there, for files that people leave out on purpose or never write by hand.

use crate::snapshot::RepoPath;

/// What to do about a missing file, where its name says why it is missing.
#[must_use]
pub fn hint(path: &RepoPath) -> Option<&'static str> {
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    if path.as_bytes().split(|byte| *byte == b'/').any(|part| part == b".git") {
        return Some("a flake sees no `.git`: use `self.rev`, `self.shortRev` or `self.lastModified` instead");
    }
    if path.as_bytes().split(|byte| *byte == b'/').any(|part| part == b"result" || part.starts_with(b"result-")) {
        return Some("a flake does not see what `nix build` left behind: name the package, or commit the files");
    }
    let lower = path.to_string_lossy().to_ascii_lowercase();
    if name.starts_with("hardware-configuration") || name.ends_with("-hardware.nix") || name == "hardware.nix" {
        return Some("commit what `nixos-generate-config` wrote for this machine: a flake sees no other copy");
    }
    if lower.contains("secret") || lower.contains("private") || is_password(&lower) {
        return Some("a flake cannot read what is kept out of git: commit it encrypted, or take it from an input");
    }
    if matches!(name.as_str(), "cargo.nix" | "gomod2nix.toml" | "node-packages.nix" | "generated.nix" | "deps.nix") {
        return Some("generate the file and commit it: Nix does not run the generator");
    }
    if lower.contains("node_modules") || lower.starts_with("target/") || lower.contains("/dist/") {
        return Some("a flake sees only what git tracks: build the files in a derivation, or commit them");
    }
    None
}

/// Whether a path is about passwords, and not about the program 1Password.
fn is_password(lower: &str) -> bool {
    lower.replace("1password", "").contains("passw")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_and_secret_files_are_known() {
        assert!(hint(&"hosts/a/hardware-configuration.nix".into()).is_some_and(|hint| hint.contains("nixos-generate")));
        assert!(hint(&"secrets/mail.nix".into()).is_some_and(|hint| hint.contains("encrypted")));
        assert!(hint(&"result/lib.nix".into()).is_some_and(|hint| hint.contains("name the package")));
        assert!(hint(&".git/HEAD".into()).is_some_and(|hint| hint.contains("self.rev")));
        assert!(hint(&"passwords.txt".into()).is_some_and(|hint| hint.contains("encrypted")));
        assert_eq!(hint(&"apps/1password.nix".into()), None);
        assert_eq!(hint(&"modules/mail.nix".into()), None);
    }
}
