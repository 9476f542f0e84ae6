//! The integration tests: one binary, real programs, hermetic repositories.

mod chapter;
mod cli;
mod git;
mod hooks;
mod flakeref;
mod pages;
mod repo;
