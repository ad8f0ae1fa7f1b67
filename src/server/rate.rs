//! How fast a connection may publish.

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

/// A message too many: how fast it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a connection may publish {0} messages a second; wait a second, or publish over more connections"
)]
pub(super) struct TooFast(u32);

impl Bucket {
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        Self { rate, left: f64::from(rate), at: now }
    }

    /// Takes a message off what may go now.
    ///
    /// # Errors
    /// [`TooFast`] where none may.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), TooFast> {
        let passed = now.saturating_duration_since(self.at);
        // What adds up within a second is all there may be.
        let more = passed.min(Duration::from_secs(1)).as_secs_f64() * f64::from(self.rate);
        self.left = (self.left + more).min(f64::from(self.rate));
        self.at = self.at.max(now);
        if self.left < 1.0 {
            return Err(TooFast(self.rate));
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
        assert_eq!(bucket.take(start), Err(TooFast(1_000)));
        assert_eq!(taken(&mut bucket, at(10), 100), 10);
        assert_eq!(taken(&mut bucket, at(5), 100), 0, "a clock that goes back gives nothing");
        assert_eq!(taken(&mut bucket, at(10), 100), 0);
        assert_eq!(taken(&mut bucket, at(3_600_000), 2_000), 1_000, "nothing is saved up");
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
