//! Values over time as a cloud of dots with its median and its 95th percentile: latencies, sizes or
//! gaps; and the axis they are drawn on.

use std::sync::Arc;

use egui_plot::{GridMark, PlotPoint};

use super::plot_data::{nice, plain, seconds, value_marks};
use crate::analysis::{Bucket, Outage, Series};
use crate::model::SessionId;
use crate::ui::format;

/// Dots drawn, at most.
const DOTS: usize = 1_600;
/// Points of a line, at most.
pub(in crate::ui::views) const POINTS: usize = 110;

/// What is measured of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Measure {
    #[default]
    Latency,
    Size,
    Gap,
}

impl Measure {
    fn values(self, bucket: &Bucket) -> &[(u64, f32)] {
        match self {
            Self::Latency => &bucket.latencies.values,
            Self::Size => &bucket.sizes.values,
            Self::Gap => &bucket.gaps.values,
        }
    }

    /// The greatest there was.
    pub(super) fn most(self, series: &Series) -> f64 {
        let of = |bucket: &Bucket| match self {
            Self::Latency => bucket.latencies.most(),
            Self::Size => bucket.sizes.most(),
            Self::Gap => bucket.gaps.most(),
        };
        f64::from(series.buckets.iter().map(of).fold(0.0, f32::max))
    }

    /// The lowest value of a logarithmic axis, in milliseconds or bytes.
    const fn least(self) -> f64 {
        if matches!(self, Self::Size) { 1.0 } else { 0.001 }
    }

    /// The least that an axis from 0 spans.
    const fn span(self) -> f64 {
        if matches!(self, Self::Size) { 10.0 } else { 0.1 }
    }

    /// A value with its unit.
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::Size => format::bytes(value),
            Self::Latency | Self::Gap => format::millis(value),
        }
    }
}

/// An axis of values. Where they span more than two decades it is logarithmic, or what is late
/// after a break would flatten everything else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// Of what.
    measure: Measure,
    /// Whether y is the decimal logarithm of the value rather than the value.
    pub is_log: bool,
    /// The bottom, as y.
    pub low: f64,
    /// The top, as y; what is above lies on its edge.
    pub top: f64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { measure: Measure::Latency, is_log: false, low: 0.0, top: 1.0 }
    }
}

impl Scale {
    /// The axis for these sorted values. `highest` is the highest point of the lines, and
    /// `was_log` how it was before: an axis at the border does not change back and forth.
    fn of(measure: Measure, sorted: &[f32], highest: f64, was_log: bool) -> Self {
        let low = f64::from(quantile(sorted, 0.02)).max(measure.least());
        let most = f64::from(quantile(sorted, 0.99)).max(measure.span());
        let span = most.max(highest) / low;
        if span > if was_log { 60.0 } else { 100.0 } {
            let (low, top) = (low.log10() - 0.15, most.max(highest).log10() + 0.2);
            return Self { measure, is_log: true, low, top };
        }
        Self { measure, is_log: false, low: 0.0, top: nice(most * 1.5) }
    }

    /// Where a value lies.
    fn y(&self, value: f64) -> f64 {
        let y = if self.is_log { value.max(self.measure.least()).log10() } else { value };
        y.clamp(self.low, self.top)
    }

    /// The value that lies there.
    pub(super) fn value(&self, y: f64) -> f64 {
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

    /// What stands beside a mark: `2` or `4 kB`; `0.1 ms`, `10 ms`, `1 s` on a logarithmic axis.
    pub(super) fn label(&self, y: f64) -> String {
        match (self.measure, self.is_log) {
            (Measure::Size, _) => round_bytes(self.value(y)),
            (_, false) if y == 0.0 => "0 ms".into(),
            (_, false) => plain(y),
            (_, true) => match y.round() as i32 {
                power @ ..-1 => format!("{} µs", 10_u64.pow((power + 3).max(0).unsigned_abs())),
                -1 => String::from("0.1 ms"),
                power @ 0..3 => format!("{} ms", 10_u64.pow(power.unsigned_abs())),
                power => format!("{} s", format::thousands(10_u64.pow(power.unsigned_abs() - 3))),
            },
        }
    }
}

/// Bytes without a fraction that says nothing.
fn round_bytes(value: f64) -> String {
    format::bytes(value).replace(".0 ", " ")
}

/// Dots and lines of one measure; x is seconds since the session began.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    of: Option<(SessionId, Arc<Series>)>,
    measure: Measure,
    /// Values, a fair share of them.
    pub dots: Vec<PlotPoint>,
    /// Medians, a line for each span that was connected.
    pub p50: Vec<Vec<PlotPoint>>,
    /// 95th percentiles likewise.
    pub p95: Vec<Vec<PlotPoint>>,
    /// How values are laid out; y of the dots and lines is told by it.
    pub scale: Scale,
    /// Median and 95th percentile of all.
    pub overall: Option<(f64, f64)>,
}

impl Cloud {
    /// Brings everything up to date, which is free while the series is the same.
    pub(super) fn update(&mut self, session: SessionId, measure: Measure, series: &Arc<Series>) {
        let is_same = self.measure == measure;
        let of = self.of.as_ref().filter(|_| is_same);
        if of.is_some_and(|(_, of)| Arc::ptr_eq(of, series)) {
            return;
        }
        let was_log = of.is_some_and(|(of, _)| *of == session) && self.scale.is_log;
        *self = Self { of: Some((session, Arc::clone(series))), measure, ..Self::default() };
        self.fill(series, was_log);
    }

    fn fill(&mut self, series: &Series, was_log: bool) {
        let measure = self.measure;
        let values = || series.buckets.iter().flat_map(|bucket| measure.values(bucket));
        let mut all: Vec<f32> = values().map(|(_, value)| *value).collect();
        all.retain(|value| value.is_finite());
        let step = all.len().div_ceil(DOTS).max(1);
        all.sort_unstable_by(f32::total_cmp);
        if !all.is_empty() {
            let at = |part| f64::from(quantile(&all, part));
            self.overall = Some((at(0.5), at(0.95)));
        }
        self.lines(series);
        let highest = self.p95.iter().flatten().map(|point| point.y).fold(0.0, f64::max);
        let scale = Scale::of(measure, &all, highest, was_log);
        self.scale = scale;
        for point in self.p50.iter_mut().chain(&mut self.p95).flatten() {
            point.y = scale.y(point.y);
        }
        self.dots = values()
            .step_by(step)
            .map(|(t, value)| PlotPoint::new(seconds(*t), scale.y(f64::from(*value))))
            .collect();
    }

    /// The lines, as values.
    fn lines(&mut self, series: &Series) {
        let group = series.buckets.len().div_ceil(POINTS).max(1);
        let (mut p50, mut p95) = (Vec::new(), Vec::new());
        let mut last = 0;
        for (at, buckets) in series.buckets.chunks(group).enumerate() {
            let mut sample: Vec<f32> =
                buckets.iter().flat_map(|b| self.measure.values(b).iter().map(|v| v.1)).collect();
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
}

/// Whether there was an outage between two times.
pub(in crate::ui::views) fn broken(outages: &[Outage], from: u64, to: u64) -> bool {
    let after = outages.partition_point(|outage| outage.to_ns.is_some_and(|end| end < from));
    outages[after..]
        .iter()
        .take_while(|outage| outage.from_ns < to)
        .any(|outage| outage.to_ns.is_none_or(|end| end > from))
}

/// The value at this quantile of sorted ones; 0 where there are none.
pub(in crate::ui::views) fn quantile(sorted: &[f32], quantile: f64) -> f32 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * quantile).round() as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::plot_data::PlotData;
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
        let series = Arc::new(series);
        let mut data = Cloud::default();
        data.update(SessionId(1), Measure::Latency, &series);
        assert_eq!((data.p50.len(), data.p95.len()), (2, 2));
        assert_eq!(data.dots.len(), 39);
        assert!(data.scale.top >= 59.0 && !data.scale.is_log);
        data.update(SessionId(1), Measure::Gap, &series);
        assert_eq!((data.p50.len(), data.dots.len()), (2, 37));
        let mut rates = PlotData::default();
        rates.update(SessionId(1), &series);
        assert!(rates.rate_top >= 1.0 && rates.sent.is_empty());
    }

    #[test]
    fn what_is_late_after_a_break_makes_the_axis_logarithmic() {
        let mut series = Series::default();
        for k in 0..400_u64 {
            let late = if (200..220).contains(&k) { 4551.0 } else { 0.4 };
            let event = Event::new(k * 100_000_000, Dir::In, Kind::Text);
            series.observe(&event, Some(late), || 0.5);
        }
        let mut data = Cloud::default();
        data.update(SessionId(1), Measure::Latency, &Arc::new(series));
        let scale = data.scale;
        assert!(scale.is_log);
        let labels: Vec<String> =
            scale.marks().iter().map(|mark| scale.label(mark.value)).collect();
        assert_eq!(labels, ["1 ms", "10 ms", "100 ms", "1 s"]);
        assert_eq!((scale.label(-1.0).as_str(), scale.label(4.0).as_str()), ("0.1 ms", "10 s"));
        assert!((scale.value(scale.y(4551.0)) - 4551.0).abs() < 1e-6, "it is not on the edge");
        assert!(data.p95.iter().flatten().any(|point| point.y > 3.0));
    }

    #[test]
    fn an_axis_at_the_border_stays_as_it_is() {
        let sorted: Vec<f32> = (0..100).map(|k| if k < 50 { 1.0 } else { 80.0 }).collect();
        assert!(!Scale::of(Measure::Latency, &sorted, 0.0, false).is_log);
        assert!(Scale::of(Measure::Latency, &sorted, 0.0, true).is_log);
        assert!(Scale::of(Measure::Latency, &sorted, 120.0, false).is_log);
    }

    #[test]
    fn marks_have_the_unit_that_fits() {
        let scale = |measure, is_log| Scale { measure, is_log, ..Scale::default() };
        let table = [
            (scale(Measure::Size, false), 1_000.0, "1 kB"),
            (scale(Measure::Size, false), 0.0, "0 B"),
            (scale(Measure::Size, true), 4.0, "10 kB"),
            (scale(Measure::Latency, true), -2.0, "10 µs"),
            (scale(Measure::Gap, true), -3.0, "1 µs"),
            (scale(Measure::Gap, false), 0.25, "0.25"),
        ];
        for (scale, y, wanted) in table {
            assert_eq!(scale.label(y), wanted);
        }
    }
}
