//! The integration tests: one binary, real programs, hermetic repositories. They make links and pipes, and run shells.
#![cfg(unix)]

mod ansi;
mod chapter;
mod cli;
mod commits;
mod contact;
mod fix;
mod flakeref;
mod formats;
mod git;
mod graph;
mod guide;
mod hooks;
mod hostile;
mod layouts;
mod merge_driver;
mod pages;
mod random;
mod readme;
mod repo;
mod schemas;
mod scope;
mod since;
mod situations;
mod staging;
mod terminal;
mod unstaged;
mod visibility;
