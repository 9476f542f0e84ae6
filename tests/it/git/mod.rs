//! git itself is the oracle: real repositories, made by the real git.

mod formats;
mod scratch;
mod trees;
