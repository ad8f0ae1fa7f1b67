//! Between a WebSocket and its socket: finds the pongs among the frames the server sends (RFC 6455,
//! section 5.2) and, where pongs are swallowed, does not let them out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Link;
use crate::model::TransportKind;

const PONG: u8 = 0xA;
/// Bytes of the longest head of a frame without a mask.
const LONGEST: usize = 10;

/// Where the next byte is among the frames of a server, which have no mask.
#[derive(Debug, Clone, Copy)]
struct Frames {
    head: [u8; LONGEST],
    /// Bytes of the head that are there.
    have: usize,
    /// Bytes of the payload still to come, once the head is whole.
    left: u64,
    /// Whether this frame is left out.
    swallows: bool,
}

impl Frames {
    const fn new() -> Self {
        Self { head: [0; LONGEST], have: 0, left: 0, swallows: false }
    }

    /// How many of these bytes have the same fate, and whether that is to be left out. Whether
    /// pongs are is asked at the beginning of each.
    fn next_run(&self, bytes: &[u8], swallows_pongs: bool) -> (usize, bool) {
        let mut frames = *self;
        let mut at = 0;
        let mut fate = None;
        while at < bytes.len() {
            let step = frames.step(&bytes[at..], swallows_pongs);
            if *fate.get_or_insert(step.1) != step.1 {
                break;
            }
            at += step.0;
        }
        (at, fate.unwrap_or(false))
    }

    fn advance(&mut self, mut bytes: &[u8], swallows_pongs: bool) {
        while !bytes.is_empty() {
            let (taken, _) = self.step(bytes, swallows_pongs);
            bytes = &bytes[taken..];
        }
    }

    /// Takes a byte of a head, or as many of a payload as there are; at least one.
    fn step(&mut self, bytes: &[u8], swallows_pongs: bool) -> (usize, bool) {
        if self.left > 0 {
            let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= taken as u64;
            return (taken, self.swallows);
        }
        if self.have == 0 {
            self.swallows = swallows_pongs && bytes[0] & 0xF == PONG;
        }
        self.head[self.have] = bytes[0];
        self.have += 1;
        let extended = match self.head[1] & 0x7F {
            _ if self.have < 2 => return (1, self.swallows),
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if self.have == 2 + extended {
            let long = self.head[2..2 + extended].iter();
            self.left = match extended {
                0 => u64::from(self.head[1] & 0x7F),
                _ => long.fold(0, |length, byte| length << 8 | u64::from(*byte)),
            };
            self.have = 0;
        }
        (1, self.swallows)
    }
}

/// The socket of a WebSocket that may lose the pongs sent over it.
#[derive(Debug)]
pub(in crate::server) struct Pongs<S> {
    socket: S,
    link: Arc<Link>,
    frames: Frames,
    swallows: bool,
    /// The weather in which that was so.
    seen: Option<u64>,
}

impl<S> Pongs<S> {
    pub(in crate::server) fn new(socket: S, link: Arc<Link>) -> Self {
        Self { socket, link, frames: Frames::new(), swallows: false, seen: None }
    }

    fn refresh(&mut self) {
        let seen = Some(self.link.changes());
        if self.seen != seen {
            self.seen = seen;
            self.swallows = self.link.now().of(TransportKind::Websocket).swallows_pongs;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Pongs<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Pongs<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.refresh();
        let swallows = self.swallows;
        let (run, left_out) = if swallows || self.frames.swallows {
            self.frames.next_run(buf, swallows)
        } else {
            (buf.len(), false)
        };
        let written = if left_out {
            Poll::Ready(Ok(run))
        } else {
            Pin::new(&mut self.socket).poll_write(cx, &buf[..run])
        };
        if let Poll::Ready(Ok(taken)) = written {
            self.frames.advance(&buf[..taken], swallows);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, payload: usize) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        match payload {
            0..=125 => frame.push(payload as u8),
            126..=0xFFFF => {
                frame.push(126);
                frame.extend((payload as u16).to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        // Payload that would be a pong, were it a head.
        frame.resize(frame.len() + payload, 0x8A);
        frame
    }

    /// What comes out of these bytes, offered in pieces of which `takes` bytes are taken.
    fn pass(mut bytes: &[u8], piece: usize, takes: usize, swallows: bool) -> Vec<u8> {
        let (mut frames, mut out) = (Frames::new(), Vec::new());
        while !bytes.is_empty() {
            let offered = &bytes[..piece.min(bytes.len())];
            let (run, left_out) = frames.next_run(offered, swallows);
            let taken = if left_out { run } else { run.min(takes) };
            if !left_out {
                out.extend_from_slice(&offered[..taken]);
            }
            frames.advance(&offered[..taken], swallows);
            bytes = &bytes[taken..];
        }
        out
    }

    #[test]
    fn only_pongs_are_left_out_however_the_bytes_are_cut() {
        let frames = [(1, 5), (PONG, 3), (2, 0), (PONG, 0), (PONG, 125), (1, 300), (2, 70_000)];
        let all: Vec<u8> = frames.iter().flat_map(|&(op, size)| frame(op, size)).collect();
        let others = frames.iter().filter(|frame| frame.0 != PONG);
        let rest: Vec<u8> = others.flat_map(|&(op, size)| frame(op, size)).collect();
        for piece in [1, 2, 3, 7, 130, 1000, usize::MAX] {
            for takes in [1, 50, usize::MAX] {
                assert_eq!(pass(&all, piece, takes, true), rest, "{piece} {takes}");
                assert_eq!(pass(&all, piece, takes, false), all, "{piece} {takes}");
            }
        }
    }
}
