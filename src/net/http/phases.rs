//! Times what happens before a request leaves: the name is looked up, the connection is made. A
//! request finds its own times through a task-local, because one client serves many at once.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tower::{Layer, Service};

tokio::task_local! {
    /// The times of the request that this task is sending.
    pub(super) static PHASES: Phases;
}

/// What was measured so far; shared by the parts that measure.
#[derive(Debug, Clone, Default)]
pub(super) struct Phases(Arc<Mutex<Taken>>);

/// How long each phase took; absent when it did not take place, as with a reused connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    pub(super) dns: Option<Duration>,
    pub(super) addresses: Vec<SocketAddr>,
    /// From the wish for a connection to its end, looking up and TLS included.
    pub(super) connect: Option<Duration>,
    pub(super) connected_at: Option<Instant>,
}

impl Phases {
    pub(super) fn shared() -> Self {
        Self::default()
    }

    fn note(&self, change: impl FnOnce(&mut Taken)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

pub(super) fn taken(phases: &Phases) -> Taken {
    phases.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
            phases.note(|taken| {
                taken.dns = Some(began.elapsed());
                taken.addresses.clone_from(&found);
            });
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
    S::Response: 'static,
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
        let connecting = self.0.call(request);
        Box::pin(async move {
            let connection = connecting.await?;
            phases.note(|taken| {
                taken.connect = Some(began.elapsed());
                taken.connected_at = Some(Instant::now());
            });
            Ok(connection)
        })
    }
}
