//! When the next request goes out: at regular intervals, or at once unless the server answers
//! nothing new at once and would only be asked in circles.

use std::time::Duration;

/// An answer that took longer than this was held.
const HELD: Duration = Duration::from_millis(500);
/// First wait after an answer that was neither held nor brought anything new.
const FIRST: Duration = Duration::from_millis(100);

/// The rhythm of a poll.
#[derive(Debug)]
pub(super) enum Pace {
    /// One request each interval, from beginning to beginning.
    Regular(Duration),
    /// At once, or after a growing wait that is at most `longest`.
    Held { longest: Duration, wait: Duration },
}

impl Pace {
    pub(super) fn held(interval: Duration) -> Self {
        Self::Held { longest: interval.max(FIRST), wait: FIRST }
    }

    /// The wait after an answer that took `took`; with a sentence where it would not be expected.
    pub(super) fn next(&mut self, took: Duration, is_news: bool) -> (Duration, Option<String>) {
        match self {
            Self::Regular(interval) => (interval.saturating_sub(took), None),
            Self::Held { wait, .. } if is_news || took >= HELD => {
                *wait = FIRST;
                (Duration::ZERO, None)
            }
            Self::Held { longest, wait } => {
                let now = *wait;
                *wait = wait.saturating_mul(2).min(*longest);
                let words = format!(
                    "nothing new, and answered at once instead of held; the next request waits {}",
                    humantime::format_duration(now)
                );
                (now, Some(words))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_answers_at_once_are_spaced_more_and_more() {
        let mut pace = Pace::held(Duration::from_millis(300));
        let mut wait = |took, is_news| {
            let (wait, words) = pace.next(Duration::from_millis(took), is_news);
            assert_eq!(words.is_some(), wait > Duration::ZERO);
            wait.as_millis()
        };
        assert_eq!([wait(1, false), wait(1, false), wait(1, false)], [100, 200, 300]);
        assert_eq!([wait(1, false), wait(1, true), wait(1, false)], [300, 0, 100]);
        assert_eq!([wait(30_000, false), wait(1, false)], [0, 100]);
    }

    #[test]
    fn a_regular_poll_counts_from_beginning_to_beginning() {
        let mut pace = Pace::Regular(Duration::from_secs(1));
        let mut wait = |took| pace.next(Duration::from_millis(took), false);
        assert_eq!(wait(300), (Duration::from_millis(700), None));
        assert_eq!(wait(2000), (Duration::ZERO, None));
    }
}
