//! What is kept of directories never changes what is found: after random edits of a large tree, a run with what is
//! kept, a run without, and git say the same.
//!
//! `PREFLAKE_ROUNDS` is how many rounds of edits (40 unless set), `PREFLAKE_SEED` where to begin.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use preflake::git::{Environment, Repository, ViewChoice};
use preflake::snapshot::{Mode, Snapshot};

use super::scratch::{Scratch, lines};
use crate::random::{Random, number};

/// More than enough for directories to be kept.
const DIRECTORIES: usize = 450;

fn directory(random: &mut Random) -> String {
    let number = random.below(DIRECTORIES);
    // Few are edited often, so that edits meet.
    let number = if random.below(3) == 0 { number } else { number % 7 };
    format!("d{}/e{}/f{number}", number % 5, number % 11)
}

fn grow(scratch: &Scratch) {
    for number in 0..DIRECTORIES {
        let directory = format!("d{}/e{}/f{number}", number % 5, number % 11);
        scratch.write(&format!("{directory}/default.nix"), "{ }\n");
        scratch.write(&format!("{directory}/readme.txt"), "");
    }
    scratch.write(".gitignore", "ignored*\n");
    scratch.commit();
    scratch.git(&["branch", "other"]);
    scratch.write("d1/e1/f1/other.nix", "");
    scratch.write("d2/e2/f2/deeper/other.nix", "");
    scratch.commit();
}

fn name(random: &mut Random) -> &'static str {
    ["default.nix", "new.nix", "readme.txt", "ignored.nix", "sub", "other.nix"][random.below(6)]
}

/// Something that a person or a program may do. What does not work out changes nothing.
fn edit(scratch: &Scratch, random: &mut Random) {
    let root = &scratch.root;
    let (here, there) = (directory(random), directory(random));
    let path = format!("{here}/{}", name(random));
    let file = root.join(&path);
    let git = |arguments: &[&str]| drop(scratch.run(root, arguments));
    match random.below(26) {
        0..=3 => _ = fs::write(&file, "{ }"),
        4 | 5 => _ = fs::remove_file(&file),
        6 => _ = fs::rename(&file, root.join(&there).join(name(random))),
        7 => _ = fs::create_dir_all(&file).and_then(|()| fs::write(file.join("inner.nix"), "")),
        8 => _ = fs::remove_dir_all(&file),
        9 => git(&["add", "--", &path]),
        10 => git(&["add", "-N", "--", &path]),
        11 => git(&["rm", "-rq", "--cached", "--", &path]),
        12 => git(&["rm", "-rqf", "--", &here]),
        13 => git(&["mv", &here, &format!("{there}/moved")]),
        14 => git(&["reset", "-q", "--hard"]),
        15 => git(&["checkout", "-q", "-f", ["main", "other"][random.below(2)]]),
        16 => git(&["commit", "-qm", "x"]),
        17 => scratch.write(".gitignore", ["", "ignored*\n", "new.nix\nsub/\n", "d3/\n"][random.below(4)]),
        18 => {
            _ = fs::create_dir_all(root.join(&here));
            _ = fs::write(root.join(&here).join(".gitignore"), "*.nix");
        }
        19 => replace_by_link(root, &here, &there),
        20 => git(&["init", "-q", &format!("{here}/sub")]),
        21 => _ = fs::remove_dir_all(root.join(&here).join("sub/.git")),
        22 => set_back(root, &here),
        // A file becomes a link on disk, or in the index alone.
        23 => _ = fs::remove_file(&file).and_then(|()| symlink("default.nix", &file)),
        24 => {
            let link = String::from_utf8_lossy(&scratch.git(&["hash-object", "-w", ".gitignore"])).trim().to_owned();
            git(&["update-index", "--cacheinfo", &format!("120000,{link},{path}")]);
        }
        _ => _ = fs::rename(root.join(&here), root.join(&there)),
    }
}

/// A directory somewhere on the way becomes a link to another one, or to itself under another name.
fn replace_by_link(root: &Path, here: &str, there: &str) {
    let above = here.rsplit_once('/').map_or(here, |(above, _)| above);
    for path in [here, above] {
        let aside = root.join("aside");
        if fs::rename(root.join(path), &aside).is_ok() {
            let target = if path == here { root.join(there) } else { aside };
            drop(symlink(target, root.join(path)));
            return;
        }
    }
}

/// Makes a file, and gives the directory the time that it had.
fn set_back(root: &Path, here: &str) {
    let directory = root.join(here);
    let Ok(time) = fs::metadata(&directory).and_then(|metadata| metadata.modified()) else { return };
    drop(fs::write(directory.join("back.nix"), ""));
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let time = format!("@{}.{:09}", since.as_secs(), since.subsec_nanos());
    drop(Command::new("touch").args(["-d", &time]).arg(&directory).status());
}

fn untracked(snapshot: &Snapshot) -> Vec<String> {
    let found = snapshot.untracked_nix_files().expect("the worktree can be listed");
    found.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

fn there(snapshot: &Snapshot) -> Vec<String> {
    snapshot.entries().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect()
}

fn check(scratch: &Scratch, what: &str) {
    let forgetful = [scratch.environment(), vec![("PREFLAKE_NO_CACHE".to_owned(), "1".to_owned())]].concat();
    let forgetful = Repository::discover_with(&scratch.root, Environment::of(forgetful));
    let forgetful = forgetful.expect("the repository can be opened").expect("there is one");
    let expected = lines(&scratch.git(&["ls-files", "--others", "--exclude-standard", "-z", "--", "*.nix"]));
    for view in [ViewChoice::Index, ViewChoice::Worktree] {
        let without = forgetful.snapshot(&view).expect("the view can be taken");
        let with = scratch.snapshot(&view);
        assert_eq!(untracked(&without), expected, "{what}, {view:?}, without");
        assert_eq!(untracked(&with), expected, "{what}, {view:?}, with");
        assert_eq!(there(&with), there(&without), "{what}, {view:?}");
        if view == ViewChoice::Worktree {
            check_links(scratch, &with, what);
            check_links(scratch, &without, what);
        }
    }
}

/// What has become a link is known to be one, and what no longer is one.
fn check_links(scratch: &Scratch, snapshot: &Snapshot, what: &str) {
    for path in there(snapshot) {
        let mode = snapshot.entry_now(&path.as_str().into()).map(|entry| entry.mode);
        let is_link = fs::symlink_metadata(scratch.root.join(&path)).is_ok_and(|found| found.is_symlink());
        assert_eq!(mode == Some(Mode::Symlink), is_link, "{what}, {path}: {mode:?}");
    }
}

/// On other file systems nothing is kept, and there is nothing to test.
fn keeps(scratch: &Scratch) -> bool {
    let output = Command::new("stat").args(["-f", "-c", "%T"]).arg(&scratch.root).output();
    let kind = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let keeps = ["ext2/ext3", "xfs", "btrfs", "tmpfs"].contains(&kind.as_str());
    if !keeps {
        drop(writeln!(std::io::stderr(), "skipped: the temporary directory is on {kind}"));
    }
    keeps
}

#[test]
fn what_is_kept_changes_nothing() {
    let scratch = Scratch::new(&[]);
    grow(&scratch);
    let cache = scratch.root.join(".git/preflake-cache");
    if !keeps(&scratch) {
        return;
    }
    let rounds = number("PREFLAKE_ROUNDS").unwrap_or(40);
    let mut random = Random(number("PREFLAKE_SEED").unwrap_or(1));
    for round in 0..rounds {
        check(&scratch, &format!("round {round}"));
        // The kernel's clock goes on, so that what was just read may be kept; or not, so that it may not.
        if random.below(4) > 0 {
            std::thread::sleep(Duration::from_millis(12));
            check(&scratch, &format!("round {round}, again"));
        }
        for _ in 0..=random.below(4) {
            edit(&scratch, &mut random);
        }
        if random.below(20) == 0 {
            fs::remove_dir_all(scratch.root.join("aside")).unwrap_or_default();
            scratch.git(&["checkout", "-q", "-f", "main"]);
            scratch.git(&["clean", "-fdqx"]);
            scratch.git(&["reset", "-q", "--hard"]);
        }
    }
    assert!(cache.exists(), "nothing was kept");
}

#[test]
fn what_is_kept_is_used_and_can_be_turned_off() {
    let mut scratch = Scratch::new(&[]);
    if !keeps(&scratch) {
        return;
    }
    grow(&scratch);
    let cache = scratch.root.join(".git/preflake-cache");
    std::thread::sleep(Duration::from_millis(12));
    scratch.check_untracked("first");
    let first = fs::read(&cache).expect("it is written");
    scratch.check_untracked("second");
    assert_eq!(fs::read(&cache).expect("it stays"), first);
    fs::write(&cache, "damaged").expect("files can be written");
    scratch.write("d1/e1/f1/new.nix", "");
    scratch.check_untracked("damaged");
    assert_ne!(fs::read(&cache).expect("it is replaced"), b"damaged");
    fs::remove_file(&cache).expect("it is there");
    scratch.set("PREFLAKE_NO_CACHE", "1");
    scratch.check_untracked("turned off");
    assert!(!cache.exists());
}

#[test]
fn another_index_than_the_own_one_is_not_kept() {
    let mut scratch = Scratch::new(&[]);
    grow(&scratch);
    fs::copy(scratch.root.join(".git/index"), scratch.root.join(".git/next-index")).expect("files can be copied");
    scratch.set("GIT_INDEX_FILE", ".git/next-index");
    scratch.check_untracked("another index");
    assert!(!scratch.root.join(".git/preflake-cache").exists());
}
