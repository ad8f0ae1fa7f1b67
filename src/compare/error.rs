//! Why there is no comparison, and what to try.

use std::sync::Arc;

use crate::capture::CaptureError;
use crate::model::{EndpointError, ServerOptionsError};
use crate::net::HttpError;
use crate::server::ServerError;
use crate::transport::TransportError;

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The built-in server could not start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A setting is out of range.
    #[error(transparent)]
    Pace(#[from] ServerOptionsError),
    /// The recording could not be made.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A transport could not be set up.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server's address is not one.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Nothing is to be compared.
    #[error("there is no lane to compare; choose at least one transport")]
    NoLanes,
    /// More than a file can tell apart.
    #[error("a comparison has at most {MOST_LANES} lanes, not {0}")]
    TooManyLanes(usize),
    /// The other server does not answer.
    #[error("{0} does not answer: {1}")]
    Unreachable(String, Box<HttpError>),
    /// What answers there is something else.
    #[error("{0} is no Wirescope server: it answered {1} without the numbers one has")]
    NotWirescope(String, u16),
    /// The other server wants a token, or another one.
    #[error("{url} does not let us in{}", said(.words))]
    NotLetIn {
        /// Its address.
        url: String,
        /// Whether the address brought a token.
        has_token: bool,
        /// What it said.
        words: String,
    },
    /// The built-in server was stopped during the run; why, where nobody asked for it.
    #[error("the built-in server was stopped before the comparison was over{}", said(.0.as_deref().unwrap_or_default()))]
    Stopped(Option<Arc<str>>),
    /// What only the built-in server can do.
    #[error("that can only be done with the built-in server")]
    NotHere,
}

/// Lanes of a run, at most.
pub(super) const MOST_LANES: usize = 16;

impl CompareError {
    /// The likely cause and what to try.
    pub fn hint(&self) -> String {
        match self {
            Self::Capture(error) => error.hint().to_owned(),
            Self::Transport(error) => error.hint().unwrap_or_default(),
            Self::Unreachable(_, error) => match &**error {
                HttpError::Dial(error) => error.hint(),
                _ => String::from(
                    "Check address and port; on the other machine `wirescope serve --room` shows them",
                ),
            },
            Self::NotWirescope(..) => String::from(
                "Give the base address of a running `wirescope serve`, as in http://192.0.2.7:4100",
            ),
            Self::NotLetIn { has_token: false, .. } => String::from(
                "Give the whole address that the other Wirescope shows, with its ?join=",
            ),
            Self::NotLetIn { has_token: true, .. } => String::from(
                "The token may be that of an earlier start; copy the address that the other Wirescope shows now",
            ),
            Self::Stopped(_) => String::from(
                "The figures are those of the time until then; start the server and compare again",
            ),
            // Their text says it already.
            Self::Server(_)
            | Self::Pace(_)
            | Self::Endpoint(_)
            | Self::NoLanes
            | Self::TooManyLanes(_)
            | Self::NotHere => String::new(),
        }
    }
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}
