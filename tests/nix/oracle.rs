//! Real Nix, asked offline what it makes of a flake.
//!
//! The binary is `PREFLAKE_NIX`, else `nix` on the PATH, else the one that the oracle's installer leaves in the home
//! directory; the older one is `PREFLAKE_NIX_OLD`. Every question uses a store and a cache of its own in a scratch
//! directory, and nothing can leave the machine: the proxy that is named refuses every connection.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

/// Which of the two reference versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 2.34: the verdict that preflake promises.
    New,
    /// 2.26: differs in documented ways.
    Old,
}

/// What Nix would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Nothing; it exits with 0.
    Consistent,
    /// Change the lock; it says so after the whole comparison.
    Stale,
    /// Fetch a reference that is not locked: stale, but whatever comes later was not looked at.
    Fetch,
    /// Fetch a locked input at its locked revision to look inside before it decides.
    Refetch,
    /// Fail at an input that it wanted to fetch, before it did: stale as much as wrong.
    FetchError,
    /// Reject flake.nix or flake.lock.
    Error,
}

/// An answer of Nix.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    /// The last `error:`, on one line.
    pub(crate) message: String,
    /// The `warning:` lines.
    pub(crate) warnings: Vec<String>,
}

/// A Nix binary with a store of its own.
pub(crate) struct Oracle {
    binary: PathBuf,
    home: TempDir,
}

impl Oracle {
    /// The reference of this version; `None`, with a line that says so, where the machine has none.
    ///
    /// # Panics
    /// Where there is none although `PREFLAKE_REQUIRE_NIX=1` asks for it.
    pub(crate) fn find(version: Version) -> Option<Self> {
        let (variable, on_path, fallback) = match version {
            Version::New => ("PREFLAKE_NIX", Some("nix"), "nix-2.34"),
            Version::Old => ("PREFLAKE_NIX_OLD", None, "nix-2.26"),
        };
        let named = std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home =
            std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/nix-reference/bin").join(fallback));
        let binary = [named, on_path.and_then(search_path), home].into_iter().flatten().find(|path| path.exists());
        let Some(binary) = binary else {
            let required = std::env::var_os("PREFLAKE_REQUIRE_NIX").is_some_and(|value| value == "1");
            assert!(!required, "PREFLAKE_REQUIRE_NIX=1, but {variable} names no Nix and none was found");
            println!("skipped: no {version:?} Nix ({variable} may name one)");
            return None;
        };
        Some(Self { binary, home: scratch() })
    }

    /// Whether the lock in `dir` agrees with its flake.nix. A directory with a `.git` is judged as Nix sees it through
    /// git, any other as a plain path.
    pub(crate) fn ask(&self, dir: &Path) -> Answer {
        self.ask_in(dir, "")
    }

    /// The same for the flake in a folder of the tree in `dir`; `""` is the root.
    pub(crate) fn ask_in(&self, dir: &Path, flake: &str) -> Answer {
        let scheme = if dir.join(".git").exists() { "git+file://" } else { "path:" };
        let folder = if flake.is_empty() { String::new() } else { format!("?dir={}", flake.replace(' ', "%20")) };
        let reference = format!("{scheme}{}{folder}", dir.display());
        let run = self.run(&["flake", "lock", "--no-update-lock-file", &reference]);
        classify(&run, &lock_text(&dir.join(flake)))
    }

    /// Lets Nix write the lock in `dir`; whether it did.
    pub(crate) fn write_lock(&self, dir: &Path) -> bool {
        self.run(&["flake", "lock", &format!("path:{}", dir.display())]).success
    }

    /// What Nix reads out of a reference; `None` where it refuses it, or takes it for a relative path.
    pub(crate) fn parse_reference(&self, reference: &str) -> Option<Json> {
        let expression = format!("builtins.parseFlakeRef {}", crate::render::quote(reference));
        serde_json::from_str(&self.run(&["eval", "--json", "--expr", &expression]).stdout).ok()
    }

    /// The inputs that the flake.nix in `dir` declares; `None` where Nix cannot evaluate them.
    pub(crate) fn inputs(&self, dir: &Path) -> Option<Json> {
        let file = crate::render::quote(&dir.join("flake.nix").to_string_lossy());
        let expression = format!("(import (/. + {file})).inputs or {{ }}");
        serde_json::from_str(&self.run(&["eval", "--impure", "--json", "--expr", &expression]).stdout).ok()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let home = self.home.path();
        // A lock whose nodes form a circle makes Nix take all the memory there is.
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 6000000; exec \"$0\" \"$@\""]).arg(&self.binary);
        command.args(["--extra-experimental-features", "nix-command flakes", "--option", "build-users-group", ""]);
        command.args(["--option", "download-attempts", "1", "--option", "flake-registry", ""]);
        command.args(["--option", "substituters", ""]).args(arguments);
        command.env("NIX_REMOTE", home.join("store")).env("HOME", home).env("GIT_ALLOW_PROTOCOL", "file");
        for (variable, folder) in
            [("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")]
        {
            command.env(variable, home.join(folder));
        }
        for variable in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env(variable, "http://127.0.0.1:9");
        }
        for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX", "NIX_CONFIG"] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        wait(command.spawn().expect("the shell runs"))
    }
}

/// An empty directory in memory where the machine has such a place: thousands of small stores are written.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a scratch directory can be made")
}

fn search_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(name)).find(|path| path.is_file())
}

fn lock_text(dir: &Path) -> String {
    std::fs::read(dir.join("flake.lock")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

struct Run {
    success: bool,
    stdout: String,
    stderr: String,
}

/// Waits for the end, for a minute at most: Nix that hangs has not accepted the flake.
fn wait(mut child: Child) -> Run {
    let stdout = read_all(child.stdout.take().expect("standard output is piped"));
    let stderr = read_all(child.stderr.take().expect("standard error is piped"));
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let success = loop {
        match child.try_wait().expect("the child is ours") {
            Some(status) => break status.success(),
            None if start.elapsed() > Duration::from_secs(60) => {
                child.kill().expect("the child is ours");
                child.wait().expect("the child is ours");
                break false;
            }
            None => thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(8));
    };
    let text = |reader: JoinHandle<String>| reader.join().expect("reading does not panic");
    Run { success, stdout: text(stdout), stderr: without_colour(&text(stderr)) }
}

/// Reads a pipe to its end beside everything else.
fn read_all(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn without_colour(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or(piece, |(_, rest)| rest));
    }
    plain
}

/// What the last error is about once Nix is at an input: only these mean that it went to look for the source.
const FETCHING: &[&str] = &[
    "unable to download",
    "unable to fetch",
    "Could not resolve host",
    "Could not connect",
    "Failed to fetch git repository",
    "in the flake registries",
    "failed to clone",
    "program 'git' failed",
    "program 'hg' failed",
    "Failed to open archive",
    "opening Git repository",
    "does not exist",
    "getting status of",
    "No such file or directory",
    "executing 'hg'",
    "executing 'git'",
    "resolving Git reference",
    "cannot find Git revision",
    "No default ref found",
];

fn classify(run: &Run, lock: &str) -> Answer {
    let message = last_error(&run.stderr);
    let warnings = run.stderr.lines().filter_map(|line| line.strip_prefix("warning: ")).map(str::to_owned).collect();
    let at_input = quoted_after(&run.stderr, "while updating the flake input '");
    let fetching = quoted_after(&run.stderr, "while fetching the input '");
    let verdict = if run.success {
        Verdict::Consistent
    } else if run.stderr.contains("requires lock file changes")
        || run.stderr.contains("because it has an unlocked input")
    {
        Verdict::Stale
    } else if fetching.as_ref().is_some_and(|reference| is_locked(reference, lock))
        || at_input.is_some() && message.contains("SRI")
    {
        // A hash that cannot be read has no fetch to fail, but is read for one.
        Verdict::Refetch
    } else if at_input.is_some() && (fetching.is_some() || FETCHING.iter().any(|text| message.contains(text))) {
        Verdict::Fetch
    } else if at_input.is_some() {
        Verdict::FetchError
    } else {
        Verdict::Error
    };
    Answer { verdict, message, warnings }
}

/// Whether Nix fetches this reference because the lock has it: only `locked` holds such a hash or, of the Git inputs
/// that Nix prints without one, such a revision.
fn is_locked(reference: &str, lock: &str) -> bool {
    let parameter = |name: &str| {
        let (_, value) = reference.split_once(&format!("{name}="))?;
        Some(value.split('&').next().unwrap_or(value).replace("%2B", "+").replace("%2F", "/").replace("%3D", "="))
    };
    if let Some(hash) = parameter("narHash") {
        return lock.contains(&hash);
    }
    let lock: Json = serde_json::from_str(lock).unwrap_or_default();
    let nodes = lock["nodes"].as_object().into_iter().flatten();
    parameter("rev").is_some_and(|rev| {
        nodes.map(|(_, node)| &node["locked"]).any(|locked| {
            locked["rev"] == rev && locked["ref"].as_str().is_none_or(|name| parameter("ref").as_deref() == Some(name))
        })
    })
}

fn quoted_after(text: &str, marker: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once(marker)?;
    rest.split_once('\'').map(|(quoted, _)| quoted.to_owned())
}

/// The word without the store path in it, which differs from run to run.
fn without_store(word: &str) -> String {
    match (word.find('/'), word.find("-source")) {
        (Some(start), Some(end)) if word[start..].contains("/nix/store/") && start < end => {
            format!("{}…{}", &word[..start], &word[end + "-source".len()..])
        }
        _ => word.to_owned(),
    }
}

fn last_error(text: &str) -> String {
    let last = text.rsplit("error: ").next().filter(|_| text.contains("error: ")).unwrap_or_default();
    let first_paragraph = last.split("\n\n").next().unwrap_or_default();
    if first_paragraph.is_empty() {
        return text.lines().last().unwrap_or_default().to_owned();
    }
    let words = first_paragraph.split_whitespace().map(without_store);
    words.collect::<Vec<_>>().join(" ")
}
