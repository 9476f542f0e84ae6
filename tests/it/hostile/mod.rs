//! Repositories made to break things. Whatever one holds: a finding or one clear line with the path; never a panic, a
//! hang, memory without end, or an escape sequence on the terminal.

mod depth;
mod escapes;
mod git_files;
mod limits;
mod listed;
mod meanwhile;
mod programs;
mod sizes;
mod storage;
mod things;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::repo::{Repo, Run, hermetic};

/// A flake without inputs.
const FLAKE: &str = "{ outputs = _: { }; }\n";

/// Longer than any run takes, be the machine ever so busy.
const PATIENCE: Duration = Duration::from_secs(240);

/// Address space that is enough for every run, in kilobytes.
const MEMORY: &str = "4000000";

/// Runs preflake in a directory with bounded time and memory, and checks what holds of every run.
fn bounded(dir: &Path, arguments: &[&str]) -> Run {
    bounded_as(dir, &[env!("CARGO_BIN_EXE_preflake")], arguments)
}

/// The same, with the program and what starts it given.
fn bounded_as(dir: &Path, program: &[&str], arguments: &[&str]) -> Run {
    let mut command = hermetic("sh", dir);
    command.args(["-c", "ulimit -v \"$0\"; exec \"$@\"", MEMORY]).args(program).args(arguments);
    let run = finished(&mut command);
    let shown = format!("{arguments:?}: {}\n{}\n{}", run.status, first(&run.stdout), first(&run.stderr));
    assert!(matches!(run.status, 0..=2), "{shown}");
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(is_acted_on), "something for the terminal to act on: {shown:?}");
    }
    if run.status == 2 {
        let lines: Vec<&str> = run.stderr.lines().collect();
        let is_clear = lines[0].starts_with("preflake: ") && lines[1..].iter().all(|line| line.starts_with("  help: "));
        assert!(is_clear && lines.len() <= 2, "not one clear line: {shown}");
    }
    run
}

/// Waits for a program, but not for ever.
fn finished(command: &mut Command) -> Run {
    let files = tempfile::tempdir().expect("a place for files");
    let (out, errors) = (files.path().join("out"), files.path().join("err"));
    command.stdin(Stdio::null()).stdout(File::create(&out).expect("a file"));
    let mut child = command.stderr(File::create(&errors).expect("a file")).spawn().expect("it runs");
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().expect("it runs");
            panic!("it hangs: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let read = |path| String::from_utf8_lossy(&std::fs::read(path).expect("a file")).into_owned();
    Run { status: status.code().unwrap_or(-1), stdout: read(out), stderr: read(errors) }
}

fn first(text: &str) -> String {
    text.chars().take(600).collect()
}

/// Whether a terminal would act on a character.
fn is_acted_on(character: char) -> bool {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (character.is_control() && character != '\n') || turns
}

/// A repository with this flake.nix, staged.
fn repo(flake: &str) -> Repo {
    let repo = Repo::new();
    repo.write("flake.nix", flake);
    repo.git(&["add", "--all"]);
    repo
}
