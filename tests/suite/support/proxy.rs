//! A way to a server that can be cut: a TCP proxy that drops what passes through it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Passes connections on to a port of this machine.
pub struct Proxy {
    /// Where it listens, on loopback.
    pub port: u16,
    state: Arc<State>,
    _guard: DropGuard,
}

struct State {
    upstream: u16,
    /// Dropped with all that is connected.
    alive: Mutex<CancellationToken>,
    is_closed: Mutex<bool>,
    /// Bytes of answers after which a connection is dropped.
    limit: u64,
}

impl Proxy {
    /// A way to `upstream` that stays until it is cut.
    pub async fn to(upstream: u16) -> Self {
        Self::limited(upstream, u64::MAX).await
    }

    /// A way to `upstream` on which no connection lives longer than `limit` bytes of answers.
    pub async fn limited(upstream: u16, limit: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let end = CancellationToken::new();
        let alive = Mutex::new(end.child_token());
        let state = Arc::new(State { upstream, alive, is_closed: Mutex::new(false), limit });
        let accepting = accept(listener, Arc::clone(&state));
        let ended = end.clone();
        tokio::spawn(async move {
            tokio::select! { () = accepting => {} () = ended.cancelled() => {} }
        });
        Self { port, state, _guard: end.drop_guard() }
    }

    /// Drops every connection.
    pub fn cut(&self) {
        let mut alive = self.state.alive.lock().unwrap();
        alive.cancel();
        *alive = CancellationToken::new();
    }

    /// Drops every connection, and every new one until [`Proxy::open`].
    pub fn close(&self) {
        *self.state.is_closed.lock().unwrap() = true;
        self.cut();
    }

    /// Lets connections pass again.
    pub fn open(&self) {
        *self.state.is_closed.lock().unwrap() = false;
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        if *state.is_closed.lock().unwrap() {
            continue;
        }
        let alive = state.alive.lock().unwrap().clone();
        let (upstream, limit) = (state.upstream, state.limit);
        tokio::spawn(async move {
            tokio::select! {
                () = alive.cancelled() => {}
                _ = pass(client, upstream, limit) => {}
            }
        });
    }
}

async fn pass(mut client: TcpStream, upstream: u16, limit: u64) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).await?;
    let (mut from_client, mut to_client) = client.split();
    let (from_server, mut to_server) = server.split();
    let up = async {
        copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let down = async {
        copy(&mut from_server.take(limit), &mut to_client).await?;
        Ok::<(), std::io::Error>(())
    };
    tokio::select! {
        // A client that is done sending may still be reading.
        result = up => { result?; std::future::pending().await }
        result = down => result,
    }
}
