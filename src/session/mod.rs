//! The life of one connection: attempts, the waits between them, and its end. Knows transports
//! only by their trait, and events only as something to hand on.

mod backoff;
mod runner;

pub use backoff::{Asked, Backoff};
pub use runner::{Controls, End, Session};
