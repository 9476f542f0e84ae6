//! First contact: where there is nothing to judge, or something in the way, a line says what and a line says what to do.

use crate::repo::{Repo, Run, run};

/// What was wrong, and what to do: exactly two lines, and nothing else.
fn complaint(run: &Run) -> (String, String) {
    let lines: Vec<&str> = run.stderr.lines().collect();
    let [wrong, help] = lines[..] else { panic!("{:?} {:?}", run.stdout, run.stderr) };
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    let wrong = wrong.strip_prefix("preflake: ").expect("our name is in front");
    (wrong.to_owned(), help.strip_prefix("  help: ").expect("help is below").to_owned())
}

#[test]
fn without_git_or_flake() {
    let dir = tempfile::tempdir().expect("a place for files");
    let checked = run(dir.path(), &[]);
    assert_eq!((checked.status, checked.stderr.as_str()), (0, "preflake: no flake.nix here, nothing to check\n"));
    for arguments in [&["--staged"][..], &["--rev", "HEAD"], &["install"]] {
        assert_eq!(complaint(&run(dir.path(), arguments)).0, "not in a git repository", "{arguments:?}");
    }
    assert_eq!(complaint(&run(dir.path(), &["graph"])).0, "no flake.nix here, nothing to draw");
}

#[test]
fn a_path_leads_to_the_flake_where_there_is_no_repository_around() {
    let dir = tempfile::tempdir().expect("a place for files");
    let flake = dir.path().join("flake");
    std::fs::create_dir_all(flake.join("hosts")).expect("a directory");
    std::fs::write(flake.join("flake.nix"), "{ outputs = _: missing; }\n").expect("a file");
    for path in ["flake", "flake/hosts", "flake/flake.nix"] {
        let checked = run(dir.path(), &["--format", "concise", path]);
        assert_eq!(checked.status, 1, "{path}: {} {}", checked.stdout, checked.stderr);
        assert!(checked.stdout.starts_with("flake.nix:1:"), "{}", checked.stdout);
    }
    let repo = Repo::new();
    repo.write("a/flake.nix", "{ outputs = _: missing; }\n");
    repo.commit_all();
    let path = repo.path().join("a");
    let path = path.to_str().expect("a path of letters");
    assert_eq!(run(dir.path(), &["--staged", path]).status, 1, "the repository's index is judged");
    assert_eq!(run(dir.path(), &["graph", path]).status, 0);
    let (wrong, help) = complaint(&repo.preflake(&[dir.path().to_str().expect("a path of letters")]));
    assert!(wrong.contains("lies outside of the repository "), "{wrong}");
    assert_eq!(help, "run preflake there");
}

#[test]
fn a_flake_that_git_does_not_track_is_named() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    let run = repo.preflake(&[]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stdout.contains("`git add flake.nix`"), "{}", run.stdout);
    assert!(complaint(&repo.preflake(&["graph"])).1.contains("`git add flake.nix`"));
}

#[test]
fn mistyped_commands_rules_and_revisions() {
    let repo = Repo::new();
    for (arguments, wanted) in [
        (&["chekc"][..], "did you mean the command `check`?"),
        (&["explain", "stale-lok"], "did you mean `stale-lock`? See `preflake rules`"),
        (&["man", "grahp"], "did you mean `graph`?"),
        (&["--rev", "HEAD"], "make the first commit"),
        (&["hosts/nowhere"], "name a file or directory that is there; `preflake --help` lists the commands"),
        (&["--rev", "nowhere"], "name a branch, a tag or a commit: `git log --oneline`"),
    ] {
        assert_eq!(complaint(&repo.preflake(arguments)).1, wanted, "{arguments:?}");
    }
}

#[test]
fn a_configuration_that_cannot_be_used_is_not_passed_over() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.git(&["add", "flake.nix"]);
    let said = || repo.preflake(&[]).stderr;
    repo.write("preflake.toml", "[rules\n");
    assert!(said().starts_with("preflake: preflake.toml:1: "), "{}", said());
    let help = complaint(&repo.preflake(&[])).1;
    assert!(help.ends_with("/docs/guide/configuring.md has every setting"), "{help}");
    let path = repo.path().join("preflake.toml");
    std::fs::write(&path, b"# \xff\n").expect("a file");
    assert!(said().starts_with("preflake: preflake.toml is not UTF-8"), "{}", said());
    repo.git(&["add", "preflake.toml"]);
    assert!(said().starts_with("preflake: preflake.toml is not UTF-8"), "{}", said());
    repo.git(&["rm", "-q", "--cached", "preflake.toml"]);
    std::fs::remove_file(&path).expect("it is there");
    std::fs::create_dir(&path).expect("a directory");
    assert!(said().starts_with("preflake: cannot read preflake.toml: "), "{}", said());
}

#[test]
fn what_git_has_lost_is_named() {
    for (object, view) in [
        ("HEAD:a.nix", &["--rev", "HEAD"][..]),
        (":a.nix", &["--staged"]),
        ("HEAD:flake.nix", &["--rev", "main"]),
        ("HEAD^{tree}", &["--rev", "main"]),
        ("HEAD", &["--rev", "main"]),
    ] {
        let repo = Repo::new();
        repo.write("flake.nix", "{ outputs = _: import ./a.nix; }\n");
        repo.write("a.nix", "import ./nowhere.nix\n");
        repo.commit_all();
        for file in ["flake.nix", "a.nix"] {
            repo.write(file, "{ outputs = _: { }; } # on disk\n");
        }
        let id = repo.git(&["rev-parse", object]);
        let path = repo.path().join(".git/objects").join(&id[..2]).join(id[2..].trim());
        std::fs::remove_file(&path).expect("it is there");
        std::fs::write(&path, "nothing").expect("a file");
        let (wrong, help) = complaint(&repo.preflake(view));
        assert!(wrong.contains(&format!("the object {} is damaged", id.trim())), "{object}: {wrong}");
        assert!(help.contains("`git fsck`"), "{object}: {help}");
        std::fs::remove_file(&path).expect("it is there");
        let (wrong, help) = complaint(&repo.preflake(view));
        let is_commit = object == "HEAD";
        assert!(is_commit || wrong.contains("the object is missing"), "{object}: {wrong}");
        assert!(is_commit || help.contains("partial clone"), "{object}: {help}");
    }
}

#[cfg(unix)]
mod permissions {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::path::Path;
    use std::process::Command;

    use super::complaint;
    use crate::repo::{Repo, Run, hermetic};

    const NOBODY: u32 = 65_534;

    fn allow(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    fn is_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    /// Runs preflake as somebody whom permissions bind: root becomes nobody. `None` where root cannot.
    fn preflake(repo: &Repo, home: &Path, arguments: &[&str]) -> Option<Run> {
        let program = repo.path().join(".git/preflake");
        // A copy made by this process is "busy" as long as another test starts a program while it is being written.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_preflake")).arg(&program).status().ok()?;
        assert!(copied.success(), "cp");
        let mut command = if is_root() {
            let mut command = hermetic("setpriv", repo.path());
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
            command
        } else {
            hermetic(&program.to_string_lossy(), repo.path())
        };
        let output = command.args(arguments).env("HOME", home).env_remove("GIT_CONFIG_GLOBAL").output().ok()?;
        Some(Run {
            status: output.status.code()?,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn repo() -> Repo {
        let repo = Repo::new();
        repo.write("flake.nix", "{ outputs = _: { }; }\n");
        repo.write("a.nix", "{ }\n");
        repo.git(&["add", "flake.nix", "a.nix"]);
        repo.write("preflake.toml", "");
        allow(repo.path(), 0o755);
        if is_root() {
            let list = Command::new("find").arg(repo.path()).output().expect("find is installed");
            for path in String::from_utf8_lossy(&list.stdout).lines() {
                chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
        repo
    }

    #[test]
    fn what_may_not_be_read_is_named() {
        for path in ["flake.nix", "a.nix", "preflake.toml", ".git/HEAD", ".git/config", ".git/index"] {
            let repo = repo();
            allow(&repo.path().join(path), 0o000);
            let Some(run) = preflake(&repo, repo.path(), &[]) else { return };
            let (wrong, help) = complaint(&run);
            assert!(wrong.contains(path) && wrong.contains("ermission denied"), "{path}: {wrong}");
            assert!(help.contains("`ls -ld`"), "{path}: {help}");
        }
    }

    /// git and libgit2 say of such an object that it is missing.
    #[test]
    fn an_object_that_may_not_be_read_is_named() {
        let cases = [
            ("HEAD^{tree}", &["--rev", "HEAD"][..]),
            (":flake.nix", &["--staged"]),
            (":a.nix", &["--staged"]),
            ("HEAD:a.nix", &["--rev", "HEAD"]),
        ];
        for (object, view) in cases {
            let repo = repo();
            repo.git(&["-c", "safe.directory=*", "commit", "-qm", "x"]);
            for file in ["flake.nix", "a.nix"] {
                repo.write(file, "{ outputs = _: { }; } # on disk\n");
            }
            let id = repo.git(&["-c", "safe.directory=*", "rev-parse", object]);
            let path = format!(".git/objects/{}/{}", &id[..2], id[2..].trim());
            if is_root() {
                chown(repo.path().join(&path), Some(0), Some(0)).expect("root may");
            }
            allow(&repo.path().join(&path), 0o000);
            let Some(run) = preflake(&repo, repo.path(), view) else { return };
            let (wrong, _) = complaint(&run);
            assert!(wrong.contains(&format!("{path}: Permission denied")), "{object}: {wrong}");
        }
    }

    /// Nobody knows what is in such a directory: least of all that it is gone.
    #[test]
    fn a_directory_that_may_not_be_read_is_named() {
        for mode in [0o000, 0o444, 0o311] {
            let repo = repo();
            repo.write("flake.nix", "{ outputs = _: import ./sub/x.nix; }\n");
            repo.write("sub/x.nix", "import ./y.nix\n");
            repo.write("sub/y.nix", "{ }\n");
            repo.git(&["-c", "safe.directory=*", "add", "--all"]);
            allow(&repo.path().join("sub"), mode);
            let run = preflake(&repo, repo.path(), &["--worktree"]);
            allow(&repo.path().join("sub"), 0o755);
            let Some(run) = run else { return };
            if mode == 0o311 {
                // It may not be listed, but what is in it can be opened.
                assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
                continue;
            }
            let (wrong, help) = complaint(&run);
            assert!(wrong.contains("sub/x.nix") && wrong.contains("ermission denied"), "{mode:o}: {wrong}");
            assert!(help.contains("`ls -ld`"), "{mode:o}: {help}");
        }
    }

    #[test]
    fn a_home_that_may_not_be_read_is_no_obstacle() {
        let repo = repo();
        let home = repo.path().join("home");
        std::fs::create_dir(&home).expect("a directory");
        std::fs::write(home.join(".gitconfig"), "[core]\n").expect("a file");
        allow(&home, 0o000);
        let run = preflake(&repo, &home, &[]);
        allow(&home, 0o755);
        if let Some(run) = run {
            assert_eq!(run.status, 0, "{}", run.stderr);
        }
    }
}
