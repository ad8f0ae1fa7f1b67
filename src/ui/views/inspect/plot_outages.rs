//! Spans without a connection over a plot: shaded, their edges drawn, and told in words.

use egui::{Color32, Rangef, Rect, Stroke, Ui, vec2};
use egui_plot::{PlotTransform, PlotUi, Span};

use super::plot_data::seconds;
use super::plot_labels::{Label, at_word, place};
use super::plots::span;
use crate::analysis::Outage;
use crate::engine::SessionView;
use crate::ui::format;
use crate::ui::theme::{mono, size, tokens};

/// Outages drawn, at most; the newest.
const OUTAGES: usize = 200;

/// Shades the spans without a connection.
pub(super) fn shade(plot: &mut PlotUi<'_>, session: &SessionView, color: Color32) {
    let now = span(session);
    for outage in newest(&session.series.outages) {
        let to = outage.to_ns.map_or(now, seconds);
        let span = Span::new("", seconds(outage.from_ns)..=to);
        plot.span(span.fill(color).border_color(Color32::TRANSPARENT));
    }
}

fn newest(outages: &[Outage]) -> &[Outage] {
    &outages[outages.len().saturating_sub(OUTAGES)..]
}

/// What is said of an outage: why and for how long it was lost, each apart; and how it came back,
/// with whether all is well.
pub(super) type Told = ((String, String), Option<(String, bool)>);

fn told(outage: &Outage, now: f64) -> Told {
    let end = outage.to_ns.map_or(now, seconds);
    let down = format::seconds(end - seconds(outage.from_ns));
    let why = if outage.label.is_empty() { "lost" } else { &outage.label };
    let back = outage.to_ns.map(|_| match outage.resumed_after.as_deref() {
        Some(id) => (format!("reopened, resumed after id {id}"), true),
        None => (String::from("reopened, may have missed messages"), false),
    });
    ((why.to_owned(), format!(" · down {down}")), back)
}

/// What is to be said of the outage under the pointer.
pub(super) fn outage_at(session: &SessionView, transform: &PlotTransform, x: f32) -> Option<Told> {
    const NEAR: f32 = 5.0;
    let now = span(session);
    let outage = newest(&session.series.outages).iter().rev().find(|outage| {
        let from = transform.position_from_point_x(seconds(outage.from_ns));
        let to = transform.position_from_point_x(outage.to_ns.map_or(now, seconds));
        (from - NEAR..=to + NEAR).contains(&x)
    })?;
    Some(told(outage, now))
}

/// Edges of the outages; and their words, beside what is `taken` already.
pub(super) fn outages_ui(
    ui: &Ui,
    session: &SessionView,
    transform: &PlotTransform,
    taken: Option<Vec<Rect>>,
) {
    let t = tokens(ui.ctx());
    let rect = *transform.frame();
    let painter = ui.painter_at(rect);
    let mut labels = Vec::new();
    let now = span(session);
    for outage in newest(&session.series.outages).iter().rev() {
        let from = transform.position_from_point_x(seconds(outage.from_ns));
        let to = transform.position_from_point_x(outage.to_ns.map_or(now, seconds));
        painter.vline(from, rect.y_range(), Stroke::new(1.0, t.bad));
        // Where the span is narrow its words stand beside the whole of it.
        let is_narrow = to - from < 60.0;
        let line = |x: f32| if is_narrow { Rangef::new(from, to) } else { Rangef::point(x) };
        let ((why, tail), back) = told(outage, now);
        let text = at_word(&why, 48);
        labels.push(Label { x: line(from), row: 0, goes_left: true, text, tail, color: t.bad });
        if let Some((text, is_well)) = back {
            let color = if is_well { t.good } else { t.warn };
            painter.vline(to, rect.y_range(), Stroke::new(1.0, color));
            let tail = String::new();
            labels.push(Label { x: line(to), row: 1, goes_left: false, text, tail, color });
        }
    }
    let Some(taken) = taken else { return };
    let layout =
        |text: &str, color| painter.layout_no_wrap(text.to_owned(), mono(size::SMALL), color);
    let width = |text: &str| layout(text, t.text).size().x.ceil();
    for label in place(labels, rect, taken, width) {
        let ground = label.rect.expand2(vec2(2.0, 0.0));
        painter.rect_filled(ground, 3.0, t.panel.gamma_multiply(0.8));
        let galley = layout(&label.text, label.color);
        painter.galley(label.rect.min.round(), galley, label.color);
    }
}
