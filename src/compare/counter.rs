//! Counts what a lane's events come to, step by step, so that a view of them costs next to nothing.

use std::sync::Arc;

use super::curve::Curve;
use super::lane::{Lane, LatencyMs, RecoverMs};
use super::span::Span;
use super::view::{LaneView, Stage};
use crate::analysis::{Latencies, Measures, Phase, Sequence, Series, Story, Traffic};
use crate::model::{Dir, Event, Kind, LaneSpec, Options, Way, Wire};
use crate::server::Account;

/// Points of a distribution.
const DISTRIBUTION: usize = 200;
const SECOND: f32 = 1e9;

/// What the server counted for a lane at its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ledger {
    pub(super) requests: u64,
    pub(super) connections: u64,
    pub(super) wire: u64,
}

impl Ledger {
    /// What was added to an earlier count.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            connections: self.connections.saturating_sub(earlier.connections),
            wire: self.wire.saturating_sub(earlier.wire),
        }
    }
}

/// A moment at which it matters what the server has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The lane has opened, and messages do not count yet.
    Opened,
    /// It has the last message.
    Reached,
}

impl From<Account> for Ledger {
    fn from(account: Account) -> Self {
        Self {
            requests: account.requests,
            connections: account.connections,
            wire: account.wire_in.saturating_add(account.wire_out),
        }
    }
}

/// Counts a lane's events.
#[derive(Debug)]
pub(super) struct Counter {
    spec: LaneSpec,
    measures: Measures,
    latencies: Latencies,
    sequence: Sequence,
    story: Story,
    traffic: Traffic,
    /// Messages after this number count; `None` while none does.
    after: Option<i64>,
    /// Messages up to this number count, once that is known.
    until: i64,
    last_seq: i64,
    last_ns: u64,
    delivered: u64,
    payload: u64,
    requests: u64,
    attempts: u64,
    opened: u64,
    /// Why the fallback is where it is.
    chosen: Option<String>,
    is_estimate: bool,
    is_over: bool,
    /// The run is over, so connections end because nobody needs them any more.
    is_hung_up: bool,
    ledger: Option<Ledger>,
    /// What of the server's count belongs to the run, and of what is counted here.
    told: Span,
    own: Span,
    marked: Option<Mark>,
    wire: Curve<500>,
    connections: Curve<500>,
    series: Series,
    /// Events in the series, and how many of them are in what is shared.
    events: u64,
    shared_at: u64,
    shared_series: Arc<Series>,
    shared_distribution: Arc<[(f32, f32)]>,
    distributed: u64,
}

impl Counter {
    /// Counts nothing yet. `options` say where messages have their send time.
    pub(super) fn new(spec: &LaneSpec, start_wall_ns: i64, options: &Options) -> Self {
        Self {
            spec: spec.clone(),
            measures: Measures::new(start_wall_ns, options),
            latencies: Latencies::default(),
            sequence: Sequence::default(),
            story: Story::default(),
            traffic: Traffic::default(),
            after: None,
            until: i64::MAX,
            last_seq: 0,
            last_ns: 0,
            delivered: 0,
            payload: 0,
            requests: 0,
            attempts: 0,
            opened: 0,
            chosen: None,
            is_estimate: false,
            is_over: false,
            is_hung_up: false,
            ledger: None,
            told: Span::default(),
            own: Span::default(),
            marked: None,
            wire: Curve::default(),
            connections: Curve::default(),
            series: Series::default(),
            events: 0,
            shared_at: 0,
            shared_series: Arc::default(),
            shared_distribution: Arc::default(),
            distributed: 0,
        }
    }

    /// Takes the lane's next event, whose number in the file is `n`.
    pub(super) fn take(&mut self, n: u64, event: &Event) {
        let found = self.measures.observe(event);
        let latency = found.latency_ms.filter(|_| event.kind.is_message());
        if event.is_received_message()
            && let Some(seq) = found.seq
        {
            self.message(seq, event, latency);
        }
        match event.kind {
            Kind::Request => self.requests += 1,
            Kind::Connecting => self.attempts += 1,
            Kind::Open => {
                self.opened += 1;
                self.chosen.clone_from(&event.meta().chosen);
                self.connections.take(event.t_ns as f32 / SECOND, self.opened as f64);
            }
            _ => {}
        }
        self.is_estimate |= matches!(event.wire, Wire::Estimated(_));
        self.traffic.observe(event);
        if event.kind == Kind::Open {
            self.own.open(self.counted());
        }
        self.note_end();
        if self.is_hung_up && event.dir == Dir::Local {
            return;
        }
        self.story.observe(n, event);
        self.series.observe(event, latency, fastrand::f64);
        self.events += 1;
    }

    fn message(&mut self, seq: i64, event: &Event, latency: Option<f64>) {
        // What is kept in the history from before is not part of the run.
        if self.after.is_none_or(|after| seq <= after) || seq > self.until {
            return;
        }
        self.sequence.observe(seq);
        self.last_seq = self.last_seq.max(seq);
        self.last_ns = event.t_ns;
        self.delivered += 1;
        self.payload += event.payload.len() as u64;
        if let Some(latency) = latency {
            self.latencies.observe(latency);
        }
    }

    /// From now on messages count whose number is after this one.
    pub(super) fn begin(&mut self, after: i64) {
        self.after = Some(after);
        self.last_seq = after;
        self.own.begin(self.counted());
        if let Some(ledger) = self.ledger {
            self.told.begin(ledger);
        }
    }

    /// No message after this one counts.
    pub(super) fn end_with(&mut self, last: i64) {
        self.until = last;
        self.note_end();
    }

    /// What was counted here by now.
    fn counted(&self) -> Ledger {
        Ledger {
            // A WebSocket tells its upgrade as the attempt itself.
            requests: self.requests.max(self.attempts),
            connections: self.opened,
            wire: self.traffic.wire,
        }
    }

    /// Whether it is known which message is the last, and that has arrived.
    fn is_complete(&self) -> bool {
        self.until != i64::MAX && self.has_reached(self.until)
    }

    fn note_end(&mut self) {
        if self.is_complete() {
            self.own.end(self.counted());
        }
    }

    /// What it used for the run.
    fn used(&self) -> Ledger {
        match self.ledger {
            Some(ledger) => self.told.of(ledger),
            None => self.own.of(self.counted()),
        }
    }

    /// A moment for which the server's count is still to be noted.
    pub(super) fn due(&self) -> Option<Mark> {
        let mark = match self.after {
            None => (self.opened > 0).then_some(Mark::Opened),
            Some(_) => self.is_complete().then_some(Mark::Reached),
        };
        mark.filter(|_| self.marked != mark)
    }

    /// Notes that its session ended by itself.
    pub(super) fn end(&mut self) {
        self.is_over = !self.is_hung_up;
    }

    /// From now on its session is ended by the run.
    pub(super) fn hang_up(&mut self) {
        self.is_hung_up = true;
    }

    /// Whether it has been open, or never will be.
    pub(super) fn was_open(&self) -> bool {
        self.opened > 0 || self.is_over
    }

    /// Whether number `last` has arrived, or never will.
    pub(super) fn has_reached(&self, last: i64) -> bool {
        self.last_seq >= last || self.is_over
    }

    /// Whether it is open, but nothing has come since `ns`.
    pub(super) fn is_quiet_since(&self, ns: u64) -> bool {
        self.story.phase.is_open() && self.last_ns <= ns
    }

    /// Takes what the server has counted by now; `None` where it does not. `due` is what
    /// [`Counter::due`] was before the server was asked.
    pub(super) fn sample(&mut self, now_ns: u64, ledger: Option<Ledger>, due: Option<Mark>) {
        self.ledger = ledger.or(self.ledger);
        self.marked = due.or(self.marked);
        match (due, ledger) {
            (Some(Mark::Opened), Some(ledger)) => self.told.open(ledger),
            (Some(Mark::Reached), Some(ledger)) => self.told.end(ledger),
            _ => {}
        }
        self.wire.take(now_ns as f32 / SECOND, self.used().wire as f64);
        self.connections.take(now_ns as f32 / SECOND, self.opened as f64);
    }

    /// The figures, given that so many messages were sent. `is_final` where nothing more will come.
    pub(super) fn lane(&self, sent: u64, is_final: bool) -> Lane {
        let came = self.delivered.saturating_sub(self.sequence.duplicated());
        let overtaken = self.last_seq.saturating_sub(self.after.unwrap_or(self.last_seq));
        let due = if is_final { sent } else { u64::try_from(overtaken).unwrap_or(0) };
        let Ledger { requests, connections, wire } = self.used();
        Lane {
            transport: self.spec.way.word(),
            label: self.spec.name().to_owned(),
            resumes: self.spec.resumes,
            sent,
            delivered: self.delivered,
            lost: due.saturating_sub(came),
            duplicated: self.sequence.duplicated(),
            reordered: self.sequence.reordered(),
            latency_ms: self.latencies.percentiles().map(LatencyMs::from),
            payload_bytes: self.payload,
            wire_bytes: wire,
            wire_is_estimate: self.ledger.is_none() && self.is_estimate,
            overhead: Lane::overhead_of(wire, self.payload),
            requests,
            connections,
            reconnects: u64::from(self.story.reconnects),
            recover_ms: RecoverMs::of(self.outages()),
            server_memory: None,
        }
    }

    /// How long it was without a connection each time, in milliseconds.
    fn outages(&self) -> Vec<f64> {
        let spans =
            self.series.outages.iter().filter_map(|outage| {
                Some(outage.to_ns?.saturating_sub(outage.from_ns) as f64 / 1e6)
            });
        spans.collect()
    }

    /// How it looks now. The series is the one that [`Counter::share`] has last shared.
    pub(super) fn view(&mut self, now_ns: u64, sent: u64, stage: Stage) -> LaneView {
        if self.distributed != self.latencies.count() {
            self.distributed = self.latencies.count();
            self.shared_distribution = self.latencies.distribution(DISTRIBUTION).into();
        }
        let (state, reason) = self.state(now_ns, stage);
        LaneView {
            spec: self.spec.clone(),
            figures: self.lane(sent, stage == Stage::Done),
            state,
            reason,
            series: Arc::clone(&self.shared_series),
            distribution: Arc::clone(&self.shared_distribution),
            wire: self.wire.points(),
            connections: self.connections.points(),
        }
    }

    /// Slices that sharing the series would copy: none where nothing was added.
    pub(super) fn unshared(&self) -> usize {
        if self.shared_at == self.events { 0 } else { self.series.buckets.len().max(1) }
    }

    /// How far what is shared lags behind.
    pub(super) fn lag(&self) -> u64 {
        self.events - self.shared_at
    }

    /// Copies the series for views.
    pub(super) fn share(&mut self) {
        self.shared_at = self.events;
        self.shared_series = Arc::new(self.series.clone());
    }

    /// What it is doing, in a word or two, and why.
    fn state(&self, now_ns: u64, stage: Stage) -> (String, Option<String>) {
        let is_done = stage == Stage::Done;
        match &self.story.phase {
            Phase::Open { .. } if is_done => (String::from("Done"), self.chosen.clone()),
            Phase::New | Phase::Connecting { .. } if is_done => {
                (String::from("Not connected"), None)
            }
            Phase::New | Phase::Connecting { .. } => (String::from("Connecting"), None),
            Phase::Open { .. } => {
                let on = self.story.transport.filter(|_| self.spec.way == Way::Fallback);
                let state =
                    on.map_or_else(|| String::from("Open"), |kind| format!("On {}", kind.label()));
                (state, self.chosen.clone())
            }
            Phase::Waiting { cause, .. } if is_done => {
                (String::from("Not connected"), Some(cause.clone()))
            }
            Phase::Waiting { until_ns, cause, .. } => {
                let seconds = until_ns.saturating_sub(now_ns).div_ceil(1_000_000_000);
                (format!("Back in {seconds} s"), Some(cause.clone()))
            }
            Phase::Ended { cause, .. } if self.is_over => {
                (String::from("Gave up"), Some(cause.clone()))
            }
            Phase::Ended { cause, .. } => (String::from("Lost"), Some(cause.clone())),
        }
    }
}

/// Whether an event is one of those that only come where a way really delivers: a message, or
/// something that keeps the connection alive.
pub(super) fn is_sign_of_life(event: &Event) -> bool {
    let is_heartbeat = matches!(event.kind, Kind::Ping | Kind::Pong | Kind::Comment | Kind::Retry);
    event.dir == Dir::In && (event.kind.is_message() || is_heartbeat)
}

#[cfg(test)]
mod tests;
