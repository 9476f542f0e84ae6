//! Real Nix files as the body of `outputs`: what Nix's parser refuses anywhere in a flake.nix is refused here, and
//! nothing else.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::case::Files;
use crate::histories;
use crate::judge::agree;
use crate::oracle::{Oracle, scratch};
use crate::rng::Rng;
use crate::run::{Tally, ask, difference, each};
use crate::tokens;

/// Longer files are left out: the interesting ones are written by hand.
const MAX_BYTES: usize = 200_000;

/// As many files are asked about at once as long as none of them is refused.
const TOGETHER: usize = 40;

/// A Nix file of the newest commit of a repository.
pub(crate) struct NixFile {
    name: String,
    text: String,
}

/// Every Nix file of the repositories, in an order that depends on nothing but the seed.
pub(crate) fn all(mirrors: &Path, seed: u64) -> Vec<NixFile> {
    let mut files: Vec<NixFile> = histories::repositories(mirrors).iter().flat_map(|mirror| read(mirror)).collect();
    Rng::new(seed).shuffle(&mut files);
    files
}

fn read(repository: &Path) -> Vec<NixFile> {
    let listing = histories::git(repository, &["ls-tree", "-r", "-z", "--full-tree", "HEAD"]);
    let is_nix = |path: &str| Path::new(path).extension().is_some_and(|extension| extension == "nix");
    let blobs = listing.split('\0').filter_map(|line| line.split_once('\t')).filter(|(_, path)| is_nix(path));
    let blobs: Vec<(&str, &str)> = blobs.filter_map(|(head, path)| Some((head.rsplit(' ').next()?, path))).collect();
    let name = |path: &str| format!("{} {path}", repository.display());
    let texts = contents(repository, &blobs);
    blobs.iter().zip(texts).filter_map(|((_, path), text)| Some(NixFile { name: name(path), text: text? })).collect()
}

/// The blobs as text, in one conversation with git.
fn contents(repository: &Path, blobs: &[(&str, &str)]) -> Vec<Option<String>> {
    let wanted = scratch();
    let list = wanted.path().join("list");
    let ids: Vec<&str> = blobs.iter().map(|(id, _)| *id).collect();
    std::fs::write(&list, ids.join("\n") + "\n").expect("scratch can be written");
    let mut command = Command::new("git");
    command.args(["cat-file", "--batch"]).env("GIT_DIR", repository).stderr(Stdio::null());
    command.stdin(std::fs::File::open(&list).expect("it was just written"));
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    let mut rest = output.as_slice();
    blobs.iter().map(|_| next_blob(&mut rest)).collect()
}

fn next_blob(rest: &mut &[u8]) -> Option<String> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let size: usize = std::str::from_utf8(&rest[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
    let blob = rest.get(end + 1..end + 1 + size)?;
    *rest = rest.get(end + 2 + size..)?;
    if size > MAX_BYTES { None } else { String::from_utf8(blob.to_vec()).ok() }
}

/// Judges the files as they are.
pub(crate) fn whole(oracle: &Oracle, files: &[NixFile]) -> Tally {
    let groups: Vec<&[NixFile]> = files.chunks(TOGETHER).collect();
    let mut tally = Tally::default();
    for group in each(&groups, |group, _| halves(oracle, group)) {
        tally.join(group);
    }
    tally
}

/// Judges many files in one question, and only where the answer is not that all is well, the halves of them.
fn halves(oracle: &Oracle, files: &[NixFile]) -> Tally {
    let bodies: Vec<String> = files.iter().map(|file| format!("(\n{}\n)", file.text)).collect();
    let dir = scratch();
    let (answer, report) = ask(oracle, &flake(&format!("[\n{}\n]", bodies.join("\n"))), dir.path());
    let mut tally = Tally::default();
    if answer.verdict == crate::oracle::Verdict::Consistent && agree(&answer, &report) {
        *tally.pairs.entry((answer.verdict, report.claim)).or_default() += files.len();
    } else if let [file] = files {
        if !tally.add(&answer, &report) {
            tally.disagreements.push(difference(&file.name, &answer, &report));
        }
    } else {
        let (left, right) = files.split_at(files.len() / 2);
        tally.join(halves(oracle, left));
        tally.join(halves(oracle, right));
    }
    tally
}

/// Judges each file with a fault in it; some faults leave it sound.
pub(crate) fn faulty(oracle: &Oracle, files: &[NixFile], seed: u64) -> Tally {
    let jobs: Vec<(usize, &NixFile)> = files.iter().enumerate().collect();
    let judged = each(&jobs, |(number, file), dir| {
        let mut text = file.text.clone();
        let rng = &mut Rng::part(seed, *number as u64);
        for _ in 0..=rng.below(2) {
            tokens::fault(&mut text, rng);
        }
        let (answer, report) = ask(oracle, &flake(&format!("(\n{text}\n)")), dir);
        (answer, report, text)
    });
    let mut tally = Tally::default();
    for ((_, file), (answer, report, text)) in jobs.iter().zip(judged) {
        if !tally.add(&answer, &report) {
            tally.disagreements.push(format!("{}\n{text}", difference(&file.name, &answer, &report)));
        }
    }
    tally
}

fn flake(body: &str) -> Files {
    Files::from([("flake.nix".to_owned(), format!("{{ outputs = _:\n{body};\n}}\n").into_bytes())])
}
