//! The built-in server: one source of messages over every transport, on this machine, so that a
//! person can see what each of them does. Imports no client code, since a client and a server that
//! share code share bugs.
//!
//! ```text
//! source, POST /publish, /ws → hub → /ws, /sse, /poll, /short, /stream → wire → socket
//! ```
//!
//! Ids begin with 1 for each topic and each [`Hub`]. A server that is started again with
//! [`Server::start`] has a new hub, so its ids begin again; with [`Server::start_with`] and the hub
//! of the one before, clients resume as if nothing had happened. The source rests while no server
//! runs. A restart within the server ([`Control::restart`]) is what its clients see of one: the source
//! and the counters go on.
//!
//! A server that listens for other machines, too, is open to a room: every request has to say a
//! token, which is made where none is given.
//!
//! What is limited: connections, the heads of requests (16 KiB), messages that clients send and how
//! fast, memory for the bodies of requests (64 MiB in all), topics (32), rooms of a socket (16),
//! memory of a topic (the history, at most 32 MiB), how far a client may be behind (the history, or
//! 1,024 messages where that is more), how long it may read nothing. Each refusal says so in a
//! sentence.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::model::{ServerOptions, ServerOptionsError, Source};

mod accept;
mod address;
mod body;
mod clients;
mod control;
mod follow;
mod guard;
mod hub;
mod ledger;
mod message;
mod meter;
mod page;
mod poll;
mod publish;
mod query;
mod rate;
mod refusal;
mod report;
mod restart;
mod room;
mod routes;
mod source;
mod sse;
mod stats;
mod stream;
mod tally;
mod visit;
mod weather;
mod wire;
mod ws;

pub use address::endpoints;
pub use clients::Client;
pub use control::Control;
pub use hub::{Hub, HubError, Overrun, Start, Subscription, TopicStats};
pub use ledger::Account;
pub use message::{Draft, DraftError, Message};
pub use room::{join_url, lan_address, token};
pub use tally::{Carrier, CarrierStats, Connections, InOut, Spread, Stats};

use clients::Clients;
use ledger::Ledger;
use rate::Bucket;
use restart::Order;
use room::Room;
use tally::Tallies;
use weather::Weather;

/// How long clients may take to go when the server stops.
const GOODBYE: Duration = Duration::from_secs(2);

/// Restarts that may be asked for while one is under way.
const ORDERS: usize = 8;

const YEAR: Duration = Duration::from_hours(365 * 24);

/// How much clients may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; more are answered with 503.
    pub connections: usize,
    /// Bytes of a message that a client sends; more are answered with 413, or close code 1009.
    pub message: usize,
    /// Messages a second that a connection may publish, and all together twenty times as many;
    /// more are answered with 429, or an error over its WebSocket.
    pub publish_rate: u32,
    /// How long a client may read nothing while there is something for it, or leave a ping of
    /// HTTP/2 without an answer.
    pub stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            message: 1 << 20,
            publish_rate: 1_000,
            stall: Duration::from_secs(30),
        }
    }
}

/// A server that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A setting is out of range.
    #[error(transparent)]
    Options(#[from] ServerOptionsError),
    /// Another program listens there.
    #[error(
        "{0} is in use by another program; stop it, or listen on another port (0 takes a free one)"
    )]
    AddressInUse(SocketAddr),
    /// The system does not allow it.
    #[error(
        "listening on {0} is not allowed; ports below 1024 belong to the system, use a higher one"
    )]
    NotAllowed(SocketAddr),
    /// This machine has no such address.
    #[error("{} is not an address of this machine; use 127.0.0.1, or 0.0.0.0 for all its addresses", .0.ip())]
    NotOurs(SocketAddr),
    /// No token could be made for a room.
    #[error("the system gives no random numbers to make a token of: {0}; choose a token yourself")]
    Token(#[from] getrandom::Error),
    /// It is being stopped, or is stopped already.
    #[error("the server is stopped; start it again")]
    Stopped,
    /// Something else.
    #[error("listening on {0} failed: {1}; try another address or port")]
    Listen(SocketAddr, #[source] io::Error),
}

/// What a server is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Whoever comes is served.
    Listening,
    /// Nobody listens for a while.
    Restarting,
    /// It is over; why, where nobody asked for it.
    Stopped(Option<Arc<str>>),
}

/// What every part of a running server holds.
#[derive(Debug)]
struct Shared {
    addr: SocketAddr,
    /// How it was started.
    options: ServerOptions,
    /// Whom it lets in, where not everybody who can reach it.
    room: Option<Room>,
    limits: Limits,
    hub: Hub,
    tallies: Tallies,
    clients: Clients,
    ledger: Ledger,
    reports: report::Pace,
    /// Memory for the bodies of requests, in KiB.
    bodies: Semaphore,
    /// What all may publish.
    publishing: Mutex<Bucket>,
    /// What the source is to do.
    source: watch::Sender<Source>,
    /// What the source keeps to.
    kept: watch::Receiver<Source>,
    /// What is done to connections.
    weather: Arc<Weather>,
    phase: watch::Sender<Phase>,
    /// Where restarts are asked for.
    orders: mpsc::Sender<Order>,
    tasks: TaskTracker,
    /// Asks everything to come to an end.
    stop: CancellationToken,
    /// Ends what did not.
    kill: CancellationToken,
}

impl Shared {
    /// It is doing this now. What is stopped stays so.
    fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|now| {
            let changes = !matches!(now, Phase::Stopped(_));
            if changes {
                *now = phase;
            }
            changes
        });
    }

    /// Ends everything at once and without a word.
    fn end(&self, why: Option<Arc<str>>) {
        self.enter(Phase::Stopped(why));
        self.stop.cancel();
        self.kill.cancel();
    }
}

/// A running server. Dropped, it ends at once and without a word to its clients.
#[derive(Debug)]
pub struct Server {
    control: Control,
}

impl Server {
    /// Starts a server with an empty hub. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`ServerError`], whose text says what to try.
    pub async fn start(options: ServerOptions) -> Result<Self, ServerError> {
        let hub = Hub::new(options.history);
        Self::start_with(options, hub).await
    }

    /// Starts a server that goes on with the messages and ids of `hub`.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_with(options: ServerOptions, hub: Hub) -> Result<Self, ServerError> {
        Self::start_within(options, hub, Limits::default()).await
    }

    /// Starts a server with other limits.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_within(
        options: ServerOptions,
        hub: Hub,
        limits: Limits,
    ) -> Result<Self, ServerError> {
        let mut options = options.checked()?;
        // No time between two is no sensible wish, and no clock reaches beyond a year.
        options.heartbeat = options.heartbeat.filter(|every| !every.is_zero());
        options.heartbeat = options.heartbeat.map(|every| every.min(YEAR));
        if options.join.is_none() && !options.listen.ip().is_loopback() {
            options.join = Some(token()?);
        }
        let (listener, addr) = bind(options.listen).await?;
        hub.set_history(options.history);
        let (keeps, kept) = watch::channel(options.source.clone());
        let (orders, ordered) = mpsc::channel(ORDERS);
        let shared = Arc::new(Shared {
            addr,
            room: options.join.clone().map(Room::new),
            limits,
            hub,
            tallies: Tallies::new(),
            clients: Clients::default(),
            ledger: Ledger::default(),
            reports: report::Pace::default(),
            bodies: body::memory(),
            publishing: Mutex::new(Bucket::together(limits.publish_rate, Instant::now())),
            source: watch::Sender::new(options.source.clone()),
            kept,
            weather: Arc::new(Weather::new(options.network.clone())),
            options,
            phase: watch::Sender::new(Phase::Listening),
            orders,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            kill: CancellationToken::new(),
        });
        let wanted = shared.source.subscribe();
        let (hub, stop) = (shared.hub.clone(), shared.stop.clone());
        shared.tasks.spawn(source::run(hub, wanted, keeps, stop));
        shared.tasks.spawn(accept::run(Arc::clone(&shared), listener, ordered));
        Ok(Self { control: Control { shared } })
    }

    /// A handle on it, for those who drive it without owning it.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// See [`Control::addr`].
    pub fn addr(&self) -> SocketAddr {
        self.control.addr()
    }

    /// See [`Control::url`].
    pub fn url(&self) -> String {
        self.control.url()
    }

    /// See [`Control::options`].
    pub fn options(&self) -> ServerOptions {
        self.control.options()
    }

    /// See [`Control::hub`].
    pub fn hub(&self) -> &Hub {
        self.control.hub()
    }

    /// See [`Control::publish`].
    ///
    /// # Errors
    /// As there.
    pub fn publish(&self, topic: &str, draft: &Draft) -> Result<u64, HubError> {
        self.control.publish(topic, draft)
    }

    /// See [`Control::source`].
    pub fn source(&self) -> Source {
        self.control.source()
    }

    /// See [`Control::set_source`].
    ///
    /// # Errors
    /// As there.
    pub fn set_source(&self, source: Source) -> Result<(), ServerOptionsError> {
        self.control.set_source(source)
    }

    /// See [`Control::settled`].
    pub async fn settled(&self) {
        self.control.settled().await;
    }

    /// See [`Control::stats`].
    pub fn stats(&self) -> Stats {
        self.control.stats()
    }

    /// Stops: the port is free, WebSockets are closed with 1001, streams and held polls end. Waits
    /// until clients have gone, two seconds at most, then cuts those that remain. No task is left.
    pub async fn stop(self) {
        let shared = &self.control.shared;
        shared.enter(Phase::Stopped(None));
        shared.stop.cancel();
        shared.tasks.close();
        if tokio::time::timeout(GOODBYE, shared.tasks.wait()).await.is_err() {
            shared.kill.cancel();
            // What is killed ends where it waits next, and nothing here computes for long.
            let _ = tokio::time::timeout(GOODBYE, shared.tasks.wait()).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.control.shared.end(None);
    }
}

/// Listens there; on what address it turned out to be.
async fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let bound = async {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        Ok((listener, addr))
    };
    bound.await.map_err(|error| refused(addr, error))
}

fn refused(addr: SocketAddr, error: io::Error) -> ServerError {
    match error.kind() {
        io::ErrorKind::AddrInUse => ServerError::AddressInUse(addr),
        io::ErrorKind::PermissionDenied => ServerError::NotAllowed(addr),
        io::ErrorKind::AddrNotAvailable => ServerError::NotOurs(addr),
        _ => ServerError::Listen(addr, error),
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
