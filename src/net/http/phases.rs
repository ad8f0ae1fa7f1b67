//! Times what happens before a request leaves: the name is looked up, the connection is made. A
//! request finds its own times through a task-local, because one client serves many at once; and
//! what TLS agreed on is kept for as long as its connection may serve.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use hyper::http::Extensions;
use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tower::{Layer, Service};

use crate::net::tls::{Noted, Notes};

/// Connections whose TLS is remembered; there are rarely two.
const KNOWN: usize = 32;

tokio::task_local! {
    /// The times of the request that this task is sending.
    pub(super) static PHASES: Phases;
}

/// What was measured so far; shared by the parts that measure.
#[derive(Debug, Clone, Default)]
pub(super) struct Phases {
    taken: Arc<Mutex<Taken>>,
    notes: Notes,
    known: Known,
}

/// How long each phase took; absent when it did not take place, as with a reused connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    pub(super) dns: Option<Duration>,
    pub(super) addresses: Vec<SocketAddr>,
    /// From the wish for a connection to its end, looking up and TLS included.
    pub(super) connect: Option<Duration>,
    pub(super) connected_at: Option<Instant>,
    /// How long of it the last TLS handshake took.
    pub(super) tls: Option<Duration>,
}

/// What TLS agreed on, by the local address of the connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<VecDeque<(SocketAddr, Noted)>>>);

impl Known {
    fn keep(&self, local: SocketAddr, noted: Noted) {
        let mut known = lock(&self.0);
        // The system gives a port again once its connection is gone.
        known.retain(|(other, _)| *other != local);
        known.push_back((local, noted));
        if known.len() > KNOWN {
            known.pop_front();
        }
    }

    /// What was agreed on over the connection an answer came by.
    pub(super) fn of(&self, response: &reqwest::Response) -> Noted {
        let info = response.extensions().get::<HttpInfo>();
        let Some(local) = info.map(HttpInfo::local_addr) else { return Noted::default() };
        let known = lock(&self.0);
        let found = known.iter().find(|(other, _)| *other == local);
        found.map(|(_, noted)| noted.clone()).unwrap_or_default()
    }
}

impl Phases {
    pub(super) fn beside(known: &Known) -> Self {
        Self { known: known.clone(), ..Self::default() }
    }

    pub(super) fn taken(&self) -> Taken {
        lock(&self.taken).clone()
    }

    /// What the handshakes so far showed.
    pub(super) fn noted(&self) -> Noted {
        self.notes.read()
    }

    fn connected(&self, began: Instant, connection: &impl Connection) {
        let noted = self.notes.read();
        let mut taken = lock(&self.taken);
        taken.connect = Some(began.elapsed());
        taken.connected_at = Some(Instant::now());
        taken.tls = noted.began.map(|began| began.elapsed());
        let mut extensions = Extensions::new();
        connection.connected().get_extras(&mut extensions);
        if let Some(info) = extensions.get::<HttpInfo>() {
            self.known.keep(info.local_addr(), noted);
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The system's resolver, timed.
#[derive(Debug)]
pub(super) struct Lookup;

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let phases = PHASES.try_with(Phases::clone).unwrap_or_default();
        Box::pin(async move {
            let began = Instant::now();
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut taken = lock(&phases.taken);
            // With some proxies both their name and the endpoint's are looked up.
            taken.dns = Some(taken.dns.unwrap_or_default() + began.elapsed());
            taken.addresses.clone_from(&found);
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Wraps reqwest's connector, which is only called for new connections.
#[derive(Debug, Clone)]
pub(super) struct ConnectLayer;

impl<S> Layer<S> for ConnectLayer {
    type Service = TimedConnect<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimedConnect(inner)
    }
}

#[derive(Debug, Clone)]
pub(super) struct TimedConnect<S>(S);

impl<S, Request> Service<Request> for TimedConnect<S>
where
    S: Service<Request>,
    S::Future: Send + 'static,
    S::Response: Connection + 'static,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let phases = PHASES.try_with(Phases::clone).unwrap_or_default();
        let began = Instant::now();
        // It may be finished by another task, if the request finds a connection before.
        let connecting = PHASES.scope(phases.clone(), self.0.call(request));
        let connecting = phases.notes.scope(connecting);
        Box::pin(async move {
            let connection = connecting.await?;
            phases.connected(began, &connection);
            Ok(connection)
        })
    }
}
