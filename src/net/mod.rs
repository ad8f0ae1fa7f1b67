//! Reaching a peer: looking up, connecting and encrypting with every phase timed, and streams that
//! count and copy what passes.

mod count;
mod dial;
mod error;
mod http;
mod record;
mod tls;

pub use count::{Counted, Traffic};
pub use dial::{Dialled, Stream, Target, dial};
pub use error::DialError;
pub use http::{Answer, Ask, CONNECT, Http, HttpError, Prepared, Whole};
pub use record::Recorded;
pub use tls::{TlsClient, TlsOptions};
