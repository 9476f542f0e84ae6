//! `preflake graph`.

use std::path::Path;

use super::place::Place;
use super::{Failure, output};
use crate::cli::{self, GraphFormat};
use crate::flake::LockState;
use crate::flake::lock::{self, LockGraph, lock_command};
use crate::flake::nix;
use crate::git::ViewChoice;
use crate::graph::Graph;
use crate::report::Style;
use crate::snapshot::{RepoPath, Snapshot};

/// Draws the inputs of one flake.
pub(super) fn graph(options: &cli::Graph) -> Result<u8, Failure> {
    let place = Place::find(options.path.as_deref())?;
    let choice = match &options.view.rev {
        Some(rev) => ViewChoice::Revision(rev.clone()),
        None if options.view.staged => ViewChoice::Index,
        None => ViewChoice::Worktree,
    };
    let snapshot = place.snapshot(&choice)?;
    let path = options.path.as_deref().map(|path| place.relative(path)).transpose()?;
    let dir = flake_dir(&snapshot, path.as_ref())?;
    let title = dir.child("flake.nix").to_string();
    let graph = read(&snapshot, &dir, |lock| Graph::new(title, lock, options.depth.map(usize::from)))?;
    let file = output::file(options.output.as_deref());
    let style = Style::decide(options.color, false, file.is_some());
    let format = options.format.or_else(|| by_ending(file?)).unwrap_or_default();
    output::write(file, |out| graph.write(format, style, out))?;
    Ok(0)
}

fn by_ending(file: &Path) -> Option<GraphFormat> {
    match file.extension()?.to_str()? {
        "svg" => Some(GraphFormat::Svg),
        "dot" | "gv" => Some(GraphFormat::Dot),
        "mmd" | "mermaid" => Some(GraphFormat::Mermaid),
        _ => None,
    }
}

/// The flake that is meant: the one that `path` lies in, otherwise the only one below it. Without a path the one at the
/// root, otherwise the only one of the view.
fn flake_dir(snapshot: &Snapshot, path: Option<&RepoPath>) -> Result<RepoPath, Failure> {
    let root = RepoPath::from("");
    let from = path.unwrap_or(&root);
    let mut around = Some(from.clone());
    while let Some(dir) = around {
        if snapshot.has_file(&dir.child("flake.nix")) {
            return Ok(dir);
        }
        around = (!dir.is_root()).then(|| dir.parent());
    }
    let is_flake = |path: &[u8]| path.ends_with(b"/flake.nix");
    let entries = snapshot.all_entries().filter(|entry| is_flake(entry.path));
    let below = entries.map(|entry| RepoPath::new(entry.path).parent()).filter(|dir| dir.is_under(from));
    let mut dirs: Vec<RepoPath> = below.collect();
    dirs.sort();
    match dirs.as_slice() {
        [dir] => Ok(dir.clone()),
        [] => Err(Failure::new("no flake.nix here, nothing to draw")
            .help("a flake is seen once git tracks its flake.nix: `git add flake.nix`")),
        [first, ..] => Err(Failure::new(format!("there are {} flakes here, and none at the root", dirs.len()))
            .help(format!("name one: `preflake graph {first}`"))),
    }
}

fn read(snapshot: &Snapshot, dir: &RepoPath, draw: impl FnOnce(&LockGraph) -> Graph) -> Result<Graph, Failure> {
    let path = dir.child("flake.lock");
    match lock::read_beside(snapshot, &path) {
        LockState::Valid(lock) => Ok(draw(&lock.graph)),
        LockState::Missing if nix::read(&*snapshot.read(&dir.child("flake.nix"))?).inputs.is_empty() => {
            Ok(draw(&LockGraph::empty()))
        }
        LockState::Missing => {
            let command = lock_command(dir);
            Err(Failure::new(format!("there is no {path} in this view, and the graph is drawn from it"))
                .help(format!("run `{command}`, then `git add {path}`")))
        }
        LockState::Invalid { problems, .. } => {
            let reason = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            Err(Failure::new(format!("{path} {reason}")).help("see `preflake check`"))
        }
    }
}
