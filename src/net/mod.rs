//! Reaching a peer: looking up, connecting and encrypting with every phase timed, and streams that
//! count and copy what passes.

mod dial;
mod http;

pub use dial::DialError;
pub use http::{Answer, Ask, CONNECT, Http, HttpError, Prepared, Whole};
