//! Wirescope: see every frame of a live endpoint, and keep it.
//!
//! # Architecture
//! Data flows one way, commands flow back through one enum:
//!
//! ```text
//! endpoint → transport → session → capture → analysis → ui
//!              ↑ net                  │
//!              └────────── engine ←───┴──── Command
//! ```
//!
//! - [`model`]: the vocabulary. Pure data, imports nothing.
//! - [`net`]: dialling with timed phases, streams that count.
//! - [`transport`]: one folder a transport, the trait and the registry.
//! - [`session`]: attempts, backoff, resume.
//! - `ui`: the window, with feature `gui`.

pub mod analysis;
pub mod decode;
pub mod engine;
pub mod model;
pub mod net;
pub mod session;
pub mod transport;
#[cfg(feature = "gui")]
pub mod ui;
