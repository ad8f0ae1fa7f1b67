//! An endpoint as it is gathered from the flags of a command line, and the last steps all tools
//! share: the scheme, and headers that are options here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::{Pasted, PastedError, Tool};
use crate::model::{Body, Endpoint, Options, Proxy, TransportKind};

/// Characters of a note's quotation.
const SHOWN: usize = 40;
/// Flags that are named as left out.
const NAMED: usize = 24;

/// What the handshake makes anew for every connection.
const OF_THE_HANDSHAKE: [&str; 5] =
    ["connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "content-length"];

/// What is known so far.
pub(super) struct Draft {
    pub(super) tool: Tool,
    pub(super) options: Options,
    pub(super) notes: Vec<String>,
    /// The scheme of an address without one.
    pub(super) scheme: &'static str,
    url: Option<String>,
    left_out: Vec<String>,
    more_left_out: usize,
    /// Headers that the tool was told not to send.
    unwanted: Vec<String>,
}

/// The start of a text, for a note.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The type that a body has unless a header says another.
pub(super) fn usual_type(body: &str) -> &'static str {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
    if is_json { "application/json" } else { "text/plain; charset=utf-8" }
}

impl Draft {
    pub(super) fn new(tool: Tool) -> Self {
        Self {
            tool,
            options: Options::default(),
            notes: Vec::new(),
            scheme: if tool == Tool::Curl { "http" } else { "ws" },
            url: None,
            left_out: Vec::new(),
            more_left_out: 0,
            unwanted: Vec::new(),
        }
    }

    /// Names a flag that means nothing here. Its value is told where it is a number; others may be
    /// secret.
    pub(super) fn leave_out(&mut self, flag: &str, value: Option<&str>) {
        if self.left_out.len() == NAMED {
            self.more_left_out += 1;
            return;
        }
        let flag = shortened(flag);
        let number = value.filter(|value| value.len() < 12 && value.parse::<f64>().is_ok());
        let text = number.map_or(flag.clone(), |number| format!("{flag} {number}"));
        if !self.left_out.contains(&text) {
            self.left_out.push(text);
        }
    }

    /// Takes the first address; others are left out.
    pub(super) fn address(&mut self, word: String) {
        if self.url.is_some() {
            self.notes.push(format!("left out: {}", shortened(&word)));
        } else {
            self.url = Some(word);
        }
    }

    pub(super) fn has_header(&self, name: &str) -> bool {
        self.options.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
    }

    /// Adds a header.
    pub(super) fn header(&mut self, name: &str, value: &str) {
        self.options.headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }

    /// Adds a header unless the line has one of that name, or wants none.
    pub(super) fn offer(&mut self, name: &str, value: &str) {
        let is_unwanted = self.unwanted.iter().any(|other| other.eq_ignore_ascii_case(name));
        if !is_unwanted && !self.has_header(name) {
            self.header(name, value);
        }
    }

    /// Takes `Name: value`; `Name:` asks for no such header, `Name;` for an empty one.
    pub(super) fn header_line(&mut self, flag: &str, line: &str) -> Result<(), PastedError> {
        match (line.split_once(':'), line.strip_suffix(';')) {
            (Some((name, value)), _) if value.trim().is_empty() && self.tool == Tool::Curl => {
                self.unwanted.push(name.trim().to_owned());
            }
            (Some((name, value)), _) => self.header(name, value),
            (None, Some(name)) if self.tool == Tool::Curl => self.header(name, ""),
            _ => {
                let why = format!("“{}” is no header; write Name: value", shortened(line));
                return Err(PastedError::Value { flag: flag.to_owned(), why });
            }
        }
        Ok(())
    }

    /// Takes `user:password`.
    pub(super) fn basic(&mut self, pair: &str) {
        let pair = if pair.contains(':') { pair.to_owned() } else { format!("{pair}:") };
        self.offer("Authorization", &format!("Basic {}", STANDARD.encode(pair)));
    }

    /// The endpoint.
    pub(super) fn finish(mut self) -> Result<Pasted, PastedError> {
        let typed = self.url.take().ok_or(PastedError::NoAddress(self.tool))?;
        let full = if typed.contains("://") { typed } else { format!("{}://{typed}", self.scheme) };
        let mut url = Endpoint::parse(&full)?.url;
        let transport = self.transport(&mut url);
        self.options_of_headers(transport);
        self.plain_body();
        if !self.left_out.is_empty() {
            let mut text = format!("left out: {}", self.left_out.join(", "));
            if self.more_left_out > 0 {
                text = format!("{text} and {} more", self.more_left_out);
            }
            self.notes.insert(0, text);
        }
        let endpoint = Endpoint { url, transport, options: self.options };
        Ok(Pasted { tool: self.tool, endpoint, notes: self.notes })
    }

    /// The transport as far as the line tells it. The address of an upgrade is one of a WebSocket.
    fn transport(&mut self, url: &mut Url) -> Option<TransportKind> {
        let says = |name: &str, wanted: &str| {
            self.options.headers.iter().any(|(given, value)| {
                given.eq_ignore_ascii_case(name) && value.to_ascii_lowercase().contains(wanted)
            })
        };
        if self.tool != Tool::Curl || says("upgrade", "websocket") {
            let scheme = match url.scheme() {
                "http" => "ws",
                "https" => "wss",
                _ => "",
            };
            // Refused only where the schemes are of different kinds.
            let _ = scheme.is_empty() || url.set_scheme(scheme).is_ok();
        }
        if matches!(url.scheme(), "ws" | "wss") {
            Some(TransportKind::Websocket)
        } else if says("accept", "text/event-stream") {
            Some(TransportKind::Sse)
        } else {
            None
        }
    }

    /// Takes out the headers that are options here, and those that every connection makes anew.
    fn options_of_headers(&mut self, transport: Option<TransportKind>) {
        let is_websocket = transport == Some(TransportKind::Websocket);
        if is_websocket {
            self.options.compression = Options::default().compression;
        }
        for (name, value) in std::mem::take(&mut self.options.headers) {
            let lower = name.to_ascii_lowercase();
            match lower.as_str() {
                "sec-websocket-protocol" if is_websocket => {
                    let names = value.split(',').map(|name| name.trim().to_owned());
                    self.options.subprotocols.extend(names.filter(|name| !name.is_empty()));
                }
                "sec-websocket-extensions" => {
                    self.options.compression = value.contains("permessage-deflate");
                }
                // Says nothing of the messages of a WebSocket.
                "accept-encoding" if is_websocket => {}
                "accept-encoding" => {
                    self.options.compression = !value.trim().eq_ignore_ascii_case("identity");
                }
                "last-event-id" if transport == Some(TransportKind::Sse) => {
                    self.options.last_event_id = Some(value);
                }
                "accept" if transport == Some(TransportKind::Sse) => {
                    // What the transport says by itself.
                    if !value.eq_ignore_ascii_case("text/event-stream") {
                        self.options.headers.push((name, value));
                    }
                }
                _ if OF_THE_HANDSHAKE.contains(&lower.as_str()) => {}
                _ => self.options.headers.push((name, value)),
            }
        }
    }

    /// A method or a type that would be sent anyway need not be said.
    fn plain_body(&mut self) {
        let usual = if self.options.body.is_some() { "POST" } else { "GET" };
        if self.options.method.as_deref() == Some(usual) {
            self.options.method = None;
        }
        if let Some(Body::Text(body)) = &self.options.body {
            let usual = usual_type(body);
            let is_usual = |(name, value): &(String, String)| {
                name.eq_ignore_ascii_case("content-type") && value == usual
            };
            self.options.headers.retain(|header| !is_usual(header));
        }
    }

    /// Takes a proxy, whose scheme is `scheme` unless it says so itself.
    pub(super) fn proxy(&mut self, scheme: &str, typed: &str) -> Result<(), PastedError> {
        let typed = typed.trim();
        if typed.is_empty() {
            self.options.proxy = Proxy::Off;
            return Ok(());
        }
        let has_scheme = typed.contains("://");
        let full = if has_scheme { typed.to_owned() } else { format!("{scheme}://{typed}") };
        self.options.proxy = Proxy::parse(&full)?;
        Ok(())
    }
}
