//! Requests made from a dialect's templates, the options of the endpoint and where the session
//! stands.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use url::Url;

use super::dialect::{Dialect, Request};
use super::state::State;
use crate::model::{Endpoint, Options, Say, is_secret_header};
use crate::net::{Ask, Jar};
use crate::transport::exchange::{Form, content_type, plain_ask};
use crate::transport::{TransportError, query};

/// Which of its requests a dialect makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before anything else.
    Open,
    /// Again and again.
    Poll,
    /// For what an answer only spoke of.
    Fetch,
}

impl Stage {
    /// The request of this stage.
    pub(super) fn request(self, dialect: &Dialect) -> &Request {
        match self {
            Self::Open => dialect.open.as_ref(),
            Self::Poll => None,
            Self::Fetch => dialect.fetch.as_ref(),
        }
        .unwrap_or(&dialect.request)
    }
}

/// What all requests of an endpoint have in common.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    dialect: Arc<Dialect>,
    /// Without a body.
    base: Ask,
    /// The body that was set in the options; it goes with the first request of a session.
    body: Option<Bytes>,
    method: Option<String>,
    is_posted_elsewhere: bool,
    /// How long the server may hold a request.
    hold: Duration,
}

impl Asking {
    /// # Errors
    /// The file of the body cannot be read, or the address for POSTs is none.
    pub(super) fn new(
        endpoint: &Endpoint,
        dialect: &Arc<Dialect>,
        hold: Duration,
    ) -> Result<Self, TransportError> {
        let Options { headers, method, post_to, .. } = &endpoint.options;
        let mut base = plain_ask(endpoint)?;
        let body = base.body.take();
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            base.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        }
        let accept = if dialect.wants_json() { "application/json, */*;q=0.5" } else { "*/*" };
        base.offer("accept", accept);
        let is_posted_elsewhere = post_to.is_some();
        let (dialect, method) = (Arc::clone(dialect), method.clone());
        Ok(Self { dialect, base, body, method, is_posted_elsewhere, hold })
    }

    /// Goes on with the cookies of an answer.
    pub(super) fn use_jar(&mut self, jar: &Jar) {
        self.base.jar = jar.clone();
    }

    /// What POSTs of the composer have in common with the requests.
    pub(super) fn base(&self) -> &Ask {
        &self.base
    }

    /// Whether the address itself says how long the server may hold a request.
    pub(super) fn is_hold_given(&self) -> bool {
        let is_hold = |name: &str| name.starts_with("hold_");
        let mut held = self.dialect.request.query.iter().filter(|(_, t)| t.names().any(is_hold));
        held.any(|(name, _)| query::has(&self.base.url, name))
    }

    /// The request of a stage.
    ///
    /// # Errors
    /// A template does not become an address.
    pub(super) fn ask(&self, stage: Stage, state: &State) -> Result<Ask, TransportError> {
        let request = stage.request(&self.dialect);
        let value = |name: &str| self.value(name, state);
        let is_first = stage == Stage::Open || stage == Stage::Poll && self.dialect.open.is_none();
        let own = self.body.clone().filter(|_| is_first);
        let mut ask = Self::shaped(&self.base, request, &value)?;
        let template = request.body.as_ref().map(|body| text(body, &value));
        ask.body = own.or(template.map(Bytes::from));
        let usual = if ask.body.is_some() { "POST" } else { "GET" };
        let method = self.method.as_ref().filter(|_| is_first).or(request.method.as_ref());
        method.map_or(usual, String::as_str).clone_into(&mut ask.method);
        if let Some(body) = &ask.body {
            let guess = content_type(body);
            ask.offer("content-type", guess);
        }
        if stage == Stage::Poll {
            state.cursor.say(&self.dialect, &mut ask);
        }
        Ok(ask)
    }

    /// How what is to be said is sent as the session stands; `None` where plainly.
    pub(super) fn form(&self, state: &State) -> Option<Form> {
        self.dialect.send.as_ref()?;
        let (asking, state) = (self.clone(), state.clone());
        Some(Box::new(move |base, say| asking.sent(base, &state, say)))
    }

    fn sent(&self, base: &Ask, state: &State, say: &Say) -> Option<Ask> {
        let request = self.dialect.send.as_ref()?;
        let (template, payload) = match say {
            Say::Text(text) => (&request.body, text.as_bytes()),
            Say::Binary(bytes) => {
                (if request.binary.is_some() { &request.binary } else { &request.body }, &bytes[..])
            }
            // These have a meaning in WebSocket alone.
            _ => return None,
        };
        let value = |name: &str| match name {
            "text" => Some(String::from_utf8_lossy(payload).into_owned()),
            "base64" => Some(STANDARD.encode(payload)),
            name => self.value(name, state),
        };
        let body = match template {
            Some(template) => text(template, &value).into(),
            None => Bytes::copy_from_slice(payload),
        };
        Some(self.post(base, state, body))
    }

    /// A POST with this body to where what is said goes.
    pub(super) fn post(&self, base: &Ask, state: &State, body: Bytes) -> Ask {
        let value = |name: &str| self.value(name, state);
        let request = self.dialect.send.as_ref();
        let shaped = request.and_then(|request| Self::shaped(base, request, &value).ok());
        let mut ask = shaped.unwrap_or_else(|| base.clone());
        if self.is_posted_elsewhere {
            ask.url = base.url.clone();
        }
        ask.method = request.and_then(|r| r.method.clone()).unwrap_or_else(|| "POST".into());
        let guess = content_type(&body);
        ask.offer("content-type", guess);
        ask.body = Some(body);
        ask.jar = self.base.jar.clone();
        ask
    }

    /// `base` with the address, query and header fields of `request`.
    fn shaped(
        base: &Ask,
        request: &Request,
        value: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Ask, TransportError> {
        let mut ask = base.clone();
        if let Some(template) = &request.url {
            let place = template.filled(value, encoded).unwrap_or_default();
            let joined = base.url.join(&place).map_err(|error| {
                TransportError::Options(format!("the dialect's address {place} is none: {error}"))
            })?;
            ask.url = joined;
            // A query may hold what gives access.
            if ask.url.query().is_none() && ask.url.origin() == base.url.origin() {
                ask.url.set_query(base.url.query());
            }
        }
        // What gives access goes to no other host, unless the dialect knows it as the same service.
        if ask.url.origin() != base.url.origin() {
            ask.headers.retain(|(name, _)| !is_secret_header(name));
        }
        for (label, other) in &request.host {
            relabel(&mut ask.url, label, other);
        }
        for (name, template) in &request.query {
            let is_given = query::has(&base.url, name);
            match template.filled(value, str::to_owned) {
                Some(text) if text.is_empty() => query::set(&mut ask.url, name, None),
                Some(text) if !is_given => query::set(&mut ask.url, name, Some(&text)),
                _ => {}
            }
        }
        for (name, template) in &request.headers {
            match template.filled(value, str::to_owned) {
                Some(text) if text.is_empty() => {
                    ask.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
                }
                Some(text) => ask.offer(name, &text),
                None => {}
            }
        }
        Ok(ask)
    }

    fn value(&self, name: &str, state: &State) -> Option<String> {
        Some(match name {
            "cursor" => state.cursor.text()?,
            "hold_s" => self.hold.as_secs().to_string(),
            "hold_ms" => self.hold.as_millis().to_string(),
            "path" => self.base.url.path().trim_end_matches('/').to_owned(),
            name => state.value(name)?.to_owned(),
        })
    }
}

/// A body; what is not known is the empty text in it.
fn text(template: &super::dialect::Template, value: &dyn Fn(&str) -> Option<String>) -> String {
    let value = |name: &str| Some(value(name).unwrap_or_default());
    template.filled(value, str::to_owned).unwrap_or_default()
}

/// A value as part of an address: slashes stay, as `{path}` has them.
fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
    let letter =
        |byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(letter).collect()
}

/// Puts `other` in place of the first label of the host, where that is `label`.
fn relabel(url: &mut Url, label: &str, other: &str) {
    let Some(host) = url.host_str() else { return };
    if let Some(rest) = host.strip_prefix(label)
        && rest.starts_with('.')
    {
        let host = format!("{other}{rest}");
        // What is no host leaves the address as it was, which its server will refuse.
        let _ = url.set_host(Some(&host));
    }
}
