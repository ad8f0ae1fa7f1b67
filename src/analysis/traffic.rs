//! How much comes and goes: totals, the rate of the last second, and silence that is longer than
//! it ever was.

use std::collections::VecDeque;

use crate::model::{Dir, Event, Kind};

const SECOND: u64 = 1_000_000_000;
/// Slices of the sliding second.
const SLICES: u64 = 10;
/// Width of a slice.
const SLICE: u64 = SECOND / SLICES;
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
    /// When this connection opened; `None` while there is none.
    opened_ns: Option<u64>,
    /// When something last came over this connection.
    last_in_ns: Option<u64>,
    /// Longest time between two things that came over the same connection; `None` until two did.
    longest_gap_ns: Option<u64>,
    /// `(slice number, messages, bytes)` of the last second.
    slices: VecDeque<(u64, u64, u64)>,
}

impl Traffic {
    /// Takes the next event.
    pub fn observe(&mut self, event: &Event) {
        let size = event.payload.len() as u64;
        self.wire = self.wire.saturating_add(event.wire.bytes().unwrap_or_default());
        match event.kind {
            Kind::Open => (self.opened_ns, self.last_in_ns) = (Some(event.t_ns), None),
            Kind::Closed | Kind::Failed => (self.opened_ns, self.last_in_ns) = (None, None),
            _ => {}
        }
        if event.dir == Dir::In
            && let Some(last) = self.last_in_ns.replace(event.t_ns)
        {
            self.longest_gap_ns = self.longest_gap_ns.max(Some(event.t_ns.saturating_sub(last)));
        }
        if event.is_received_message() {
            self.received += 1;
            self.bytes_in = self.bytes_in.saturating_add(size);
            self.count(event.t_ns, size);
        } else if event.dir == Dir::Out && event.kind.is_message() {
            self.sent += 1;
            self.bytes_out = self.bytes_out.saturating_add(size);
        }
    }

    fn count(&mut self, t_ns: u64, size: u64) {
        let slice = t_ns / SLICE;
        match self.slices.back_mut() {
            // A file may hold times that go back: they count as the newest there was.
            Some((last, messages, bytes)) if slice <= *last => {
                *messages += 1;
                *bytes = bytes.saturating_add(size);
            }
            _ => self.slices.push_back((slice, 1, size)),
        }
        while self.slices.front().is_some_and(|(first, ..)| first + SLICES < slice) {
            self.slices.pop_front();
        }
    }

    /// Messages and payload bytes received in the second before `now_ns`.
    pub fn rate(&self, now_ns: u64) -> (f64, f64) {
        let now = now_ns / SLICE;
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

    /// How long nothing has come over this connection, in nanoseconds, if that is longer than it
    /// ever was before (and at least 5 s). Counted from the last thing that came, or from the open
    /// while nothing has. Time without a connection is no silence. Before two things ever came over
    /// one connection nobody knows how often they do: then a connection over which nothing has come
    /// is open and no more.
    pub fn silent_for(&self, now_ns: u64) -> Option<u64> {
        let opened = self.opened_ns.filter(|_| self.longest_gap_ns.is_some());
        let quiet = now_ns.saturating_sub(self.last_in_ns.or(opened)?);
        let longest = self.longest_gap_ns.unwrap_or_default().max(SHORTEST_SILENCE);
        (quiet > longest).then_some(quiet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Wire;

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
    fn state(t_ns: u64, kind: Kind) -> Event {
        Event::new(t_ns, Dir::Local, kind)
    }

    #[test]
    fn time_without_a_connection_is_no_silence() {
        let mut traffic = Traffic::default();
        traffic.observe(&state(0, Kind::Open));
        assert_eq!(traffic.silent_for(100 * SECOND), None, "nobody knows how often things come");
        traffic.observe(&message(100 * SECOND));
        traffic.observe(&message(101 * SECOND));
        traffic.observe(&state(102 * SECOND, Kind::Closed));
        assert_eq!(traffic.silent_for(500 * SECOND), None);
        traffic.observe(&state(600 * SECOND, Kind::Failed));
        traffic.observe(&state(700 * SECOND, Kind::Open));
        assert_eq!(traffic.silent_for(701 * SECOND), None);
        assert_eq!(traffic.silent_for(706 * SECOND), Some(6 * SECOND), "silent since the open");
        traffic.observe(&message(707 * SECOND));
        assert_eq!(traffic.silent_for(713 * SECOND), Some(6 * SECOND), "the outage is no gap");
    }

    #[test]
    fn whatever_a_file_holds_is_counted_within_bounds() {
        let mut traffic = Traffic::default();
        let times = [0, u64::MAX, 1 << 63, 5, i64::MAX as u64];
        for t_ns in times.into_iter().cycle().take(1000) {
            traffic.observe(&message(t_ns).with_wire(Wire::Exact(i64::MAX as u64)));
        }
        assert_eq!((traffic.received, traffic.wire), (1000, u64::MAX));
        assert!(traffic.slices.len() as u64 <= SLICES + 1, "{}", traffic.slices.len());
        for now in times {
            assert!(traffic.rate(now).0 >= 0.0);
            assert_eq!(traffic.silent_for(now), None);
        }
    }
}
