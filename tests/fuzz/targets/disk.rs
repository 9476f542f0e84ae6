//! What git keeps in files: the index, ignore files, configuration, references. Through the same door as a real run:
//! the file lies in a repository that is opened.

use std::fs;
use std::path::{Path, PathBuf};

use preflake::git::{Environment, Repository, ViewChoice};
use preflake::snapshot::{RepoPath, Snapshot};

use crate::harness::{Check, Target, run};
use crate::rng::Rng;
use crate::{mutate, words};

/// A repository as git sees one, without git.
struct Place {
    root: PathBuf,
    environment: Environment,
    _directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        // In memory, where there is such a place: a million files are written.
        let memory = Path::new("/dev/shm");
        let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let directory = directory.expect("a place for files");
        let root = directory.path().canonicalize().expect("it is there");
        // No git is found: what it would be asked is not asked here, a million times over.
        let variables =
            [("HOME", root.as_os_str()), ("GIT_CONFIG_NOSYSTEM", "1".as_ref()), ("PATH", "/nowhere".as_ref())];
        let environment = Environment::of(variables);
        let place = Self { root, environment, _directory: directory };
        for (path, content) in [
            (".git/HEAD", "ref: refs/heads/main\n"),
            (".git/objects/x", ""),
            (".git/refs/heads/x", ""),
            (".git/info/exclude", ""),
            ("flake.nix", "{ outputs = _: { }; }\n"),
            ("a/new.nix", ""),
            ("a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.nix", ""),
            ("lib/deep/er/new.nix", ""),
            ("lib/#odd [name] .nix", ""),
        ] {
            place.write(path, content.as_bytes());
        }
        place
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
        fs::write(path, content).expect("a file");
    }

    fn repository(&self) -> Option<Repository> {
        Repository::discover_with(&self.root, self.environment.clone()).ok().flatten()
    }
}

/// Looks at everything that a view has.
fn look(snapshot: &Snapshot) -> Result<(), String> {
    let mut before: Option<&[u8]> = None;
    for entry in snapshot.all_entries() {
        if before.is_some_and(|before| before >= entry.path) {
            return Err(format!("`{}` is out of order", RepoPath::new(entry.path)));
        }
        if entry.path.split(|byte| *byte == b'/').any(|part| matches!(part, b"" | b"." | b".." | b".git")) {
            return Err(format!("`{}` leaves the repository", RepoPath::new(entry.path)));
        }
        before = Some(entry.path);
    }
    for path in snapshot.untracked_nix_files().map_err(|error| error.to_string())? {
        let _ = snapshot.absence(path);
    }
    for path in ["flake.nix", "a", "a/new.nix", "lib/Deep/er", "nowhere"] {
        let path = RepoPath::from(path);
        drop(snapshot.read(&path));
        let _ = snapshot.absence(&path);
    }
    Ok(())
}

fn look_at(repository: &Repository, views: &[ViewChoice]) -> Result<(), String> {
    views.iter().filter_map(|view| repository.snapshot(view).ok()).try_for_each(|snapshot| look(&snapshot))
}

#[test]
fn index_files() {
    let (place, wide) = (Place::new(), Place::new());
    wide.write(".git/config", b"[core]\nrepositoryformatversion = 1\n[extensions]\nobjectformat = sha256\n");
    // What a split index shares with others.
    let shared = crate::corpus::read("shared-index");
    for place in [&place, &wide] {
        place.write(&format!(".git/sharedindex.{}", "ab".repeat(20)), &shared[0]);
    }
    let check: Check = Box::new(move |input| {
        for place in [&place, &wide] {
            place.write(".git/index", input);
            look_at(&place.repository().ok_or("no repository")?, &[ViewChoice::Index, ViewChoice::Worktree])?;
        }
        Ok(())
    });
    run(Target { name: "index", make: mutate::bytes, check }, 300);
}

/// A pack and its index. Nothing that differs from what was committed is read.
#[test]
fn packs() {
    let place = Place::new();
    let write = |place: &Place, input: &[u8]| {
        // How long the pack is comes first.
        let (size, rest) = input.split_at_checked(4).unwrap_or((&[0; 4], input));
        let size = u32::from_be_bytes([size[0], size[1], size[2], size[3]]);
        let (pack, index) = rest.split_at(rest.len().min(usize::try_from(size).unwrap_or(usize::MAX)));
        place.write(".git/objects/pack/pack-x.pack", pack);
        place.write(".git/objects/pack/pack-x.idx", index);
    };
    let read = |place: &Place, revision: &str| -> Option<Files> {
        let repository = place.repository().expect("only objects are odd");
        let snapshot = repository.snapshot(&ViewChoice::Revision(revision.to_owned())).ok()?;
        let paths: Vec<RepoPath> = snapshot.entries().map(|entry| RepoPath::new(entry.path)).collect();
        Some(
            paths.into_iter().map(|path| (snapshot.read(&path).ok().map(|file| file.bytes().to_vec()), path)).collect(),
        )
    };
    place.write(".git/refs/heads/main", PACKED);
    write(&place, &crate::corpus::read("packs")[0]);
    let committed = ["HEAD", "main~2"].map(|name| read(&place, name));
    assert!(committed.iter().flatten().flatten().filter(|(content, _)| content.is_some()).count() == 4, "all is read");
    let check: Check = Box::new(move |input| {
        write(&place, input);
        for (name, committed) in ["HEAD", "main~2"].iter().zip(&committed) {
            let Some(found) = read(&place, name) else { continue };
            let is_same = committed
                .iter()
                .flatten()
                .zip(&found)
                .all(|((content, path), (read, of))| path == of && (read.is_none() || read == content));
            if !is_same || committed.as_ref().map(Vec::len) != Some(found.len()) {
                return Err(format!("{name}: not what was committed"));
            }
        }
        Ok(())
    });
    run(Target { name: "packs", make: mutate::bytes, check }, 300);
}

/// The files of a commit, with their content where it can be read.
type Files = Vec<(Option<Vec<u8>>, RepoPath)>;

/// The commit in every pack of the corpus.
const PACKED: &[u8] = b"acfda9df640b56f000ca683050633aab29a06278\n";

#[test]
fn ignore_files() {
    let make = |corpus: &[Vec<u8>], rng: &mut Rng| mutate::text(corpus, words::IGNORE, rng);
    let place = Place::new();
    let check: Check = Box::new(move |input| {
        place.write(".gitignore", input);
        place.write("lib/.gitignore", input);
        place.write(".git/info/exclude", input);
        look_at(&place.repository().ok_or("no repository")?, &[ViewChoice::Index])
    });
    run(Target { name: "ignore", make, check }, 300);
}

#[test]
fn git_configuration() {
    let make = |corpus: &[Vec<u8>], rng: &mut Rng| mutate::text(corpus, words::GIT_CONFIG, rng);
    let place = Place::new();
    let check: Check = Box::new(move |input| {
        place.write(".git/config", input);
        place.write(".gitconfig", input);
        let Some(repository) = place.repository() else { return Ok(()) };
        let _ = repository.config("core.hookspath");
        drop(repository.hooks_dir());
        // Configuration may name any worktree, so that nothing is said of what lies there.
        Ok(())
    });
    run(Target { name: "gitconfig", make, check }, 300);
}

#[test]
fn references_and_links_between_directories() {
    let make = |corpus: &[Vec<u8>], rng: &mut Rng| mutate::text(corpus, words::REFERENCES_FILES, rng);
    let place = Place::new();
    place.write("linked/flake.nix", b"");
    place.write(".git/worktrees/linked/HEAD", b"ref: refs/heads/main\n");
    for (path, usual) in USUAL {
        place.write(path, usual);
    }
    let check: Check = Box::new(move |input| {
        // One of them is odd, or all are.
        let which = super::turn(input, USUAL.len());
        let odd = USUAL.iter().enumerate().filter(|(index, _)| which == USUAL.len() || which == *index);
        let odd: Vec<_> = odd.map(|(_, file)| file).collect();
        for (path, _) in &odd {
            place.write(path, input);
        }
        if let Some(repository) = place.repository() {
            look_at(&repository, &[ViewChoice::Index, ViewChoice::Revision("HEAD".to_owned())])?;
        }
        let linked = Repository::discover_with(&place.root.join("linked"), place.environment.clone());
        if let Ok(Some(repository)) = linked {
            drop(repository.snapshot(&ViewChoice::Index));
        }
        for (path, usual) in &odd {
            place.write(path, usual);
        }
        Ok(())
    });
    run(Target { name: "refs", make, check }, 150);
}

/// What these files usually hold.
const USUAL: [(&str, &[u8]); 6] = [
    (".git/objects/info/alternates", b"../../linked\n"),
    (".git/HEAD", b"ref: refs/heads/main\n"),
    (".git/packed-refs", b"0123456789012345678901234567890123456789 refs/heads/other\n"),
    (".git/refs/heads/main", b"0123456789012345678901234567890123456789\n"),
    ("linked/.git", b"gitdir: ../.git/worktrees/linked\n"),
    (".git/worktrees/linked/commondir", b"../..\n"),
];
