//! When the source's messages are due. Counts from a fixed start, so that late wake-ups do not add
//! up.

use std::time::{Duration, Instant};

/// Behind by more than this, the source goes on from now: the machine slept.
const PATIENCE: Duration = Duration::from_secs(1);
/// Longest wait, so that no rate leads to a time the system cannot name.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Bursts at a steady rate: at 10 messages a second and a burst of 5, five every half second.
#[derive(Debug)]
pub(super) struct Schedule {
    start: Instant,
    /// Messages a second.
    rate: f64,
    /// Messages that go out together.
    burst: u64,
    /// Bursts since the start.
    sent: u64,
}

impl Schedule {
    pub(super) fn new(start: Instant, rate: f64, burst: u32) -> Self {
        Self { start, rate, burst: u64::from(burst.max(1)), sent: 0 }
    }

    /// How many messages are due by `now`, in whole bursts; they count as sent.
    pub(super) fn due(&mut self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.start);
        let total = (elapsed.as_secs_f64() * self.bursts_a_second()) as u64;
        let due = total.saturating_sub(self.sent);
        if due as f64 > (self.bursts_a_second() * PATIENCE.as_secs_f64()).max(1.0) {
            (self.start, self.sent) = (now, 0);
            return self.burst;
        }
        self.sent += due;
        due * self.burst
    }

    /// How long from `now` until the next burst is due.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        let next = Duration::try_from_secs_f64((self.sent + 1) as f64 / self.bursts_a_second());
        let elapsed = now.saturating_duration_since(self.start);
        next.unwrap_or(LONGEST_WAIT).saturating_sub(elapsed).min(LONGEST_WAIT)
    }

    fn bursts_a_second(&self) -> f64 {
        self.rate / self.burst as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_fall_due_at_the_rate_however_late_it_wakes() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut schedule = Schedule::new(start, 10.0, 1);
        assert_eq!(schedule.wait(start), Duration::from_millis(100));
        assert_eq!(schedule.due(at(99)), 0);
        assert_eq!(schedule.due(at(101)), 1);
        assert_eq!(schedule.wait(at(101)), Duration::from_millis(99));
        assert_eq!(schedule.due(at(455)), 3);
        assert_eq!(schedule.due(at(455)), 0);
        assert_eq!(schedule.due(at(1_001)), 6);
    }

    #[test]
    fn a_burst_goes_out_together_and_the_rate_stays() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut schedule = Schedule::new(start, 10.0, 5);
        assert_eq!(schedule.wait(start), Duration::from_millis(500));
        assert_eq!(schedule.due(at(499)), 0);
        assert_eq!(schedule.due(at(503)), 5);
        assert_eq!(schedule.wait(at(503)), Duration::from_millis(497));
        assert_eq!(schedule.due(at(1_499)), 5);
        assert_eq!(schedule.due(at(1_501)), 5);
        // One woken late has two at once, and the one after is on time again.
        assert_eq!(schedule.due(at(2_499)), 5);
        assert_eq!(schedule.wait(at(2_499)), Duration::from_millis(1));
        // A minute in steps that fit nothing: as many as the rate says.
        let mut minute = Schedule::new(start, 7.0, 3);
        let sent: u64 = (1..=6_000).map(|step| minute.due(at(step * 10))).sum();
        assert_eq!(sent, 420);
    }

    #[test]
    fn after_a_long_sleep_it_goes_on_instead_of_catching_up() {
        let start = Instant::now();
        for burst in [1, 10] {
            let mut schedule = Schedule::new(start, 100.0, burst);
            let later = start + Duration::from_hours(1);
            assert_eq!(schedule.due(later), u64::from(burst));
            let soon = later + Duration::from_millis(u64::from(burst) * 15);
            assert_eq!(schedule.due(soon), u64::from(burst));
        }
    }

    #[test]
    fn hardly_ever_is_a_rate_too() {
        let start = Instant::now();
        for rate in [1e-3, 1e-300, f64::MIN_POSITIVE] {
            let mut schedule = Schedule::new(start, rate, 10_000);
            assert!(schedule.wait(start) <= LONGEST_WAIT);
            assert_eq!(schedule.due(start + Duration::from_secs(10)), 0);
        }
    }
}
