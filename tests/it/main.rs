//! The integration tests: one binary, real programs, hermetic repositories.

mod git;
mod pages;
