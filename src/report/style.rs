//! Colours, links and width: decided once.

use std::ffi::OsString;
use std::io::IsTerminal as _;

use crate::cli::Color;

/// Columns where nothing says how many there are.
const USUAL_WIDTH: usize = 100;

/// How what people read looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub struct Style {
    /// Whether to use colours.
    pub color: bool,
    /// Whether to link rules to their pages, in the way of terminals.
    pub links: bool,
    /// Whether it goes to a terminal.
    pub terminal: bool,
    /// Columns to fill.
    pub width: usize,
    /// Say nothing but the findings.
    pub quiet: bool,
}

impl Style {
    /// Decides from the flag, the environment and what standard output is.
    #[must_use]
    pub fn decide(flag: Color, quiet: bool, to_file: bool) -> Self {
        let terminal = !to_file && std::io::stdout().is_terminal();
        let columns = if terminal { terminal_width() } else { None };
        Self { quiet, ..Self::from(flag, terminal, columns, &|name| std::env::var_os(name)) }
    }

    /// A text in a colour, given as the codes of a terminal: `1;31`. As it is where there are no colours.
    #[must_use]
    pub fn paint(&self, codes: &str, text: &str) -> String {
        if self.color && !codes.is_empty() && !text.is_empty() {
            format!("\u{1b}[{codes}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// `columns` is what the terminal says of itself.
    fn from(flag: Color, terminal: bool, columns: Option<usize>, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let color = use_color(flag, terminal, variable);
        let columns = columns.or_else(|| variable("COLUMNS")?.to_str()?.parse().ok().filter(|columns| *columns > 0));
        Self {
            color,
            links: terminal && color && has_links(variable),
            terminal,
            width: columns.unwrap_or(USUAL_WIDTH).clamp(40, 120),
            quiet: false,
        }
    }
}

/// `NO_COLOR` as no-color.org has it, then `FORCE_COLOR` and `CLICOLOR_FORCE`, then `CLICOLOR`, `TERM` and the terminal.
fn use_color(flag: Color, terminal: bool, variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let forced = |name: &str| given(name).is_some_and(|value| value != "0" && value != "false");
    match flag {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if given("NO_COLOR").is_some() => false,
        Color::Auto if forced("FORCE_COLOR") || forced("CLICOLOR_FORCE") => true,
        Color::Auto if given("FORCE_COLOR").is_some() || given("CLICOLOR").is_some_and(|value| value == "0") => false,
        Color::Auto => terminal && variable("TERM").is_none_or(|term| term != "dumb"),
    }
}

/// Whether the terminal shows links: what `supports-hyperlinks` knows, and the terminals that it does not.
fn has_links(variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let term = variable("TERM").unwrap_or_default();
    let more = ["foot", "foot-direct", "xterm-ghostty", "wezterm", "contour", "rio"];
    supports_hyperlinks::supports_hyperlinks()
        || (variable("FORCE_HYPERLINK").is_none() && more.iter().any(|name| term == *name))
}

/// A text that leads to an address, in a terminal that can.
#[must_use]
pub fn link(address: &str, text: &str) -> String {
    format!("\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

#[cfg(unix)]
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn terminal_width() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(flag: Color, terminal: bool, columns: Option<usize>, variables: &[(&str, &str)]) -> Style {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Style::from(flag, terminal, columns, &variable)
    }

    #[test]
    fn who_decides_on_colours() {
        let color = |terminal, variables: &[(&str, &str)]| style(Color::Auto, terminal, None, variables).color;
        assert!(color(true, &[]));
        assert!(!color(false, &[]));
        assert!(!color(true, &[("TERM", "dumb")]));
        assert!(!color(true, &[("NO_COLOR", "0")]), "any value counts");
        assert!(color(true, &[("NO_COLOR", "")]), "but an empty one");
        assert!(color(false, &[("FORCE_COLOR", "1")]));
        assert!(color(false, &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")]));
        assert!(!color(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!color(true, &[("FORCE_COLOR", "0")]));
        assert!(!color(true, &[("CLICOLOR", "0")]));
        assert!(!color(true, &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
        assert!(style(Color::Always, false, None, &[("NO_COLOR", "1")]).color);
        assert!(!style(Color::Never, true, None, &[("FORCE_COLOR", "1")]).color);
    }

    #[test]
    fn who_decides_on_the_width() {
        let width = |columns, variables: &[(&str, &str)]| style(Color::Auto, false, columns, variables).width;
        assert_eq!(width(None, &[]), 100);
        assert_eq!(width(Some(80), &[("COLUMNS", "60")]), 80);
        assert_eq!(width(None, &[("COLUMNS", "60")]), 60);
        assert_eq!(width(None, &[("COLUMNS", "x")]), 100);
        assert_eq!(width(Some(7), &[]), 40);
        assert_eq!(width(Some(500), &[]), 120);
    }

    #[test]
    fn links_are_for_terminals_alone() {
        assert!(style(Color::Auto, true, None, &[("TERM", "foot")]).links);
        assert!(!style(Color::Auto, false, None, &[("TERM", "foot")]).links);
        assert!(!style(Color::Never, true, None, &[("TERM", "foot")]).links);
        assert!(!style(Color::Auto, true, None, &[("TERM", "foot"), ("FORCE_HYPERLINK", "0")]).links);
    }
}
