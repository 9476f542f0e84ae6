//! A whole configuration with thirteen inputs: clean as it is, and every single mistake found at its place.

use std::fmt::Write as _;

use crate::repo::Repo;

const FLAKE: &str = r#"{
  description = "Machines";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";
    nixpkgs-unstable-small.url = "github:NixOS/nixpkgs/nixos-unstable-small";
    nixpkgs-stable.url = "github:NixOS/nixpkgs/nixos-25.11";
    home-manager.url = "github:nix-community/home-manager";
    home-manager.inputs.nixpkgs.follows = "nixpkgs";
    claude-code-nix.url = "github:sadjow/claude-code-nix";
    claude-code-nix.inputs.nixpkgs.follows = "nixpkgs";
    codex-cli-nix.url = "github:sadjow/codex-cli-nix";
    codex-cli-nix.inputs.nixpkgs.follows = "nixpkgs";
    nixos-hardware.url = "github:NixOS/nixos-hardware/master";
    disko.url = "github:nix-community/disko";
    disko.inputs.nixpkgs.follows = "nixpkgs";
    bash-it.url = "github:Bash-it/bash-it";
    bash-it.flake = false; # Not a flake, just a source repository
    nur.url = "github:nix-community/NUR";
    nur.inputs.nixpkgs.follows = "nixpkgs";
    sops-nix.url = "github:Mic92/sops-nix";
    sops-nix.inputs.nixpkgs.follows = "nixpkgs";
    plasma-manager.url = "github:nix-community/plasma-manager";
    plasma-manager.inputs.nixpkgs.follows = "nixpkgs";
    plasma-manager.inputs.home-manager.follows = "home-manager";
    framework-system.url = "github:FrameworkComputer/framework-system";
    framework-system.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    {
      self,
      nixpkgs,
      home-manager,
      ...
    }@inputs:
    {
      nixosConfigurations.electra = nixpkgs.lib.nixosSystem {
        modules = [ ./hosts/electra ];
        specialArgs = { inherit self inputs home-manager; };
      };
    };
}
"#;

/// Name, owner, repository, branch, inputs that follow.
const INPUTS: &[(&str, &str, &str, &str, &[&str])] = &[
    ("bash-it", "Bash-it", "bash-it", "", &[]),
    ("claude-code-nix", "sadjow", "claude-code-nix", "", &["nixpkgs"]),
    ("codex-cli-nix", "sadjow", "codex-cli-nix", "", &["nixpkgs"]),
    ("disko", "nix-community", "disko", "", &["nixpkgs"]),
    ("framework-system", "FrameworkComputer", "framework-system", "", &["nixpkgs"]),
    ("home-manager", "nix-community", "home-manager", "", &["nixpkgs"]),
    ("nixos-hardware", "NixOS", "nixos-hardware", "master", &[]),
    ("nixpkgs", "NixOS", "nixpkgs", "nixpkgs-unstable", &[]),
    ("nixpkgs-stable", "NixOS", "nixpkgs", "nixos-25.11", &[]),
    ("nixpkgs-unstable-small", "NixOS", "nixpkgs", "nixos-unstable-small", &[]),
    ("nur", "nix-community", "NUR", "", &["nixpkgs"]),
    ("plasma-manager", "nix-community", "plasma-manager", "", &["home-manager", "nixpkgs"]),
    ("sops-nix", "Mic92", "sops-nix", "", &["nixpkgs"]),
];

/// The lock that Nix would write for it, with made-up revisions.
fn lock() -> String {
    let edges: Vec<String> = INPUTS.iter().map(|input| format!("        \"{0}\": \"{0}\"", input.0)).collect();
    let root = format!("    \"root\": {{\n      \"inputs\": {{\n{}\n      }}\n    }}", edges.join(",\n"));
    let mut nodes = vec![root];
    for (number, (name, owner, repo, branch, follows)) in INPUTS.iter().enumerate() {
        let mut node = format!("    \"{name}\": {{\n");
        if *name == "bash-it" {
            node.push_str("      \"flake\": false,\n");
        }
        if !follows.is_empty() {
            let edges: Vec<String> =
                follows.iter().map(|to| format!("        \"{to}\": [\n          \"{to}\"\n        ]")).collect();
            write!(node, "      \"inputs\": {{\n{}\n      }},\n", edges.join(",\n")).expect("a string");
        }
        let rev = format!("{number:040x}");
        let hash = "A".repeat(43);
        write!(
            node,
            "      \"locked\": {{\n        \"lastModified\": 1780000000,\n        \"narHash\": \"sha256-{hash}=\",\n        \
             \"owner\": \"{owner}\",\n        \"repo\": \"{repo}\",\n        \"rev\": \"{rev}\",\n        \
             \"type\": \"github\"\n      }},\n"
        )
        .expect("a string");
        let branch = if branch.is_empty() { String::new() } else { format!("        \"ref\": \"{branch}\",\n") };
        write!(
            node,
            "      \"original\": {{\n        \"owner\": \"{owner}\",\n{branch}        \"repo\": \"{repo}\",\n        \
             \"type\": \"github\"\n      }}\n    }}"
        )
        .expect("a string");
        nodes.push(node);
    }
    nodes.sort();
    format!("{{\n  \"nodes\": {{\n{}\n  }},\n  \"root\": \"root\",\n  \"version\": 7\n}}\n", nodes.join(",\n"))
}

fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", FLAKE);
    repo.write("flake.lock", &lock());
    repo.write("hosts/electra/default.nix", "{ }\n");
    repo.commit_all();
    repo
}

/// The findings of a repository changed in one way, in the worktree view.
fn after(change: impl FnOnce(&Repo)) -> Vec<String> {
    let repo = repo();
    change(&repo);
    repo.findings(&[])
}

fn line_of(file: &str, text: &str) -> usize {
    file.lines().position(|line| line.contains(text)).expect("in the file") + 1
}

#[test]
fn clean_in_every_view() {
    let repo = repo();
    for view in [["--worktree"].as_slice(), &["--staged"], &["--rev", "HEAD"]] {
        assert_eq!(repo.findings(view), [] as [&str; 0], "{view:?}");
        let run = repo.preflake(&[&["check"], view].concat());
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{view:?}: {}", run.stderr);
    }
}

#[test]
fn a_host_not_added() {
    let found = after(|repo| {
        repo.write("hosts/vega/default.nix", "{ }\n");
    });
    assert_eq!(found, ["untracked-nix-file hosts/vega/default.nix:1"]);
}

#[test]
fn a_host_intended_to_be_added() {
    let repo = repo();
    repo.write("hosts/vega/default.nix", "{ }\n");
    repo.git(&["add", "-N", "hosts/vega/default.nix"]);
    assert_eq!(repo.findings(&["--staged"]), ["intent-to-add hosts/vega/default.nix:1"]);
    assert_eq!(repo.findings(&["--worktree"]), [] as [&str; 0], "Nix sees it there");
}

#[test]
fn a_follows_removed() {
    let line = line_of(FLAKE, "plasma-manager.url");
    let found = after(|repo| {
        repo.edit("flake.nix", "    plasma-manager.inputs.home-manager.follows = \"home-manager\";\n", "");
    });
    assert_eq!(found, [format!("stale-lock flake.nix:{line}")]);
}

#[test]
fn an_input_removed_and_still_locked() {
    let found = after(|repo| {
        repo.edit("flake.nix", "    disko.url = \"github:nix-community/disko\";\n", "");
        repo.edit("flake.nix", "    disko.inputs.nixpkgs.follows = \"nixpkgs\";\n", "");
    });
    assert_eq!(found, [format!("stale-lock flake.lock:{}", line_of(&lock(), "\"disko\": \"disko\""))]);
}

#[test]
fn an_input_added_and_not_locked() {
    let line = line_of(FLAKE, "disko.url");
    let found = after(|repo| {
        repo.edit("flake.nix", "    disko.url", "    agenix.url = \"github:ryantm/agenix\";\n    disko.url");
    });
    assert_eq!(found, [format!("stale-lock flake.nix:{line}")]);
}

#[test]
fn a_branch_changed() {
    let found = after(|repo| repo.edit("flake.nix", "nixos-25.11", "nixos-26.05"));
    assert_eq!(found, [format!("stale-lock flake.nix:{}", line_of(FLAKE, "nixpkgs-stable.url"))]);
}

#[test]
fn flake_false_dropped() {
    let found = after(|repo| {
        repo.edit("flake.nix", "    bash-it.flake = false; # Not a flake, just a source repository\n", "");
    });
    assert_eq!(found, [format!("flakeness-mismatch flake.nix:{}", line_of(FLAKE, "bash-it.url"))]);
}

#[test]
fn a_follows_to_nothing() {
    let found = after(|repo| {
        repo.edit("flake.nix", "nur.inputs.nixpkgs.follows = \"nixpkgs\"", "nur.inputs.nixpkgs.follows = \"nixpgks\"");
    });
    let line = line_of(FLAKE, "nur.inputs.nixpkgs");
    assert_eq!(found, [format!("broken-follows flake.nix:{line}")]);
}

#[test]
fn an_override_for_nothing() {
    let found = after(|repo| {
        repo.edit(
            "flake.nix",
            "    sops-nix.inputs",
            "    sops-nix.inputs.systems.follows = \"nixpkgs\";\n    sops-nix.inputs",
        );
    });
    assert_eq!(found, [format!("stale-follows flake.nix:{}", line_of(FLAKE, "sops-nix.inputs"))]);
}

#[test]
fn conflict_markers() {
    let found = after(|repo| {
        repo.edit(
            "flake.lock",
            "        \"lastModified\": 1780000000,\n",
            "<<<<<<< HEAD\n        \"lastModified\": 1780000000,\n=======\n        \"lastModified\": 1780000001,\n>>>>>>> topic\n",
        );
    });
    let line = line_of(&lock(), "lastModified");
    assert_eq!(found, [format!("invalid-lock flake.lock:{line}")]);
}

#[test]
fn the_lock_untracked() {
    let repo = repo();
    repo.git(&["rm", "-q", "--cached", "flake.lock"]);
    let line = line_of(FLAKE, "inputs = {");
    assert_eq!(repo.findings(&[]), [format!("missing-lock flake.nix:{line}")]);
    let run = repo.preflake(&["--staged"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("git add flake.lock"), "{}", run.stdout);
}

#[test]
fn staged_without_the_matching_lock() {
    let repo = repo();
    repo.edit("flake.nix", "nixos-25.11", "nixos-26.05");
    repo.git(&["add", "flake.nix"]);
    repo.edit("flake.lock", "\"nixos-25.11\"", "\"nixos-26.05\"");
    let line = line_of(FLAKE, "nixpkgs-stable.url");
    assert_eq!(repo.findings(&["--staged"]), [format!("stale-lock flake.nix:{line}")]);
    assert_eq!(repo.findings(&["--worktree"]), [] as [&str; 0]);
    assert_eq!(repo.findings(&["--rev", "HEAD"]), [] as [&str; 0]);
}
