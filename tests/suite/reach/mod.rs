//! Reaching endpoints, which every transport does alike: proxies, certificates, redirects, cookies,
//! codings, HTTP/2 and IPv6.

mod codings;
mod hops;
mod http2;
mod identity;
mod proxies;
mod system;
mod way;

use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wirescope::model::{Endpoint, Event, Kind, TransportKind};
use wirescope::transport::build;

use crate::support::{Running, quick_retries, start};

/// Every way to speak that is tried, over each scheme.
const WAYS: [TransportKind; 4] =
    [TransportKind::Websocket, TransportKind::Sse, TransportKind::LongPoll, TransportKind::Stream];

/// The address of `host` in the scheme of a transport.
fn url(kind: TransportKind, secure: bool, host: &str) -> String {
    let scheme = match (kind, secure) {
        (TransportKind::Websocket, false) => "ws",
        (TransportKind::Websocket, true) => "wss",
        (_, false) => "http",
        (_, true) => "https",
    };
    format!("{scheme}://{host}/")
}

/// An endpoint that is tried once and says nothing by itself.
fn endpoint(kind: TransportKind, url: &str) -> Endpoint {
    let mut endpoint = Endpoint::parse(url).unwrap().over(kind);
    endpoint.options.retries = quick_retries(0);
    endpoint.options.heartbeat = None;
    endpoint
}

fn run(endpoint: Endpoint) -> Running {
    let transport = build(&endpoint).unwrap();
    start(endpoint, transport)
}

/// Why a session that never opened failed.
async fn failure(endpoint: Endpoint) -> Event {
    let (_, memory) = run(endpoint).end().await;
    memory.of(Kind::Failed).pop().unwrap_or_else(|| panic!("{:#?}", memory.events()))
}

/// Lets a session receive its message, and gives the events of opening.
async fn hello(endpoint: Endpoint) -> Event {
    let running = run(endpoint);
    running.memory.until_received(1).await;
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received(), ["\"hello\""]);
    memory.of(Kind::Open).remove(0)
}

/// Reads a head to its empty line, one byte at a time so that nothing behind it is taken.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

/// A field of a head.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Speaks every transport on one connection: says “hello” once, and then nothing until the client
/// goes.
async fn speak(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let Some(asked) = head(&mut stream).await else { return };
    let accept = field(&asked, "accept").unwrap_or_default();
    let answer = if let Some(key) = field(&asked, "sec-websocket-key") {
        let accept = derive_accept_key(key.as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n\u{1}\u{7}\"hello\""
        )
    } else if accept.starts_with("text/event-stream") {
        let body = "data: \"hello\"\n\n";
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{body}")
    } else if accept.contains("x-ndjson") {
        String::from("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n\"hello\"\n")
    } else {
        let body = r#"{"messages":["hello"],"lastId":1}"#;
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
    };
    let mut answer = answer.into_bytes();
    // The first byte of a text frame is none of a text.
    if let Some(at) = answer.iter().position(|byte| *byte == 1) {
        answer[at] = 0x81;
    }
    let _ = stream.write_all(&answer).await;
    let _ = stream.flush().await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

/// Serves each connection by `serve`, all at once; the port it listens on.
async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(stream));
        }
    });
    port
}

/// A certificate of its own for these names.
fn certificate(names: &[&str]) -> CertifiedKey<KeyPair> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    rcgen::generate_simple_self_signed(names).unwrap()
}

/// Takes TLS connections with this certificate.
fn acceptor(made: &CertifiedKey<KeyPair>, alpn: &[&str]) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A server of every transport, over TLS where there is an acceptor.
async fn serve(tls: Option<TlsAcceptor>) -> u16 {
    listen(move |stream| {
        let tls = tls.clone();
        async move {
            match tls {
                None => speak(stream).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        speak(stream).await;
                    }
                }
            }
        }
    })
    .await
}

/// A file that lasts as long as the test.
fn file(contents: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), contents).unwrap();
    file
}

/// What several connections write down.
type Seen = Arc<Mutex<Vec<String>>>;
