//! The request that asks for a WebSocket (RFC 6455, section 4.1): where it goes and what it says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use sha1::{Digest, Sha1};
use url::Url;

use super::extension::{self, Offers};
use crate::model::{Endpoint, redact_subprotocols};
use crate::net::{Target, percent_decoded};
use crate::transport::TransportError;
use crate::transport::redirect::Hop;

/// What the server's key is derived with (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The header that offers extensions and agrees on them (RFC 6455, section 11.3.2).
pub(super) const EXTENSIONS: &str = "sec-websocket-extensions";

/// Where a WebSocket is asked for, and how; the same for every attempt but for its key.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    /// The address as it was given.
    pub(super) url: Url,
    /// Host and port.
    pub(super) target: Target,
    /// Whether TLS comes first.
    pub(super) secure: bool,
    /// Any certificate will do.
    pub(super) insecure: bool,
    /// Path and query.
    pub(super) path: String,
    /// Subprotocols as they are asked for.
    pub(super) subprotocols: Vec<String>,
    /// Extensions as they are offered.
    pub(super) extensions: Offers,
    headers: HeaderMap,
}

impl Offer {
    /// What `endpoint` asks for. Its own headers take the place of those it would get anyway.
    ///
    /// # Errors
    /// [`TransportError::Options`] for a header or an address that cannot be sent.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, TransportError> {
        let url = &endpoint.url;
        let secure = matches!(url.scheme(), "wss" | "https");
        let host = url.host().ok_or_else(|| wrong(format!("“{url}” names no host")))?.to_owned();
        let port = url.port_or_known_default().unwrap_or(if secure { 443 } else { 80 });
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut offer = Self {
            url: url.clone(),
            target: Target { host, port },
            secure,
            insecure: secure && endpoint.options.insecure,
            path: format!("{}{query}", url.path()),
            subprotocols: endpoint.options.subprotocols.clone(),
            extensions: Offers::default(),
            headers: HeaderMap::new(),
        };
        if endpoint.options.compression {
            offer.add(EXTENSIONS, extension::USUAL)?;
        }
        for (name, value) in offer.defaults(url) {
            offer.add(name, &value)?;
        }
        offer.replace(&endpoint.options.headers)?;
        Ok(offer)
    }

    /// The header fields of one attempt, and what `Sec-WebSocket-Accept` must answer to its key.
    pub(super) fn headers(&self) -> (HeaderMap, String) {
        let mut headers = self.headers.clone();
        let key = headers.entry("sec-websocket-key").or_insert_with(new_key);
        let accept = accept_for(key.as_bytes());
        (headers, accept)
    }

    fn defaults(&self, url: &Url) -> Vec<(&'static str, String)> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let mut fields = vec![
            ("host", format!("{host}{port}")),
            ("user-agent", concat!("wirescope/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("connection", String::from("Upgrade")),
            ("upgrade", String::from("websocket")),
            ("sec-websocket-version", String::from("13")),
        ];
        if !self.subprotocols.is_empty() {
            fields.push(("sec-websocket-protocol", self.subprotocols.join(", ")));
        }
        if let Some(basic) = basic(url) {
            fields.push(("authorization", basic));
        }
        fields
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), TransportError> {
        let field = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| wrong(format!("“{name}” is not the name of a header")))?;
        let value = HeaderValue::from_str(value)
            .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| wrong(format!("the value of the header “{name}” cannot be sent")))?;
        self.headers.append(field, value);
        Ok(())
    }

    fn replace(&mut self, own: &[(String, String)]) -> Result<(), TransportError> {
        for (name, _) in own {
            self.headers.remove(name.as_str());
        }
        for (name, value) in own {
            self.add(name, value)?;
        }
        if let Some(asked) = self.headers.get("sec-websocket-protocol") {
            let asked = asked.to_str().unwrap_or_default();
            self.subprotocols = asked.split(',').map(|name| name.trim().to_owned()).collect();
        }
        let offered = self.headers.get_all(EXTENSIONS).iter();
        self.extensions = Offers::read(offered.filter_map(|value| value.to_str().ok()));
        Ok(())
    }
}

/// The endpoint that `hop` leads to from `endpoint`, and what stays behind because it gives access
/// to the server that was asked first.
pub(super) fn elsewhere(endpoint: &Endpoint, hop: &Hop) -> (Endpoint, Vec<String>) {
    let mut next = Endpoint { url: hop.url.clone(), ..endpoint.clone() };
    let scheme = if matches!(hop.url.scheme(), "wss" | "https") { "wss" } else { "ws" };
    // Fails between schemes of different kinds alone.
    let _ = next.url.set_scheme(scheme);
    let options = &mut next.options;
    let (headers, mut left) = hop.headers(&options.headers);
    options.headers = headers;
    if !hop.is_elsewhere {
        return (next, left);
    }
    options.headers.retain(|(name, value)| {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let has_token = is("sec-websocket-protocol") && public_of(value.split(',')).is_none();
        if has_token {
            left.push(name.clone());
        }
        !has_token && !is("sec-websocket-key")
    });
    if public_of(options.subprotocols.iter().map(String::as_str)).is_none() {
        left.push(String::from("Sec-WebSocket-Protocol"));
        options.subprotocols.clear();
    }
    (next, left)
}

/// The subprotocols, unless there is a token among them.
fn public_of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Vec<&'a str>> {
    let names: Vec<&str> = names.map(str::trim).collect();
    (redact_subprotocols(&names) == names).then_some(names)
}

fn wrong(sentence: String) -> TransportError {
    TransportError::Options(sentence)
}

fn new_key() -> HeaderValue {
    let bytes: [u8; 16] = std::array::from_fn(|_| fastrand::u8(..));
    HeaderValue::from_str(&BASE64.encode(bytes))
        .unwrap_or_else(|_| HeaderValue::from_static("AAAAAAAAAAAAAAAAAAAAAA=="))
}

/// What a server must answer to `key` (RFC 6455, section 4.2.2).
fn accept_for(key: &[u8]) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    BASE64.encode(digest)
}

/// Name and password of the address as credentials (RFC 7617).
fn basic(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair = percent_decoded(url.username());
    pair.push(b':');
    pair.extend(percent_decoded(url.password().unwrap_or_default()));
    Some(format!("Basic {}", BASE64.encode(pair)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::transport::redirect::Redirects;

    fn offer(url: &str, headers: &[(&str, &str)]) -> Result<Offer, TransportError> {
        let mut endpoint = Endpoint::parse(url).unwrap();
        endpoint.options.subprotocols = vec!["chat".into(), "v2".into()];
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        endpoint.options.headers = headers.iter().map(own).collect();
        Offer::new(&endpoint)
    }

    fn field(offer: &Offer, name: &str) -> Vec<String> {
        let headers = offer.headers().0;
        headers.get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_key_of_the_rfc_gets_its_answer() {
        assert_eq!(accept_for(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let offer = offer("ws://h/", &[("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]).unwrap();
        assert_eq!(offer.headers().1, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn every_attempt_has_a_key_of_its_own() {
        let offer = offer("ws://h/", &[]).unwrap();
        let (first, second) =
            (field(&offer, "sec-websocket-key"), field(&offer, "sec-websocket-key"));
        assert_ne!(first, second);
        assert_eq!(BASE64.decode(&first[0]).unwrap().len(), 16);
    }

    #[test]
    fn addresses_are_taken_apart() {
        let table = [
            ("ws://h/p?q=1#f", "h:80", false, "/p?q=1", "h"),
            ("wss://h", "h:443", true, "/", "h"),
            ("http://h:81/", "h:81", false, "/", "h:81"),
            ("https://[::1]:444/x", "[::1]:444", true, "/x", "[::1]:444"),
            ("wss://127.0.0.1:443/", "127.0.0.1:443", true, "/", "127.0.0.1"),
        ];
        for (url, target, secure, path, host) in table {
            let offer = offer(url, &[]).unwrap();
            assert_eq!(
                (&*offer.target.to_string(), offer.secure, &*offer.path),
                (target, secure, path)
            );
            assert_eq!(field(&offer, "host"), [host]);
        }
    }

    #[test]
    fn own_headers_take_the_place_of_the_usual_ones() {
        let own = [
            ("Host", "other"),
            ("Origin", "https://o"),
            ("Cookie", "a=1"),
            ("Cookie", "b=2"),
            ("Sec-WebSocket-Protocol", "x, y"),
        ];
        let offer = offer("ws://me:p%40ss@h/", &own).unwrap();
        assert_eq!(field(&offer, "host"), ["other"]);
        assert_eq!(field(&offer, "origin"), ["https://o"]);
        assert_eq!(field(&offer, "cookie"), ["a=1", "b=2"]);
        assert_eq!(offer.subprotocols, ["x", "y"]);
        assert_eq!(field(&offer, "authorization"), ["Basic bWU6cEBzcw=="]);
    }

    #[test]
    fn compression_is_offered_unless_told_otherwise() {
        let asked = |compression, own: &[(&str, &str)]| {
            let mut endpoint = Endpoint::parse("ws://h/").unwrap();
            endpoint.options.compression = compression;
            let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            endpoint.options.headers = own.collect();
            field(&Offer::new(&endpoint).unwrap(), EXTENSIONS)
        };
        assert_eq!(asked(true, &[]), ["permessage-deflate; client_max_window_bits"]);
        assert_eq!(asked(false, &[]), [""; 0]);
        let own = [("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=9")];
        for compression in [true, false] {
            assert_eq!(asked(compression, &own), [own[0].1]);
        }
    }

    #[test]
    fn secrets_go_to_the_same_server_alone() {
        let mut endpoint = Endpoint::parse("ws://h/").unwrap();
        let own = [
            ("Authorization", "Bearer x"),
            ("X-Api-Key", "k"),
            ("Host", "front"),
            ("Sec-WebSocket-Key", "x"),
            ("Sec-WebSocket-Protocol", "chat,  v2"),
            ("Origin", "https://o"),
        ];
        endpoint.options.headers = own.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        endpoint.options.subprotocols = vec!["chat".into(), "access_token".into(), "s3cret".into()];
        let led = |location: &str| {
            let mut redirects = Redirects::default();
            let hop = redirects.follow(&endpoint.url, "GET", 302, Some(location)).unwrap();
            elsewhere(&endpoint, &hop.unwrap())
        };
        for same in ["/x", "ws://h/x", "http://h:80/x"] {
            let (next, left) = led(same);
            assert_eq!((&*next.url.to_string(), left), ("ws://h/x", vec![]), "{same}");
            assert_eq!(next.options, endpoint.options, "{same}");
        }
        for (other, url) in
            [("//o/", "ws://o/"), ("http://h:81", "ws://h:81/"), ("https://h", "wss://h/")]
        {
            let (next, left) = led(other);
            assert_eq!(next.url.as_str(), url);
            let names: Vec<_> = next.options.headers.iter().map(|(name, _)| &name[..]).collect();
            assert_eq!(names, ["Sec-WebSocket-Protocol", "Origin"], "{other}");
            assert_eq!(next.options.subprotocols, [""; 0], "{other}");
            assert_eq!(left, ["Authorization", "X-Api-Key", "Sec-WebSocket-Protocol"], "{other}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_an_error_in_words() {
        let sentence = |name, value| offer("ws://h/", &[(name, value)]).unwrap_err().to_string();
        assert_eq!(sentence("a b", "c"), "“a b” is not the name of a header");
        assert_eq!(sentence("A", "b\nc"), "the value of the header “A” cannot be sent");
    }
}
