//! Validated settings: what the command line and `preflake.toml` say together.

mod file;

use std::collections::BTreeMap;
use std::fmt;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::flake::InputAttrPath;
use crate::rules::{self, Level, Rule};
use crate::snapshot::RepoPath;

/// Settings that rules and the engine look at.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Levels that differ from the rules' own, by rule.
    pub levels: BTreeMap<&'static str, Level>,
    /// Flakes and files that are not judged.
    pub exclude: Globs,
    /// Inputs that need not follow nixpkgs, or have to (`[missing-follows]`).
    pub follows: Wishes,
    /// Inputs that may be there twice, or may not (`[duplicate-input]`).
    pub duplicates: Wishes,
    /// Files that may stay untracked (`[untracked-nix-file] exclude`).
    pub untracked_exclude: Globs,
    /// Days after which a nixpkgs counts as old (`[outdated-nixpkgs] max-age-days`).
    pub max_age_days: u32,
    /// The time of the run in seconds since 1970: rules do not look at the clock. Without it ages are not judged.
    pub now: Option<u64>,
}

/// What the configuration says of inputs by their paths, as written: `hyprland`, `nil/nixpkgs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// They keep copies of their own (`allow`).
    pub allow: Vec<String>,
    /// They follow, although their projects ask not to be overridden (`require`).
    pub require: Vec<String>,
}

impl Wishes {
    /// Whether an input, or the root input above it, keeps its copies.
    #[must_use]
    pub fn allows(&self, path: &InputAttrPath) -> bool {
        names(&self.allow, path)
    }

    /// Whether an input, or the root input above it, is to follow whatever its project asks.
    #[must_use]
    pub fn requires(&self, path: &InputAttrPath) -> bool {
        names(&self.require, path)
    }
}

fn names(list: &[String], path: &InputAttrPath) -> bool {
    let written = path.to_string();
    list.iter().any(|name| *name == written || Some(name) == path.0.first())
}

/// Patterns for paths; compiled when the first path is compared.
#[derive(Clone, Debug, Default)]
pub struct Globs(GlobSet);

const MAX_PATTERN: usize = 4 << 10;
const MAX_PATTERNS: usize = 64 << 10;

impl Globs {
    /// Whether a path matches one of the patterns. Never where there are none.
    #[must_use]
    pub fn matches(&self, path: &RepoPath) -> bool {
        !self.0.is_empty() && self.0.is_match(path.to_string_lossy().as_ref())
    }

    fn new(patterns: &[String]) -> Result<Self, ConfigError> {
        let mut set = GlobSetBuilder::new();
        // The time to compile them grows faster than they do.
        if patterns.iter().map(String::len).sum::<usize>() > MAX_PATTERNS {
            return Err(ConfigError::new("the patterns are longer than 64 KB together"));
        }
        for pattern in patterns {
            if pattern.len() > MAX_PATTERN {
                return Err(ConfigError::new("a pattern is longer than 4 KB"));
            }
            let glob = Glob::new(pattern).map_err(|error| ConfigError::new(format!("bad pattern: {error}")))?;
            set.add(glob);
        }
        set.build().map(Self).map_err(|error| ConfigError::new(format!("bad pattern: {error}")))
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong, with the place where there is one.
    pub message: String,
    /// The nearest right thing.
    pub help: Option<String>,
}

impl ConfigError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Settings {
    /// Settings without a configuration file.
    #[must_use]
    pub fn new() -> Self {
        Self { max_age_days: 30, ..Self::default() }
    }

    /// Reads the text of a `preflake.toml`; `name` is how messages call it.
    ///
    /// # Errors
    /// For text that is not TOML, unknown keys and rules, values that do not fit.
    pub fn from_toml(text: &str, name: &str) -> Result<Self, ConfigError> {
        file::read(text, name)
    }

    /// Applies `--select` and `--ignore`.
    ///
    /// # Errors
    /// For a name that is no rule.
    pub fn restrict(&mut self, select: &[String], ignore: &[String]) -> Result<(), ConfigError> {
        let selected = select.iter().map(|name| rule(name)).collect::<Result<Vec<_>, _>>()?;
        if !selected.is_empty() {
            for known in rules::RULES {
                if !selected.iter().any(|chosen| chosen.name == known.name) {
                    self.levels.insert(known.name, Level::Off);
                } else if self.level(known) == Level::Off {
                    self.levels.insert(known.name, Level::Warn);
                }
            }
        }
        for name in ignore {
            self.levels.insert(rule(name)?.name, Level::Off);
        }
        Ok(())
    }

    /// The level at which a rule runs.
    #[must_use]
    pub fn level(&self, rule: &Rule) -> Level {
        self.levels.get(rule.name).copied().unwrap_or(rule.level)
    }
}

/// The rule of this name, or an error that names the nearest one.
///
/// # Errors
/// For a name that is no rule.
pub fn rule(name: &str) -> Result<&'static Rule, ConfigError> {
    rules::find(name).ok_or_else(|| {
        let nearest = crate::text::nearest(name, rules::RULES.iter().map(|rule| rule.name));
        ConfigError {
            message: format!("no rule is called `{}`", crate::text::escape(name)),
            help: Some(nearest.map_or_else(
                || "see `preflake rules`".to_owned(),
                |nearest| format!("did you mean `{nearest}`? See `preflake rules`"),
            )),
        }
    })
}
