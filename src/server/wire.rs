//! A stream that counts what passes the socket, puts it down to what the connection is used for,
//! and gives up on a peer that has stopped reading.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

use super::tally::{Carrier, Open, Tallies};

/// Counts the bytes of one TCP connection.
///
/// On a connection that is used for several things in turn, bytes read are held until the request
/// they belong to is known, and bytes written belong to the request that was answered last. This
/// is exact as long as a client waits for an answer before it asks again; for requests that are
/// pipelined, and over HTTP/2, sums are right and the split is an approximation.
#[derive(Debug)]
pub(super) struct Meter {
    tallies: Arc<Tallies>,
    /// Index of the carrier that bytes are put down to.
    carrier: AtomicU8,
    /// A request has come.
    asked: AtomicBool,
    /// No further request will come, so bytes read need not wait for one.
    upgraded: AtomicBool,
    /// Bytes read that belong to a request not seen yet.
    unclaimed: AtomicU64,
    /// Polls that this connection has been used for.
    polls: Mutex<Vec<Open>>,
}

impl Meter {
    pub(super) fn new(tallies: &Arc<Tallies>) -> Arc<Self> {
        tallies.accepted.add(1);
        Arc::new(Self {
            tallies: Arc::clone(tallies),
            carrier: AtomicU8::new(Carrier::Other as u8),
            asked: AtomicBool::new(false),
            upgraded: AtomicBool::new(false),
            unclaimed: AtomicU64::new(0),
            polls: Mutex::default(),
        })
    }

    /// What was read so far, and what is written from now on, is for `carrier`.
    pub(super) fn begin(&self, carrier: Carrier) {
        self.asked.store(true, Ordering::Relaxed);
        self.carrier.store(carrier as u8, Ordering::Relaxed);
        self.claim();
    }

    /// Whether there has been a request.
    pub(super) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// What was read so far is for the carrier begun last.
    pub(super) fn claim(&self) {
        let bytes = self.unclaimed.swap(0, Ordering::Relaxed);
        self.tallies.of(self.carrier()).wire_in.add(usize::try_from(bytes).unwrap_or(usize::MAX));
    }

    /// The connection has become a WebSocket.
    pub(super) fn upgraded(&self) {
        self.upgraded.store(true, Ordering::Relaxed);
        self.claim();
    }

    /// A poll was asked for on this connection: the first makes it one of that poll's connections.
    pub(super) fn polled(&self, carrier: Carrier, resumes: bool) {
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.iter().all(|open| open.carrier() != carrier) {
            polls.push(Open::new(&self.tallies, carrier, resumes));
        }
    }

    fn carrier(&self) -> Carrier {
        let index = usize::from(self.carrier.load(Ordering::Relaxed));
        Carrier::ALL.get(index).copied().unwrap_or(Carrier::Other)
    }

    fn read(&self, bytes: usize) {
        self.unclaimed.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.upgraded.load(Ordering::Relaxed) {
            self.claim();
        }
    }

    fn wrote(&self, bytes: usize) {
        self.tallies.of(self.carrier()).wire_out.add(bytes);
    }

    fn stalled(&self) {
        let tally = self.tallies.of(self.carrier());
        tally.slow.add(1);
        tally.errors.add(1);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.claim();
        self.tallies.ended.add(1);
    }
}

/// A TCP connection whose bytes are counted.
#[derive(Debug)]
pub(super) struct Counted {
    stream: TcpStream,
    meter: Arc<Meter>,
    /// How long a write may make no progress at all.
    patience: Duration,
    /// Runs while a write makes no progress.
    stalled: Option<Pin<Box<Sleep>>>,
    /// A place among the connections there may be.
    _place: OwnedSemaphorePermit,
}

impl Counted {
    pub(super) fn new(
        stream: TcpStream,
        meter: Arc<Meter>,
        patience: Duration,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { stream, meter, patience, stalled: None, _place: place }
    }

    fn progress(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = written {
            self.stalled = None;
            if let Ok(bytes) = result {
                self.meter.wrote(bytes);
            }
            return Poll::Ready(result);
        }
        let patience = self.patience;
        let sleep = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(sleep.as_mut().poll(cx));
        self.meter.stalled();
        self.stalled = None;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.meter.read(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.progress(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.progress(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
