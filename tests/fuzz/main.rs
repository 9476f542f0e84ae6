//! Fuzzing on stable Rust: seeded, structure-aware mutations of a small corpus, run through everything that reads what a
//! repository holds.
//!
//! `PREFLAKE_FUZZ` says how many inputs each target gets, or `PREFLAKE_FUZZ_SECONDS` for how long; `PREFLAKE_FUZZ_SEED`
//! from which seed they are made, and `PREFLAKE_FUZZ_FIRST` with which one to begin. An input depends on nothing but the seed and its number. What is
//! looked for: panics, promises that do not hold, inputs that take too long, and memory that grows.
//!
//! ```text
//! PREFLAKE_FUZZ=1000000 cargo test --profile fuzz --test fuzz -- --nocapture
//! ```
// The time that inputs take is read as Unix says it.
#![cfg(unix)]
#![allow(clippy::print_stderr, reason = "figures and inputs are what this suite is run for")]

mod corpus;
mod harness;
mod json;
mod locks;
mod memory;
mod mutate;
#[path = "../nix/rng.rs"]
#[allow(dead_code, reason = "the suite against Nix needs more of it")]
mod rng;
mod targets;
mod words;
