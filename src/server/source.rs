//! The source: messages of a shape and size at a steady rate, all of which may change at any time.

use std::time::Instant;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use crate::model::Source;

mod corpus;
mod schedule;
mod shape;

use schedule::Schedule;
use shape::Shaper;

/// Messages of a burst after which others get their turn.
const TURN: u64 = 256;

/// Sends what is wanted until `stop`, and says in `kept` what it keeps to.
pub(super) async fn run(
    hub: Hub,
    mut wanted: watch::Receiver<Source>,
    kept: watch::Sender<Source>,
    stop: CancellationToken,
) {
    loop {
        let now = wanted.borrow_and_update().clone();
        hub.expect_at_once(now.burst as usize);
        hub.keep(&now.topics);
        kept.send_replace(now.clone());
        tokio::select! {
            () = stop.cancelled() => return,
            changed = wanted.changed() => if changed.is_err() { return },
            () = send(&hub, &now) => {}
        }
    }
}

async fn send(hub: &Hub, source: &Source) {
    let topics = source.topics.len() as u64;
    if source.rate <= 0.0 || topics == 0 {
        return std::future::pending().await;
    }
    let shaper = Shaper::new(source.shape, source.size);
    let mut schedule = Schedule::new(Instant::now(), source.rate, source.burst);
    let mut sent = 0;
    loop {
        tokio::time::sleep(schedule.wait(Instant::now())).await;
        for left in (0..schedule.due(Instant::now())).rev() {
            let topic = &source.topics[(sent % topics) as usize];
            // Only fails when there is no room for the topic; then there is none later.
            if hub.publish(topic, &shaper.draft(sent / topics)).is_err() {
                return std::future::pending().await;
            }
            sent += 1;
            if left % TURN == 0 {
                tokio::task::yield_now().await;
            }
        }
    }
}
