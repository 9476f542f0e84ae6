//! Which repository the work is in: git's `setup.c` as far as it decides directories.

use std::cell::LazyCell;
use std::path::{Path, PathBuf};

use super::config::{Conditions, Config};
use super::environment::Environment;
use super::error::GitError;
use super::owner;
use crate::snapshot::{RepoPath, disk};

/// The directories of a repository.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Holds `HEAD` and the index.
    pub(super) git_dir: PathBuf,
    /// Holds what linked worktrees share.
    pub(super) common_dir: PathBuf,
    /// `None` for a bare repository.
    pub(super) workdir: Option<PathBuf>,
    /// Where the work started, relative to the root.
    pub(super) prefix: RepoPath,
    /// Length of object ids: 20 bytes, or 32 with SHA-256.
    pub(super) id_len: usize,
    /// References are files, not a table.
    pub(super) files_hold_refs: bool,
}

/// Finds the repository that `start` lies in, or that the environment names.
pub(super) fn discover(start: &Path, environment: &Environment) -> Result<Option<(Layout, Config)>, GitError> {
    let start = absolute(start)?;
    let found = match environment.path("GIT_DIR") {
        Some(git_dir) => named(&start, &start.join(git_dir), environment)?,
        None => match search(&start, environment)? {
            Some(found) => found,
            None => return Ok(None),
        },
    };
    let common_dir = common_dir(&found.git_dir, environment, &start);
    let conditions = Conditions::of(&found.git_dir);
    let outer = Config::outer(environment, &conditions);
    let file = common_dir.join("config");
    let shared = Config::of_file(&file)?;
    let config = Config::of_repository(&outer, environment, (&file, &shared), &conditions);
    let id_len = check_format(&shared, &common_dir)?;
    let files_hold_refs = shared.get("extensions.refstorage").is_none_or(|storage| storage == b"files");
    if !found.named {
        owner::check(&found, &Config::protected(&outer, environment), environment)?;
    }
    let workdir = workdir(&found, &shared, &common_dir, environment, &start)?;
    let prefix = prefix(&start, workdir.as_deref(), environment);
    let layout = Layout { git_dir: found.git_dir, common_dir, workdir, prefix, id_len, files_hold_refs };
    Ok(Some((layout, config)))
}

/// What the search came upon.
pub(super) struct Found {
    pub(super) git_dir: PathBuf,
    /// The directory that holds `.git`; `None` where the git directory itself was found.
    pub(super) top: Option<PathBuf>,
    /// The file that led there.
    pub(super) git_file: Option<PathBuf>,
    /// By `GIT_DIR`.
    named: bool,
}

fn named(start: &Path, git_dir: &Path, environment: &Environment) -> Result<Found, GitError> {
    let resolved = match read_git_file(git_dir) {
        GitFile::Leads(target) => target,
        _ => git_dir.to_path_buf(),
    };
    if !is_git_directory(&resolved, environment) {
        return Err(GitError::at(git_dir, "not a git repository").with_help("GIT_DIR names it: correct or unset it"));
    }
    Ok(Found { git_dir: clean(&resolved), top: Some(start.to_path_buf()), git_file: None, named: true })
}

fn search(start: &Path, environment: &Environment) -> Result<Option<Found>, GitError> {
    let ceilings = ceilings(environment);
    let across = environment.boolean("GIT_DISCOVERY_ACROSS_FILESYSTEM") == Some(true);
    let device_of_start = LazyCell::new(|| device(start));
    let mut at = Some(start);
    while let Some(directory) = at {
        if !across && directory != start && device(directory) != *device_of_start {
            return Ok(None);
        }
        let dot_git = directory.join(".git");
        let found = |git_dir: PathBuf, top: Option<&Path>, git_file: Option<PathBuf>| Found {
            git_dir,
            top: top.map(Path::to_path_buf),
            git_file,
            named: false,
        };
        match read_git_file(&dot_git) {
            GitFile::Leads(target) => return Ok(Some(found(clean(&target), Some(directory), Some(dot_git)))),
            GitFile::Unreadable(reason) | GitFile::Broken(reason) => return Err(GitError::at(&dot_git, reason)),
            GitFile::None => {}
        }
        if is_git_directory(&dot_git, environment) {
            return Ok(Some(found(dot_git, Some(directory), None)));
        }
        refuse_unreadable(&dot_git)?;
        if is_git_directory(directory, environment) {
            return Ok(Some(found(directory.to_path_buf(), None, None)));
        }
        at = directory.parent().filter(|parent| !ceilings.iter().any(|ceiling| ceiling == parent));
    }
    Ok(None)
}

/// A repository that we may not read is not the absence of one: without it everything on disk would be judged.
fn refuse_unreadable(dot_git: &Path) -> Result<(), GitError> {
    if dot_git.symlink_metadata().is_err() {
        return Ok(());
    }
    let head = dot_git.join("HEAD");
    match disk::read_file(&head, 1 << 16) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(GitError::at(&head, error)),
        _ => Ok(()),
    }
}

/// `GIT_CEILING_DIRECTORIES`: directories that are not looked into on the way up. Behind an empty one, links stay.
fn ceilings(environment: &Environment) -> Vec<PathBuf> {
    let Some(list) = environment.get("GIT_CEILING_DIRECTORIES") else { return Vec::new() };
    let mut resolve = true;
    let mut found = Vec::new();
    for path in std::env::split_paths(list) {
        if path.as_os_str().is_empty() {
            resolve = false;
        } else if path.is_absolute() {
            let real = if resolve { path.canonicalize().ok() } else { None };
            found.push(real.unwrap_or(path));
        }
    }
    found
}

/// What a `.git` that may be a file leads to.
pub(super) enum GitFile {
    /// There is no such file.
    None,
    /// To a git directory.
    Leads(PathBuf),
    /// There is one, but it cannot be read.
    Unreadable(String),
    /// It can be read, but is of no use.
    Broken(String),
}

/// Reads a file `gitdir: PATH`, as worktrees and submodules have one.
pub(super) fn read_git_file(path: &Path) -> GitFile {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return GitFile::None;
    }
    let content = match disk::read_file(path, 1 << 20) {
        Ok(content) => content,
        Err(error) => return GitFile::Unreadable(format!("cannot be read: {error}")),
    };
    let Some(target) = content.strip_prefix(b"gitdir: ") else {
        return GitFile::Broken("invalid gitfile format".to_owned());
    };
    let end = target.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    if end == 0 {
        return GitFile::Broken("names no directory".to_owned());
    }
    let target = RepoPath::new(&target[..end]).on_disk(Path::new(""));
    let target = path.parent().unwrap_or(Path::new("")).join(target);
    if is_git_directory(&target, &Environment::default()) {
        GitFile::Leads(target)
    } else {
        GitFile::Broken(format!("leads to {}, which is not a git repository", super::error::shown(&target)))
    }
}

/// Whether a directory that git does not track is a repository of its own, as git decides it: it holds a `.git` that
/// works, and that is not `git_dir` itself.
pub(super) fn is_nested(directory: &Path, git_dir: &Path) -> bool {
    let dot_git = directory.join(".git");
    let nested = match read_git_file(&dot_git) {
        GitFile::Leads(_) | GitFile::Unreadable(_) => true,
        GitFile::Broken(_) | GitFile::None => is_git_directory(&dot_git, &Environment::default()),
    };
    nested && dot_git.canonicalize().ok() != git_dir.canonicalize().ok()
}

/// Whether git takes a directory for a repository: a sound `HEAD`, objects and refs.
pub(super) fn is_git_directory(path: &Path, environment: &Environment) -> bool {
    if !is_head(&path.join("HEAD")) {
        return false;
    }
    let common = common_dir(path, environment, path);
    let objects = environment.path("GIT_OBJECT_DIRECTORY").unwrap_or_else(|| common.join("objects"));
    objects.exists() && common.join("refs").exists()
}

fn is_head(path: &Path) -> bool {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return false };
    if metadata.is_symlink() {
        return std::fs::read_link(path).is_ok_and(|target| target.starts_with("refs"));
    }
    let Ok(content) = disk::read_file(path, 1 << 16) else { return false };
    match content.strip_prefix(b"ref:") {
        Some(target) => target.trim_ascii_start().starts_with(b"refs/"),
        None => content.len() >= 40 && content[..40].iter().all(u8::is_ascii_hexdigit),
    }
}

fn common_dir(git_dir: &Path, environment: &Environment, start: &Path) -> PathBuf {
    if let Some(named) = environment.path("GIT_COMMON_DIR") {
        return start.join(named);
    }
    let Ok(content) = disk::read_file(&git_dir.join("commondir"), 1 << 16) else { return git_dir.to_path_buf() };
    let end = content.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    clean(&git_dir.join(RepoPath::new(&content[..end]).on_disk(Path::new(""))))
}

/// The length of object ids. Only a format that git itself refuses is refused: index and walk depend on little else.
fn check_format(config: &Config, common_dir: &Path) -> Result<usize, GitError> {
    let path = common_dir.join("config");
    let version = config.get("core.repositoryformatversion").unwrap_or(b"0");
    match version.trim_ascii() {
        b"0" | b"" => Ok(20),
        b"1" => match config.get("extensions.objectformat") {
            None | Some(b"sha1") => Ok(20),
            Some(b"sha256") => Ok(32),
            Some(other) => Err(GitError::at(&path, format!("object format {} is unknown", other.escape_ascii()))),
        },
        other => Err(GitError::at(&path, format!("repository format {} is unknown", other.escape_ascii()))),
    }
}

fn workdir(
    found: &Found,
    shared: &Config,
    common_dir: &Path,
    environment: &Environment,
    start: &Path,
) -> Result<Option<PathBuf>, GitError> {
    if let Some(named) = environment.path("GIT_WORK_TREE") {
        return Ok(Some(clean(&start.join(named))));
    }
    // git takes these two from the repository's own file alone, and a linked worktree not from the one it shares.
    let has_own = shared.boolean("extensions.worktreeconfig") == Some(true);
    let own = if has_own { Config::of_file(&found.git_dir.join("config.worktree"))? } else { Config::default() };
    let linked = common_dir != found.git_dir;
    let files = [(has_own, &own), (!linked, shared)];
    let mut files = files.into_iter().filter(|(used, _)| *used).map(|(_, config)| config);
    if files.clone().find_map(|config| config.boolean("core.bare")) == Some(true) {
        return Ok(None);
    }
    if let Some(path) = files.find_map(|config| config.get("core.worktree")) {
        let path = RepoPath::new(path).on_disk(Path::new(""));
        return Ok(Some(clean(&found.git_dir.join(path))));
    }
    if found.named && environment.boolean("GIT_IMPLICIT_WORK_TREE") == Some(false) {
        return Ok(None);
    }
    Ok(found.top.clone())
}

/// In a hook git says in `GIT_PREFIX` where it was called; else it is where we start.
fn prefix(start: &Path, workdir: Option<&Path>, environment: &Environment) -> RepoPath {
    if let Some(prefix) = environment.get("GIT_PREFIX").filter(|prefix| !prefix.is_empty()) {
        return RepoPath::default().join(prefix.as_encoded_bytes()).unwrap_or_default();
    }
    workdir.and_then(|root| relative(root, start)).unwrap_or_default()
}

/// `path` relative to `root`, as written or with links resolved.
pub(super) fn relative(root: &Path, path: &Path) -> Option<RepoPath> {
    let inside = |root: &Path, path: &Path| {
        let rest = path.strip_prefix(root).ok()?;
        let parts: Vec<&[u8]> = rest.components().map(|part| part.as_os_str().as_encoded_bytes()).collect();
        RepoPath::default().join(&parts.join(&b'/'))
    };
    inside(root, path).or_else(|| inside(&root.canonicalize().ok()?, &path.canonicalize().ok()?))
}

fn absolute(start: &Path) -> Result<PathBuf, GitError> {
    let whole = std::path::absolute(start).map_err(|error| GitError::at(start, error))?;
    // git works with the physical directory; a start that does not exist is taken as written.
    Ok(whole.canonicalize().unwrap_or(whole))
}

/// Resolves `.` and `..` where the path exists.
fn clean(path: &Path) -> PathBuf {
    let dotted = path.components().any(|part| matches!(part, std::path::Component::ParentDir));
    if dotted { path.canonicalize().unwrap_or_else(|_| path.to_path_buf()) } else { path.components().collect() }
}

#[cfg(unix)]
fn device(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|metadata| metadata.dev())
}

#[cfg(not(unix))]
fn device(_path: &Path) -> Option<u64> {
    None
}
