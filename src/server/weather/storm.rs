//! What is done to the bytes of one connection, and what there is only for that: those on their
//! way, and the time of what comes next.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::lane::Lane;
use super::{Link, polls};
use crate::model::{Cut, CutHow, Impairment};

/// Bytes on the way, each way, where they take their time; what a long, fat line holds.
pub(super) const IN_FLIGHT: usize = 256 << 10;
/// Bytes read or written at a time.
pub(super) const PIECE: usize = 8 << 10;
/// Bytes that wait where the line is merely slow.
const QUEUED: usize = 16 << 10;
/// How long a piece takes on a slow line, so that bytes come evenly.
const PACE: Duration = Duration::from_millis(20);
/// The longest delay there is, and how long what is on its way already may take at most, where an
/// answer is waited for.
const LONGEST: Duration = Duration::from_mins(1);
/// How far away a time is that need not be waited for.
const NEVER: Duration = Duration::from_hours(24);

/// What there is only where something is done to bytes.
#[derive(Debug)]
pub(super) struct Storm {
    pub(super) terms: Terms,
    /// From the client.
    pub(super) inbound: Lane,
    /// To the client.
    pub(super) outbound: Lane,
    /// When the line takes the next piece.
    pub(super) free: Instant,
    /// When the last byte passed.
    pub(super) passed: Instant,
    pub(super) over: Option<CutHow>,
    /// Whether the task was woken to read what has arrived.
    pub(super) announced: bool,
    pub(super) timer: Pin<Box<Sleep>>,
}

/// What is done to bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Terms {
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    /// Never 0.
    pub(super) bandwidth: Option<u64>,
    pub(super) cut_at: Option<(Instant, CutHow)>,
    pub(super) idle: Option<Cut>,
    /// Whether requests come and go.
    pub(super) polls: bool,
}

impl Terms {
    pub(super) fn of(link: &Link) -> Self {
        let Some(kind) = link.kind() else { return Self::default() };
        let now = link.now();
        let Impairment { delay, jitter, bandwidth, cut, idle, .. } = *now.of(kind);
        // None at all would be silence, which is another trouble.
        let bandwidth = bandwidth.map(|rate| rate.max(1));
        // A clean cut is for those who know the protocol.
        let cut = cut.filter(|cut| cut.how != CutHow::Clean);
        let cut_at = cut.and_then(|cut| Some((now.cut_at(kind, link.since(kind))?, cut.how)));
        let polls = polls(kind);
        Self { delay, jitter, bandwidth, cut_at, idle, polls }
    }

    /// How long a byte takes; chance decides where there is jitter.
    pub(super) fn transit(&self) -> Duration {
        if self.jitter.is_zero() {
            return self.delay;
        }
        let chance = fastrand::f64() * 2.0;
        (self.delay + self.jitter.mul_f64(chance)).saturating_sub(self.jitter)
    }

    /// How much longer than over a good line it takes until the answer to something said now is
    /// there: it goes both ways, after what is on its way already.
    pub(super) fn detour(&self) -> Duration {
        let queue = self.bandwidth.map_or(0.0, |rate| self.room() as f64 / rate as f64);
        let queue = Duration::from_secs_f64(queue.min(LONGEST.as_secs_f64()));
        2 * self.delay.saturating_add(self.jitter).min(2 * LONGEST) + queue
    }

    /// Whether nothing at all is done.
    pub(super) fn are_good(&self) -> bool {
        *self == Self { polls: self.polls, ..Self::default() }
    }

    pub(super) fn takes_time(&self) -> bool {
        !self.delay.is_zero() || !self.jitter.is_zero()
    }

    /// Bytes that go out at a time.
    pub(super) fn piece(&self) -> usize {
        self.bandwidth.map_or(PIECE, |rate| {
            let piece = (rate as f64 * PACE.as_secs_f64()) as usize;
            piece.clamp(1, PIECE)
        })
    }

    /// Bytes that may be on the way.
    pub(super) fn room(&self) -> usize {
        if self.takes_time() { IN_FLIGHT } else { QUEUED }
    }
}

impl Storm {
    pub(super) fn new(terms: Terms) -> Self {
        let now = Instant::now();
        Self {
            terms,
            inbound: Lane::default(),
            outbound: Lane::default(),
            free: now,
            passed: now,
            over: None,
            announced: false,
            timer: Box::pin(tokio::time::sleep_until(now + NEVER)),
        }
    }

    pub(super) fn passes(&mut self, link: &Link, now: Instant) {
        self.passed = now;
        if self.terms.idle.is_some() {
            link.passed(now);
        }
    }

    /// How the connection ends now, if it does.
    pub(super) fn ends(&self, link: &Link, now: Instant) -> Option<CutHow> {
        let cut = self.terms.cut_at.filter(|(at, _)| *at <= now).map(|(_, how)| how);
        cut.or_else(|| self.idles(link).filter(|(at, _)| *at <= now).map(|(_, how)| how))
    }

    /// When and how the connection ends if nothing passes. A clean end is for those who know the
    /// protocol; between two polls it is that of the connection.
    pub(super) fn idles(&self, link: &Link) -> Option<(Instant, CutHow)> {
        let idle = self.terms.idle?;
        let is_ours = idle.how != CutHow::Clean || self.terms.polls && !link.is_waited_on();
        is_ours.then(|| (self.passed.max(link.last_passed()) + idle.after, idle.how))
    }

    /// When something happens by itself; a socket that is blocked wakes the task itself.
    pub(super) fn next(&self, link: &Link, blocked: bool) -> Option<Instant> {
        let out = self.outbound.due().map(|due| due.max(self.free));
        let times = [
            self.inbound.due().filter(|_| !self.announced),
            out.filter(|_| self.outbound.has_bytes() && !blocked),
            self.terms.cut_at.map(|(at, _)| at),
            self.idles(link).map(|(at, _)| at),
        ];
        times.into_iter().flatten().min()
    }
}
