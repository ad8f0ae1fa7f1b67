//! What the plots draw: a session of any length in at most a thousand slices of equal width, and
//! the spans in which it was not connected.

use crate::model::{Dir, Event, Kind};

/// Slices kept; when there would be more, neighbours are merged and the width doubles.
const SLICES: usize = 960;
/// Latencies kept a slice, chosen by chance among all.
const SAMPLES: usize = 24;
/// Width of a slice at the beginning, in nanoseconds.
const FIRST_WIDTH: u64 = 100_000_000;
/// Disconnected spans kept; later ones are not drawn.
const OUTAGES: usize = 4096;

/// One slice of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bucket {
    /// Messages received.
    pub received: u32,
    /// Messages sent.
    pub sent: u32,
    /// Payload bytes received.
    pub bytes: u64,
    /// Latencies in milliseconds, a fair sample of at most 24, unsorted, each with its time.
    pub latencies: Vec<(u64, f32)>,
    measured: u32,
}

/// A span without a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// When it was lost, in nanoseconds since the session began.
    pub from_ns: u64,
    /// When it was back; `None` while it is not.
    pub to_ns: Option<u64>,
    /// Why it was lost, short: the close code or the cause.
    pub label: String,
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
}

impl Default for Series {
    fn default() -> Self {
        Self { width_ns: FIRST_WIDTH, buckets: Vec::new(), outages: Vec::new(), resume_after: None }
    }
}

impl Series {
    /// Takes the next event with its latency. `chance` gives numbers between 0 and 1.
    pub fn observe(
        &mut self,
        event: &Event,
        latency_ms: Option<f64>,
        chance: impl FnOnce() -> f64,
    ) {
        match event.kind {
            Kind::Closed => self.lost(event),
            Kind::Connecting => self.resume_after.clone_from(&event.meta().resume_after),
            Kind::Open => self.back(event),
            _ => {}
        }
        let bucket = self.bucket(event.t_ns);
        if event.is_received_message() {
            bucket.received += 1;
            bucket.bytes += event.payload.len() as u64;
        } else if event.dir == Dir::Out && event.kind.is_message() {
            bucket.sent += 1;
        }
        if let Some(latency) = latency_ms {
            bucket.sample(event.t_ns, latency as f32, chance);
        }
    }

    fn lost(&mut self, event: &Event) {
        let meta = event.meta();
        if self.outages.len() < OUTAGES && self.outages.last().is_none_or(|o| o.to_ns.is_some()) {
            let label = meta.code.map(|code| code.to_string()).or_else(|| meta.cause.clone());
            self.outages.push(Outage {
                from_ns: event.t_ns,
                to_ns: None,
                label: label.unwrap_or_default(),
                resumed_after: None,
            });
        }
    }

    fn back(&mut self, event: &Event) {
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
        self.width_ns *= 2;
        let merged = self.buckets.chunks(2).map(|pair| match pair {
            [first, second] => first.merged(second),
            rest => rest.first().cloned().unwrap_or_default(),
        });
        self.buckets = merged.collect();
    }
}

impl Bucket {
    fn sample(&mut self, t_ns: u64, latency: f32, chance: impl FnOnce() -> f64) {
        self.measured = self.measured.saturating_add(1);
        if self.latencies.len() < SAMPLES {
            self.latencies.push((t_ns, latency));
        } else {
            // Reservoir sampling: each of those measured is kept with the same probability.
            let at = (chance() * f64::from(self.measured)) as usize;
            if let Some(place) = self.latencies.get_mut(at) {
                *place = (t_ns, latency);
            }
        }
    }

    /// Latency at this quantile of the sample, in milliseconds.
    pub fn latency(&self, quantile: f64) -> Option<f32> {
        let mut sorted: Vec<f32> = self.latencies.iter().map(|(_, latency)| *latency).collect();
        sorted.sort_by(f32::total_cmp);
        let at = (quantile * sorted.len() as f64) as usize;
        sorted.get(at.min(sorted.len().saturating_sub(1))).copied()
    }

    fn merged(&self, other: &Self) -> Self {
        let both = self.latencies.len() + other.latencies.len();
        let step = both.div_ceil(SAMPLES).max(1);
        Self {
            received: self.received.saturating_add(other.received),
            sent: self.sent.saturating_add(other.sent),
            bytes: self.bytes.saturating_add(other.bytes),
            latencies: self
                .latencies
                .iter()
                .chain(&other.latencies)
                .step_by(step)
                .copied()
                .collect(),
            measured: self.measured.saturating_add(other.measured),
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
        assert!(series.buckets.iter().all(|b| b.latencies.len() <= SAMPLES));
        assert_eq!(series.buckets[0].latency(0.5), Some(1.0));
    }

    #[test]
    fn an_outage_begins_when_it_closes_and_ends_when_it_is_open() {
        let mut series = Series::default();
        let local = |t, kind, meta| Event::new(t, Dir::Local, kind).with_meta(meta);
        let resume = Meta { resume_after: Some("42".into()), ..Meta::default() };
        let closed = Meta { code: Some(1006), ..Meta::default() };
        series.observe(&local(0, Kind::Open, Meta::default()), None, || 0.0);
        series.observe(&local(5, Kind::Closed, closed), None, || 0.0);
        series.observe(&local(7, Kind::Connecting, resume), None, || 0.0);
        series.observe(&local(9, Kind::Open, Meta::default()), None, || 0.0);
        let wanted = Outage {
            from_ns: 5,
            to_ns: Some(9),
            label: "1006".into(),
            resumed_after: Some("42".into()),
        };
        assert_eq!(series.outages, [wanted]);
    }
}
