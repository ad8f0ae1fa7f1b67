//! What the plots draw: a session of any length in at most a thousand slices of equal width, and
//! the spans in which it was not connected.

use std::sync::Arc;

use crate::model::{Dir, Event, Kind, Meta};

/// Slices kept; when there would be more, neighbours are merged and the width doubles.
const SLICES: usize = 960;
/// Latencies kept a slice, chosen by chance among all.
const LATENCIES: usize = 24;
/// Sizes and gaps kept a slice likewise.
const OTHERS: usize = 12;
/// Width of a slice at the beginning, in nanoseconds.
const FIRST_WIDTH: u64 = 100_000_000;
/// Disconnected spans kept; later ones are not drawn.
const OUTAGES: usize = 4096;
/// Characters of an outage's label.
const LABEL: usize = 24;

/// A fair share of the values that were measured in a slice, each with its time; at most `MOST`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample<const MOST: usize> {
    /// Times in nanoseconds since the session began, and values; unsorted.
    pub values: Vec<(u64, f32)>,
    seen: u32,
    most: f32,
}

/// One slice of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bucket {
    /// Messages received.
    pub received: u32,
    /// Messages sent.
    pub sent: u32,
    /// Payload bytes received.
    pub bytes: u64,
    /// Latencies in milliseconds.
    pub latencies: Sample<LATENCIES>,
    /// Payload bytes of received messages.
    pub sizes: Sample<OTHERS>,
    /// Milliseconds between one received message and the next of the same connection.
    pub gaps: Sample<OTHERS>,
}

/// A span without a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// When it was lost, in nanoseconds since the session began.
    pub from_ns: u64,
    /// When it was back; `None` while it is not.
    pub to_ns: Option<u64>,
    /// Why it was lost, in at most 24 characters: the close code or a word or two.
    pub label: String,
    /// Why it was lost, in a sentence.
    pub cause: Arc<str>,
    /// The cursor it resumed after.
    pub resumed_after: Option<String>,
}

/// A session's slices and outages.
#[derive(Debug, Clone)]
pub struct Series {
    /// Width of a slice, in nanoseconds.
    pub width_ns: u64,
    /// The slices, from the beginning of the session.
    pub buckets: Vec<Bucket>,
    /// Spans without a connection, in order.
    pub outages: Vec<Outage>,
    resume_after: Option<String>,
    /// When the last message of this connection came.
    last_ns: Option<u64>,
    /// The end of the last connection was told.
    is_down: bool,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            width_ns: FIRST_WIDTH,
            buckets: Vec::new(),
            outages: Vec::new(),
            resume_after: None,
            last_ns: None,
            is_down: false,
        }
    }
}

impl Series {
    /// Takes the next event with its latency. `chance` gives numbers between 0 and 1.
    pub fn observe(
        &mut self,
        event: &Event,
        latency_ms: Option<f64>,
        mut chance: impl FnMut() -> f64,
    ) {
        match event.kind {
            Kind::Closed => self.lost(event),
            Kind::Failed => self.is_down = true,
            Kind::Connecting => self.resume_after.clone_from(&event.meta().resume_after),
            Kind::Open => self.back(event),
            _ => {}
        }
        if matches!(event.kind, Kind::Open | Kind::Closed) {
            self.last_ns = None;
        }
        let is_received = event.is_received_message();
        let last_ns = if is_received { self.last_ns.replace(event.t_ns) } else { None };
        let bucket = self.bucket(event.t_ns);
        if is_received {
            let size = event.payload.len() as f32;
            bucket.sizes.take(event.t_ns, size, &mut chance);
            if let Some(last) = last_ns {
                let gap = event.t_ns.saturating_sub(last) as f32 / 1e6;
                bucket.gaps.take(event.t_ns, gap, &mut chance);
            }
            bucket.received = bucket.received.saturating_add(1);
            bucket.bytes = bucket.bytes.saturating_add(event.payload.len() as u64);
        } else if event.dir == Dir::Out && event.kind.is_message() {
            bucket.sent = bucket.sent.saturating_add(1);
        }
        if let Some(latency) = latency_ms {
            bucket.latencies.take(event.t_ns, latency as f32, &mut chance);
        }
    }

    fn lost(&mut self, event: &Event) {
        // A wait that is ended tells `closed` once more, perhaps without ever having been open.
        if !std::mem::replace(&mut self.is_down, true) && self.outages.len() < OUTAGES {
            let meta = event.meta();
            self.outages.push(Outage {
                from_ns: event.t_ns,
                to_ns: None,
                label: label(meta),
                cause: meta.cause.as_deref().unwrap_or_default().into(),
                resumed_after: None,
            });
        }
    }

    fn back(&mut self, event: &Event) {
        self.is_down = false;
        if let Some(outage) = self.outages.last_mut().filter(|outage| outage.to_ns.is_none()) {
            outage.to_ns = Some(event.t_ns);
            outage.resumed_after = self.resume_after.take();
        }
    }

    fn bucket(&mut self, t_ns: u64) -> &mut Bucket {
        while t_ns / self.width_ns >= SLICES as u64 {
            self.halve();
        }
        let at = (t_ns / self.width_ns) as usize;
        if self.buckets.len() <= at {
            self.buckets.resize_with(at + 1, Bucket::default);
        }
        &mut self.buckets[at]
    }

    fn halve(&mut self) {
        self.width_ns = self.width_ns.saturating_mul(2);
        let merged = self.buckets.chunks(2).map(|pair| match pair {
            [first, second] => first.merged(second),
            rest => rest.first().cloned().unwrap_or_default(),
        });
        self.buckets = merged.collect();
    }
}

/// Words of a cause and what they come to; the first that is found counts.
const SHORT: &[(&str, &str)] = &[
    ("broke the protocol", "protocol error"),
    ("no pong", "no pong"),
    ("without a close frame", "no close frame"),
    ("ended the response", "response ended"),
    ("refused the connection", "refused"),
    ("connection refused", "refused"),
    ("connection reset", "reset"),
    ("reset by peer", "reset"),
    ("broken pipe", "broken pipe"),
    ("timed out", "timed out"),
    ("no answer within", "timed out"),
    ("did not answer within", "timed out"),
    ("could not be looked up", "no such host"),
    ("cannot be reached", "unreachable"),
    ("tls with", "TLS failed"),
    ("cut short", "cut short"),
    ("ended within", "cut short"),
    ("ended inside", "cut short"),
    ("unexpected end of file", "cut short"),
];

/// Why it was lost, in at most 24 characters.
fn label(meta: &Meta) -> String {
    if let Some(code) = meta.code {
        return code.to_string();
    }
    if let Some(status) = meta.status.filter(|status| !(200..300).contains(status)) {
        return format!("HTTP {status}");
    }
    let cause = meta.cause.as_deref().unwrap_or_default();
    let lower = cause.to_lowercase();
    let known = SHORT.iter().find(|(words, _)| lower.contains(words));
    known.map_or_else(|| shortened(cause), |(_, short)| (*short).to_owned())
}

/// The first words that fit, with an ellipsis where there are more.
fn shortened(text: &str) -> String {
    if text.chars().nth(LABEL).is_none() {
        return text.to_owned();
    }
    let end = text.char_indices().nth(LABEL - 1).map_or(0, |(at, _)| at);
    let (head, rest) = text.split_at(end);
    let words = head.rfind(' ').filter(|_| !rest.starts_with(' '));
    let head = words.map_or(head, |end| &head[..end]);
    format!("{}…", head.trim_end_matches([' ', ',', ':', ';', '.']))
}

impl<const MOST: usize> Sample<MOST> {
    fn take(&mut self, t_ns: u64, value: f32, chance: &mut impl FnMut() -> f64) {
        self.seen = self.seen.saturating_add(1);
        self.most = self.most.max(value);
        if self.values.len() < MOST {
            self.values.push((t_ns, value));
        } else {
            // Reservoir sampling: each of those measured is kept with the same probability.
            let at = (chance() * f64::from(self.seen)) as usize;
            if let Some(place) = self.values.get_mut(at) {
                *place = (t_ns, value);
            }
        }
    }

    /// The greatest value there was, in the sample or not; 0 where there was none.
    pub fn most(&self) -> f32 {
        self.most
    }

    /// The value at this quantile of the sample.
    pub fn quantile(&self, quantile: f64) -> Option<f32> {
        let mut sorted: Vec<f32> = self.values.iter().map(|(_, value)| *value).collect();
        sorted.sort_by(f32::total_cmp);
        let at = (quantile * sorted.len() as f64) as usize;
        sorted.get(at.min(sorted.len().saturating_sub(1))).copied()
    }

    fn merged(&self, other: &Self) -> Self {
        let both = self.values.len() + other.values.len();
        let step = both.div_ceil(MOST).max(1);
        Self {
            values: self.values.iter().chain(&other.values).step_by(step).copied().collect(),
            seen: self.seen.saturating_add(other.seen),
            most: self.most.max(other.most),
        }
    }
}

impl Bucket {
    fn merged(&self, other: &Self) -> Self {
        Self {
            received: self.received.saturating_add(other.received),
            sent: self.sent.saturating_add(other.sent),
            bytes: self.bytes.saturating_add(other.bytes),
            latencies: self.latencies.merged(&other.latencies),
            sizes: self.sizes.merged(&other.sizes),
            gaps: self.gaps.merged(&other.gaps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Meta;

    fn message(t_ns: u64) -> Event {
        Event::new(t_ns, Dir::In, Kind::Text).with_payload("abc")
    }

    #[test]
    fn any_length_fits_and_nothing_is_uncounted() {
        let mut series = Series::default();
        for k in 0..50_000_u64 {
            series.observe(&message(k * 1_000_000_000), Some(1.0), || 0.5);
        }
        assert!(series.buckets.len() <= SLICES);
        assert_eq!(series.buckets.iter().map(|b| u64::from(b.received)).sum::<u64>(), 50_000);
        assert!(series.buckets.iter().all(|b| b.latencies.values.len() <= LATENCIES));
        assert!(series.buckets.iter().all(|b| b.sizes.values.len() <= OTHERS));
        assert!(series.buckets.iter().all(|b| b.gaps.values.len() <= OTHERS));
        let first = &series.buckets[0];
        assert_eq!(first.latencies.quantile(0.5), Some(1.0));
        assert_eq!((first.sizes.quantile(0.9), first.sizes.most()), (Some(3.0), 3.0));
        assert_eq!((first.gaps.quantile(0.0), first.gaps.most()), (Some(1000.0), 1000.0));
    }

    #[test]
    fn a_gap_is_between_two_messages_of_one_connection() {
        let mut series = Series::default();
        let local = |t, kind| Event::new(t, Dir::Local, kind);
        let ms = 1_000_000;
        let events = [
            local(0, Kind::Open),
            message(ms),
            Event::new(2 * ms, Dir::Out, Kind::Text),
            message(4 * ms),
            local(5 * ms, Kind::Closed),
            local(50 * ms, Kind::Open),
            message(60 * ms),
            message(61 * ms),
        ];
        for event in &events {
            series.observe(event, None, || 0.5);
        }
        let gaps: Vec<f32> = series.buckets[0].gaps.values.iter().map(|(_, gap)| *gap).collect();
        assert_eq!(gaps, [3.0, 1.0]);
    }

    #[test]
    fn an_outage_begins_when_it_closes_and_ends_when_it_is_open() {
        let mut series = Series::default();
        let local = |t, kind, meta| Event::new(t, Dir::Local, kind).with_meta(meta);
        let resume = Meta { resume_after: Some("42".into()), ..Meta::default() };
        let closed = Meta { code: Some(1006), cause: Some("gone".into()), ..Meta::default() };
        series.observe(&local(0, Kind::Open, Meta::default()), None, || 0.0);
        series.observe(&local(5, Kind::Closed, closed), None, || 0.0);
        series.observe(&local(7, Kind::Connecting, resume), None, || 0.0);
        series.observe(&local(9, Kind::Open, Meta::default()), None, || 0.0);
        let wanted = Outage {
            from_ns: 5,
            to_ns: Some(9),
            label: "1006".into(),
            cause: "gone".into(),
            resumed_after: Some("42".into()),
        };
        assert_eq!(series.outages, [wanted]);
    }
    #[test]
    fn labels_are_short() {
        let cause = |cause: &str| Meta { cause: Some(cause.into()), ..Meta::default() };
        let table = [
            (Meta { code: Some(1001), ..cause("closed with 1001, going away") }, "1001"),
            (Meta { status: Some(503), ..cause("the server answered 503 timed out") }, "HTTP 503"),
            (cause("127.0.0.1:4100 refused the connection"), "refused"),
            (cause("the connection broke: Connection reset by peer (os error 104)"), "reset"),
            (cause("192.0.2.1:80 did not answer within 10 s"), "timed out"),
            (cause("disconnected by you"), "disconnected by you"),
            (cause(""), ""),
            (cause("exactly 24 characters ok"), "exactly 24 characters ok"),
            (cause("the server answered 200 with text/html, not"), "the server answered 200…"),
            (cause("what, is: this; all, about, then"), "what, is: this; all…"),
            (cause(&"é".repeat(30)), "ééééééééééééééééééééééé…"),
        ];
        for (meta, wanted) in table {
            let found = label(&meta);
            assert_eq!(found, wanted, "{:?}", meta.cause);
            assert!(found.chars().count() <= LABEL, "{found}");
        }
    }

    #[test]
    fn an_end_that_is_told_again_is_no_outage_of_its_own() {
        let local = |t, kind| Event::new(t, Dir::Local, kind);
        let outages = |kinds: &[Kind]| {
            let mut series = Series::default();
            for (t, kind) in (0..).zip(kinds) {
                series.observe(&local(t, *kind), None, || 0.0);
            }
            series.outages.len()
        };
        assert_eq!(outages(&[Kind::Open, Kind::Closed, Kind::Retrying, Kind::Closed]), 1);
        assert_eq!(outages(&[Kind::Connecting, Kind::Failed, Kind::Retrying, Kind::Closed]), 0);
        assert_eq!(outages(&[Kind::Open, Kind::Closed, Kind::Open, Kind::Closed]), 2);
    }

    #[test]
    fn any_time_that_a_file_may_hold_fits() {
        for last in [1 << 63, i64::MAX as u64, u64::MAX] {
            let mut series = Series::default();
            for t_ns in [0, last, 7, last] {
                series.observe(&message(t_ns), Some(1.0), || 0.5);
            }
            assert!(series.buckets.len() <= SLICES);
            let received: Vec<_> = series.buckets.iter().map(|bucket| bucket.received).collect();
            assert_eq!((received[0], received.last().copied()), (2, Some(2)));
        }
    }
}
