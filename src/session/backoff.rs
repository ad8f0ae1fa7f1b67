//! How long to wait before the next attempt: doubled each time, never over the longest, with some
//! chance in it so that many clients do not return at once. What the peer asks for counts.

use std::time::Duration;

use crate::model::Retries;

/// The peer's time takes the place of the first step, but is never shorter than this part of it:
/// `retry: 0` must not use up every attempt within milliseconds.
const LEAST_SHARE: u32 = 4;

/// What the peer asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// Takes the place of the first step, from which the series goes on doubling: `retry:` of an
    /// event stream (WHATWG HTML 9.2.3).
    pub first: Option<Duration>,
    /// No attempt before this has passed: `Retry-After` of an answer (RFC 9110, section 10.2.3).
    pub least: Option<Duration>,
}

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
    /// the place within the jitter, which goes both ways around a step of our own, and only upwards
    /// from a time the peer asked for, as that may be waited longer but not shorter.
    pub fn next(&mut self, chance: f64, asked: Asked) -> Option<Duration> {
        if self.made >= self.rules.most {
            return None;
        }
        let own = self.rules.first;
        let first = asked.first.map_or(own, |first| first.max(own / LEAST_SHARE));
        let doubled = first.saturating_mul(1_u32 << self.made.min(20));
        let step = doubled.min(self.rules.longest.max(first));
        self.made += 1;
        let least = asked.least.unwrap_or_default();
        let jitter = self.rules.jitter * chance;
        let wait = if least > step || asked.first.is_some() {
            scaled(step.max(least), 1.0 + jitter)
        } else {
            scaled(step, 1.0 - self.rules.jitter + 2.0 * jitter)
        };
        Some(wait.max(least))
    }
}

fn scaled(wait: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(wait.as_secs_f64() * factor.max(0.0)).unwrap_or(Duration::MAX)
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
        let waits: Vec<_> = std::iter::from_fn(|| backoff.next(0.5, Asked::default())).collect();
        let seconds: Vec<_> = waits.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff.count(), (8, 8));
    }

    #[test]
    fn jitter_is_a_fifth_either_way() {
        let wait = |chance| Backoff::new(rules()).next(chance, Asked::default());
        assert_eq!(wait(0.0), Some(Duration::from_millis(800)));
        assert_eq!(wait(1.0), Some(Duration::from_millis(1200)));
    }

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn retry_after_is_the_least_whatever_the_step() {
        // Failures before, seconds asked for, chance, seconds to wait.
        let table = [
            (0, 0.0, 0.5, 1.0),
            (0, 0.0, 0.0, 0.8),
            (0, 0.9, 0.0, 0.9),
            (0, 60.0, 0.0, 60.0),
            (0, 60.0, 1.0, 72.0),
            (2, 10.0, 0.0, 10.0),
            (2, 10.0, 0.5, 11.0),
            (4, 10.0, 0.5, 16.0),
            (5, 3600.0, 0.0, 3600.0),
        ];
        for (failures, asked, chance, wanted) in table {
            let mut backoff = Backoff { rules: rules(), made: failures };
            let asked = Asked { least: Some(secs(asked)), ..Asked::default() };
            assert_eq!(backoff.next(chance, asked), Some(secs(wanted)), "{asked:?}, {failures}");
        }
        let mut backoff = Backoff::new(rules());
        let forever = Asked { least: Some(Duration::MAX), ..Asked::default() };
        assert_eq!(backoff.next(1.0, forever), Some(Duration::MAX));
        assert_eq!(backoff.next(0.5, Asked::default()), Some(secs(2.0)), "the series goes on");
    }

    #[test]
    fn the_time_of_a_stream_takes_the_place_of_the_first_step() {
        // Seconds asked for, chance, seconds to wait one after the other.
        let table = [
            (3.0, 0.0, [3.0, 6.0, 12.0, 24.0, 30.0]),
            (3.0, 1.0, [3.6, 7.2, 14.4, 28.8, 36.0]),
            (60.0, 0.0, [60.0; 5]),
            (0.0, 0.0, [0.25, 0.5, 1.0, 2.0, 4.0]),
        ];
        for (asked, chance, wanted) in table {
            let mut backoff = Backoff::new(rules());
            let asked = Asked { first: Some(secs(asked)), ..Asked::default() };
            let waits = [(); 5].map(|()| backoff.next(chance, asked).unwrap_or_default());
            assert_eq!(waits, wanted.map(secs), "{asked:?}");
        }
    }

    #[test]
    fn both_may_be_asked_for() {
        let asked = Asked { first: Some(secs(3.0)), least: Some(secs(10.0)) };
        let mut backoff = Backoff::new(rules());
        let waits = [(); 4].map(|()| backoff.next(0.0, asked).unwrap_or_default());
        assert_eq!(waits, [10.0, 10.0, 12.0, 24.0].map(secs));
    }

    #[test]
    fn an_open_connection_begins_a_new_series() {
        let mut backoff = Backoff::new(rules());
        for _ in 0..8 {
            assert!(backoff.next(0.5, Asked::default()).is_some());
        }
        assert_eq!(backoff.next(0.5, Asked::default()), None);
        backoff.reset();
        assert_eq!(backoff.next(0.5, Asked::default()), Some(Duration::from_secs(1)));
    }

    #[test]
    fn zero_means_never() {
        assert_eq!(Backoff::new(Retries { most: 0, ..rules() }).next(0.5, Asked::default()), None);
    }
}
