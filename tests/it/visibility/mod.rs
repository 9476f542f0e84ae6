//! What a path that a flake names comes to, in every state that git can have the file in.

mod changed;
mod names;

use std::fs;

use crate::repo::{Repo, hermetic};

/// A flake whose first line names these paths, committed.
fn naming(paths: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", &format!("{{ outputs = _: {{ imports = [ {} ]; }}; }}\n", paths.join(" ")));
    repo.commit_all();
    repo
}

const WORKTREE: &[&str] = &["--worktree"];
const STAGED: &[&str] = &["--staged"];
const HEAD: &[&str] = &["--rev", "HEAD"];

/// Rules found at flake.nix, in a view.
fn rules(repo: &Repo, view: &[&str]) -> Vec<String> {
    let found = repo.findings(view).into_iter();
    found.filter_map(|finding| finding.strip_suffix(" flake.nix:1").map(str::to_owned)).collect()
}

/// The one line that says what is found at flake.nix.
fn said(repo: &Repo, view: &[&str]) -> String {
    let run = repo.preflake(&[&["check", "--format", "json"], view].concat());
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("a report");
    let found = report["findings"].as_array().expect("a list");
    let here = found.iter().filter(|finding| finding["path"] == "flake.nix");
    here.map(|finding| format!("{}; {}", finding["message"], finding["help"]).replace('"', "")).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn untracked_staged_committed_and_deleted() {
    let repo = naming(&["./a.nix"]);
    assert_eq!(
        (rules(&repo, WORKTREE), rules(&repo, HEAD)),
        (vec!["missing-import".into()], vec!["missing-import".into()])
    );
    repo.write("a.nix", "{ }\n");
    assert_eq!(rules(&repo, WORKTREE), ["untracked-reference"]);
    assert_eq!(rules(&repo, STAGED), ["untracked-reference"]);
    assert_eq!(rules(&repo, HEAD), ["missing-import"], "the disk is not part of a commit");
    repo.git(&["add", "-N", "a.nix"]);
    assert_eq!(rules(&repo, WORKTREE), NONE, "Nix sees it");
    assert!(repo.findings(STAGED).contains(&"intent-to-add a.nix:1".to_owned()));
    repo.git(&["add", "a.nix"]);
    for view in [WORKTREE, STAGED] {
        assert_eq!(rules(&repo, view), NONE);
    }
    fs::remove_file(repo.path().join("a.nix")).expect("ours");
    assert_eq!(rules(&repo, STAGED), NONE, "staged, then deleted on disk: the commit has it");
    assert_eq!(
        said(&repo, WORKTREE),
        "imported `a.nix` is tracked but no longer on disk; \
        run `git restore a.nix`, or remove the path here"
    );
}

#[test]
fn a_path_that_the_commit_deletes_while_a_file_still_names_it() {
    let repo = naming(&["./a.nix", "./d"]);
    repo.write("a.nix", "{ }\n");
    repo.write("d/default.nix", "{ }\n");
    repo.commit_all();
    repo.git(&["rm", "-q", "--cached", "a.nix"]);
    assert_eq!(rules(&repo, STAGED), ["untracked-reference"], "it is still on disk");
    repo.git(&["rm", "-q", "-r", "d"]);
    fs::remove_file(repo.path().join("a.nix")).expect("ours");
    assert_eq!(rules(&repo, STAGED), ["missing-import", "missing-import"]);
    let repo = naming(&["./a.nix"]);
    repo.write("a.nix", "{ }\n");
    repo.commit_all();
    repo.git(&["mv", "a.nix", "A.nix"]);
    assert_eq!(rules(&repo, STAGED), ["path-case"]);
}

#[test]
fn partially_staged_files_are_judged_by_what_is_staged() {
    let repo = naming(&[]);
    repo.write("flake.nix", "{ outputs = _: { imports = [ ./staged.nix ]; }; }\n");
    repo.git(&["add", "flake.nix"]);
    repo.write("flake.nix", "{ outputs = _: { imports = [ ./disk.nix ]; }; }\n");
    assert!(said(&repo, STAGED).contains("staged.nix") && !said(&repo, STAGED).contains("disk.nix"));
    assert!(said(&repo, WORKTREE).contains("disk.nix") && !said(&repo, WORKTREE).contains("staged.nix"));
    assert_eq!(rules(&repo, HEAD), NONE);
}

#[test]
fn ignored_files_name_the_rule_wherever_it_stands() {
    let repo = naming(&["./m/a.nix"]);
    repo.write("m/a.nix", "{ }\n");
    repo.write(".gitignore", "*.nix\n!flake.nix\n!a.nix\n");
    assert_eq!(rules(&repo, WORKTREE), ["untracked-reference"]);
    assert!(!said(&repo, WORKTREE).contains("ignored"), "the last rule includes it again");
    repo.write("m/.gitignore", "\n/a.nix\n");
    assert_eq!(
        said(&repo, WORKTREE),
        "`m/a.nix` is ignored by git, so the flake does not see it; \
        `/a.nix` in `m/.gitignore` line 2 ignores it: change that rule, or run `git add -f m/a.nix`"
    );
    fs::remove_file(repo.path().join("m/.gitignore")).expect("ours");
    repo.write(".git/info/exclude", "m/\n");
    assert!(said(&repo, WORKTREE).contains("`m/a.nix` is ignored by git"));
    repo.write(".gitignore", "m/\n!m/a.nix\n");
    assert!(
        said(&repo, STAGED).contains("`m/` in `.gitignore` line 1"),
        "below an ignored directory nothing comes back"
    );
    repo.git(&["add", "-f", "m/a.nix"]);
    assert_eq!(rules(&repo, STAGED), NONE);
}

#[test]
fn excludes_from_the_configuration_of_one_command() {
    let repo = naming(&["./a.nix"]);
    repo.write("a.nix", "{ }\n");
    let excludes = repo.write(".git/mine", "a.nix\n");
    let excludes = excludes.to_str().expect("ASCII");
    let parameters = format!("'core.excludesfile'='{excludes}'");
    for variables in [
        &[("GIT_CONFIG_PARAMETERS", parameters.as_str())][..],
        &[("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.excludesFile"), ("GIT_CONFIG_VALUE_0", excludes)],
    ] {
        let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
        let output = command.envs(variables.iter().copied()).args(["--format", "concise"]).output().expect("it runs");
        assert!(String::from_utf8_lossy(&output.stdout).contains("`a.nix` is ignored by git"), "{variables:?}");
    }
}

#[test]
fn directories_are_what_git_would_take_of_them() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { src = ./data; }; }\n");
    repo.write(".gitignore", "*.log\n");
    repo.commit_all();
    fs::create_dir_all(repo.path().join("data/deep")).expect("ours");
    assert_eq!(
        said(&repo, WORKTREE),
        "`data` does not exist; add the file, or correct the path",
        "git keeps no empty directory"
    );
    repo.write("data/deep/x.log", "");
    assert!(said(&repo, WORKTREE).contains("`*.log` in `.gitignore` line 1"), "{}", said(&repo, WORKTREE));
    repo.write("data/deep/x.txt", "");
    assert_eq!(said(&repo, WORKTREE), "`data` is not tracked by git, so the flake does not see it; run `git add data`");
    assert_eq!(repo.preflake(&["fix", "untracked-reference"]).status, 0);
    assert_eq!(repo.git(&["ls-files", "data"]), "data/deep/x.txt\n");
    assert_eq!(rules(&repo, WORKTREE), NONE);
}

#[test]
fn repositories_in_the_worktree_and_submodules() {
    let repo = naming(&["./vendor/a.nix", "./vendor"]);
    repo.write("vendor/a.nix", "{ }\n");
    repo.write("vendor/default.nix", "{ }\n");
    repo.git(&["-C", "vendor", "init", "-q"]);
    let told = said(&repo, WORKTREE);
    assert!(told.contains("`vendor/a.nix` lies in the git repository `vendor`"), "{told}");
    assert_eq!(rules(&repo, WORKTREE), ["untracked-reference", "untracked-reference"]);
    assert_eq!(repo.preflake(&["fix", "untracked-reference"]).status, 1, "nothing that git could take");
    assert_eq!(repo.git(&["ls-files"]), "flake.nix\n");
    repo.git(&["-C", "vendor", "add", "-A"]);
    repo.git(&["-C", "vendor", "commit", "-qm", "x"]);
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./vendor", "vendor"]);
    for view in [WORKTREE, STAGED] {
        assert_eq!(rules(&repo, view), ["submodule-path", "submodule-path"]);
    }
    assert!(said(&repo, STAGED).contains("inputs.self.submodules = true;"));
    repo.write("flake.nix", "{ inputs.self.submodules = true; outputs = _: { imports = [ ./vendor/a.nix ]; }; }\n");
    assert_eq!(rules(&repo, WORKTREE), NONE);
}

#[test]
fn what_a_sparse_checkout_leaves_out() {
    let repo = naming(&["./out/x.nix"]);
    repo.write("in/y.nix", "{ }\n");
    repo.write("out/x.nix", "{ }\n");
    repo.commit_all();
    repo.git(&["sparse-checkout", "set", "in"]);
    assert_eq!((rules(&repo, STAGED), rules(&repo, HEAD)), (vec![], vec![]));
    assert_eq!(
        said(&repo, WORKTREE),
        "imported `out/x.nix` is tracked but left out of this sparse checkout; \
        run `git sparse-checkout add out`: Nix sees what is on disk"
    );
    repo.git(&["sparse-checkout", "disable"]);
    repo.git(&["update-index", "--skip-worktree", "out/x.nix"]);
    assert_eq!(rules(&repo, WORKTREE), NONE, "it is on disk all the same");
}

#[cfg(unix)]
#[test]
fn links_lead_where_git_keeps_them() {
    use std::os::unix::fs::symlink;
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { imports = [ ./link ./link/x.nix ./file.nix ./dangling.nix ]; }; }\n");
    repo.write("real/default.nix", "{ }\n");
    repo.write("real/x.nix", "{ }\n");
    symlink("real", repo.path().join("link")).expect("a link");
    symlink("real/x.nix", repo.path().join("file.nix")).expect("a link");
    symlink("untracked.nix", repo.path().join("dangling.nix")).expect("a link");
    repo.git(&["add", "--all"]);
    repo.write("untracked.nix", "{ }\n");
    for view in [WORKTREE, STAGED] {
        assert_eq!(rules(&repo, view), ["untracked-reference"], "only what the last link leads to is not tracked");
        assert!(said(&repo, view).contains("`untracked.nix`"));
    }
    let repo = naming(&["./new"]);
    symlink("real", repo.path().join("new")).expect("a link");
    assert_eq!(rules(&repo, WORKTREE), ["untracked-reference"]);
}

/// What git has to be given is the link, not the file behind it.
#[cfg(unix)]
#[test]
fn a_path_through_a_link_that_git_does_not_track() {
    use std::os::unix::fs::symlink;
    let repo = naming(&["./link/x.nix"]);
    repo.write("real/x.nix", "{ }\n");
    repo.commit_all();
    symlink("real", repo.path().join("link")).expect("a link");
    for view in [WORKTREE, STAGED] {
        assert_eq!(said(&repo, view), "`link` is not tracked by git, so the flake does not see it; run `git add link`");
    }
    repo.write(".git/info/exclude", "link\n");
    assert!(said(&repo, WORKTREE).contains("`link` in `.git/info/exclude` line 1"), "{}", said(&repo, WORKTREE));
    repo.write(".git/info/exclude", "");
    repo.git(&["add", "-N", "link"]);
    assert_eq!(repo.findings(STAGED), ["intent-to-add link:1"]);
    repo.git(&["reset", "-q", "link"]);
    assert_eq!(repo.preflake(&["fix", "untracked-reference"]).status, 0);
    assert!(repo.git(&["ls-files", "--stage", "link"]).starts_with("120000 "));
    for view in [WORKTREE, STAGED] {
        assert_eq!(rules(&repo, view), NONE);
    }
    let repo = naming(&["./link/x.nix", "./out/x.nix"]);
    repo.write("real/y.nix", "{ }\n");
    repo.git(&["add", "real"]);
    symlink("real", repo.path().join("link")).expect("a link");
    symlink("/", repo.path().join("out")).expect("a link");
    assert_eq!(rules(&repo, WORKTREE), ["missing-import", "missing-import"], "the link alone would not do");
}

#[test]
fn a_file_system_that_ignores_case() {
    let repo = naming(&["./Hosts/A.nix"]);
    repo.git(&["config", "core.ignoreCase", "true"]);
    repo.write("hosts/a.nix", "{ }\n");
    repo.commit_all();
    // As such a disk would show it.
    repo.write("Hosts/A.nix", "{ }\n");
    for view in [WORKTREE, STAGED, HEAD] {
        assert_eq!(rules(&repo, view), ["path-case"], "{view:?}");
        assert!(said(&repo, view).contains("`Hosts/A.nix` does not exist, but `hosts/a.nix` does"));
    }
}

/// Nothing names it, and the commit touches something else; the hook finds it.
#[test]
fn a_module_that_is_imported_with_its_directory() {
    for import in [
        "inputs.import-tree ./modules",
        "inputs.haumea.lib.load { src = ./modules; }",
        "map (name: ./modules + \"/${name}\") (builtins.attrNames (builtins.readDir ./modules))",
        "inputs.self.lib.filesystem.listFilesRecursive ./modules",
        "inputs.snowfall-lib.mkFlake { inherit inputs; src = ./.; }",
        "inputs.blueprint { inherit inputs; }",
    ] {
        let repo = Repo::new();
        repo.write("flake.nix", &format!("{{ outputs = inputs: {import}; }}\n"));
        repo.write("modules/a.nix", "{ }\n");
        repo.write("README", "one\n");
        repo.commit_all();
        assert_eq!(repo.preflake(&["install"]).status, 0);
        repo.write("modules/foo.nix", "{ }\n");
        repo.write("README", "two\n");
        for view in [WORKTREE, STAGED] {
            assert!(repo.findings(view).contains(&"untracked-nix-file modules/foo.nix:1".to_owned()), "{import}");
        }
        let committed = repo.try_git(&["commit", "-q", "-m", "x", "README"]);
        assert!(!committed.status.success(), "{import}");
        assert!(
            String::from_utf8_lossy(&committed.stderr).contains("modules/foo.nix")
                || String::from_utf8_lossy(&committed.stdout).contains("modules/foo.nix")
        );
        repo.git(&["add", "modules/foo.nix"]);
        assert!(repo.try_git(&["commit", "-q", "-m", "x", "README"]).status.success(), "{import}");
    }
}
