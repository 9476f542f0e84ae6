//! The command line: types only.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

/// Checks a Nix flake before the commit: which files it will not see, where flake.lock no longer agrees with
/// flake.nix, and which inputs bring a second nixpkgs. Offline and without Nix.
#[derive(Debug, Parser)]
#[command(name = "preflake", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Cli {
    /// What to do; `check` where nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `check`.
    #[command(flatten)]
    pub check: Check,
}

impl Cli {
    /// What hooks say, known without the parser: building that takes longer than to judge some repositories. `None`
    /// for everything else.
    #[must_use]
    pub fn known(arguments: &[OsString]) -> Option<Self> {
        let words: Option<Vec<&str>> = arguments.iter().map(|argument| argument.to_str()).collect();
        let check = |staged| Check { view: View { staged, ..View::default() }, ..Check::default() };
        match words?.as_slice() {
            [] => Some(Self { command: None, check: check(false) }),
            ["--staged"] => Some(Self { command: None, check: check(true) }),
            ["check", "--staged"] => Some(Self { command: Some(Command::Check(check(true))), check: check(false) }),
            ["hook", name @ "pre-commit"] => {
                let command = Command::Hook { name: (*name).to_owned(), arguments: Vec::new() };
                Some(Self { command: Some(command), check: check(false) })
            }
            _ => None,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the flakes of the repository (the default)
    Check(Check),
    /// Apply fixes
    Fix(Fix),
    /// Draw the inputs of a flake, from its flake.lock
    Graph(Graph),
    /// Show a rule's page
    Explain {
        /// The rule's name
        rule: String,
    },
    /// List the rules
    Rules,
    /// Install preflake as git hooks of this repository
    Install {
        /// Install the merge driver for flake.lock instead
        #[arg(long)]
        merge_driver: bool,
    },
    /// Remove what `install` wrote: the git hooks and the merge driver
    Uninstall,
    /// Merge two sides of flake.lock by input, as git's merge driver
    MergeDriver(MergeDriver),
    /// Print a completion script
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// The command that it is about; of none, preflake itself
        #[arg(conflicts_with = "out")]
        command: Option<String>,
        /// Write the pages of all commands to this directory
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        out: Option<PathBuf>,
    },
    /// What git's hooks call
    #[command(hide = true)]
    Hook {
        /// The hook's name
        name: String,
        /// What git passes to it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// Which files are looked at: one of three views.
#[derive(Debug, Default, Args)]
#[group(id = "view", multiple = false)]
pub struct View {
    /// Take the files from the commit git is about to make (the index)
    #[arg(long)]
    pub staged: bool,
    /// Take the tracked files as they are on disk (the default)
    #[arg(long)]
    pub worktree: bool,
    /// Take the files from a commit; `check` also takes A..B, B since A, and A...B, B since it went its own way
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,
}

impl View {
    /// The index.
    #[must_use]
    pub fn staged() -> Self {
        Self { staged: true, ..Self::default() }
    }

    /// A commit.
    #[must_use]
    pub fn commit(revision: impl Into<String>) -> Self {
        Self { rev: Some(revision.into()), ..Self::default() }
    }
}

/// Options of a check.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
pub struct Check {
    /// Limit the check to the flakes at or below these paths, or the one a path lies in
    pub paths: Vec<PathBuf>,
    /// What is judged.
    #[command(flatten)]
    pub view: View,
    /// Report only what this commit does not have yet
    #[arg(long, value_name = "REV", conflicts_with_all = ["fix", "diff"])]
    pub since: Option<String>,
    /// Run these rules only
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Apply the safe fixes to the worktree first, and exit with 1 if that changed anything
    #[arg(long, conflicts_with_all = ["staged", "rev"])]
    pub fix: bool,
    /// Print what --fix would change as a patch, and write nothing
    #[arg(long, conflicts_with_all = ["staged", "rev", "fix", "format", "output"])]
    pub diff: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write the findings to a file; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Read this configuration instead of preflake.toml at the repository's root
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long)]
    pub no_config: bool,
    /// Read every directory of a large repository, also those that have not changed since the last run
    #[arg(long)]
    pub no_cache: bool,
    /// Exit with 1 for warnings too
    #[arg(long)]
    pub deny_warnings: bool,
    /// Exit with 0 whatever is found
    #[arg(long)]
    pub exit_zero: bool,
    /// When to use colours
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// Say nothing but the findings
    #[arg(short, long)]
    pub quiet: bool,
    /// Say also what was left out and why
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// Options of `fix`.
#[derive(Debug, Default, Args)]
pub struct Fix {
    /// Apply the fixes of these rules, also those that change what is built or committed; of none, every safe fix
    #[arg(value_name = "RULE")]
    pub rules: Vec<String>,
    /// Print a patch and write nothing
    #[arg(long)]
    pub diff: bool,
    /// Read this configuration instead of preflake.toml at the repository's root
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long)]
    pub no_config: bool,
    /// Say nothing but what could not be done
    #[arg(short, long)]
    pub quiet: bool,
}

/// Options of `graph`.
#[derive(Debug, Default, Args)]
pub struct Graph {
    /// The flake to draw: the one at this path, or the one it lies in; otherwise the one at the root
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// What is drawn.
    #[command(flatten)]
    pub view: View,
    /// How it is drawn; otherwise the ending of --output decides, and without one it is a tree
    #[arg(long, value_enum)]
    pub format: Option<GraphFormat>,
    /// Write to a file; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Draw no inputs deeper than this; those of the flake itself have depth 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub depth: Option<u16>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

/// The ways to draw a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Lines of text, for a terminal
    #[default]
    Tree,
    /// For Graphviz
    Dot,
    /// For Markdown on GitHub and GitLab
    Mermaid,
    /// A picture that stands alone
    Svg,
}

/// What git tells a merge driver.
#[derive(Debug, Args)]
pub struct MergeDriver {
    /// The common ancestor's version (%O)
    pub base: PathBuf,
    /// Our version, which takes the result (%A)
    pub ours: PathBuf,
    /// Their version (%B)
    pub theirs: PathBuf,
    /// Where the file belongs, from the root of the repository (%P)
    pub path: PathBuf,
    /// What conflict markers call the ancestor (%S)
    #[arg(long, value_name = "NAME", default_value = "", allow_hyphen_values = true)]
    pub base_label: String,
    /// What conflict markers call our side (%X)
    #[arg(long, value_name = "NAME", default_value = "", allow_hyphen_values = true)]
    pub ours_label: String,
    /// What conflict markers call their side (%Y)
    #[arg(long, value_name = "NAME", default_value = "", allow_hyphen_values = true)]
    pub theirs_label: String,
    /// How long conflict markers are (%L)
    #[arg(long, value_name = "LENGTH", default_value = "7")]
    pub marker_size: String,
    /// Which of two updates of one input to take, instead of a conflict
    #[arg(long, value_enum, value_name = "WHICH")]
    pub prefer: Option<Prefer>,
}

/// Which of two updates of one input a merge takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Prefer {
    /// The one whose source was changed last
    Newer,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With pictures of the places, for people
    #[default]
    Human,
    /// One line a finding
    Concise,
    /// Version 1 of preflake's JSON
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
}

/// The shells that get completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "they are names, and would be repeated in the help")]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_what_the_parser_says() {
        let lines = ["", "--staged", "check --staged", "hook pre-commit"];
        for line in lines {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let known = Cli::known(&words).expect("it is known");
            let parsed = Cli::try_parse_from(std::iter::once(OsString::from("preflake")).chain(words));
            assert_eq!(format!("{known:?}"), format!("{:?}", parsed.expect("it is valid")), "{line}");
        }
        assert!(Cli::known(&["--help".into()]).is_none());
    }
}
