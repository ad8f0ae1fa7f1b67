//! What the plots of a run are drawn on: their pages, ranges and marks.

use std::f64::consts::LOG10_2;

use egui::{Id, Sense, Ui, vec2};
use egui_plot::{AxisHints, GridMark, Plot};

use super::plot_data::Lines;
use super::words::minutes;
use crate::ui::format;
use crate::ui::theme::{mono, size, tokens};
use crate::ui::views::inspect::plot_data::{nice, plain, time_marks, value_marks};

/// What is plotted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Page {
    #[default]
    Distribution,
    Time,
    Wire,
    Connections,
}

impl Page {
    /// Every page with the words of its tab.
    pub(super) const ALL: [(Self, &'static str); 4] = [
        (Self::Distribution, "Distribution"),
        (Self::Time, "Over time"),
        (Self::Wire, "Wire bytes"),
        (Self::Connections, "Connections"),
    ];

    /// What it is called, and what that means.
    pub(super) const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Distribution => ("Latency distribution", "share of messages delivered within"),
            Self::Time => ("Latency over time", "median of each slice, breaks shaded"),
            Self::Wire => ("Bytes on the wire", "both ways, so far"),
            Self::Connections => ("Connections opened", "so far, breaks shaded"),
        }
    }

    /// Whether its x is seconds.
    pub(super) const fn is_over_time(self) -> bool {
        !matches!(self, Self::Distribution)
    }

    /// A value of its y axis.
    pub(super) fn value(self, y: f64) -> String {
        match self {
            Self::Distribution => {
                let digits = usize::from(y > 99.0 && y < 99.95);
                format!("{y:.digits$} %")
            }
            Self::Time => format::millis(10_f64.powf(y)),
            Self::Wire => format::bytes(y),
            Self::Connections => format::thousands(y.max(0.0) as u64),
        }
    }

    /// A value of its x axis.
    pub(super) fn at(self, x: f64) -> String {
        match self {
            Self::Distribution => format!("within {}", format::millis(10_f64.powf(x))),
            _ => format!("at {}", minutes(x)),
        }
    }
}

/// From where to where the axes reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ranges {
    pub x: (f64, f64),
    pub y: (f64, f64),
}

impl Ranges {
    /// Those that hold every line; `end` is the last second there is.
    pub(super) fn of<'a>(page: Page, lines: impl Iterator<Item = &'a Lines>, end: f64) -> Self {
        let time = (0.0, end.max(1.0));
        let lines: Vec<&Lines> = lines.collect();
        let latencies = || {
            let spans = lines.iter().filter_map(|lines| lines.latencies(page.is_over_time()));
            let span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((-1.0, 3.0));
            (step_below(span.0), step_above(span.1.max(span.0 + 0.3)))
        };
        let most = |of: fn(&Lines) -> &[egui_plot::PlotPoint]| {
            lines
                .iter()
                .filter_map(|lines| of(lines).last())
                .map(|point| point.y)
                .fold(1.0, f64::max)
        };
        match page {
            Page::Distribution => Self { x: latencies(), y: (-2.0, 104.0) },
            Page::Time => Self { x: time, y: latencies() },
            Page::Wire => {
                let top = nice(most(|lines| &lines.wire) * 1.08);
                Self { x: time, y: (-0.02 * top, top) }
            }
            Page::Connections => {
                let top = nice(most(|lines| &lines.connections).max(3.6) * 1.1);
                Self { x: time, y: (-0.02 * top, top) }
            }
        }
    }
}

/// The steps of a decade that read well, as logarithms.
const STEPS: [f64; 4] = [0.0, LOG10_2, 1.0 - LOG10_2, 1.0];

/// The next of 1, 2 or 5 times a power of ten that is no greater; all are logarithms.
fn step_below(log: f64) -> f64 {
    let floor = log.floor();
    let part = log - floor + 1e-9;
    floor + STEPS.into_iter().rev().find(|step| *step <= part).unwrap_or_default()
}

/// The same that is no less.
fn step_above(log: f64) -> f64 {
    let floor = log.floor();
    let part = log - floor - 1e-9;
    floor + STEPS.into_iter().find(|step| *step >= part).unwrap_or(1.0)
}

/// Marks of a logarithmic axis: powers of ten, and what is between them where there are few.
fn log_marks((low, top): (f64, f64)) -> Vec<GridMark> {
    let steps = if top - low < 1.7 { &STEPS[..3] } else { &STEPS[..1] };
    let decades = (low.floor().max(-9.0) as i32)..=(top.ceil().min(12.0) as i32);
    decades
        .flat_map(|power| steps.iter().map(move |step| f64::from(power) + step))
        .filter(|value| (low - 1e-6..=top + 1e-6).contains(value))
        .map(|value| GridMark { value, step_size: 1.0 })
        .collect()
}

/// A mark of a latency: `20 µs`, `0.1 ms`, `50 ms`, `1 s`.
fn latency_label(log: f64) -> String {
    let ms = 10_f64.powf(log);
    if ms < 0.095 {
        format!("{} µs", (ms * 1e3).round())
    } else if ms < 0.95 {
        format!("{ms:.1} ms")
    } else if ms < 950.0 {
        format!("{} ms", ms.round())
    } else {
        format!("{} s", format::thousands((ms / 1e3).round() as u64))
    }
}

fn y_label(page: Page, y: f64) -> String {
    match page {
        Page::Distribution if y > 99.5 => String::from("100 %"),
        Page::Distribution | Page::Connections => plain(y),
        Page::Time => latency_label(y),
        Page::Wire => format::bytes(y).replace(".0 ", " "),
    }
}

fn y_marks(page: Page, y: (f64, f64)) -> Vec<GridMark> {
    match page {
        Page::Distribution => (0..=4)
            .map(|quarter| GridMark { value: f64::from(quarter) * 25.0, step_size: 25.0 })
            .collect(),
        Page::Time => log_marks(y),
        Page::Wire => value_marks(y.1),
        // There is no half a connection.
        Page::Connections => {
            value_marks(y.1).into_iter().filter(|mark| mark.value.fract() == 0.0).collect()
        }
    }
}

/// Room for the values at the left.
const VALUES: f32 = 52.0;

/// An empty plot of this page.
pub(super) fn plot<'a>(ui: &Ui, page: Page, ranges: Ranges, height: f32) -> Plot<'a> {
    let t = tokens(ui.ctx());
    let Ranges { x, y } = ranges;
    let most = f64::from((ui.available_width() / 90.0).clamp(2.0, 12.0));
    let bottom = AxisHints::new_x()
        .formatter(move |mark, _| {
            if page.is_over_time() { minutes(mark.value) } else { latency_label(mark.value) }
        })
        .tick_label_color(t.faint)
        .tick_label_font(mono(size::SMALL))
        .label_spacing(8.0..=16.0);
    let left = AxisHints::new_y()
        .formatter(move |mark, _| y_label(page, mark.value))
        .tick_label_color(t.faint)
        .tick_label_font(mono(size::SMALL))
        .min_thickness(VALUES)
        .label_spacing(8.0..=12.0);
    Plot::new(Id::unique("compare plot").with(page))
        .height(height)
        .sense(Sense::CLICK | Sense::DRAG)
        .show_background(false)
        .show_axes([true, true])
        .custom_x_axes(vec![bottom])
        .custom_y_axes(vec![left])
        .show_grid([false, true])
        .grid_color(t.grid)
        .grid_spacing(2.0..=3.0)
        .grid_fade(0.0)
        .x_grid_spacer(move |input| {
            if page.is_over_time() {
                time_marks(0.0, input.bounds, most)
            } else {
                log_marks(input.bounds)
            }
        })
        .y_grid_spacer(move |_| y_marks(page, y))
        .show_x(false)
        .show_y(false)
        .label_formatter(|_| None)
        .show_crosshair(false)
        .allow_scroll(false)
        .allow_zoom([true, false])
        .allow_drag([true, false])
        .allow_axis_zoom_drag(false)
        .allow_boxed_zoom(false)
        .set_margin_fraction(vec2(0.0, 0.0))
        .include_x(x.0)
        .include_x(x.1)
        .include_y(y.0)
        .include_y(y.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithmic_axes_end_at_round_values() {
        let table =
            [(0.4_f64, 0.2, 0.5), (1.0, 1.0, 1.0), (502.0, 500.0, 1000.0), (0.07, 0.05, 0.1)];
        for (ms, below, above) in table {
            let found = [step_below(ms.log10()), step_above(ms.log10())];
            for (found, wanted) in found.into_iter().zip([below, above]) {
                let found = 10_f64.powf(found);
                assert!((found / wanted - 1.0).abs() < 1e-6, "{ms}: {found}, not {wanted}");
            }
        }
    }

    #[test]
    fn marks_of_latencies_have_the_unit_that_fits() {
        let labels = |low: f64, top: f64| -> Vec<String> {
            log_marks((low, top)).iter().map(|mark| latency_label(mark.value)).collect()
        };
        assert_eq!(labels(-2.0, 3.0), ["10 µs", "0.1 ms", "1 ms", "10 ms", "100 ms", "1 s"]);
        assert_eq!(labels(-0.31, 0.7), ["0.5 ms", "1 ms", "2 ms", "5 ms"]);
    }

    #[test]
    fn nothing_has_ranges_too() {
        for (page, _) in Page::ALL {
            let ranges = Ranges::of(page, std::iter::empty(), 0.0);
            assert!(ranges.x.0 < ranges.x.1 && ranges.y.0 < ranges.y.1, "{page:?}: {ranges:?}");
        }
    }
}
