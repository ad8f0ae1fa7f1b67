//! The network between the server and its clients, made bad on purpose. What is done is one
//! [`Network`](crate::model::Network) that may change at any time; whoever does it reads it here.
//!
//! ```text
//! hub → messages → (SSE, stream: middlebox) → (WebSocket: pongs) → pipe → socket
//!              requests ↗
//! ```
//!
//! Where nothing is done, nothing is kept and no timer runs: a connection pays two loads of an
//! atomic number for each read and write.

mod lane;
mod link;
mod messages;
mod middlebox;
mod outlook;
mod pipe;
mod pongs;
mod request;
mod storm;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::{Impairment, Network, TransportKind};

pub(super) use link::Link;
pub(super) use messages::{Mangling, Reader};
pub(super) use middlebox::{Middlebox, takes_gzip};
pub(super) use outlook::{Outlook, Turn};
pub(super) use pipe::{Pipe, Socket};
pub(super) use pongs::Pongs;
pub(super) use request::pass;

/// What is done to connections now.
#[derive(Debug)]
pub(super) struct Now {
    network: Arc<Network>,
    /// Since when connections are cut as they are, for each transport.
    cut_since: [Instant; TransportKind::ALL.len()],
}

impl Now {
    pub(super) fn of(&self, kind: TransportKind) -> &Impairment {
        self.network.of(kind)
    }

    /// When a connection or response that began then is cut, if it is.
    fn cut_at(&self, kind: TransportKind, began: Instant) -> Option<Instant> {
        let cut = self.of(kind).cut?;
        Some(began.max(self.cut_since[kind as usize]) + cut.after)
    }
}

/// Whether requests come and go, rather than a stream that lasts.
fn polls(kind: TransportKind) -> bool {
    matches!(kind, TransportKind::LongPoll | TransportKind::ShortPoll)
}

/// What is done to all connections of a server.
#[derive(Debug)]
pub(super) struct Weather {
    now: watch::Sender<Arc<Now>>,
    /// How often it changed.
    changes: AtomicU64,
    /// Every connection, so that those that wait hear of a change.
    links: Mutex<Links>,
    /// Requests that might have failed, for each transport.
    requests: [AtomicU64; TransportKind::ALL.len()],
}

/// Connections by place; places that are free again are given to others.
#[derive(Debug, Default)]
struct Links {
    places: Vec<Weak<Link>>,
    free: Vec<usize>,
}

impl Weather {
    pub(super) fn new(network: Network) -> Self {
        let cut_since = [Instant::now(); TransportKind::ALL.len()];
        Self {
            now: watch::Sender::new(Arc::new(Now { network: Arc::new(network), cut_since })),
            changes: AtomicU64::new(0),
            links: Mutex::default(),
            requests: Default::default(),
        }
    }

    /// What is done now.
    pub(super) fn network(&self) -> Arc<Network> {
        Arc::clone(&self.now.borrow().network)
    }

    /// Does this from now on, to open connections too.
    pub(super) fn set(&self, network: Network) {
        self.now.send_modify(|now| {
            let mut cut_since = now.cut_since;
            for kind in TransportKind::ALL {
                if now.network.of(kind).cut != network.of(kind).cut {
                    cut_since[kind as usize] = Instant::now();
                }
            }
            *now = Arc::new(Now { network: Arc::new(network), cut_since });
        });
        self.changes.fetch_add(1, Ordering::Release);
        // Any of these may be the last to hold its link, whose end takes the same lock.
        let links: Vec<_> = self.links().places.iter().filter_map(Weak::upgrade).collect();
        for link in links {
            link.wake();
        }
    }

    /// Whether web pages from elsewhere may read what is answered.
    pub(super) fn lets_pages_read(&self, kind: Option<TransportKind>) -> bool {
        kind.is_none_or(|kind| !self.now.borrow().of(kind).without_cors)
    }

    fn now(&self) -> Arc<Now> {
        Arc::clone(&self.now.borrow())
    }

    /// The number of this request of `kind`, from 1, among those that might have failed.
    fn count_request(&self, kind: TransportKind) -> u64 {
        self.requests[kind as usize].fetch_add(1, Ordering::Relaxed) + 1
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Links {
    fn add(&mut self, link: Weak<Link>) -> usize {
        if let Some(place) = self.free.pop() {
            self.places[place] = link;
            return place;
        }
        self.places.push(link);
        self.places.len() - 1
    }

    fn remove(&mut self, place: usize) {
        self.places[place] = Weak::new();
        self.free.push(place);
    }
}
