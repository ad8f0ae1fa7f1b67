//! Many clients of one transport, opened a few at a time and held.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::base::Base;
use super::client::attend;
use super::tally::{Member, Tally};
use crate::model::TransportKind;

/// Clients that are being opened at a time; more would fill the queue in which a server's system
/// keeps those it has not accepted yet, and measure how long lost packets take to be sent again.
pub(super) const AT_A_TIME: usize = 128;
/// Clients that may fail to open before no more are tried.
const ENOUGH: usize = 16;

/// Clients that are held until this is dropped.
pub(super) struct Held {
    pub(super) tally: Arc<Tally>,
    members: JoinSet<()>,
}

impl Held {
    /// Opens `clients` of them, or as many as can be.
    pub(super) async fn open(base: &Arc<Base>, kind: TransportKind, clients: usize) -> Self {
        let tally = Tally::new();
        let gate = Arc::new(Semaphore::new(AT_A_TIME));
        let mut members = JoinSet::new();
        for place in 0..clients {
            // Never closed.
            let Ok(turn) = Arc::clone(&gate).acquire_owned().await else { break };
            if tally.tried().1 >= ENOUGH {
                break;
            }
            let mut member = Member::new(&tally, place, turn);
            let base = Arc::clone(base);
            members.spawn(async move {
                let trouble = attend(&base, kind, &mut member).await;
                member.ended(&trouble);
            });
        }
        tally.has_tried(members.len()).await;
        Self { tally, members }
    }

    /// Ends all of them.
    pub(super) async fn end(mut self) {
        self.members.shutdown().await;
    }
}
