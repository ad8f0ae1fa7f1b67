//! Bytes on their way in one direction: each arrives when it is due, in order, and never more are
//! on the way than fit.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::time::Instant;

/// Bytes that are due within this time of each other travel together.
const GRAIN: Duration = Duration::from_millis(1);

/// One direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Lane {
    queue: VecDeque<(Instant, BytesMut)>,
    bytes: usize,
    /// The sender is done; nothing comes after what is queued, and that arrives then.
    end: Option<Instant>,
}

impl Lane {
    /// Bytes on the way.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    pub(super) fn has_bytes(&self) -> bool {
        self.bytes > 0
    }

    /// Whether nothing is on the way, not even the end.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0 && self.end.is_none()
    }

    /// Sends bytes that are to arrive then, or together with those before.
    pub(super) fn push(&mut self, due: Instant, bytes: &[u8]) {
        self.bytes += bytes.len();
        match self.queue.back_mut() {
            Some((last, queued)) if due < *last + GRAIN => queued.extend_from_slice(bytes),
            _ => self.queue.push_back((due, bytes.into())),
        }
    }

    /// The sender is done.
    pub(super) fn close(&mut self, due: Instant) {
        let last = self.queue.back().map_or(due, |(last, _)| *last);
        self.end.get_or_insert(due.max(last));
    }

    pub(super) fn is_closed(&self) -> bool {
        self.end.is_some()
    }

    /// When the first bytes arrive, or the end does.
    pub(super) fn due(&self) -> Option<Instant> {
        self.queue.front().map(|(due, _)| *due).or(self.end)
    }

    /// What has arrived by now; empty where nothing has, or where all that has is the end.
    pub(super) fn arrived(&self, now: Instant) -> &[u8] {
        self.queue.front().filter(|(due, _)| *due <= now).map_or(&[], |(_, bytes)| bytes)
    }

    /// Whether the end has arrived.
    pub(super) fn has_ended(&self, now: Instant) -> bool {
        self.queue.is_empty() && self.end.is_some_and(|end| end <= now)
    }

    /// So many of the arrived bytes were taken.
    pub(super) fn take(&mut self, bytes: usize) {
        self.bytes -= bytes;
        if let Some((_, front)) = self.queue.front_mut() {
            front.advance(bytes);
            if front.is_empty() {
                self.queue.pop_front();
            }
        }
    }

    /// Nothing takes longer than until then.
    pub(super) fn hurry(&mut self, latest: Instant) {
        for (due, _) in &mut self.queue {
            *due = (*due).min(latest);
        }
        self.end = self.end.map(|end| end.min(latest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_arrive_when_they_are_due_and_in_order() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut lane = Lane::default();
        lane.push(at(10), b"a");
        lane.push(at(30), b"b");
        // Sent later with better luck, and yet not before those in front of it.
        lane.push(at(20), b"c");
        lane.close(at(15));
        assert_eq!((lane.len(), lane.due()), (3, Some(at(10))));
        assert_eq!(lane.arrived(at(9)), b"");
        assert_eq!(lane.arrived(at(10)), b"a");
        lane.take(1);
        assert_eq!(lane.arrived(at(29)), b"");
        assert!(!lane.has_ended(at(29)));
        assert_eq!(lane.arrived(at(30)), b"bc");
        lane.take(1);
        assert_eq!(lane.arrived(at(30)), b"c");
        lane.take(1);
        assert!(lane.has_ended(at(30)) && !lane.has_bytes() && !lane.is_empty());
    }

    #[test]
    fn nothing_takes_longer_than_it_would_from_now_on() {
        let start = Instant::now();
        let mut lane = Lane::default();
        lane.push(start + Duration::from_secs(9), b"a");
        lane.close(start + Duration::from_secs(9));
        lane.hurry(start);
        assert_eq!(lane.arrived(start), b"a");
        lane.take(1);
        assert!(lane.has_ended(start));
    }
}
