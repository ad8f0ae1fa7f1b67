//! Takes connections, as many as there may be, and serves each in a task of its own.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::{self, Builder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::meter::Meter;
use super::restart::{self, Order};
use super::weather::Pipe;
use super::wire::Counted;
use super::{Shared, routes};

/// Bytes of a request's head, at most; of a response, what may wait to be written.
const BUFFER: usize = 16 << 10;
/// How long the head of a request may take, and how long a connection may be idle.
const HEAD: Duration = Duration::from_mins(1);
/// Requests at a time on one HTTP/2 connection.
const STREAMS: u32 = 64;
/// How long to wait when the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(200);
/// Connections that are being told that there is no room for them, at a time.
const TURNED_AWAY: usize = 64;

/// Accepts until the server stops, with a pause at each restart; then the port is free.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut listener: TcpListener,
    mut orders: mpsc::Receiver<Order>,
) {
    let door = Door {
        router: routes::router(Arc::clone(&shared)),
        places: Arc::new(Semaphore::new(shared.limits.connections)),
        refusals: Arc::new(Semaphore::new(TURNED_AWAY)),
        shared: Arc::clone(&shared),
    };
    loop {
        // Ends every connection of the time until the next restart.
        let era = shared.kill.child_token();
        let order = tokio::select! {
            () = shared.stop.cancelled() => return,
            order = orders.recv() => order,
            never = door.admit(&listener, &era) => match never {},
        };
        drop(listener);
        era.cancel();
        // Who could order anything keeps the channel open.
        let Some(order) = order else { return };
        listener = match restart::carry_out(&shared, order).await {
            Some(listener) => listener,
            None => return,
        };
    }
}

/// Where connections come in.
struct Door {
    shared: Arc<Shared>,
    router: Router,
    /// How many may be in.
    places: Arc<Semaphore>,
    /// How many may be told at a time that there is no room.
    refusals: Arc<Semaphore>,
}

impl Door {
    async fn admit(&self, listener: &TcpListener, era: &CancellationToken) -> Infallible {
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                // The client was gone before it was its turn.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(NO_ROOM).await;
                    continue;
                }
            };
            // Messages are small and wanted at once. Fails only when the client is gone again.
            let _ = stream.set_nodelay(true);
            let shared = Arc::clone(&self.shared);
            let tasks = &self.shared.tasks;
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                let meter = Meter::new(&shared, peer, era);
                tasks.spawn(serve(shared, self.router.clone(), stream, meter, place));
                continue;
            }
            shared.tallies.refused.add(1);
            if let Ok(place) = Arc::clone(&self.refusals).try_acquire_owned() {
                tasks.spawn(turn_away(shared, stream, place));
            }
        }
    }
}

async fn serve(
    shared: Arc<Shared>,
    router: Router,
    stream: TcpStream,
    meter: Arc<Meter>,
    place: OwnedSemaphorePermit,
) {
    let end = meter.end().clone();
    let first = tokio::select! {
        first = tokio::time::timeout(HEAD, first_bytes(&stream)) => first,
        () = end.cancelled() => return,
        () = shared.stop.cancelled() => return,
    };
    let Ok(Some(first)) = first else { return };
    let io = Counted::new(stream, Arc::clone(&meter), shared.limits.stall, place);
    let io = TokioIo::new(Pipe::new(io, Arc::clone(meter.link())));
    let asked = Arc::clone(&meter);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Arc::clone(&meter));
        router.clone().oneshot(request)
    });
    if first == First::Http1 {
        let connection = http1().serve_connection(io, service).with_upgrades();
        let connection = pin!(connection);
        return until_over(
            connection,
            http1::UpgradeableConnection::graceful_shutdown,
            &shared,
            &end,
        )
        .await;
    }
    let builder = either(&shared, &end);
    let connection = builder.serve_connection_with_upgrades(io, service);
    // Few are such, and theirs is much larger.
    let mut connection = Box::pin(connection);
    let served = until_over(
        connection.as_mut(),
        auto::UpgradeableConnection::graceful_shutdown,
        &shared,
        &end,
    );
    // The library waits for ever for the byte that tells HTTP/1.1 from HTTP/2.
    let silent = async {
        tokio::time::sleep(HEAD).await;
        if asked.has_asked() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = served => {}
        () = silent => {}
    }
}

/// Serves a connection until it is over; `finish` asks it to come to an end.
async fn until_over<C: Future>(
    mut connection: Pin<&mut C>,
    finish: impl Fn(Pin<&mut C>),
    shared: &Shared,
    end: &CancellationToken,
) {
    let mut stopping = false;
    loop {
        tokio::select! {
            // An error here is the client's: it broke a rule, or away.
            _ = connection.as_mut() => return,
            () = end.cancelled() => return,
            () = shared.stop.cancelled(), if !stopping => {
                stopping = true;
                finish(connection.as_mut());
            }
        }
    }
}

/// What the first bytes of a connection say.
#[derive(PartialEq)]
enum First {
    Http1,
    /// HTTP/2, or too few have come to tell.
    Other,
}

/// Looks at the first bytes and leaves them where they are; `None` where the client is gone. The
/// library would take 24 of them to tell HTTP/1.1 from HTTP/2, then find its buffer too small for
/// the rest of a head, and double it for as long as the connection lasts.
async fn first_bytes(stream: &TcpStream) -> Option<First> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut first = [0; PREFACE.len()];
    let came = stream.peek(&mut first).await.ok().filter(|came| *came > 0)?;
    Some(if first[..came] == PREFACE[..came] { First::Other } else { First::Http1 })
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
    builder
}

fn either(shared: &Arc<Shared>, end: &CancellationToken) -> Builder<Tracked> {
    let mut builder = Builder::new(Tracked { shared: Arc::clone(shared), end: end.clone() });
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        // A client that is gone without a word would hold its place, and those of its streams.
        .keep_alive_interval(shared.limits.stall)
        .keep_alive_timeout(shared.limits.stall)
        .max_header_list_size(BUFFER as u32)
        .max_send_buf_size(BUFFER);
    builder
}

/// Says that there is no room, and waits a moment so that it is read before the connection closes.
async fn turn_away(shared: Arc<Shared>, mut stream: TcpStream, _place: OwnedSemaphorePermit) {
    let most = shared.limits.connections;
    let sentence =
        format!("The server holds {most} connections, which is the most; try again later\n");
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: {}\r\nretry-after: 5\r\nconnection: close\r\n\r\n{sentence}",
        sentence.len()
    );
    let say = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    tokio::select! {
        // Whether it was read is the client's affair.
        _ = tokio::time::timeout(Duration::from_secs(1), say) => {}
        () = shared.stop.cancelled() => {}
    }
}

/// Runs the requests of an HTTP/2 connection among the server's tasks, so that none outlives it.
#[derive(Clone)]
struct Tracked {
    shared: Arc<Shared>,
    /// Of the connection.
    end: CancellationToken,
}

impl<F> hyper::rt::Executor<F> for Tracked
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        let end = self.end.clone();
        self.shared.tasks.spawn(async move {
            tokio::select! {
                _ = future => {}
                () = end.cancelled() => {}
            }
        });
    }
}
