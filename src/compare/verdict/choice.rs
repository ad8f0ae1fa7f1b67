//! The decision itself: what rules a lane out, and which of those that remain is taken.

use super::{FEWEST, WORTH, median};
use crate::compare::Lane;
use crate::model::{Needs, TransportKind, Way};

/// Medians closer than this are the same to a person.
const SAME_MS: f64 = 5.0;
/// And those closer than this share of the faster one.
const SAME_SHARE: f64 = 0.25;
/// 95th percentiles may be that far apart, since they hold what was caught up after breaks.
const SAME_P95_MS: f64 = 500.0;
/// And so many times the faster one.
const SAME_P95_TIMES: f64 = 4.0;
/// A share of losses that matters also to those who can miss something.
const MANY_LOST: f64 = 0.01;

/// Why a lane is not it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Out {
    /// It was not open once.
    NeverOpen,
    /// It was open, and nothing came.
    Nothing,
    /// It lost messages that others delivered.
    Lost,
    /// The client cannot send over it.
    CannotSend,
    /// It carries no bytes.
    TextOnly,
    /// A proxy may be in its way.
    NeedsUpgrade,
    /// A browser does not read it by itself.
    NoBrowserReader,
    /// Others are faster.
    Slow,
}

/// What was decided.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    /// The lane that fits best.
    pub(super) best: &'a Lane,
    /// Those that do not fit, in the order of the lanes.
    pub(super) out: Vec<(&'a Lane, Out)>,
}

impl Choice<'_> {
    /// Whether it is out for what it lost, so that its other figures mean little.
    pub(super) fn lost_too_much(&self, lane: &Lane) -> bool {
        self.out.iter().any(|(out, why)| std::ptr::eq(*out, lane) && *why == Out::Lost)
    }
}

/// Whether it travels over this transport.
pub(super) fn is(lane: &Lane, kind: TransportKind) -> bool {
    lane.transport == kind.word()
}

/// The lane that fits best; `None` where too little came over any, and where all travel alike.
pub(super) fn choose(needs: Needs, rate: f64, lanes: &[Lane]) -> Option<Choice<'_>> {
    if lanes.iter().map(|lane| lane.delivered).max()? < FEWEST {
        return None;
    }
    let first = lanes.first()?.transport;
    if lanes.iter().all(|lane| lane.transport == first) {
        return None;
    }
    let mut left: Vec<&Lane> = lanes.iter().collect();
    let mut out = Vec::new();
    // What rules out even the last one left, and what only matters where something else is left.
    strike(&mut left, &mut out, true, |lane, _| broken(lane));
    if needs.two_way {
        strike(&mut left, &mut out, false, |lane, _| (!talks(lane)).then_some(Out::CannotSend));
    }
    if needs.binary {
        strike(&mut left, &mut out, false, |lane, _| (!talks(lane)).then_some(Out::TextOnly));
    }
    strike(&mut left, &mut out, false, |lane, left| loses(needs, lane, left));
    if needs.proxies {
        strike(&mut left, &mut out, false, |lane, _| {
            is(lane, TransportKind::Websocket).then_some(Out::NeedsUpgrade)
        });
    }
    if needs.browser {
        strike(&mut left, &mut out, false, |lane, _| {
            is(lane, TransportKind::Stream).then_some(Out::NoBrowserReader)
        });
    }
    strike(&mut left, &mut out, false, slow);
    let best = left.iter().copied().min_by_key(|lane| rank(lane))?;
    let best = lighter(best, &left, rate).unwrap_or(best);
    let place = |wanted: &Lane| lanes.iter().position(|lane| std::ptr::eq(lane, wanted));
    out.sort_by_key(|(lane, _)| place(lane));
    Some(Choice { best, out })
}

/// Takes out what a rule finds, unless that would leave nothing to choose from.
fn strike<'a>(
    left: &mut Vec<&'a Lane>,
    out: &mut Vec<(&'a Lane, Out)>,
    even_the_last: bool,
    rule: impl Fn(&Lane, &[&Lane]) -> Option<Out>,
) {
    let found: Vec<_> = left.iter().map(|lane| rule(lane, left)).collect();
    if !even_the_last && found.iter().all(Option::is_some) {
        return;
    }
    let mut found = found.into_iter();
    left.retain(|lane| match found.next().flatten() {
        Some(why) => {
            out.push((lane, why));
            false
        }
        None => true,
    });
}

fn broken(lane: &Lane) -> Option<Out> {
    match (lane.delivered, lane.connections) {
        (0, 0) => Some(Out::NeverOpen),
        (0, _) => Some(Out::Nothing),
        _ => None,
    }
}

/// Whether the client can send over it, and bytes as well.
fn talks(lane: &Lane) -> bool {
    is(lane, TransportKind::Websocket) || lane.transport == Way::Fallback.word()
}

fn share_lost(lane: &Lane) -> f64 {
    lane.lost as f64 / lane.sent.max(1) as f64
}

fn loses(needs: Needs, lane: &Lane, left: &[&Lane]) -> Option<Out> {
    let least = left.iter().map(|lane| share_lost(lane)).fold(f64::INFINITY, f64::min);
    let allowed = if needs.resume { least } else { least + MANY_LOST };
    (share_lost(lane) > allowed).then_some(Out::Lost)
}

fn slow(lane: &Lane, left: &[&Lane]) -> Option<Out> {
    let fastest = left.iter().copied().min_by(|a, b| {
        let of = |lane| median(lane).unwrap_or(f64::INFINITY);
        of(a).total_cmp(&of(b))
    })?;
    let (own, best) = (lane.latency_ms?, fastest.latency_ms?);
    let is_same =
        same_median(own.p50, best.p50) && own.p95 <= best.p95 * SAME_P95_TIMES + SAME_P95_MS;
    (!is_same).then_some(Out::Slow)
}

/// Whether a person takes these medians, in milliseconds, for the same.
pub(super) fn same_median(a: f64, b: f64) -> bool {
    (a - b).abs() <= (a.min(b) * SAME_SHARE).max(SAME_MS)
}

/// The less there is to build and to go wrong, the smaller. Where the client has to send, the ways
/// that cannot are gone by now.
fn rank(lane: &Lane) -> usize {
    const SIMPLEST_FIRST: [Way; 6] = [
        Way::Over(TransportKind::Sse),
        Way::Over(TransportKind::Websocket),
        Way::Fallback,
        Way::Over(TransportKind::Stream),
        Way::Over(TransportKind::LongPoll),
        Way::Over(TransportKind::ShortPoll),
    ];
    let place = SIMPLEST_FIRST.iter().position(|way| way.word() == lane.transport);
    place.unwrap_or(SIMPLEST_FIRST.len())
}

/// A lane that saves so many bytes at this rate that it is worth the trouble.
fn lighter<'a>(best: &Lane, left: &[&'a Lane], rate: f64) -> Option<&'a Lane> {
    let own = best.wire_per_message()?;
    let lightest = left.iter().copied().min_by(|a, b| {
        let of = |lane: &Lane| lane.wire_per_message().unwrap_or(f64::INFINITY);
        of(a).total_cmp(&of(b))
    })?;
    ((own - lightest.wire_per_message()?) * rate >= WORTH).then_some(lightest)
}
