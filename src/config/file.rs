//! `preflake.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, Globs, Settings, Wishes, rule};
use crate::rules::Level;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_field_names, reason = "the names are the file's")]
struct File {
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    rules: BTreeMap<Spanned<String>, LevelName>,
    #[serde(default)]
    missing_follows: Copies,
    #[serde(default)]
    duplicate_input: Copies,
    #[serde(default)]
    untracked_nix_file: Exclude,
    #[serde(default)]
    outdated_nixpkgs: Age,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LevelName {
    Off,
    Warn,
    Error,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Copies {
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    require: Vec<String>,
}

impl From<Copies> for Wishes {
    fn from(Copies { allow, require }: Copies) -> Self {
        Self { allow, require }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exclude {
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Age {
    max_age_days: Option<u32>,
}

/// Where settings are explained, in the state of this version.
const GUIDE: &str =
    concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/v", env!("CARGO_PKG_VERSION"), "/docs/guide/configuring.md");

pub(super) fn read(text: &str, name: &str) -> Result<Settings, ConfigError> {
    let place = |offset: usize| {
        let before = &text[..offset.min(text.len())];
        format!("{name}:{}", before.matches('\n').count() + 1)
    };
    let file: File = toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(|| name.to_owned(), |span| place(span.start));
        // The library lists what it would have taken behind the first line's end.
        let message = error.message().replace('\n', " ");
        let known = message.split('`').skip(3).step_by(2);
        let wrong = message.split('`').nth(1).unwrap_or_default();
        let nearest = crate::text::nearest(wrong, known);
        ConfigError {
            help: Some(
                nearest.map_or_else(|| format!("{GUIDE} has every setting"), |near| format!("did you mean `{near}`?")),
            ),
            message: format!("{place}: {message}"),
        }
    })?;
    let globs = |patterns: &[String]| {
        Globs::new(patterns).map_err(|error| ConfigError { message: format!("{name}: {}", error.message), ..error })
    };
    let mut settings = Settings {
        exclude: globs(&file.exclude)?,
        follows: file.missing_follows.into(),
        duplicates: file.duplicate_input.into(),
        untracked_exclude: globs(&file.untracked_nix_file.exclude)?,
        max_age_days: file.outdated_nixpkgs.max_age_days.unwrap_or(30),
        ..Settings::new()
    };
    for (key, level) in file.rules {
        let known = rule(key.get_ref()).map_err(|error| ConfigError {
            message: format!("{}: {}", place(key.span().start), error.message),
            ..error
        })?;
        let level = match level {
            LevelName::Off => Level::Off,
            LevelName::Warn => Level::Warn,
            LevelName::Error => Level::Error,
        };
        settings.levels.insert(known.name, level);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flake::InputAttrPath;

    fn error(text: &str) -> String {
        match read(text, "preflake.toml") {
            Ok(_) => "accepted".to_owned(),
            Err(error) => format!("{} | {}", error.message, error.help.unwrap_or_default()),
        }
    }

    #[test]
    fn unknown_names_are_errors_with_the_nearest_right_one() {
        assert!(
            error("\n[rules]\nunused-ignor = \"warn\"")
                .starts_with("preflake.toml:3: no rule is called `unused-ignor` | did you mean `unused-ignore`")
        );
        assert!(error("exclud = []").contains("did you mean `exclude`"), "{}", error("exclud = []"));
        assert!(error("[rules]\nunused-ignore = \"loud\"").starts_with("preflake.toml:2: "));
        assert!(error("exclude = [").starts_with("preflake.toml:1: "));
        assert!(error("exclude = [\"[\"]").starts_with("preflake.toml: bad pattern"));
    }

    /// Compiling them takes time that grows faster than they do.
    #[test]
    fn patterns_longer_than_any_path_are_refused() {
        let one = |length: usize| format!("\"{}\"", "a".repeat(length));
        let all = |count: usize| format!("exclude = [{}]", vec![one(4096); count].join(","));
        assert_eq!(error(&all(16)), "accepted");
        assert_eq!(error(&all(17)), "preflake.toml: the patterns are longer than 64 KB together | ");
        assert_eq!(error(&format!("exclude = [{}]", one(4097))), "preflake.toml: a pattern is longer than 4 KB | ");
        let untracked = format!("[untracked-nix-file]\nexclude = [{}]", one(4097));
        assert!(error(&untracked).contains("a pattern is longer than 4 KB"), "{}", error(&untracked));
    }

    #[test]
    fn the_example_of_the_manual_is_read() {
        let text = "exclude = [\"templates/**\"]\n[rules]\nunused-ignore = \"warn\"\n[missing-follows]\nallow = [\"hyprland\"]\nrequire = [\"nil\"]\n";
        let settings = read(text, "preflake.toml").expect("valid");
        let path = |names: &[&str]| InputAttrPath(names.iter().copied().map(str::to_owned).collect());
        assert!(settings.follows.allows(&path(&["hyprland", "nixpkgs"])));
        assert!(!settings.follows.allows(&path(&["nil", "nixpkgs"])));
        assert!(settings.follows.requires(&path(&["nil", "nixpkgs"])));
        assert!(settings.exclude.matches(&"templates/a/flake.nix".into()));
    }
}
