//! Redirects of HTTP answers, followed by hand so that each is seen as an exchange of its own.

use bytes::Bytes;

use super::exchange::{Asked, send_noted, start_of_body};
use super::redirect::{RedirectError, Redirects};
use super::{Link, TransportError};
use crate::net::{Answer, Ask, Http};

/// What an answer means for the way of a request.
pub(super) enum Hop {
    /// It is the one that was asked for.
    Here,
    /// It led elsewhere, and that was asked.
    On(Asked),
    /// The connection should end.
    Stopped,
}

/// Follows an answer that leads elsewhere: tells of it, and asks there.
///
/// # Errors
/// [`TransportError::Redirect`] for one that should not be followed, once it was told; or the
/// recording has ended.
pub(super) async fn hop(
    link: &mut Link,
    http: &Http,
    answer: &mut Answer,
    body: Option<Bytes>,
) -> Result<Hop, TransportError> {
    let next = match next(answer) {
        Ok(None) => return Ok(Hop::Here),
        next => next,
    };
    let body = match body {
        Some(body) => body,
        // Read, so that the connection can serve the next request.
        None => match link.unless_stopped(start_of_body(answer)).await {
            Some(body) => body,
            None => return Ok(Hop::Stopped),
        },
    };
    link.push(answer.event(link.now()).with_payload(body)).await?;
    match next {
        Ok(None) => Ok(Hop::Here),
        Ok(Some((ask, note))) => send_noted(link, http, &ask, note).await.map(Hop::On),
        Err(error) => Err(TransportError::Redirect { error, meta: Box::new(answer.meta()) }),
    }
}

/// What to ask next, and what is left behind, in words; `None` for an answer that leads nowhere.
///
/// # Errors
/// It leads to where nobody should follow.
pub(super) fn next(answer: &Answer) -> Result<Option<(Ask, Option<String>)>, RedirectError> {
    let ask = &answer.ask;
    let mut redirects = Redirects::after(ask.redirects);
    let location = answer.header("location");
    let Some(hop) = redirects.follow(&ask.url, &ask.method, answer.status, location)? else {
        return Ok(None);
    };
    if matches!(hop.url.scheme(), "ws" | "wss") {
        return Err(RedirectError::websocket(&hop.url));
    }
    let (headers, left) = hop.headers(&ask.headers);
    let note = (!left.is_empty())
        .then(|| format!("Without {}, which are for {} alone", left.join(", "), site(&ask.url)));
    let ask = Ask {
        method: if hop.as_get { String::from("GET") } else { ask.method.clone() },
        url: hop.url,
        headers,
        body: ask.body.clone().filter(|_| !hop.as_get),
        jar: ask.jar.clone(),
        redirects: redirects.followed(),
    };
    Ok(Some((ask, note)))
}

fn site(url: &url::Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}
