//! How long to wait before the next attempt: doubled each time, never over the longest, with some
//! chance in it so that many clients do not return at once.

use std::time::Duration;

use crate::model::Retries;

/// The waits of one series of failures.
#[derive(Debug, Clone)]
pub struct Backoff {
    rules: Retries,
    made: u32,
}

impl Backoff {
    /// A series that has not begun.
    pub fn new(rules: Retries) -> Self {
        Self { rules, made: 0 }
    }

    /// Forgets the failures: a connection came about.
    pub fn reset(&mut self) {
        self.made = 0;
    }

    /// Which retry the last wait was for, and how many there will be at most.
    pub fn count(&self) -> (u32, u32) {
        (self.made, self.rules.most)
    }

    /// The next wait, or `None` when there have been enough. `chance` is between 0 and 1 and picks
    /// the place within the jitter; `asked` is what the peer asked for: a lower limit once, then
    /// the series goes on from there.
    pub fn next(&mut self, chance: f64, asked: Option<Duration>) -> Option<Duration> {
        if self.made >= self.rules.most {
            return None;
        }
        let first = asked.unwrap_or(self.rules.first);
        let doubled = first.saturating_mul(1_u32 << self.made.min(20));
        let wait = doubled.min(self.rules.longest.max(first));
        self.made += 1;
        let factor = 1.0 + self.rules.jitter * (2.0 * chance - 1.0);
        Some(wait.mul_f64(factor.max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Retries {
        Retries { most: 8, ..Retries::default() }
    }

    #[test]
    fn doubles_up_to_thirty_seconds_and_then_gives_up() {
        let mut backoff = Backoff::new(rules());
        let waits: Vec<_> = std::iter::from_fn(|| backoff.next(0.5, None)).collect();
        let seconds: Vec<_> = waits.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff.count(), (8, 8));
    }

    #[test]
    fn jitter_is_a_fifth_either_way() {
        let wait = |chance| Backoff::new(rules()).next(chance, None);
        assert_eq!(wait(0.0), Some(Duration::from_millis(800)));
        assert_eq!(wait(1.0), Some(Duration::from_millis(1200)));
    }

    #[test]
    fn what_the_peer_asks_for_takes_the_place_of_the_first_step() {
        let mut backoff = Backoff::new(rules());
        assert_eq!(backoff.next(0.5, Some(Duration::from_mins(1))), Some(Duration::from_mins(1)));
        assert_eq!(backoff.next(0.5, None), Some(Duration::from_secs(2)));
    }

    #[test]
    fn an_open_connection_begins_a_new_series() {
        let mut backoff = Backoff::new(rules());
        for _ in 0..8 {
            assert!(backoff.next(0.5, None).is_some());
        }
        assert_eq!(backoff.next(0.5, None), None);
        backoff.reset();
        assert_eq!(backoff.next(0.5, None), Some(Duration::from_secs(1)));
    }

    #[test]
    fn zero_means_never() {
        assert_eq!(Backoff::new(Retries { most: 0, ..rules() }).next(0.5, None), None);
    }
}
