//! Latency and rate over one time axis: spans without a connection shaded, reconnects marked, the
//! numbers beside them.

use egui::{Align, Align2, Color32, Id, Layout, Margin, Rect, RichText, Stroke, Ui, pos2, vec2};
use egui_plot::{AxisHints, Line, Plot, PlotPoints, PlotTransform, PlotUi, Points, Span};
use lucide_icons::Icon;

use super::plot_data::{PlotData, seconds, time_marks, value_marks};
use super::words::wall;
use crate::analysis::Outage;
use crate::engine::SessionView;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{medium, mono, size, tokens, words};
use crate::ui::widgets::{Empty, icon_button, tab};

/// Outages drawn, at most; the newest.
const OUTAGES: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Page {
    #[default]
    Latency,
    Rate,
    Both,
}

const PAGES: [(Page, &str); 3] =
    [(Page::Latency, "Latency"), (Page::Rate, "Rate"), (Page::Both, "Both")];

/// The plots' state.
#[derive(Debug, Default)]
pub(super) struct Plots {
    page: Page,
    data: PlotData,
}

impl Plots {
    /// Shows the panel.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) {
        self.data.update(&session.series);
        ui.set_min_size(ui.available_size());
        let side = size::PAD as i8;
        let margin = Margin { left: side, right: side, top: 6, bottom: 2 };
        egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            self.head_ui(ui, session, out);
            let room = ui.available_height();
            if self.page == Page::Latency && self.data.dots.is_empty() {
                let text =
                    "It is told from a send time in the payload, such as ts, or from ping to pong";
                Empty::new(Icon::Timer, "No latency yet").line(text).show(ui);
                return;
            }
            match self.page {
                Page::Latency => self.latency_ui(ui, session, scene, room, true),
                Page::Rate => self.rate_ui(ui, session, scene, room, true),
                Page::Both => {
                    self.latency_ui(ui, session, scene, (room * 0.56).floor(), false);
                    ui.add_space(2.0);
                    let rest = ui.available_height();
                    self.rate_ui(ui, session, scene, rest, false);
                }
            }
        });
    }

    fn head_ui(&mut self, ui: &mut Ui, session: &SessionView, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        ui.horizontal(|ui| {
            let title = if self.page == Page::Rate { "Rate" } else { "Latency" };
            ui.label(RichText::new(title).font(medium(size::DATA)).color(t.text));
            ui.add_space(4.0);
            if self.page == Page::Rate {
                let stats = &session.stats;
                number_ui(ui, "now", &format::rate(stats.rate));
                number_ui(ui, "payload", &format!("{}/s", format::bytes(stats.byte_rate)));
                number_ui(ui, "received", &format::thousands(stats.received));
            } else if let Some(latency) = &session.stats.latency {
                let room = ((ui.available_width() - 230.0) / 96.0).max(1.0) as usize;
                let numbers = [
                    ("p50", latency.p50),
                    ("p95", latency.p95),
                    ("p99", latency.p99),
                    ("max", latency.max),
                    ("jitter", latency.jitter),
                ];
                for (name, ms) in numbers.into_iter().take(room) {
                    number_ui(ui, name, &format::millis(ms));
                }
            } else {
                let text = "none measured yet";
                ui.label(RichText::new(text).size(size::DATA).color(t.faint));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                let tip = Action::TogglePlots.tooltip(ui.ctx());
                if icon_button(ui, Icon::ChevronDown, "Hide the plots").on_hover_text(tip).clicked()
                {
                    out.act(Action::TogglePlots);
                }
                for (page, name) in PAGES.into_iter().rev() {
                    if tab(ui, self.page == page, name).clicked() {
                        self.page = page;
                    }
                }
            });
        });
    }

    fn latency_ui(
        &self,
        ui: &mut Ui,
        session: &SessionView,
        scene: Scene<'_>,
        height: f32,
        has_times: bool,
    ) {
        let t = tokens(ui.ctx());
        let unit = |value: f64| if value == 0.0 { "0 ms".into() } else { plain(value) };
        let top = self.data.latency_top;
        let plot = plot(ui, session, scene, ("latency", top, height, has_times), unit);
        let shown = plot.show(ui, |plot| {
            shade(plot, session, t.outage);
            let dots = Points::new("", PlotPoints::Borrowed(&self.data.dots));
            plot.points(dots.radius(1.3).color(t.dot).allow_hover(false));
            for (lines, color) in [(&self.data.p50, t.text), (&self.data.p95, t.warn)] {
                for line in lines {
                    let line = Line::new("", PlotPoints::Borrowed(line)).allow_hover(false);
                    plot.line(line.color(color).width(1.4));
                }
            }
        });
        self.over(ui, session, scene, &shown.transform, &shown.response, true);
    }

    fn rate_ui(
        &self,
        ui: &mut Ui,
        session: &SessionView,
        scene: Scene<'_>,
        height: f32,
        has_words: bool,
    ) {
        let t = tokens(ui.ctx());
        let unit = |value: f64| if value == 0.0 { "0 /s".into() } else { plain(value) };
        let top = self.data.rate_top;
        let received = t.transport(session.transport);
        let plot = plot(ui, session, scene, ("rate", top, height, true), unit);
        let shown = plot.show(ui, |plot| {
            shade(plot, session, t.outage);
            let line = Line::new("", PlotPoints::Borrowed(&self.data.received));
            let line = line.color(received).width(1.4).fill(0.0).fill_alpha(0.12);
            plot.line(line.allow_hover(false));
            if !self.data.sent.is_empty() {
                let line = Line::new("", PlotPoints::Borrowed(&self.data.sent));
                plot.line(line.color(t.muted).width(1.2).allow_hover(false));
            }
        });
        self.over(ui, session, scene, &shown.transform, &shown.response, has_words);
    }

    /// What lies over the plot: outages with their words, and what is under the pointer.
    fn over(
        &self,
        ui: &Ui,
        session: &SessionView,
        scene: Scene<'_>,
        transform: &PlotTransform,
        response: &egui::Response,
        has_words: bool,
    ) {
        outages_ui(ui, session, transform, has_words);
        let Some(mouse) = response.hover_pos() else { return };
        let rect = *transform.frame();
        if !rect.contains(mouse) {
            return;
        }
        let t = tokens(ui.ctx());
        let x = transform.value_from_position(mouse).x;
        let painter = ui.painter_at(rect);
        painter.vline(mouse.x, rect.y_range(), Stroke::new(1.0, t.faint));
        let at = wall(session, (x.max(0.0) * 1e9) as u64);
        let mut words_shown = vec![scene.zone.clock(at)];
        let near = |lines: &[Vec<egui_plot::PlotPoint>]| {
            let points = lines.iter().flatten();
            let near = points.min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs()))?;
            ((near.x - x).abs() < transform.bounds().width() / 40.0).then_some(near.y)
        };
        if let (Some(p50), Some(p95)) = (near(&self.data.p50), near(&self.data.p95)) {
            words_shown.push(format!("p50 {}", format::millis(p50)));
            words_shown.push(format!("p95 {}", format::millis(p95)));
        }
        let step = self.data.received.partition_point(|point| point.x < x);
        if let Some(point) = self.data.received.get(step) {
            words_shown.push(format::rate(point.y));
        }
        let text = words_shown.join(" · ");
        let galley = painter.layout_no_wrap(text, mono(size::SMALL), t.text);
        let left = mouse.x + 8.0;
        let left = if left + galley.size().x + 8.0 > rect.right() {
            mouse.x - galley.size().x - 12.0
        } else {
            left
        };
        let place = Rect::from_min_size(pos2(left, rect.bottom() - 24.0), galley.size());
        painter.rect_filled(place.expand2(vec2(5.0, 3.0)), 4.0, t.control);
        painter.galley(place.min, galley, t.text);
    }
}

fn number_ui(ui: &mut Ui, name: &str, value: &str) {
    let t = tokens(ui.ctx());
    ui.spacing_mut().item_spacing.x = 4.0;
    ui.label(RichText::new(name).font(words(size::DATA)).color(t.muted));
    ui.label(RichText::new(value).font(mono(size::DATA)).color(t.text));
    ui.add_space(6.0);
}

fn plain(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.0 {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').to_owned()
    } else {
        format::thousands(value as u64)
    }
}

/// Seconds that the time axis spans.
fn span(session: &SessionView) -> f64 {
    let drawn = session.series.buckets.len() as u64 * session.series.width_ns;
    let last = session.index.last().map_or(0, |entry| entry.t_ns);
    let end = if session.phase.is_over() { last } else { session.now_ns.max(last) };
    seconds(end.max(drawn.min(last))).max(1.0)
}

fn plot<'a>(
    ui: &Ui,
    session: &SessionView,
    scene: Scene<'_>,
    (name, top, height, has_times): (&str, f64, f32, bool),
    unit: impl Fn(f64) -> String + 'a,
) -> Plot<'a> {
    let t = tokens(ui.ctx());
    let start = session.start_wall_ns;
    let zone = scene.zone.clone();
    let wide = span(session);
    let most = f64::from((ui.available_width() / 110.0).clamp(2.0, 12.0));
    let times = AxisHints::new_x()
        .formatter(move |mark, _| {
            let at = start.saturating_add((mark.value * 1e9).round() as i64);
            if mark.step_size < 1.0 { zone.clock_ms(at) } else { zone.clock(at) }
        })
        .tick_label_color(t.faint)
        .tick_label_font(mono(size::SMALL))
        .label_spacing(10.0..=20.0);
    let values = AxisHints::new_y()
        .formatter(move |mark, _| unit(mark.value))
        .tick_label_color(t.faint)
        .tick_label_font(mono(size::SMALL))
        .min_thickness(52.0)
        .label_spacing(8.0..=12.0);
    Plot::new(Id::unique(name).with(session.id))
        .height(height)
        .show_background(false)
        .show_axes([has_times, true])
        .custom_x_axes(vec![times])
        .custom_y_axes(vec![values])
        .show_grid([false, true])
        .grid_color(t.grid)
        .grid_spacing(2.0..=3.0)
        .grid_fade(0.0)
        .x_grid_spacer(move |input| time_marks(start as f64 / 1e9, input.bounds, most))
        .y_grid_spacer(move |_| value_marks(top))
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
        .include_x(0.0)
        .include_x(wide)
        .include_y(0.0)
        .include_y(top * 1.04)
        .link_axis(Id::unique("time").with(session.id), [true, false])
}

/// Shades the spans without a connection.
fn shade(plot: &mut PlotUi<'_>, session: &SessionView, color: Color32) {
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

/// Edges of the outages, and words as long as there is room for them; the newest first.
fn outages_ui(ui: &Ui, session: &SessionView, transform: &PlotTransform, has_words: bool) {
    let t = tokens(ui.ctx());
    let rect = *transform.frame();
    let painter = ui.painter_at(rect);
    let mut taken: Vec<Rect> = Vec::new();
    let now = span(session);
    for outage in newest(&session.series.outages).iter().rev() {
        let from = transform.position_from_point_x(seconds(outage.from_ns));
        let end = outage.to_ns.map_or(now, seconds);
        let to = transform.position_from_point_x(end);
        painter.vline(from, rect.y_range(), Stroke::new(1.0, t.bad));
        if outage.to_ns.is_some() {
            painter.vline(to, rect.y_range(), Stroke::new(1.0, t.good));
        }
        if !has_words {
            continue;
        }
        let label: String = outage.label.chars().take(28).collect();
        let down = format::seconds(end - seconds(outage.from_ns));
        let lost = format!("{label} · down {down}");
        let mut words_of =
            vec![(pos2(from - 6.0, rect.top() + 1.0), Align2::RIGHT_TOP, lost, t.bad)];
        if outage.to_ns.is_some() {
            let resumed = outage.resumed_after.as_deref();
            let resumed = resumed.map(|id| format!(", resumed after id {id}")).unwrap_or_default();
            let at = pos2(to + 6.0, rect.top() + 15.0);
            words_of.push((at, Align2::LEFT_TOP, format!("reopened{resumed}"), t.good));
        }
        for (at, align, text, color) in words_of {
            let galley = painter.layout_no_wrap(text, mono(size::SMALL), color);
            let mut place = align.anchor_size(at, galley.size());
            if place.left() < rect.left() {
                place = place.translate(vec2(rect.left() + 4.0 - place.left(), 0.0));
            }
            if taken.iter().any(|other| other.expand(3.0).intersects(place)) {
                continue;
            }
            painter.galley(place.min.round(), galley, color);
            taken.push(place);
        }
    }
}
