//! Integration tests: clients against scripted servers that misbehave on purpose, the built-in
//! server, recordings, the command line and the window. One binary, because linking is slow.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    unreachable_pub,
    clippy::default_trait_access
)]

mod architecture;
mod auto;
mod capture;
mod cli;
mod compare;
mod crowd;
mod dialects;
mod engine;
mod filter;
mod http;
mod http_stop;
mod nchan;
mod outage;
mod page;
mod poll;
mod protocols;
mod reach;
mod report;
mod server;
mod sse;
mod sse_conformance;
mod stream;
mod support;
mod tokens;
mod weather;
mod websocket;
#[cfg(feature = "gui")]
mod window;
