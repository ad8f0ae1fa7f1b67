//! One light client: a socket, where it is in what it reads, and nothing else. It counts messages
//! by their `"id":` and `"ts":` and keeps none.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::base::Base;
use super::frames::pong;
use super::response::{Piece, Reader, Trouble};
use super::scan::{Key, Scanner};
use crate::model::TransportKind;

/// How long a server may take to accept a connection and answer the first request.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// Time between two short polls.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);
/// Bytes read at once. There is one buffer a thread, none a client.
const SCRATCH: usize = 64 << 10;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into());
}

/// Is told what a client sees.
pub(super) trait Watch {
    /// The request was sent.
    fn asked(&mut self) {}
    /// The first answer came: 101, the head of a stream, or what a poll found.
    fn opened(&mut self);
    /// A message came; times in microseconds since 1970.
    fn message(&mut self, id: u64, sent_us: u64, now_us: u64);
}

/// Microseconds since 1970, by the clock that servers on this machine use too.
pub(super) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Connects and stays for as long as the server lets it; what ended it.
pub(super) async fn attend(base: &Base, kind: TransportKind, watch: &mut impl Watch) -> Trouble {
    let opening = async {
        let stream = TcpStream::connect(base.addr).await.map_err(Trouble::Connect)?;
        // Requests are small and wanted at once. Fails only when the server is gone again.
        let _ = stream.set_nodelay(true);
        let mut client = Client::new(stream, kind);
        client.ask(base).await?;
        watch.asked();
        client.until(watch, Client::is_open).await?;
        watch.opened();
        Ok(client)
    };
    let opened = match tokio::time::timeout(PATIENCE, opening).await {
        Ok(opened) => opened,
        Err(_) => Err(Trouble::Slow(PATIENCE)),
    };
    let stayed: Result<Infallible, Trouble> = match opened {
        Ok(client) => client.stay(base, watch).await,
        Err(trouble) => Err(trouble),
    };
    match stayed {
        Err(trouble) => trouble,
    }
}

struct Client {
    stream: TcpStream,
    kind: TransportKind,
    reader: Reader,
    scanner: Scanner,
    /// Pongs to be written; without memory otherwise.
    pongs: Vec<u8>,
    /// The first head has come.
    has_head: bool,
    /// The last response is complete.
    is_over: bool,
    /// Id of the message that is being read.
    id: u64,
    /// Where a poll goes on.
    since: Option<u64>,
}

impl Client {
    fn new(stream: TcpStream, kind: TransportKind) -> Self {
        Self {
            stream,
            kind,
            reader: Reader::default(),
            scanner: Scanner::default(),
            pongs: Vec::new(),
            has_head: false,
            is_over: false,
            id: 0,
            since: None,
        }
    }

    fn polls(&self) -> bool {
        matches!(self.kind, TransportKind::LongPoll | TransportKind::ShortPoll)
    }

    fn is_open(&self) -> bool {
        if self.polls() { self.is_over } else { self.has_head }
    }

    async fn stay(mut self, base: &Base, watch: &mut impl Watch) -> Result<Infallible, Trouble> {
        if !self.polls() {
            self.until(watch, |client| client.is_over).await?;
            return Err(Trouble::Closed);
        }
        // Not all at the same moment, however they were opened.
        let mut next = Instant::now() - INTERVAL.mul_f64(fastrand::f64());
        loop {
            if self.kind == TransportKind::ShortPoll {
                next = (next + INTERVAL).max(Instant::now());
                tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    // Between two polls only the end can come.
                    ended = self.until(watch, |_| false) => ended?,
                }
            }
            self.ask(base).await?;
            self.until(watch, |client| client.is_over).await?;
        }
    }

    async fn ask(&mut self, base: &Base) -> Result<(), Trouble> {
        self.is_over = false;
        // Written at once nearly always, so that those who wait do not hold its memory.
        let mut request = String::with_capacity(256);
        base.ask(self.kind, self.since, &mut request);
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    /// Reads until `enough` holds.
    async fn until(
        &mut self,
        watch: &mut impl Watch,
        enough: impl Fn(&Self) -> bool,
    ) -> Result<(), Trouble> {
        while !enough(self) {
            self.stream.readable().await?;
            BUFFER.with_borrow_mut(|buffer| self.read(buffer, watch))?;
            if !self.pongs.is_empty() {
                let pongs = std::mem::take(&mut self.pongs);
                self.stream.write_all(&pongs).await?;
            }
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], watch: &mut impl Watch) -> Result<(), Trouble> {
        match self.stream.try_read(buffer) {
            Ok(0) => Err(Trouble::Closed),
            Ok(came) => self.take(buffer.get(..came).unwrap_or_default(), watch),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn take(&mut self, bytes: &[u8], watch: &mut impl Watch) -> Result<(), Trouble> {
        let Self { kind, reader, scanner, pongs, has_head, is_over, id, since, .. } = self;
        let now = now_us();
        let mut refused = None;
        reader.feed(bytes, &mut |piece| match piece {
            Piece::Head(status) => {
                *has_head = true;
                if !is_welcome(*kind, status) {
                    refused = Some(status);
                }
            }
            Piece::Data(_) if refused.is_some() => {}
            Piece::Data(data) => scanner.feed(data, &mut |key, number| match key {
                Key::Id => *id = number,
                Key::Ts => watch.message(*id, number, now),
                Key::LastId => *since = Some(number),
            }),
            Piece::Ping(payload) => pong(payload, pongs),
            Piece::End => *is_over = true,
        })?;
        refused.map_or(Ok(()), |status| Err(Trouble::Refused(status)))
    }
}

fn is_welcome(kind: TransportKind, status: u16) -> bool {
    match kind {
        TransportKind::Websocket => status == 101,
        TransportKind::Sse | TransportKind::Stream => status == 200,
        TransportKind::LongPoll | TransportKind::ShortPoll => matches!(status, 200 | 204),
    }
}
