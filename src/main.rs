//! The `preflake` command: parse, run, exit status.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use preflake::cli::Cli;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let known = arguments.get(1..).and_then(Cli::known);
    match known.map_or_else(|| Cli::try_parse_from(&arguments), Ok) {
        Ok(cli) => ExitCode::from(preflake::run(&cli)),
        Err(error) => {
            // Help and the version are no errors; a closed pipe is nobody's.
            let failed = error.use_stderr();
            let _ = error.print();
            if failed { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
    }
}
