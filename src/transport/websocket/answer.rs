//! The server's answer to the opening handshake: what it says, and whether it opens a WebSocket.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::{HeaderMap, Response};

use super::extension::Deflate;
use super::head::Head;
use super::offer::{EXTENSIONS, Offer};
use crate::model::{Headers, Meta, Timing};
use crate::net::Recorded;
use crate::transport::exchange::retry_after;
use crate::transport::{Missing, TransportError};

/// Head of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    status: u16,
    reason: String,
    version: String,
    headers: Headers,
    retry_after: Option<Duration>,
}

impl Answer {
    /// The head of `response` as it was on the wire, as far as `io` has kept it.
    pub(super) fn read<S, B>(io: &Recorded<S>, response: &Response<B>) -> Self {
        let head = Head::last(io.received()).unwrap_or_else(|| unrecorded(response));
        let (version, _, reason) = head.status();
        let status = response.status();
        let usual = || status.canonical_reason().unwrap_or_default().to_owned();
        let wait = response.headers().get("retry-after");
        Self {
            status: status.as_u16(),
            reason: if reason.is_empty() { usual() } else { reason },
            version,
            headers: head.headers,
            retry_after: wait.and_then(|value| retry_after(value.to_str().ok()?)),
        }
    }

    /// An answer before the answer.
    pub(super) fn interim(head: Head) -> Self {
        let (version, status, reason) = head.status();
        Self { status, reason, version, headers: head.headers, retry_after: None }
    }

    /// What it says, as details of a `response` event.
    pub(super) fn meta(self) -> Meta {
        Meta {
            status: Some(self.status),
            reason: Some(self.reason).filter(|reason| !reason.is_empty()),
            version: Some(self.version),
            headers: self.headers,
            ..Meta::default()
        }
    }

    /// Notes both heads and how long the answer took.
    pub(super) fn note<S>(
        &self,
        meta: &mut Meta,
        io: &Recorded<S>,
        began: Instant,
        arrived: Instant,
    ) {
        let between = |later: Instant, sooner: Instant| {
            later.saturating_duration_since(sooner).as_secs_f64() * 1e3
        };
        let timing = meta.timing.get_or_insert_default();
        let first = io.first_byte().zip(io.last_sent());
        timing.first_byte = first.map(|(came, sent)| between(came, sent));
        timing.total = Some(between(arrived, began));
        meta.status = Some(self.status);
        meta.reason = Some(self.reason.clone());
        meta.version = Some(self.version.clone());
        meta.headers.clone_from(&self.headers);
        meta.request_headers =
            Head::parse(io.sent()).map(|(head, _)| head.headers).unwrap_or_default();
    }

    /// The error an answer is that opens no WebSocket.
    pub(super) fn refused(
        self,
        body: Bytes,
        missing: Option<Missing>,
        timing: Timing,
    ) -> TransportError {
        TransportError::Refused {
            status: self.status,
            reason: self.reason,
            version: self.version,
            headers: self.headers,
            body,
            missing: missing.map(Box::new),
            retry_after: self.retry_after,
            timing,
        }
    }
}

/// The head in the library's spelling, where it was too long to be kept.
fn unrecorded<B>(response: &Response<B>) -> Head {
    let line = format!("{:?} {}", response.version(), response.status());
    let field = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Head { line, headers: response.headers().iter().map(field).collect() }
}

/// What an answer with status 101 agrees on.
///
/// # Errors
/// In a sentence, what keeps it from opening a WebSocket (RFC 6455, section 4.1).
pub(super) fn agreed(
    headers: &HeaderMap,
    offer: &Offer,
    accept: &str,
) -> Result<Option<Deflate>, String> {
    const RULE: &str = "(RFC 6455, section 4.1)";
    if !has_token(headers, "upgrade", "websocket") {
        return Err(format!("the answer is 101 without “Upgrade: websocket” {RULE}"));
    }
    if !has_token(headers, "connection", "upgrade") {
        return Err(format!("the answer is 101 without “Connection: Upgrade” {RULE}"));
    }
    match text(headers, "sec-websocket-accept") {
        None => return Err(format!("the answer has no Sec-WebSocket-Accept {RULE}")),
        Some(found) if found != accept => {
            return Err(format!(
                "Sec-WebSocket-Accept is “{found}” where our key asks for “{accept}”: the answer was made for another request {RULE}"
            ));
        }
        Some(_) => {}
    }
    if let Some(chosen) = text(headers, "sec-websocket-protocol")
        && !offer.subprotocols.contains(&chosen)
    {
        return Err(format!(
            "the server chose subprotocol “{chosen}”, which was not asked for {RULE}"
        ));
    }
    let extensions = headers.get_all(EXTENSIONS).iter();
    offer.extensions.agree(extensions.map(|value| value.to_str().unwrap_or("?")))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

/// Whether one of the comma-separated words of the header `name` is `token`, in any case.
fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use hyper::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::model::Endpoint;

    fn judged(fields: &[(&'static str, &'static str)]) -> Option<String> {
        let mut endpoint = Endpoint::parse("ws://h/").unwrap();
        endpoint.options.subprotocols = vec!["chat".to_owned()];
        endpoint.options.compression = false;
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let offer = Offer::new(&endpoint).unwrap();
        agreed(&fields.iter().map(field).collect(), &offer, "key=").err()
    }

    #[test]
    fn an_answer_opens_a_websocket_only_as_the_rfc_says() {
        let upgrade = ("upgrade", "WebSocket");
        let connection = ("connection", "keep-alive, Upgrade");
        let accept = ("sec-websocket-accept", "key=");
        let with = |field| judged(&[upgrade, connection, accept, field]);
        assert_eq!(judged(&[upgrade, connection, accept]), None);
        assert_eq!(with(("sec-websocket-protocol", "chat")), None);
        let table = [
            (judged(&[connection, accept]), "without “Upgrade: websocket”"),
            (judged(&[upgrade, accept]), "without “Connection: Upgrade”"),
            (judged(&[upgrade, connection]), "no Sec-WebSocket-Accept"),
            (
                judged(&[upgrade, connection, ("sec-websocket-accept", "KEY=")]),
                "“KEY=” where our key asks for “key=”",
            ),
            (with(("sec-websocket-protocol", "other")), "subprotocol “other”"),
            (
                with(("sec-websocket-extensions", "permessage-deflate")),
                "extension “permessage-deflate”",
            ),
        ];
        for (cause, words) in table {
            assert!(
                cause.as_ref().is_some_and(|cause| cause.contains(words)),
                "{words}: {cause:?}"
            );
        }
    }
}
