//! What is known of one TCP connection: what it is used for, to whom its bytes are put down, and
//! how to end it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::Shared;
use super::clients::{Entry, Open};
use super::hub::Place;
use super::ledger::Tab;
use super::rate::{self, Bucket, TooFast};
use super::tally::Carrier;
use super::visit::{Visit, Wire};
use super::weather::Link;

/// Names that a connection remembers it polled for. Of more, those that come again count again.
const NAMES: usize = 16;

/// Counts the bytes of one TCP connection.
///
/// On a connection that is used for several things in turn, bytes read are held until the request
/// they belong to is known, and bytes written belong to the request that was answered last. This
/// is exact as long as a client waits for an answer before it asks again; for requests that are
/// pipelined, and over HTTP/2, sums are right and the split is an approximation.
#[derive(Debug)]
pub(super) struct Meter {
    shared: Arc<Shared>,
    peer: SocketAddr,
    /// What is done to it.
    link: Arc<Link>,
    /// Cancelled, the connection ends at once and without a word.
    end: CancellationToken,
    /// What bytes are put down to.
    purpose: Mutex<Purpose>,
    /// A request has come.
    asked: AtomicBool,
    /// No further request will come, so bytes read need not wait for one.
    upgraded: AtomicBool,
    /// Bytes read that belong to a request not seen yet.
    unclaimed: AtomicU64,
    /// Polls that this connection has been used for.
    polls: Mutex<Vec<Poll>>,
    /// What its peer may publish.
    bucket: Mutex<Bucket>,
}

/// What a connection is used for at a time.
#[derive(Debug)]
struct Purpose {
    carrier: Carrier,
    wire: Arc<Wire>,
    tab: Option<Arc<Tab>>,
}

/// A poll that was asked for on a connection.
#[derive(Debug)]
struct Poll {
    open: Open,
    /// Numbers of the tabs that count this connection.
    tabs: Vec<u64>,
}

impl Meter {
    /// `era` ends it together with all others.
    pub(super) fn new(
        shared: &Arc<Shared>,
        peer: SocketAddr,
        era: &CancellationToken,
    ) -> Arc<Self> {
        shared.tallies.accepted.add(1);
        let purpose = Purpose { carrier: Carrier::Other, wire: Arc::default(), tab: None };
        Arc::new(Self {
            shared: Arc::clone(shared),
            peer,
            link: Link::new(&shared.weather),
            end: era.child_token(),
            purpose: Mutex::new(purpose),
            asked: AtomicBool::new(false),
            upgraded: AtomicBool::new(false),
            unclaimed: AtomicU64::new(0),
            polls: Mutex::default(),
            bucket: Mutex::new(Bucket::new(shared.limits.publish_rate, Instant::now())),
        })
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// What is done to it.
    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Cancelled, the connection ends at once and without a word.
    pub(super) fn end(&self) -> &CancellationToken {
        &self.end
    }

    /// What the connection was last used for.
    pub(super) fn carrier(&self) -> Carrier {
        self.purpose().carrier
    }

    /// What was read so far, and what is written from now on, is for `carrier` and of `tab`; where
    /// it is counted for the client.
    pub(super) fn begin(&self, carrier: Carrier, tab: Option<Arc<Tab>>) -> Arc<Wire> {
        self.asked.store(true, Ordering::Relaxed);
        let polled = self
            .polls()
            .iter()
            .find(|poll| poll.open.carrier() == carrier)
            .map(|poll| Arc::clone(poll.open.entry().wire()));
        let wire = polled.unwrap_or_default();
        *self.purpose() = Purpose { carrier, wire: Arc::clone(&wire), tab };
        self.claim();
        wire
    }

    /// Whether there has been a request.
    pub(super) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// What was read so far is for the request begun last.
    pub(super) fn claim(&self) {
        let bytes = self.unclaimed.swap(0, Ordering::Relaxed);
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let purpose = self.purpose();
        self.shared.tallies.of(purpose.carrier).wire_in.add(bytes);
        purpose.wire.r#in.add(bytes);
        if let Some(tab) = &purpose.tab {
            tab.wire_in.add(bytes);
        }
    }

    /// The connection has become a WebSocket.
    pub(super) fn upgraded(&self) {
        self.upgraded.store(true, Ordering::Relaxed);
        self.claim();
    }

    /// A poll was asked for on this connection: the first makes it one of that poll's connections,
    /// and its peer a client. `resumes` says that the client has been here before.
    pub(super) fn polled(&self, visit: &Visit, place: Place, resumes: bool) -> Arc<Entry> {
        let mut polls = self.polls();
        let at = polls.iter().position(|poll| poll.open.carrier() == visit.carrier);
        let at = at.unwrap_or_else(|| {
            let open = Open::new(visit, place.clone(), resumes, self.end.clone());
            polls.push(Poll { open, tabs: Vec::new() });
            polls.len() - 1
        });
        let poll = &mut polls[at];
        if let Some(tab) = &visit.tab
            && !poll.tabs.contains(&tab.number)
        {
            tab.connections.add(1);
            poll.tabs.truncate(NAMES - 1);
            poll.tabs.insert(0, tab.number);
        }
        let entry = Arc::clone(poll.open.entry());
        drop(polls);
        entry.polled(place, visit.tab.clone());
        entry
    }

    /// Its peer publishes a message, if that is not too fast.
    pub(super) fn publishes(&self) -> Result<(), TooFast> {
        rate::take(&self.bucket, &self.shared.publishing, Instant::now())
    }

    /// So many bytes came from the socket.
    pub(super) fn read(&self, bytes: usize) {
        self.unclaimed.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.upgraded.load(Ordering::Relaxed) {
            self.claim();
        }
    }

    /// The socket took so many bytes.
    pub(super) fn wrote(&self, bytes: usize) {
        let purpose = self.purpose();
        self.shared.tallies.of(purpose.carrier).wire_out.add(bytes);
        purpose.wire.out.add(bytes);
        if let Some(tab) = &purpose.tab {
            tab.wire_out.add(bytes);
        }
    }

    /// The peer has stopped reading and is given up.
    pub(super) fn stalled(&self) {
        let tally = self.shared.tallies.of(self.carrier());
        tally.slow.add(1);
        tally.errors.add(1);
    }

    fn purpose(&self) -> MutexGuard<'_, Purpose> {
        self.purpose.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn polls(&self) -> MutexGuard<'_, Vec<Poll>> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.claim();
        self.shared.tallies.ended.add(1);
    }
}
