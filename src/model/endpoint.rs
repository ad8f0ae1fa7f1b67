//! What to connect to: an address, a transport, and how they are said, stored and shown.

use serde::{Deserialize, Serialize};
use url::Url;

use super::secret::{
    REDACTED, REDACTED_IN_URL, is_redacted, is_secret_header, is_secret_parameter, redact_path,
    redact_subprotocol_list, redact_subprotocols,
};
use super::{Options, Proxy};

/// How events travel from the endpoint to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransportKind {
    /// RFC 6455.
    Websocket,
    /// Server-sent events, WHATWG HTML section 9.2.
    Sse,
    /// A request that the server holds until it has something to say (RFC 6202).
    LongPoll,
    /// A request at regular intervals.
    ShortPoll,
    /// One response that does not end: newline-delimited JSON, lines, or bytes as they come.
    Stream,
}

impl TransportKind {
    /// Every transport, in the order the window lists them.
    pub const ALL: [Self; 5] =
        [Self::Websocket, Self::Sse, Self::LongPoll, Self::ShortPoll, Self::Stream];

    /// The word of `--transport`, files and exports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Websocket => "websocket",
            Self::Sse => "sse",
            Self::LongPoll => "long-poll",
            Self::ShortPoll => "short-poll",
            Self::Stream => "stream",
        }
    }

    /// The name people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Websocket => "WebSocket",
            Self::Sse => "SSE",
            Self::LongPoll => "Long poll",
            Self::ShortPoll => "Short poll",
            Self::Stream => "Stream",
        }
    }

    /// The transport a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// An address, a transport, and how to connect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Where to connect; `http`, `https`, `ws` or `wss`.
    pub url: Url,
    /// Which transport to use; `None` lets the address or the answer decide.
    pub transport: Option<TransportKind>,
    /// How to connect.
    pub options: Options,
}

/// An address that cannot be connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing was typed.
    #[error("no address was given; try wss://host/path, https://host/path or localhost:3000/path")]
    Empty,
    /// It is not a URL.
    #[error("“{0}” is not an address: {1}; try wss://host/path or https://host/path")]
    Invalid(String, url::ParseError),
    /// Its scheme is not one we speak.
    #[error("“{0}:” is no scheme Wirescope speaks; use ws, wss, http or https")]
    Scheme(String),
    /// It names no host.
    #[error("“{0}” names no host; try wss://host/path or https://host/path")]
    NoHost(String),
}

impl Endpoint {
    /// An endpoint with default options. What has no scheme gets `http`, or `https` when the host
    /// is not on this machine, as browsers do.
    ///
    /// # Errors
    /// [`EndpointError`], whose text is fit to be shown beside the address.
    pub fn parse(typed: &str) -> Result<Self, EndpointError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(EndpointError::Empty);
        }
        let full = if typed.contains("://") { typed.to_owned() } else { with_scheme(typed) };
        let url = Url::parse(&full).map_err(|e| EndpointError::Invalid(typed.to_owned(), e))?;
        if !matches!(url.scheme(), "ws" | "wss" | "http" | "https") {
            return Err(EndpointError::Scheme(url.scheme().to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(EndpointError::NoHost(typed.to_owned()));
        }
        Ok(Self { url, transport: None, options: Options::default() })
    }

    /// The same endpoint over this transport.
    #[must_use]
    pub fn over(mut self, transport: TransportKind) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Where messages are sent as POSTs.
    ///
    /// # Errors
    /// [`Options::post_to`] is no address.
    pub fn post_url(&self) -> Result<Url, EndpointError> {
        let Some(to) = &self.options.post_to else { return Ok(self.url.clone()) };
        let url = self.url.join(to).map_err(|e| EndpointError::Invalid(to.clone(), e))?;
        match url.scheme() {
            "http" | "https" => Ok(url),
            other => Err(EndpointError::Scheme(other.to_owned())),
        }
    }

    /// The transport as far as it is known before anything is asked: the one that was chosen, or
    /// WebSocket where the address says so. `None` lets the answer decide.
    pub fn resolved(&self) -> Option<TransportKind> {
        let by_address =
            matches!(self.url.scheme(), "ws" | "wss").then_some(TransportKind::Websocket);
        self.transport.or(by_address)
    }

    /// Host, port and path: how a session is called in lists.
    pub fn title(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = if self.url.path() == "/" { "" } else { self.url.path() };
        format!("{host}{port}{path}")
    }

    /// The endpoint as it may be stored for others: without user names, passwords, tokens and
    /// what is sent, and with the values of secret headers and query parameters blanked out.
    #[must_use]
    pub fn redacted(&self) -> Self {
        let mut public = self.clone();
        public.url = redact_url(&self.url);
        let options = &mut public.options;
        if options.post_to.is_some() {
            options.post_to = self.post_url().ok().map(|url| redact_url(&url).into());
        }
        if let Proxy::Via(url) = &mut options.proxy {
            *url = redact_url(url);
        }
        for (name, value) in &mut options.headers {
            if is_secret_header(name) {
                *value = String::from(REDACTED);
            } else if name.eq_ignore_ascii_case("sec-websocket-protocol") {
                *value = redact_subprotocol_list(value);
            }
        }
        options.subprotocols = redact_subprotocols(&options.subprotocols);
        // Both may carry secrets anywhere, and are recorded as the events they become.
        options.send.clear();
        options.body = None;
        public
    }

    /// The endpoint without what was blanked out before it was stored, as none of it would be
    /// understood by the server; and whether there was anything of the kind.
    #[must_use]
    pub fn without_redacted(mut self) -> (Self, bool) {
        let options = &mut self.options;
        let before = (options.headers.len(), options.subprotocols.len());
        // A header may list several values.
        options.headers.retain(|(_, value)| !value.split(',').any(is_redacted));
        options.subprotocols.retain(|name| !is_redacted(name));
        let mut removed = before != (options.headers.len(), options.subprotocols.len());
        if let Proxy::Via(proxy) = &mut options.proxy
            && let Some(url) = url_without_redacted(proxy)
        {
            *proxy = url;
            removed = true;
        }
        if let Some(url) = url_without_redacted(&self.url) {
            self.url = url;
            removed = true;
        }
        (self, removed)
    }
}

fn redact_url(url: &Url) -> Url {
    let mut public = url.clone();
    // Setting these only fails for URLs without a host, which `parse` refuses.
    if !url.username().is_empty() {
        let _ = public.set_username(REDACTED);
    }
    if url.password().is_some() {
        let _ = public.set_password(Some(REDACTED));
    }
    if let Some(path) = redact_path(url.path()) {
        public.set_path(&path);
    }
    if url.query_pairs().any(|(name, _)| is_secret_parameter(&name)) {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let hidden = is_secret_parameter(&name);
                let value = if hidden { String::from(REDACTED) } else { value.into_owned() };
                (name.into_owned(), value)
            })
            .collect();
        public.query_pairs_mut().clear().extend_pairs(pairs);
    }
    public
}

/// The address without what stands for secrets in it; `None` where there is nothing of the kind.
fn url_without_redacted(url: &Url) -> Option<Url> {
    let mut open = url.clone();
    if url.password() == Some(REDACTED_IN_URL) {
        let _ = open.set_password(None);
    }
    if url.username() == REDACTED_IN_URL {
        let _ = open.set_username("");
    }
    if url.query_pairs().any(|(_, value)| is_redacted(&value)) {
        let kept: Vec<_> = url.query_pairs().filter(|(_, value)| !is_redacted(value)).collect();
        open.set_query(None);
        if !kept.is_empty() {
            open.query_pairs_mut().extend_pairs(kept);
        }
    }
    (open != *url).then_some(open)
}

fn with_scheme(typed: &str) -> String {
    let host = typed.split(['/', '?', '#']).next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let local = name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    format!("{}://{typed}", if local { "http" } else { "https" })
}

#[cfg(test)]
mod tests {
    use super::super::Body;
    use super::*;

    #[test]
    fn what_people_type_becomes_an_address() {
        let table = [
            ("localhost:3000/events", "http://localhost:3000/events"),
            ("127.0.0.1:4100", "http://127.0.0.1:4100/"),
            ("[::1]:4100/sse", "http://[::1]:4100/sse"),
            ("stream.example.com/v2", "https://stream.example.com/v2"),
            (" wss://h/p?x=1 ", "wss://h/p?x=1"),
        ];
        for (typed, url) in table {
            assert_eq!(Endpoint::parse(typed).map(|e| e.url.to_string()), Ok(url.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        assert_eq!(Endpoint::parse("  "), Err(EndpointError::Empty));
        assert_eq!(Endpoint::parse("ftp://host/"), Err(EndpointError::Scheme("ftp".into())));
        assert!(matches!(Endpoint::parse("http://"), Err(EndpointError::Invalid(..))));
        assert!(matches!(Endpoint::parse("a b"), Err(EndpointError::Invalid(..))));
    }

    #[test]
    fn secrets_do_not_survive_redaction() -> Result<(), EndpointError> {
        let mut endpoint = Endpoint::parse("https://me:hunter2@host/p?access_token=abc&room=1")?;
        endpoint.options.headers = vec![
            ("Authorization".into(), "Bearer abc".into()),
            ("X-Api-Key".into(), "abc".into()),
            ("Accept".into(), "text/event-stream".into()),
        ];
        endpoint.options.subprotocols = vec!["bearer".into(), "abc".into(), "chat".into()];
        endpoint.options.send = vec![r#"{"op":"auth","key":"abc"}"#.into()];
        endpoint.options.body = Some(Body::Text("abc".into()));
        endpoint.options.proxy =
            Url::parse("http://me:hunter2@proxy:3128/").map_or(Proxy::Off, Proxy::Via);
        let public = endpoint.redacted();
        let text = serde_json::to_string(&public).unwrap_or_default();
        assert!(!text.contains("hunter2") && !text.contains("abc"), "{text}");
        assert!(!text.contains("me:") && !text.contains("me@"), "{text}");
        assert!(text.contains("room=1") && text.contains("text/event-stream"), "{text}");
        assert_eq!(public.options.subprotocols, ["bearer", "…", "chat"]);
        let bot =
            Endpoint::parse("https://api.host/bot123:hunter2/getUpdates?sid=hunter2")?.redacted();
        assert!(!bot.url.as_str().contains("hunter2"), "{}", bot.url);
        assert!(bot.title().starts_with("api.host/bot123:"), "{}", bot.title());
        let lone = Endpoint::parse("https://ghp_hunter2@host/")?.redacted();
        assert!(!lone.url.as_str().contains("hunter2"), "{}", lone.url);
        Ok(())
    }

    #[test]
    fn what_was_blanked_out_is_not_connected_with_again() -> Result<(), EndpointError> {
        let mut endpoint = Endpoint::parse("https://me:hunter2@host/p?access_token=abc&room=1")?;
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        endpoint.options.headers = vec![
            header("Authorization", "Bearer abc"),
            header("Sec-WebSocket-Protocol", "chat, bearer, abc"),
            header("Accept", "*/*"),
        ];
        endpoint.options.subprotocols = vec!["chat".into(), "bearer".into(), "abc".into()];
        let proxy = |address| Url::parse(address).map_or(Proxy::Off, Proxy::Via);
        endpoint.options.proxy = proxy("socks5://me:hunter2@proxy:1080");
        let (open, removed) = endpoint.redacted().without_redacted();
        assert!(removed);
        assert_eq!(open.url.as_str(), "https://host/p?room=1");
        assert_eq!(open.options.headers, [header("Accept", "*/*")]);
        assert_eq!(open.options.subprotocols, ["chat", "bearer"]);
        assert_eq!(open.options.proxy, proxy("socks5://proxy:1080"));
        let plain = Endpoint::parse("wss://host/p?a=b%20c&d")?;
        assert_eq!(plain.clone().without_redacted(), (plain, false));
        Ok(())
    }

    #[test]
    fn an_address_may_say_the_transport() -> Result<(), EndpointError> {
        for (address, kind) in [
            ("ws://h/", Some(TransportKind::Websocket)),
            ("wss://h/", Some(TransportKind::Websocket)),
            ("https://h/", None),
        ] {
            assert_eq!(Endpoint::parse(address)?.resolved(), kind);
        }
        let sse = Endpoint::parse("https://h/")?.over(TransportKind::Sse);
        assert_eq!(sse.resolved(), Some(TransportKind::Sse));
        Ok(())
    }
}
