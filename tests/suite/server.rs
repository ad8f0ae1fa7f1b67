//! The built-in server, asked by raw sockets, reqwest and tokio-tungstenite rather than by our own
//! transports.

mod clients;
mod life;
mod limits;
mod load;
mod numbers;
mod pages;
mod poll;
mod report;
mod restart;
mod room;
mod source;
mod streams;
mod websocket;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wirescope::model::{DEFAULT_TOPIC, ServerOptions, Source};
use wirescope::server::{Draft, Server};

use super::support::LIMIT;

/// A free port, and nothing but what is published.
fn quiet() -> ServerOptions {
    ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..Source::default() },
        heartbeat: None,
        ..ServerOptions::default()
    }
}

async fn start(options: ServerOptions) -> Server {
    Server::start(options).await.unwrap()
}

/// Publishes `n` to `m`, so that on a fresh topic texts are ids.
fn publish(server: &Server, texts: std::ops::RangeInclusive<u64>) {
    for n in texts {
        server.publish(DEFAULT_TOPIC, &Draft::text("message", &n.to_string())).unwrap();
    }
}

/// Panics instead of hanging.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.unwrap_or_else(|_| panic!("never came: {what}"))
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn get(server: &Server, path: &str) -> reqwest::Response {
    let url = format!("{}{path}", server.url());
    soon(path, client().get(url).send()).await.unwrap()
}

async fn get_json(server: &Server, path: &str) -> Value {
    let response = get(server, path).await;
    assert_eq!(response.status(), 200, "{path}");
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

fn ids(messages: &Value) -> Vec<u64> {
    messages.as_array().unwrap().iter().map(|message| message["id"].as_u64().unwrap()).collect()
}

/// A TCP connection that keeps all it was sent.
struct Raw {
    stream: TcpStream,
    sent: u64,
    received: Vec<u8>,
}

impl Raw {
    async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        Self { stream, sent: 0, received: Vec::new() }
    }

    /// Asks for `path` with these further lines of the head, each ended by CR LF.
    async fn get(server: &Server, path: &str, lines: &str) -> Self {
        let mut raw = Self::connect(server).await;
        raw.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{lines}\r\n", server.addr())).await;
        raw
    }

    async fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes()).await;
    }

    async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.sent += bytes.len() as u64;
    }

    /// Sends no more, and reads what is still on its way.
    async fn finish(&mut self) {
        self.stream.shutdown().await.unwrap();
        self.read_out().await;
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Reads until `enough` says so.
    async fn until(&mut self, what: &str, enough: impl Fn(&str) -> bool) {
        self.read_until(what, |bytes| enough(&String::from_utf8_lossy(bytes))).await;
    }

    async fn until_text(&mut self, text: &str) {
        self.until(text, |received| received.contains(text)).await;
    }

    async fn until_bytes(&mut self, what: &str, bytes: &[u8]) {
        self.read_until(what, |received| received.windows(bytes.len()).any(|w| w == bytes)).await;
    }

    async fn read_until(&mut self, what: &str, enough: impl Fn(&[u8]) -> bool) {
        let read = async {
            while !enough(&self.received) {
                let n = self.stream.read_buf(&mut self.received).await.unwrap();
                assert!(n > 0, "ended before {what}: {}", String::from_utf8_lossy(&self.received));
            }
        };
        tokio::time::timeout(LIMIT, read).await.unwrap_or_else(|_| panic!("never came: {what}"));
    }

    /// Reads until the server has closed the connection; everything that came.
    async fn read_out(&mut self) -> String {
        soon("the end", self.stream.read_to_end(&mut self.received)).await.unwrap();
        self.text()
    }
}

/// Waits until `ready` holds, letting the server's tasks run in between. For what has no event to
/// wait for, such as a counter.
async fn eventually(what: &str, ready: impl Fn() -> bool) {
    let wait = async {
        while !ready() {
            tokio::task::yield_now().await;
        }
    };
    soon(what, wait).await;
}
