//! One run from the command line to the exit status: 0 no error-level finding, 1 findings, 2 preflake could not do its
//! work.

mod explain;
mod fix;
mod graph;
mod merge_driver;
mod output;
mod pager;
mod place;
mod progress;
mod shell;
mod since;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use self::place::Place;
use self::progress::Progress;
use crate::check::{self, Outcome};
use crate::cli::{self, Cli, Command};
use crate::config::{ConfigError, Settings};
use crate::diagnostic::Severity;
use crate::git::GitError;
use crate::install;
use crate::report::{Report, Style};
use crate::snapshot::{ReadError, RepoPath, Snapshot, View, disk};
use crate::source::SourceFile;
use crate::text::{count, escape};

/// Why a run could not do its work.
pub(crate) struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        Self { message: error.message, help: error.help }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { message: error.message, help: error.help }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::new(format!("cannot read {error}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(format!("cannot write the report: {error}"))
    }
}

/// What the deepest file that is read takes, with room to spare.
const STACK: usize = 8 << 20;

/// Does what the command line says and returns the exit status.
#[must_use]
pub fn run(cli: &Cli) -> u8 {
    if !has_small_stack() {
        return run_here(cli);
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || run_here(cli));
        thread.map_or_else(
            |error| {
                tell(&format!("preflake: cannot start a thread: {error}"));
                2
            },
            |thread| thread.join().unwrap_or(2),
        )
    })
}

/// Whether somebody gave this process less than is usual (`ulimit -s`).
#[cfg(unix)]
fn has_small_stack() -> bool {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    limit.is_some_and(|limit| limit < STACK as u64)
}

/// Elsewhere the first thread has a megabyte.
#[cfg(not(unix))]
const fn has_small_stack() -> bool {
    true
}

fn run_here(cli: &Cli) -> u8 {
    match dispatch(cli) {
        Ok(status) => status,
        Err(failure) => {
            tell(&format!("preflake: {}", escape(&failure.message)));
            let help = failure.help.or_else(|| advice(&failure.message));
            if let Some(help) = help {
                tell(&format!("  help: {}", escape(&help)));
            }
            2
        }
    }
}

/// What to do where the system did not let us, or git does not have it.
fn advice(message: &str) -> Option<String> {
    const ADVICE: [(&str, &str); 5] = [
        ("Permission denied", "see with `ls -ld` whose it is; what `sudo` made there is a usual cause"),
        (
            "object is missing from the repository",
            "a partial clone lacks what git has not needed yet: `git diff` with that commit fetches it, as a checkout does; \
             in any other, see `git fsck`",
        ),
        (" is damaged", "see `git fsck`; another clone may have it whole"),
        (": not the index of a pack", "see `git fsck`; `git index-pack` makes it anew from the pack"),
        (": not a pack", "see `git fsck`; another clone may have it whole"),
    ];
    let found = ADVICE.iter().find(|(part, _)| message.contains(part));
    found.map(|(_, advice)| (*advice).to_owned())
}

/// Says something on standard error. That it cannot be said there is no reason to fail.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn dispatch(cli: &Cli) -> Result<u8, Failure> {
    match &cli.command {
        None => check(&cli.check),
        Some(Command::Check(options)) => check(options),
        Some(Command::Fix(options)) => fix::fix(options),
        Some(Command::Graph(options)) => graph::graph(options),
        Some(Command::Explain { rule }) => explain::explain(rule),
        Some(Command::Rules) => explain::rules(),
        Some(Command::MergeDriver(options)) => Ok(merge_driver::merge_driver(options)),
        Some(Command::Install { merge_driver: true }) => install::merge_driver::install(),
        Some(Command::Install { merge_driver: false }) => install::install(),
        Some(Command::Uninstall) => install::uninstall(),
        Some(Command::Completions { shell }) => shell::completions(*shell),
        Some(Command::Man { command, out }) => shell::man(command.as_deref(), out.as_deref()),
        Some(Command::Hook { name, .. }) => hook(name),
    }
}

fn print(text: &str) -> Result<u8, Failure> {
    output::finish(io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(0)
}

fn check_settings(options: &cli::Check, place: &Place, snapshot: &Snapshot) -> Result<Settings, Failure> {
    let mut settings = settings_of(options.config.as_deref(), options.no_config, place, snapshot)?;
    settings.now = now();
    settings.restrict(&options.select, &options.ignore)?;
    Ok(settings)
}

fn now() -> Option<u64> {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// The configuration: none, the file that the command line or the environment names, or the view's own.
fn settings_of(named: Option<&Path>, no_config: bool, place: &Place, snapshot: &Snapshot) -> Result<Settings, Failure> {
    if no_config {
        return Ok(Settings::new());
    }
    let from_environment = || std::env::var_os("PREFLAKE_CONFIG").map(PathBuf::from);
    let Some(file) = named.map(Path::to_path_buf).or_else(from_environment) else { return from_view(place, snapshot) };
    let shown = escape(&file.to_string_lossy());
    let text = fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("cannot read the configuration {shown}: {}", place::reason(&error))))?;
    Ok(Settings::from_toml(&text, &shown)?)
}

/// The configuration that the view holds. On disk it need not be tracked.
fn from_view(place: &Place, snapshot: &Snapshot) -> Result<Settings, Failure> {
    let path = RepoPath::from("preflake.toml");
    if snapshot.has_file(&path) {
        return from_source(&*snapshot.read(&path)?);
    }
    if *snapshot.view() == View::Worktree
        && let Some(bytes) = untracked_configuration(place, &path)?
    {
        return from_source(&SourceFile::new(path, bytes));
    }
    Ok(Settings::new())
}

/// To go on without a configuration that cannot be read would judge by rules that nobody asked for.
fn from_source(source: &SourceFile) -> Result<Settings, Failure> {
    if !source.is_utf8() {
        return Err(Failure::new("preflake.toml is not UTF-8").help("save it as UTF-8"));
    }
    Ok(Settings::from_toml(source.text(), "preflake.toml")?)
}

/// The configuration on disk, which may be a link inside the repository. What cannot be read is no silence.
fn untracked_configuration(place: &Place, path: &RepoPath) -> Result<Option<Vec<u8>>, Failure> {
    let fail = |reason: &dyn std::fmt::Display| Failure::new(format!("cannot read {path}: {reason}"));
    let file = path.on_disk(&place.root);
    let real = match file.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(&error)),
    };
    if !place.root.canonicalize().is_ok_and(|root| real.starts_with(root)) {
        return Err(fail(&"a link that leaves the repository"));
    }
    disk::read_file(&real, disk::MAX_SIZE).map(Some).map_err(|error| fail(&error))
}

fn check(options: &cli::Check) -> Result<u8, Failure> {
    let mut place = Place::find(options.paths.first().map(PathBuf::as_path))?;
    if let Some(repository) = place.repository.as_mut().filter(|_| options.no_cache) {
        repository.forget_directories();
    }
    let asked = since::Asked::of(options, &place)?;
    let mut snapshot = place.snapshot_since(&asked.choice, asked.since.as_deref())?;
    let paths = options.paths.iter().map(|path| place.relative(path)).collect::<Result<Vec<_>, _>>()?;
    let (outcome, changed) = if options.fix || options.diff {
        fix::before_check(options, &place, &mut snapshot, &paths)?
    } else {
        let settings = check_settings(options, &place, &snapshot)?;
        let _progress = Progress::start(&snapshot, options.quiet);
        let mut outcome = check::check(&snapshot, &settings, &paths)?;
        if let Some(since) = &asked.since {
            since::leave_out_old(&mut outcome, since, &place, &settings, &paths)?;
        }
        (outcome, false)
    };
    if !options.diff {
        report(options, &snapshot, &outcome)?;
    }
    let denied = options.deny_warnings && !outcome.findings.is_empty();
    let failed = (changed || outcome.count(Severity::Error) > 0 || denied) && !options.exit_zero;
    // The process ends here; taking the graphs apart first would take longer than some whole checks.
    std::mem::forget((outcome, snapshot));
    Ok(u8::from(failed))
}

fn report(options: &cli::Check, snapshot: &Snapshot, outcome: &Outcome) -> Result<(), Failure> {
    let file = output::file(options.output.as_deref());
    let style = Style::decide(options.color, options.quiet, file.is_some());
    let report = Report { snapshot, outcome, style };
    output::write(file, |out| report.write(options.format, out))?;
    if !options.quiet && outcome.findings.is_empty() {
        tell(&clean(outcome));
    }
    Ok(())
}

fn clean(outcome: &Outcome) -> String {
    match outcome.flakes.as_slice() {
        [] => "preflake: no flake.nix here, nothing to check".to_owned(),
        flakes => {
            let (fine, left_out) = (if outcome.before.is_some() { "no worse" } else { "fine" }, outcome.left_out());
            format!("preflake: {} {fine} ({}{left_out})", count(flakes.len(), "flake"), count(outcome.files, "file"))
        }
    }
}

/// What the installed hooks call: the choice of the view is here, not in shell.
fn hook(name: &str) -> Result<u8, Failure> {
    match name {
        "pre-commit" | "pre-merge-commit" => check(&cli::Check { view: cli::View::staged(), ..cli::Check::default() }),
        "pre-push" => {
            let mut pushed = String::new();
            io::stdin()
                .take(1 << 20)
                .read_to_string(&mut pushed)
                .map_err(|error| Failure::new(format!("cannot read what is pushed: {error}")))?;
            let mut worst = 0;
            for line in pushed.lines() {
                // LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID; an id of zeros deletes the remote one.
                let Some(id) = line.split(' ').nth(1).filter(|id| id.bytes().any(|byte| byte != b'0')) else {
                    continue;
                };
                worst = worst.max(check(&cli::Check { view: cli::View::commit(id), ..cli::Check::default() })?);
            }
            Ok(worst)
        }
        other => Err(Failure::new(format!("no hook is called `{}`", escape(other)))),
    }
}
