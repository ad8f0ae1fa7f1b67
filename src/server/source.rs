//! The ticks: messages at a steady rate, of a size, both of which may change at any time.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use super::message::Draft;
use crate::model::Source;

/// Behind by more than this, the source goes on from now: the machine slept.
const PATIENCE: Duration = Duration::from_secs(1);
/// Longest wait, so that no rate leads to a time the system cannot name.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
const WORDS: &str = "The quick brown fox jumps over the lazy dog. ";

/// Sends ticks into the default topic until `stop`, and says in `kept` what it keeps to.
pub(super) async fn run(
    hub: Hub,
    mut wanted: watch::Receiver<Source>,
    kept: watch::Sender<Source>,
    stop: CancellationToken,
) {
    loop {
        let now = wanted.borrow_and_update().clone();
        kept.send_replace(now.clone());
        tokio::select! {
            () = stop.cancelled() => return,
            changed = wanted.changed() => if changed.is_err() { return },
            () = tick(&hub, &now) => {}
        }
    }
}

async fn tick(hub: &Hub, source: &Source) {
    if source.rate <= 0.0 {
        return std::future::pending().await;
    }
    let draft = Draft::text("tick", &words(source.size));
    let mut schedule = Schedule::new(Instant::now(), source.rate);
    let mut topics = source.topics.iter().cycle();
    loop {
        tokio::time::sleep(schedule.wait(Instant::now())).await;
        for _ in 0..schedule.due(Instant::now()) {
            let Some(topic) = topics.next() else { return std::future::pending().await };
            // Only fails when there is no room for the topic; then there is none later.
            if hub.publish(topic, &draft).is_err() {
                return std::future::pending().await;
            }
        }
    }
}

fn words(size: usize) -> String {
    WORDS.chars().cycle().take(size).collect()
}

/// When which message is due. Counts from a fixed start, so that late wake-ups do not add up.
#[derive(Debug)]
struct Schedule {
    start: Instant,
    rate: f64,
    sent: u64,
}

impl Schedule {
    fn new(start: Instant, rate: f64) -> Self {
        Self { start, rate, sent: 0 }
    }

    /// How many messages are due by `now`; they count as sent.
    fn due(&mut self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.start);
        let total = (elapsed.as_secs_f64() * self.rate) as u64;
        let due = total.saturating_sub(self.sent);
        if due as f64 > (self.rate * PATIENCE.as_secs_f64()).max(1.0) {
            *self = Self::new(now, self.rate);
            return 1;
        }
        self.sent += due;
        due
    }

    /// How long from `now` until the next message is due.
    fn wait(&self, now: Instant) -> Duration {
        let next = Duration::try_from_secs_f64((self.sent + 1) as f64 / self.rate);
        let elapsed = now.saturating_duration_since(self.start);
        next.unwrap_or(LONGEST_WAIT).saturating_sub(elapsed).min(LONGEST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_fall_due_at_the_rate_however_late_it_wakes() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut schedule = Schedule::new(start, 10.0);
        assert_eq!(schedule.wait(start), Duration::from_millis(100));
        assert_eq!(schedule.due(at(99)), 0);
        assert_eq!(schedule.due(at(101)), 1);
        assert_eq!(schedule.wait(at(101)), Duration::from_millis(99));
        assert_eq!(schedule.due(at(455)), 3);
        assert_eq!(schedule.due(at(455)), 0);
        assert_eq!(schedule.due(at(1_001)), 6);
    }

    #[test]
    fn after_a_long_sleep_it_goes_on_instead_of_catching_up() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, 100.0);
        let later = start + Duration::from_hours(1);
        assert_eq!(schedule.due(later), 1);
        assert_eq!(schedule.due(later + Duration::from_millis(15)), 1);
    }

    #[test]
    fn hardly_ever_is_a_rate_too() {
        let start = Instant::now();
        for rate in [1e-3, 1e-300, f64::MIN_POSITIVE] {
            let mut schedule = Schedule::new(start, rate);
            assert!(schedule.wait(start) <= LONGEST_WAIT);
            assert_eq!(schedule.due(start + Duration::from_secs(10)), 0);
        }
    }

    #[test]
    fn a_tick_has_the_size_asked_for() {
        for size in [1, 45, 100, 1_000_000] {
            assert_eq!(words(size).len(), size);
        }
    }
}
