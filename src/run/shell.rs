//! `preflake completions` and `preflake man`, made from the definition of the command line.

use std::fs;
use std::path::Path;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, CommandFactory as _};
use clap_complete::{Shell as Known, generate};
use clap_complete_nushell::Nushell;

use super::{Failure, print};
use crate::cli::{Cli, Shell};
use crate::rules::RULES;
use crate::text::{escape, nearest};

/// Prints a completion script.
pub(super) fn completions(shell: Shell) -> Result<u8, Failure> {
    let mut command = with_rules();
    let mut script = Vec::new();
    let mut write = |shell: Option<Known>| match shell {
        Some(shell) => generate(shell, &mut command, "preflake", &mut script),
        None => generate(Nushell, &mut command, "preflake", &mut script),
    };
    write(match shell {
        Shell::Bash => Some(Known::Bash),
        Shell::Elvish => Some(Known::Elvish),
        Shell::Fish => Some(Known::Fish),
        Shell::Nushell => None,
        Shell::Powershell => Some(Known::PowerShell),
        Shell::Zsh => Some(Known::Zsh),
    });
    print(&String::from_utf8_lossy(&script))
}

/// The command line with the names of the rules as values. Parsing it would refuse an unknown rule with a list of all;
/// what really parses names the nearest one.
fn with_rules() -> clap::Command {
    let rules = |argument: Arg| {
        let values = RULES.iter().map(|rule| PossibleValue::new(rule.name).help(rule.summary));
        argument.value_parser(PossibleValuesParser::new(values))
    };
    let both = |command: clap::Command| command.mut_arg("select", rules).mut_arg("ignore", rules);
    both(Cli::command())
        .mut_subcommand("check", both)
        .mut_subcommand("fix", |command| command.mut_arg("rules", rules))
        .mut_subcommand("explain", |command| command.mut_arg("rule", rules))
}

/// Prints the manual page of preflake or of one of its commands, or writes all of them to a directory.
pub(super) fn man(name: Option<&str>, out: Option<&Path>) -> Result<u8, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    if let Some(dir) = out {
        let shown = escape(&dir.to_string_lossy());
        fs::create_dir_all(dir)
            .and_then(|()| clap_mangen::generate_to(command, dir))
            .map_err(|error| Failure::new(format!("cannot write to {shown}: {error}")))?;
        return Ok(0);
    }
    command.build();
    let page = match name {
        None => command,
        Some(name) => command.find_subcommand(name).cloned().ok_or_else(|| unknown(&command, name))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    print(&String::from_utf8_lossy(&text))
}

fn unknown(command: &clap::Command, name: &str) -> Failure {
    let known: Vec<&str> =
        command.get_subcommands().filter(|known| !known.is_hide_set()).map(clap::Command::get_name).collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("the commands are {}", known.join(", ")),
    };
    Failure::new(format!("no command is called `{name}`")).help(help)
}
