//! Every kind of repository that git makes, in every view: what is there, what it holds, and what is found are git's. The
//! table in `docs/repository-kinds.md` is made from it: `UPDATE_EXPECT=1` writes it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use preflake::check;
use preflake::config::Settings;
use preflake::git::{Repository, ViewChoice};
use preflake::snapshot::{RepoPath, View};

use super::scratch::{Scratch, lines};

/// A repository of one kind.
struct Kind {
    name: &'static str,
    make: fn() -> Made,
}

/// Where it is.
struct Made {
    scratch: Scratch,
    start: PathBuf,
    /// Others that it needs.
    _others: Vec<Scratch>,
}

impl Made {
    fn of(scratch: Scratch) -> Self {
        Self { start: scratch.root.clone(), scratch, _others: Vec::new() }
    }

    fn git(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        let output = self.scratch.run(&self.start, arguments);
        output.status.success().then_some(output.stdout)
    }

    fn repository(&self) -> Repository {
        self.scratch.repository_at(&self.start)
    }
}

const FLAKE: &str = "{ outputs = _: { imports = [ ./a.nix ./sub/b.nix ./gone.nix ]; }; }\n";

/// Commits something that holds in every kind: two tracked modules, one that is named and nowhere, one untracked.
fn fill(scratch: &Scratch) {
    scratch.write("flake.nix", FLAKE);
    scratch.write("a.nix", "{ }\n");
    scratch.write("sub/b.nix", "{ }\n");
    scratch.write("other/c.nix", "{ }\n");
    scratch.commit();
    scratch.write("a.nix", "{ changed = true; }\n");
    scratch.git(&["add", "a.nix"]);
    scratch.write("sub/b.nix", "{ on_disk = true; }\n");
    scratch.write("new.nix", "{ }\n");
}

fn filled(options: &[&str]) -> Scratch {
    let scratch = Scratch::new(options);
    fill(&scratch);
    scratch
}

fn with(options: &[&str], then: &[&[&str]]) -> Made {
    let scratch = filled(options);
    for arguments in then {
        scratch.git(arguments);
    }
    Made::of(scratch)
}

fn configured(settings: &[(&str, &str)], then: &[&[&str]]) -> Made {
    let scratch = Scratch::new(&[]);
    for (name, value) in settings {
        scratch.git(&["config", name, value]);
    }
    fill(&scratch);
    for arguments in then {
        scratch.git(arguments);
    }
    Made::of(scratch)
}

fn cloned(options: &[&str]) -> Made {
    let origin = filled(&[]);
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    origin.git(&["commit", "-qam", "second"]);
    let clone = Scratch::empty();
    let url = format!("file://{}", origin.root.display());
    clone.git(&[&["clone", "-q"], options, &[&url, "."]].concat());
    clone.write("new.nix", "{ }\n");
    Made { start: clone.root.clone(), scratch: clone, _others: vec![origin] }
}

/// Two branches that changed the same line, and a command that stops at that.
fn stopped(command: &[&str]) -> Made {
    let scratch = Scratch::new(&[]);
    scratch.write("flake.nix", FLAKE);
    scratch.write("a.nix", "{ }\n");
    scratch.write("sub/b.nix", "{ }\n");
    scratch.commit();
    scratch.git(&["branch", "other"]);
    scratch.write("a.nix", "{ ours = 1; }\n");
    scratch.commit();
    scratch.git(&["checkout", "-q", "other"]);
    scratch.write("a.nix", "{ theirs = 1; }\n");
    scratch.commit();
    scratch.git(&["checkout", "-q", "main"]);
    assert!(!scratch.run(&scratch.root, command).status.success(), "it does not stop");
    scratch.write("new.nix", "{ }\n");
    Made::of(scratch)
}

fn linked(options: &[&str]) -> Made {
    let scratch = Scratch::new(&[]);
    fill(&scratch);
    scratch.git(&["commit", "-qam", "second"]);
    let start = scratch.root.with_file_name("linked");
    let path = start.to_str().expect("ASCII");
    scratch.git(&[options, &["worktree", "add", "-q", path]].concat());
    std::fs::write(start.join("new.nix"), "{ }\n").expect("a file");
    Made { scratch, start, _others: Vec::new() }
}

fn superproject() -> Made {
    let inner = filled(&[]);
    let outer = Scratch::new(&[]);
    let url = inner.root.to_str().expect("ASCII");
    outer.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "module"]);
    fill(&outer);
    Made { start: outer.root.clone(), scratch: outer, _others: vec![inner] }
}

fn inside_submodule() -> Made {
    let mut made = superproject();
    made.start = made.scratch.root.join("module");
    std::fs::write(made.start.join("new.nix"), "{ }\n").expect("a file");
    made
}

fn bare() -> Made {
    let scratch = filled(&[]);
    let start = scratch.root.with_file_name("bare.git");
    scratch.git(&["clone", "-q", "--bare", ".", start.to_str().expect("ASCII")]);
    Made { scratch, start, _others: Vec::new() }
}

fn separate() -> Made {
    let scratch = Scratch::empty();
    let directory = scratch.root.with_file_name("elsewhere.git");
    scratch.git(&["init", "-q", "-b", "main", "--separate-git-dir", directory.to_str().expect("ASCII")]);
    fill(&scratch);
    Made::of(scratch)
}

fn named_by_the_environment() -> Made {
    let mut scratch = filled(&[]);
    let (root, aside) = (scratch.root.clone(), scratch.root.with_file_name("aside.git"));
    std::fs::rename(root.join(".git"), &aside).expect("it can be moved");
    scratch.set("GIT_DIR", aside.to_str().expect("ASCII"));
    scratch.set("GIT_WORK_TREE", root.to_str().expect("ASCII"));
    Made::of(scratch)
}

fn unborn() -> Made {
    let scratch = Scratch::new(&[]);
    scratch.write("flake.nix", FLAKE);
    scratch.write("a.nix", "{ }\n");
    scratch.write("sub/b.nix", "{ }\n");
    scratch.git(&["add", "--all"]);
    scratch.write("new.nix", "{ }\n");
    Made::of(scratch)
}

fn alternates() -> Made {
    let origin = filled(&[]);
    origin.git(&["commit", "-qam", "second"]);
    let clone = Scratch::empty();
    clone.git(&["clone", "-q", "--shared", origin.root.to_str().expect("ASCII"), "."]);
    clone.write("new.nix", "{ }\n");
    Made { start: clone.root.clone(), scratch: clone, _others: vec![origin] }
}

const fn kind(name: &'static str, make: fn() -> Made) -> Kind {
    Kind { name, make }
}

const KINDS: &[Kind] = &[
    kind("plain", || with(&[], &[])),
    kind("index version 2", || with(&[], &[&["update-index", "--index-version", "2"]])),
    kind("index version 3", || with(&[], &[&["add", "-N", "new.nix"], &["update-index", "--index-version", "3"]])),
    kind("index version 4", || with(&[], &[&["update-index", "--index-version", "4"]])),
    kind("split index", || with(&[], &[&["update-index", "--split-index"]])),
    kind("sparse checkout", || with(&[], &[&["sparse-checkout", "set", "--cone", "sub"]])),
    kind("sparse index", || with(&[], &[&["sparse-checkout", "set", "--cone", "--sparse-index", "sub"]])),
    kind("untracked cache", || with(&[], &[&["update-index", "--untracked-cache"], &["status", "--porcelain"]])),
    kind("fsmonitor extension", || with(&[], &[&["update-index", "--fsmonitor"]])),
    kind("feature.manyFiles", || configured(&[("feature.manyFiles", "true")], &[&["status", "--porcelain"]])),
    kind("index without checksum", || configured(&[("index.skipHash", "true")], &[])),
    kind("SHA-256", || with(&["--object-format=sha256"], &[])),
    kind("reftable", || with(&["--ref-format=reftable"], &[])),
    kind("SHA-256 and reftable", || with(&["--object-format=sha256", "--ref-format=reftable"], &[])),
    kind("packed, references too", || with(&[], &[&["gc", "-q"], &["pack-refs", "--all"]])),
    kind("multi-pack index and commit graph", || {
        with(&[], &[&["repack", "-q", "--write-midx", "-a"], &["commit-graph", "write"]])
    }),
    kind("shallow clone", || cloned(&["--depth=1"])),
    kind("partial clone", || cloned(&["--filter=blob:none"])),
    kind("partial clone without its blobs", || cloned(&["--filter=blob:none", "--sparse"])),
    kind("alternates", alternates),
    kind("linked worktree", || linked(&[])),
    kind("linked worktree, configuration of its own", || linked(&["-c", "extensions.worktreeConfig=true"])),
    kind("superproject", superproject),
    kind("inside a submodule", inside_submodule),
    kind("separate git directory", separate),
    kind("GIT_DIR and GIT_WORK_TREE", named_by_the_environment),
    kind("bare", bare),
    kind("unborn branch", unborn),
    kind("detached", || with(&[], &[&["checkout", "-q", "--detach"]])),
    kind("in the middle of a merge", || stopped(&["merge", "-q", "other"])),
    kind("in the middle of a rebase", || stopped(&["rebase", "-q", "other"])),
    kind("in the middle of a cherry-pick", || stopped(&["cherry-pick", "other"])),
];

/// What one view of one kind came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Same,
    /// There is no such view.
    None,
}

const VIEWS: [&str; 3] = ["index", "worktree", "commit"];

fn choice(view: &str) -> ViewChoice {
    match view {
        "index" => ViewChoice::Index,
        "worktree" => ViewChoice::Worktree,
        _ => ViewChoice::Revision("HEAD".to_owned()),
    }
}

/// The files of a view and their content, as git says.
fn of_git(made: &Made, view: &str) -> Option<BTreeMap<String, Option<Vec<u8>>>> {
    let listed = if view == "commit" {
        made.git(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD"])?
    } else {
        made.git(&["rev-parse", "--show-toplevel"])?;
        made.git(&["ls-files", "-z", "--full-name", ":/"])?
    };
    let content = |path: &str| match view {
        "commit" => made.git(&["show", &format!("HEAD:{path}")]),
        // Of a conflict, our side.
        "index" => made.git(&["show", &format!(":0:{path}")]).or_else(|| made.git(&["show", &format!(":2:{path}")])),
        _ => std::fs::read(made.start.join(path)).ok(),
    };
    let mut paths = lines(&listed);
    paths.dedup();
    Some(paths.into_iter().map(|path| (path.clone(), content(&path))).collect())
}

/// Compares everything that a view shows with git.
fn compare(kind: &Kind, made: &Made, view: &str) -> Cell {
    let what = format!("{}, {view}", kind.name);
    let Some(expected) = of_git(made, view) else {
        assert!(made.repository().snapshot(&choice(view)).is_err(), "{what}: git has no such view");
        return Cell::None;
    };
    let snapshot = made.repository().snapshot(&choice(view)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let listed: Vec<String> =
        snapshot.all_entries().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect();
    assert_eq!(listed, expected.keys().cloned().collect::<Vec<_>>(), "{what}");
    for (path, content) in &expected {
        let path = RepoPath::from(path.as_str());
        let Some(entry) = snapshot.entry(&path) else {
            assert!(view != "commit", "{what}: {path} is not there");
            continue;
        };
        if entry.mode == preflake::snapshot::Mode::Submodule {
            continue;
        }
        let found = snapshot.read(&path).ok().map(|file| file.bytes().to_vec());
        assert_eq!(&found, content, "{what}: {path}");
    }
    if view != "commit" {
        let listed = made.git(&["ls-files", "--others", "--exclude-standard", "-z", "--", "*.nix"]);
        let untracked = snapshot.untracked_nix_files().expect("it can be listed");
        let untracked: Vec<String> = untracked.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        assert_eq!(untracked, lines(&listed.expect("git lists them")), "{what}");
    }
    verdict(&what, &snapshot, &expected);
    Cell::Same
}

/// The paths that flake.nix names, found and not found, are those that git has and has not.
fn verdict(what: &str, snapshot: &preflake::snapshot::Snapshot, expected: &BTreeMap<String, Option<Vec<u8>>>) {
    let outcome = check::check(snapshot, &Settings::new(), &[]).unwrap_or_else(|error| panic!("{what}: {error}"));
    let of_references = ["missing-import", "missing-path", "untracked-reference", "intent-to-add"];
    let mut found = Vec::new();
    for finding in outcome.findings.iter().filter(|finding| of_references.contains(&finding.rule)) {
        found.extend(["a.nix", "sub/b.nix", "gone.nix"].into_iter().filter(|name| finding.message.contains(name)));
    }
    found.sort_unstable();
    found.dedup();
    let named = ["a.nix", "gone.nix", "sub/b.nix"];
    let shown = |name: &&str| expected.contains_key(*name) && snapshot.has_file(&RepoPath::from(*name));
    let absent: Vec<&str> = named.into_iter().filter(|name| !shown(name)).collect();
    let said: Vec<&String> = outcome.findings.iter().map(|finding| &finding.message).collect();
    // Of a commit that is being made, only what it can have broken is said.
    if *snapshot.view() == View::Index {
        assert!(found.iter().all(|name| absent.contains(name)), "{what}: {said:?}");
    } else {
        assert_eq!(found, absent, "{what}: {said:?}");
    }
}

/// Which of these files real Nix sees in the worktree; `None` where it cannot read such a repository.
fn of_nix(nix: &OsStr, made: &Made) -> Option<Vec<bool>> {
    let home = tempfile::tempdir().expect("a place for files");
    let names = ASKED.map(|name| format!("\"{name}\"")).join(" ");
    let url = format!("git+file://{}", made.start.display());
    let expression =
        format!("let f = builtins.getFlake \"{url}\"; in map (p: builtins.pathExists (f + (\"/\" + p))) [ {names} ]");
    let mut command = Command::new(nix);
    command.current_dir(&made.start).env_clear().envs(made.scratch.environment());
    command.env("HOME", home.path()).env("NIX_REMOTE", home.path().join("store"));
    command.args(["--extra-experimental-features", "nix-command flakes", "--option", "build-users-group", ""]);
    command.args(["--option", "flake-registry", "", "--option", "substituters", ""]);
    let output = command.args(["eval", "--impure", "--json", "--expr", &expression]).output().expect("Nix runs");
    serde_json::from_slice(&output.stdout).ok()
}

/// Compares with Nix; says what the table says.
fn compare_with_nix(nix: &OsStr, kind: &Kind, made: &Made) -> &'static str {
    let Some(expected) = of_nix(nix, made) else { return "cannot read it" };
    let snapshot = made.repository().snapshot(&ViewChoice::Worktree).expect("it was taken before");
    let found = ASKED.map(|name| snapshot.has_file(&RepoPath::from(name)));
    assert_eq!(found.as_slice(), expected, "{}: Nix sees other files of {ASKED:?}", kind.name);
    "✓"
}

const ASKED: [&str; 5] = ["flake.nix", "a.nix", "sub/b.nix", "gone.nix", "new.nix"];

fn table(rows: &[(&str, [Cell; 3], String)]) -> String {
    let mut text = "# Kinds of repositories\n\nWhat preflake sees of each kind of repository that git 2.47 makes, in each view. ✓: files, content, untracked files and\nverdict are those of git; –: there is no such view. Written by `UPDATE_EXPECT=1 cargo test --test it kinds`.\n\n| kind | index | worktree | commit | Nix |\n|---|---|---|---|---|\n".to_owned();
    for (name, cells, nix) in rows {
        let shown = cells.map(|cell| if cell == Cell::Same { "✓" } else { "–" });
        let _ = writeln!(text, "| {name} | {} | {nix} |", shown.join(" | "));
    }
    text
}

/// What the kept table says of Nix, for where there is none to be asked.
fn kept_cell(kept: &str, name: &str) -> String {
    let row = kept.lines().find(|line| line.starts_with(&format!("| {name} |")));
    row.and_then(|row| row.trim_end_matches(" |").rsplit(" | ").next()).unwrap_or_default().to_owned()
}

#[test]
fn every_kind_in_every_view_is_as_git_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/repository-kinds.md");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let nix = std::env::var_os("PREFLAKE_NIX").filter(|nix| !nix.is_empty());
    let mut rows = Vec::new();
    for kind in KINDS {
        let made = (kind.make)();
        let cells = VIEWS.map(|view| compare(kind, &made, view));
        let said = match &nix {
            Some(nix) if cells[1] == Cell::Same => compare_with_nix(nix, kind, &made).to_owned(),
            Some(_) => "–".to_owned(),
            None => kept_cell(&kept, kind.name),
        };
        rows.push((kind.name, cells, said));
    }
    let table = table(&rows);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &table).expect("it can be written");
        return;
    }
    assert_eq!(kept, table, "UPDATE_EXPECT=1 writes docs/repository-kinds.md");
}
