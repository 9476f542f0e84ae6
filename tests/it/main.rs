//! The integration tests: one binary, real programs, hermetic repositories.

mod pages;
