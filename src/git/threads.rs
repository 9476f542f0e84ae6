//! How many threads a piece of work is worth, and starting them.

use std::num::NonZero;
use std::thread::{self, Scope, ScopedJoinHandle};

/// More have not been seen to help.
pub(super) const MAX_THREADS: usize = 8;

/// The number of threads, this one included, for so many `pieces` of work, of which each thread should have at least
/// `each`. It is 1 without a question to the system where the work is small.
pub(super) fn number(pieces: usize, each: usize) -> usize {
    match pieces / each {
        0 | 1 => 1,
        useful => useful.min(thread::available_parallelism().map_or(1, NonZero::get)).min(MAX_THREADS),
    }
}

/// Starts `work` on `others` threads beside this one: on fewer where the system does not let there be so many.
pub(super) fn start<'scope, 'env, T: Send + 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    others: usize,
    work: impl Fn() -> T + Copy + Send + 'scope,
) -> Vec<ScopedJoinHandle<'scope, T>> {
    (0..others).map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect()
}
