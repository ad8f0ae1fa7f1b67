//! Wirescope: see every frame of a live endpoint, and keep it.
//!
//! # Architecture
//! Data flows one way, commands flow back through one enum:
//!
//! ```text
//! endpoint → transport → session → capture → analysis → engine → ui
//!              ↑ net                              ↑          │
//!                                                 └─ Command ┘
//! ```
//!
//! - [`model`]: the vocabulary. Pure data, imports nothing.
//! - [`net`]: dialling with timed phases, streams that count.
//! - [`transport`]: one folder a transport, the trait and the registry.
//! - [`session`]: attempts, backoff, resume.
//! - [`capture`]: the session file: recorder, reader, NDJSON.
//! - [`decode`] and [`analysis`]: what payloads mean, what events come to. Pure.
//! - [`server`]: the built-in server, which shares no code with the clients.
//! - [`compare`]: every transport side by side.
//! - [`engine`]: owns the runtime, sessions and captures: commands in, snapshots out.
//! - `ui`: the window, with feature `gui`; paints snapshots and never does IO.
//! - [`cli`]: one file a subcommand.

pub mod analysis;
pub mod capture;
pub mod cli;
pub mod compare;
pub mod decode;
pub mod engine;
pub mod model;
pub mod net;
pub mod server;
pub mod session;
pub mod transport;
#[cfg(feature = "gui")]
pub mod ui;
