//! Things far larger than any flake's. `PREFLAKE_DEPTH` makes them larger still.

use std::fmt::Write as _;
use std::fs::File;

use super::{FLAKE, bounded, first, repo};

fn scale() -> usize {
    std::env::var("PREFLAKE_DEPTH").ok().and_then(|text| text.parse().ok()).unwrap_or(5_000)
}

/// Five gigabytes that take no room on the disk.
#[test]
fn enormous_files() {
    for name in ["flake.nix", "flake.lock", "x.nix", "preflake.toml", ".gitignore"] {
        let repo = repo("{ outputs = _: import ./x.nix; }\n");
        repo.write(name, FLAKE);
        repo.git(&["add", "--all"]);
        let file = File::options().write(true).open(repo.path().join(name)).expect("it is there");
        if file.set_len(5 << 30).is_err() {
            eprintln!("skipped: no sparse files here");
            return;
        }
        let run = bounded(repo.path(), &["check", "--format", "concise"]);
        if matches!(name, "flake.nix" | "flake.lock" | "preflake.toml") {
            let said = format!("{}{}", run.stdout, run.stderr);
            assert!(said.contains(name) && said.contains("larger than"), "{name}: {}", first(&said));
            assert_ne!(run.status, 0);
        }
        bounded(repo.path(), &["check", "--format", "concise", "--staged"]);
        repo.git(&["rm", "-q", "-f", "--cached", name]);
        bounded(repo.path(), &["check", "--format", "concise"]);
    }
}

/// A text that is small enough to be read, and whose tree would not fit into memory.
#[test]
fn a_flake_nix_of_forty_megabytes() {
    if scale() < 1_000_000 {
        eprintln!("skipped: it takes long without optimization; PREFLAKE_DEPTH=1000000 runs it");
        return;
    }
    let repo = repo("");
    repo.write("flake.nix", &format!("{{ outputs = _: [{}]; }}", " 1".repeat(20 << 20)));
    let run = bounded(repo.path(), &["check", "--format", "concise"]);
    assert!(run.stdout.contains("larger than 32 MB"), "{}", first(&run.stdout));
}

/// A lock with a node for every package that somebody could think of.
fn lock(nodes: usize, input: &dyn Fn(usize) -> String) -> String {
    let mut text = "{\"nodes\":{".to_owned();
    for number in 0..nodes {
        let inputs = input(number);
        let source = format!("\"type\":\"github\",\"owner\":\"o\",\"repo\":\"r{number}\"");
        let hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let pin = format!("\"rev\":\"{number:040}\",\"narHash\":\"{hash}\",\"lastModified\":1");
        let _ = write!(text, "\"n{number}\":{{{inputs}\"locked\":{{{source},{pin}}},\"original\":{{{source}}}}},");
    }
    text + "\"root\":{\"inputs\":{\"x\":\"n0\"}}},\"root\":\"root\",\"version\":7}"
}

#[test]
fn large_locks() {
    let repo = repo("{ inputs.x.url = \"github:o/r0\"; outputs = _: { }; }\n");
    // A million deep is a lock of 100 MB here.
    let nodes = scale() / 3;
    let chain = |number: usize| {
        if number + 1 < nodes { format!("\"inputs\":{{\"y\":\"n{}\"}},", number + 1) } else { String::new() }
    };
    let follows = |number: usize| format!("\"inputs\":{{\"y\":[\"x\",\"y\"],\"z{number}\":[\"x\",\"z\"]}},");
    let wide = |number: usize| {
        let all: Vec<String> = (1..nodes).map(|other| format!("\"i{other}\":\"n{other}\"")).collect();
        if number == 0 { format!("\"inputs\":{{{}}},", all.join(",")) } else { String::new() }
    };
    for input in [&chain as &dyn Fn(usize) -> String, &follows, &wide] {
        repo.write("flake.lock", &lock(nodes, input));
        repo.git(&["add", "--all"]);
        let run = bounded(repo.path(), &["check", "--format", "concise"]);
        assert!(run.status < 2, "{}", run.stderr);
    }
}

/// What follows itself, in a circle as long as the lock.
#[test]
fn follows_in_circles() {
    let many = scale() / 50;
    let mut inputs = String::new();
    for number in 0..many {
        let _ = writeln!(inputs, "inputs.x{number}.follows = \"x{}\";", (number + 1) % many);
    }
    let edges: Vec<String> = (0..many).map(|number| format!("\"x{number}\":[\"x{}\"]", (number + 1) % many)).collect();
    let repo = repo(&format!("{{ {inputs} outputs = _: {{ }}; }}\n"));
    let lock =
        format!("{{\"nodes\":{{\"root\":{{\"inputs\":{{{}}}}}}},\"root\":\"root\",\"version\":7}}", edges.join(","));
    repo.write("flake.lock", &lock);
    repo.git(&["add", "--all"]);
    let formats = ["human", "concise", "json", "sarif", "github", "gitlab"];
    let reports = formats.map(|format| ["check", "--format", format]);
    for arguments in reports.iter().map(<[&str; 3]>::as_slice).chain([&["fix", "--diff"][..]]) {
        let run = bounded(repo.path(), arguments);
        assert!(run.status < 2, "{}", run.stderr);
        // The circle is written once, and not to its end; sarif explains every rule.
        let most = 128 << 10;
        assert!(run.stdout.len() < most, "{arguments:?}: {} bytes", run.stdout.len());
    }
}

/// Nix stops at the first circle.
#[test]
fn flakes_that_all_name_each_other() {
    let flake = |place: &str, others: &mut dyn Iterator<Item = usize>| {
        let inputs: Vec<_> = others.map(|other| format!("i{other}.url = \"path:{place}f{other}\";")).collect();
        let inputs = inputs.join(" ");
        format!("{{ inputs = {{ {inputs}}}; outputs = _: {{ }}; }}\n")
    };
    let repo = repo(&flake("./", &mut (0..12)));
    for number in 0..12 {
        let others = &mut (0..12).filter(|other| *other != number);
        repo.write(&format!("f{number}/flake.nix"), &flake("../", others));
    }
    repo.git(&["add", "--all"]);
    let run = bounded(repo.path(), &["check", "--format", "concise"]);
    assert!(run.stdout.contains("circular import of flake"), "{}", first(&run.stdout));
    assert!(run.stdout.lines().count() < 500, "{} lines", run.stdout.lines().count());
}

/// Paths of so many parts that no disk holds them: in Nix files, and in a tree that git made.
#[test]
fn paths_of_a_million_parts() {
    let many = scale();
    let repo = repo(&format!("{{ outputs = _: import ./{}x.nix; }}\n", "a/".repeat(many)));
    bounded(repo.path(), &["check", "--format", "concise"]);
    let blob = repo.git(&["hash-object", "-w", "flake.nix"]);
    let mut tree = git_with_input(&repo, &["mktree"], &format!("100644 blob {}\tx.nix\n", blob.trim()));
    for _ in 0..300 {
        tree = git_with_input(&repo, &["mktree"], &format!("040000 tree {}\t{}\n", tree.trim(), "d".repeat(255)));
    }
    let commit = repo.git(&["commit-tree", "-m", "deep", tree.trim()]);
    let run = bounded(repo.path(), &["check", "--rev", commit.trim()]);
    assert!(run.status == 2 && run.stderr.contains("nested too deeply"), "{} {}", run.status, run.stderr);
}

fn git_with_input(repo: &crate::repo::Repo, arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut command = crate::repo::hermetic("git", repo.path());
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("git reads");
    String::from_utf8_lossy(&child.wait_with_output().expect("git ends").stdout).into_owned()
}

/// The same content in a commit under thousands of names: not as many times in memory, nor what is found in it.
#[test]
fn one_content_under_many_names() {
    under_many_names(&"  \"some text that is long and not a path\"\n".repeat(25_000), 1_200);
    under_many_names(&"  1 # preflake: ignore[missing-path] why\n".repeat(10_000), 300);
    under_many_names(&"  ./gone-and-gone-and-gone-and-gone-and-gone.nix\n".repeat(3_000), 300);
}

fn under_many_names(lines: &str, names: usize) {
    let repo = repo(super::FLAKE);
    repo.write("big.nix", &format!("[\n{lines}]\n"));
    repo.git(&["add", "--all"]);
    let blob = repo.git(&["rev-parse", ":big.nix"]).trim().to_owned();
    let items: String =
        (0..names).fold(String::new(), |items, number| items + &format!("100644 blob {blob}\tx{number}.nix\n"));
    let directory = repo.git_with_input(&["mktree"], &items).trim().to_owned();
    let flake = repo.git(&["rev-parse", ":flake.nix"]).trim().to_owned();
    let root = format!("040000 tree {directory}\td\n100644 blob {flake}\tflake.nix\n");
    let root = repo.git_with_input(&["mktree"], &root).trim().to_owned();
    let commit = repo.git(&["commit-tree", "-m", "x", &root]).trim().to_owned();
    // It would be more than a gigabyte, if each were kept.
    let less = ["sh", "-c", "ulimit -v 900000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_preflake")];
    let run = super::bounded_as(repo.path(), &less, &["check", "--rev", &commit]);
    assert!(run.status < 2, "{}", run.stderr);
}
