//! Following a topic on behalf of one client: messages as they come, heartbeats while it is quiet,
//! an end when the client is too slow or the server stops.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::clients::Open;
use super::hub::{Overrun, Subscription};
use super::message::Message;
use super::tally::Carrier;

/// Messages handed over at a time.
const BATCH: usize = 256;
/// Bytes handed over at a time, more or less; what a slow client holds in memory.
const BATCH_BYTES: usize = 64 << 10;

/// What happens next to a client.
#[derive(Debug)]
pub(super) enum Step {
    /// These are for it.
    Messages(Vec<Arc<Message>>),
    /// Nothing came for as long as a heartbeat takes.
    Quiet,
    /// It fell too far behind.
    TooSlow(Overrun),
    /// The server stops.
    Over,
}

/// A client's place in a topic and in the statistics.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) subscription: Subscription,
    pub(super) heartbeat: Option<Duration>,
    pub(super) stop: CancellationToken,
    pub(super) open: Open,
}

impl Follower {
    /// Waits for what is next. May be dropped at any time.
    pub(super) async fn step(&mut self) -> Step {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Step::Over,
            () = self.subscription.ready() => {
                match take(&mut self.subscription, &self.open) {
                    Ok(messages) => Step::Messages(messages),
                    Err(overrun) => Step::TooSlow(overrun),
                }
            }
            () = pause(self.heartbeat) => Step::Quiet,
        }
    }
}

/// The next batch, counted as sent. A client for whom it comes too late is counted as slow.
pub(super) fn take(
    subscription: &mut Subscription,
    open: &Open,
) -> Result<Vec<Arc<Message>>, Overrun> {
    let taken = subscription.take(BATCH, BATCH_BYTES);
    if let Ok(messages) = &taken {
        let over_websocket = open.carrier() == Carrier::Websocket;
        for message in messages {
            let payload = if over_websocket { message.for_websocket() } else { &message.json };
            open.sent(payload.len());
        }
    } else {
        open.tally().slow.add(1);
        open.tally().errors.add(1);
    }
    taken
}

/// Waits that long, or for ever.
pub(super) async fn pause(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// What is said to a client that fell behind.
pub(super) fn too_slow(overrun: Overrun) -> String {
    format!("too slow: {} messages are gone; come back with the last id", overrun.missed)
}
