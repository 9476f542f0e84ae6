//! git lets a repository's configuration and attributes name programs. None of them is ever run.

use std::fs;
use std::path::Path;

use super::{FLAKE, bounded};
use crate::repo::{Repo, hermetic};

/// Every setting that makes git start something, by a script that leaves a trace.
const SETTINGS: &[&str] = &[
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "core.gitProxy",
    "core.askPass",
    "core.alternateRefsCommand",
    "pager.cat-file",
    "pager.ls-tree",
    "pager.rev-parse",
    "pager.add",
    "diff.external",
    "diff.trap.command",
    "diff.trap.textconv",
    "filter.trap.smudge",
    "filter.trap.process",
    "merge.trap.driver",
    "credential.helper",
    "gpg.program",
    "sequence.editor",
    "uploadpack.packObjectsHook",
    "remote.origin.vcs",
    "remote.origin.proxy",
    "alias.rev-parse",
    "alias.cat-file",
    "alias.ls-tree",
    "include.path",
];

/// A repository full of traps, and the file that each of them writes.
fn trapped(options: &[&str]) -> (Repo, std::path::PathBuf) {
    let repo = Repo::new();
    fs::remove_dir_all(repo.path().join(".git")).expect("it is there");
    repo.git(&[&["init", "-q", "-b", "main"], options].concat());
    repo.write("flake.nix", FLAKE);
    repo.write("a/b.nix", "{ }\n");
    repo.write(".gitattributes", "* diff=trap merge=trap filter=trap\n");
    repo.commit_all();
    let trace = repo.path().join(".git/trace");
    let script = repo.write(".git/trap", &format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\nexit 1\n", trace.display()));
    executable(&script);
    for hook in ["pre-commit", "post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"] {
        fs::create_dir_all(repo.path().join(".git/hooks")).expect("a directory");
        let path = repo.path().join(".git/hooks").join(hook);
        fs::copy(&script, &path).expect("a file");
        executable(&path);
    }
    let shown = script.to_str().expect("a path");
    for name in SETTINGS {
        let value = if name.starts_with("alias.") { format!("!{shown}") } else { shown.to_owned() };
        let value =
            if *name == "include.path" { repo.write(".git/more", "[core]\n").display().to_string() } else { value };
        repo.git(&["-c", "core.fsmonitor=false", "-c", "core.pager=cat", "config", "--local", name, &value]);
    }
    repo.git(&["-c", "core.fsmonitor=false", "config", "--local", "remote.origin.url", &format!("ext::{shown}")]);
    repo.git(&["-c", "core.fsmonitor=false", "config", "--local", "remote.origin.promisor", "true"]);
    let _ = fs::remove_file(&trace);
    (repo, trace)
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("ours");
}

#[test]
fn no_program_of_a_repository_is_run() {
    for options in [&[][..], &["--object-format=sha256"], &["--ref-format=reftable"]] {
        let (repo, trace) = trapped(options);
        repo.write("new.nix", "{ }\n");
        repo.write("flake.nix", "{ outputs = _: import ./gone.nix; }\n");
        for arguments in [
            &["check"][..],
            &["check", "--staged"],
            &["check", "--rev", "HEAD"],
            &["check", "--rev", "HEAD~0"],
            &["check", "--rev", "0123456789012345678901234567890123456789"],
            &["check", "--fix"],
            &["fix", "--diff", "missing-follows"],
            &["hook", "pre-commit"],
        ] {
            bounded(repo.path(), arguments);
            let ran = fs::read_to_string(&trace).unwrap_or_default();
            assert!(ran.is_empty(), "{options:?} {arguments:?} ran {ran}");
        }
        // Only staging, which is asked for by name, is git's own work; even then no hook and no monitor runs.
        repo.git(&["-c", "core.fsmonitor=false", "config", "--local", "--unset", "filter.trap.process"]);
        assert_eq!(bounded(repo.path(), &["fix", "untracked-nix-file"]).status, 0);
        let ran = fs::read_to_string(&trace).unwrap_or_default();
        assert!(ran.is_empty(), "{options:?}: staging ran {ran}");
    }
}

/// A missing object is not fetched, whatever the remote is.
#[test]
fn nothing_is_fetched() {
    for options in [&[][..], &["--ref-format=reftable"]] {
        let (repo, trace) = trapped(options);
        repo.git(&["-c", "core.fsmonitor=false", "config", "--local", "extensions.partialClone", "origin"]);
        repo.git(&["-c", "core.fsmonitor=false", "config", "--local", "protocol.allow", "always"]);
        let id = repo.git(&["-c", "core.fsmonitor=false", "rev-parse", ":a/b.nix"]);
        let id = id.trim();
        fs::remove_file(repo.path().join(".git/objects").join(&id[..2]).join(&id[2..])).expect("it is loose");
        let _ = fs::remove_file(&trace);
        for arguments in [&["check", "--staged"][..], &["check", "--rev", "HEAD"]] {
            bounded(repo.path(), arguments);
            let ran = fs::read_to_string(&trace).unwrap_or_default();
            assert!(ran.is_empty(), "{options:?} {arguments:?} ran {ran}");
        }
    }
}

/// Where there is no git at all, what needs none works.
#[test]
fn without_git_on_the_path() {
    let repo = Repo::new();
    repo.write("flake.nix", FLAKE);
    repo.commit_all();
    for arguments in [
        &["check"][..],
        &["check", "--staged"],
        &["check", "--rev", "HEAD"],
        &["check", "--rev", "main"],
        &["check", "--rev", "main...HEAD"],
        &["check", "--since", "main^{commit}"],
    ] {
        let mut command = hermetic(env!("CARGO_BIN_EXE_preflake"), repo.path());
        let output = command.env("PATH", "/nowhere").args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
