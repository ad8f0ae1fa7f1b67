//! Who is connected: every WebSocket, event stream and NDJSON stream, and every TCP connection on
//! which a poll was asked for. An entry vanishes with its connection, so there are never more than
//! a few a connection.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use super::Shared;
use super::hub::Place;
use super::ledger::Tab;
use super::tally::{Carrier, Counter, Tally};
use super::visit::{Visit, Wire};
use crate::model::Reported;

/// A client of the server at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// Its number, for [`Control::cut`](super::Control::cut); never given twice.
    pub id: u64,
    /// How it is connected.
    pub carrier: Carrier,
    /// Where it comes from.
    pub peer: SocketAddr,
    /// What it calls itself, at most 256 characters; empty where it does not say.
    pub user_agent: String,
    /// When it came.
    pub since: SystemTime,
    /// Messages handed to it.
    pub delivered: u64,
    /// Bytes from it, at the socket.
    pub wire_in: u64,
    /// Bytes to it, at the socket.
    pub wire_out: u64,
    /// Messages of its topics that it was not given yet.
    pub behind: u64,
    /// Who it says it is, with `?client=NAME`.
    pub name: Option<String>,
    /// What it measured and reported itself.
    pub reported: Option<Reported>,
}

impl Client {
    /// The same client with what was counted on another, newer connection of it.
    fn and(self, other: &Self) -> Self {
        Self {
            delivered: self.delivered + other.delivered,
            wire_in: self.wire_in + other.wire_in,
            wire_out: self.wire_out + other.wire_out,
            behind: self.behind.min(other.behind),
            reported: other.reported.or(self.reported),
            ..self
        }
    }
}

/// A client as the server keeps it.
#[derive(Debug)]
pub(super) struct Entry {
    id: u64,
    carrier: Carrier,
    peer: SocketAddr,
    user_agent: Arc<str>,
    since: SystemTime,
    delivered: Counter,
    wire: Arc<Wire>,
    mutable: Mutex<Mutable>,
    /// Cancelled, the client is to go.
    cut: CancellationToken,
}

/// What changes while a client is connected, besides its counters.
#[derive(Debug)]
struct Mutable {
    tab: Option<Arc<Tab>>,
    places: Vec<Place>,
    reported: Option<Reported>,
}

impl Entry {
    /// A message was handed to it.
    pub(super) fn delivered(&self) {
        self.delivered.add(1);
    }

    pub(super) fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    /// It follows another topic from here on.
    pub(super) fn follows(&self, place: Place) {
        self.locked().places.push(place);
    }

    /// It polled: this is where it is now, and who it says it is.
    pub(super) fn polled(&self, place: Place, tab: Option<Arc<Tab>>) {
        let mut mutable = self.locked();
        mutable.places.clear();
        mutable.places.push(place);
        mutable.tab = tab;
    }

    /// What tells those apart who poll under a name; `None` for others.
    fn poller(&self) -> Option<(Carrier, u64)> {
        let polls = matches!(self.carrier, Carrier::LongPoll | Carrier::ShortPoll);
        let tab = polls.then(|| self.locked().tab.as_ref().map(|tab| tab.number)).flatten();
        tab.map(|number| (self.carrier, number))
    }

    fn locked(&self) -> MutexGuard<'_, Mutable> {
        self.mutable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Client {
        let mutable = self.locked();
        Client {
            id: self.id,
            carrier: self.carrier,
            peer: self.peer,
            user_agent: self.user_agent.to_string(),
            since: self.since,
            delivered: self.delivered.get(),
            wire_in: self.wire.r#in.get(),
            wire_out: self.wire.out.get(),
            behind: mutable.places.iter().map(Place::behind).sum(),
            name: mutable.tab.as_ref().map(|tab| tab.name.to_string()),
            reported: mutable.reported,
        }
    }
}

/// Everybody who is connected.
#[derive(Debug, Default)]
pub(super) struct Clients {
    next: AtomicU64,
    live: Mutex<BTreeMap<u64, Arc<Entry>>>,
}

impl Clients {
    /// The `most` that have been here longest, oldest first, and how many there are. Who polls
    /// under one name is one client, on however many connections, as a browser takes any of those
    /// it has.
    pub(super) fn list(&self, most: usize) -> (Vec<Client>, u64) {
        let mut all = 0;
        let mut listed: Vec<Vec<Arc<Entry>>> = Vec::new();
        let mut pollers = HashMap::new();
        for entry in self.locked().values() {
            let known = entry.poller().map(|poller| *pollers.entry(poller).or_insert(all));
            let at = known.unwrap_or(all);
            if at == all {
                all += 1;
            }
            match listed.get_mut(at) {
                Some(connections) => connections.push(Arc::clone(entry)),
                None if at < most => listed.push(vec![Arc::clone(entry)]),
                None => {}
            }
        }
        let clients = listed.iter().filter_map(|connections| {
            let clients = connections.iter().map(|entry| entry.client());
            clients.reduce(|oldest, other| oldest.and(&other))
        });
        (clients.collect(), all as u64)
    }

    /// Ends every connection of one client; whether there was one.
    pub(super) fn cut(&self, id: u64) -> bool {
        let live = self.locked();
        let Some(entry) = live.get(&id).cloned() else { return false };
        let poller = entry.poller();
        let same =
            |other: &&Arc<Entry>| other.id == id || poller.is_some() && other.poller() == poller;
        let entries: Vec<_> = live.values().filter(same).cloned().collect();
        drop(live);
        for entry in entries {
            entry.cut.cancel();
        }
        true
    }

    /// Ends the connections of all.
    pub(super) fn cut_all(&self) {
        let entries: Vec<_> = self.locked().values().cloned().collect();
        for entry in entries {
            entry.cut.cancel();
        }
    }

    /// Takes what clients of this name measured themselves over one carrier; how many there are.
    pub(super) fn report(&self, name: &str, carrier: Carrier, reported: Reported) -> usize {
        let mut told = 0;
        for entry in self.locked().values().filter(|entry| entry.carrier == carrier) {
            let mut mutable = entry.locked();
            if mutable.tab.as_ref().is_some_and(|tab| &*tab.name == name) {
                mutable.reported = Some(reported);
                told += 1;
            }
        }
        told
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Entry>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that counts as open, and its client as connected, for as long as this lives.
#[derive(Debug)]
pub(super) struct Open {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
    tab: Option<Arc<Tab>>,
    since: Instant,
}

impl Open {
    /// `resumes` says that the client has been here before, `cut` is what asks it to go.
    pub(super) fn new(visit: &Visit, place: Place, resumes: bool, cut: CancellationToken) -> Self {
        let shared = Arc::clone(visit.meter.shared());
        let tally = shared.tallies.of(visit.carrier);
        tally.opened.add(1);
        tally.reconnects.add(usize::from(resumes));
        let entry = Arc::new(Entry {
            id: shared.clients.next.fetch_add(1, Ordering::Relaxed) + 1,
            carrier: visit.carrier,
            peer: visit.meter.peer(),
            user_agent: Arc::clone(&visit.user_agent),
            since: SystemTime::now(),
            delivered: Counter::default(),
            wire: Arc::clone(&visit.wire),
            mutable: Mutex::new(Mutable {
                tab: visit.tab.clone(),
                places: vec![place],
                reported: None,
            }),
            cut,
        });
        shared.clients.locked().insert(entry.id, Arc::clone(&entry));
        Self { shared, entry, tab: visit.tab.clone(), since: Instant::now() }
    }

    /// The same for a stream or a WebSocket, which is a connection of whoever asks.
    pub(super) fn stream(
        visit: &Visit,
        place: Place,
        resumes: bool,
        cut: CancellationToken,
    ) -> Self {
        if let Some(tab) = &visit.tab {
            tab.connections.add(1);
        }
        Self::new(visit, place, resumes, cut)
    }

    pub(super) fn tally(&self) -> &Tally {
        self.shared.tallies.of(self.carrier())
    }

    pub(super) fn carrier(&self) -> Carrier {
        self.entry.carrier
    }

    pub(super) fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// A message was handed to the socket with this many bytes.
    pub(super) fn sent(&self, bytes: usize) {
        self.tally().sent(bytes);
        self.entry.delivered();
        if let Some(tab) = &self.tab {
            tab.sent(bytes);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.tally().lasted(self.since.elapsed());
        self.tally().closed.add(1);
        self.shared.clients.locked().remove(&self.entry.id);
    }
}
