//! What the plots draw, computed once a snapshot rather than once a frame: a bounded number of dots
//! and of points on each line.

use std::sync::Arc;

use egui_plot::{GridMark, PlotPoint};

use crate::analysis::{Outage, Series};
use crate::model::SessionId;
use crate::ui::format;

/// Dots drawn, at most.
const DOTS: usize = 1_600;
/// Points of a line, at most.
const POINTS: usize = 110;
/// The lowest latency of a logarithmic axis, in milliseconds.
const LEAST: f64 = 0.001;

/// An axis of latencies. Where they span more than two decades it is logarithmic, or what is late
/// after a break would flatten everything else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// Whether y is the decimal logarithm of milliseconds rather than milliseconds.
    pub is_log: bool,
    /// The bottom, as y.
    pub low: f64,
    /// The top, as y; what is above lies on its edge.
    pub top: f64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { is_log: false, low: 0.0, top: 1.0 }
    }
}

impl Scale {
    /// The axis for these sorted latencies. `highest` is the highest point of the lines, and
    /// `was_log` how it was before: an axis at the border does not change back and forth.
    fn of(sorted: &[f32], highest: f64, was_log: bool) -> Self {
        let low = f64::from(quantile(sorted, 0.02)).max(LEAST);
        let most = f64::from(quantile(sorted, 0.99)).max(0.1);
        let span = most.max(highest) / low;
        if span > if was_log { 60.0 } else { 100.0 } {
            let (low, top) = (low.log10() - 0.15, most.max(highest).log10() + 0.2);
            return Self { is_log: true, low, top };
        }
        Self { is_log: false, low: 0.0, top: nice(most * 1.5) }
    }

    /// Where so many milliseconds lie.
    fn y(&self, ms: f64) -> f64 {
        let y = if self.is_log { ms.max(LEAST).log10() } else { ms };
        y.clamp(self.low, self.top)
    }

    /// The milliseconds that lie there.
    pub(super) fn millis(&self, y: f64) -> f64 {
        if self.is_log { 10_f64.powf(y) } else { y }
    }

    /// Marks at the powers of ten, or at round values.
    pub(super) fn marks(&self) -> Vec<GridMark> {
        if !self.is_log {
            return value_marks(self.top);
        }
        let decades = self.low.ceil() as i32..=self.top.floor() as i32;
        decades.map(|power| GridMark { value: f64::from(power), step_size: 1.0 }).collect()
    }

    /// What stands beside a mark: `0.1 ms`, `10 ms`, `1 s` on a logarithmic axis.
    pub(super) fn label(&self, y: f64) -> String {
        if !self.is_log {
            return if y == 0.0 { "0 ms".into() } else { plain(y) };
        }
        match y.round() as i32 {
            power @ ..0 => format!("{:.*} ms", power.unsigned_abs() as usize, self.millis(y)),
            power @ 0..3 => format!("{} ms", 10_u64.pow(power.unsigned_abs())),
            power => format!("{} s", format::thousands(10_u64.pow(power.unsigned_abs() - 3))),
        }
    }
}

/// A value beside its mark: `0.25`, `4`, `1,200`.
pub(super) fn plain(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.0 {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').to_owned()
    } else {
        format::thousands(value as u64)
    }
}

/// Lines and dots of one series; x is seconds since the session began.
#[derive(Debug, Default)]
pub(super) struct PlotData {
    of: Option<(SessionId, Arc<Series>)>,
    /// Latencies, a fair share of them.
    pub dots: Vec<PlotPoint>,
    /// Medians, a line for each span that was connected.
    pub p50: Vec<Vec<PlotPoint>>,
    /// 95th percentiles likewise.
    pub p95: Vec<Vec<PlotPoint>>,
    /// Messages received a second.
    pub received: Vec<PlotPoint>,
    /// Messages sent a second.
    pub sent: Vec<PlotPoint>,
    /// How latencies are laid out; y of the dots and lines is told by it.
    pub scale: Scale,
    /// Top of the rate plot.
    pub rate_top: f64,
}

/// Seconds of nanoseconds.
pub(super) fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

impl PlotData {
    /// Brings everything up to date, which is free while the series is the same.
    pub(super) fn update(&mut self, session: SessionId, series: &Arc<Series>) {
        if self.of.as_ref().is_some_and(|(_, of)| Arc::ptr_eq(of, series)) {
            return;
        }
        let is_same = self.of.as_ref().is_some_and(|(of, _)| *of == session);
        let was_log = is_same && self.scale.is_log;
        *self = Self { of: Some((session, Arc::clone(series))), ..Self::default() };
        self.latencies(series, was_log);
        self.rates(series);
    }

    fn latencies(&mut self, series: &Series, was_log: bool) {
        let mut all: Vec<f32> =
            series.buckets.iter().flat_map(|b| b.latencies.iter().map(|(_, ms)| *ms)).collect();
        all.retain(|ms| ms.is_finite());
        let step = all.len().div_ceil(DOTS).max(1);
        all.sort_unstable_by(f32::total_cmp);
        self.lines(series);
        let highest = self.p95.iter().flatten().map(|point| point.y).fold(0.0, f64::max);
        let scale = Scale::of(&all, highest, was_log);
        self.scale = scale;
        for point in self.p50.iter_mut().chain(&mut self.p95).flatten() {
            point.y = scale.y(point.y);
        }
        let samples = series.buckets.iter().flat_map(|bucket| &bucket.latencies);
        self.dots = samples
            .step_by(step)
            .map(|(t, ms)| PlotPoint::new(seconds(*t), scale.y(f64::from(*ms))))
            .collect();
    }

    /// The lines, in milliseconds.
    fn lines(&mut self, series: &Series) {
        let group = series.buckets.len().div_ceil(POINTS).max(1);
        let (mut p50, mut p95) = (Vec::new(), Vec::new());
        let mut last = 0;
        for (at, buckets) in series.buckets.chunks(group).enumerate() {
            let mut sample: Vec<f32> =
                buckets.iter().flat_map(|b| b.latencies.iter().map(|(_, ms)| *ms)).collect();
            // The last group is still being filled, and would swing with every message.
            if sample.is_empty() || (buckets.len() < group && at > 0) {
                continue;
            }
            sample.sort_unstable_by(f32::total_cmp);
            let middle =
                ((at * group * 2 + buckets.len()) as u64).saturating_mul(series.width_ns) / 2;
            if broken(&series.outages, last, middle) {
                self.p50.push(std::mem::take(&mut p50));
                self.p95.push(std::mem::take(&mut p95));
            }
            last = middle;
            let point =
                |part: f64| PlotPoint::new(seconds(middle), f64::from(quantile(&sample, part)));
            p50.push(point(0.5));
            p95.push(point(0.95));
        }
        self.p50.push(p50);
        self.p95.push(p95);
        self.p50.retain(|line| line.len() > 1);
        self.p95.retain(|line| line.len() > 1);
    }

    fn rates(&mut self, series: &Series) {
        let group = series.buckets.len().div_ceil(POINTS).max(1);
        // A rate over less than a second is noise.
        let least = (1e9 / series.width_ns as f64).ceil() as usize;
        let group = group.max(least);
        for (at, buckets) in series.buckets.chunks(group).enumerate() {
            let wide = seconds(buckets.len() as u64 * series.width_ns);
            let x = seconds((at * group) as u64 * series.width_ns);
            let received: u64 = buckets.iter().map(|bucket| u64::from(bucket.received)).sum();
            let sent: u64 = buckets.iter().map(|bucket| u64::from(bucket.sent)).sum();
            // The last, unfinished second would always look like a collapse.
            if buckets.len() < group && at > 0 {
                break;
            }
            for (line, count) in [(&mut self.received, received), (&mut self.sent, sent)] {
                line.push(PlotPoint::new(x + wide / 2.0, count as f64 / wide.max(1e-9)));
            }
        }
        let most = self.received.iter().chain(&self.sent).map(|point| point.y).fold(0.0, f64::max);
        self.rate_top = nice(most.max(1.0) * 1.1);
        if self.sent.iter().all(|point| point.y == 0.0) {
            self.sent.clear();
        }
    }
}

fn broken(outages: &[Outage], from: u64, to: u64) -> bool {
    let after = outages.partition_point(|outage| outage.to_ns.is_some_and(|end| end < from));
    outages[after..]
        .iter()
        .take_while(|outage| outage.from_ns < to)
        .any(|outage| outage.to_ns.is_none_or(|end| end > from))
}

fn quantile(sorted: &[f32], quantile: f64) -> f32 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * quantile).round() as usize).copied().unwrap_or_default()
}

/// The next number that reads well: 1, 2, 4, 5, 8 or 10 times a power of ten.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-9).log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

/// Marks from 0 to `top`, about four of them.
pub(super) fn value_marks(top: f64) -> Vec<GridMark> {
    let step = nice(top / 4.0);
    let count = (top / step).floor() as usize;
    (0..=count).map(|at| GridMark { value: at as f64 * step, step_size: step }).collect()
}

/// Marks at round times of day, about as far apart as eight to the width. `start` is the wall
/// clock's seconds at the beginning of the session.
pub(super) fn time_marks(start: f64, (from, to): (f64, f64), most: f64) -> Vec<GridMark> {
    const STEPS: [f64; 20] = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0,
        3600.0, 7200.0, 21_600.0, 43_200.0, 86_400.0,
    ];
    let wide = (to - from).max(1e-6);
    let step = STEPS.into_iter().find(|step| wide / step <= most).unwrap_or(wide / most);
    let first = ((start + from) / step).ceil();
    (0..64)
        .map(|at| (first + f64::from(at)) * step - start)
        .take_while(|value| *value <= to)
        .map(|value| GridMark { value, step_size: step })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Event, Kind, Meta};

    #[test]
    fn lines_break_where_the_connection_was_lost() {
        let mut series = Series::default();
        let second = 1_000_000_000;
        for k in 0..60_u64 {
            let kind = match k {
                20 => Kind::Closed,
                40 => Kind::Open,
                _ => Kind::Text,
            };
            if (21..40).contains(&k) {
                continue;
            }
            let dir = if kind == Kind::Text { Dir::In } else { Dir::Local };
            let event = Event::new(k * second, dir, kind).with_meta(Meta::default());
            series.observe(&event, (kind == Kind::Text).then_some(k as f64), || 0.5);
        }
        let mut data = PlotData::default();
        data.update(SessionId(1), &Arc::new(series));
        assert_eq!((data.p50.len(), data.p95.len()), (2, 2));
        assert_eq!(data.dots.len(), 39);
        assert!(data.scale.top >= 59.0 && !data.scale.is_log && data.rate_top >= 1.0);
        assert!(data.sent.is_empty());
    }

    #[test]
    fn what_is_late_after_a_break_makes_the_axis_logarithmic() {
        let mut series = Series::default();
        for k in 0..400_u64 {
            let late = if (200..220).contains(&k) { 4551.0 } else { 0.4 };
            let event = Event::new(k * 100_000_000, Dir::In, Kind::Text);
            series.observe(&event, Some(late), || 0.5);
        }
        let mut data = PlotData::default();
        data.update(SessionId(1), &Arc::new(series));
        let scale = data.scale;
        assert!(scale.is_log);
        let labels: Vec<String> =
            scale.marks().iter().map(|mark| scale.label(mark.value)).collect();
        assert_eq!(labels, ["1 ms", "10 ms", "100 ms", "1 s"]);
        assert_eq!((scale.label(-1.0).as_str(), scale.label(4.0).as_str()), ("0.1 ms", "10 s"));
        assert!((scale.millis(scale.y(4551.0)) - 4551.0).abs() < 1e-6, "it is not on the edge");
        assert!(data.p95.iter().flatten().any(|point| point.y > 3.0));
    }

    #[test]
    fn an_axis_at_the_border_stays_as_it_is() {
        let sorted: Vec<f32> = (0..100).map(|k| if k < 50 { 1.0 } else { 80.0 }).collect();
        assert!(!Scale::of(&sorted, 0.0, false).is_log);
        assert!(Scale::of(&sorted, 0.0, true).is_log);
        assert!(Scale::of(&sorted, 120.0, false).is_log);
    }

    #[test]
    fn marks_are_at_round_values() {
        let values: Vec<f64> = value_marks(8.0).iter().map(|mark| mark.value).collect();
        assert_eq!(values, [0.0, 2.0, 4.0, 6.0, 8.0]);
        let marks: Vec<f64> =
            time_marks(12.0, (0.0, 60.0), 8.0).iter().map(|mark| mark.value).collect();
        assert_eq!(marks, [8.0, 18.0, 28.0, 38.0, 48.0, 58.0]);
        assert!((nice(0.3) - 0.4).abs() < 1e-9 && (nice(7.0) - 8.0).abs() < 1e-9);
    }
}
