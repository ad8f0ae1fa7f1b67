//! What the transports on HTTP share: requests made from the endpoint's options, exchanges told as
//! events, refusals, and the POSTs of the composer beside whatever else is going on.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;

use super::{Link, Missing, TransportError, Wanted, hop};
use crate::model::{Body, Dir, Endpoint, Event, Kind, Meta, Say, Wire, is_secret_header};
use crate::net::{Answer, Ask, CODINGS, Http, HttpError};

/// How much of a refusal's body is kept, in bytes.
const REFUSAL: usize = 64 << 10;
/// How long the body of a refusal may take; what came until then is shown.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);
/// How long a POST of the composer may take.
const POST_PATIENCE: Duration = Duration::from_mins(1);
/// Answers to the peer that wait for their turn, at most.
const DUE: usize = 64;

/// A request on its way: resolves to the head of its answer.
pub(super) type Asked = BoxFuture<'static, Result<Answer, HttpError>>;

fn post_url(endpoint: &Endpoint) -> Result<url::Url, TransportError> {
    endpoint.post_url().map_err(|error| TransportError::Options(error.to_string()))
}

/// The request the endpoint's options describe, its body read if it is a file.
///
/// # Errors
/// The file cannot be read, or the address for POSTs is none.
pub(super) fn plain_ask(endpoint: &Endpoint) -> Result<Ask, TransportError> {
    let options = &endpoint.options;
    post_url(endpoint)?;
    let body = match &options.body {
        None => None,
        Some(Body::Text(text)) => Some(Bytes::from(text.clone())),
        Some(Body::File(path)) => Some(Bytes::from(std::fs::read(path).map_err(|error| {
            TransportError::Options(format!("{} cannot be sent: {error}", path.display()))
        })?)),
    };
    let usual = if body.is_some() { "POST" } else { "GET" };
    let mut ask = Ask {
        method: options.method.clone().unwrap_or_else(|| usual.to_owned()),
        headers: options.headers.clone(),
        body,
        ..Ask::get(endpoint.url.clone())
    };
    if let Some(body) = &ask.body {
        let guess = content_type(body);
        ask.offer("content-type", guess);
    }
    if options.compression {
        ask.offer("accept-encoding", CODINGS);
    }
    ask.offer("user-agent", concat!("wirescope/", env!("CARGO_PKG_VERSION")));
    Ok(ask)
}

/// Tells of the request and sends it.
///
/// # Errors
/// The request cannot be made, or the recording has ended.
pub(super) async fn send(link: &mut Link, http: &Http, ask: &Ask) -> Result<Asked, TransportError> {
    send_noted(link, http, ask, None).await
}

/// The same with something to say about it.
///
/// # Errors
/// As [`send`].
pub(super) async fn send_noted(
    link: &mut Link,
    http: &Http,
    ask: &Ask,
    note: Option<String>,
) -> Result<Asked, TransportError> {
    let prepared = http.prepare(ask)?;
    let mut event = prepared.event(link.now());
    event.meta.get_or_insert_default().cause = note;
    link.push(event).await?;
    link.flush().await?;
    Ok(Box::pin(http.send(prepared)))
}

/// The error for an answer that was not wanted, with the start of its body.
pub(super) async fn refused(mut answer: Answer) -> TransportError {
    let (body, cut) = start_and_rest(&mut answer).await;
    let mut error = refused_with(answer, body);
    if let TransportError::Refused { missing, .. } = &mut error {
        *missing = cut.map(Box::new);
    }
    error
}

/// The same where the body was read already.
pub(super) fn refused_with(mut answer: Answer, body: Bytes) -> TransportError {
    if let Some(error) = answer.refusal_of_proxy(&body) {
        return error.into();
    }
    TransportError::Refused {
        status: answer.status,
        reason: answer.reason.clone(),
        version: answer.version.to_owned(),
        retry_after: answer.header("retry-after").and_then(retry_after),
        headers: std::mem::take(&mut answer.headers),
        body,
        missing: None,
        timing: answer.timing,
    }
}

/// The error for an answer whose type cannot be read, with the start of its body.
pub(super) async fn wrong_type(mut answer: Answer, wanted: &'static str) -> TransportError {
    let body = start_of_body(&mut answer).await;
    wrong_type_with(answer, wanted, &body)
}

/// The same where the body was read already.
pub(super) fn wrong_type_with(
    mut answer: Answer,
    wanted: &'static str,
    body: &Bytes,
) -> TransportError {
    let mut found = answer.media_type();
    if found.is_empty() {
        found.push_str("no content type");
    }
    if let Some(coding) = answer.encoding() {
        found = format!("{found} compressed as {coding}");
    }
    TransportError::WrongType {
        found,
        wanted,
        headers: std::mem::take(&mut answer.headers),
        body: body.slice(..body.len().min(REFUSAL)),
        timing: answer.timing,
    }
}

/// The first 64 KiB of a body, or what came of it within 2 s.
pub(super) async fn start_of_body(answer: &mut Answer) -> Bytes {
    start_and_rest(answer).await.0
}

/// The same, and what is missing of it.
async fn start_and_rest(answer: &mut Answer) -> (Bytes, Option<Missing>) {
    let mut body = BytesMut::new();
    let reading = answer.start(REFUSAL, &mut body);
    // Late bytes only cost the end of what is shown.
    let is_late = tokio::time::timeout(REFUSAL_PATIENCE, reading).await.is_err();
    // The length is of what was sent, which decoding makes longer.
    let length = answer.header("content-length").filter(|_| answer.encoding().is_none());
    let length = length.and_then(|length| length.parse::<u64>().ok());
    let bytes = length.map(|length| length.saturating_sub(body.len() as u64));
    let why = if is_late {
        Some("the rest of its body did not come within 2 s")
    } else {
        (body.len() >= REFUSAL && bytes != Some(0)).then_some("of its body only 64 KiB are kept")
    };
    let missing = why.map(|why| Missing { bytes, why: why.to_owned() });
    (body.freeze(), missing)
}

/// The wait a `Retry-After` field asks for: seconds or a date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// How a protocol wants things said: a request from the one that all POSTs have in common, or
/// `None` where there is no way to say it.
pub(super) type Form = Box<dyn Fn(&Ask, &Say) -> Option<Ask> + Send + Sync>;

/// Sends what the person at the window wants sent, one POST at a time, beside other work.
pub(super) struct Composer {
    http: Http,
    ask: Ask,
    form: Option<Form>,
    due: VecDeque<Ask>,
    posting: Option<Posting>,
}

impl Composer {
    /// A composer for POSTs to where the endpoint wants them, with the header fields of `ask`; those
    /// that give access go to no other host.
    pub(super) fn new(http: Http, ask: &Ask, endpoint: &Endpoint) -> Result<Self, TransportError> {
        let url = post_url(endpoint)?;
        let is_elsewhere = url.origin() != endpoint.url.origin();
        let mut ask = Ask { method: String::from("POST"), url, body: None, ..ask.clone() };
        ask.headers.retain(|(name, _)| {
            let is_kept_here = is_elsewhere && is_secret_header(name);
            !is_kept_here && !name.eq_ignore_ascii_case("content-type")
        });
        Ok(Self { http, ask, form: None, due: VecDeque::new(), posting: None })
    }

    /// From now on says things in this form; without one, as the body of a plain POST.
    pub(super) fn speak(&mut self, form: Option<Form>) {
        self.form = form;
    }

    /// What all POSTs have in common.
    pub(super) fn base(&self) -> &Ask {
        &self.ask
    }

    /// Sends this as soon as no other POST is on its way. More than a peer can mean by asking are
    /// left out.
    pub(super) fn owe(&mut self, ask: Ask) {
        if self.due.len() < DUE {
            self.due.push_back(ask);
        }
    }

    /// Runs `work` and sends what is wanted meanwhile; `None` when the connection should end.
    ///
    /// # Errors
    /// The recording has ended.
    pub(super) async fn alongside<T>(
        &mut self,
        link: &mut Link,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, TransportError> {
        tokio::pin!(work);
        loop {
            if self.posting.is_none()
                && let Some(ask) = self.due.pop_front()
            {
                self.post(link, &ask).await?;
            }
            let may_send = link.is_open() && self.posting.is_none();
            let stopped = link.stopped();
            tokio::select! {
                biased;
                wanted = link.wanted(), if may_send => match wanted {
                    Wanted::Stop | Wanted::Say(Say::Close(..)) => return Ok(None),
                    Wanted::Say(say) => self.begin(link, say).await?,
                },
                () = stopped, if !may_send => return Ok(None),
                outcome = posted(&mut self.posting) => {
                    self.posting = None;
                    self.tell(link, outcome).await?;
                }
                result = &mut work => return Ok(Some(result)),
            }
        }
    }

    async fn begin(&mut self, link: &mut Link, say: Say) -> Result<(), TransportError> {
        let ask = match &self.form {
            Some(form) => form(&self.ask, &say),
            None => self.plain(say),
        };
        match ask {
            Some(ask) => self.post(link, &ask).await,
            None => Ok(()),
        }
    }

    fn plain(&self, say: Say) -> Option<Ask> {
        let (body, kind) = match say {
            Say::Text(text) => {
                let body = Bytes::from(text);
                (body.clone(), content_type(&body))
            }
            Say::Binary(body) => (body, "application/octet-stream"),
            // These have a meaning in WebSocket alone, or are the link's to do.
            Say::Ping(_)
            | Say::Pong(_)
            | Say::Fragments { .. }
            | Say::Close(..)
            | Say::AnswerPings(_)
            | Say::Repeat(_) => return None,
        };
        let mut ask = Ask { body: Some(body), ..self.ask.clone() };
        ask.set("content-type", kind);
        Some(ask)
    }

    async fn post(&mut self, link: &mut Link, ask: &Ask) -> Result<(), TransportError> {
        let asked = send(link, &self.http, ask).await?;
        self.posting = Some(post(asked));
        Ok(())
    }

    /// Tells of an answer, and asks on where it leads elsewhere.
    async fn tell(
        &mut self,
        link: &mut Link,
        outcome: Result<(Answer, Bytes), HttpError>,
    ) -> Result<(), TransportError> {
        let (mut event, next) = match outcome {
            Err(error) => (unanswered(&error), None),
            Ok((answer, body)) => {
                let wire = Wire::Estimated(answer.head_bytes + answer.sizes().received);
                let mut event = answer.event(0).with_payload(body).with_wire(wire);
                let next = hop::next(&answer).unwrap_or_else(|error| {
                    event.meta.get_or_insert_default().cause = Some(error.to_string());
                    None
                });
                (event, next)
            }
        };
        event.t_ns = link.now();
        link.push(event).await?;
        link.flush().await?;
        if let Some((ask, note)) = next {
            self.posting = Some(post(send_noted(link, &self.http, &ask, note).await?));
        }
        Ok(())
    }
}

/// A POST of the composer, until all of its answer that is shown has come.
type Posting = BoxFuture<'static, Result<(Answer, Bytes), HttpError>>;

fn post(asked: Asked) -> Posting {
    Box::pin(async move {
        let answered = async {
            let mut answer = asked.await?;
            let body = start_of_body(&mut answer).await;
            Ok((answer, body))
        };
        let patient = tokio::time::timeout(POST_PATIENCE, answered);
        patient.await.unwrap_or(Err(HttpError::TimedOut(POST_PATIENCE)))
    })
}

async fn posted(posting: &mut Option<Posting>) -> Result<(Answer, Bytes), HttpError> {
    match posting {
        Some(posting) => posting.await,
        None => std::future::pending().await,
    }
}

fn unanswered(error: &HttpError) -> Event {
    let cause = Some(format!("the POST failed: {error}"));
    Event::new(0, Dir::In, Kind::Response).with_meta(Meta { cause, ..Meta::default() })
}

/// What a body seems to be.
pub(super) fn content_type(body: &[u8]) -> &'static str {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        "application/json"
    } else if std::str::from_utf8(body).is_ok() {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("120"), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let far = retry_after("Fri, 01 Jan 2100 00:00:00 GMT").unwrap_or_default();
        assert!(far > Duration::from_hours(24), "{far:?}");
        assert_eq!(retry_after("soon"), None);
    }

    #[test]
    fn the_content_type_follows_the_body() {
        assert_eq!(content_type(br#"{"a":1}"#), "application/json");
        assert_eq!(content_type("grüße".as_bytes()), "text/plain; charset=utf-8");
        assert_eq!(content_type(b"\xff\x00"), "application/octet-stream");
    }
}
