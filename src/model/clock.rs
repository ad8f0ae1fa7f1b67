//! One monotonic clock, anchored once to the wall clock, so that every time of a session is
//! comparable and none of them ever runs backwards.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the nanoseconds since a session began, and what the wall clock said at that moment.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
    wall_ns: i64,
}

impl Clock {
    /// A clock that reads zero now.
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { origin: Instant::now(), wall_ns: i64::try_from(wall.as_nanos()).unwrap_or(i64::MAX) }
    }

    /// Nanoseconds since the clock was started.
    pub fn now(&self) -> u64 {
        self.at(Instant::now())
    }

    /// Nanoseconds from the start of the clock to `instant`; zero for anything before it.
    pub fn at(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.origin).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Wall clock at the start, in nanoseconds since the Unix epoch.
    pub fn wall_ns(&self) -> i64 {
        self.wall_ns
    }
}

/// A wall-clock time in nanoseconds since the Unix epoch as RFC 3339 in UTC with nine fraction
/// digits, which is the `at` of an exported event.
pub fn rfc3339(wall_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(wall_ns))
        .map_or_else(|_| String::from("-"), |time| format!("{time:.9}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_is_written_with_nine_fraction_digits() {
        assert_eq!(rfc3339(1_795_351_572_123_456_789), "2026-11-22T12:46:12.123456789Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000000Z");
    }

    #[test]
    fn an_instant_before_the_start_reads_zero() {
        let before = Instant::now();
        let clock = Clock::start();
        assert_eq!(clock.at(before), 0);
    }
}
