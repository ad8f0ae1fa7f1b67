//! Integration tests: clients against scripted servers that misbehave on purpose, the built-in
//! server, recordings, the command line and the window. One binary, because linking is slow.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;
#[cfg(feature = "gui")]
mod window;
