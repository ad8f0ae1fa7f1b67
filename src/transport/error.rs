//! Why an attempt ended, as a sentence, a likely reason with what to try, and the facts beside it.

use std::time::Duration;

use bytes::Bytes;

use super::redirect::RedirectError;
use crate::model::{FeedError, Headers, Meta, Timing, close_meaning};
use crate::net::{DialError, HttpError};

/// Why an attempt ended.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection came about.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The server answered, but not with what was asked for.
    #[error("the server answered {status} {reason}{}", missing_words(.missing.as_deref()))]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its reason phrase.
        reason: String,
        /// HTTP version, as in `HTTP/1.1`.
        version: String,
        /// Header fields of the answer.
        headers: Headers,
        /// The start of the body.
        body: Bytes,
        /// What of the body is not there.
        missing: Option<Box<Missing>>,
        /// Wait the server asked for.
        retry_after: Option<Duration>,
        /// How long it took.
        timing: Timing,
    },
    /// The answer is of a type this transport cannot read.
    #[error("the server answered 200 with {found}, not {wanted}")]
    WrongType {
        /// What `Content-Type` said.
        found: String,
        /// What it should have been.
        wanted: &'static str,
        /// Header fields of the answer.
        headers: Headers,
        /// The start of the body.
        body: Bytes,
        /// How long it took.
        timing: Timing,
    },
    /// The answer points to where we do not go.
    #[error("{error}")]
    Redirect {
        /// Why not.
        error: RedirectError,
        /// The answer's status, fields and times.
        meta: Box<Meta>,
    },
    /// The answer to a WebSocket handshake broke RFC 6455.
    #[error("the WebSocket handshake failed: {0}")]
    Handshake(String, Box<Meta>),
    /// The peer closed the connection; without a code the socket simply ended.
    #[error("{}", closed_sentence(*.code, .reason))]
    Closed {
        /// Close code of a WebSocket.
        code: Option<u16>,
        /// Close reason of a WebSocket.
        reason: String,
    },
    /// The stream ended as HTTP allows it to.
    #[error("the server ended the response")]
    Ended,
    /// The stream ended after the message that says that it is the last.
    #[error("the answer is complete: it ended with {0}")]
    Complete(String),
    /// It ended, and the request with this method cannot be sent again without being asked to.
    #[error("{1}; the {0} is not sent again by itself")]
    NotRepeated(String, Box<TransportError>),
    /// Reading or writing failed.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    /// Nothing came back to a ping.
    #[error("no pong within {} of a ping", humantime::format_duration(*.0))]
    PongOverdue(Duration),
    /// The peer broke a rule after which the connection cannot go on.
    #[error("the peer broke the protocol: {0}")]
    Protocol(String),
    /// The HTTP library could not complete the request.
    #[error("{0}")]
    Http(String),
    /// The answer did not come in time.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// The answer, or a part of it, is an error by the rules of its dialect.
    #[error("{cause}")]
    Told {
        /// What happened.
        cause: String,
        /// The likely reason and what to try.
        hint: String,
        /// Whether trying again would meet the same answer.
        is_final: bool,
        /// Wait the server asked for.
        retry_after: Option<Duration>,
        /// The facts.
        meta: Box<Meta>,
        /// The start of what came.
        body: Bytes,
    },
    /// An option cannot work.
    #[error("{0}")]
    Options(String),
    /// The recording has ended.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

/// The rest of a body that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// How many bytes, where the head said how many there are in all.
    pub bytes: Option<u64>,
    /// Why, as half a sentence.
    pub why: String,
}

impl TransportError {
    /// Whether trying again would meet the same answer.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Dial(error) => error.is_final(),
            Self::Refused { status, .. } => is_final_status(*status),
            Self::Told { is_final, .. } => *is_final,
            Self::WrongType { .. }
            | Self::Redirect { .. }
            | Self::Handshake(..)
            | Self::Complete(_)
            | Self::NotRepeated(..)
            | Self::Options(_)
            | Self::Feed(_) => true,
            // Normal closure, and what the peer says it will never accept from us.
            Self::Closed { code, .. } => {
                matches!(code, Some(1000 | 1002 | 1003 | 1007 | 1008 | 1009 | 1010))
            }
            Self::Ended
            | Self::Io(_)
            | Self::PongOverdue(_)
            | Self::Protocol(_)
            | Self::Http(_)
            | Self::TimedOut(_) => false,
        }
    }

    /// The likely reason and what to try.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Dial(error) => return Some(error.hint()),
            Self::Refused { headers, body, .. } if wants_websocket(headers, body) => {
                "It wants a WebSocket; use the same address with ws:// or wss://"
            }
            Self::Refused { status, .. } => refusal_hint(*status),
            Self::WrongType { found, wanted, .. } if is_single_answer(found, wanted) => {
                "Look at the body: it may tell of an error, or the request has to ask for a stream, as with \"stream\": true"
            }
            Self::WrongType { .. } => {
                "The address may be a page or another API; look at the body, or choose another transport"
            }
            Self::Redirect { error, .. } => error.hint(),
            Self::Handshake(..) => {
                "Something between here and the server may not know WebSocket; look at the response head"
            }
            Self::Closed { code: Some(code), .. } => closed_hint(*code),
            Self::Closed { code: None, .. } | Self::Io(_) => {
                "The server stopped, or something on the way cut the connection; connect again, or look at the server's log"
            }
            Self::PongOverdue(_) => {
                "The connection is dead although nothing said so: the network changed, or a proxy or NAT forgot it; connect again, with more frequent pings"
            }
            Self::TimedOut(_) => {
                "The server or something on the way is holding the answer back; try another transport"
            }
            Self::Protocol(_) => "Look at the bytes of the violation in the timeline",
            Self::Ended => {
                "The server, or a proxy on the way, limits how long an answer lasts; connect again for more"
            }
            Self::Complete(_) => "Nothing is missing; connect again to ask anew",
            Self::NotRepeated(..) => {
                "It might cost or change something each time it is sent; connect again to send it once more"
            }
            Self::Http(_) => {
                "What answers there may be no HTTP server, or something on the way spoils its answer; check scheme and port"
            }
            Self::Told { hint, .. } => hint,
            Self::Options(_) => "Such an option cannot work; correct it and connect again",
            Self::Feed(_) => "What was recorded is kept; record into another place",
        };
        Some(hint.to_owned())
    }

    /// The wait the server asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::Told { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The facts, the sentence and the hint, as details of a `failed` or `closed` event.
    pub fn meta(&self) -> Meta {
        let mut meta = match self {
            Self::Dial(error) => error.meta(),
            Self::Refused { status, reason, version, headers, missing, timing, .. } => Meta {
                status: Some(*status),
                truncated: missing.as_ref().and_then(|missing| missing.bytes),
                reason: Some(reason.clone()),
                version: Some(version.clone()),
                headers: headers.clone(),
                timing: Some(*timing),
                ..Meta::default()
            },
            Self::WrongType { headers, timing, .. } => Meta {
                status: Some(200),
                headers: headers.clone(),
                timing: Some(*timing),
                ..Meta::default()
            },
            Self::Redirect { meta, .. } | Self::Handshake(_, meta) | Self::Told { meta, .. } => {
                (**meta).clone()
            }
            Self::Closed { code, reason } => {
                let reason = Some(reason.clone()).filter(|reason| !reason.is_empty());
                Meta { code: *code, reason, ..Meta::default() }
            }
            Self::NotRepeated(_, error) => error.meta(),
            _ => Meta::default(),
        };
        meta.cause = Some(self.to_string());
        meta.hint = self.hint();
        meta
    }

    /// The start of the body that came with a refusal.
    pub fn body(&self) -> Bytes {
        match self {
            Self::Refused { body, .. } | Self::WrongType { body, .. } | Self::Told { body, .. } => {
                body.clone()
            }
            Self::NotRepeated(_, error) => error.body(),
            _ => Bytes::new(),
        }
    }
}

impl From<HttpError> for TransportError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Dial(error) => Self::Dial(error),
            HttpError::Io(error) => Self::Io(error),
            HttpError::Answer(words) => Self::Http(words),
            HttpError::Request(words) => Self::Options(words),
            HttpError::TimedOut(after) => Self::TimedOut(after),
        }
    }
}

fn missing_words(missing: Option<&Missing>) -> String {
    missing.map(|missing| format!("; {}", missing.why)).unwrap_or_default()
}

fn closed_sentence(code: Option<u16>, reason: &str) -> String {
    match (code, reason) {
        (None, _) => String::from("the peer ended the connection without a close frame"),
        (Some(code), "") => format!("closed with {code}, {}", close_meaning(code)),
        (Some(code), reason) => format!("closed with {code}, {}: {reason}", close_meaning(code)),
    }
}

/// Whether a refusal speaks of a WebSocket that was expected: RFC 6455 has the server name the
/// versions it knows (section 4.2.2), RFC 9110 the protocol to upgrade to (section 15.5.22).
fn wants_websocket(headers: &Headers, body: &[u8]) -> bool {
    headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("sec-websocket-version")
            || name.eq_ignore_ascii_case("upgrade") && value.eq_ignore_ascii_case("websocket")
    }) || body.len() < 1024 && memchr::memmem::find(body, b"Upgrade Required").is_some()
}

/// Whether one JSON text came where a stream of events was wanted.
fn is_single_answer(found: &str, wanted: &str) -> bool {
    found == "application/json" && wanted == super::sse::EVENT_STREAM
}

/// Whether the same request would get the same status again.
pub(super) fn is_final_status(status: u16) -> bool {
    (200..500).contains(&status) && !matches!(status, 408 | 425 | 429)
}

/// The likely reason of a status and what to try.
pub(super) fn refusal_hint(status: u16) -> &'static str {
    match status {
        204 => "The server has nothing more to say and asks not to connect again",
        200..=299 => {
            "The address answers, but not to this transport; compare its path with the server's documentation"
        }
        300..=399 => "The server points elsewhere; connect to the address in its Location header",
        401 => "It wants credentials; add an Authorization header or a cookie in Options",
        403 => {
            "The credentials, the Origin or the address are not allowed; set other headers in Options"
        }
        404 | 410 => "The path may be wrong; compare it with the server's documentation",
        405 => "The method may be wrong; set it in Options",
        400 | 426 => "The server expects another request; check transport, headers and subprotocol",
        408 | 504 => "Something on the way gave up waiting for the server; try again later",
        429 => "Too many requests; wait as long as the server asks, or ask less often",
        500..=599 => "The server is in trouble; look at its log, or try again later",
        _ => "Look at the response head and body in the detail",
    }
}

fn closed_hint(code: u16) -> &'static str {
    match code {
        1000 => "The peer is done; connect again for more",
        1001 | 1012 => "The server restarts or the page was left; connect again in a moment",
        1008 => "The peer did not like who we are or what we sent; check credentials and messages",
        1009 => "A message was larger than the peer takes; send smaller ones",
        1011 | 1013 | 1014 => "The server is in trouble; look at its log, or try again later",
        4000..=4999 => "The application's documentation tells what this code means",
        _ => "Look at the frames before it; the peer's log may tell more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_to_try_and_promises_nothing() {
        let refused = |status| TransportError::Refused {
            status,
            reason: String::new(),
            version: String::new(),
            headers: Headers::new(),
            body: Bytes::new(),
            missing: None,
            retry_after: None,
            timing: Timing::default(),
        };
        let closed = |code| TransportError::Closed { code, reason: String::new() };
        let words = || String::from("words");
        let others = [
            TransportError::Redirect {
                error: RedirectError::Address(words()),
                meta: Box::default(),
            },
            TransportError::Handshake(words(), Box::default()),
            closed(None),
            TransportError::Ended,
            TransportError::Complete(words()),
            TransportError::NotRepeated(words(), Box::new(TransportError::Ended)),
            TransportError::Io(std::io::ErrorKind::BrokenPipe.into()),
            TransportError::PongOverdue(Duration::from_secs(1)),
            TransportError::Protocol(words()),
            TransportError::Http(words()),
            TransportError::TimedOut(Duration::from_secs(1)),
            TransportError::Options(words()),
            TransportError::Feed(FeedError),
        ];
        let refusals = (200..600).map(refused);
        let closes = (1000..5000).map(|code| closed(Some(code)));
        for error in refusals.chain(closes).chain(others) {
            let hint = error.hint().unwrap_or_default();
            // Whether there is a next attempt is what the event after it tells.
            assert!(!hint.is_empty() && !hint.contains("Wirescope"), "{error}: {hint}");
            assert!(!hint.contains("next attempt"), "{error}: {hint}");
        }
    }
}
