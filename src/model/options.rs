//! How to connect: every option of the connect bar and of `wirescope capture`.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// Sent as it stands.
    Text(String),
    /// Read when the session begins.
    File(PathBuf),
}

/// When a connection that says nothing counts as dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Time between two WebSocket pings.
    pub every: Duration,
    /// How long a pong may take.
    pub patience: Duration,
}

impl Heartbeat {
    /// A ping every `every`, whose pong may take as long, but at most 10 s.
    pub fn every(every: Duration) -> Self {
        Self { every, patience: every.min(Duration::from_secs(10)) }
    }
}

/// How often and how fast a lost connection is tried again: `first`, doubled each time, never
/// over `longest`, each ± `jitter`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Retries {
    /// Attempts after the first that failed in a row; 0 means never.
    pub most: u32,
    /// Wait before the first retry.
    pub first: Duration,
    /// Longest wait.
    pub longest: Duration,
    /// Share of the wait that chance adds or takes away, 0.2 for ±20 %.
    pub jitter: f64,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            most: 10,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            jitter: 0.2,
        }
    }
}

/// Which way a connection takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proxy {
    /// The proxy the system or the environment names for the address, if any.
    #[default]
    System,
    /// Straight to the endpoint.
    Off,
    /// Through this one: `http`, `https`, `socks5` (names looked up here) or `socks5h` (there).
    Via(Url),
}

/// A text that names no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no proxy; try http://host:3128, socks5h://host:1080 or off")]
pub struct ProxyError(String);

impl Proxy {
    /// Reads `off`, `system`, an address, or `host:port` of an HTTP proxy.
    ///
    /// # Errors
    /// [`ProxyError`] for anything else.
    pub fn parse(typed: &str) -> Result<Self, ProxyError> {
        let typed = typed.trim();
        match typed {
            "off" => return Ok(Self::Off),
            "system" => return Ok(Self::System),
            _ => {}
        }
        let wrong = || ProxyError(typed.to_owned());
        let with_scheme =
            if typed.contains("://") { typed.to_owned() } else { format!("http://{typed}") };
        let url = Url::parse(&with_scheme).map_err(|_| wrong())?;
        let is_known = matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h");
        if is_known && url.host_str().is_some_and(|host| !host.is_empty()) {
            Ok(Self::Via(url))
        } else {
            Err(wrong())
        }
    }
}

/// Everything about a connection that is not its address.
// Switches that are independent of each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Header fields of the request, in order.
    pub headers: Vec<(String, String)>,
    /// WebSocket subprotocols, in order of preference.
    pub subprotocols: Vec<String>,
    /// HTTP method; GET, or POST when there is a body, unless said.
    pub method: Option<String>,
    /// Body of the request.
    pub body: Option<Body>,
    /// Poll dialect by name; `generic` unless said.
    pub dialect: Option<String>,
    /// Time between two short polls.
    pub interval: Duration,
    /// Where to resume from the start: `Last-Event-ID`, or the cursor of a poll.
    pub last_event_id: Option<String>,
    /// Say after a loss where we were, where the transport can; without it, what was sent
    /// meanwhile is missed.
    #[serde(skip_serializing_if = "is_so")]
    pub resume: bool,
    /// Reconnection.
    pub retries: Retries,
    /// WebSocket pings; `None` sends none.
    pub heartbeat: Option<Heartbeat>,
    /// Accept any certificate.
    pub insecure: bool,
    /// A certificate authority to trust besides the system's, as a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate and those up to its authority, as a PEM file.
    pub cert_file: Option<PathBuf>,
    /// The key of our certificate, as a PEM file; looked for in `cert_file` unless said.
    pub key_file: Option<PathBuf>,
    /// Which way to take.
    pub proxy: Proxy,
    /// Offer compression: permessage-deflate, or content codings.
    pub compression: bool,
    /// Answer WebSocket pings, as the protocol asks for.
    pub answer_pings: bool,
    /// Send every received message back.
    pub echo: bool,
    /// Largest message that is kept whole, in bytes.
    pub max_message: usize,
    /// Where messages are sent as POSTs over HTTP transports, as an address or relative to the
    /// endpoint's; the endpoint's own unless said.
    pub post_to: Option<String>,
    /// Sent once the connection is open, each time it opens.
    pub send: Vec<String>,
    /// Repeat the sends at this interval.
    pub every: Option<Duration>,
    /// Path of the sequence number in a JSON payload, as in `data.seq`.
    pub seq_path: Option<String>,
    /// Path of the send time in a JSON payload.
    pub ts_path: Option<String>,
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_so(switch: &bool) -> bool {
    *switch
}

impl Default for Options {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            subprotocols: Vec::new(),
            method: None,
            body: None,
            dialect: None,
            interval: Duration::from_secs(1),
            last_event_id: None,
            resume: true,
            retries: Retries::default(),
            heartbeat: Some(Heartbeat::every(Duration::from_secs(25))),
            insecure: false,
            ca_file: None,
            cert_file: None,
            key_file: None,
            proxy: Proxy::System,
            compression: true,
            answer_pings: true,
            echo: false,
            max_message: 64 << 20,
            post_to: None,
            send: Vec::new(),
            every: None,
            seq_path: None,
            ts_path: None,
        }
    }
}

impl Options {
    /// How many options differ from their defaults, for the badge on the Options button.
    pub fn changed(&self) -> usize {
        let plain = Self::default();
        let others = [
            self.method != plain.method,
            self.body != plain.body,
            self.dialect != plain.dialect,
            self.interval != plain.interval,
            self.last_event_id != plain.last_event_id,
            self.resume != plain.resume,
            self.retries != plain.retries,
            self.heartbeat != plain.heartbeat,
            self.insecure != plain.insecure,
            self.ca_file != plain.ca_file,
            self.cert_file != plain.cert_file,
            self.key_file != plain.key_file,
            self.proxy != plain.proxy,
            self.compression != plain.compression,
            self.answer_pings != plain.answer_pings,
            self.echo != plain.echo,
            self.max_message != plain.max_message,
            self.post_to != plain.post_to,
            self.every != plain.every,
            self.seq_path != plain.seq_path,
            self.ts_path != plain.ts_path,
        ];
        self.headers.len()
            + self.subprotocols.len()
            + self.send.len()
            + others.into_iter().filter(|changed| *changed).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_as_people_write_them() {
        let address = |typed| match Proxy::parse(typed) {
            Ok(Proxy::Via(url)) => url.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(address("proxy.local:3128"), "http://proxy.local:3128/");
        assert_eq!(address(" socks5h://me:x@10.0.0.1:1080 "), "socks5h://me:x@10.0.0.1:1080");
        assert_eq!(Proxy::parse("off"), Ok(Proxy::Off));
        for wrong in ["", "ftp://host", "http://", "a b"] {
            assert!(Proxy::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_badge_counts_what_was_changed() {
        let mut options = Options::default();
        assert_eq!(options.changed(), 0);
        options.headers.push(("A".into(), "b".into()));
        options.insecure = true;
        assert_eq!(options.changed(), 2);
    }

    #[test]
    fn resuming_is_only_mentioned_where_it_is_off() {
        let json = |options: &Options| serde_json::to_string(options).unwrap_or_default();
        let off = Options { resume: false, ..Options::default() };
        assert!(!json(&Options::default()).contains("resume"));
        assert!(json(&off).contains(r#""resume":false"#));
        assert_eq!(serde_json::from_str::<Options>(&json(&off)).ok(), Some(off));
        assert_eq!(serde_json::from_str::<Options>("{}").ok(), Some(Options::default()));
    }
}
