//! A server that does to each connection exactly what a test tells it to.

use std::future::Future;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::support::LIMIT;

/// Plays `script` on each connection, which gets the number of the connection from 1, one after
/// another. Returns the address without a scheme.
pub(super) async fn serve<F>(script: impl Fn(u32, Peer<TcpStream>) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        for number in 1.. {
            let (stream, _) = listener.accept().await.unwrap();
            script(number, Peer::new(stream)).await;
        }
    });
    address
}

/// Plays `script` on the first connection. What it asserts fails the test that awaits the handle.
pub(super) async fn once<F>(
    script: impl FnOnce(Peer<TcpStream>) -> F + Send + 'static,
) -> (String, JoinHandle<()>)
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        script(Peer::new(stream)).await;
    });
    (address, task)
}

/// The server's end of a connection.
pub(super) struct Peer<S> {
    pub(super) stream: S,
    /// The request head, once it was read.
    pub(super) head: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, head: String::new() }
    }

    /// Reads the request head.
    pub(super) async fn request(&mut self) {
        while !self.head.ends_with("\r\n\r\n") {
            let byte = self.byte().await.expect("the request head ended early");
            self.head.push(char::from(byte));
        }
    }

    /// The value of a header of the request.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned())
    }

    /// Reads the request and accepts it, with these lines more in the answer.
    pub(super) async fn accept(&mut self, more: &str) {
        self.accept_and(more, b"").await;
    }

    /// The same, with these bytes right behind the answer.
    pub(super) async fn accept_and(&mut self, more: &str, behind: &[u8]) {
        self.request().await;
        self.upgrade(more, behind).await;
    }

    /// Accepts the request that was read.
    pub(super) async fn upgrade(&mut self, more: &str, behind: &[u8]) {
        let accept = derive_accept_key(self.header("sec-websocket-key").unwrap().as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
             Connection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{more}\r\n"
        );
        self.write(&[answer.as_bytes(), behind].concat()).await;
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    async fn byte(&mut self) -> Option<u8> {
        tokio::time::timeout(LIMIT, self.stream.read_u8()).await.expect("nothing came").ok()
    }

    /// Reads one masked frame with a short length: first byte and payload. `None` at the end.
    pub(super) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.byte().await?;
        let length = self.byte().await?;
        assert!((0x80..0x80 + 126).contains(&length), "not masked, or long: {length:#x}");
        let mut key = [0; 4];
        self.stream.read_exact(&mut key).await.unwrap();
        let mut payload = vec![0; usize::from(length & 0x7f)];
        self.stream.read_exact(&mut payload).await.unwrap();
        payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        Some((first, payload))
    }

    /// Reads until the other side closes; what came.
    pub(super) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let read = self.stream.read_to_end(&mut rest);
        // A reset ends it as well.
        let _ = tokio::time::timeout(LIMIT, read).await.expect("the socket stayed open");
        rest
    }
}

impl Peer<TcpStream> {
    /// Ends the connection without a goodbye, losing what is on its way.
    pub(super) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}
