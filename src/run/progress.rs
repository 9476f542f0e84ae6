//! A line that says what takes so long, where somebody is looking.

use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::snapshot::Snapshot;
use crate::text::count;

/// Views with fewer files are done before anybody wonders; for them not even a thread is started.
const MANY_FILES: usize = 10_000;

/// Nothing is said before.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says that the work goes on, from [`PATIENCE`] on and until it is dropped.
pub(super) struct Progress {
    /// Hanging up ends the thread.
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Watches over work on a view. Only where standard error is a terminal that can take a line back.
    pub(super) fn start(snapshot: &Snapshot, quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() || std::env::var_os("TERM").is_none_or(|term| term == "dumb") {
            return Self { running: None };
        }
        let files = snapshot.all_entries().count();
        if files < MANY_FILES {
            return Self { running: None };
        }
        let (sender, receiver) = mpsc::channel::<()>();
        let line = format!("preflake: looking at {} …", count(files, "file"));
        let speak = move || {
            let _ = wait(&receiver, PATIENCE, &line, &mut io::stderr());
        };
        let thread = thread::Builder::new().spawn(speak).ok();
        Self { running: thread.map(|thread| (sender, thread)) }
    }
}

/// Waits for the end of the work. A line is written where that lasts, and taken back.
fn wait(end: &Receiver<()>, patience: Duration, line: &str, out: &mut dyn Write) -> io::Result<()> {
    if end.recv_timeout(patience) != Err(RecvTimeoutError::Timeout) {
        return Ok(());
    }
    write!(out, "{line}")?;
    out.flush()?;
    let _ = end.recv();
    write!(out, "\r\u{1b}[K")?;
    out.flush()
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.running.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(patience: Duration, work: Duration) -> String {
        let (sender, receiver) = mpsc::channel::<()>();
        let work = thread::spawn(move || {
            thread::sleep(work);
            drop(sender);
        });
        let mut out = Vec::new();
        wait(&receiver, patience, "working", &mut out).expect("writing to memory");
        work.join().expect("it sleeps");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn only_what_lasts_is_said_and_then_taken_back() {
        assert_eq!(written(Duration::from_secs(3600), Duration::ZERO), "");
        assert_eq!(written(Duration::ZERO, Duration::from_millis(50)), "working\r\u{1b}[K");
    }
}
