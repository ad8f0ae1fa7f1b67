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

use super::deflate::Inflater;
use super::extension::{Deflate, Side};
use super::frame::{Decoder, Piece, opcode};
use super::message::{Messages, SHOWN, violation};
use super::rule::Rule;
use crate::model::{Clock, Dir, Event};

/// Room for one read from the socket.
const CHUNK: usize = 64 << 10;
/// A read with less room than this is not worth its system call.
const LEAST: usize = 8 << 10;
/// Bytes that messages may inflate to before they are handed over.
const BURST: usize = 1 << 20;
/// What a control frame may hold, whatever the limit for messages is.
const CONTROL: usize = 125;
/// Registered in 2012 and sent by servers, yet the engine answers it as a broken rule.
const BAD_GATEWAY: u16 = 1014;

/// What the tap is to do beside telling of frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Bytes of a message that are kept.
    pub(super) limit: usize,
    /// How messages are compressed, if they are.
    pub(super) deflate: Option<Deflate>,
    /// Let the engine answer pings.
    pub(super) answer_pings: bool,
    /// Stop at each message until it was dealt with.
    pub(super) one_by_one: bool,
}

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
    /// Bytes that messages among the events were inflated to.
    inflated: usize,
    rules: Rules,
    /// Nothing more is read or decoded until [`Tap::release`].
    held: bool,
    /// Bytes that came may not have been decoded.
    behind: bool,
    deaf: bool,
    broken: Option<Rule>,
    reply: Option<u16>,
}

impl<S> Tap<S> {
    /// Taps `stream`, of which `early` was read already.
    pub(super) fn new(stream: S, clock: Clock, rules: Rules, early: &[u8]) -> Self {
        let limit = rules.limit.max(CONTROL);
        let inflater = |side: fn(Deflate) -> Side| rules.deflate.map(side).map(Inflater::new);
        let mut tap = Self {
            stream,
            clock,
            heard: Instant::now(),
            incoming: Decoder::default(),
            received: Messages::new(Dir::In, limit, inflater(|agreed| agreed.server)),
            outgoing: Decoder::default(),
            sent: Messages::new(Dir::Out, limit, inflater(|agreed| agreed.client)),
            shown: BytesMut::new(),
            events: Vec::new(),
            inflated: 0,
            rules,
            held: false,
            behind: false,
            deaf: false,
            broken: None,
            reply: None,
        };
        tap.incoming.buffer().extend_from_slice(early);
        tap.decode();
        tap
    }

    /// Moves what has happened since it was last asked into `events`, which is empty.
    pub(super) fn hand_over(&mut self, events: &mut Vec<Event>) {
        std::mem::swap(&mut self.events, events);
        self.inflated = 0;
    }

    /// Nothing has happened since [`Tap::hand_over`].
    pub(super) fn is_quiet(&self) -> bool {
        self.events.is_empty() && self.reply.is_none()
    }

    /// Whether pings are answered from now on.
    pub(super) fn answer_pings(&mut self, answer: bool) {
        self.rules.answer_pings = answer;
    }

    /// Whether it waits for a message to be dealt with.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Goes on after a message at which it stopped.
    pub(super) fn release(&mut self) {
        self.held = false;
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
        self.behind = false;
        while !self.deaf {
            if self.held || self.inflated >= BURST {
                self.behind = true;
                return;
            }
            match self.incoming.next(|header| self.received.admit(header)) {
                Ok(None) => return,
                Ok(Some(piece)) => self.receive(piece, t_ns),
                Err(rule) => {
                    self.events.push(violation(t_ns, rule, self.incoming.sample(SHOWN)));
                    self.stop(rule);
                }
            }
        }
    }

    fn receive(&mut self, piece: Piece, t_ns: u64) {
        let header = piece.header;
        let is_whole = piece.is_last();
        let control = header.is_control().then(|| piece.raw());
        let bad_gateway =
            header.opcode == opcode::CLOSE && piece.bytes.starts_with(&BAD_GATEWAY.to_be_bytes());
        if let Err(rule) = self.received.take(piece, t_ns, &mut self.events) {
            self.stop(rule);
        } else if bad_gateway {
            self.reply = Some(BAD_GATEWAY);
        } else if let Some(raw) = control {
            if header.opcode != opcode::PING || self.rules.answer_pings {
                self.shown.extend_from_slice(&raw);
            }
        } else if is_whole {
            let fin = if header.fin { 0x80 } else { 0 };
            self.shown.extend_from_slice(&[fin | header.opcode, 0]);
            self.held = header.fin && self.rules.one_by_one;
            if let Some(event) =
                self.events.last().filter(|_| header.fin && self.rules.deflate.is_some())
            {
                self.inflated += event.payload.len();
            }
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
            if this.held {
                // Whoever releases it reads again.
                return Poll::Pending;
            }
            if !this.events.is_empty() {
                // Frames the engine does not see must not pile up behind its back.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !this.behind && !ready!(this.poll_fill(cx))? {
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
        while let Ok(Some(piece)) = this.outgoing.next(|header| this.sent.admit(header)) {
            // Nothing we send is judged, so nothing can be wrong with it.
            let _ = this.sent.take(piece, t_ns, &mut this.events);
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
