//! The merge driver: pairs of diverging locks, merged by real git, judged by real Nix, and each root input compared with
//! what it was on either side.

mod diverge;
mod locks;
mod real;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

use self::diverge::Trees;
use self::locks::{Input, Origin, origin, roots};
use crate::case::{Files, show, write};
use crate::oracle::{Oracle, Verdict};
use crate::run::each;

pub(crate) use self::real::run as real;

/// What came of the pairs.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pairs: usize,
    /// Merged, both flake.nix and flake.lock, and what Nix says to that where it found both sides consistent.
    consistent: usize,
    refetched: usize,
    /// Merged although a side did not agree with its flake.nix in the first place.
    from_stale: usize,
    /// The lock was merged, flake.nix left in conflict.
    without_nix: usize,
    /// Left in conflict, with good reason.
    conflicts: usize,
    /// Inputs that both sides changed, and that flake.nix or a change further down decided about.
    decided: usize,
    failures: Vec<String>,
}

impl Tally {
    /// Prints the figures and fails where a merge was wrong.
    pub(crate) fn conclude(&self, title: &str) {
        let Self { pairs, consistent, refetched, from_stale, without_nix, conflicts, decided, failures } = self;
        println!(
            "{title}: {pairs} pairs: {} merged whole ({consistent} consistent, {refetched} that Nix would fetch to \
             decide, {from_stale} from a stale side), {without_nix} with a conflict in flake.nix only, {conflicts} \
             conflicts; {decided} inputs changed on both sides and merged",
            consistent + refetched + from_stale
        );
        failures.iter().take(20).for_each(|failure| println!("{failure}"));
        assert!(failures.is_empty(), "{title}: {} wrong merges", failures.len());
    }

    fn add(&mut self, outcome: Result<(Kind, usize), String>) {
        self.pairs += 1;
        match outcome {
            Ok((kind, decided)) => {
                self.decided += decided;
                match kind {
                    Kind::Consistent => self.consistent += 1,
                    Kind::Refetched => self.refetched += 1,
                    Kind::FromStale => self.from_stale += 1,
                    Kind::WithoutNix => self.without_nix += 1,
                    Kind::Conflict => self.conflicts += 1,
                }
            }
            Err(text) => self.failures.push(text),
        }
    }
}

/// What came of one pair.
enum Kind {
    Consistent,
    Refetched,
    FromStale,
    WithoutNix,
    Conflict,
}

/// What git and the driver made of two sides.
struct Merge {
    nix_is_clean: bool,
    lock_is_clean: bool,
    lock: String,
    said: String,
    files: Files,
}

/// Merges generated pairs of these seeds.
pub(crate) fn run(oracle: &Oracle, seeds: &[u64]) -> Tally {
    let mut tally = Tally::default();
    let outcomes = each(seeds, |seed, dir| {
        let trees = diverge::trees(*seed);
        let merge = merge(&trees, dir);
        judge(oracle, &trees, &merge).map_err(|why| {
            let [base, ours, theirs] = [&trees.base, &trees.ours, &trees.theirs].map(show);
            format!(
                "=== seed {seed}: {why}\n{}\n######## base\n{base}######## ours ({:?})\n{ours}######## theirs ({:?})\n\
                 {theirs}######## merged\n{}",
                merge.said,
                trees.edits[0],
                trees.edits[1],
                show(&merge.files)
            )
        })
    });
    for outcome in outcomes {
        tally.add(outcome);
    }
    tally
}

/// Judges a merge: nothing may be lost, and Nix must find consistent what it found so on both sides.
fn judge(oracle: &Oracle, trees: &Trees, merge: &Merge) -> Result<(Kind, usize), String> {
    let lock = |files: &Files| -> Json {
        files.get("flake.lock").map_or(Json::Null, |bytes| serde_json::from_slice(bytes).expect("we wrote it"))
    };
    let [base, ours, theirs] = [&trees.base, &trees.ours, &trees.theirs].map(lock);
    if !merge.lock_is_clean {
        return conflict(merge, [&base, &ours, &theirs]).map(|()| (Kind::Conflict, 0));
    }
    let merged: Json = serde_json::from_str(&merge.lock).map_err(|error| format!("not JSON: {error}"))?;
    let mut decided = 0;
    for input in roots([&base, &ours, &theirs, &merged]) {
        match origin(&input) {
            Origin::Clean => {}
            Origin::Decided if merge.said.contains(&format!("input `{}`", input.name)) => decided += 1,
            Origin::Nested => decided += 1,
            Origin::Decided => return Err(format!("`{}` was decided without a word", input.name)),
            Origin::Lost => return Err(format!("`{}` is not what a side has", input.name)),
        }
    }
    if !merge.nix_is_clean {
        return Ok((Kind::WithoutNix, decided));
    }
    let ask = |files: &Files| {
        let dir = crate::oracle::scratch();
        write(files, dir.path());
        oracle.ask(dir.path())
    };
    let answer = ask(&merge.files);
    let kind = match answer.verdict {
        Verdict::Consistent => Kind::Consistent,
        Verdict::Refetch => Kind::Refetched,
        _ if [&trees.ours, &trees.theirs].iter().any(|side| ask(side).verdict != Verdict::Consistent) => {
            Kind::FromStale
        }
        verdict => return Err(format!("Nix finds it {verdict:?}: {}", answer.message)),
    };
    Ok((kind, decided))
}

/// A conflict must have a reason, and be resolved to a lock by taking either side of it.
fn conflict(merge: &Merge, [base, ours, theirs]: [&Json; 3]) -> Result<(), String> {
    for (takes_ours, side) in [(true, ours), (false, theirs)] {
        let resolved = resolve(&merge.lock, takes_ours).ok_or("no whole conflict markers")?;
        let resolved: Json =
            serde_json::from_str(&resolved).map_err(|error| format!("resolved by {takes_ours}: {error}"))?;
        if merge.said.contains("would not agree") || merge.said.contains("is not in the merged lock") {
            if resolved != *side {
                return Err(format!("resolved by {takes_ours}: not that side"));
            }
            continue;
        }
        let mut reasons = 0;
        for input in roots([base, ours, theirs, &resolved]) {
            let Input { name, base, ours, theirs, merged } = &input;
            let disputed = ours != theirs && base != ours && base != theirs;
            reasons += usize::from(disputed);
            let is_side = *merged == side["nodes"]["root"]["inputs"].get(name).map(|edge| locks::tree(side, edge));
            let is_decided = merge.said.contains(&format!("input `{name}`: both sides changed it, flake.nix asks for"));
            if !(matches!(origin(&input), Origin::Clean | Origin::Nested) || disputed && (is_side || is_decided)) {
                return Err(format!("resolved by {takes_ours}: `{name}` is not what that side has"));
            }
        }
        if reasons == 0 && !merge.said.contains("would not agree") && !merge.said.contains("is not in the merged lock")
        {
            return Err("a conflict without a reason".to_owned());
        }
    }
    Ok(())
}

/// The text with one side of each conflict; `None` where there is no conflict, or half a one.
fn resolve(text: &str, ours: bool) -> Option<String> {
    let mut resolved = String::new();
    let (mut inside, mut conflicts) = (None, 0);
    for line in text.split_inclusive('\n') {
        match line.split(' ').next().map(str::trim_end) {
            Some("<<<<<<<") if inside.is_none() => inside = Some(true),
            Some("=======") if inside == Some(true) => inside = Some(false),
            Some(">>>>>>>") if inside == Some(false) => {
                inside = None;
                conflicts += 1;
            }
            _ if inside.is_none_or(|in_ours| in_ours == ours) => resolved.push_str(line),
            _ => {}
        }
    }
    (inside.is_none() && conflicts > 0).then_some(resolved)
}

/// The command that `install --merge-driver` writes, for the binary under test.
fn driver() -> String {
    format!(
        "{} merge-driver --base-label %S --ours-label %X --theirs-label %Y --marker-size %L %O %A %B %P",
        env!("CARGO_BIN_EXE_preflake")
    )
}

/// Merges with git, in a repository of its own.
fn merge(trees: &Trees, dir: &Path) -> Merge {
    git(dir, &["init", "-q", "-b", "ours"]);
    git(dir, &["config", "merge.preflake.driver", &driver()]);
    std::fs::write(dir.join(".git/info/attributes"), "flake.lock merge=preflake\n").expect("scratch is ours");
    commit(&trees.base, dir);
    git(dir, &["checkout", "-q", "-b", "theirs"]);
    commit(&trees.theirs, dir);
    git(dir, &["checkout", "-q", "ours"]);
    commit(&trees.ours, dir);
    let output = git(dir, &["merge", "-q", "--no-edit", "theirs"]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let unmerged = String::from_utf8_lossy(&git(dir, &["ls-files", "--unmerged"]).stdout).into_owned();
    let mut files: Files =
        trees.ours.keys().chain(trees.theirs.keys()).map(|path| (path.clone(), Vec::new())).collect();
    files.retain(|path, bytes| match std::fs::read(dir.join(path)) {
        Ok(content) => {
            *bytes = content;
            true
        }
        Err(_) => false,
    });
    Merge {
        nix_is_clean: unmerged.lines().all(|line| line.split('\t').nth(1) == Some("flake.lock")),
        lock_is_clean: !unmerged.contains("\tflake.lock"),
        lock: files.get("flake.lock").map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default(),
        said,
        files,
    }
}

fn commit(files: &Files, dir: &Path) {
    git(dir, &["rm", "-r", "-q", "--ignore-unmatch", "."]);
    write(files, dir);
    git(dir, &["add", "--all"]);
    let output = git(dir, &["commit", "-q", "--allow-empty", "-m", "x"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// git, without the machine's configuration.
fn git(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    command.output().expect("git is installed")
}
