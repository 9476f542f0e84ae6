//! Things that are no files under the names of files, and links that leave the tree.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::{FLAKE, bounded, repo};
use crate::repo::Repo;

const NAMES: [&str; 8] =
    ["flake.nix", "flake.lock", "x.nix", "preflake.toml", ".gitignore", ".gitattributes", "sub/flake.nix", "sub/x.nix"];

/// A repository in which each of these names is a tracked file.
fn tracked() -> Repo {
    let repo = repo("{ outputs = _: { modules = [ ./x.nix ./sub ]; }; }\n");
    for name in ["x.nix", "sub/x.nix", ".gitignore", ".gitattributes", "preflake.toml"] {
        repo.write(name, if Path::new(name).extension().is_some_and(|end| end == "nix") { "{ }\n" } else { "" });
    }
    repo.write("sub/flake.nix", FLAKE);
    repo.write("sub/default.nix", "{ }\n");
    repo.write("flake.lock", "{\n  \"nodes\": {\n    \"root\": {}\n  },\n  \"root\": \"root\",\n  \"version\": 7\n}\n");
    repo.commit_all();
    repo
}

/// Every view, with something odd in the place of one file after another, which is tracked or is not.
fn in_every_place(what: &str, make: &dyn Fn(&Path)) {
    for name in NAMES {
        for is_tracked in [true, false] {
            let repo = tracked();
            let path = repo.path().join(name);
            if !is_tracked {
                // Before the odd thing is there: git itself may wait for it.
                repo.git(&["rm", "-q", "--cached", "--", name]);
            }
            fs::remove_file(&path).expect("it is there");
            make(&path);
            for view in [&["--worktree"][..], &["--staged"], &["--rev", "HEAD"]] {
                let run = bounded(repo.path(), &[&["check", "--format", "concise"], view].concat());
                if is_tracked && view[0] != "--worktree" {
                    let found = (run.status, run.stdout.as_str());
                    assert_eq!(found, (0, ""), "{what} as {name}, {view:?}: {}", run.stderr);
                }
            }
            bounded(repo.path(), &["fix"]);
            fs::remove_dir_all(repo.path().join(".git")).expect("it is there");
            bounded(repo.path(), &["check", "--format", "concise"]);
        }
    }
}

#[test]
fn pipes() {
    in_every_place("a pipe", &crate::repo::pipe);
}

#[test]
fn directories_and_sockets() {
    in_every_place("a directory", &|path| fs::create_dir(path).expect("a directory"));
    in_every_place("a socket", &|path| drop(UnixListener::bind(path).expect("a socket")));
}

#[test]
fn links_to_devices_and_nowhere() {
    for target in ["/dev/zero", "/dev/stdin", "nowhere", ".", "..", "/", "x.nix"] {
        in_every_place(target, &|path| symlink(target, path).expect("a link"));
    }
}

/// A secret outside is neither read nor shown.
#[test]
fn links_that_leave_the_tree() {
    let outside = tempfile::tempdir().expect("a place for files");
    let secret = outside.path().join("secret");
    fs::write(&secret, "{ outputs = _: hunter2; } # preflake: ignore[hunter2]\n").expect("a file");
    in_every_place("a link outside", &|path| symlink(&secret, path).expect("a link"));
    for name in NAMES {
        let repo = tracked();
        fs::remove_file(repo.path().join(name)).expect("it is there");
        symlink(&secret, repo.path().join(name)).expect("a link");
        for staged in [false, true] {
            if staged {
                repo.git(&["add", "--all"]);
            }
            let run = bounded(repo.path(), &["check", "--format", "json"]);
            assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"), "{name}: {}", run.stdout);
        }
    }
}

#[test]
fn directories_that_are_links() {
    let outside = tempfile::tempdir().expect("a place for files");
    fs::write(outside.path().join("flake.nix"), "{ outputs = _: hunter2; }\n").expect("a file");
    fs::write(outside.path().join("x.nix"), "hunter2").expect("a file");
    let repo = tracked();
    fs::remove_dir_all(repo.path().join("sub")).expect("it is there");
    symlink(outside.path(), repo.path().join("sub")).expect("a link");
    for arguments in [&["check", "--format", "json"][..], &["check", "--format", "json", "--staged"], &["fix"]] {
        let run = bounded(repo.path(), arguments);
        assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    }
    assert_eq!(fs::read_to_string(outside.path().join("x.nix")).expect("a file"), "hunter2");
    let inner = repo.path().join("loop");
    symlink(".", &inner).expect("a link");
    symlink("loop/loop/loop", repo.path().join("again")).expect("a link");
    repo.write("y.nix", "import ./loop/again/loop/nowhere.nix\n");
    repo.git(&["add", "--all"]);
    bounded(repo.path(), &["check", "--format", "concise"]);
    let names: Vec<String> = (0..20).map(|number| format!("l{number}")).collect();
    for name in &names {
        symlink(".", repo.path().join(name)).expect("a link");
    }
    let paths: Vec<String> = names.iter().map(|name| format!("./{name}/z.nix")).collect();
    repo.write("z.nix", &format!("{{ imports = [ {} ./nowhere.nix ]; }}\n", paths.join(" ")));
    repo.write("flake.nix", "{ outputs = _: { modules = [ ./z.nix ]; }; }\n");
    repo.git(&["add", "--all"]);
    let run = bounded(repo.path(), &["check", "--format", "concise"]);
    assert!(run.stdout.contains("z.nix:1:"), "{} {}", run.stdout, run.stderr);
}

/// git's own files may be anything too.
#[test]
fn things_inside_the_git_directory() {
    let repo = tracked();
    for name in ["index", "HEAD", "config", "info/exclude", "packed-refs", "commondir", "objects", "refs"] {
        let git = repo.path().join(".git");
        let (path, aside) = (git.join(name), git.join("aside"));
        let there = fs::rename(&path, &aside).is_ok();
        crate::repo::pipe(&path);
        for view in [&["--worktree"][..], &["--staged"], &["--rev", "HEAD"]] {
            if name != "packed-refs" && name != "commondir" || view[0] != "--rev" {
                bounded(repo.path(), &[&["check", "--format", "concise"], view].concat());
            }
        }
        fs::remove_file(&path).expect("it is there");
        if there {
            fs::rename(&aside, &path).expect("it is there");
        }
    }
}
