//! HTTP exchanges with every phase timed: reqwest without redirects, retries and decompression, so
//! that what is reported is what came.

mod answer;
mod error;
mod phases;

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, redirect, retry};
use url::{Position, Url};

pub use answer::{Answer, Whole};
pub use error::HttpError;

use super::DialError;
use crate::model::{Dir, Event, Headers, Kind, Meta, Options, Timing, Wire};
use phases::{PHASES, Phases};

/// How long connecting may take, TLS included.
pub const CONNECT: Duration = Duration::from_secs(15);

/// An HTTP client with the options of an endpoint. Dropping it closes its idle connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    insecure: bool,
}

impl Http {
    /// A client for requests to `url`. Addresses on this machine are never asked for through the
    /// system's proxy.
    ///
    /// # Errors
    /// The certificate file cannot be used.
    pub fn new(url: &Url, options: &Options) -> Result<Self, HttpError> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(CONNECT)
            .dns_resolver(phases::Lookup)
            .connector_layer(phases::ConnectLayer)
            .tls_danger_accept_invalid_certs(options.insecure);
        if is_local(url) {
            builder = builder.no_proxy();
        }
        if let Some(path) = &options.ca_file {
            builder = builder.tls_certs_merge(authorities(path)?);
        } else if url.scheme() == "http" && is_local(url) {
            // Reading the system's certificates takes tens of milliseconds, and here, without even
            // a proxy, none will be checked.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| HttpError::setup(&error))?;
        Ok(Self { client, insecure: options.insecure })
    }

    /// Turns `ask` into a request whose head and size are known before it is sent.
    ///
    /// # Errors
    /// The method or a header field cannot be sent.
    pub fn prepare(&self, ask: &Ask) -> Result<Prepared, HttpError> {
        let method = Method::from_bytes(ask.method.as_bytes())
            .map_err(|_| HttpError::Request(format!("“{}” is no HTTP method", ask.method)))?;
        let mut request = self
            .client
            .request(method, ask.url.clone())
            .headers(ask.header_map()?)
            .build()
            .map_err(|error| HttpError::setup(&error))?;
        if let Some(body) = &ask.body {
            *request.body_mut() = Some(body.clone().into());
        }
        let headers = sent_headers(&request, ask.body.as_ref());
        let body_bytes = ask.body.as_ref().map_or(0, Bytes::len) as u64;
        let line = request.method().as_str().len() + target(request.url()).len() + 12;
        let wire = line as u64 + fields_bytes(&headers) + body_bytes;
        Ok(Prepared { request, headers, body: ask.body.clone().unwrap_or_default(), wire })
    }

    /// Sends a request and waits for the head of its answer. Dropping the future ends the exchange.
    pub fn send(
        &self,
        prepared: Prepared,
    ) -> impl Future<Output = Result<Answer, HttpError>> + Send + 'static {
        let client = self.client.clone();
        let insecure = self.insecure;
        async move {
            let url = prepared.request.url().clone();
            let phases = Phases::shared();
            let began = Instant::now();
            let sending = PHASES.scope(phases.clone(), client.execute(prepared.request));
            let result = sending.await;
            let took = phases::taken(&phases);
            match result {
                Ok(response) => {
                    let timing = timing(&url, &took, began);
                    Ok(Answer::new(response, timing, prepared.headers, insecure))
                }
                Err(error) => Err(HttpError::from_request(&error, &url, &took.addresses)),
            }
        }
    }
}

/// What to ask for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// HTTP method.
    pub method: String,
    /// Where; a fragment is not sent.
    pub url: Url,
    /// Header fields in order; `Host` and `Content-Length` come by themselves.
    pub headers: Headers,
    /// Body, if there is to be one.
    pub body: Option<Bytes>,
}

impl Ask {
    /// Sets a field, unless the person at the window set it.
    pub fn offer(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Sets a field in place of any of that name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn header_map(&self) -> Result<HeaderMap, HttpError> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let field = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| HttpError::Request(format!("“{name}” is no header name")))?;
            let text = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
                HttpError::Request(format!("the value of header “{name}” cannot be sent"))
            })?;
            map.append(field, text);
        }
        Ok(map)
    }
}

/// A request that is ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    request: reqwest::Request,
    headers: Headers,
    body: Bytes,
    wire: u64,
}

impl Prepared {
    /// The request as an event at `t_ns`; its size on the wire is computed as for HTTP/1.1.
    pub fn event(&self, t_ns: u64) -> Event {
        let meta = Meta {
            method: Some(self.request.method().to_string()),
            url: Some(self.request.url().to_string()),
            headers: self.headers.clone(),
            ..Meta::default()
        };
        Event::new(t_ns, Dir::Out, Kind::Request)
            .with_payload(self.body.clone())
            .with_wire(Wire::Estimated(self.wire))
            .with_meta(meta)
    }
}

/// The fields of a request head as they will be sent.
fn sent_headers(request: &reqwest::Request, body: Option<&Bytes>) -> Headers {
    let given = request.headers();
    let mut headers = Headers::new();
    if !given.contains_key("host") {
        let host = &request.url()[Position::BeforeHost..Position::AfterPort];
        headers.push((String::from("host"), host.to_owned()));
    }
    headers.extend(fields(given));
    if !given.contains_key("accept") {
        headers.push((String::from("accept"), String::from("*/*")));
    }
    if let Some(body) = body.filter(|_| !given.contains_key("content-length")) {
        headers.push((String::from("content-length"), body.len().to_string()));
    }
    headers
}

fn fields(map: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    map.iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    })
}

/// Bytes of header fields in HTTP/1.1 (RFC 9112, section 5), the empty line at the end included.
fn fields_bytes(headers: &Headers) -> u64 {
    let fields: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    fields as u64 + 2
}

fn target(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

fn timing(url: &Url, took: &phases::Taken, began: Instant) -> Timing {
    let now = Instant::now();
    let dialled = took.connect.map(|all| all.saturating_sub(took.dns.unwrap_or_default()));
    let is_plain = url.scheme() == "http";
    let asked_at = took.connected_at.unwrap_or(began);
    Timing {
        dns: took.dns.map(millis),
        tcp: dialled.filter(|_| is_plain).map(millis),
        tls: None,
        connect: dialled.filter(|_| !is_plain).map(millis),
        first_byte: Some(millis(now.saturating_duration_since(asked_at))),
        total: Some(millis(now.saturating_duration_since(began))),
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn authorities(path: &Path) -> Result<Vec<reqwest::Certificate>, DialError> {
    let wrong = |cause: String| DialError::Certificate { path: path.display().to_string(), cause };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|_| wrong(String::from("it holds no certificate that can be read")))?;
    if found.is_empty() {
        return Err(wrong(String::from("it holds no certificate")));
    }
    Ok(found)
}
