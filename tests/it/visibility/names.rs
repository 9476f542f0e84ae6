//! Names that are hard to read in Nix, and names that promise less than they seem to.

use super::{HEAD, NONE, STAGED, WORKTREE, naming, rules, said};
use crate::repo::Repo;

#[test]
fn names_with_blanks_behind_self() {
    let repo = Repo::new();
    let text =
        "{ outputs = { self }: { a = import \"${self}/my lib/x.nix\"; b = \"${./.}/my lib/run.sh --all\"; }; }\n";
    repo.write("flake.nix", text);
    repo.write("my lib/x.nix", "{ }\n");
    repo.commit_all();
    // Where the blank is taken for the end of a command, its script is what is missing.
    assert_eq!(rules(&repo, WORKTREE), ["missing-path"]);
    repo.edit("flake.nix", "run.sh --all", "run.sh");
    assert_eq!(rules(&repo, WORKTREE), ["missing-path"]);
    repo.write("my lib/run.sh", "");
    assert!(said(&repo, WORKTREE).contains("run `git add 'my lib/run.sh'`"), "{}", said(&repo, WORKTREE));
    repo.git(&["add", "my lib"]);
    assert_eq!(rules(&repo, WORKTREE), NONE);
    repo.git(&["rm", "-q", "--cached", "my lib/x.nix"]);
    assert!(said(&repo, WORKTREE).contains("`my lib/x.nix` is not tracked"));
}

/// What a shell would take for two words is the name of a file that is there, and a full stop ends a sentence.
#[test]
fn names_in_running_text() {
    let repo = Repo::new();
    let text = "{ outputs = { self }: { a = ''cp ${self}/m/a b.nix $out''; b = \"cp ${./.}/m/a b.nix x\"; \
                c = \"See ${self}/m/notes. Or ${./m}/notes.\"; }; }\n";
    repo.write("flake.nix", text);
    repo.write("m/a b.nix", "{ }\n");
    repo.write("m/notes", "");
    repo.commit_all();
    for view in [WORKTREE, STAGED, HEAD] {
        assert_eq!(rules(&repo, view), NONE);
    }
    repo.git(&["rm", "-q", "--cached", "m/a b.nix"]);
    assert!(said(&repo, WORKTREE).contains("`m/a b.nix` is not tracked"), "{}", said(&repo, WORKTREE));
}

#[test]
fn names_that_no_path_literal_can_have() {
    let repo = Repo::new();
    let text = "{ outputs = { self }: { a = \"${self}/données/[x].txt\"; b = ''cat ${./.}/a/{b,c}; ${self}/é''; }; }\n";
    repo.write("flake.nix", text);
    repo.write("a/b", "");
    repo.commit_all();
    assert_eq!(rules(&repo, WORKTREE), NONE, "nobody can tell what the shell makes of it");
    repo.write("données/[x].txt", "");
    assert!(said(&repo, WORKTREE).contains("[x].txt` is not tracked"), "{}", said(&repo, WORKTREE));
    assert_eq!(repo.preflake(&["fix", "untracked-reference"]).status, 0);
    assert_eq!(repo.git(&["-c", "core.quotePath=false", "ls-files", "données"]), "données/[x].txt\n");
    assert_eq!(rules(&repo, WORKTREE), NONE);
}

#[test]
fn an_imported_directory_whose_default_is_ignored() {
    let repo = naming(&["./d"]);
    repo.write(".gitignore", "default.nix\n");
    repo.write("d/default.nix", "{ }\n");
    repo.write("d/other.nix", "{ }\n");
    assert!(said(&repo, WORKTREE).contains("`d/default.nix` is ignored by git"), "{}", said(&repo, WORKTREE));
    repo.write(".gitignore", "");
    assert!(said(&repo, WORKTREE).contains("run `git add d`"), "{}", said(&repo, WORKTREE));
}

#[test]
fn a_function_of_the_file_that_asks_whether_its_argument_exists() {
    let asking = [
        ("opt = path: lib.optional (builtins.pathExists path) path", "opt ./local.nix"),
        ("opt = path: if lib.pathExists path then [ (import path) ] else [ ]", "opt ./local.nix"),
        ("opt = default: (path: if !builtins.pathExists path then default else path)", "[ (opt { } ./local.nix) ]"),
        ("opt = p: lib.optional (builtins.pathExists p) p", "lib.concatMap opt [ ./local.nix ]"),
    ];
    let deaf = [
        ("opt = path: [ path ]; x = path: builtins.pathExists path", "opt ./local.nix"),
        ("opt = path: if builtins.pathExists ./x then [ ] else [ path ]", "opt ./local.nix"),
    ];
    for (wanted, cases) in [(0, &asking[..]), (1, &deaf[..])] {
        for (function, use_) in cases {
            let repo = Repo::new();
            let text = format!("{{ outputs = {{ lib, ... }}: let {function}; in {{ imports = {use_}; }}; }}\n");
            repo.write("flake.nix", &text);
            repo.write(".gitignore", "local.nix\n");
            repo.commit_all();
            repo.write("local.nix", "{ }\n");
            let found = rules(&repo, WORKTREE);
            let found = found.iter().filter(|rule| *rule == "untracked-reference").count();
            assert_eq!(found, wanted, "{function}: {use_}");
        }
    }
}

#[test]
fn what_lies_in_the_git_directory_is_nothing_to_add() {
    let repo = naming(&["./.git/HEAD"]);
    assert_eq!(rules(&repo, WORKTREE), ["missing-import"]);
    assert!(said(&repo, WORKTREE).contains("use `self.rev`"), "{}", said(&repo, WORKTREE));
}

/// The flake names `m/x.nix`, which the commit forgets, in ways that no token shows.
#[test]
fn paths_that_are_put_together() {
    let expressions = [
        r#"let d = ./m; in import (d + "/x.nix")"#,
        r#"let d = self + "/m"; in import "${d}/x.nix""#,
        r#"let root = ./.; m = root + "/m"; in { imports = [ (m + "/x.nix") ]; }"#,
        r#"import (./m + "/x" + ".nix")"#,
        r#"import ./m/${"x"}.nix"#,
        r#"import "${toString ./.}/m/x.nix""#,
        r#"import (toString ./m + "/x.nix")"#,
        r#"map (n: import (./m + "/" + n + ".nix")) [ "x" ]"#,
    ];
    for expression in expressions {
        let repo = Repo::new();
        repo.write("flake.nix", &format!("{{ outputs = {{ self }}: {expression}; }}\n"));
        repo.write("m/y.nix", "{ }\n");
        repo.commit_all();
        assert_eq!(rules(&repo, WORKTREE), ["missing-import"], "{expression}");
        repo.write("m/x.nix", "{ }\n");
        assert_eq!(rules(&repo, WORKTREE), ["untracked-reference"], "{expression}");
        assert!(said(&repo, WORKTREE).contains("run `git add m/x.nix`"), "{expression}");
        repo.git(&["add", "m"]);
        assert_eq!(rules(&repo, WORKTREE), NONE, "{expression}");
    }
}

#[test]
fn what_is_put_together_of_unknown_pieces_is_silent() {
    for expression in [
        r#"let d = ./m; in d: import (d + "/x.nix")"#,
        r#"let d = ./m; in if builtins.pathExists (d + "/x.nix") then import (d + "/x.nix") else { }"#,
        r#"let d = ./m; in n: import (d + "/${n}.nix")"#,
        r#"n: import (./m + "/x" + n)"#,
        r#"let f = x: x; in import (f "${toString ./.}/m/x.nix")"#,
        r#"{ path = "${toString ./.}/m/x.nix"; }"#,
        r#"import (dir: dir + "/x.nix") ./m"#,
    ] {
        let repo = Repo::new();
        repo.write("flake.nix", &format!("{{ outputs = {{ self }}: {expression}; }}\n"));
        repo.write("m/y.nix", "{ }\n");
        repo.commit_all();
        assert_eq!(rules(&repo, WORKTREE), NONE, "{expression}");
    }
}

#[test]
fn names_with_apostrophes_and_brackets_behind_self() {
    for name in ["it's/x.nix", "[z]/x.nix", "é/x.nix", "a b/x.nix"] {
        let repo = Repo::new();
        repo.write("flake.nix", &format!("{{ outputs = {{ self }}: {{ imports = [ \"${{self}}/{name}\" ]; }}; }}\n"));
        repo.commit_all();
        assert_eq!(rules(&repo, WORKTREE), ["missing-import"], "{name}");
        assert!(said(&repo, WORKTREE).contains(&format!("imported `{name}` does not exist")), "{name}");
        repo.write(name, "{ }\n");
        assert_eq!(rules(&repo, WORKTREE), ["untracked-reference"], "{name}");
        repo.git(&["add", "--all"]);
        assert_eq!(rules(&repo, WORKTREE), NONE, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_nix_build_left() {
    let repo = naming(&["./result", "./result-lib/x.nix"]);
    assert_eq!(rules(&repo, HEAD), ["missing-import", "missing-import"]);
    repo.write(".gitignore", "result*\n");
    let store = tempfile::tempdir().expect("a directory");
    std::fs::write(store.path().join("x.nix"), "{ }\n").expect("ours");
    for link in ["result", "result-lib"] {
        std::os::unix::fs::symlink(store.path(), repo.path().join(link)).expect("a link");
    }
    for view in [WORKTREE, STAGED] {
        let told = said(&repo, view);
        assert!(told.contains("`result` is ignored by git"), "{told}");
        assert!(told.contains("does not see what `nix build` left behind"), "{told}");
    }
}

/// What such a path leads to is part of the flake, and a commit that begins to use it answers for it.
#[test]
fn files_behind_paths_that_are_put_together() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: let root = ./.; in { x = import (root + \"/m/y.nix\"); }; }\n");
    repo.write("m/x.nix", "{ imports = [ ./gone.nix ]; }\n");
    repo.write("m/y.nix", "{ }\n");
    repo.commit_all();
    let expected = "m/x.nix:1:15: warning[missing-import] imported `m/gone.nix` does not exist\n";
    assert_eq!(repo.preflake(&["check", "--format", "concise", "--worktree"]).stdout, expected);
    repo.edit("flake.nix", "y.nix", "x.nix");
    repo.git(&["add", "flake.nix"]);
    let expected = expected.replace("warning", "error");
    for view in ["--staged", "--worktree"] {
        assert_eq!(repo.preflake(&["check", "--format", "concise", view]).stdout, expected, "{view}");
    }
    repo.commit_all();
    repo.edit("flake.nix", "{ x =", "{ z = 1; x =");
    repo.git(&["add", "flake.nix"]);
    assert_eq!(rules(&repo, STAGED), NONE, "it was broken before");
}

#[cfg(unix)]
#[test]
fn a_directory_that_is_a_link_in_other_case() {
    let repo = naming(&["./Link/x.nix"]);
    repo.write("d/x.nix", "{ }\n");
    std::os::unix::fs::symlink("d", repo.path().join("link")).expect("a link");
    repo.commit_all();
    for view in [WORKTREE, STAGED, HEAD] {
        assert_eq!(rules(&repo, view), ["path-case"], "{view:?}");
    }
    assert!(said(&repo, WORKTREE).contains("`Link/x.nix` does not exist, but `link/x.nix` does"));
}
