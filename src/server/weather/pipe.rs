//! The wire itself: bytes come later, or slowly, or stop, and connections end without a word.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Link;
use super::lane::Lane;
use super::link::Version;
use super::storm::{IN_FLIGHT, PIECE, Storm, Terms};
use crate::model::CutHow;

/// What a pipe needs of a socket besides reading and writing.
pub(in crate::server) trait Socket:
    AsyncRead + AsyncWrite + Unpin + Sized
{
    /// Makes the end, when it comes, a reset.
    fn reset(&self);

    /// Keeps it open until the peer is gone, or all is over; nothing is said or heard any more.
    fn bury(self);
}

/// A socket in the weather.
#[derive(Debug)]
pub(in crate::server) struct Pipe<S: Socket> {
    /// Gone once it is buried.
    socket: Option<S>,
    link: Arc<Link>,
    /// In which weather the rest was made.
    version: Option<Version>,
    storm: Option<Box<Storm>>,
}

impl<S: Socket> Pipe<S> {
    pub(in crate::server) fn new(socket: S, link: Arc<Link>) -> Self {
        Self { socket: Some(socket), link, version: None, storm: None }
    }

    /// Takes up the weather as it is; whether anything is done to bytes.
    fn look(&mut self) -> bool {
        let version = Some(self.link.version());
        if self.version != version {
            self.version = version;
            self.change(Terms::of(&self.link));
        }
        self.storm.is_some()
    }

    fn change(&mut self, terms: Terms) {
        let Some(storm) = &mut self.storm else {
            if !terms.are_good() {
                let storm = Storm::new(terms);
                self.link.passed(storm.passed);
                self.storm = Some(Box::new(storm));
            }
            return;
        };
        if storm.terms == terms {
            return;
        }
        let now = Instant::now();
        if terms.idle != storm.terms.idle {
            storm.passed = now;
            self.link.passed(now);
        }
        storm.terms = terms;
        storm.free = storm.free.min(now);
        let latest = now + terms.delay + terms.jitter;
        storm.inbound.hurry(latest);
        storm.outbound.hurry(latest);
        self.clear();
    }

    /// Drops what is needed no more.
    fn clear(&mut self) {
        let needed = self.storm.as_ref().is_some_and(|storm| {
            !storm.terms.are_good()
                || storm.over.is_some()
                || !storm.inbound.is_empty()
                || !storm.outbound.is_empty()
        });
        if !needed {
            self.storm = None;
        }
    }

    fn socket(&mut self) -> io::Result<Pin<&mut S>> {
        self.socket.as_mut().map(Pin::new).ok_or_else(gone)
    }

    /// Lets happen what is due: bytes leave, the connection ends. Wakes the task when there is more.
    ///
    /// # Errors
    /// The connection has ended, or the socket failed.
    fn drive(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.look() {
            self.end(cx)?;
            let blocked = self.send(cx)?;
            let Some(storm) = self.storm.as_mut().filter(|storm| storm.over.is_none()) else {
                return Ok(());
            };
            let Some(next) = storm.next(&self.link, blocked) else {
                if !blocked {
                    self.clear();
                }
                return Ok(());
            };
            if storm.timer.deadline() != next {
                storm.timer.as_mut().reset(next);
            }
            if storm.timer.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
            if storm.inbound.due() == Some(next) && !storm.announced {
                // Whoever writes has to read first, once.
                storm.announced = true;
                cx.waker().wake_by_ref();
            }
        }
        Ok(())
    }

    fn end(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(storm) = &mut self.storm else { return Ok(()) };
        if storm.over.is_none()
            && let Some(how) = storm.ends(&self.link, Instant::now())
        {
            storm.over = Some(how);
            storm.inbound = Lane::default();
            storm.outbound = Lane::default();
            let mut socket = self.socket()?;
            match how {
                CutHow::Silence => {}
                CutHow::Reset => socket.reset(),
                CutHow::Fin | CutHow::Clean => {
                    // What is unread would make a reset of it.
                    while let Poll::Ready(Ok(1..)) = discard(socket.as_mut(), cx) {}
                    let _ = socket.poll_shutdown(cx);
                }
            }
        }
        match self.storm.as_ref().and_then(|storm| storm.over) {
            None | Some(CutHow::Silence) => Ok(()),
            Some(_) => Err(gone()),
        }
    }

    /// Writes what has arrived at the client's end, as fast as the line is; whether the socket
    /// takes no more.
    fn send(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let (Some(storm), Some(socket)) = (&mut self.storm, &mut self.socket) else {
            return Ok(false);
        };
        loop {
            let now = Instant::now();
            let arrived = storm.outbound.arrived(now);
            if arrived.is_empty() || storm.free > now {
                return Ok(false);
            }
            let piece = &arrived[..storm.terms.piece().min(arrived.len())];
            let Poll::Ready(written) = Pin::new(&mut *socket).poll_write(cx, piece) else {
                return Ok(true);
            };
            let written = written?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            storm.outbound.take(written);
            if let Some(rate) = storm.terms.bandwidth {
                storm.free = now + Duration::from_secs_f64(written as f64 / rate as f64);
            }
            storm.passes(&self.link, now);
        }
    }

    /// Takes from the socket what the client sent, to arrive later.
    fn fetch(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let (Some(storm), Some(socket)) = (&mut self.storm, &mut self.socket) else {
            return Ok(());
        };
        while storm.inbound.len() < IN_FLIGHT && !storm.inbound.is_closed() {
            let mut scratch = [0; PIECE];
            let mut buf = ReadBuf::new(&mut scratch);
            let Poll::Ready(read) = Pin::new(&mut *socket).poll_read(cx, &mut buf) else { break };
            read?;
            let now = Instant::now();
            let due = now + storm.terms.transit();
            if buf.filled().is_empty() {
                storm.inbound.close(due);
            } else {
                storm.inbound.push(due, buf.filled());
                storm.passes(&self.link, now);
            }
        }
        Ok(())
    }

    fn read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(storm) = &mut self.storm else { return self.socket()?.poll_read(cx, buf) };
        if storm.over.is_some() {
            return self.hear_nothing(cx);
        }
        if !storm.terms.takes_time() && storm.inbound.is_empty() {
            let before = buf.filled().len();
            let read = match &mut self.socket {
                Some(socket) => ready!(Pin::new(socket).poll_read(cx, buf)),
                None => Err(gone()),
            };
            if buf.filled().len() > before {
                storm.passes(&self.link, Instant::now());
            }
            return Poll::Ready(read);
        }
        loop {
            self.fetch(cx)?;
            let Some(storm) = &mut self.storm else { return Poll::Pending };
            storm.announced = false;
            let now = Instant::now();
            let arrived = storm.inbound.arrived(now);
            let taken = arrived.len().min(buf.remaining());
            if taken > 0 {
                buf.put_slice(&arrived[..taken]);
                storm.inbound.take(taken);
                return Poll::Ready(Ok(()));
            }
            if storm.inbound.has_ended(now) {
                return Poll::Ready(Ok(()));
            }
            // What was fetched just now has to wake the task, too.
            self.drive(cx)?;
            if !self.storm.as_ref().is_some_and(|storm| storm.announced) {
                return Poll::Pending;
            }
        }
    }

    /// Reads only to learn that the peer is gone.
    fn hear_nothing(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut socket = self.socket()?;
        loop {
            match ready!(discard(socket.as_mut(), cx)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(gone())),
                Ok(_) => {}
            }
        }
    }

    fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(storm) = &mut self.storm else { return self.socket()?.poll_write(cx, bytes) };
        if storm.over.is_some() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let terms = storm.terms;
        if !terms.takes_time() && terms.bandwidth.is_none() && storm.outbound.is_empty() {
            let Some(socket) = &mut self.socket else { return Poll::Ready(Err(gone())) };
            let written = ready!(Pin::new(socket).poll_write(cx, bytes));
            if written.as_ref().is_ok_and(|written| *written > 0) {
                storm.passes(&self.link, Instant::now());
            }
            return Poll::Ready(written);
        }
        let room = terms.room().saturating_sub(storm.outbound.len());
        if room == 0 {
            return Poll::Pending;
        }
        let taken = room.min(bytes.len());
        let due = Instant::now() + terms.transit();
        storm.outbound.push(due, &bytes[..taken]);
        self.drive(cx)?;
        Poll::Ready(Ok(taken))
    }
}

fn discard<S: AsyncRead>(socket: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut scratch = [0; 1024];
    let mut buf = ReadBuf::new(&mut scratch);
    ready!(socket.poll_read(cx, &mut buf))?;
    Poll::Ready(Ok(buf.filled().len()))
}

fn gone() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

impl<S: Socket> AsyncRead for Pipe<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Whoever reads waits, so it is the one to hear of changes.
        self.link.listen(cx.waker());
        self.drive(cx)?;
        self.read(cx, buf)
    }
}

impl<S: Socket> AsyncWrite for Pipe<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.drive(cx)?;
        self.write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.drive(cx)?;
        if self.storm.is_none() {
            return self.socket()?.poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.write(cx, first.map_or(&[], |buf| buf))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.drive(cx)?;
        if self.storm.is_some() {
            // What is on its way has been sent, as far as the sender knows.
            return Poll::Ready(Ok(()));
        }
        self.socket()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.drive(cx)?;
        let storm = self.storm.as_ref();
        if storm.is_some_and(|storm| storm.over.is_some()) {
            return Poll::Ready(Ok(()));
        }
        if storm.is_some_and(|storm| storm.outbound.has_bytes()) {
            return Poll::Pending;
        }
        self.socket()?.poll_shutdown(cx)
    }
}

impl<S: Socket> Drop for Pipe<S> {
    fn drop(&mut self) {
        let silent = self.storm.as_ref().is_some_and(|storm| storm.over == Some(CutHow::Silence));
        if let Some(socket) = self.socket.take().filter(|_| silent) {
            socket.bury();
        }
    }
}
