//! How much comes and goes: totals, the rate of the last second, and silence that is longer than
//! it ever was.

use std::collections::VecDeque;

use crate::model::{Dir, Event};

const SECOND: u64 = 1_000_000_000;
/// Slices of the sliding second.
const SLICES: u64 = 10;
/// No stream is called silent before this, in nanoseconds.
const SHORTEST_SILENCE: u64 = 5 * SECOND;

/// Totals and rates of one session.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Messages received.
    pub received: u64,
    /// Messages sent.
    pub sent: u64,
    /// Payload bytes of the messages received.
    pub bytes_in: u64,
    /// Payload bytes of the messages sent.
    pub bytes_out: u64,
    /// Bytes on the wire, both ways, where known.
    pub wire: u64,
    last_in_ns: Option<u64>,
    longest_gap_ns: u64,
    /// `(slice number, messages, bytes)` of the last second.
    slices: VecDeque<(u64, u64, u64)>,
}

impl Traffic {
    /// Takes the next event.
    pub fn observe(&mut self, event: &Event) {
        let size = event.payload.len() as u64;
        self.wire += event.wire.bytes().unwrap_or_default();
        if event.dir == Dir::In
            && let Some(last) = self.last_in_ns.replace(event.t_ns)
        {
            self.longest_gap_ns = self.longest_gap_ns.max(event.t_ns.saturating_sub(last));
        }
        if event.is_received_message() {
            self.received += 1;
            self.bytes_in += size;
            self.count(event.t_ns, size);
        } else if event.dir == Dir::Out && event.kind.is_message() {
            self.sent += 1;
            self.bytes_out += size;
        }
    }

    fn count(&mut self, t_ns: u64, size: u64) {
        let slice = t_ns * SLICES / SECOND;
        match self.slices.back_mut() {
            Some((last, messages, bytes)) if *last == slice => {
                *messages += 1;
                *bytes += size;
            }
            _ => self.slices.push_back((slice, 1, size)),
        }
        while self.slices.front().is_some_and(|(first, ..)| first + SLICES < slice) {
            self.slices.pop_front();
        }
    }

    /// Messages and payload bytes received in the second before `now_ns`.
    pub fn rate(&self, now_ns: u64) -> (f64, f64) {
        let now = now_ns * SLICES / SECOND;
        // Whole slices only: the one that is not over yet would make the rate too low.
        let recent = self
            .slices
            .iter()
            .filter(|(slice, ..)| (now..now + SLICES).contains(&(slice + SLICES)));
        let (messages, bytes) =
            recent.fold((0, 0), |(messages, bytes), (_, m, b)| (messages + m, bytes + b));
        let seconds = (now_ns as f64 / SECOND as f64).clamp(0.1, 1.0);
        (messages as f64 / seconds, bytes as f64 / seconds)
    }

    /// How long nothing has come, in nanoseconds, if that is longer than it ever was before (and
    /// at least 5 s).
    pub fn silent_for(&self, now_ns: u64) -> Option<u64> {
        let quiet = now_ns.saturating_sub(self.last_in_ns?);
        (quiet > self.longest_gap_ns.max(SHORTEST_SILENCE)).then_some(quiet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn message(t_ns: u64) -> Event {
        Event::new(t_ns, Dir::In, Kind::Text).with_payload("12345")
    }

    #[test]
    fn the_rate_is_that_of_the_last_second() {
        let mut traffic = Traffic::default();
        (0..300).for_each(|k| traffic.observe(&message(k * SECOND / 100)));
        let (messages, bytes) = traffic.rate(3 * SECOND);
        assert!((messages - 100.0).abs() < 1.0 && (bytes - 500.0).abs() < 5.0);
        assert_eq!(traffic.rate(10 * SECOND), (0.0, 0.0));
        assert_eq!((traffic.received, traffic.bytes_in), (300, 1500));
        assert!(traffic.slices.len() as u64 <= SLICES + 1);
    }

    #[test]
    fn silence_is_longer_than_it_ever_was() {
        let mut traffic = Traffic::default();
        assert_eq!(traffic.silent_for(100 * SECOND), None);
        traffic.observe(&message(0));
        traffic.observe(&message(20 * SECOND));
        assert_eq!(traffic.silent_for(39 * SECOND), None);
        assert_eq!(traffic.silent_for(41 * SECOND), Some(21 * SECOND));
    }
}
