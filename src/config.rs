//! Validated settings: what the command line and `preflake.toml` say together.

/// Settings that rules and the engine look at.
#[derive(Clone, Debug, Default)]
pub struct Settings {}
