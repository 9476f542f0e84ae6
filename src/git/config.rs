//! The few settings of git's configuration that decide what it tracks, ignores and trusts.
//!
//! Files in git's order (system, global, repository, worktree, command), the last value wins; `include` and
//! `includeIf` on `gitdir`, `gitdir/i` and `onbranch`. Written after git-config(1); what is malformed is skipped, as
//! git itself refuses to work with it before a hook runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::Environment;
use super::error::GitError;
use super::ignore::wildmatch::{self, Flags};
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

/// What `includeIf` conditions look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) git_dir: PathBuf,
    pub(super) branch: Option<Vec<u8>>,
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

    /// All settings in force in a repository.
    pub(super) fn of_repository(
        outer: &Self,
        environment: &Environment,
        common_dir: &Path,
        conditions: &Conditions,
    ) -> Self {
        let mut config = outer.clone();
        config.add_file(&common_dir.join("config"), environment, conditions, 0);
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
            Ok(content) => parse(&content, &mut |setting| config.values.push(setting)),
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
        // A condition asks the disk: once for all lines below it.
        let mut condition: Option<(Arc<[u8]>, bool)> = None;
        for setting in read {
            let holds = match &condition {
                Some((section, holds)) if Arc::ptr_eq(section, &setting.section) => *holds,
                _ => includes(&setting.section, path, environment, conditions),
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

/// Whether a `path` in this section names a file that belongs here.
fn includes(section: &[u8], file: &Path, environment: &Environment, conditions: &Conditions) -> bool {
    if section == b"include" {
        return true;
    }
    let Some(condition) = section.strip_prefix(b"includeif.") else { return false };
    if let Some(pattern) = condition.strip_prefix(b"gitdir:") {
        git_dir_matches(pattern, false, file, environment, conditions)
    } else if let Some(pattern) = condition.strip_prefix(b"gitdir/i:") {
        git_dir_matches(pattern, true, file, environment, conditions)
    } else if let Some(pattern) = condition.strip_prefix(b"onbranch:") {
        let mut pattern = pattern.to_vec();
        if pattern.ends_with(b"/") {
            pattern.extend_from_slice(b"**");
        }
        let flags = Flags { pathname: true, fold: false };
        conditions.branch.as_ref().is_some_and(|branch| wildmatch::matches(&pattern, branch, flags))
    } else {
        false
    }
}

fn git_dir_matches(pattern: &[u8], fold: bool, file: &Path, environment: &Environment, on: &Conditions) -> bool {
    let mut whole = Vec::new();
    if let Some(rest) = pattern.strip_prefix(b"./") {
        let here = file.canonicalize().ok().and_then(|file| Some(file.parent()?.to_path_buf()));
        let Some(here) = here else { return false };
        whole.extend_from_slice(here.as_os_str().as_encoded_bytes());
        whole.push(b'/');
        whole.extend_from_slice(rest);
    } else if let Some(rest) = pattern.strip_prefix(b"~/") {
        let Some(home) = environment.path("HOME") else { return false };
        whole.extend_from_slice(home.as_os_str().as_encoded_bytes());
        whole.push(b'/');
        whole.extend_from_slice(rest);
    } else {
        if !pattern.starts_with(b"/") {
            whole.extend_from_slice(b"**/");
        }
        whole.extend_from_slice(pattern);
    }
    if whole.ends_with(b"/") {
        whole.extend_from_slice(b"**");
    }
    let flags = Flags { pathname: true, fold };
    let matches = |path: &Path| wildmatch::matches(&whole, path.as_os_str().as_encoded_bytes(), flags);
    matches(&on.git_dir) || on.git_dir.canonicalize().is_ok_and(|real| matches(&real))
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

/// `GIT_CONFIG_PARAMETERS`: shell-quoted words, `'key=value'` of old or `'key'='value'`.
fn parameters_of(text: &[u8]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut rest = text.trim_ascii_start();
    while let Some((word, after)) = quoted(rest) {
        if let Some((value, after)) = after.strip_prefix(b"=").and_then(quoted) {
            found.push((word, Some(value)));
            rest = after.trim_ascii_start();
            continue;
        }
        if let Some(after) = after.strip_prefix(b"=") {
            found.push((word, None));
            rest = after.trim_ascii_start();
            continue;
        }
        match word.iter().position(|byte| *byte == b'=') {
            Some(equals) => found.push((word[..equals].to_vec(), Some(word[equals + 1..].to_vec()))),
            None => found.push((word, None)),
        }
        rest = after.trim_ascii_start();
    }
    found
}

/// A word as git's `sq_quote` writes it.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"'")?;
    let mut word = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'\'')?;
        word.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest {
            [b'\\', escaped @ (b'\'' | b'!'), b'\'', after @ ..] => {
                word.push(*escaped);
                rest = after;
            }
            _ => return Some((word, rest)),
        }
    }
}

/// Reads the syntax of a configuration file.
fn parse(content: &[u8], found: &mut dyn FnMut(Setting)) {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut section: Arc<[u8]> = Arc::default();
    let mut at = 0;
    while let Some(byte) = content.get(at) {
        match byte {
            b'[' => {
                let (name, end) = header(content, at + 1);
                (section, at) = (name.into(), end);
            }
            b'#' | b';' => at = line_end(content, at),
            byte if byte.is_ascii_whitespace() => at += 1,
            byte if byte.is_ascii_alphabetic() => {
                let end = name_end(content, at);
                let name = content[at..end].to_ascii_lowercase();
                let blanks = content[end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                at = end + blanks;
                let value = if content.get(at) == Some(&b'=') {
                    let (value, next) = value(content, at + 1);
                    at = next;
                    Some(value)
                } else {
                    at = line_end(content, at);
                    None
                };
                found(Setting { section: Arc::clone(&section), name, value });
            }
            _ => at = line_end(content, at),
        }
    }
}

fn name_end(content: &[u8], at: usize) -> usize {
    at + content[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count()
}

fn line_end(content: &[u8], at: usize) -> usize {
    content[at..].iter().position(|byte| *byte == b'\n').map_or(content.len(), |end| at + end)
}

/// `[section]`, `[section "subsection"]` or `[section.subsection]`, from behind the bracket.
fn header(content: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let mut name = Vec::new();
    while let Some(byte) = content.get(at) {
        at += 1;
        match byte {
            b']' | b'\n' => return (name, at),
            b'"' => {
                name.push(b'.');
                while let Some(byte) = content.get(at) {
                    at += 1;
                    match byte {
                        b'"' | b'\n' => break,
                        b'\\' => {
                            name.extend(content.get(at));
                            at += 1;
                        }
                        byte => name.push(*byte),
                    }
                }
            }
            b' ' | b'\t' => {}
            byte => name.push(byte.to_ascii_lowercase()),
        }
    }
    (name, at)
}

/// A value from behind its `=`: quotes, escapes, comments, lines that go on.
fn value(content: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let mut value = Vec::new();
    // The length up to the last byte that is not an unquoted blank.
    let mut kept = 0;
    let mut in_quotes = false;
    while let Some(byte) = content.get(at) {
        at += 1;
        match byte {
            b'\n' => break,
            b'\r' if content.get(at) == Some(&b'\n') => {}
            b'#' | b';' if !in_quotes => {
                at = line_end(content, at);
                break;
            }
            b'"' => {
                in_quotes = !in_quotes;
                kept = value.len();
            }
            b'\\' => {
                let escaped = content.get(at).copied();
                at += 1;
                match escaped {
                    Some(b'\n') => continue,
                    Some(b'\r') if content.get(at) == Some(&b'\n') => {
                        at += 1;
                        continue;
                    }
                    Some(b'n') => value.push(b'\n'),
                    Some(b't') => value.push(b'\t'),
                    Some(b'b') => value.push(8),
                    Some(byte) => value.push(byte),
                    None => {}
                }
                kept = value.len();
            }
            b' ' | b'\t' if !in_quotes && value.is_empty() => {}
            byte => {
                value.push(*byte);
                if in_quotes || !matches!(byte, b' ' | b'\t') {
                    kept = value.len();
                }
            }
        }
    }
    value.truncate(kept);
    (value, at)
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
    fn parameters_in_both_of_gits_forms() {
        let found = parameters_of(b"'core.a=b c' 'core.d'='it'\\''s' 'core.e'=");
        let expected = [
            (b"core.a".to_vec(), Some(b"b c".to_vec())),
            (b"core.d".to_vec(), Some(b"it's".to_vec())),
            (b"core.e".to_vec(), None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn unfinished_text_ends_quietly() {
        for text in ["[", "[a \"", "[a \"\\", "[a]\nb", "[a]\nb =", "[a]\nb = \"", "[a]\nb = \\"] {
            read(text);
        }
    }
}
