//! The merge driver for flake.lock, as git runs it: merges, rebases, cherry-picks, the stash, and all that is no lock.

use std::fmt::Write as _;

use crate::repo::{Repo, run};

/// An input in a lock: its name, the number of its revision, and what its nixpkgs follows, if it has one.
type Locked<'a> = (&'a str, u32, Option<&'a str>);

/// A lock with these inputs.
fn lock(inputs: &[Locked<'_>]) -> String {
    let mut nodes = String::new();
    let mut root = String::new();
    for (name, revision, follows) in inputs {
        let below = follows.map(|target| {
            format!("\"inputs\": {{\n        \"nixpkgs\": [\n          \"{target}\"\n        ]\n      }},\n      ")
        });
        let written = write!(
            nodes,
            "    \"{name}\": {{\n      {}\"locked\": {{\n        \"lastModified\": {},\n        \"narHash\": \"sha256-{revision}\",\n        \"owner\": \"o\",\n        \"repo\": \"{name}\",\n        \"rev\": \"{revision:0<40}\",\n        \"type\": \"github\"\n      }},\n      \"original\": {{\n        \"owner\": \"o\",\n        \"repo\": \"{name}\",\n        \"type\": \"github\"\n      }}\n    }},\n",
            below.unwrap_or_default(),
            1_700_000_000 + revision,
        );
        assert!(written.is_ok(), "writing to a string does not fail");
        root.extend([format!("        \"{name}\": \"{name}\",\n")]);
    }
    let root = root.trim_end_matches(",\n");
    format!(
        "{{\n  \"nodes\": {{\n{nodes}    \"root\": {{\n      \"inputs\": {{\n{root}\n      }}\n    }}\n  }},\n  \"root\": \"root\",\n  \"version\": 7\n}}\n"
    )
}

/// A flake.nix with these inputs, each on lines of its own.
fn flake(inputs: &[&str]) -> String {
    let input = |name: &&str| format!("  # {name}\n  inputs.{name}.url = \"github:o/{name}\";\n  #\n\n");
    let inputs = inputs.iter().map(input).collect::<Vec<_>>().concat();
    format!("{{\n{inputs}  outputs = _: {{ }};\n}}\n")
}

/// A repository with the driver in use, and a flake that has three inputs.
fn repo() -> Repo {
    let repo = Repo::new();
    assert_eq!(repo.preflake(&["install", "--merge-driver"]).status, 0);
    repo.write(".gitattributes", "flake.lock merge=preflake\n");
    save(&repo, &["a", "b", "c"], &[("a", 1, None), ("b", 1, None), ("c", 1, None)]);
    repo.git(&["branch", "topic"]);
    repo
}

fn save(repo: &Repo, nix: &[&str], inputs: &[Locked<'_>]) {
    repo.write("flake.nix", &flake(nix));
    repo.write("flake.lock", &lock(inputs));
    repo.commit_all();
}

/// Both sides: `main` is checked out.
fn sides(ours: (&[&str], &[Locked<'_>]), theirs: (&[&str], &[Locked<'_>])) -> Repo {
    let repo = repo();
    save(&repo, ours.0, ours.1);
    repo.git(&["checkout", "-q", "topic"]);
    save(&repo, theirs.0, theirs.1);
    repo.git(&["checkout", "-q", "main"]);
    repo
}

const ABC: &[&str] = &["a", "b", "c"];

/// What the lock holds now: the revision of each root input.
fn revisions(repo: &Repo) -> Vec<String> {
    let text = std::fs::read_to_string(repo.path().join("flake.lock")).expect("a lock");
    let lock: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let inputs = lock["nodes"]["root"]["inputs"].as_object().expect("inputs");
    let revision = |key: &str| lock["nodes"][key]["locked"]["narHash"].as_str().expect("a hash").to_owned();
    inputs.iter().map(|(name, key)| format!("{name} {}", revision(key.as_str().expect("a node")))).collect()
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

#[test]
fn each_input_comes_from_the_side_that_changed_it() {
    let repo = sides(
        (&["z", "a", "b", "c"], &[("a", 2, None), ("b", 1, None), ("c", 1, None), ("z", 7, None)]),
        (&["a", "b"], &[("a", 1, None), ("b", 2, None)]),
    );
    let merge = repo.try_git(&["merge", "-q", "--no-edit", "topic"]);
    assert!(merge.status.success(), "{}", said(&merge));
    assert_eq!(revisions(&repo), ["a sha256-2", "b sha256-2", "z sha256-7"]);
    assert_eq!(repo.preflake(&["--select", "stale-lock,noncanonical-lock"]).status, 0);
}

#[test]
fn two_updates_of_one_input_are_a_conflict_of_that_input() {
    let repo = sides(
        (ABC, &[("a", 2, None), ("b", 2, None), ("c", 1, None)]),
        (ABC, &[("a", 3, None), ("b", 1, None), ("c", 2, None)]),
    );
    let merge = repo.try_git(&["merge", "-q", "topic"]);
    assert!(!merge.status.success());
    let wanted = "flake.lock: input `a`: both sides changed it, ours has 2000000 of 2023-11-14, theirs has 3000000 of 2023-11-14";
    assert!(said(&merge).contains(wanted), "{}", said(&merge));
    assert!(said(&merge).contains("`nix flake update a` has the latest"), "{}", said(&merge));
    let help =
        "keep one side between the markers, either is a whole lock, then run `nix flake lock` and `git add flake.lock`";
    assert!(repo.preflake(&[]).stdout.contains(help));
    let text = std::fs::read_to_string(repo.path().join("flake.lock")).expect("a lock");
    assert!(text.contains("<<<<<<< HEAD\n") && text.contains(">>>>>>> topic\n"), "{text}");
    let disputed: Vec<&str> = text.lines().filter(|line| line.starts_with("<<<<<<<")).collect();
    assert!(disputed.len() <= 2, "{text}");
    assert!(!text.contains("\"sha256-1\""), "what one side changed is merged: {text}");
    assert_eq!(repo.git(&["ls-files", "--unmerged", "flake.lock"]).lines().count(), 3, "no side is lost");
}

#[test]
fn the_newer_update_where_that_is_wanted() {
    let repo = sides(
        (ABC, &[("a", 2, None), ("b", 1, None), ("c", 1, None)]),
        (ABC, &[("a", 3, None), ("b", 1, None), ("c", 1, None)]),
    );
    let driver =
        repo.git(&["config", "merge.preflake.driver"]).replace("merge-driver ", "merge-driver --prefer newer ");
    repo.git(&["config", "merge.preflake.driver", driver.trim()]);
    let merge = repo.try_git(&["merge", "-q", "--no-edit", "topic"]);
    assert!(merge.status.success() && said(&merge).contains("theirs is newer"), "{}", said(&merge));
    assert_eq!(revisions(&repo)[0], "a sha256-3");
}

#[test]
fn flake_nix_decides_between_an_update_and_a_removal() {
    let repo = sides(
        (&["b", "c"], &[("b", 1, None), ("c", 1, None)]),
        (ABC, &[("a", 2, None), ("b", 2, None), ("c", 1, None)]),
    );
    let merge = repo.try_git(&["merge", "-q", "--no-edit", "topic"]);
    assert!(
        merge.status.success() && said(&merge).contains("input `a`: both sides changed it, flake.nix asks for ours"),
        "{}",
        said(&merge)
    );
    assert_eq!(revisions(&repo), ["b sha256-2", "c sha256-1"]);
}

#[test]
fn an_update_and_a_follows_go_together() {
    let repo = Repo::new();
    repo.preflake(&["install", "--merge-driver"]);
    repo.write(".gitattributes", "flake.lock merge=preflake\n");
    let nix = |follows: &str| {
        format!(
            "{{\n  inputs.a.url = \"github:o/a\";\n{follows}  inputs.b.url = \"github:o/b\";\n  outputs = _: {{ }};\n}}\n"
        )
    };
    let save = |nix: &str, lock: &str| {
        repo.write("flake.nix", nix);
        repo.write("flake.lock", lock);
        repo.commit_all();
    };
    let own = lock(&[("a", 1, Some("b")), ("b", 1, None)]);
    let with_node = own.replace("[\n          \"b\"\n        ]", "\"nixpkgs\"").replace(
        "    \"root\": {",
        "    \"nixpkgs\": {\n      \"locked\": {\n        \"narHash\": \"sha256-9\",\n        \"owner\": \"o\",\n        \"repo\": \"n\",\n        \"rev\": \"0000000000000000000000000000000000000009\",\n        \"type\": \"github\"\n      },\n      \"original\": {\n        \"owner\": \"o\",\n        \"repo\": \"n\",\n        \"type\": \"github\"\n      }\n    },\n    \"root\": {",
    );
    save(&nix(""), &with_node);
    repo.git(&["branch", "topic"]);
    save(&nix(""), &with_node.replacen("sha256-1", "sha256-2", 1));
    repo.git(&["checkout", "-q", "topic"]);
    save(&nix("  inputs.a.inputs.nixpkgs.follows = \"b\";\n"), &own);
    repo.git(&["checkout", "-q", "main"]);
    let merge = repo.try_git(&["merge", "-q", "--no-edit", "topic"]);
    assert!(merge.status.success(), "{}", said(&merge));
    let merged = std::fs::read_to_string(repo.path().join("flake.lock")).expect("a lock");
    assert_eq!(merged, own.replacen("sha256-1", "sha256-2", 1));
    assert_eq!(repo.preflake(&["--select", "stale-lock"]).status, 0);
}

#[test]
fn rebases_cherry_picks_reverts_and_the_stash() {
    let removed_and_updated = || {
        sides(
            (&["b", "c"], &[("b", 1, None), ("c", 1, None)]),
            (ABC, &[("a", 2, None), ("b", 2, None), ("c", 1, None)]),
        )
    };
    let wanted = ["b sha256-2", "c sha256-1"];
    let repo = removed_and_updated();
    let done = repo.try_git(&["rebase", "-q", "main", "topic"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(revisions(&repo), wanted);
    let repo = removed_and_updated();
    let done = repo.try_git(&["cherry-pick", "topic"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(revisions(&repo), wanted);
    save(&repo, &["b", "c"], &[("b", 2, None), ("c", 5, None)]);
    let done = repo.try_git(&["revert", "--no-edit", "HEAD~1"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(revisions(&repo), ["b sha256-1", "c sha256-5"]);
    let repo = removed_and_updated();
    repo.git(&["checkout", "-q", "topic~1"]);
    repo.write("flake.lock", &lock(&[("a", 2, None), ("b", 2, None), ("c", 1, None)]));
    repo.git(&["stash", "-q"]);
    repo.git(&["checkout", "-q", "main"]);
    let done = repo.try_git(&["stash", "pop"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(revisions(&repo), wanted);
}

#[test]
fn below_the_root_in_a_linked_worktree_and_in_a_bare_repository() {
    let repo = Repo::new();
    repo.preflake(&["install", "--merge-driver"]);
    repo.write(".gitattributes", "flake.lock merge=preflake\n");
    let save = |nix: &[&str], inputs: &[Locked<'_>]| {
        repo.write("a dir/flake.nix", &flake(nix));
        repo.write("a dir/flake.lock", &lock(inputs));
        repo.commit_all();
    };
    save(ABC, &[("a", 1, None), ("b", 1, None), ("c", 1, None)]);
    repo.git(&["branch", "topic"]);
    save(&["b", "c"], &[("b", 1, None), ("c", 1, None)]);
    repo.git(&["checkout", "-q", "topic"]);
    save(ABC, &[("a", 2, None), ("b", 2, None), ("c", 1, None)]);
    let linked = repo.path().join("linked");
    repo.git(&["worktree", "add", "-q", "linked", "main"]);
    let merge =
        crate::repo::hermetic("git", &linked).args(["merge", "-q", "--no-edit", "topic"]).output().expect("git");
    assert!(merge.status.success(), "{}", said(&merge));
    assert!(said(&merge).contains("a dir/flake.lock: input `a`"), "{}", said(&merge));
    let merged = std::fs::read_to_string(linked.join("a dir/flake.lock")).expect("a lock");
    assert_eq!(merged, lock(&[("b", 2, None), ("c", 1, None)]));
}

#[test]
fn both_sides_add_the_lock() {
    let repo = Repo::new();
    repo.preflake(&["install", "--merge-driver"]);
    repo.write(".gitattributes", "flake.lock merge=preflake\n");
    repo.write("flake.nix", &flake(&["a"]));
    repo.commit_all();
    repo.git(&["branch", "topic"]);
    save(&repo, &["a"], &[("a", 1, None)]);
    repo.git(&["checkout", "-q", "topic"]);
    save(&repo, &["a", "b"], &[("a", 1, None), ("b", 1, None)]);
    repo.git(&["checkout", "-q", "main"]);
    let merge = repo.try_git(&["merge", "-q", "--no-edit", "topic"]);
    assert!(merge.status.success(), "{}", said(&merge));
    assert_eq!(revisions(&repo), ["a sha256-1", "b sha256-1"]);
}

#[test]
fn what_is_no_lock_is_merged_as_git_merges_text() {
    let good = lock(&[("a", 1, None), ("b", 1, None)]);
    let newer = lock(&[("a", 2, None), ("b", 1, None)]);
    for bad in [
        "",
        "{",
        "{\n<<<<<<< HEAD\n=======\n>>>>>>> topic\n}\n",
        "\u{0}\u{1}",
        "[[[[[[",
        &good.replace("\"version\": 7", "\"version\": 99"),
        &good.replace("\"locked\"", "\"buildTime\": true,\n      \"locked\""),
        &good.replace("  \"version\": 7", "  \"updatedBy\": \"somebody\",\n  \"version\": 7"),
    ] {
        for (base, ours, theirs) in [
            (good.as_str(), newer.as_str(), bad),
            (good.as_str(), bad, newer.as_str()),
            (bad, newer.as_str(), good.as_str()),
        ] {
            let repo = Repo::new();
            let files = [("base", base), ("ours", ours), ("theirs", theirs)];
            for (name, text) in files {
                repo.write(name, text);
            }
            let git = repo.try_git(&[
                "merge-file",
                "-p",
                "-L",
                "ours",
                "-L",
                "base",
                "-L",
                "theirs",
                "ours",
                "base",
                "theirs",
            ]);
            let done = repo.preflake(&["merge-driver", "base", "ours", "theirs", "flake.lock"]);
            if base.is_empty() {
                continue;
            }
            let written = std::fs::read(repo.path().join("ours")).expect("still there");
            if git.status.code() == Some(255) {
                assert!(done.status != 0, "{bad:?}: git does not merge what is no text");
                continue;
            }
            // libgit2 gives an empty side no name.
            let plain = |bytes: &[u8]| {
                String::from_utf8_lossy(bytes).replace("<<<<<<< ours", "<<<<<<<").replace(">>>>>>> theirs", ">>>>>>>")
            };
            assert_eq!(plain(&written), plain(&git.stdout), "{bad:?}: {}", done.stderr);
            assert_eq!(done.status == 0, git.status.success(), "{bad:?}");
        }
    }
}

#[test]
fn what_only_another_program_understands_is_kept() {
    let repo = repo();
    let lock =
        |revision| lock(&[("a", revision, None)]).replace("  \"version\"", "  \"updatedBy\": \"x\",\n  \"version\"");
    for (name, revision) in [("base", 1), ("ours", 1), ("theirs", 2)] {
        repo.write(name, &lock(revision));
    }
    let done = repo.preflake(&["merge-driver", "base", "ours", "theirs", "flake.lock"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(done.stderr.contains("merged line by line"), "{}", done.stderr);
    assert_eq!(std::fs::read_to_string(repo.path().join("ours")).expect("still there"), lock(2));
}

#[test]
fn hostile_locks_neither_last_nor_overflow() {
    let deep = |leaf: u32| {
        let node = |name: u32, below: &str| {
            format!(
                "\"n{name}\":{{{below}\"locked\":{{\"type\":\"path\",\"path\":\"/x\",\"narHash\":\"{}\"}},\"original\":{{\"type\":\"path\",\"path\":\"/x\"}}}}",
                if name == 3000 { leaf } else { name }
            )
        };
        let nodes: Vec<String> = (0..=3000)
            .map(|name| {
                node(
                    name,
                    &if name < 3000 {
                        format!("\"inputs\":{{\"x\":\"n{0}\",\"y\":\"n{0}\"}},", name + 1)
                    } else {
                        String::new()
                    },
                )
            })
            .collect();
        format!(
            "{{\"nodes\":{{{},\"root\":{{\"inputs\":{{\"a\":\"n0\"}}}}}},\"root\":\"root\",\"version\":7}}",
            nodes.join(",")
        )
    };
    let repo = Repo::new();
    for (name, leaf) in [("base", 1), ("ours", 2), ("theirs", 3)] {
        repo.write(name, &deep(leaf));
    }
    let done = repo.preflake(&["merge-driver", "base", "ours", "theirs", "flake.lock"]);
    assert_eq!(done.status, 1, "{}", done.stderr);
    let written = std::fs::read_to_string(repo.path().join("ours")).expect("still there");
    assert!(written.contains("<<<<<<< ours"), "both changed one line");
}

#[test]
fn installed_and_removed_again() {
    let repo = Repo::new();
    let installed = repo.preflake(&["install", "--merge-driver"]);
    let line = "  echo 'flake.lock merge=preflake' >> .gitattributes\n";
    assert!(installed.stderr.ends_with(line), "{}", installed.stderr);
    std::fs::create_dir(repo.path().join("below")).expect("a directory");
    let below = run(&repo.path().join("below"), &["install", "--merge-driver"]).stderr;
    assert!(below.contains(">> \"$(git rev-parse --show-toplevel)\"/.gitattributes"), "{below}");
    assert!(!repo.path().join(".git/hooks/pre-commit").exists());
    assert!(repo.git(&["config", "merge.preflake.driver"]).contains("preflake merge-driver"));
    repo.write(".gitattributes", "flake.lock merge=preflake\n");
    assert!(!repo.preflake(&["install", "--merge-driver"]).stderr.contains("add this line"));
    let removed = repo.preflake(&["uninstall"]);
    assert_eq!(removed.status, 0, "{}", removed.stderr);
    assert!(!repo.try_git(&["config", "merge.preflake.driver"]).status.success());
    assert_eq!(repo.preflake(&["uninstall"]).status, 0);
    assert_eq!(run(std::path::Path::new("/"), &["install", "--merge-driver"]).status, 2);
}

#[test]
fn without_preflake_git_merges_itself() {
    let repo = sides(
        (ABC, &[("a", 2, None), ("b", 1, None), ("c", 1, None)]),
        (ABC, &[("a", 1, None), ("b", 1, None), ("c", 2, None)]),
    );
    let driver = repo.git(&["config", "merge.preflake.driver"]).replace("preflake", "no-such-program");
    repo.git(&["config", "merge.preflake.driver", driver.trim()]);
    let merge = repo.try_git(&["merge", "-q", "--no-edit", "topic"]);
    assert!(merge.status.success(), "{}", said(&merge));
    assert_eq!(revisions(&repo), ["a sha256-2", "b sha256-1", "c sha256-2"]);
    save(&repo, ABC, &[("a", 4, None), ("b", 1, None), ("c", 1, None)]);
    repo.git(&["branch", "other", "topic"]);
    repo.git(&["checkout", "-q", "other"]);
    save(&repo, ABC, &[("a", 5, None), ("b", 1, None), ("c", 1, None)]);
    let merge = repo.try_git(&["merge", "-q", "main"]);
    assert!(!merge.status.success() && said(&merge).contains("not on the PATH"), "{}", said(&merge));
    let text = std::fs::read_to_string(repo.path().join("flake.lock")).expect("a lock");
    assert!(text.contains("<<<<<<< ours\n") && text.contains(">>>>>>> theirs\n"), "{text}");
}
