//! Reaching a peer: looking up, connecting and encrypting with every phase timed, and streams that
//! count and copy what passes.

mod certificate;
mod cookie;
mod count;
mod dial;
mod error;
mod http;
mod percent;
mod proxy;
mod record;
mod tls;

pub use cookie::Jar;
pub use count::{Counted, Traffic};
pub use dial::{Dialled, Stream, Target, dial};
pub use error::{Bar, DialError, TlsTrouble};
pub use http::{Answer, Ask, CODINGS, CONNECT, Held, Http, HttpError, Prepared, Sizes, Whole};
pub(crate) use percent::percent_decoded;
pub use proxy::Via;
pub use record::Recorded;
pub use tls::{TlsClient, TlsOptions, tls_alert};
