//! A client of any transport over a raw socket, for whom a message is `{"id":N` among the bytes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wirescope::model::TransportKind;
use wirescope::server::Server;

use super::{LULL, soon};

const HANDSHAKE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Fin,
    Reset,
}

pub(super) fn path(kind: TransportKind) -> &'static str {
    match kind {
        TransportKind::Websocket => "/ws",
        TransportKind::Sse => "/sse",
        TransportKind::LongPoll => "/poll",
        TransportKind::ShortPoll => "/short",
        TransportKind::Stream => "/stream",
    }
}

pub(super) fn is_poll(kind: TransportKind) -> bool {
    matches!(kind, TransportKind::LongPoll | TransportKind::ShortPoll)
}

/// A connection that keeps all it was sent.
pub(super) struct Tap {
    kind: TransportKind,
    addr: SocketAddr,
    pub(super) stream: TcpStream,
    pub(super) received: Vec<u8>,
    /// Messages told of already.
    told: usize,
    /// Bytes of answers to polls that were read already.
    answered: usize,
    /// Where the next poll goes on.
    since: u64,
    /// A poll was asked and not yet answered.
    asked: bool,
}

impl Tap {
    /// A connection over which nothing was said.
    pub(super) async fn silent(server: &Server, kind: TransportKind) -> Self {
        let addr = server.addr();
        let stream = TcpStream::connect(addr).await.unwrap();
        Self {
            kind,
            addr,
            stream,
            received: Vec::new(),
            told: 0,
            answered: 0,
            since: 0,
            asked: false,
        }
    }

    /// Follows from now on; on an empty topic, polls have been answered once.
    pub(super) async fn open(server: &Server, kind: TransportKind) -> Self {
        let mut tap = Self::silent(server, kind).await;
        if is_poll(kind) {
            tap.request("", "").await;
            tap.take_answer().await;
        } else {
            tap.request("", "").await;
            tap.until("the head", |text| text.contains("\r\n\r\n")).await;
        }
        tap
    }

    /// Follows from this id on.
    pub(super) async fn resume(server: &Server, kind: TransportKind, since: u64) -> Self {
        let mut tap = Self::silent(server, kind).await;
        tap.since = since;
        match kind {
            TransportKind::Sse => tap.request("", &format!("Last-Event-ID: {since}\r\n")).await,
            _ if is_poll(kind) => tap.ask().await,
            _ => tap.request(&format!("?since={since}"), "").await,
        }
        tap
    }

    /// Asks for the path of its transport, with these further lines of the head.
    pub(super) async fn request(&mut self, query: &str, lines: &str) {
        let upgrade = if self.kind == TransportKind::Websocket { HANDSHAKE } else { "" };
        let (path, addr) = (path(self.kind), self.addr);
        let head = format!("GET {path}{query} HTTP/1.1\r\nHost: {addr}\r\n{upgrade}{lines}\r\n");
        self.send(head.as_bytes()).await;
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        soon("room to write", self.stream.write_all(bytes)).await.unwrap();
    }

    /// Asks for what is after the cursor.
    pub(super) async fn ask(&mut self) {
        self.request(&format!("?since={}", self.since), "").await;
        self.asked = true;
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    pub(super) async fn until(&mut self, what: &str, enough: impl Fn(&str) -> bool) {
        while !enough(&self.text()) {
            let read = soon(what, self.stream.read_buf(&mut self.received)).await.unwrap();
            assert!(read > 0, "ended before {what}: {}", self.text());
        }
    }

    /// Reads the answer to a poll; its head.
    pub(super) async fn take_answer(&mut self) -> String {
        loop {
            if let Some((head, body, end)) = self.answer() {
                let cursor = body.split("\"lastId\":").nth(1).unwrap_or_default();
                let digits: String = cursor.chars().take_while(char::is_ascii_digit).collect();
                self.since = digits.parse().unwrap_or(self.since);
                (self.answered, self.asked) = (end, false);
                return head;
            }
            let read = self.stream.read_buf(&mut self.received);
            let read = soon("an answer", read).await.unwrap();
            assert!(read > 0, "ended before an answer: {}", self.text());
        }
    }

    /// Head, body and end of the answer that is not read yet, once it is whole.
    fn answer(&self) -> Option<(String, String, usize)> {
        let text = String::from_utf8_lossy(&self.received[self.answered..]);
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        let body = rest.get(..length)?.to_owned();
        let end = self.answered + head.len() + 4 + length;
        Some((head, body, end))
    }

    fn all(&self) -> Vec<u64> {
        let text = self.text();
        let parts = text.split("{\"id\":").skip(1);
        let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
        // A number may be cut in two where it is the last.
        let whole = parts.filter(|part| part.contains('}'));
        whole.map(|part| digits(part).parse().unwrap()).collect()
    }

    /// The ids of the next so many messages; a poll is asked as often as it takes.
    pub(super) async fn ids(&mut self, count: usize) -> Vec<u64> {
        while self.all().len() < self.told + count {
            if is_poll(self.kind) {
                if !self.asked {
                    self.ask().await;
                }
                self.take_answer().await;
            } else {
                let read = self.stream.read_buf(&mut self.received);
                let read = soon("a message", read).await.unwrap();
                assert!(read > 0, "ended before a message: {}", self.text());
            }
        }
        let ids = self.all()[self.told..].to_vec();
        self.told += ids.len();
        ids
    }

    /// Whether nothing at all comes for that long, not even an end.
    pub(super) async fn hears_nothing(&mut self, long: Duration) -> bool {
        let read = self.stream.read_buf(&mut self.received);
        tokio::time::timeout(long, read).await.is_err()
    }

    /// Reads until nothing comes any more, while the connection stays.
    pub(super) async fn falls_silent(&mut self) {
        for _ in 0..50 {
            if self.hears_nothing(LULL).await {
                return;
            }
        }
        panic!("never fell silent: {}", self.text());
    }

    /// Reads until the connection has ended; how it did.
    pub(super) async fn end(&mut self) -> End {
        loop {
            match soon("the end", self.stream.read_buf(&mut self.received)).await {
                Ok(0) => return End::Fin,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return End::Reset,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// What came after the head of the response.
    pub(super) fn body(&self) -> &[u8] {
        let head = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        head.map_or(&[], |head| &self.received[head + 4..])
    }
}

/// The data of a chunked body, as far as it is there (RFC 9112, section 7.1).
pub(super) fn chunks(mut body: &[u8]) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    while let Some(line) = body.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = std::str::from_utf8(&body[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let Some(data) = body.get(line + 2..line + 2 + size) else { break };
        chunks.push(data.to_vec());
        body = body.get(line + 4 + size..).unwrap_or_default();
    }
    chunks
}

/// The frames of a server as opcode and payload, as far as they are there (RFC 6455, section 5.2).
pub(super) fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let long = |n: usize| rest[..n].iter().fold(0, |all, byte| all << 8 | usize::from(*byte));
        let (extended, length) = match second {
            126 => (2, long(2)),
            127 => (8, long(8)),
            short => (0, usize::from(*short)),
        };
        let Some(payload) = rest.get(extended..extended + length) else { break };
        frames.push((first & 0xF, payload.to_vec()));
        bytes = &rest[extended + length..];
    }
    frames
}

/// A frame of a client, masked with nothing.
pub(super) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}
