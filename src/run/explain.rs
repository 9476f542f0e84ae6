//! `preflake explain` and `preflake rules`.

use super::{Failure, pager, print};
use crate::cli::Color;
use crate::config;
use crate::report::{Style, link, page};
use crate::rules::{FixAvailability, Level, RULES, Rule};

/// Shows a rule's page: on a terminal for reading, in the pager; elsewhere as it is written.
pub(super) fn explain(name: &str) -> Result<u8, Failure> {
    let rule = config::rule(name)?;
    let style = Style::decide(Color::Auto, false, false);
    if !style.terminal {
        return print(rule.docs);
    }
    let text = page::render(rule.docs, style);
    pager::show(&text);
    print(&text)
}

/// Prints the table of rules.
pub(super) fn rules() -> Result<u8, Failure> {
    let style = Style::decide(Color::Auto, false, false);
    print(&table(style))
}

fn table(style: Style) -> String {
    let width = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let mut rows = Vec::new();
    for rule in RULES {
        let name = format!("{}{}", name(rule, style), " ".repeat(width - rule.name.len()));
        let (level, color) = match rule.level {
            Level::Error => ("error", "31"),
            Level::Warn => ("warn ", "33"),
            Level::Off => ("off  ", "2"),
        };
        let fix = match rule.fix {
            FixAvailability::None => "      ",
            FixAvailability::Safe => "safe  ",
            FixAvailability::Unsafe => "unsafe",
        };
        let columns = width + 17;
        let lines = if style.terminal {
            page::wrap(rule.summary, style.width.saturating_sub(columns).max(20))
        } else {
            vec![rule.summary.to_owned()]
        };
        let summary = lines.join(&format!("\n{}", " ".repeat(columns)));
        let (level, fix) = (style.paint(color, level), style.paint("35", fix));
        rows.push(format!("{name}  {level}  {fix}  {summary}\n"));
    }
    rows.concat()
}

fn name(rule: &Rule, style: Style) -> String {
    let name = style.paint("1", rule.name);
    if style.links { link(&rule.page(), &name) } else { name }
}
