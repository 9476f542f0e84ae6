//! git itself is the oracle: real repositories, made by the real git.

mod changes;
mod formats;
mod places;
mod scratch;
mod trees;
