//! What was counted for requests that say who they are with `?client=NAME`, over all connections
//! they came on, those that are over included.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::tally::Counter;

/// Names there is an account of, at a time.
const NAMES: usize = 1024;

/// What was counted for one name. Bytes are those that passed the socket: heads, frame headers and
/// chunk sizes included, TCP and TLS not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Account {
    /// Requests, handshakes of WebSockets and what was published over HTTP included.
    pub requests: u64,
    /// WebSockets, event streams, NDJSON streams, and TCP connections on which it polled.
    pub connections: u64,
    /// Messages handed to it.
    pub delivered: u64,
    /// Bytes of those messages.
    pub payload_out: u64,
    /// Bytes from it.
    pub wire_in: u64,
    /// Bytes to it.
    pub wire_out: u64,
}

/// The running account of one name.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) name: Box<str>,
    /// Tells tabs apart, also from one of the same name that was given up.
    pub(super) number: u64,
    /// Rises with each request of any name.
    used: AtomicU64,
    requests: Counter,
    pub(super) connections: Counter,
    delivered: Counter,
    payload_out: Counter,
    pub(super) wire_in: Counter,
    pub(super) wire_out: Counter,
}

impl Tab {
    fn new(name: &str, number: u64) -> Self {
        let new = Counter::default;
        Self {
            name: name.into(),
            number,
            used: AtomicU64::new(number),
            requests: new(),
            connections: new(),
            delivered: new(),
            payload_out: new(),
            wire_in: new(),
            wire_out: new(),
        }
    }

    /// A message was handed over with this many bytes.
    pub(super) fn sent(&self, bytes: usize) {
        self.delivered.add(1);
        self.payload_out.add(bytes);
    }

    fn account(&self) -> Account {
        Account {
            requests: self.requests.get(),
            connections: self.connections.get(),
            delivered: self.delivered.get(),
            payload_out: self.payload_out.get(),
            wire_in: self.wire_in.get(),
            wire_out: self.wire_out.get(),
        }
    }
}

/// All accounts. Where there are too many, the one that was idle longest goes.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    tabs: Mutex<HashMap<Box<str>, Arc<Tab>>>,
    requests: AtomicU64,
}

impl Ledger {
    /// Counts a request of `name`; its tab.
    pub(super) fn request(&self, name: &str) -> Arc<Tab> {
        let now = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut tabs = self.tabs.lock().unwrap_or_else(PoisonError::into_inner);
        if !tabs.contains_key(name) && tabs.len() >= NAMES {
            // One that a connection still counts on is not idle, however long it says nothing.
            let idle = tabs
                .values()
                .min_by_key(|tab| (Arc::strong_count(tab) > 1, tab.used.load(Ordering::Relaxed)));
            if let Some(name) = idle.map(|tab| tab.name.clone()) {
                tabs.remove(&name);
            }
        }
        let new = || Arc::new(Tab::new(name, now));
        let tab = tabs.entry(name.into()).or_insert_with(new);
        tab.requests.add(1);
        tab.used.store(now, Ordering::Relaxed);
        Arc::clone(tab)
    }

    /// What was counted for `name` so far.
    pub(super) fn account(&self, name: &str) -> Option<Account> {
        let tabs = self.tabs.lock().unwrap_or_else(PoisonError::into_inner);
        tabs.get(name).map(|tab| tab.account())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_idle_goes_first_and_none_in_use() {
        let ledger = Ledger::default();
        let held = ledger.request("held");
        for n in 1..NAMES {
            ledger.request(&n.to_string());
        }
        ledger.request("1");
        ledger.request("new");
        assert!(ledger.account("2").is_none(), "idle longest");
        for kept in ["held", "1", "3", "new"] {
            assert!(ledger.account(kept).is_some(), "{kept}");
        }
        assert_eq!(ledger.account("1").map(|account| account.requests), Some(2));
        held.sent(7);
        let account = ledger.account("held").unwrap_or_default();
        assert_eq!((account.delivered, account.payload_out), (1, 7));
    }
}
