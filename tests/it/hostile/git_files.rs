//! What git keeps for itself, cut short, made up, or led in circles.

use std::fs;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::symlink;

use preflake::git::{Environment, Repository, ViewChoice};

use super::{FLAKE, bounded, repo};
use crate::repo::{Repo, pipe};

/// The paths in the index, as preflake reads it; `None` where it does not.
fn indexed(repo: &Repo) -> Option<Vec<Vec<u8>>> {
    let environment = Environment::of([("HOME", repo.path().as_os_str()), ("GIT_CONFIG_NOSYSTEM", "1".as_ref())]);
    let repository = Repository::discover_with(repo.path(), environment).ok()??;
    let snapshot = repository.snapshot(&ViewChoice::Index).ok()?;
    Some(snapshot.all_entries().map(|entry| entry.path.to_vec()).collect())
}

/// Where preflake reads an index, it reads it as git does; git itself reads more than it should.
fn as_git_does(repo: &Repo, index: &[u8], what: &str) -> bool {
    fs::write(repo.path().join(".git/index"), index).expect("a file");
    let Some(ours) = indexed(repo) else { return false };
    let git = repo.try_git(&["ls-files", "-z"]);
    if git.status.success() {
        let names = git.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        assert_eq!(ours, names.map(<[u8]>::to_vec).collect::<Vec<_>>(), "{what}");
    }
    true
}

#[test]
fn an_index_cut_at_every_byte() {
    let repo = repo(FLAKE);
    repo.write("a/b.nix", "{ }\n");
    repo.git(&["add", "--all"]);
    repo.git(&["write-tree"]);
    let index = fs::read(repo.path().join(".git/index")).expect("it is there");
    assert!(as_git_does(&repo, &index, "whole"));
    let read = (0..index.len()).filter(|end| as_git_does(&repo, &index[..*end], &format!("{end} bytes"))).count();
    assert!(read < index.len() / 2, "{read} of {} are read", index.len());
}

#[test]
fn an_index_with_absurd_numbers() {
    let repo = repo(FLAKE);
    repo.write("a/b.nix", "{ }\n");
    repo.git(&["add", "--all"]);
    for version in ["2", "3", "4"] {
        repo.git(&["update-index", "--index-version", version]);
        let index = fs::read(repo.path().join(".git/index")).expect("it is there");
        for at in 0..index.len() - 4 {
            for number in [0_u32, 1, 0x0fff_ffff, 0x7fff_ffff, u32::MAX] {
                let mut changed = index.clone();
                changed[at..at + 4].copy_from_slice(&number.to_be_bytes());
                // In this process: a panic, or memory without end, would show.
                fs::write(repo.path().join(".git/index"), &changed).expect("a file");
                let _ = indexed(&repo);
            }
        }
        fs::write(repo.path().join(".git/index"), &index).expect("a file");
    }
    assert_eq!(bounded(repo.path(), &["check", "--staged"]).status, 0);
}

#[test]
fn references_made_up_and_in_circles() {
    let garbage: Vec<u8> = (0..100_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for (name, content) in [
        ("packed-refs", garbage.clone()),
        ("packed-refs", b"# pack-refs with: peeled fully-peeled sorted \n^\n^^\n refs/heads/main\n".repeat(1000)),
        ("HEAD", b"ref: refs/heads/circle\n".to_vec()),
        ("HEAD", b"ref: HEAD\n".to_vec()),
        ("HEAD", b"ref: refs/heads/../../HEAD\n".to_vec()),
        ("HEAD", b"ref: refs/heads/".repeat(3000)),
        ("objects/info/alternates", b".\n../objects\n/\n/dev/zero\n\0\n".repeat(1000)),
        ("objects/info/alternates", garbage.clone()),
        ("commondir", b".\n".to_vec()),
        ("commondir", garbage),
        ("shallow", b"0000\n".repeat(10_000)),
    ] {
        let repo = repo(FLAKE);
        repo.commit_all();
        repo.write(".git/refs/heads/circle", "ref: refs/heads/circle\n");
        let _ = fs::remove_file(repo.path().join(".git/refs/heads/main"));
        fs::write(repo.path().join(".git").join(name), content).expect("a file");
        for view in [&["--worktree"][..], &["--staged"], &["--rev", "HEAD"], &["--rev", "circle"]] {
            bounded(repo.path(), &[&["check", "--format", "concise"], view].concat());
        }
    }
}

/// Two object directories that name each other.
#[test]
fn alternates_in_circles() {
    let (one, other) = (repo(FLAKE), repo(FLAKE));
    for (from, to) in [(&one, &other), (&other, &one)] {
        from.commit_all();
        let objects = to.path().join(".git/objects");
        from.write(".git/objects/info/alternates", &format!("{}\n", objects.display()));
    }
    for view in [&["--worktree"][..], &["--staged"], &["--rev", "HEAD"]] {
        let run = bounded(one.path(), &[&["check"], view].concat());
        assert_eq!(run.status, 0, "{}", run.stderr);
    }
}

#[test]
fn a_git_directory_that_is_none() {
    let repo = repo(FLAKE);
    repo.commit_all();
    let (git, aside) = (repo.path().join(".git"), repo.path().join("aside"));
    fs::rename(&git, &aside).expect("it is there");
    let check = |what: &str| {
        for arguments in [&["check"][..], &["check", "--staged"], &["check", "--rev", "HEAD"], &["fix"]] {
            let run = bounded(repo.path(), arguments);
            assert!(run.status == 2 || arguments.len() == 1, "{what} {arguments:?}: {}", run.stdout);
        }
    };
    pipe(&git);
    check("a pipe");
    fs::remove_file(&git).expect("it is there");
    symlink(".git", &git).expect("a link");
    check("a link to itself");
    fs::remove_file(&git).expect("it is there");
    for content in ["gitdir: .git\n", "gitdir: ", "gitdir: /dev/zero\n", "gitdir: aside/../.git", "\0", ""] {
        fs::write(&git, content).expect("a file");
        check(content);
    }
    let file = File::create(&git).expect("a file");
    file.set_len(5 << 30).expect("a sparse file");
    check("five gigabytes");
}

/// Objects, packs and what lists them: nothing waits for a writer who never comes.
#[test]
fn pipes_among_the_objects() {
    for (name, packed) in [
        ("objects/info/alternates", false),
        ("objects/info/packs", false),
        ("objects/info/commit-graph", false),
        ("objects/pack/multi-pack-index", true),
        ("objects/pack/pack-0123456789012345678901234567890123456789.idx", true),
        ("the pack", true),
        ("its index", true),
        ("the blob", false),
        ("the commit", false),
    ] {
        let repo = repo("{ outputs = _: import ./x.nix; }\n");
        repo.write("x.nix", "{ }\n");
        repo.commit_all();
        // The content on disk is another: objects have to be read.
        let loose = |revision: &str| {
            let id = repo.git(&["rev-parse", revision]);
            repo.path().join(".git/objects").join(&id[..2]).join(id[2..].trim())
        };
        let (blob, commit) = (loose(":x.nix"), loose("HEAD"));
        if packed {
            repo.git(&["repack", "-a", "-d", "-q"]);
        }
        let ending = |end: &str| {
            let files = fs::read_dir(repo.path().join(".git/objects/pack")).expect("it is there").flatten();
            files.map(|file| file.path()).find(|path| path.extension().is_some_and(|found| found == end))
        };
        let path = match name {
            "the pack" => ending("pack").expect("packed"),
            "its index" => ending("idx").expect("packed"),
            "the blob" => blob,
            "the commit" => commit,
            name => repo.path().join(".git").join(name),
        };
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
        pipe(&path);
        repo.write("x.nix", "{ other = 1; }\n");
        for view in [&["--worktree"][..], &["--staged"], &["--rev", "HEAD"]] {
            bounded(repo.path(), &[&["check", "--format", "concise"], view].concat());
        }
    }
}

/// Objects in files of their own, cut short, claiming more than they hold, or of another kind: an end, and little memory.
#[test]
fn objects_cut_and_made_up() {
    let deflated = |content: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).expect("written to memory");
        encoder.finish().expect("written to memory")
    };
    let repo = repo("{ outputs = _: import ./x.nix; }\n");
    repo.write("x.nix", "{ }\n");
    repo.commit_all();
    let id = |revision: &str| repo.git(&["rev-parse", revision]).trim().to_owned();
    let ids = [id("HEAD:x.nix"), id("HEAD:flake.nix"), id("HEAD^{tree}"), id("HEAD")];
    // What is on disk is another content, and something is staged: every object is needed in some view.
    repo.write("x.nix", "{ other = 1; }\n");
    repo.write("y.nix", "{ }\n");
    repo.git(&["add", "y.nix"]);
    repo.write("flake.nix", "{ outputs = _: import ./y.nix; }\n");
    for (number, id) in ids.iter().enumerate() {
        let path = repo.path().join(".git/objects").join(&id[..2]).join(&id[2..]);
        let whole = fs::read(&path).expect("nothing is packed");
        let mut contents: Vec<Vec<u8>> = (0..whole.len()).step_by(3).map(|end| whole[..end].to_vec()).collect();
        for made_up in [
            &b"blob 8589934592\0x"[..],
            b"blob 99\0{ outputs = _: { }; }\n",
            b"tree 9999999999\0",
            b"commit 5\0",
            b"tag 0\0",
            b"blob 0",
            b"x",
            b"",
        ] {
            contents.push(deflated(made_up));
        }
        for content in contents {
            fs::remove_file(&path).expect("it is there");
            fs::write(&path, &content).expect("a file");
            for view in [&["--worktree"][..], &["--staged"], &["--rev", "HEAD"], &["--rev", id], &["--since", "HEAD"]] {
                let run = bounded(repo.path(), &[&["check", "--format", "concise"], view].concat());
                let needs_it = view == ["--rev", "HEAD"];
                assert!(run.status == 2 || !needs_it, "{number} {view:?} {content:?}: {}{}", run.stdout, run.stderr);
            }
        }
        fs::remove_file(&path).expect("it is there");
        fs::write(&path, whole).expect("a file");
    }
    // A pack that has it whole is enough, as for git.
    repo.git(&["repack", "-a", "-q"]);
    let path = repo.path().join(".git/objects").join(&ids[1][..2]).join(&ids[1][2..]);
    fs::remove_file(&path).expect("it is kept beside the pack");
    fs::write(&path, "").expect("a file");
    assert_eq!(bounded(repo.path(), &["check", "--rev", "HEAD"]).status, 0);
}

/// One byte of a pack, or of what lists what is in it, is another: what is read is what was committed, or nothing.
#[test]
fn packs_with_another_byte() {
    let repo = repo("{ outputs = _: import ./x.nix; }\n");
    repo.write("x.nix", &"{ }\n".repeat(50));
    repo.commit_all();
    repo.write("x.nix", &format!("{}# more\n", "{ }\n".repeat(50)));
    repo.commit_all();
    let committed = fs::read(repo.path().join("x.nix")).expect("it is there");
    repo.git(&["repack", "-a", "-d", "-q"]);
    repo.git(&["multi-pack-index", "write"]);
    repo.git(&["prune-packed", "-q"]);
    repo.write("x.nix", "{ other = 1; }\n");
    let environment = || Environment::of([("HOME", repo.path().as_os_str()), ("PATH", "/nowhere".as_ref())]);
    let read = |revision: &str| {
        let repository = Repository::discover_with(repo.path(), environment()).ok()??;
        let snapshot = repository.snapshot(&ViewChoice::Revision(revision.to_owned())).ok()?;
        Some(snapshot.read(&"x.nix".into()).ok()?.bytes().to_vec())
    };
    assert_eq!(read("main"), Some(committed.clone()));
    let files = fs::read_dir(repo.path().join(".git/objects/pack")).expect("it is there").flatten();
    for path in files.map(|file| file.path()) {
        let whole = fs::read(&path).expect("it is there");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("it is ours");
        for at in 0..whole.len() {
            for change in [0x01, 0x90] {
                let mut changed = whole.clone();
                changed[at] ^= change;
                fs::write(&path, &changed).expect("a file");
                let found = read("main");
                assert!(found.is_none() || found.as_ref() == Some(&committed), "{path:?}, byte {at}: {found:?}");
            }
            if at % 97 == 0 {
                fs::write(&path, &whole[..at]).expect("a file");
                let found = read("HEAD~1").is_none() || read("HEAD").is_none_or(|found| found == committed);
                assert!(found, "{path:?}, {at} bytes");
            }
        }
        fs::write(&path, &whole).expect("a file");
    }
    assert_eq!(read("HEAD"), Some(committed));
}

/// A pack of one entry for each of these objects, whatever it holds, and its index.
fn write_pack(repo: &Repo, entries: &[(Vec<u8>, Vec<u8>)]) {
    let directory = repo.path().join(".git/objects/pack");
    fs::create_dir_all(&directory).expect("a directory");
    let number = |number: usize| u32::try_from(number).expect("small").to_be_bytes();
    let mut pack = [&b"PACK\0\0\0\x02"[..], &number(entries.len())].concat();
    let mut places: Vec<(&[u8], usize)> = Vec::new();
    for (id, entry) in entries {
        places.push((id, pack.len()));
        pack.extend(entry);
    }
    pack.extend([0; 20]);
    places.sort();
    let counts = (0..=u8::MAX).flat_map(|first| number(places.iter().filter(|(id, _)| id[0] <= first).count()));
    let mut index = [&b"\xfftOc\0\0\0\x02"[..], &counts.collect::<Vec<u8>>()].concat();
    index.extend(places.iter().flat_map(|(id, _)| id.to_vec()));
    index.extend(vec![0; 4 * places.len()]);
    index.extend(places.iter().flat_map(|(_, at)| number(*at)));
    index.extend([0; 40]);
    fs::write(directory.join("pack-made-up.pack"), pack).expect("a file");
    fs::write(directory.join("pack-made-up.idx"), index).expect("a file");
}

/// The header of an entry: its kind and size.
fn entry(kind: u8, mut size: u64) -> Vec<u8> {
    let mut header = vec![kind << 4 | u8::try_from(size & 15).expect("four bits")];
    size >>= 4;
    while size > 0 {
        *header.last_mut().expect("it has one") |= 0x80;
        header.push(u8::try_from(size & 0x7f).expect("seven bits"));
        size >>= 7;
    }
    header
}

/// Packs that git would never write: changes to themselves, sizes of gigabytes, kinds that nobody knows.
#[test]
fn packs_made_up() {
    let deflated = |content: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).expect("written to memory");
        encoder.finish().expect("written to memory")
    };
    let changes_to = |id: &[u8]| [&entry(7, 6)[..], id, &deflated(&[4, 4, 4, b'a', b'b', b'c'])].concat();
    // A copy of all there is, sixty-four times.
    let grows = |base: u64| {
        let number = |mut number: u64| {
            let mut bytes = Vec::new();
            while number > 0x7f {
                bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
                number >>= 7;
            }
            bytes.push(u8::try_from(number).expect("seven bits"));
            bytes
        };
        let copy = [&[0xf0][..], &(u32::try_from(base).expect("small")).to_le_bytes()[..3]].concat();
        [number(base), number(64 * base), copy.repeat(64)].concat()
    };
    let zeros = vec![0; 1 << 23];
    for object in ["HEAD", "HEAD^{tree}", "HEAD:x.nix", "HEAD:flake.nix"] {
        let repo = repo("{ outputs = _: import ./x.nix; }\n");
        repo.write("x.nix", "{ }\n");
        repo.commit_all();
        let name = repo.git(&["rev-parse", object]).trim().to_owned();
        let id: Vec<u8> =
            (0..20).map(|at| u8::from_str_radix(&name[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect();
        fs::remove_file(repo.path().join(".git/objects").join(&name[..2]).join(&name[2..])).expect("it is there");
        repo.write("x.nix", "{ other = 1; }\n");
        repo.write("flake.nix", "{ outputs = _: import ./x.nix; } # other\n");
        let other = vec![7; 20];
        let mut cases = vec![
            ("a change to itself", vec![(id.clone(), changes_to(&id))]),
            ("two changes to each other", vec![(id.clone(), changes_to(&other)), (other.clone(), changes_to(&id))]),
            ("a change to nothing", vec![(id.clone(), changes_to(&other))]),
            ("a change to what is before the pack", vec![(id.clone(), [&entry(6, 6)[..], &[0xff, 0x7f]].concat())]),
            ("a change to the same place", vec![(id.clone(), [&entry(6, 6)[..], &[0]].concat())]),
            ("no bytes", vec![(id.clone(), Vec::new())]),
            ("a size without end", vec![(id.clone(), vec![0xff; 40])]),
            (
                "a change to one of eight megabytes, which grows",
                vec![
                    (other.clone(), [entry(3, 1 << 23), deflated(&zeros)].concat()),
                    (
                        id.clone(),
                        [&entry(7, grows(1 << 23).len() as u64)[..], &other, &deflated(&grows(1 << 23))].concat(),
                    ),
                ],
            ),
        ];
        for kind in 0..8 {
            cases.push(("eight gigabytes", vec![(id.clone(), [entry(kind, 8 << 30), deflated(b"x")].concat())]));
            cases.push(("more than is there", vec![(id.clone(), [entry(kind, 99), deflated(b"{ }")].concat())]));
            cases.push(("less than is there", vec![(id.clone(), [entry(kind, 2), deflated(b"{ }")].concat())]));
            cases.push(("another object", vec![(id.clone(), [entry(kind, 3), deflated(b"{ }")].concat())]));
        }
        for (what, entries) in cases {
            write_pack(&repo, &entries);
            for view in [&["--staged"][..], &["--rev", "main"], &["--since", "HEAD"]] {
                let run = bounded(repo.path(), &[&["check", "--format", "concise"], view].concat());
                assert!(view[0] != "--rev" || run.status == 2, "{object}, {what}, {view:?}: {}", run.stdout);
            }
        }
    }
}

/// A few trees that name each other hold more files than there are atoms.
#[test]
fn trees_that_multiply() {
    let repo = repo(FLAKE);
    repo.commit_all();
    let blob = repo.git(&["rev-parse", "HEAD:flake.nix"]).trim().to_owned();
    let file = format!("100644 blob {blob}\tflake.nix\n");
    let mut tree = file.clone();
    for _ in 0..40 {
        let id = repo.git_with_input(&["mktree"], &tree).trim().to_owned();
        let below: Vec<String> = (0..10).map(|number| format!("040000 tree {id}\td{number}\n")).collect();
        tree = below.concat() + &file;
    }
    let id = repo.git_with_input(&["mktree"], &tree).trim().to_owned();
    let commit = repo.git(&["commit-tree", "-m", "x", &id]).trim().to_owned();
    repo.git(&["update-ref", "refs/heads/main", &commit]);
    for view in [&["--rev", "HEAD"][..], &["--staged"], &["--since", "HEAD"]] {
        let run = bounded(repo.path(), &[&["check", "--format", "concise"], view].concat());
        assert!(view[0] != "--rev" || run.status == 2, "{view:?}: {}", run.stdout);
    }
}

/// What is kept of directories may be anything, and directories may be older than time.
#[test]
fn a_directory_cache_that_is_none() {
    let repo = repo(FLAKE);
    for number in 0..420 {
        repo.write(&format!("d{number}/x.nix"), "{ }\n");
    }
    repo.commit_all();
    let cache = repo.path().join(".git/preflake-cache");
    let check = |what: &str, wanted: i32| {
        let run = bounded(repo.path(), &["check", "--format", "concise"]);
        assert_eq!(run.status, wanted, "{what}: {}{}", run.stdout, run.stderr);
    };
    let touch = |path: &str| {
        let output = crate::repo::hermetic("touch", repo.path()).args(["-d", "1960-01-01", path]).output();
        assert!(output.is_ok_and(|output| output.status.success()), "touch(1) sets any time");
    };
    for number in 0..420 {
        touch(&format!("d{number}"));
    }
    std::thread::sleep(std::time::Duration::from_millis(50));
    check("older than time", 0);
    check("older than time, again", 0);
    repo.write("d7/new.nix", "{ }\n");
    touch("d7");
    check("a new file in a directory that looks as before", 1);
    check("the same again", 1);
    fs::remove_file(repo.path().join("d7/new.nix")).expect("it is there");
    touch("d7");
    check("gone again", 0);
    let whole = fs::read(&cache).unwrap_or_default();
    for (what, content) in
        [("empty", Vec::new()), ("zeros", vec![0; 100_000]), ("half", whole[..whole.len() / 2].to_vec())]
    {
        fs::write(&cache, content).expect("a file");
        check(what, 0);
    }
    for at in (0..whole.len()).step_by(997) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        fs::write(&cache, changed).expect("a file");
        check(&format!("byte {at} is another"), 0);
    }
    fs::remove_file(&cache).expect("it is there");
    pipe(&cache);
    check("a pipe", 0);
    fs::remove_file(&cache).expect("it is there");
    fs::create_dir(&cache).expect("a directory");
    check("a directory", 0);
    fs::remove_dir(&cache).expect("it is there");
    let precious = repo.path().join(".git/precious");
    fs::write(&precious, "precious").expect("a file");
    symlink("precious", &cache).expect("a link");
    check("a link", 0);
    assert_eq!(fs::read_to_string(&precious).expect("it is there"), "precious");
    fs::remove_file(&cache).expect("it is there");
    File::create(&cache).and_then(|file| file.set_len(5 << 30)).expect("a sparse file");
    check("five gigabytes", 0);
}
