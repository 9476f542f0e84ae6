//! git itself is the oracle: real repositories, made by the real git.

#[cfg(target_os = "linux")]
mod cache;
mod changes;
#[cfg(unix)]
mod edges;
mod formats;
mod history;
mod kinds;
mod matching;
#[cfg(unix)]
mod objects;
mod places;
mod scratch;
mod trees;
