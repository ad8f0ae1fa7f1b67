//! What was measured in a step of a lesson: the figures of its lanes when it ended against those
//! when it began.

use std::sync::Arc;

use super::{Measure, Moment, Step};
use crate::analysis::{Bucket, Series};
use crate::compare::words::{bytes, count, counted, number, seconds, time};
use crate::compare::{HerdView, LaneView, RunView, StreamsView};
use crate::model::Way;

/// A figure that can be told of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Figure {
    /// Messages that came, of those sent.
    Delivered,
    /// Messages that had not come when the step ended.
    Missing,
    /// Messages that came again.
    Duplicated,
    /// Messages that came after a later one.
    Reordered,
    /// Half of the messages were faster.
    Median,
    /// 95 of 100 messages were faster.
    P95,
    /// Bytes on the wire for each message that came.
    WirePerMessage,
    /// HTTP requests.
    Requests,
    /// Times the lane opened again after a loss.
    Reconnects,
    /// The longest time without a message.
    LongestGap,
    /// The longest time without a connection.
    Recovery,
    /// What the lane was doing when the step ended.
    State,
    /// Attempts of the herd to come back.
    Attempts,
    /// Most attempts of the herd in a slice of time.
    AttemptsPeak,
    /// How long it took until the whole herd was back.
    BackAfter,
    /// Streams of the page that receive.
    StreamsReceiving,
    /// Streams of the page that wait for a connection.
    StreamsWaiting,
    /// TCP connections the page holds.
    Connections,
}

impl Figure {
    /// Every figure.
    pub const ALL: [Self; 18] = [
        Self::Delivered,
        Self::Missing,
        Self::Duplicated,
        Self::Reordered,
        Self::Median,
        Self::P95,
        Self::WirePerMessage,
        Self::Requests,
        Self::Reconnects,
        Self::LongestGap,
        Self::Recovery,
        Self::State,
        Self::Attempts,
        Self::AttemptsPeak,
        Self::BackAfter,
        Self::StreamsReceiving,
        Self::StreamsWaiting,
        Self::Connections,
    ];

    /// Its word in the files of lessons.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Missing => "missing",
            Self::Duplicated => "duplicated",
            Self::Reordered => "reordered",
            Self::Median => "median",
            Self::P95 => "p95",
            Self::WirePerMessage => "wire per message",
            Self::Requests => "requests",
            Self::Reconnects => "reconnects",
            Self::LongestGap => "longest gap",
            Self::Recovery => "recovery",
            Self::State => "state",
            Self::Attempts => "attempts",
            Self::AttemptsPeak => "attempts peak",
            Self::BackAfter => "back after",
            Self::StreamsReceiving => "streams receiving",
            Self::StreamsWaiting => "streams waiting",
            Self::Connections => "connections",
        }
    }

    /// The figure a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.word() == word)
    }

    /// Whether it is one of many clients rather than of a lane.
    pub const fn is_of_a_crowd(self) -> bool {
        matches!(
            self,
            Self::Attempts
                | Self::AttemptsPeak
                | Self::BackAfter
                | Self::StreamsReceiving
                | Self::StreamsWaiting
                | Self::Connections
        )
    }
}

/// What was measured in `step`, in a sentence a lane; `None` where there is nothing to tell.
pub fn measured(step: &Step, before: &Moment, after: &Moment) -> Option<String> {
    let mut sentences: Vec<(Option<&str>, Vec<String>)> = Vec::new();
    for Measure { lane, figure } in &step.measures {
        let told = match lane {
            Some(name) => of_lane(name, &before.run, &after.run).map(|span| span.tell(*figure)),
            None => of_crowd(*figure, before, after),
        };
        let Some(told) = told else { continue };
        match sentences.last_mut() {
            Some((same, figures)) if *same == lane.as_deref() => figures.push(told),
            _ => sentences.push((lane.as_deref(), vec![told])),
        }
    }
    let sentences: Vec<String> = sentences
        .into_iter()
        .map(|(lane, figures)| match lane {
            Some(lane) => format!("{lane}: {}", figures.join(", ")),
            None => figures.join(", "),
        })
        .collect();
    (!sentences.is_empty()).then(|| sentences.join(" · "))
}

/// One lane during a step.
struct Span<'a> {
    before: &'a LaneView,
    after: &'a LaneView,
    /// Nanoseconds of the lane's clock.
    from_ns: u64,
    to_ns: u64,
}

fn of_lane<'a>(name: &str, before: &'a RunView, after: &'a RunView) -> Option<Span<'a>> {
    let named = |run: &'a RunView| run.lanes.iter().find(|lane| lane.spec.name() == name);
    let (from_ns, to_ns) = (now_ns(before), now_ns(after));
    Some(Span { before: named(before)?, after: named(after)?, from_ns, to_ns })
}

/// The time on the clock of the lanes, as far as any of them shows it. What is done in a step may
/// have its effect at once, so this must not be later than it was.
fn now_ns(run: &RunView) -> u64 {
    let of_series = |series: &Series| {
        let times = series.buckets.iter().next_back();
        times.and_then(|bucket| bucket.sizes.values.iter().map(|(at, _)| *at).max()).unwrap_or(0)
    };
    let of_wire = |lane: &LaneView| {
        lane.wire.last().map_or(0, |(at, _)| (f64::from(at.max(0.0)) * 1e9) as u64)
    };
    let each = run.lanes.iter().map(|lane| of_series(&lane.series).max(of_wire(lane)));
    each.max().unwrap_or(0)
}

impl Span<'_> {
    fn tell(&self, figure: Figure) -> String {
        let grown = |pick: fn(&crate::compare::Lane) -> u64| {
            pick(&self.after.figures).saturating_sub(pick(&self.before.figures))
        };
        let delivered = grown(|lane| lane.delivered);
        match figure {
            Figure::Delivered => match grown(|lane| lane.sent) {
                sent if delivered <= sent => {
                    format!("{} of {} delivered", count(delivered), count(sent))
                }
                // One or two were on their way when the step began.
                sent if delivered <= sent + sent / 50 + 2 => {
                    format!("all {} delivered", count(sent))
                }
                sent => format!("{} delivered while {} were sent", count(delivered), count(sent)),
            },
            Figure::Missing => format!("{} missing", count(grown(|lane| lane.lost))),
            Figure::Duplicated => format!("{} twice", count(grown(|lane| lane.duplicated))),
            Figure::Reordered => format!("{} out of order", count(grown(|lane| lane.reordered))),
            Figure::Median => self.latency(0.5, "median"),
            Figure::P95 => self.latency(0.95, "p95"),
            Figure::WirePerMessage if delivered == 0 => {
                format!("{} on the wire for no message", bytes(grown(|l| l.wire_bytes) as f64))
            }
            Figure::WirePerMessage => {
                let about = if self.after.figures.wire_is_estimate { "≈" } else { "" };
                let each = grown(|lane| lane.wire_bytes) as f64 / delivered as f64;
                format!("{about}{} on the wire a message", bytes(each))
            }
            Figure::Requests => counted(grown(|lane| lane.requests), "request"),
            Figure::Reconnects => counted(grown(|lane| lane.reconnects), "reconnect"),
            Figure::LongestGap => format!("longest gap {}", seconds(self.longest_gap_s())),
            Figure::Recovery => self.recovery(),
            Figure::State => self.state(),
            // Refused where a lesson is read.
            _ => String::new(),
        }
    }

    fn state(&self) -> String {
        let LaneView { spec, state, reason, .. } = self.after;
        match reason {
            // “SSE, because …”
            Some(reason) if spec.way == Way::Fallback => format!("on {reason}"),
            Some(reason) => format!("{state} ({reason})"),
            None => state.clone(),
        }
    }

    /// Whether it came in the step.
    fn is_within(&self, at: u64) -> bool {
        self.from_ns < at && at <= self.to_ns
    }

    fn buckets(&self) -> impl Iterator<Item = &Bucket> {
        let series = &self.after.series;
        let first = (self.from_ns / series.width_ns.max(1)) as usize;
        series.buckets.iter().skip(first)
    }

    /// A latency of the messages that came in the step.
    fn latency(&self, quantile: f64, what: &str) -> String {
        // Of a busy slice only some are kept; each stands for as many as there were.
        let mut found: Vec<(f32, f64)> = Vec::new();
        for bucket in self.buckets() {
            let kept = &bucket.latencies.values;
            let weight = f64::from(bucket.received.max(1)) / kept.len().max(1) as f64;
            let within = kept.iter().filter(|(at, _)| self.is_within(*at));
            found.extend(within.map(|(_, ms)| (*ms, weight)));
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all: f64 = found.iter().map(|(_, weight)| weight).sum();
        let mut so_far = 0.0;
        let at = found.iter().find(|(_, weight)| {
            so_far += weight;
            so_far >= all * quantile
        });
        at.map_or_else(|| format!("no {what}"), |(ms, _)| format!("{what} {}", time((*ms).into())))
    }

    /// The longest time without a message, to the width of a slice.
    fn longest_gap_s(&self) -> f64 {
        let mut last = self.from_ns;
        let mut longest = 0;
        for bucket in self.buckets() {
            let mut times: Vec<u64> = bucket.sizes.values.iter().map(|(at, _)| *at).collect();
            times.sort_unstable();
            for at in times.into_iter().filter(|at| self.is_within(*at)) {
                longest = longest.max(at.saturating_sub(last));
                last = at;
            }
        }
        longest.max(self.to_ns.saturating_sub(last)) as f64 / 1e9
    }

    fn recovery(&self) -> String {
        let breaks = self.after.series.outages.iter();
        let here = breaks.filter(|outage| outage.to_ns.is_none_or(|to| to > self.from_ns));
        let Some(longest) = here
            .max_by_key(|outage| outage.to_ns.unwrap_or(u64::MAX).saturating_sub(outage.from_ns))
        else {
            return String::from("no break");
        };
        match longest.to_ns {
            None => String::from("not back"),
            Some(to) => {
                let s = to.saturating_sub(longest.from_ns) as f64 / 1e9;
                format!("back after {}", seconds(s))
            }
        }
    }
}

fn of_crowd(figure: Figure, before: &Moment, after: &Moment) -> Option<String> {
    match figure {
        Figure::Attempts | Figure::AttemptsPeak | Figure::BackAfter => {
            let herd = after.herds.last()?;
            // One that came during the step has no past.
            let is_same = before.herds.len() == after.herds.len();
            let earlier = before.herds.last().filter(|_| is_same);
            Some(of_herd(figure, earlier.map(Arc::as_ref), herd))
        }
        _ => after.streams.last().map(|streams| of_streams(figure, streams)),
    }
}

fn of_herd(figure: Figure, before: Option<&HerdView>, after: &HerdView) -> String {
    // The last slice of before may have been half full.
    let known = before.map_or(0, |herd| herd.attempts.len().saturating_sub(1));
    let attempts = || after.attempts.iter().skip(known).map(|made| u64::from(*made));
    match figure {
        Figure::Attempts => {
            let all: u64 = attempts().sum();
            let already = before.and_then(|herd| herd.attempts.last()).copied().unwrap_or(0);
            counted(all.saturating_sub(already.into()), "attempt")
        }
        Figure::AttemptsPeak => {
            let peak = attempts().max().unwrap_or(0);
            format!("{} in the busiest {}", count(peak), time(after.slice_s * 1e3))
        }
        _ => match after.back_after_s {
            Some(back) => {
                format!("all {} back after {}", number(after.clients as f64), seconds(back))
            }
            None => format!(
                "{} of {} connected",
                number(after.connected as f64),
                number(after.clients as f64)
            ),
        },
    }
}

fn of_streams(figure: Figure, streams: &StreamsView) -> String {
    let all = streams.streams.len() as u64;
    match figure {
        Figure::StreamsReceiving => {
            let receiving = streams.streams.iter().filter(|stream| stream.first_ms.is_some());
            format!("{} of {} streams receive", count(receiving.count() as u64), count(all))
        }
        Figure::StreamsWaiting => match streams.waiting() as u64 {
            0 => String::from("none waits for a connection"),
            1 => String::from("1 waits for a connection"),
            many => format!("{} wait for a connection", count(many)),
        },
        _ => {
            format!("{} over {}", counted(streams.connections as u64, "connection"), streams.label)
        }
    }
}
