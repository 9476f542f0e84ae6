//! Objects however git stores them: in files of their own, in packs of every make, borrowed, and in a quarantine. What was
//! committed is what is read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use preflake::git::ViewChoice;
use preflake::snapshot::RepoPath;

use super::scratch::Scratch;

/// The files of one commit.
type Files = BTreeMap<String, String>;

/// Commits with files that change a little each time, which git stores as changes to one another, and many directories.
fn history(scratch: &Scratch, commits: usize) -> Vec<(String, Files)> {
    let mut files = Files::new();
    let mut made = Vec::new();
    for commit in 0..commits {
        for number in 0..8 {
            let lines = (0..150).map(|line| format!("{}\n", (line * 7919 + number * 31) % 10_007));
            let mut text: Vec<String> = lines.collect();
            // A line each time, and one that stays.
            for changed in 0..=commit {
                text[(changed * 37 + number) % 150] = format!("changed in commit {changed} of file {number}\n");
            }
            files.insert(format!("d{}/e{number}/file.nix", number % 3), text.concat());
        }
        files.insert(
            format!("new/{commit}.nix"),
            format!("{commit}\n").repeat(if commit % 5 == 0 { 30_000 } else { 1 }),
        );
        for (path, content) in &files {
            scratch.write(path, content);
        }
        scratch.commit();
        made.push((text_of(scratch.git(&["rev-parse", "HEAD"])), files.clone()));
    }
    made
}

fn text_of(output: Vec<u8>) -> String {
    String::from_utf8(output).expect("text").trim().to_owned()
}

fn check(scratch: &Scratch, commits: &[(String, Files)], what: &str) {
    // Nothing is taken from the disk.
    fs::remove_dir_all(scratch.root.join("d0")).unwrap_or_default();
    fs::remove_dir_all(scratch.root.join("new")).unwrap_or_default();
    let repository = scratch.repository();
    for (id, files) in commits {
        let snapshot = repository.snapshot(&ViewChoice::Revision(id.clone()));
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{what}: {error}"));
        let paths: Vec<String> =
            snapshot.entries().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect();
        assert_eq!(paths, files.keys().cloned().collect::<Vec<_>>(), "{what}");
        for (path, content) in files {
            let read = snapshot.read(&RepoPath::from(path.as_str())).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(read.bytes() == content.as_bytes(), "{what}: {path} of {id}");
        }
    }
}

#[test]
fn packs_of_every_make() {
    const REPACK: [&str; 5] = ["repack", "-a", "-d", "-q", "-f"];
    for format in [&[][..], &["--object-format=sha256"]] {
        let scratch = Scratch::new(format);
        let commits = history(&scratch, 12);
        check(&scratch, &commits, "files of their own");
        for options in [
            &["repack.useDeltaBaseOffset=true", "pack.indexVersion=2"][..],
            &["repack.useDeltaBaseOffset=false"],
            &["pack.compression=0"],
            &["core.bigFileThreshold=1"],
            &["pack.depth=4000", "pack.window=100"],
            &["pack.writeReverseIndex=true", "repack.writeBitmaps=true"],
            // SHA-256 is younger than that.
            if format.is_empty() { &["pack.indexVersion=1"] } else { &[] },
        ] {
            let settings = options.iter().flat_map(|option| ["-c", option]);
            scratch.git(&settings.chain(REPACK).collect::<Vec<_>>());
            scratch.git(&["prune-packed", "-q"]);
            let has_changes = describe_packs(&scratch).contains("chain length = 3: ");
            assert!(
                has_changes || options == ["core.bigFileThreshold=1"],
                "{options:?}: nothing is stored as a change"
            );
            check(&scratch, &commits, &format!("{format:?} {options:?}"));
        }
        assert!(text_of(scratch.git(&["count-objects", "-v"])).contains("count: 0"), "all objects are packed");
    }
}

fn describe_packs(scratch: &Scratch) -> String {
    let packs = fs::read_dir(scratch.root.join(".git/objects/pack")).expect("it is there").flatten();
    let indexes = packs.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "idx"));
    indexes.map(|index| text_of(scratch.git(&["verify-pack", "-v", index.to_str().expect("ASCII")]))).collect()
}

#[test]
fn many_packs_one_after_another() {
    let scratch = Scratch::new(&[]);
    let mut commits = Vec::new();
    for number in 0..90 {
        scratch.write("x.nix", &format!("{number}\n"));
        scratch.commit();
        commits.push((
            text_of(scratch.git(&["rev-parse", "HEAD"])),
            Files::from([("x.nix".into(), format!("{number}\n"))]),
        ));
        scratch.git(&["repack", "-q", "-d"]);
    }
    check(&scratch, &commits, "ninety packs");
    scratch.git(&["multi-pack-index", "write"]);
    check(&scratch, &commits, "and an index of all");
}

/// What unreachable objects are packed into, and objects that a pack and a file hold both.
#[test]
fn cruft_packs_and_copies() {
    let scratch = Scratch::new(&[]);
    let commits = history(&scratch, 4);
    scratch.git(&["repack", "-a", "-q"]);
    check(&scratch, &commits, "twice");
    scratch.git(&["reset", "-q", "--hard", "HEAD~2"]);
    scratch.git(&["reflog", "expire", "--expire=all", "--all"]);
    scratch.git(&["repack", "--cruft", "-d", "-q"]);
    check(&scratch, &commits, "as cruft");
}

/// git makes one pack of several while it is read.
#[test]
fn packs_that_change_meanwhile() {
    let scratch = Scratch::new(&[]);
    let commits = history(&scratch, 3);
    scratch.git(&["repack", "-a", "-d", "-q"]);
    let (id, files) = &commits[0];
    fs::remove_dir_all(scratch.root.join("d1")).expect("it is there");
    let snapshot = scratch.snapshot(&ViewChoice::Revision(id.clone()));
    scratch.write("later.nix", "{ }\n");
    scratch.commit();
    scratch.git(&["repack", "-a", "-d", "-q", "-f"]);
    for (path, content) in files.iter().filter(|(path, _)| path.starts_with("d1/")) {
        let read = snapshot.read(&RepoPath::from(path.as_str())).unwrap_or_else(|error| panic!("{error}"));
        assert!(read.bytes() == content.as_bytes(), "{path}");
    }
}

/// `info/alternates` with relative, nested and quoted names, as git reads them.
#[test]
fn borrowed_objects() {
    let origin = Scratch::new(&[]);
    let commits = history(&origin, 2);
    origin.git(&["repack", "-a", "-d", "-q"]);
    let objects = origin.root.join(".git/objects");
    let borrow = |scratch: &Scratch, list: &str| {
        fs::write(scratch.root.join(".git/objects/info/alternates"), list).expect("a file");
    };
    let between = Scratch::new(&[]);
    let relative = "../../../between-objects";
    let link = between.root.with_file_name("between-objects");
    std::os::unix::fs::symlink(&objects, &link).expect("a link");
    for (list, is_read) in [
        (format!("{}\n", objects.display()), true),
        (format!("# here\n\n{}///\n/nowhere\n", objects.display()), true),
        (format!("\"{}\"\n", objects.display().to_string().replace("objects", "o\\142jects")), true),
        (format!("{relative}\n"), true),
        (format!("{}\r\n", objects.display()), false),
        (format!("#{}\n", objects.display()), false),
    ] {
        borrow(&between, &list);
        let borrower = Scratch::new(&[]);
        borrow(&borrower, &format!("{}\n", between.root.join(".git/objects").display()));
        for (scratch, what) in [(&between, "borrowed"), (&borrower, "borrowed twice")] {
            let of_git = scratch.run(&scratch.root, &["cat-file", "-e", &commits[0].0]).status.success();
            assert_eq!(of_git, is_read, "git, {list:?}, {what}");
            if is_read {
                check(scratch, &commits, &format!("{list:?}, {what}"));
            } else {
                assert!(
                    scratch.repository().snapshot(&ViewChoice::Revision(commits[0].0.clone())).is_err(),
                    "{list:?}"
                );
            }
        }
    }
}

/// What a server's hook sees of what is being pushed: the objects are elsewhere, and the repository's are borrowed.
#[test]
fn a_quarantine() {
    let mut scratch = Scratch::new(&[]);
    let mut commits = history(&scratch, 1);
    let own = scratch.root.join(".git/objects");
    let quarantine = own.join("incoming-x");
    fs::create_dir(&quarantine).expect("a directory");
    let path = |path: &Path| path.to_str().expect("ASCII").to_owned();
    scratch.set("GIT_OBJECT_DIRECTORY", &path(&quarantine));
    scratch.set("GIT_ALTERNATE_OBJECT_DIRECTORIES", &path(&own));
    scratch.write("pushed.nix", "{ }\n");
    scratch.commit();
    let mut files = commits[0].1.clone();
    files.insert("pushed.nix".into(), "{ }\n".into());
    commits.push((text_of(scratch.git(&["rev-parse", "HEAD"])), files));
    scratch.git(&["repack", "-q", "-l", "-d"]);
    check(&scratch, &commits, "quarantine");
}

/// Names of commits, and what is none.
const NAMES: &[&str] = &[
    "HEAD",
    "@",
    "main",
    "heads/main",
    "refs/heads/main",
    "side/one",
    "side",
    "annotated",
    "tags/annotated",
    "of-a-tag",
    "plain",
    "of-a-tree",
    "both",
    "heads/both",
    "tags/both",
    "origin",
    "origin/main",
    "origin/HEAD",
    "remotes/origin/main",
    "ORIG_HEAD",
    "config",
    "HEAD.lock",
    "shadowed",
    "FETCH_HEAD",
    "left.lock",
    "left",
    "gone",
    "refs/heads/gone",
    "..",
    "",
    "-",
    "main.",
    "main/",
    ":/2",
    "main@{0}",
    "@{0}",
    "@{-1}",
    "HEAD:",
    "main^{tree}",
    "annotated^{}",
    "annotated^{commit}",
    "annotated^0",
    "HEAD^{/2}",
    "plain-0-gabcdef",
    "--all",
    "main main",
    "main..plain",
];

/// Ways from there.
const STEPS: &[&str] =
    &["~", "^", "~2", "^2", "^2~1", "^3", "~1^2", "^^", "~0", "^0", "~9", "~{}", "^{commit}~", "~99999999999999999999"];

/// Names of commits: those that are resolved here, and those that git is asked for.
#[test]
fn names_of_commits_are_those_of_git() {
    let scratch = Scratch::new(&[]);
    scratch.git(&["commit", "-q", "--allow-empty", "-m", "0"]);
    scratch.git(&["checkout", "-q", "-b", "side/one"]);
    scratch.git(&["commit", "-q", "--allow-empty", "-m", "1"]);
    scratch.git(&["tag", "-a", "-m", "x", "annotated"]);
    scratch.git(&["tag", "-a", "-m", "x", "of-a-tag", "annotated"]);
    scratch.git(&["checkout", "-q", "main"]);
    scratch.git(&["commit", "-q", "--allow-empty", "-m", "2"]);
    scratch.git(&["merge", "-q", "--no-ff", "-m", "3", "side/one"]);
    scratch.git(&["tag", "plain"]);
    scratch.git(&["tag", "of-a-tree", "HEAD^{tree}"]);
    // A branch and a tag of one name; a remote with a default branch.
    scratch.git(&["tag", "both", "HEAD~1"]);
    scratch.git(&["branch", "both"]);
    scratch.git(&["update-ref", "refs/remotes/origin/main", "HEAD^2"]);
    scratch.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    scratch.git(&["update-ref", "ORIG_HEAD", "HEAD~1"]);
    let id = text_of(scratch.git(&["rev-parse", "HEAD"]));
    // As `git update-ref shadowed …` leaves it, which ought to have named a branch.
    fs::write(scratch.root.join(".git/shadowed"), scratch.git(&["rev-parse", "HEAD~1"])).expect("a file");
    scratch.git(&["branch", "shadowed"]);
    // What git leaves behind when it is stopped.
    fs::write(scratch.root.join(".git/refs/heads/left.lock"), format!("{id}\n")).expect("a file");
    let mut names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    names.extend([id.clone(), id[..12].to_owned(), id[..4].to_owned(), id.to_uppercase(), format!("{id}0")]);
    names.push(text_of(scratch.git(&["rev-parse", "of-a-tag"])));
    let plain = names.len();
    for name in names.clone() {
        names.extend(STEPS.iter().map(|step| format!("{name}{step}")));
    }
    // Ways from there do not depend on where references are: each kind of repository has its share of them.
    let check = |scratch: &Scratch, share: usize, what: &str| {
        for (_, name) in names.iter().enumerate().filter(|(number, _)| *number < plain || number % 3 == share) {
            let of_git = scratch.run(
                &scratch.root,
                &["rev-parse", "--verify", "-q", "--end-of-options", &format!("{name}^{{commit}}")],
            );
            let expected = of_git.status.success().then(|| text_of(of_git.stdout));
            let found = scratch.repository().snapshot(&ViewChoice::Revision(name.clone())).ok();
            let found = found.map(|snapshot| match snapshot.view() {
                preflake::snapshot::View::Revision(id) => id.clone(),
                view => panic!("{view:?}"),
            });
            assert_eq!(found, expected, "{what}: {name}");
        }
    };
    check(&scratch, 0, "as files");
    scratch.git(&["pack-refs", "--all"]);
    scratch.git(&["gc", "-q"]);
    check(&scratch, 1, "packed");
    let linked = scratch.root.with_file_name("linked");
    scratch.git(&["worktree", "add", "-q", linked.to_str().expect("ASCII"), "side/one"]);
    let mut linked_scratch = scratch;
    linked_scratch.root = linked;
    check(&linked_scratch, 2, "in a linked worktree");
}

/// `HEAD` as a symbolic link, whose branch is packed; and the empty tree, which git knows without having it.
#[test]
fn heads_that_are_links_and_trees_that_are_nowhere() {
    let scratch = Scratch::new(&[]);
    scratch.write("flake.nix", "{ outputs = _: { }; }\n");
    scratch.commit();
    scratch.git(&["config", "core.preferSymlinkRefs", "true"]);
    scratch.git(&["checkout", "-q", "-b", "dev"]);
    scratch.git(&["pack-refs", "--all"]);
    let head = ViewChoice::Revision("HEAD".to_owned());
    assert_eq!(
        scratch.snapshot(&head).entries().count(),
        1,
        "HEAD is {:?}",
        fs::read_link(scratch.root.join(".git/HEAD"))
    );
    let empty = text_of(scratch.git(&["hash-object", "-t", "tree", "/dev/null"]));
    let commit = text_of(scratch.git(&["commit-tree", "-m", "x", &empty]));
    assert_eq!(scratch.snapshot(&ViewChoice::Revision(commit)).entries().count(), 0);
}
