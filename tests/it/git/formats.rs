//! Every kind of repository that git makes: the entries, the untracked files and the content must be git's.

use std::fs;

use preflake::git::ViewChoice;
use preflake::snapshot::{Absence, RepoPath};

use super::scratch::{Scratch, content, lines, paths};

const VIEWS: [ViewChoice; 2] = [ViewChoice::Index, ViewChoice::Worktree];

fn fill(scratch: &Scratch) {
    for path in ["flake.nix", "a/b/c.nix", "a/d.nix", "z.txt", "lib/default.nix"] {
        scratch.write(path, path);
    }
    scratch.commit();
    scratch.write("a/new.nix", "new");
    scratch.write("lib/new/deep.nix", "new");
    scratch.write("result.log", "no");
}

/// All three views of a repository whose worktree is complete.
fn check_all(scratch: &Scratch, what: &str) {
    scratch.check_entries(what);
    scratch.check_untracked(what);
    let revision = ViewChoice::Revision("HEAD".to_owned());
    let snapshot = scratch.snapshot(&revision);
    let expected = lines(&scratch.git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]));
    assert_eq!(paths(&snapshot), expected, "{what}");
    for view in VIEWS.into_iter().chain([revision]) {
        let snapshot = scratch.snapshot(&view);
        for path in ["flake.nix", "a/b/c.nix", "lib/default.nix"] {
            assert_eq!(content(&snapshot, path), path, "{what}, {view:?}");
        }
        let base = snapshot.read_base(&RepoPath::from("a/d.nix")).map(|file| file.bytes().to_vec());
        let expected = (!matches!(view, ViewChoice::Revision(_))).then(|| b"a/d.nix".to_vec());
        assert_eq!(base, expected, "{what}, {view:?}");
    }
}

#[test]
fn plain_and_every_index_version() {
    for version in ["2", "3", "4"] {
        let scratch = Scratch::new(&[]);
        scratch.git(&["config", "index.version", version]);
        fill(&scratch);
        scratch.git(&["update-index", "--index-version", version]);
        check_all(&scratch, version);
    }
}

#[test]
fn sha256_and_reftable() {
    for options in [&["--object-format=sha256"][..], &["--ref-format=reftable"]] {
        let scratch = Scratch::new(options);
        fill(&scratch);
        check_all(&scratch, options[0]);
    }
}

#[test]
fn split_index_after_changes() {
    let scratch = Scratch::new(&[]);
    fill(&scratch);
    scratch.git(&["-c", "splitIndex.maxPercentChange=100", "update-index", "--split-index"]);
    check_all(&scratch, "split");
    scratch.git(&["config", "core.splitIndex", "true"]);
    scratch.git(&["config", "splitIndex.maxPercentChange", "100"]);
    scratch.git(&["rm", "-q", "--cached", "a/d.nix"]);
    scratch.git(&["add", "a/new.nix"]);
    scratch.write("flake.nix", "changed");
    scratch.git(&["add", "flake.nix"]);
    scratch.check_entries("split, changed");
    scratch.check_untracked("split, changed");
    assert_eq!(content(&scratch.snapshot(&ViewChoice::Index), "flake.nix"), "changed");
}

#[test]
fn sparse_index_is_unfolded() {
    let scratch = Scratch::new(&[]);
    fill(&scratch);
    fs::remove_dir_all(scratch.root.join("lib/new")).expect("it is there");
    scratch.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "a"]);
    scratch.check_entries("sparse");
    scratch.check_untracked("sparse");
    assert_eq!(content(&scratch.snapshot(&ViewChoice::Index), "lib/default.nix"), "lib/default.nix");
    let worktree = scratch.snapshot(&ViewChoice::Worktree);
    assert!(!worktree.has_file(&RepoPath::from("lib/default.nix")));
    assert_eq!(worktree.absence(&RepoPath::from("lib/default.nix")), Absence::LeftOut);
}

#[test]
fn many_files_and_untracked_cache() {
    let scratch = Scratch::new(&[]);
    scratch.git(&["config", "feature.manyFiles", "true"]);
    fill(&scratch);
    scratch.git(&["update-index", "--untracked-cache"]);
    scratch.git(&["status", "--porcelain"]);
    check_all(&scratch, "manyFiles");
}

#[test]
fn configured_programs_are_not_run() {
    let scratch = Scratch::new(&[]);
    fill(&scratch);
    let expected = scratch.untracked_of_git();
    let trap = scratch.root.with_file_name("trap");
    let monitor = format!("touch '{}'; false", trap.display());
    scratch.git(&["config", "core.fsmonitor", &monitor]);
    scratch.git(&["config", "extensions.partialClone", "origin"]);
    for view in VIEWS {
        assert_eq!(scratch.untracked(&view), expected);
        let snapshot = scratch.snapshot(&view);
        assert!(snapshot.read_base(&RepoPath::from("flake.nix")).is_some());
    }
    assert!(!trap.exists());
}

#[test]
fn linked_worktree_submodule_and_bare() {
    let scratch = Scratch::new(&[]);
    fill(&scratch);
    let linked = scratch.root.with_file_name("linked");
    scratch.git(&["worktree", "add", "-q", linked.to_str().expect("ASCII")]);
    fs::write(linked.join("a/other.nix"), "x").expect("it can be written");
    let repository = scratch.repository_at(&linked.join("a"));
    assert_eq!(repository.prefix(), &RepoPath::from("a"));
    assert_eq!(repository.workdir(), Some(linked.as_path()));
    let snapshot = repository.snapshot(&ViewChoice::Worktree).expect("it can be taken");
    assert_eq!(snapshot.untracked_nix_files().expect("it can be listed"), [RepoPath::from("a/other.nix")]);
    assert!(snapshot.read_base(&RepoPath::from("flake.nix")).is_some());

    let url = scratch.root.to_str().expect("ASCII");
    let parent = Scratch::new(&[]);
    parent.write("flake.nix", "x");
    parent.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "sub"]);
    parent.commit();
    parent.write("sub/inner.nix", "x");
    parent.check_untracked("submodule");
    let snapshot = parent.snapshot(&ViewChoice::Worktree);
    let absence = snapshot.absence(&RepoPath::from("sub/flake.nix"));
    assert_eq!(absence, Absence::Submodule(RepoPath::from("sub")));
    let inner = parent.repository_at(&parent.root.join("sub/a"));
    assert_eq!(inner.workdir(), Some(parent.root.join("sub").as_path()));

    let bare = scratch.root.with_file_name("bare.git");
    scratch.git(&["clone", "-q", "--bare", url, bare.to_str().expect("ASCII")]);
    let repository = scratch.repository_at(&bare);
    assert!(repository.is_bare());
    assert!(repository.snapshot(&ViewChoice::Index).is_err());
    let snapshot = repository.snapshot(&ViewChoice::Revision("main".to_owned())).expect("it can be taken");
    assert_eq!(content(&snapshot, "flake.nix"), "flake.nix");
}

#[test]
fn unborn_intent_to_add_and_deleted() {
    let scratch = Scratch::new(&[]);
    scratch.write("a.nix", "a");
    scratch.write("b.nix", "b");
    scratch.write("c.nix", "c");
    scratch.git(&["add", "a.nix"]);
    scratch.git(&["add", "-N", "b.nix"]);
    scratch.check_untracked("unborn");
    let (b, index) = (RepoPath::from("b.nix"), scratch.snapshot(&ViewChoice::Index));
    assert!(!index.has_file(&b));
    assert_eq!(index.absence(&b), Absence::IntentToAdd);
    assert!(index.read_base(&RepoPath::from("a.nix")).is_none());
    fs::remove_file(scratch.root.join("a.nix")).expect("it is there");
    let worktree = scratch.snapshot(&ViewChoice::Worktree);
    assert!(worktree.has_file(&b));
    assert_eq!(worktree.absence(&RepoPath::from("a.nix")), Absence::Deleted);
    assert!(scratch.snapshot(&ViewChoice::Index).has_file(&RepoPath::from("a.nix")));
}

#[test]
fn conflicts_show_our_side_once() {
    let scratch = Scratch::new(&[]);
    scratch.write("flake.nix", "base");
    scratch.commit();
    scratch.git(&["checkout", "-qb", "other"]);
    scratch.write("flake.nix", "theirs");
    scratch.commit();
    scratch.git(&["checkout", "-q", "main"]);
    scratch.write("flake.nix", "ours");
    scratch.commit();
    assert!(!scratch.run(&scratch.root, &["merge", "-q", "other"]).status.success());
    scratch.check_entries("conflict");
    let snapshot = scratch.snapshot(&ViewChoice::Index);
    assert!(snapshot.all_entries().all(|entry| entry.conflicted));
    assert_eq!(content(&snapshot, "flake.nix"), "ours");
}

#[test]
fn edge_cases_of_the_walk() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new(&[]);
    for path in ["real/a.nix", "moved/a.nix", "forced/a.nix", "inner/a.nix"] {
        scratch.write(path, "x");
    }
    scratch.commit();
    // A tracked directory replaced by a link; links; pipes; half repositories; a linked ignore file.
    fs::rename(scratch.root.join("moved"), scratch.root.join("elsewhere")).expect("it can be moved");
    symlink("elsewhere", scratch.root.join("moved")).expect("it can be linked");
    symlink("nowhere", scratch.root.join("dangling.nix")).expect("it can be linked");
    crate::repo::pipe(&scratch.root.join("pipe.nix"));
    scratch.write(".gitignore", "forced/\n");
    scratch.write("forced/b.nix", "x");
    scratch.write("patterns", "*.nix\n");
    symlink("../patterns", scratch.root.join("real/.gitignore")).expect("it can be linked");
    scratch.write("real/b.nix", "x");
    for (directory, file) in [("empty", ".git/x"), ("head", ".git/HEAD"), ("broken", ".git"), ("inner", ".git/HEAD")] {
        scratch.write(&format!("{directory}/{file}"), "ref: refs/heads/main\n");
        scratch.write(&format!("{directory}/n.nix"), "x");
    }
    let nested = scratch.root.join("nested/deep");
    fs::create_dir_all(&nested).expect("it can be made");
    assert!(scratch.run(&nested, &["init", "-q"]).status.success());
    scratch.write("nested/deep/n.nix", "x");
    scratch.write("nested/n.nix", "x");
    scratch.check_untracked("edges");
    let worktree = scratch.snapshot(&ViewChoice::Worktree);
    assert!(!worktree.has_file(&RepoPath::from("moved/a.nix")));
    scratch.git(&["config", "core.ignoreCase", "true"]);
    scratch.write("real/A.NIX", "x");
    scratch.write("REAL/A.nix", "x");
    scratch.write("FORCED/x.nix", "x");
    scratch.check_untracked("ignorecase");
}

#[test]
fn excludes_file_from_every_place() {
    let mut scratch = Scratch::new(&[]);
    fill(&scratch);
    let excludes = scratch.root.with_file_name("excludes");
    fs::write(&excludes, "new.nix\n").expect("it can be written");
    let path = excludes.to_str().expect("ASCII").to_owned();
    scratch.set("GIT_CONFIG_PARAMETERS", &format!("'core.excludesfile'='{path}'"));
    scratch.check_untracked("GIT_CONFIG_PARAMETERS");
    assert_eq!(scratch.untracked(&ViewChoice::Index), ["lib/new/deep.nix"]);
    scratch.set("GIT_CONFIG_PARAMETERS", "");
    scratch.git(&["config", "core.excludesFile", &path]);
    scratch.check_untracked("config");
    let Absence::Ignored(rule) = scratch.snapshot(&ViewChoice::Index).absence(&RepoPath::from("a/new.nix")) else {
        panic!("it is ignored");
    };
    assert_eq!((rule.source.as_str(), rule.line, rule.pattern.as_str()), (path.as_str(), 1, "new.nix"));
}

#[test]
fn the_index_that_the_environment_names() {
    let mut scratch = Scratch::new(&[]);
    fill(&scratch);
    scratch.git(&["add", "a/new.nix"]);
    let other = scratch.root.join(".git/next-index.lock");
    scratch.set("GIT_INDEX_FILE", other.to_str().expect("ASCII"));
    scratch.git(&["read-tree", "HEAD"]);
    scratch.git(&["rm", "-q", "--cached", "z.txt"]);
    scratch.check_entries("GIT_INDEX_FILE");
    // Staged, but not for this commit: not forgotten.
    assert_eq!(scratch.untracked(&ViewChoice::Index), ["lib/new/deep.nix"]);
    assert!(scratch.repository().stage(&[RepoPath::from("lib/new/deep.nix")]).is_err());
}

#[test]
fn staging_is_git_add_and_waits_for_nobody() {
    let scratch = Scratch::new(&[]);
    fill(&scratch);
    let path = RepoPath::from("a/new.nix");
    let lock = scratch.root.join(".git/index.lock");
    fs::write(&lock, "").expect("it can be written");
    assert!(scratch.repository().stage(std::slice::from_ref(&path)).is_err());
    fs::remove_file(lock).expect("it is there");
    scratch.repository().stage(&[path]).expect("it can be staged");
    assert_eq!(lines(&scratch.git(&["diff", "--cached", "--name-only", "-z"])), ["a/new.nix"]);
}

#[test]
fn another_owner_is_refused_unless_trusted() {
    use preflake::git::{Environment, Repository};
    let mut scratch = Scratch::new(&[]);
    scratch.set("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let Err(error) = Repository::discover_with(&scratch.root, Environment::of(scratch.environment())) else {
        panic!("it belongs to somebody else");
    };
    assert!(error.help.is_some_and(|help| help.contains("safe.directory")));
    scratch.set("GIT_CONFIG_PARAMETERS", &format!("'safe.directory'='{}'", scratch.root.display()));
    assert!(scratch.repository().workdir().is_some());
}
