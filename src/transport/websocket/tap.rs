//! The stream below the protocol engine: it decodes every frame that passes, in either direction,
//! into events, and shows the engine what it needs to steer the connection.
//!
//! The engine sees control frames as they came and of data frames the header alone, as if they
//! were empty: it keeps the order of frames, answers pings and closes and masks what is
//! sent, while payloads are neither copied nor held nor checked twice, and one over the limit does
//! not end the connection.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::frame::{Decoder, Frame, opcode};
use super::message::{Messages, SHOWN, violation};
use super::rule::Rule;
use crate::model::{Clock, Dir, Event};

/// Room for one read from the socket.
const CHUNK: usize = 64 << 10;
/// A read with less room than this is not worth its system call.
const LEAST: usize = 8 << 10;
/// What a control frame may hold, whatever the limit for messages is.
const CONTROL: usize = 125;
/// Registered in 2012 and sent by servers, yet the engine answers it as a broken rule.
const BAD_GATEWAY: u16 = 1014;

/// A stream whose frames are told as events.
#[derive(Debug)]
pub(super) struct Tap<S> {
    stream: S,
    clock: Clock,
    heard: Instant,
    incoming: Decoder,
    received: Messages,
    outgoing: Decoder,
    sent: Messages,
    shown: BytesMut,
    events: Vec<Event>,
    deaf: bool,
    broken: Option<Rule>,
    reply: Option<u16>,
}

impl<S> Tap<S> {
    /// Taps `stream`, of which `early` was read already. Keeps at most `limit` bytes of a message.
    pub(super) fn new(stream: S, clock: Clock, limit: usize, early: &[u8]) -> Self {
        let limit = limit.max(CONTROL);
        let mut tap = Self {
            stream,
            clock,
            heard: Instant::now(),
            incoming: Decoder::new(limit),
            received: Messages::new(Dir::In, limit),
            outgoing: Decoder::new(limit),
            sent: Messages::new(Dir::Out, limit),
            shown: BytesMut::new(),
            events: Vec::new(),
            deaf: false,
            broken: None,
            reply: None,
        };
        tap.incoming.buffer().extend_from_slice(early);
        tap.decode();
        tap
    }

    /// What has happened since it was last asked.
    pub(super) fn events(&mut self) -> &mut Vec<Event> {
        &mut self.events
    }

    /// Nothing has happened since [`Tap::events`] was last emptied.
    pub(super) fn is_quiet(&self) -> bool {
        self.events.is_empty() && self.reply.is_none()
    }

    /// When the last byte came.
    pub(super) fn heard(&self) -> Instant {
        self.heard
    }

    /// The rule after which the connection cannot go on.
    pub(super) fn broken(&self) -> Option<Rule> {
        self.broken
    }

    /// The code to close with that the engine would not choose by itself; given once.
    pub(super) fn reply(&mut self) -> Option<u16> {
        self.reply.take()
    }

    /// How far a frame has come that is not whole, and its size where that is known, in bytes.
    pub(super) fn unfinished(&self) -> Option<(u64, Option<u64>)> {
        if self.deaf { None } else { self.incoming.unfinished() }
    }

    fn decode(&mut self) {
        let t_ns = self.clock.at(self.heard);
        while !self.deaf {
            match self.incoming.next(|header| self.received.admit(header)) {
                Ok(None) => return,
                Ok(Some(frame)) => self.receive(frame, t_ns),
                Err(rule) => {
                    self.events.push(violation(t_ns, rule, self.incoming.sample(SHOWN)));
                    self.stop(rule);
                }
            }
        }
    }

    fn receive(&mut self, frame: Frame, t_ns: u64) {
        let header = frame.header;
        let control = header.is_control().then(|| frame.raw());
        let bad_gateway =
            header.opcode == opcode::CLOSE && frame.payload.starts_with(&BAD_GATEWAY.to_be_bytes());
        if let Err(rule) = self.received.take(frame, t_ns, &mut self.events) {
            self.stop(rule);
        } else if bad_gateway {
            self.reply = Some(BAD_GATEWAY);
        } else if let Some(raw) = control {
            self.shown.extend_from_slice(&raw);
        } else {
            let fin = if header.fin { 0x80 } else { 0 };
            self.shown.extend_from_slice(&[fin | header.opcode, 0]);
        }
    }

    /// Nothing that comes from now on means anything.
    fn stop(&mut self, rule: Rule) {
        self.deaf = true;
        if let Some(code) = rule.fatal() {
            self.broken = Some(rule);
            self.reply = Some(code);
        }
    }
}

impl<S: AsyncRead + Unpin> Tap<S> {
    /// Reads once from the socket; `false` at its end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let buffer = self.incoming.buffer();
        if self.deaf {
            buffer.clear();
        }
        if buffer.capacity() - buffer.len() < LEAST {
            buffer.reserve(CHUNK);
        }
        let read = ready!(pin!(self.stream.read_buf(buffer)).poll(cx))?;
        self.heard = Instant::now();
        Poll::Ready(Ok(read > 0))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.shown.is_empty() {
            if !ready!(this.poll_fill(cx))? {
                return Poll::Ready(Ok(()));
            }
            this.decode();
        }
        let room = buf.remaining().min(this.shown.len());
        buf.put_slice(this.shown.get(..room).unwrap_or_default());
        this.shown.advance(room);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        let t_ns = this.clock.now();
        this.outgoing.buffer().extend_from_slice(bytes.get(..written).unwrap_or_default());
        while let Ok(Some(frame)) = this.outgoing.next(|header| this.sent.admit(header)) {
            // Nothing we send is judged, so nothing can be wrong with it.
            let _ = this.sent.take(frame, t_ns, &mut this.events);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
