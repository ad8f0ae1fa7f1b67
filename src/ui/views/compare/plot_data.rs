//! What a lane's plots and its sparkline draw, computed once a snapshot rather than once a frame.

use std::sync::Arc;

use egui_plot::PlotPoint;

use crate::analysis::{Bucket, Series};
use crate::engine::LaneView;
use crate::ui::views::inspect::plot_cloud::{POINTS, broken, quantile};
use crate::ui::views::inspect::plot_data::seconds;

/// Slices of a sparkline.
pub(super) const SPARKS: usize = 60;
/// The lowest latency a logarithmic axis shows, in milliseconds.
const LEAST: f64 = 0.001;
/// Outages drawn a lane, at most; the newest.
const OUTAGES: usize = 100;

/// A slice of a sparkline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spark {
    /// The median latency in milliseconds.
    Median(f32),
    /// Nothing came, and there was no connection.
    Lost,
    /// Nothing came.
    Nothing,
}

/// What there is to draw of one lane.
#[derive(Debug, Default)]
pub(super) struct Lines {
    of: Option<Sources>,
    /// Decimal logarithm of the latency in milliseconds, percent of the messages within it.
    pub share: Vec<PlotPoint>,
    /// Second, logarithm of the median latency; a line for each span that was connected.
    pub medians: Vec<Vec<PlotPoint>>,
    /// Second, bytes so far.
    pub wire: Vec<PlotPoint>,
    /// Second, connections so far, as steps.
    pub connections: Vec<PlotPoint>,
    /// Seconds from which to which it was lost; open at its end while it still is.
    pub outages: Vec<(f64, Option<f64>)>,
    /// The newest slices.
    pub spark: Vec<Spark>,
    /// What reaches the top of the sparkline; what is later is cut off there.
    pub spark_top: f32,
}

/// What it was computed from.
#[derive(Debug)]
struct Sources {
    series: Arc<Series>,
    distribution: Arc<[(f32, f32)]>,
    wire: Arc<[(f32, f64)]>,
    connections: Arc<[(f32, f64)]>,
}

impl Sources {
    fn of(lane: &LaneView) -> Self {
        Self {
            series: Arc::clone(&lane.series),
            distribution: Arc::clone(&lane.distribution),
            wire: Arc::clone(&lane.wire),
            connections: Arc::clone(&lane.connections),
        }
    }

    fn is_of(&self, lane: &LaneView) -> bool {
        Arc::ptr_eq(&self.series, &lane.series)
            && Arc::ptr_eq(&self.distribution, &lane.distribution)
            && Arc::ptr_eq(&self.wire, &lane.wire)
            && Arc::ptr_eq(&self.connections, &lane.connections)
    }
}

/// Where a latency lies on a logarithmic axis.
pub(super) fn log(ms: f64) -> f64 {
    ms.max(LEAST).log10()
}

impl Lines {
    /// Brings everything up to date, which is free while the lane is the same.
    pub(super) fn update(&mut self, lane: &LaneView) {
        if self.of.as_ref().is_some_and(|of| of.is_of(lane)) {
            return;
        }
        let series = &lane.series;
        let share = lane.distribution.iter();
        let wire = lane.wire.iter();
        *self = Self {
            of: Some(Sources::of(lane)),
            share: share
                .map(|(ms, part)| PlotPoint::new(log(f64::from(*ms)), f64::from(*part) * 100.0))
                .collect(),
            wire: wire.map(|(at, bytes)| PlotPoint::new(f64::from(*at), *bytes)).collect(),
            connections: steps(&lane.connections),
            medians: medians(series),
            outages: outages(series),
            ..Self::default()
        };
        self.spark = spark(series);
        self.spark_top = spark_top(&self.spark);
    }

    /// The least and the greatest of all latencies drawn, as logarithms.
    pub(super) fn latencies(&self, over_time: bool) -> Option<(f64, f64)> {
        let span = |values: &mut dyn Iterator<Item = f64>| {
            values.fold(None, |span: Option<(f64, f64)>, value| {
                let (low, top) = span.unwrap_or((value, value));
                Some((low.min(value), top.max(value)))
            })
        };
        if over_time {
            span(&mut self.medians.iter().flatten().map(|point| point.y))
        } else {
            // The few that are far off are not what the axis is for.
            let inner = self.share.iter().filter(|point| (0.4..=99.95).contains(&point.y));
            span(&mut inner.map(|point| point.x))
        }
    }
}

/// A value that stays until the next as horizontal lines.
fn steps(points: &[(f32, f64)]) -> Vec<PlotPoint> {
    let mut line = Vec::with_capacity(points.len() * 2);
    let mut last = None;
    for (at, value) in points {
        let x = f64::from(*at);
        if let Some(last) = last.replace(*value) {
            line.push(PlotPoint::new(x, last));
        }
        line.push(PlotPoint::new(x, *value));
    }
    line
}

fn medians(series: &Series) -> Vec<Vec<PlotPoint>> {
    let group = series.buckets.len().div_ceil(POINTS).max(1);
    let mut lines = Vec::new();
    let mut line = Vec::new();
    let mut last = 0;
    for (at, buckets) in series.buckets.chunks(group).enumerate() {
        let mut sample: Vec<f32> = buckets
            .iter()
            .flat_map(|bucket| bucket.latencies.values.iter().map(|(_, value)| *value))
            .filter(|value| value.is_finite())
            .collect();
        // The last group is still being filled, and would swing with every message.
        if sample.is_empty() || (buckets.len() < group && at > 0) {
            continue;
        }
        let half = sample.len() / 2;
        let (_, median, _) = sample.select_nth_unstable_by(half, f32::total_cmp);
        let median = log(f64::from(*median));
        let doubled = (at * group * 2 + buckets.len()) as u64;
        let middle = doubled.saturating_mul(series.width_ns) / 2;
        if broken(&series.outages, last, middle) {
            lines.push(std::mem::take(&mut line));
        }
        last = middle;
        line.push(PlotPoint::new(seconds(middle), median));
    }
    lines.push(line);
    lines.retain(|line| !line.is_empty());
    lines
}

fn outages(series: &Series) -> Vec<(f64, Option<f64>)> {
    let first = series.outages.len().saturating_sub(OUTAGES);
    let newest = series.outages[first..].iter();
    newest.map(|outage| (seconds(outage.from_ns), outage.to_ns.map(seconds))).collect()
}

fn spark(series: &Series) -> Vec<Spark> {
    let first = series.buckets.len().saturating_sub(SPARKS);
    let slices = series.buckets[first..].iter().enumerate();
    let bar = |(at, bucket): (usize, &Bucket)| {
        if let Some(median) = bucket.latencies.quantile(0.5) {
            return Spark::Median(median);
        }
        let from = ((first + at) as u64).saturating_mul(series.width_ns);
        let to = from.saturating_add(series.width_ns);
        if broken(&series.outages, from, to) { Spark::Lost } else { Spark::Nothing }
    };
    slices.map(bar).collect()
}

/// Three times the median of the bars, or their greatest where that is less: what came late after a
/// break would flatten everything else.
fn spark_top(bars: &[Spark]) -> f32 {
    let mut medians: Vec<f32> = bars
        .iter()
        .filter_map(|bar| match bar {
            Spark::Median(median) => Some(*median),
            Spark::Lost | Spark::Nothing => None,
        })
        .collect();
    medians.sort_unstable_by(f32::total_cmp);
    let most = quantile(&medians, 1.0);
    (quantile(&medians, 0.5) * 3.0).min(most).max(f32::MIN_POSITIVE)
}

/// The last value that was reached by then.
pub(super) fn reached(line: &[PlotPoint], x: f64) -> Option<f64> {
    let after = line.partition_point(|point| point.x <= x);
    after.checked_sub(1).and_then(|at| line.get(at)).map(|point| point.y)
}

/// The value on the straight line between two points; at its ends that of the end.
pub(super) fn between(line: &[PlotPoint], x: f64) -> Option<f64> {
    let after = line.partition_point(|point| point.x <= x);
    match (after.checked_sub(1).and_then(|at| line.get(at)), line.get(after)) {
        (Some(a), Some(b)) if b.x > a.x => Some(a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x)),
        (Some(end), _) => Some(end.y),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Event, Kind};

    fn series() -> Series {
        let mut series = Series::default();
        for k in 0..200_u64 {
            let (dir, kind) = match k {
                80 => (Dir::Local, Kind::Closed),
                120 => (Dir::Local, Kind::Open),
                81..120 => continue,
                _ => (Dir::In, Kind::Text),
            };
            let event = Event::new(k * 100_000_000, dir, kind);
            series.observe(&event, (kind == Kind::Text).then_some(10.0), || 0.5);
        }
        series
    }

    #[test]
    fn lines_break_where_the_lane_was_lost() {
        let series = series();
        let lines = medians(&series);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().flatten().all(|point| (point.y - 1.0).abs() < 1e-9));
        assert_eq!(outages(&series), [(8.0, Some(12.0))]);
    }

    #[test]
    fn a_sparkline_tells_the_newest_slices() {
        let mut series = series();
        series.buckets.truncate(130);
        let bars = spark(&series);
        assert_eq!(bars.len(), SPARKS);
        assert_eq!(bars[0], Spark::Median(10.0));
        assert_eq!(bars[30], Spark::Lost);
        assert_eq!(bars.last(), Some(&Spark::Median(10.0)));
        let late = [Spark::Median(1.0), Spark::Median(1.0), Spark::Median(4000.0)];
        assert!((spark_top(&late) - 3.0).abs() < 1e-6);
    }

    #[test]
    fn steps_stay_until_the_next() {
        let line = steps(&[(0.0, 1.0), (4.0, 2.0)]);
        let points: Vec<(f64, f64)> = line.iter().map(|point| (point.x, point.y)).collect();
        assert_eq!(points, [(0.0, 1.0), (4.0, 1.0), (4.0, 2.0)]);
        assert_eq!((reached(&line, 3.9), reached(&line, 4.0)), (Some(1.0), Some(2.0)));
        assert_eq!(reached(&line, -1.0), None);
    }

    #[test]
    fn values_lie_between_their_neighbours() {
        let line = [PlotPoint::new(0.0, 0.0), PlotPoint::new(2.0, 100.0)];
        assert_eq!(between(&line, 1.0), Some(50.0));
        assert_eq!(between(&line, 9.0), Some(100.0));
        assert_eq!(between(&line, -1.0), None);
    }
}
