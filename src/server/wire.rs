//! A stream that tells its meter what passes the socket, and gives up on a peer that has stopped
//! reading.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

use super::meter::Meter;
use super::weather::Socket;

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

impl Socket for Counted {
    fn reset(&self) {
        // Fails only when the connection is gone already.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    fn bury(mut self) {
        let shared = Arc::clone(self.meter.shared());
        let end = self.meter.end().clone();
        let rest = async move {
            let mut lost = [0; 1024];
            while self.stream.read(&mut lost).await.is_ok_and(|read| read > 0) {}
        };
        let buried = {
            let shared = Arc::clone(&shared);
            async move {
                tokio::select! {
                    () = shared.stop.cancelled() => {}
                    () = end.cancelled() => {}
                    () = rest => {}
                }
            }
        };
        // Without a runtime everything is over.
        if let Ok(runtime) = Handle::try_current() {
            shared.tasks.spawn_on(buried, &runtime);
        }
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
