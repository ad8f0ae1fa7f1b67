//! Event streams that one page opens to one host: over HTTP/1.1 each takes a connection, of which
//! browsers open six a host, so that a seventh waits until one ends; over HTTP/2 one connection
//! carries them all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::base::{AGENT, Base, BaseError};
use super::client::{PATIENCE, Watch, attend};
use super::kept::Kept;
use super::scan::{Key, Scanner};
use super::spec::Protocol;
use crate::compare::view::{StreamView, StreamsView};
use crate::model::TransportKind;

/// Connections to a host that browsers open over HTTP/1.1: Chromium, Firefox and Safari agree.
pub const CONNECTIONS: usize = 6;

/// Streams of a page; dropped, they are gone.
#[derive(Debug)]
pub struct Streams {
    state: Arc<State>,
    _tasks: Kept,
}

#[derive(Debug)]
struct State {
    start: Instant,
    protocol: Protocol,
    page: Mutex<Page>,
}

#[derive(Debug)]
struct Page {
    connections: usize,
    streams: Vec<StreamView>,
}

impl Streams {
    /// Asks the server at `base`, as in `http://127.0.0.1:4100`, for `streams` event streams at
    /// once, as a page would, and follows them until `stop`.
    ///
    /// # Errors
    /// [`BaseError`] where it cannot be asked.
    pub async fn open(
        base: &str,
        streams: usize,
        protocol: Protocol,
        stop: &CancellationToken,
    ) -> Result<Self, BaseError> {
        let base = Base::look_up(base).await?;
        let page = Page { connections: 0, streams: vec![StreamView::default(); streams] };
        let state = Arc::new(State { start: Instant::now(), protocol, page: Mutex::new(page) });
        let mut tasks = JoinSet::new();
        match protocol {
            Protocol::Http1 => {
                let (base, free) = (Arc::new(base), Arc::new(Semaphore::new(CONNECTIONS)));
                for place in 0..streams {
                    let (base, free) = (Arc::clone(&base), Arc::clone(&free));
                    tasks.spawn(over_http1(base, free, Stream::new(&state, place)));
                }
            }
            Protocol::Http2 => drop(tasks.spawn(all_over_http2(base, Arc::clone(&state)))),
        }
        Ok(Self { state, _tasks: Kept::new(tasks, stop) })
    }

    /// What became of them so far.
    pub fn view(&self) -> StreamsView {
        let page = self.state.lock();
        StreamsView {
            protocol: self.state.protocol.word(),
            label: self.state.protocol.label(),
            connections: page.connections,
            elapsed_s: self.state.start.elapsed().as_secs_f64(),
            streams: page.streams.clone(),
        }
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Page> {
        // Writing down does not panic.
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One stream, which writes down what becomes of it.
struct Stream {
    state: Arc<State>,
    place: usize,
}

impl Stream {
    fn new(state: &Arc<State>, place: usize) -> Self {
        Self { state: Arc::clone(state), place }
    }

    fn note(&self, what: impl FnOnce(&mut StreamView, f64)) {
        let ms = self.state.start.elapsed().as_secs_f64() * 1e3;
        if let Some(stream) = self.state.lock().streams.get_mut(self.place) {
            what(stream, ms);
        }
    }

    fn ended(&self, why: &impl ToString) {
        self.note(|stream, _| stream.error = Some(why.to_string()));
    }
}

impl Watch for Stream {
    fn asked(&mut self) {
        self.note(|stream, ms| stream.asked_ms = Some(ms));
    }

    fn opened(&mut self) {
        self.note(|stream, ms| stream.opened_ms = Some(ms));
    }

    fn message(&mut self, _id: u64, _sent_us: u64, _now_us: u64) {
        self.note(|stream, ms| {
            stream.first_ms.get_or_insert(ms);
            stream.messages += 1;
        });
    }
}

/// A connection that counts for as long as this lives.
struct Connected(Arc<State>);

impl Connected {
    fn new(state: &Arc<State>) -> Self {
        state.lock().connections += 1;
        Self(Arc::clone(state))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.lock().connections -= 1;
    }
}

async fn over_http1(base: Arc<Base>, free: Arc<Semaphore>, mut stream: Stream) {
    // Never closed. Whoever waits longest is served first, as in a browser.
    let Ok(_place) = free.acquire().await else { return };
    let _connected = Connected::new(&stream.state);
    let trouble = attend(&base, TransportKind::Sse, &mut stream).await;
    stream.ended(&trouble);
}

async fn all_over_http2(base: Base, state: Arc<State>) {
    let count = state.lock().streams.len();
    let each = |place| Stream::new(&state, place);
    let dialling = async {
        let stream = TcpStream::connect(base.addr).await.map_err(|error| error.to_string())?;
        // Requests are small and wanted at once. Fails only when the server is gone again.
        let _ = stream.set_nodelay(true);
        let io = TokioIo::new(stream);
        let shaken = http2::handshake(TokioExecutor::new(), io).await;
        shaken.map_err(|error| error.to_string())
    };
    let dialled = tokio::time::timeout(PATIENCE, dialling).await;
    let dialled = dialled.unwrap_or_else(|_| Err(String::from("the server did not answer")));
    let (sender, connection) = match dialled {
        Ok(both) => both,
        Err(why) => return (0..count).map(each).for_each(|stream| stream.ended(&why)),
    };
    let _connected = Connected::new(&state);
    let mut tasks = JoinSet::new();
    for place in 0..count {
        tasks.spawn(over_http2(base.clone(), sender.clone(), each(place)));
    }
    drop(sender);
    // Its error is told to each stream, too.
    let _ = connection.await;
    while tasks.join_next().await.is_some() {}
}

async fn over_http2(base: Base, mut sender: SendRequest<Empty<Bytes>>, mut stream: Stream) {
    let why = match follow(&base, &mut sender, &mut stream).await {
        Ok(()) => String::from("the server ended the stream"),
        Err(why) => why,
    };
    stream.ended(&why);
}

async fn follow(
    base: &Base,
    sender: &mut SendRequest<Empty<Bytes>>,
    stream: &mut Stream,
) -> Result<(), String> {
    let request = Request::get(format!("http://{}{}", base.authority, base.path("/sse")))
        .header("accept", "text/event-stream")
        .header("user-agent", AGENT)
        .body(Empty::new())
        .map_err(|error| error.to_string())?;
    // Fails only with the connection.
    sender.ready().await.map_err(|error| error.to_string())?;
    let response = sender.send_request(request);
    stream.asked();
    let response = response.await.map_err(|error| error.to_string())?;
    if response.status() != hyper::StatusCode::OK {
        return Err(format!("the server answered with {}", response.status().as_u16()));
    }
    stream.opened();
    let (mut body, mut scanner, mut id) = (response.into_body(), Scanner::default(), 0);
    while let Some(frame) = body.frame().await {
        let data = frame.map_err(|error| error.to_string())?.into_data().unwrap_or_default();
        scanner.feed(&data, &mut |key, number| match key {
            Key::Id => id = number,
            Key::Ts => stream.message(id, number, 0),
            Key::LastId => {}
        });
    }
    Ok(())
}
