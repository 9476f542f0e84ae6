//! The few settings of git's configuration that decide what it tracks, ignores and trusts.
//!
//! Files in git's order (system, global, repository, worktree, command), the last value wins; `include` and
//! `includeIf` on `gitdir`, `gitdir/i` and `onbranch`. Written after git-config(1); what is malformed is skipped, as
//! git itself refuses to work with it before a hook runs.

mod conditions;
mod syntax;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use self::conditions::Conditions;
use self::syntax::{parameters_of, parse};
use super::environment::Environment;
use super::error::GitError;
use crate::snapshot::disk;

/// Settings in the order in which they were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    values: Vec<Setting>,
    /// Bytes read so far, a file counting as some.
    read: usize,
}

/// A line of configuration.
#[derive(Clone, Debug)]
struct Setting {
    /// In lower case, the subsection as written. All lines of a section share it: it may be as long as the file.
    section: Arc<[u8]>,
    /// In lower case.
    name: Vec<u8>,
    value: Option<Vec<u8>>,
}

impl Setting {
    /// From a command: everything in one word, with dots.
    fn of_key(key: &[u8], value: Option<Vec<u8>>) -> Self {
        let (section, name) = match key.iter().rposition(|byte| *byte == b'.') {
            Some(dot) => (normal(&key[..=dot]), &key[dot + 1..]),
            None => (Vec::new(), key),
        };
        let section = section.strip_suffix(b".").unwrap_or(&section);
        Self { section: section.into(), name: name.to_ascii_lowercase(), value }
    }

    fn is(&self, key: &str) -> bool {
        key.rsplit_once('.')
            .is_some_and(|(section, name)| name.as_bytes() == self.name && section.as_bytes() == &*self.section)
    }
}

const MAX_FILE: u64 = 16 << 20;
const MAX_INCLUDES: usize = 10;

/// Ten levels of files that include each other several times are more than can be read.
const MAX_READ: usize = 32 << 20;
const FILE_COST: usize = 64 << 10;

impl Config {
    /// The settings of the machine and the user.
    pub(super) fn outer(environment: &Environment, conditions: &Conditions) -> Self {
        let mut config = Self::default();
        config.add_outer(environment, conditions);
        config
    }

    /// The settings that a repository cannot influence: system, global and command line.
    pub(super) fn protected(outer: &Self, environment: &Environment) -> Self {
        let mut config = outer.clone();
        config.add_command(environment);
        config
    }

    /// All settings in force in a repository; `shared` is what [`Config::of_file`] has read of the file that all its
    /// worktrees share, and `path` that file.
    pub(super) fn of_repository(
        outer: &Self,
        environment: &Environment,
        (path, shared): (&Path, &Self),
        conditions: &Conditions,
    ) -> Self {
        let mut config = outer.clone();
        config.read += FILE_COST + shared.read;
        config.add_settings(shared.values.clone(), path, environment, conditions, 0);
        if config.boolean("extensions.worktreeconfig") == Some(true) {
            config.add_file(&conditions.git_dir.join("config.worktree"), environment, conditions, 0);
        }
        config.add_command(environment);
        config
    }

    /// One file alone, without includes: for what decides the repository's format. As for git, one that may not be read
    /// is an error: it says too much to go on without it.
    pub(super) fn of_file(path: &Path) -> Result<Self, GitError> {
        let mut config = Self::default();
        match disk::read_file(path, MAX_FILE) {
            Ok(content) => {
                config.read = content.len();
                parse(&content, &mut |setting| config.values.push(setting));
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(GitError::at(path, error)),
            Err(_) => {}
        }
        Ok(config)
    }

    fn last(&self, key: &str) -> Option<&Setting> {
        self.values.iter().rev().find(|setting| setting.is(key))
    }

    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.last(name)?.value.as_deref()
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.values.iter().filter(move |setting| setting.is(name)).filter_map(|setting| setting.value.as_deref())
    }

    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        self.last(name).map(|setting| is_true(setting.value.as_deref()))
    }

    fn add_outer(&mut self, environment: &Environment, conditions: &Conditions) {
        if environment.boolean("GIT_CONFIG_NOSYSTEM") != Some(true) {
            let system = environment.path("GIT_CONFIG_SYSTEM").unwrap_or_else(|| PathBuf::from("/etc/gitconfig"));
            self.add_file(&system, environment, conditions, 0);
        }
        if let Some(global) = environment.get("GIT_CONFIG_GLOBAL") {
            self.add_file(Path::new(global), environment, conditions, 0);
            return;
        }
        if let Some(base) = xdg_config(environment) {
            self.add_file(&base.join("git/config"), environment, conditions, 0);
        }
        if let Some(home) = environment.path("HOME") {
            self.add_file(&home.join(".gitconfig"), environment, conditions, 0);
        }
    }

    fn add_file(&mut self, path: &Path, environment: &Environment, conditions: &Conditions, depth: usize) {
        self.read += FILE_COST;
        if self.read > MAX_READ {
            return;
        }
        let Ok(content) = disk::read_file(path, MAX_FILE) else { return };
        self.read += content.len();
        let mut read = Vec::new();
        parse(&content, &mut |setting| read.push(setting));
        self.add_settings(read, path, environment, conditions, depth);
    }

    /// Adds what a file holds, and the files that it includes.
    fn add_settings(
        &mut self,
        read: Vec<Setting>,
        path: &Path,
        environment: &Environment,
        conditions: &Conditions,
        depth: usize,
    ) {
        // A condition asks the disk: once for all lines below it.
        let mut condition: Option<(Arc<[u8]>, bool)> = None;
        for setting in read {
            let holds = match &condition {
                Some((section, holds)) if Arc::ptr_eq(section, &setting.section) => *holds,
                _ => conditions.includes(&setting.section, path, environment),
            };
            condition = Some((Arc::clone(&setting.section), holds));
            let included =
                setting.value.as_deref().filter(|_| depth < MAX_INCLUDES && holds && setting.name == b"path");
            if let Some(target) = included.and_then(|value| expand(value, environment)) {
                let target = path.parent().unwrap_or(Path::new("")).join(target);
                self.add_file(&target, environment, conditions, depth + 1);
            } else {
                self.values.push(setting);
            }
        }
    }

    /// `git -c`, and `GIT_CONFIG_COUNT` with its keys and values.
    fn add_command(&mut self, environment: &Environment) {
        let count = environment.get("GIT_CONFIG_COUNT").and_then(|value| value.to_str()?.parse::<usize>().ok());
        for index in 0..count.unwrap_or(0).min(10_000) {
            let key = environment.get(&format!("GIT_CONFIG_KEY_{index}"));
            let value = environment.get(&format!("GIT_CONFIG_VALUE_{index}"));
            if let (Some(key), Some(value)) = (key, value) {
                let value = Some(value.as_encoded_bytes().to_vec());
                self.values.push(Setting::of_key(key.as_encoded_bytes(), value));
            }
        }
        if let Some(parameters) = environment.get("GIT_CONFIG_PARAMETERS") {
            for (key, value) in parameters_of(parameters.as_encoded_bytes()) {
                self.values.push(Setting::of_key(&key, value));
            }
        }
    }
}

/// As git reads a boolean: a name without `=` is true, an empty value false.
pub(super) fn is_true(value: Option<&[u8]>) -> bool {
    let Some(value) = value else { return true };
    let lower = value.to_ascii_lowercase();
    match lower.as_slice() {
        b"true" | b"yes" | b"on" => true,
        b"" | b"false" | b"no" | b"off" => false,
        number => std::str::from_utf8(number).ok().and_then(|text| text.parse::<i64>().ok()).is_some_and(|n| n != 0),
    }
}

/// `$XDG_CONFIG_HOME`, or `.config` in the home directory.
pub(super) fn xdg_config(environment: &Environment) -> Option<PathBuf> {
    environment.path("XDG_CONFIG_HOME").or_else(|| Some(environment.path("HOME")?.join(".config")))
}

/// A path as configuration writes it, with `~/` for the home directory.
pub(super) fn expand(value: &[u8], environment: &Environment) -> Option<PathBuf> {
    let path = crate::snapshot::RepoPath::new(value).on_disk(Path::new(""));
    match path.strip_prefix("~") {
        Ok(rest) => Some(environment.path("HOME")?.join(rest)),
        Err(_) => Some(path),
    }
}

/// Lower case but for the subsection, which stands between the first and the last dot.
fn normal(key: &[u8]) -> Vec<u8> {
    let first = key.iter().position(|byte| *byte == b'.').unwrap_or(key.len());
    let last = key.iter().rposition(|byte| *byte == b'.').unwrap_or(key.len());
    let lower = |(index, byte): (usize, &u8)| {
        if index > first && index < last { *byte } else { byte.to_ascii_lowercase() }
    };
    key.iter().enumerate().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        let mut config = Config::default();
        parse(text.as_bytes(), &mut |setting| config.values.push(setting));
        config
    }

    #[test]
    fn sections_names_and_values_as_git_reads_them() {
        let config = read(
            "[core]\n\tBare = false ; no\n\thooksPath = \"a b\" # c\n\tfileMode\n[includeIf \"gitdir:~/W\\\"x/\"] path = q\\\n r\n",
        );
        assert_eq!(config.get("core.bare"), Some(&b"false"[..]));
        assert_eq!(config.get("core.hookspath"), Some(&b"a b"[..]));
        assert_eq!(config.boolean("core.filemode"), Some(true));
        assert_eq!(config.get("includeif.gitdir:~/W\"x/.path"), Some(&b"q r"[..]));
    }

    #[test]
    fn files_that_include_themselves_end() {
        let directory = tempfile::tempdir().expect("a place for files");
        let path = directory.path().join("config");
        std::fs::write(&path, "[include]\n".to_owned() + &"path = config\n".repeat(20)).expect("a file");
        let mut config = Config::default();
        config.add_file(&path, &Environment::default(), &Conditions::default(), 0);
        assert!(config.read > MAX_READ && config.values.len() <= 20 * (MAX_READ / FILE_COST));
    }

    /// Thirty thousand lines below a name as long as they are.
    #[test]
    fn lines_of_a_section_share_its_name() {
        let config = read(&format!("[{}]\n{}", "s".repeat(1 << 16), "n\n".repeat(1 << 15)));
        assert_eq!(config.values.len(), 1 << 15);
        assert!(config.values.iter().all(|setting| Arc::ptr_eq(&setting.section, &config.values[0].section)));
    }

    #[test]
    fn keys_of_commands_are_written_in_any_case_but_for_the_subsection() {
        let mut config = Config::default();
        config.values.push(Setting::of_key(b"Remote.A.B.URL", Some(b"x".to_vec())));
        assert_eq!(config.get("remote.A.B.url"), Some(&b"x"[..]));
        assert_eq!(config.get("remote.a.b.url"), None);
    }

    #[test]
    fn unfinished_text_ends_quietly() {
        for text in ["[", "[a \"", "[a \"\\", "[a]\nb", "[a]\nb =", "[a]\nb = \"", "[a]\nb = \\"] {
            read(text);
        }
    }
}
