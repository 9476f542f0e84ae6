//! What a check of a commit that is being made looks at: what the commit can have broken.

use crate::repo::Repo;

/// A flake in which one file names what was never there, and one what is.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { modules = [ ./old.nix ./good.nix ]; }; }\n");
    repo.write("old.nix", "{ imports = [ ./gone.nix ]; }\n");
    repo.write("good.nix", "{ imports = [ ./part.nix ]; }\n");
    repo.write("part.nix", "{ }\n");
    repo.commit_all();
    repo
}

const OLD: &str = "missing-import old.nix:1";

#[test]
fn by_hand_everything_is_looked_at() {
    let repo = repo();
    assert_eq!(repo.findings(&[]), [OLD]);
    assert_eq!(repo.findings(&["--rev", "HEAD"]), [OLD]);
    assert_eq!(repo.findings(&["--staged"]), [OLD], "nothing is staged: nobody is about to commit");
}

#[test]
fn what_was_broken_before_is_not_this_commits() {
    let repo = repo();
    repo.write("part.nix", "{ a = 1; }\n");
    repo.git(&["add", "part.nix"]);
    assert_eq!(repo.findings(&["--staged"]), [""; 0]);
    assert_eq!(repo.findings(&[]), [OLD]);
}

#[test]
fn what_a_changed_file_names_is_looked_for() {
    let repo = repo();
    repo.write("good.nix", "{ imports = [ ./part.nix ./new ]; }\n");
    repo.write("new/default.nix", "{ }\n");
    repo.git(&["add", "good.nix"]);
    assert_eq!(
        repo.findings(&["--staged"]),
        ["untracked-reference good.nix:1", "untracked-nix-file new/default.nix:1"]
    );
    repo.git(&["add", "new"]);
    assert_eq!(repo.findings(&["--staged"]), [""; 0]);
}

#[test]
fn what_the_commit_removes_may_be_named_anywhere() {
    let repo = repo();
    repo.git(&["rm", "-q", "part.nix"]);
    assert_eq!(repo.findings(&["--staged"]), ["missing-import good.nix:1", OLD]);
    let repo = self::repo();
    repo.git(&["mv", "part.nix", "moved.nix"]);
    assert_eq!(repo.findings(&["--staged"]), ["missing-import good.nix:1", OLD]);
}

#[test]
fn a_first_commit_is_looked_at_as_a_whole() {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { modules = [ ./gone.nix ]; }; }\n");
    repo.git(&["add", "--all"]);
    assert_eq!(repo.findings(&["--staged"]), ["missing-import flake.nix:1"]);
}

/// A tree of modules that is imported as a whole, where a new one is named nowhere.
#[test]
fn a_module_that_nobody_names_is_found() {
    let repo = Repo::new();
    repo.write(
        "flake.nix",
        "{ outputs = inputs: inputs.flake-parts.lib.mkFlake { } (inputs.import-tree ./modules); }\n",
    );
    repo.write("modules/a.nix", "{ }\n");
    repo.commit_all();
    repo.write("modules/foo.nix", "{ }\n");
    for view in [[].as_slice(), &["--staged"]] {
        let found = repo.findings(view);
        assert!(found.contains(&"untracked-nix-file modules/foo.nix:1".to_owned()), "{view:?}: {found:?}");
    }
}

/// Whether an input is used may be said by any file. Of a commit that leaves flake.nix alone, only those that it changes
/// can have been the last to use one.
#[test]
fn the_last_use_of_an_input_goes_with_the_commit_that_drops_it() {
    let repo = Repo::new();
    let inputs = r#"a.url = "github:o/a"; b.url = "github:o/b"; c.url = "github:o/c";"#;
    repo.write("flake.nix", &format!("{{ inputs = {{ {inputs} }}; outputs = inputs: import ./x.nix inputs; }}\n"));
    repo.write("x.nix", "inputs: { inherit (inputs) a; y = import ./y.nix inputs; }\n");
    repo.write("y.nix", "inputs: inputs.b\n");
    repo.commit_all();
    let found = |view: &[&str]| repo.findings(&[view, &["--select", "unused-input"]].concat()).len();
    assert_eq!(found(&[]), 1, "nothing uses `c`");

    repo.write("x.nix", "inputs: { inherit (inputs) a; y = import ./y.nix inputs; z = 1; }\n");
    repo.git(&["add", "x.nix"]);
    assert_eq!((found(&["--staged"]), found(&[])), (0, 1), "what was unused before is not this commit's");
    repo.write("y.nix", "inputs: 1\n");
    repo.git(&["add", "y.nix"]);
    assert_eq!((found(&["--staged"]), found(&[])), (1, 2), "`b` has lost its use");
    repo.git(&["rm", "-q", "-f", "y.nix"]);
    assert_eq!(found(&["--staged"]), 1, "however it goes");
    repo.edit("flake.nix", "inputs: import", "inputs: 1 + import");
    repo.git(&["add", "flake.nix"]);
    assert_eq!(found(&["--staged"]), 2, "with flake.nix all are looked at");
}
