//! The tokenizer against rnix's, and what it makes of the ways to write a path.

use rnix::SyntaxKind;

use super::*;

/// Where paths begin, and up to where they are plain, as rnix's lexer sees them.
fn rnix_paths(text: &str) -> Vec<(usize, usize)> {
    let (mut offset, mut paths, mut previous) = (0, Vec::new(), None);
    let mut open: Vec<bool> = Vec::new();
    for (kind, token) in rnix::tokenize(text) {
        let is_path = matches!(
            kind,
            SyntaxKind::TOKEN_PATH_REL
                | SyntaxKind::TOKEN_PATH_ABS
                | SyntaxKind::TOKEN_PATH_HOME
                | SyntaxKind::TOKEN_PATH_SEARCH
        );
        // Behind an interpolation of its own, a path goes on in a token of its own.
        let continues = previous == Some(SyntaxKind::TOKEN_INTERPOL_END) && open.last() == Some(&true);
        if is_path && !continues {
            paths.push((offset, offset + token.len()));
        }
        match kind {
            SyntaxKind::TOKEN_INTERPOL_START => {
                let in_path = previous.is_some_and(|kind| {
                    matches!(
                        kind,
                        SyntaxKind::TOKEN_PATH_REL | SyntaxKind::TOKEN_PATH_ABS | SyntaxKind::TOKEN_PATH_HOME
                    )
                }) || continues;
                if continues {
                    open.pop();
                }
                open.push(in_path);
                open.push(false);
            }
            SyntaxKind::TOKEN_INTERPOL_END => {
                open.pop();
            }
            _ if continues => {
                open.pop();
            }
            _ if previous == Some(SyntaxKind::TOKEN_INTERPOL_END) => {
                open.pop();
            }
            _ => {}
        }
        previous = Some(kind);
        offset += token.len();
    }
    paths.sort_unstable();
    paths
}

fn own_paths(text: &str) -> Vec<(usize, usize)> {
    let mut paths = Vec::new();
    for mention in scan(text.as_bytes()).mentions {
        if mention.origin != Origin::Flake {
            paths.push((mention.text.start, mention.text.end));
        }
        // `self + /x` has a suffix that is itself written as a path.
        let is_path = |suffix: &Span| mention.span.end == suffix.end && text[..suffix.start].trim_end().ends_with('+');
        paths.extend(mention.suffix.filter(is_path).map(|suffix| (suffix.start, suffix.end)));
    }
    paths.sort_unstable();
    paths
}

fn paths_of(text: &str) -> Vec<String> {
    let mut buffer = Vec::new();
    let mut written = |mention: Mention| {
        mention.write_path(text.as_bytes(), &mut buffer);
        String::from_utf8_lossy(&buffer).into_owned()
    };
    scan(text.as_bytes()).mentions.into_iter().map(&mut written).collect()
}

#[test]
fn path_tokens_are_those_of_rnix() {
    for text in [
        "./a ../b/c a/b.nix a//b /abs ~/home <nixpkgs> <nixpkgs/lib> a<b>c x/ y",
        "{ a = ./x; b = 1/2; c = a.b/c; d = -1/2; }",
        "http://example.org/a x:x/y a_b:c/d x: y/z {a}:b/c",
        "# ./no\n/* ./no */ \"./no\" ''./no'' ./yes",
        r#""\${./no} $${./no} ${./yes}" ''''${./no} $${./no} ''\n ''' ${./yes}''"#,
        "./a/${b}/c ./a${\"/x\"}b/${./d}.nix ${./e}",
        "[ ./a ./b(./c) ] {x=./d;}.x or ./e",
        "a + ./b +./c 1.5/x .5/y",
        "let x = \"${\"${./deep}\"}\"; in x.\"${./name}\" ? ./b",
        "a-b/c' _x/y 'x' a'b/c",
    ] {
        assert_eq!(own_paths(text), rnix_paths(text), "{text}");
    }
}

/// Where rnix ends the three dots before the path.
#[test]
fn paths_that_begin_with_three_dots() {
    assert_eq!(paths_of("[ ...a/b .../c ./d ] ++ { ... }: .../* */e"), ["...a/b", ".../c", "./d"]);
}

/// With `PREFLAKE_NIX_FILES` naming a directory, every Nix file below it that parses.
#[test]
fn path_tokens_are_those_of_rnix_in_real_files() {
    let Some(root) = std::env::var_os("PREFLAKE_NIX_FILES") else { return };
    let mut directories = vec![std::path::PathBuf::from(root)];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("the directory was listed").flatten() {
            let (path, kind) = (entry.path(), entry.file_type().expect("it was listed"));
            if kind.is_dir() {
                directories.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "nix") {
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                if rnix::Root::parse(&text).errors().is_empty() {
                    assert_eq!(own_paths(&text), rnix_paths(&text), "{}", path.display());
                    files += 1;
                }
            }
        }
    }
    assert!(files > 0, "no Nix file found");
}

#[test]
fn strings_behind_a_base_belong_to_it() {
    assert_eq!(paths_of(r#"./. + "/a.nix""#), ["././a.nix"]);
    assert_eq!(paths_of(r#"(self + "/a" + x)"#), [""]);
    assert_eq!(paths_of("self + /a/b.nix"), ["a/b.nix"]);
    assert_eq!(paths_of(r#""${self}/a/${x}.nix""#), ["a/"]);
    assert_eq!(paths_of(r#""${inputs.self}/a b""#), ["a"]);
    assert_eq!(paths_of(r#""${self.outPath}/a""#), ["a"]);
    assert_eq!(paths_of(r#""${self.packages.x}/bin/a" + self.lib "x""#), [""; 0]);
    assert_eq!(paths_of(r#"lib.path.append ./x "y.nix""#), ["./x/y.nix"]);
    assert_eq!(paths_of(r#"''cp ${./a}/b "$out"; cp ${./a}/"$x"-c .''"#), ["./a/b", "./a"]);
    assert_eq!(paths_of("./a + b"), ["./"]);
    assert_eq!(paths_of("inputs.nixpkgs + \"/nixos\""), [""; 0]);
}

#[test]
fn hostile_input_is_read_in_linear_time() {
    for part in ["a.", "./a/${", "\"${", "''${", "[", "{", "(", "a-b:", "/*", "self+\"", "<a", "./.+", "a/", "}", "''"]
    {
        let text = part.repeat(200_000);
        let started = std::time::Instant::now();
        assert!(scan(text.as_bytes()).mentions.len() <= text.len());
        assert!(started.elapsed().as_secs() < 5, "{part}");
    }
}

#[test]
fn several_slashes_behind_self_are_one() {
    for text in ["import (self + \"//m\")", "import (self + \"/m\")", "\"${self}/m\""] {
        let mut path = Vec::new();
        scan(text.as_bytes()).mentions[0].write_path(text.as_bytes(), &mut path);
        assert_eq!(path, b"m", "{text}");
    }
}
