//! The `preflake` command: parse, run, exit status.

use std::process::ExitCode;

use clap::Parser as _;
use preflake::cli::Cli;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => ExitCode::from(preflake::run(&cli)),
        Err(error) => {
            // Help and the version are no errors; a closed pipe is nobody's.
            let failed = error.use_stderr();
            let _ = error.print();
            if failed { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
    }
}
