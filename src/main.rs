//! The `preflake` command.
fn main() {}
