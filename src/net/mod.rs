//! Reaching a peer: looking up, connecting and encrypting with every phase timed, and streams that
//! count and copy what passes.

mod dial;

pub use dial::DialError;
