//! `preflake graph`: what it draws, of which flake, and what it says where there is nothing to draw.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect, expect_file};

use crate::repo::{Repo, Run};

/// A lock: of each node its key, what it asks for, and its inputs; a list is a `follows`.
fn lock(nodes: &[(&str, &str, &str)]) -> String {
    let mut text = String::from("{\"nodes\":{");
    for (number, (key, repository, inputs)) in nodes.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let source = match *repository {
            "" => String::new(),
            other => {
                let (owner, repo) = other.split_once('/').expect("owner/repo");
                let github = format!("\"owner\":\"{owner}\",\"repo\":\"{repo}\",\"type\":\"github\"");
                let rev = format!("{number:040x}");
                format!(
                    ",\"locked\":{{\"lastModified\":{},\"narHash\":\"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"rev\":\"{rev}\",{github}}},\"original\":{{{github}}}",
                    1_780_000_000 + number
                )
            }
        };
        let _ = write!(text, "{comma}\"{key}\":{{\"inputs\":{{{inputs}}}{source}}}");
    }
    text + "},\"root\":\"root\",\"version\":7}"
}

fn repo(lock: &str) -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", "{ outputs = _: { }; }\n");
    repo.write("flake.lock", lock);
    repo.git(&["add", "--all"]);
    repo
}

fn drawn(repo: &Repo, arguments: &[&str]) -> String {
    let run = repo.preflake(&[&["graph"], arguments].concat());
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    run.stdout
}

fn tree(nodes: &[(&str, &str, &str)], wanted: &Expect) {
    wanted.assert_eq(&drawn(&repo(&lock(nodes)), &[]));
}

#[test]
fn copies_are_counted_and_follows_are_follows() {
    tree(
        &[
            ("root", "", r#""a":"a","b":"b","n":"n","none":[]"#),
            ("a", "o/a", r#""nixpkgs":["n"],"systems":[]"#),
            ("b", "o/b", r#""pkgs":"n2","x":["a","nixpkgs"]"#),
            ("n", "NixOS/nixpkgs", ""),
            ("n2", "nixos/nixpkgs", ""),
        ],
        &expect![[r#"
            flake.nix
            ├── a  github:o/a  0000000  2026-05-28
            │   ├── nixpkgs → n
            │   └── systems → "" (this flake itself)
            ├── b  github:o/b  0000000  2026-05-28
            │   ├── pkgs  github:nixos/nixpkgs  0000000  2026-05-28  [2 of 2]
            │   └── x → a/nixpkgs
            ├── n  github:NixOS/nixpkgs  0000000  2026-05-28  [1 of 2]
            └── none → "" (this flake itself)

            4 inputs
                2 × github.com/nixos/nixpkgs
        "#]],
    );
}

#[test]
fn what_is_shared_is_drawn_once_where_it_is_nearest() {
    tree(
        &[
            ("root", "", r#""a":"a","z":"z""#),
            ("a", "o/a", r#""deep":"b""#),
            ("b", "o/b", r#""again":"z","lost":["gone"],"own":"c""#),
            ("c", "o/c", ""),
            ("z", "o/z", r#""c":"c""#),
        ],
        &expect![[r"
            flake.nix
            ├── a  github:o/a  0000000  2026-05-28
            │   └── deep  github:o/b  0000000  2026-05-28
            │       ├── again = z
            │       ├── lost → gone (leads nowhere)
            │       └── own = z/c
            └── z  github:o/z  0000000  2026-05-28
                └── c  github:o/c  0000000  2026-05-28

            4 inputs
        "]],
    );
}

#[test]
fn branches_with_slashes_are_read_as_they_are_named() {
    let lock = lock(&[("root", "", r#""a":"a""#), ("a", "o/a", "")])
        .replace(r#""original":{"owner":"o","#, r#""original":{"owner":"o","ref":"release/1.0","#);
    let tree = drawn(&repo(&lock), &[]);
    assert!(tree.contains("└── a  github:o/a/release/1.0  "), "{tree}");
}

#[test]
fn circles_of_follows_end() {
    tree(
        &[("root", "", r#""a":["b"],"b":["c","x"],"c":"c""#), ("c", "o/c", r#""x":["a"]"#)],
        &expect![[r"
            flake.nix
            ├── a → b (leads nowhere)
            ├── b → c/x (leads nowhere)
            └── c  github:o/c  0000000  2026-05-28
                └── x → a (leads nowhere)

            1 input
        "]],
    );
}

#[test]
fn depth_is_limited() {
    let nodes = [
        ("root", "", r#""a":"a""#),
        ("a", "o/a", r#""b":"b","x":["a","b","c"]"#),
        ("b", "o/b", r#""c":"c""#),
        ("c", "o/c", ""),
    ];
    let repo = repo(&lock(&nodes));
    expect![[r"
        flake.nix
        └── a  github:o/a  0000000  2026-05-28
            └── … 2 inputs

        3 inputs, 1 shown
    "]]
    .assert_eq(&drawn(&repo, &["--depth", "1"]));
    let dot = drawn(&repo, &["--depth", "2", "--format", "dot"]);
    assert!(dot.contains("n2 ") && dot.contains("1 more input") && !dot.contains("n3"), "{dot}");
    assert_eq!(repo.preflake(&["graph", "--depth", "0"]).status, 2);
}

fn readme() -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", include_str!("readme/flake.nix"));
    repo.write("flake.lock", include_str!("readme/flake.lock"));
    repo.git(&["add", "--all"]);
    repo
}

#[test]
fn dot_and_mermaid() {
    let repo = readme();
    expect_file!["graph/readme.dot"].assert_eq(&drawn(&repo, &["--format", "dot"]));
    expect_file!["graph/readme.mmd"].assert_eq(&drawn(&repo, &["--format", "mermaid"]));
}

#[test]
fn the_ending_of_the_file_says_how() {
    let repo = readme();
    for (ending, format) in [("svg", "svg"), ("gv", "dot"), ("mmd", "mermaid"), ("txt", "tree")] {
        let name = format!("inputs.{ending}");
        assert_eq!(drawn(&repo, &["--output", &name]), "");
        let written = std::fs::read_to_string(repo.path().join(&name)).expect("it was written");
        assert_eq!(written, drawn(&repo, &["--format", format]), "{ending}");
    }
}

const HOSTILE: &str = "\\\"]\\u001b[31m--> n0 <b>&amp;`x`</title><script>#quot;\\\\N\\n%%{init}%%\u{202e}\\uffff";

fn hostile() -> Repo {
    let follows = format!("\"{HOSTILE}\":\"evil\",\"f\":[\"{HOSTILE}\"],\"g\":[\"{HOSTILE}\",\"x\"]");
    repo(&lock(&[("root", "", &follows), ("evil", "o/a", &format!("\"{HOSTILE}\":[\"{HOSTILE}\"]"))]))
}

#[test]
fn hostile_names_stay_text() {
    let repo = hostile();
    for format in ["tree", "dot", "mermaid", "svg"] {
        let text = drawn(&repo, &["--format", format]);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{format}: {text:?}");
        assert!(!text.contains("<script") || format == "tree" || format == "dot", "{format}: {text}");
    }
    let mermaid = drawn(&repo, &["--format", "mermaid"]);
    let allowed = |line: &str| line.matches('"').count().is_multiple_of(2) && !line.contains(['`', '%', '\\']);
    assert!(mermaid.lines().all(allowed), "{mermaid}");
    assert!(!drawn(&repo, &["--format", "svg"]).contains('\u{ffff}'), "XML does not know it");
    expect_file!["graph/hostile.svg"].assert_eq(&drawn(&repo, &["--format", "svg"]));
}

/// Whether a program takes a text; `None` where there is no such program.
fn is_taken(program: &str, arguments: &[&str], text: &str) -> Option<bool> {
    let dir = tempfile::tempdir().expect("a place for files");
    let file = dir.path().join("text");
    std::fs::write(&file, text).expect("a file");
    // Who has no such program skips this.
    let output = Command::new(program).args(arguments).arg(&file).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    Some(output.status.success() && !said.contains("rror"))
}

#[test]
fn others_read_what_is_drawn() {
    for repo in [readme(), hostile()] {
        assert_ne!(is_taken("dot", &["-Tcanon"], &drawn(&repo, &["--format", "dot"])), Some(false));
        let parse = "import sys, xml.dom.minidom as d; d.parse(sys.argv[1])";
        assert_ne!(is_taken("python3", &["-c", parse], &drawn(&repo, &["--format", "svg"])), Some(false));
    }
}

#[test]
fn ten_thousand_nodes_take_no_time() {
    let chain = |length: usize| {
        let node = |number: usize| {
            let (next, key) = (number + 1, format!("k{number}"));
            let inputs =
                if next < length { format!("\"n\":\"k{next}\",\"f\":[\"k0\",\"n\",\"f\"]") } else { String::new() };
            (key, "NixOS/nixpkgs".to_owned(), inputs)
        };
        std::iter::once(("root".to_owned(), String::new(), "\"k0\":\"k0\"".to_owned()))
            .chain((0..length).map(node))
            .collect()
    };
    let star = |length: usize| {
        let inputs: Vec<String> = (0..length).map(|number| format!("\"k{number}\":\"k{number}\"")).collect();
        let leaf =
            |number: usize| (format!("k{number}"), format!("o/r{}", number % 99), "\"n\":[\"k0\",\"n\"]".to_owned());
        std::iter::once(("root".to_owned(), String::new(), inputs.join(","))).chain((0..length).map(leaf)).collect()
    };
    let formats = ["tree", "dot", "mermaid", "svg"];
    for (nodes, formats) in [(chain(10_000), &formats[..]), (star(10_000), &formats[3..])] {
        let nodes: Vec<(String, String, String)> = nodes;
        let nodes: Vec<_> =
            nodes.iter().map(|(key, name, inputs)| (key.as_str(), name.as_str(), inputs.as_str())).collect();
        let repo = repo(&lock(&nodes));
        for format in formats {
            let start = Instant::now();
            let text = drawn(&repo, &["--format", format]);
            // An unoptimised build on a busy machine: what grows with the square takes minutes here.
            assert!(start.elapsed() < Duration::from_secs(60), "{format}: {:?}", start.elapsed());
            assert!(text.len() < 20 << 20, "{format}: {} bytes", text.len());
        }
    }
}

fn failure(run: Run) -> String {
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    run.stderr
}

#[test]
fn which_flake_and_which_view() {
    let one = |key: &'static str| lock(&[("root", "", &format!("\"{key}\":\"{key}\"")), (key, "o/a", "")]);
    let repo = Repo::new();
    for dir in ["a", "b"] {
        repo.write(&format!("{dir}/flake.nix"), "{ inputs.a.url = \"github:o/a\"; outputs = _: { }; }\n");
        repo.write(&format!("{dir}/sub/x"), "");
    }
    repo.write("a/flake.lock", &one("committed"));
    repo.commit_all();
    assert!(drawn(&repo, &["a/sub"]).starts_with("a/flake.nix\n└── committed"));
    repo.write("a/flake.lock", &one("staged"));
    repo.git(&["add", "a"]);
    repo.write("a/flake.lock", &one("written"));
    for (view, key) in [(&["--rev", "HEAD"][..], "committed"), (&["--staged"], "staged"), (&["--worktree"], "written")]
    {
        assert!(drawn(&repo, &[&["a"], view].concat()).contains(key), "{key}");
    }
    let many = failure(repo.preflake(&["graph"]));
    assert_eq!(many, "preflake: there are 2 flakes here, and none at the root\n  help: name one: `preflake graph a`\n");
    let missing = failure(repo.preflake(&["graph", "b"]));
    assert!(missing.contains("no b/flake.lock") && missing.contains("`nix flake lock ./b`"), "{missing}");
    repo.write("b/flake.lock", "<<<<<<< a\n=======\n>>>>>>> b\n");
    repo.git(&["add", "b"]);
    assert!(failure(repo.preflake(&["graph", "b"])).contains("b/flake.lock has merge-conflict markers"));
    assert!(failure(Repo::new().preflake(&["graph"])).contains("no flake.nix here"));
    repo.write("c/flake.nix", "{ outputs = _: { }; }\n");
    repo.git(&["add", "c"]);
    assert_eq!(drawn(&repo, &["c"]), "c/flake.nix\n\n0 inputs\n", "without inputs there is no lock to write");
}
