//! How Wirescope speaks to an endpoint: one folder a transport, one trait they share, and the
//! registry that names them. Adding a transport is a folder and a line in [`REGISTRY`].

pub mod auto;
mod body;
mod choose;
mod ending;
mod error;
mod exchange;
mod hop;
mod link;
pub mod poll;
mod query;
pub mod redirect;
mod registry;
pub mod sse;
pub mod stream;
pub mod websocket;

use futures_util::future::BoxFuture;

pub use error::{Missing, TransportError};
pub use link::{Link, Outbox, Wanted};
pub use registry::{REGISTRY, build};

use crate::model::{Endpoint, TransportKind};

/// One way to speak to an endpoint. What has to outlive an attempt, such as a cursor, is kept in
/// the implementing type.
pub trait Transport: Send {
    /// Makes one attempt: dials, shakes hands, calls [`Link::opened`], passes on every event, and
    /// returns when the connection is over for whatever reason. Everything it started is gone by
    /// then.
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome>;

    /// Where the next attempt would resume, if this transport can.
    fn cursor(&self) -> Option<String> {
        None
    }

    /// Begins anew with the next attempt, as for those who want no resuming.
    fn forget(&mut self) {}

    /// The wait the peer asked for before the next attempt (`retry:` of an event stream); it takes
    /// the place of the first backoff step.
    fn retry_after(&self) -> Option<std::time::Duration> {
        None
    }
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Outcome {
    /// The person at the window ended it.
    Stopped,
    /// The peer ended it and wants no reconnection: close code 1000, or 204 on an event stream.
    Finished(TransportError),
    /// It broke or was refused; [`TransportError::is_final`] tells whether trying again makes sense.
    Lost(TransportError),
    /// It broke or was refused, and the transport knows another way that it wants to try at once.
    Again(TransportError),
    /// The recording ended, so there is nowhere to put what comes.
    Unrecorded,
}

/// A transport as the registry knows it.
#[derive(Debug)]
pub struct Entry {
    /// Which one it is.
    pub kind: TransportKind,
    /// URL schemes it can be reached by; the first is the plain one, the second the one over TLS.
    pub schemes: [&'static str; 2],
    /// Makes the transport for an endpoint.
    pub build: fn(&Endpoint) -> Result<Box<dyn Transport>, TransportError>,
}
