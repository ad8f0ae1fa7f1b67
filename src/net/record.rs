//! Copies the first bytes that pass a stream each way, so that an HTTP head can be shown as it was
//! on the wire: its spelling, its order, and when its first byte came.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that keeps a copy of its first bytes.
#[derive(Debug)]
pub struct Recorded<S> {
    stream: S,
    limit: usize,
    received: Vec<u8>,
    sent: Vec<u8>,
    passed: u64,
    first_byte: Option<Instant>,
    last_sent: Option<Instant>,
}

impl<S> Recorded<S> {
    /// Keeps at most `limit` bytes each way.
    pub fn new(stream: S, limit: usize) -> Self {
        Self {
            stream,
            limit,
            received: Vec::new(),
            sent: Vec::new(),
            passed: 0,
            first_byte: None,
            last_sent: None,
        }
    }

    /// The first bytes that came.
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// The first bytes that went.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// How many bytes came and went, those that were not kept included.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// When the first byte came.
    pub fn first_byte(&self) -> Option<Instant> {
        self.first_byte
    }

    /// When the last byte went, before the first one came.
    pub fn last_sent(&self) -> Option<Instant> {
        self.last_sent
    }

    /// The stream itself.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

fn keep(copy: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    let room = limit.saturating_sub(copy.len()).min(bytes.len());
    copy.extend(bytes.iter().take(room));
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let bytes = buf.filled().get(before..).unwrap_or_default();
        if !bytes.is_empty() {
            this.first_byte.get_or_insert_with(Instant::now);
            this.passed += bytes.len() as u64;
            keep(&mut this.received, bytes, this.limit);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        if this.first_byte.is_none() {
            this.last_sent = Some(Instant::now());
        }
        this.passed += written as u64;
        keep(&mut this.sent, bytes.get(..written).unwrap_or_default(), this.limit);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn keeps_the_first_bytes_and_passes_on_all_of_them() -> io::Result<()> {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Recorded::new(near, 5);
        assert_eq!((near.first_byte(), near.last_sent()), (None, None));
        near.write_all(b"question").await?;
        far.write_all(b"answered").await?;
        let mut whole = [0; 8];
        near.read_exact(&mut whole).await?;
        assert_eq!(
            (&whole, near.received(), near.sent()),
            (b"answered", &b"answe"[..], &b"quest"[..])
        );
        assert_eq!(near.passed(), 16);
        assert!(near.first_byte() >= near.last_sent() && near.last_sent().is_some());
        Ok(())
    }
}
