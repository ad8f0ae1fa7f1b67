//! How fast a connection may publish, and how fast all of them together.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{StatusCode, header};

use super::refusal::Refusal;

/// A token bucket: so many messages a second, and as many at once after a pause.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Messages a second.
    rate: u32,
    /// Messages that may go now.
    left: f64,
    /// When that was so.
    at: Instant,
}

/// How many times as fast as one connection all may publish together.
const TOGETHER: u32 = 20;

/// A message too many: how many may go in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooFast {
    /// Over one connection.
    #[error("a connection may publish {0} messages a second; wait a second")]
    Connection(u32),
    /// Over all.
    #[error("all clients together may publish {0} messages a second; wait a second")]
    Together(u32),
}

/// Takes a message off what may go over one connection and off what may go over all.
///
/// # Errors
/// [`TooFast`] where either allows none.
pub(super) fn take(
    connection: &Mutex<Bucket>,
    together: &Mutex<Bucket>,
    now: Instant,
) -> Result<(), TooFast> {
    let take =
        |bucket: &Mutex<Bucket>| bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now);
    take(connection).map_err(TooFast::Connection)?;
    take(together).map_err(TooFast::Together)
}

impl Bucket {
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        Self { rate, left: f64::from(rate), at: now }
    }

    /// For all connections together, each of which may publish at `rate`.
    pub(super) fn together(rate: u32, now: Instant) -> Self {
        Self::new(rate.saturating_mul(TOGETHER), now)
    }

    /// Takes a message off what may go now.
    ///
    /// # Errors
    /// The rate, where none may.
    fn take(&mut self, now: Instant) -> Result<(), u32> {
        let passed = now.saturating_duration_since(self.at);
        // What adds up within a second is all there may be.
        let more = passed.min(Duration::from_secs(1)).as_secs_f64() * f64::from(self.rate);
        self.left = (self.left + more).min(f64::from(self.rate));
        self.at = self.at.max(now);
        if self.left < 1.0 {
            return Err(self.rate);
        }
        self.left -= 1.0;
        Ok(())
    }
}

impl From<TooFast> for Refusal {
    fn from(error: TooFast) -> Self {
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, error.to_string());
        refusal.with(header::RETRY_AFTER, "1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut Bucket, now: Instant, tries: usize) -> usize {
        (0..tries).filter(|_| bucket.take(now).is_ok()).count()
    }

    #[test]
    fn as_many_go_at_once_as_in_a_second_and_no_more() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut bucket = Bucket::new(1_000, start);
        assert_eq!(taken(&mut bucket, start, 2_000), 1_000);
        assert_eq!(bucket.take(start), Err(1_000));
        assert_eq!(taken(&mut bucket, at(10), 100), 10);
        assert_eq!(taken(&mut bucket, at(5), 100), 0, "a clock that goes back gives nothing");
        assert_eq!(taken(&mut bucket, at(10), 100), 0);
        assert_eq!(taken(&mut bucket, at(3_600_000), 2_000), 1_000, "nothing is saved up");
    }

    #[test]
    fn more_connections_do_not_make_more_than_all_together_may() {
        let now = Instant::now();
        let together = Mutex::new(Bucket::together(2, now));
        for n in 0..30 {
            let connection = Mutex::new(Bucket::new(2, now));
            let taken = [(); 3].map(|()| take(&connection, &together, now));
            let fast = if n < 20 { TooFast::Connection(2) } else { TooFast::Together(40) };
            let first = if n < 20 { Ok(()) } else { Err(fast) };
            assert_eq!(taken[..2], [first, first], "{n}");
            assert!(taken[2].is_err(), "{n}");
        }
    }

    #[test]
    fn a_steady_pace_at_the_limit_is_never_refused() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, start);
        assert_eq!(taken(&mut bucket, start, 10), 10);
        for n in 1..=1_000 {
            let now = start + Duration::from_millis(101) * n;
            assert_eq!(bucket.take(now), Ok(()), "{n}");
        }
    }
}
