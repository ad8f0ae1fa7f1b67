//! What can go wrong in an HTTP exchange, told precisely: reqwest's own words stop at “error
//! sending request”, so its chain of causes is walked to the one that knows.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use url::Url;

use super::CONNECT;
use crate::net::DialError;
use crate::net::error::cause;
use crate::net::tls::{Noted, tls_alert, tls_error};

/// Why there is no answer, or no more of it.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No connection came about.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// What came is no HTTP.
    #[error("{0}")]
    Answer(String),
    /// The request cannot be sent as it is.
    #[error("{0}")]
    Request(String),
    /// The answer did not come in time.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
}

impl HttpError {
    pub(super) fn setup(error: &reqwest::Error) -> Self {
        Self::Request(innermost(error))
    }

    /// Why a request got no answer; `addresses` are those the name was found to have, and `noted`
    /// is what TLS showed.
    pub(super) fn from_request(
        error: &reqwest::Error,
        url: &Url,
        addresses: &[SocketAddr],
        noted: Noted,
    ) -> Self {
        let host = url.host_str().unwrap_or_default().to_owned();
        if error.is_dns() {
            return DialError::Dns { host, source: io_error(error) }.into();
        }
        if !error.is_connect() {
            let alert = tls_alert(error, &host).map(Self::Dial);
            return alert.unwrap_or_else(|| Self::from_body(error));
        }
        let address = address(url, addresses);
        if error.is_timeout() {
            return DialError::TimedOut { address, seconds: CONNECT.as_secs() }.into();
        }
        if let Some(error) = tls_error(error, host, noted) {
            return error.into();
        }
        let source = io_error(error);
        if url.scheme() == "https" && source.kind() == io::ErrorKind::UnexpectedEof {
            let words = format!("{address} ended the connection during the TLS handshake");
            return Self::Io(io::Error::new(source.kind(), words));
        }
        DialError::Connect { address, source }.into()
    }

    /// Why a connection gave no answer or no more of its body.
    pub(super) fn from_body(error: &reqwest::Error) -> Self {
        let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "the answer was cut short");
        if let Some(cause) = find::<hyper::Error>(error) {
            if cause.is_parse() {
                return Self::Answer(format!("what came is no HTTP answer: {}", innermost(cause)));
            }
            if cause.is_incomplete_message() {
                return Self::Io(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server closed it before the answer was complete",
                ));
            }
        }
        match find::<io::Error>(error) {
            Some(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => Self::Io(cut()),
            Some(_) => Self::Io(io_error(error)),
            None => Self::Io(io::Error::other(innermost(error))),
        }
    }
}

/// Host and port, and what the name stands for.
fn address(url: &Url, addresses: &[SocketAddr]) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    if addresses.is_empty() {
        return format!("{host}:{port}");
    }
    let found: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    format!("{host}:{port} ({})", found.join(", "))
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref::<E>())
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The I/O error at the bottom, as one of our own.
fn io_error(error: &(dyn Error + 'static)) -> io::Error {
    let deepest = chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).last();
    match deepest {
        Some(found) => match found.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(found.kind(), innermost(found)),
        },
        None => io::Error::other(innermost(error)),
    }
}
