//! The WebSocket client against servers that misbehave on purpose, and against tokio-tungstenite.

mod compression;
mod echo;
mod frames;
mod handshake;
mod life;
mod redirects;
mod say;
mod scripted;
mod tls;

use wirescope::model::{Endpoint, Heartbeat, TransportKind};
use wirescope::transport::websocket::{ENTRY, WebSocket};

use crate::support::{Running, quick_retries, start};

/// An endpoint that retries at once, `most` times, and sends no pings.
fn endpoint(url: &str, most: u32) -> Endpoint {
    let mut endpoint = Endpoint::parse(url).unwrap().over(TransportKind::Websocket);
    endpoint.options.retries = quick_retries(most);
    endpoint.options.heartbeat = None;
    endpoint
}

/// A session over WebSocket.
fn connect(endpoint: Endpoint) -> Running {
    let transport = WebSocket::new(&endpoint).unwrap();
    start(endpoint, Box::new(transport))
}

#[test]
fn the_registry_builds_it_for_http_addresses_too() {
    assert_eq!((ENTRY.kind, ENTRY.schemes), (TransportKind::Websocket, ["ws", "wss"]));
    for url in ["ws://h/", "wss://h/", "http://h/", "https://h/"] {
        assert!((ENTRY.build)(&Endpoint::parse(url).unwrap()).is_ok(), "{url}");
    }
    let mut wrong = Endpoint::parse("ws://h/").unwrap();
    wrong.options.headers = vec![("no name".into(), "x".into())];
    let sentence = (ENTRY.build)(&wrong).err().map(|error| error.to_string());
    assert_eq!(sentence.as_deref(), Some("“no name” is not the name of a header"));
}

#[test]
fn pings_are_sent_unless_told_otherwise() {
    let plain = Endpoint::parse("ws://h/").unwrap().options.heartbeat;
    assert_eq!(plain, Some(Heartbeat::every(std::time::Duration::from_secs(25))));
}
