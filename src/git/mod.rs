//! Everything preflake knows from git, behind one small interface.
