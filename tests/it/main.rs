//! The integration tests: one binary, real programs, hermetic repositories.

mod chapter;
mod cli;
mod flakeref;
mod git;
mod hooks;
mod pages;
mod readme;
mod repo;
