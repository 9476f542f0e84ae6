//! Where a report or a picture goes: to a file, or to standard output.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::Failure;
use crate::text::escape;

/// The file that `--output` names; none for `-`, which is standard output.
pub(super) fn file(named: Option<&Path>) -> Option<&Path> {
    named.filter(|file| *file != Path::new("-"))
}

/// Writes to a file, all at once, or to standard output.
pub(super) fn write(
    file: Option<&Path>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let Some(file) = file else {
        let mut out = BufWriter::new(io::stdout().lock());
        return finish(content(&mut out).and_then(|()| out.flush()));
    };
    let mut text = Vec::new();
    content(&mut text)?;
    let shown = escape(&file.to_string_lossy());
    fs::write(file, text).map_err(|error| Failure::new(format!("cannot write {shown}: {error}")))
}

/// A pipe that nobody reads any more is success.
pub(super) fn finish(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Failure::from),
    }
}
