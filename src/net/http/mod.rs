//! HTTP exchanges with every phase timed: reqwest without redirects, retries, decompression and
//! certificates of its own, so that what is reported is what came.

mod answer;
mod body;
mod coding;
mod error;
mod phases;

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, redirect, retry};
use rustls::ClientConfig;
use url::{Position, Url};

use super::dial::try_proxy;
use super::tls::TlsClient;
use super::{DialError, Jar, Target, TlsOptions, Via};
use crate::model::{Dir, Event, Headers, Kind, Meta, Options, Proxy, Timing, Wire};
use phases::{Known, PHASES, Phases, Taken};

pub use answer::{Answer, Sizes, Whole};
pub use body::Held;
pub use coding::OFFERED as CODINGS;
pub use error::HttpError;

/// How long connecting may take, TLS included.
pub const CONNECT: Duration = Duration::from_secs(15);

/// An HTTP client with the options of an endpoint. Dropping it closes its idle connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    tls: TlsClient,
    proxy: Proxy,
    /// For other servers than the endpoint, which our certificate does not concern; there where we
    /// have one.
    stranger: Option<(url::Origin, Client)>,
    insecure: bool,
    known: Known,
}

impl Http {
    /// A client for requests that begin at `url`; where they are sent on to may be elsewhere.
    ///
    /// # Errors
    /// A certificate file cannot be used, or the proxy is of a kind that is not spoken.
    pub fn new(url: &Url, options: &Options) -> Result<Self, HttpError> {
        let tls = TlsOptions::of(options, &["h2", "http/1.1"]);
        let via = Via::to(url, &options.proxy)?;
        // Reading the system's certificates takes tens of milliseconds, and here none is checked.
        let is_plain = url.scheme() == "http" && !via.as_ref().is_some_and(Via::is_encrypted);
        let tls = if is_plain { TlsClient::lazy(&tls)? } else { TlsClient::new(&tls)? };
        let proxy = options.proxy.clone();
        let client = client((*tls.config()).clone(), &proxy)?;
        let stranger = match options.cert_file {
            Some(_) => Some((url.origin(), self::client(tls.anonymous(), &proxy)?)),
            None => None,
        };
        let insecure = options.insecure;
        Ok(Self { client, stranger, tls, proxy, insecure, known: Known::default() })
    }

    /// Turns `ask` into a request whose head and size are known before it is sent.
    ///
    /// # Errors
    /// The method or a header field cannot be sent, or there is no proxy for this address.
    pub fn prepare(&self, ask: &Ask) -> Result<Prepared, HttpError> {
        let via = Via::to(&ask.url, &self.proxy)?;
        let plain = ask;
        let ask = plain.with_cookies();
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
        let mut headers = sent_headers(&request, ask.body.as_ref());
        let body_bytes = ask.body.as_ref().map_or(0, Bytes::len) as u64;
        let mut target = &ask.url[Position::BeforePath..Position::AfterQuery];
        if let Some(via) = via.as_ref().filter(|via| via.forwards(&ask.url)) {
            // The proxy is the one that is asked, for the whole address.
            target = &ask.url[..Position::AfterQuery];
            let authorization = via.authorization().into_iter();
            headers.extend(authorization.map(|text| (String::from("proxy-authorization"), text)));
        }
        let line = request.method().as_str().len() + target.len() + 12;
        let wire = line as u64 + fields_bytes(&headers) + body_bytes;
        Ok(Prepared { request, headers, ask: plain.clone(), via, wire })
    }

    /// Sends a request and waits for the head of its answer. Dropping the future ends the exchange.
    pub fn send(
        &self,
        prepared: Prepared,
    ) -> impl Future<Output = Result<Answer, HttpError>> + Send + 'static {
        let http = self.clone();
        async move {
            let Prepared { request, headers, ask, via, .. } = prepared;
            let url = request.url().clone();
            let phases = Phases::beside(&http.known);
            let began = Instant::now();
            let result = PHASES.scope(phases.clone(), http.client_for(&url).execute(request)).await;
            match result {
                Ok(response) => {
                    ask.jar.take(&url, &fields(response.headers()).collect(), Timestamp::now());
                    let timing = timing(&url, &phases.taken(), began);
                    let is_encrypted = url.scheme() == "https";
                    // What is known of a plain connection is the TLS of the proxy.
                    let noted = is_encrypted.then(|| http.known.of(&response));
                    let way = Meta {
                        proxy: via.map(|via| via.name()),
                        insecure: http.insecure && is_encrypted,
                        timing: Some(timing),
                        ..noted.unwrap_or_default().meta()
                    };
                    Ok(Answer::new(response, way, headers, ask))
                }
                Err(error) => Err(http.failed(&error, &url, via.as_ref(), &phases).await),
            }
        }
    }

    fn client_for(&self, url: &Url) -> &Client {
        match &self.stranger {
            Some((origin, stranger)) if *origin != url.origin() => stranger,
            _ => &self.client,
        }
    }

    /// Why there is no answer: on which part of the way it failed.
    async fn failed(
        &self,
        error: &reqwest::Error,
        url: &Url,
        via: Option<&Via>,
        phases: &Phases,
    ) -> HttpError {
        let noted = phases.noted();
        let to_proxy = via.filter(|via| {
            // Once the handshake with the endpoint has begun, the proxy has done its part.
            let by_proxy = u32::from(via.is_encrypted());
            error.is_connect() && noted.handshakes <= by_proxy
        });
        let Some(via) = to_proxy else {
            return HttpError::from_request(error, url, &phases.taken().addresses, noted);
        };
        let target = match Target::of(url) {
            Ok(target) => target,
            Err(error) => return error.into(),
        };
        if error.is_timeout() {
            return DialError::barred(via, &target, "no answer in time").into();
        }
        // The library does not say what a proxy answered, so it is asked once more, and no further.
        match try_proxy(&target, via, &self.tls).await {
            Err(error) => error.into(),
            Ok(()) => DialError::barred(via, &target, HttpError::setup(error).to_string()).into(),
        }
    }
}

fn client(tls: ClientConfig, proxy: &Proxy) -> Result<Client, HttpError> {
    let proxy = proxy.clone();
    Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(CONNECT)
        .dns_resolver(phases::Lookup)
        .connector_layer(phases::ConnectLayer)
        .tls_backend_preconfigured(tls)
        .proxy(reqwest::Proxy::custom(move |url| {
            let via = Via::to(url, &proxy).ok().flatten();
            via.map(|via| via.url().clone())
        }))
        .build()
        .map_err(|error| HttpError::setup(&error))
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
    /// Cookies that go along and are taken from the answer.
    pub jar: Jar,
    /// Redirects that led here, one after the other.
    pub redirects: u32,
}

impl Ask {
    /// A plain GET of `url`.
    pub fn get(url: Url) -> Self {
        let (method, headers) = (String::from("GET"), Headers::new());
        Self { method, url, headers, body: None, jar: Jar::default(), redirects: 0 }
    }

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

    /// The same with the cookies that were set for this address.
    fn with_cookies(&self) -> Self {
        let mut ask = self.clone();
        let own: Vec<&str> = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"))
            .map(|(_, value)| value.as_str())
            .collect();
        let own = own.join("; ");
        if let Some(cookies) = self.jar.header(&self.url, Some(&own), Timestamp::now())
            && cookies != own
        {
            ask.set("cookie", &cookies);
        }
        ask
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
    ask: Ask,
    via: Option<Via>,
    wire: u64,
}

impl Prepared {
    /// The request as an event at `t_ns`; its size on the wire is computed as for HTTP/1.1.
    pub fn event(&self, t_ns: u64) -> Event {
        let meta = Meta {
            method: Some(self.request.method().to_string()),
            url: Some(self.request.url().to_string()),
            headers: self.headers.clone(),
            proxy: self.via.as_ref().map(Via::name),
            ..Meta::default()
        };
        Event::new(t_ns, Dir::Out, Kind::Request)
            .with_payload(self.ask.body.clone().unwrap_or_default())
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

fn timing(url: &Url, taken: &Taken, began: Instant) -> Timing {
    let now = Instant::now();
    let is_plain = url.scheme() == "http";
    let tls = taken.tls.filter(|_| !is_plain);
    let before = taken.dns.unwrap_or_default() + tls.unwrap_or_default();
    let asked_at = taken.connected_at.unwrap_or(began);
    Timing {
        dns: taken.dns.map(millis),
        tcp: taken.connect.map(|all| millis(all.saturating_sub(before))),
        tls: tls.map(millis),
        connect: None,
        first_byte: Some(millis(now.saturating_duration_since(asked_at))),
        total: Some(millis(now.saturating_duration_since(began))),
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
