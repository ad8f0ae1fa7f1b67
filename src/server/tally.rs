//! What the server counts, for each transport: connections, requests, messages and bytes, the
//! latter where the socket is read and written.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};

use crate::model::TransportKind;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// `/ws`.
    Websocket,
    /// `/sse`.
    Sse,
    /// `/poll`.
    LongPoll,
    /// `/short`.
    ShortPoll,
    /// `/stream`.
    Stream,
    /// `POST /publish`.
    Publish,
    /// Everything else, and what was said before it was clear what for.
    Other,
}

impl Carrier {
    /// Every carrier, in the order they are listed.
    pub const ALL: [Self; 7] = [
        Self::Websocket,
        Self::Sse,
        Self::LongPoll,
        Self::ShortPoll,
        Self::Stream,
        Self::Publish,
        Self::Other,
    ];

    /// Its name in `/stats` and `/metrics`, which for a transport is the word of `--transport`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Websocket => "websocket",
            Self::Sse => "sse",
            Self::LongPoll => "long-poll",
            Self::ShortPoll => "short-poll",
            Self::Stream => "stream",
            Self::Publish => "publish",
            Self::Other => "other",
        }
    }

    /// The transport it is, as far as it is one.
    pub const fn transport(self) -> Option<TransportKind> {
        match self {
            Self::Websocket => Some(TransportKind::Websocket),
            Self::Sse => Some(TransportKind::Sse),
            Self::LongPoll => Some(TransportKind::LongPoll),
            Self::ShortPoll => Some(TransportKind::ShortPoll),
            Self::Stream => Some(TransportKind::Stream),
            Self::Publish | Self::Other => None,
        }
    }

    /// What a path is for.
    pub(super) fn of_path(path: &str) -> Self {
        match path {
            "/ws" => Self::Websocket,
            "/sse" => Self::Sse,
            "/poll" => Self::LongPoll,
            "/short" => Self::ShortPoll,
            "/stream" => Self::Stream,
            "/publish" => Self::Publish,
            _ => Self::Other,
        }
    }
}

/// A number that goes up.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of one carrier.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) opened: Counter,
    pub(super) closed: Counter,
    pub(super) errors: Counter,
    pub(super) reconnects: Counter,
    pub(super) slow: Counter,
    pub(super) requests: Counter,
    pub(super) messages_in: Counter,
    pub(super) messages_out: Counter,
    pub(super) payload_in: Counter,
    pub(super) payload_out: Counter,
    pub(super) wire_in: Counter,
    pub(super) wire_out: Counter,
    /// Microseconds; `None` only if the library refuses its own constant.
    durations: Mutex<Option<Histogram<u64>>>,
}

impl Default for Tally {
    fn default() -> Self {
        let new = Counter::default;
        Self {
            opened: new(),
            closed: new(),
            errors: new(),
            reconnects: new(),
            slow: new(),
            requests: new(),
            messages_in: new(),
            messages_out: new(),
            payload_in: new(),
            payload_out: new(),
            wire_in: new(),
            wire_out: new(),
            durations: Mutex::new(Histogram::new(3).ok()),
        }
    }
}

impl Tally {
    /// A message came in with this many bytes.
    pub(super) fn received(&self, bytes: usize) {
        self.messages_in.add(1);
        self.payload_in.add(bytes);
    }

    /// A message was handed to the socket with this many bytes.
    pub(super) fn sent(&self, bytes: usize) {
        self.messages_out.add(1);
        self.payload_out.add(bytes);
    }

    /// A connection is over that lasted so long.
    pub(super) fn lasted(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(histogram) = durations.as_mut() {
            // It grows with what it is given; what does not fit even so is beyond any connection.
            let _ = histogram.record(micros);
        }
    }

    fn snapshot(&self, carrier: Carrier) -> CarrierStats {
        // In this order, so that what closes in between never makes more closed than opened.
        let closed = self.closed.get();
        let opened = self.opened.get();
        let durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        CarrierStats {
            carrier,
            active: opened.saturating_sub(closed),
            opened,
            closed,
            errors: self.errors.get(),
            reconnects: self.reconnects.get(),
            slow: self.slow.get(),
            requests: self.requests.get(),
            messages: InOut { r#in: self.messages_in.get(), out: self.messages_out.get() },
            payload_bytes: InOut { r#in: self.payload_in.get(), out: self.payload_out.get() },
            wire_bytes: InOut { r#in: self.wire_in.get(), out: self.wire_out.get() },
            duration_ms: durations.as_ref().and_then(Spread::of),
        }
    }
}

/// All counters of a server.
#[derive(Debug)]
pub(super) struct Tallies {
    started: Instant,
    carriers: [Tally; Carrier::ALL.len()],
    pub(super) accepted: Counter,
    pub(super) ended: Counter,
    pub(super) refused: Counter,
}

impl Tallies {
    pub(super) fn new() -> Self {
        let new = Counter::default;
        let carriers = std::array::from_fn(|_| Tally::default());
        Self { started: Instant::now(), carriers, accepted: new(), ended: new(), refused: new() }
    }

    pub(super) fn of(&self, carrier: Carrier) -> &Tally {
        &self.carriers[carrier as usize]
    }

    pub(super) fn snapshot(&self) -> Stats {
        let ended = self.ended.get();
        let accepted = self.accepted.get();
        Stats {
            uptime_s: self.started.elapsed().as_secs_f64(),
            connections: Connections {
                active: accepted.saturating_sub(ended),
                opened: accepted,
                closed: ended,
                refused: self.refused.get(),
            },
            transports: Carrier::ALL.map(|carrier| self.of(carrier).snapshot(carrier)),
        }
    }
}

/// What the server has counted since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stats {
    /// Seconds since the start.
    pub uptime_s: f64,
    /// TCP connections.
    pub connections: Connections,
    /// One for each carrier, in the order of [`Carrier::ALL`]; in JSON an object by their words.
    #[serde(serialize_with = "by_word")]
    pub transports: [CarrierStats; Carrier::ALL.len()],
}

impl Stats {
    /// The numbers of one carrier.
    pub fn of(&self, carrier: Carrier) -> &CarrierStats {
        &self.transports[carrier as usize]
    }
}

fn by_word<S: Serializer>(all: &[CarrierStats], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(all.iter().map(|stats| (stats.carrier.word(), stats)))
}

/// TCP connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Connections {
    /// Open now.
    pub active: u64,
    /// Accepted so far.
    pub opened: u64,
    /// Ended so far.
    pub closed: u64,
    /// Turned away because there were too many.
    pub refused: u64,
}

/// A number for each direction, as seen from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct InOut {
    /// From clients.
    pub r#in: u64,
    /// To clients.
    pub out: u64,
}

/// The numbers of one carrier.
///
/// *Payload* bytes are those of the messages themselves. *Wire* bytes are what passed the socket:
/// heads, frame headers, chunk sizes and heartbeats included, TCP and TLS not. A connection is one
/// WebSocket, one event stream, one NDJSON stream; over a poll it is one TCP connection on which
/// that poll was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CarrierStats {
    /// Which.
    #[serde(skip)]
    pub carrier: Carrier,
    /// Connections open now.
    pub active: u64,
    /// Connections so far.
    pub opened: u64,
    /// Connections that are over.
    pub closed: u64,
    /// Requests refused, rules broken, clients dropped.
    pub errors: u64,
    /// Connections that began with a cursor, so had been here before.
    pub reconnects: u64,
    /// Clients dropped because they read too slowly; each is an error too.
    pub slow: u64,
    /// HTTP requests, the handshakes of WebSockets included.
    pub requests: u64,
    /// Messages.
    pub messages: InOut,
    /// Bytes of those messages.
    pub payload_bytes: InOut,
    /// Bytes at the socket.
    pub wire_bytes: InOut,
    /// How long the connections that are over lasted; `None` before the first.
    pub duration_ms: Option<Spread>,
}

/// How durations are spread, in milliseconds, to three digits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How many there are.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Half are shorter.
    pub p50: f64,
    /// 95 of 100 are shorter.
    pub p95: f64,
    /// 99 of 100 are shorter.
    pub p99: f64,
}

impl Spread {
    fn of(micros: &Histogram<u64>) -> Option<Self> {
        let ms = |quantile| micros.value_at_quantile(quantile) as f64 / 1e3;
        (!micros.is_empty()).then(|| Self {
            count: micros.len(),
            mean: micros.mean() / 1e3,
            p50: ms(0.5),
            p95: ms(0.95),
            p99: ms(0.99),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_from_microseconds_to_days_are_kept() {
        let tally = Tally::default();
        assert_eq!(tally.snapshot(Carrier::Sse).duration_ms, None);
        for seconds in [1, 2, 3, 4, 200_000] {
            tally.lasted(Duration::from_secs(seconds));
        }
        tally.lasted(Duration::ZERO);
        let Some(found) = tally.snapshot(Carrier::Sse).duration_ms else { panic!("none kept") };
        assert_eq!(found.count, 6);
        assert!((found.p50 - 2000.0).abs() < 2.0, "{found:?}");
        assert!((found.p99 - 200e6).abs() < 200e3, "{found:?}");
    }
}
