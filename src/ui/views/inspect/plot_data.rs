//! What the plots draw, computed once a snapshot rather than once a frame: rates as lines of a
//! bounded number of points, and the marks of the axes.

use std::sync::Arc;

use egui_plot::{GridMark, PlotPoint};

use super::plot_cloud::POINTS;
use crate::analysis::Series;
use crate::model::SessionId;
use crate::ui::format;

/// A value beside its mark: `0.25`, `4`, `1,200`.
pub(in crate::ui::views) fn plain(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.0 {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').to_owned()
    } else {
        format::thousands(value as u64)
    }
}

/// Rates of one series; x is seconds since the session began.
#[derive(Debug, Default)]
pub(super) struct PlotData {
    of: Option<(SessionId, Arc<Series>)>,
    /// Messages received a second.
    pub received: Vec<PlotPoint>,
    /// Messages sent a second.
    pub sent: Vec<PlotPoint>,
    /// Top of the rate plot.
    pub rate_top: f64,
}

/// Seconds of nanoseconds.
pub(in crate::ui::views) fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

impl PlotData {
    /// Brings everything up to date, which is free while the series is the same.
    pub(super) fn update(&mut self, session: SessionId, series: &Arc<Series>) {
        if self.of.as_ref().is_some_and(|(_, of)| Arc::ptr_eq(of, series)) {
            return;
        }
        *self = Self { of: Some((session, Arc::clone(series))), ..Self::default() };
        self.rates(series);
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

/// The next number that reads well: 1, 2, 4, 5, 8 or 10 times a power of ten.
pub(in crate::ui::views) fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-9).log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

/// Marks from 0 to `top`, about four of them.
pub(in crate::ui::views) fn value_marks(top: f64) -> Vec<GridMark> {
    let step = nice(top / 4.0);
    let count = (top / step).floor() as usize;
    (0..=count).map(|at| GridMark { value: at as f64 * step, step_size: step }).collect()
}

/// Marks at round times of day, about as far apart as eight to the width. `start` is the wall
/// clock's seconds at the beginning of the session.
pub(in crate::ui::views) fn time_marks(
    start: f64,
    (from, to): (f64, f64),
    most: f64,
) -> Vec<GridMark> {
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
