//! Colours and width: decided once.

use std::io::IsTerminal as _;

use crate::cli::Color;

/// How a report for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use colours.
    pub color: bool,
    /// Columns to fill.
    pub width: usize,
    /// Say nothing but the findings.
    pub quiet: bool,
}

impl Style {
    /// Decides from the flag, the environment and what standard output is.
    #[must_use]
    pub fn decide(flag: Color, quiet: bool, to_file: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let terminal = !to_file && std::io::stdout().is_terminal();
        let color = match flag {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set("NO_COLOR") => false,
            Color::Auto if set("FORCE_COLOR") || set("CLICOLOR_FORCE") => true,
            Color::Auto => terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
        };
        let width = if terminal { terminal_width() } else { None };
        Self { color, width: width.unwrap_or(100).clamp(40, 120), quiet }
    }
}

#[cfg(unix)]
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn terminal_width() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}
