//! When to ping, and when a peer that says nothing counts as dead. Time comes from outside.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::model::Heartbeat;

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Beat {
    /// Send a ping with this payload.
    Ping(Bytes),
    /// The peer owes a pong, but it is alive: other bytes came since the ping. Told once.
    Owed,
    /// Neither the pong nor anything else came in time.
    Dead(Duration),
}

/// The pings of one connection. A ping's payload is `ws` and its number, so that its pong can be
/// told from the answer to another.
#[derive(Debug)]
pub(super) struct Heart {
    rules: Heartbeat,
    next: Instant,
    pings: u64,
    /// Pings whose pongs have not come: number and time, in order.
    waiting: VecDeque<(u64, Instant)>,
    complained: bool,
}

impl Heart {
    /// The heart of a connection that opened `now`.
    pub(super) fn new(rules: Heartbeat, now: Instant) -> Self {
        let next = now + rules.every;
        Self { rules, next, pings: 0, waiting: VecDeque::new(), complained: false }
    }

    /// When [`Heart::due`] wants to be asked next.
    pub(super) fn deadline(&self) -> Instant {
        match self.waiting.front() {
            Some((_, sent)) => self.next.min(*sent + self.rules.patience),
            None => self.next,
        }
    }

    /// What is to be done at `now`, when the peer was last heard at `heard`. To be asked until it
    /// has nothing more. While there is more to read (`behind`), a pong may be in it, so nobody is
    /// blamed yet.
    pub(super) fn due(&mut self, now: Instant, heard: Instant, behind: bool) -> Option<Beat> {
        while let Some(&(_, sent)) = self.waiting.front()
            && !behind
            && now >= sent + self.rules.patience
        {
            if heard <= sent {
                return Some(Beat::Dead(self.rules.patience));
            }
            self.waiting.pop_front();
            if !self.complained {
                self.complained = true;
                return Some(Beat::Owed);
            }
        }
        if now < self.next {
            return None;
        }
        self.next = now + self.rules.every;
        self.pings += 1;
        self.waiting.push_back((self.pings, now));
        Some(Beat::Ping(Bytes::from(format!("ws{}", self.pings))))
    }

    /// A pong came. It answers its ping and, as the RFC allows, those before (RFC 6455, section
    /// 5.5.3); one with another payload says no more than any other bytes do.
    pub(super) fn pong(&mut self, payload: &[u8]) {
        let number = std::str::from_utf8(payload)
            .ok()
            .and_then(|text| text.strip_prefix("ws")?.parse::<u64>().ok())
            .filter(|number| *number <= self.pings);
        if let Some(number) = number {
            self.waiting.retain(|(waiting, _)| *waiting > number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn heart(every: u32, patience: u32) -> (Heart, Instant) {
        let start = Instant::now();
        let rules = Heartbeat { every: SECOND * every, patience: SECOND * patience };
        (Heart::new(rules, start), start)
    }

    fn ping(text: &'static str) -> Beat {
        Beat::Ping(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn pings_at_its_interval_while_pongs_come() {
        let (mut heart, start) = heart(25, 10);
        assert_eq!(heart.deadline(), start + SECOND * 25);
        assert_eq!(heart.due(start + SECOND * 24, start, false), None);
        for (n, text) in [(1, "ws1"), (2, "ws2"), (3, "ws3")] {
            let now = start + SECOND * 25 * n;
            assert_eq!(heart.due(now, start, false), Some(ping(text)));
            assert_eq!(heart.due(now, start, false), None);
            assert_eq!(heart.deadline(), now + SECOND * 10);
            heart.pong(text.as_bytes());
            assert_eq!(heart.deadline(), now + SECOND * 25);
        }
    }

    #[test]
    fn silence_after_a_ping_is_death() {
        let (mut heart, start) = heart(25, 10);
        let sent = start + SECOND * 25;
        assert_eq!(heart.due(sent, sent, false), Some(ping("ws1")));
        assert_eq!(heart.due(sent + SECOND * 9, sent, false), None);
        assert_eq!(heart.due(sent + SECOND * 10, sent, false), Some(Beat::Dead(SECOND * 10)));
    }

    #[test]
    fn a_live_peer_that_owes_its_pong_is_told_of_once() {
        let (mut heart, start) = heart(25, 10);
        let first = start + SECOND * 25;
        assert_eq!(heart.due(first, start, false), Some(ping("ws1")));
        let latest = first + SECOND * 3;
        assert_eq!(heart.due(first + SECOND * 10, latest, false), Some(Beat::Owed));
        assert_eq!(heart.due(first + SECOND * 10, latest, false), None);
        let second = start + SECOND * 50;
        assert_eq!(heart.due(second, latest, false), Some(ping("ws2")));
        assert_eq!(heart.due(second + SECOND * 10, second + SECOND, false), None);
        let third = start + SECOND * 75;
        assert_eq!(heart.due(third, latest, false), Some(ping("ws3")));
        assert_eq!(heart.due(third + SECOND * 10, second, false), Some(Beat::Dead(SECOND * 10)));
    }

    #[test]
    fn a_pong_for_another_ping_does_not_count() {
        let (mut heart, start) = heart(25, 10);
        let sent = start + SECOND * 25;
        assert_eq!(heart.due(sent, start, false), Some(ping("ws1")));
        for other in [&b"ws0"[..], b"ws2", b"", b"1", b"\xff"] {
            heart.pong(other);
        }
        assert_eq!(heart.deadline(), sent + SECOND * 10);
        assert_eq!(heart.due(sent + SECOND * 10, sent, false), Some(Beat::Dead(SECOND * 10)));
    }

    #[test]
    fn patience_longer_than_the_interval_is_kept() {
        let (mut heart, start) = heart(2, 5);
        let sent = start + SECOND * 2;
        assert_eq!(heart.due(sent, start, false), Some(ping("ws1")));
        assert_eq!(heart.due(start + SECOND * 4, start, false), Some(ping("ws2")));
        assert_eq!(heart.due(start + SECOND * 6, start, false), Some(ping("ws3")));
        assert_eq!(heart.deadline(), start + SECOND * 7);
        assert_eq!(heart.due(start + SECOND * 7, start, false), Some(Beat::Dead(SECOND * 5)));
    }

    #[test]
    fn a_late_pong_still_counts_when_another_ping_has_left() {
        let (mut heart, start) = heart(2, 5);
        assert_eq!(heart.due(start + SECOND * 2, start, false), Some(ping("ws1")));
        assert_eq!(heart.due(start + SECOND * 4, start, false), Some(ping("ws2")));
        heart.pong(b"ws1");
        assert_eq!(heart.due(start + SECOND * 8, start + SECOND * 5, false), Some(ping("ws3")));
        heart.pong(b"ws3");
        assert_eq!(heart.deadline(), start + SECOND * 10);
    }

    #[test]
    fn nobody_is_blamed_while_there_is_more_to_read() {
        let (mut heart, start) = heart(25, 10);
        let sent = start + SECOND * 25;
        assert_eq!(heart.due(sent, start, true), Some(ping("ws1")));
        let overdue = sent + SECOND * 10;
        assert_eq!(heart.due(overdue, overdue, true), None);
        heart.pong(b"ws1");
        assert_eq!(heart.due(overdue, overdue, false), None);
    }
}
