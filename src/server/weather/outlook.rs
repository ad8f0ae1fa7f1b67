//! What is done to one stream, one WebSocket or one held poll, as it changes, and when it is to
//! end as its protocol wants it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::storm::Terms;
use super::{Link, Mangling, Now, polls};
use crate::model::{CutHow, Impairment, TransportKind};

/// What comes of the weather.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Turn {
    /// Something else is done from now on.
    Changed,
    /// It is time to end, and to say so.
    End,
}

/// The weather over one stream.
#[derive(Debug)]
pub(in crate::server) struct Outlook {
    kind: TransportKind,
    link: Arc<Link>,
    changes: watch::Receiver<Arc<Now>>,
    now: Arc<Now>,
    /// Since when that is done, as far as this stream goes.
    seen: Instant,
    began: Instant,
}

impl Outlook {
    pub(in crate::server) fn new(link: &Arc<Link>, kind: TransportKind) -> Self {
        let mut changes = link.weather().now.subscribe();
        let now = Arc::clone(&changes.borrow_and_update());
        let seen = Instant::now();
        // A stream is cut, or else the connection that carries one request after the other.
        let began = if polls(kind) { link.began() } else { seen };
        Self { kind, link: Arc::clone(link), changes, now, seen, began }
    }

    pub(in crate::server) fn impairment(&self) -> &Impairment {
        self.now.of(self.kind)
    }

    /// What is done to messages, as of this moment: a message that is published after a change is
    /// treated by it, whatever this stream has noticed so far.
    pub(in crate::server) fn mangling(&self) -> Mangling {
        Mangling::of(self.changes.borrow().of(self.kind))
    }

    /// How much longer an answer of the client may take because of the weather.
    pub(in crate::server) fn detour(&self) -> Duration {
        Terms::of(&self.link).detour()
    }

    /// Waits for the weather to change, or for the end. May be dropped at any time.
    pub(in crate::server) async fn turn(&mut self) -> Turn {
        loop {
            let end = self.end();
            tokio::select! {
                biased;
                changed = self.changes.changed() => {
                    if changed.is_err() {
                        // Cannot be: the sender is in the weather that the link holds.
                        return std::future::pending().await;
                    }
                    self.now = Arc::clone(&self.changes.borrow_and_update());
                    self.seen = Instant::now();
                    return Turn::Changed;
                }
                () = until(end) => {
                    // Bytes may have passed meanwhile.
                    if self.end().is_some_and(|end| end <= Instant::now()) {
                        return Turn::End;
                    }
                }
            }
        }
    }

    fn end(&self) -> Option<Instant> {
        let Impairment { cut, idle, .. } = self.impairment();
        let cut = cut.filter(|cut| cut.how == CutHow::Clean);
        let cut = cut.and_then(|_| self.now.cut_at(self.kind, self.began));
        let idle = idle.filter(|idle| idle.how == CutHow::Clean);
        let idle = idle.map(|idle| self.link.last_passed().max(self.seen) + idle.after);
        [cut, idle].into_iter().flatten().min()
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}
