//! An HTTP server whose every byte is written by the test.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wirescope::model::Endpoint;

use super::{LIMIT, quick_retries};

/// Listens on a free port of this machine.
pub struct Server {
    listener: TcpListener,
}

/// One connection of a client.
pub struct Peer {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A request as it came.
#[derive(Debug)]
pub struct Request {
    /// Method, target and version.
    pub line: String,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Bytes of all of it.
    pub size: usize,
}

impl Request {
    /// The value of a field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// Waits for something that has to happen.
pub async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    let Ok(result) = tokio::time::timeout(LIMIT, work).await else {
        panic!("never happened: {what}");
    };
    result
}

impl Server {
    pub async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    /// An endpoint here that retries within milliseconds, five times.
    pub fn endpoint(&self, path: &str) -> Endpoint {
        let address = self.listener.local_addr().unwrap();
        let mut endpoint = Endpoint::parse(&format!("http://{address}{path}")).unwrap();
        endpoint.options.retries = quick_retries(5);
        endpoint.options.interval = Duration::from_millis(5);
        endpoint
    }

    /// The next connection.
    pub async fn peer(&self) -> Peer {
        let (stream, _) = soon("a connection", self.listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Peer { stream, unread: Vec::new() }
    }

    /// The next connection, as long as it takes.
    pub async fn try_peer(&self) -> Option<Peer> {
        let (stream, _) = self.listener.accept().await.ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Peer { stream, unread: Vec::new() })
    }

    /// The next connection and the first request on it.
    pub async fn asked(&self) -> (Peer, Request) {
        let mut peer = self.peer().await;
        let request = peer.request().await;
        (peer, request)
    }
}

impl Peer {
    /// The next request.
    pub async fn request(&mut self) -> Request {
        soon("a request", self.next_request()).await.expect("the client closed the connection")
    }

    /// The next request, unless the client closes the connection.
    pub async fn next_request(&mut self) -> Option<Request> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.unread[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let line = lines.next().unwrap().to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .map_or(0, |(_, value)| value.parse().unwrap());
        while self.unread.len() < end + length {
            self.more().await?;
        }
        let body = String::from_utf8(self.unread[end..end + length].to_vec()).unwrap();
        self.unread.drain(..end + length);
        Some(Request { line, headers, body, size: end + length })
    }

    async fn more(&mut self) -> Option<()> {
        let mut bytes = [0; 4096];
        let count = self.stream.read(&mut bytes).await.unwrap_or(0);
        self.unread.extend_from_slice(&bytes[..count]);
        (count > 0).then_some(())
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends, unless the client has closed the connection.
    pub async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// A whole answer: `head` is the status and fields besides the length, as in
    /// `200 OK\r\nContent-Type: text/plain`.
    pub async fn answer(&mut self, head: &str, body: &str) {
        let length = body.len();
        let all = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.send(all).await;
    }

    /// The answer with this JSON.
    pub async fn json(&mut self, body: &str) {
        self.answer("200 OK\r\nContent-Type: application/json", body).await;
    }

    /// The head of an event stream that ends with its connection.
    pub async fn stream(&mut self) {
        self.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").await;
    }

    /// Waits until the client has closed the connection.
    pub async fn gone(mut self) {
        soon("the client closes the connection", async { while self.more().await.is_some() {} })
            .await;
    }

    /// Ends the connection without a word.
    pub fn cut(self) {
        drop(self);
    }
}
