//! Turns the events of one session into what the window shows of it: the narrow index, the newest
//! rows, the story, numbers and series. Fed by the recorder as it commits, or by a file being read.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::Chunks;
use super::snapshot::{Entry, Stats};
use crate::analysis::tokens::Tokens;
use crate::analysis::{Latencies, Measures, Sequence, Series, Story, Traffic};
use crate::model::{Event, Kind, Options};

/// Newest events kept with their payloads, so that a timeline that follows needs no file.
const NEWEST: usize = 256;
/// Payload bytes kept for a row, or for the face of a refusal; more does not fit on a screen.
pub(super) const PREVIEW: usize = 2048;

/// What is known of a session's events.
#[derive(Debug)]
pub(super) struct Observer {
    pub(super) index: Chunks<Entry>,
    pub(super) story: Story,
    pub(super) traffic: Traffic,
    pub(super) tokens: Tokens,
    newest: VecDeque<(u64, Arc<Event>)>,
    measures: Measures,
    latencies: Latencies,
    sequence: Sequence,
    series: Series,
    shared_series: Arc<Series>,
    shared_at: usize,
    /// `(attempt, n)` of the events that tell how an attempt's handshake went.
    handshakes: Vec<(u32, u64)>,
}

impl Observer {
    /// Knows nothing yet. `start_wall_ns` is the session's start, which send times are measured
    /// against.
    pub(super) fn new(start_wall_ns: i64, options: &Options) -> Self {
        Self {
            index: Chunks::default(),
            story: Story::default(),
            traffic: Traffic::default(),
            tokens: Tokens::default(),
            newest: VecDeque::with_capacity(NEWEST),
            measures: Measures::new(start_wall_ns, options),
            latencies: Latencies::default(),
            sequence: Sequence::default(),
            series: Series::default(),
            shared_series: Arc::default(),
            shared_at: 0,
            handshakes: Vec::new(),
        }
    }

    /// Takes the next event, whose number in the file is `n`.
    pub(super) fn take(&mut self, n: u64, event: &Event) {
        let measure = self.measures.observe(event);
        if let Some(latency) = measure.latency_ms.filter(|_| event.kind.is_message()) {
            self.latencies.observe(latency);
        }
        self.sequence.judge(measure.numbers);
        if matches!(event.kind, Kind::Open | Kind::Failed) {
            self.handshakes.push((event.attempt, n));
        }
        self.story.observe(n, event);
        self.traffic.observe(event);
        self.tokens.observe(n, event);
        self.series.observe(event, measure.latency_ms, fastrand::f64);
        self.index.push(Entry {
            n,
            t_ns: event.t_ns,
            size: u32::try_from(event.payload.len()).unwrap_or(u32::MAX),
            latency_us: measure.latency_ms.map_or(Entry::NO_LATENCY, |ms| {
                ((ms * 1e3).max(0.0) as u32).min(Entry::NO_LATENCY - 1)
            }),
            attempt: event.attempt,
            dir: event.dir,
            kind: event.kind,
        });
    }

    /// Keeps the end of a batch as the newest rows.
    pub(super) fn keep_newest(&mut self, batch: &[(u64, &Event)]) {
        let old = batch.len().saturating_sub(NEWEST);
        for (n, event) in &batch[old..] {
            if self.newest.len() == NEWEST {
                self.newest.pop_front();
            }
            self.newest.push_back((*n, Arc::new(preview(event))));
        }
    }

    /// The newest events by number, shortened.
    pub(super) fn newest(&self) -> impl Iterator<Item = &(u64, Arc<Event>)> {
        self.newest.iter()
    }

    /// Number of the event that tells how this attempt's handshake went.
    pub(super) fn handshake(&self, attempt: u32) -> Option<u64> {
        let at = self.handshakes.partition_point(|(of, _)| *of < attempt);
        self.handshakes.get(at).filter(|(of, _)| *of == attempt).map(|(_, n)| *n)
    }

    /// The place in the sender's sequence that a message carries.
    pub(super) fn sequence_number(&self, event: &Event) -> Option<i64> {
        self.measures.read(event).seq
    }

    /// Numbers as of `now_ns`.
    pub(super) fn stats(&self, now_ns: u64) -> Stats {
        let (rate, byte_rate) = self.traffic.rate(now_ns);
        let sequence = &self.sequence;
        Stats {
            received: self.traffic.received,
            sent: self.traffic.sent,
            bytes_in: self.traffic.bytes_in,
            bytes_out: self.traffic.bytes_out,
            wire: self.traffic.wire,
            rate,
            byte_rate,
            first_event_ms: self.tokens.first_event_ms(),
            latency: self.latencies.percentiles(),
            sequence: (sequence.count() > 0)
                .then(|| (sequence.lost(), sequence.duplicated(), sequence.reordered())),
            reconnects: self.story.reconnects,
        }
    }

    /// The series, copied only when something was added since the last call.
    pub(super) fn series(&mut self) -> Arc<Series> {
        if self.shared_at != self.index.len() {
            self.shared_at = self.index.len();
            self.shared_series = Arc::new(self.series.clone());
        }
        Arc::clone(&self.shared_series)
    }
}

/// The event with at most what a row shows of its payload, in memory of its own: a slice would
/// keep the whole receive buffer alive.
fn preview(event: &Event) -> Event {
    let shown = &event.payload[..event.payload.len().min(PREVIEW)];
    Event {
        t_ns: event.t_ns,
        attempt: event.attempt,
        dir: event.dir,
        kind: event.kind,
        name: event.name.clone(),
        id: event.id.clone(),
        payload: Bytes::copy_from_slice(shown),
        wire: event.wire,
        meta: event.meta.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dir;

    #[test]
    fn only_the_newest_rows_are_kept_and_they_are_short() {
        let mut observer = Observer::new(0, &Options::default());
        let long = vec![b'x'; PREVIEW * 4];
        let events: Vec<Event> = (0..1000)
            .map(|k| Event::new(k, Dir::In, Kind::Text).with_payload(long.clone()))
            .collect();
        let batch: Vec<(u64, &Event)> = (1..).zip(&events).collect();
        for (n, event) in &batch {
            observer.take(*n, event);
        }
        observer.keep_newest(&batch);
        let newest: Vec<_> = observer.newest().collect();
        assert_eq!(newest.len(), NEWEST);
        assert_eq!(newest.last().map(|(n, _)| *n), Some(1000));
        assert!(newest.iter().all(|(_, event)| event.payload.len() == PREVIEW));
        assert_eq!(observer.index.last().map(|entry| entry.size), Some(PREVIEW as u32 * 4));
        assert_eq!(observer.stats(0).received, 1000);
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 32);
    }
}
