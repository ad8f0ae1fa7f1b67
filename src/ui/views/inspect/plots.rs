//! Latency, rate, sizes and gaps over one time axis: spans without a connection shaded, reconnects marked, the
//! numbers beside them.

use egui::{
    Align, Id, Layout, Margin, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use egui_plot::{AxisHints, Line, Plot, PlotPoints, PlotTransform, Points};
use lucide_icons::Icon;

use super::plot_cloud::{Cloud, Measure, Scale};
use super::plot_data::{PlotData, plain, seconds, time_marks, value_marks};
use super::plot_outages::{outage_at, outages_ui, shade};
use super::words::wall;
use crate::engine::SessionView;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{medium, mono, size, tokens, words};
use crate::ui::widgets::{Empty, icon_button, tab};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Page {
    #[default]
    Latency,
    Rate,
    Size,
    Gaps,
    Both,
}

const PAGES: [(Page, &str); 5] = [
    (Page::Latency, "Latency"),
    (Page::Rate, "Rate"),
    (Page::Size, "Size"),
    (Page::Gaps, "Gaps"),
    (Page::Both, "Both"),
];

impl Page {
    /// What it draws as a cloud.
    const fn measure(self) -> Measure {
        match self {
            Self::Size => Measure::Size,
            Self::Gaps => Measure::Gap,
            Self::Latency | Self::Rate | Self::Both => Measure::Latency,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Rate => "Rate",
            Self::Size => "Size of received messages",
            Self::Gaps => "Time between received messages",
            Self::Latency | Self::Both => "Latency",
        }
    }
}

/// The plots' state.
#[derive(Debug, Default)]
pub(super) struct Plots {
    page: Page,
    data: PlotData,
    cloud: Cloud,
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
        self.data.update(session.id, &session.series);
        self.cloud.update(session.id, self.page.measure(), &session.series);
        ui.set_min_size(ui.available_size());
        let side = size::PAD as i8;
        let margin = Margin { left: side, right: side, top: 6, bottom: 2 };
        egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            self.head_ui(ui, session, out);
            let room = ui.available_height();
            let has_cloud = !matches!(self.page, Page::Rate | Page::Both);
            if has_cloud && self.cloud.dots.is_empty() {
                return empty_ui(ui, self.page);
            }
            match self.page {
                Page::Latency | Page::Size | Page::Gaps => {
                    self.cloud_ui(ui, session, scene, room, true);
                }
                Page::Rate => self.rate_ui(ui, session, scene, room, true),
                Page::Both => {
                    self.cloud_ui(ui, session, scene, (room * 0.56).floor(), false);
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
            // Tabs and the button at the right; the tabs tell what is shown, too.
            const TABS: f32 = 320.0;
            if ui.available_width() > TABS + 260.0 {
                let title = RichText::new(self.page.title());
                ui.label(title.font(medium(size::DATA)).color(t.text));
                ui.add_space(4.0);
            }
            let room = ((ui.available_width() - TABS) / 96.0).max(0.0) as usize;
            let numbers = self.numbers(session);
            if numbers.is_empty() {
                let text = "none measured yet";
                ui.label(RichText::new(text).size(size::DATA).color(t.faint));
            }
            for (name, value) in numbers.into_iter().take(room) {
                number_ui(ui, name, &value);
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

    /// The numbers beside the title.
    fn numbers(&self, session: &SessionView) -> Vec<(&'static str, String)> {
        let stats = &session.stats;
        let measure = self.page.measure();
        match (self.page, &stats.latency, self.cloud.overall) {
            (Page::Rate, ..) => vec![
                ("now", format::rate(stats.rate)),
                ("payload", format!("{}/s", format::bytes(stats.byte_rate))),
                ("received", format::thousands(stats.received)),
            ],
            (Page::Size | Page::Gaps, _, Some((p50, p95))) => vec![
                ("p50", measure.text(p50)),
                ("p95", measure.text(p95)),
                ("max", measure.text(measure.most(&session.series))),
            ],
            (Page::Latency | Page::Both, Some(latency), _) => vec![
                ("p50", format::millis(latency.p50)),
                ("p95", format::millis(latency.p95)),
                ("p99", format::millis(latency.p99)),
                ("jitter", format::millis(latency.jitter)),
                ("max", format::millis(latency.max)),
            ],
            _ => Vec::new(),
        }
    }

    fn cloud_ui(
        &self,
        ui: &mut Ui,
        session: &SessionView,
        scene: Scene<'_>,
        height: f32,
        has_times: bool,
    ) {
        let t = tokens(ui.ctx());
        let scale = self.cloud.scale;
        let axis = Axis {
            name: self.page.title(),
            bounds: (scale.low, if scale.is_log { scale.top } else { scale.top * 1.04 }),
            height,
            has_times,
        };
        let unit = move |value: f64| scale.label(value);
        let plot = plot(ui, session, scene, &axis, unit).y_grid_spacer(move |_| scale.marks());
        let shown = plot.show(ui, |plot| {
            shade(plot, session, t.outage);
            let dots = Points::new("", PlotPoints::Borrowed(&self.cloud.dots));
            plot.points(dots.radius(1.3).color(t.dot).allow_hover(false));
            for (lines, color) in [(&self.cloud.p50, t.text), (&self.cloud.p95, t.warn)] {
                for line in lines {
                    let line = Line::new("", PlotPoints::Borrowed(line)).allow_hover(false);
                    plot.line(line.color(color).width(1.4));
                }
            }
        });
        let log = if scale.is_log { ", logarithmic" } else { "" };
        let kind = format!("{}{log}", self.page.title());
        shown.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &kind));
        self.over(ui, session, scene, &shown.transform, &shown.response, Some(scale));
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
        let axis = Axis { name: "rate", bounds: (0.0, top * 1.04), height, has_times: true };
        let plot = plot(ui, session, scene, &axis, unit).y_grid_spacer(move |_| value_marks(top));
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
        shown.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Rate"));
        let words_of = has_words.then(Scale::default);
        self.over(ui, session, scene, &shown.transform, &shown.response, words_of);
    }

    /// What lies over the plot: outages with their words, where there are to be any, and what is
    /// under the pointer.
    fn over(
        &self,
        ui: &Ui,
        session: &SessionView,
        scene: Scene<'_>,
        transform: &PlotTransform,
        response: &egui::Response,
        words_of: Option<Scale>,
    ) {
        let rect = *transform.frame();
        let t = tokens(ui.ctx());
        let mut taken = Vec::new();
        if words_of.is_some_and(|scale| scale.is_log) {
            let galley = ui.painter().layout_no_wrap("log".into(), mono(size::SMALL), t.faint);
            let at = Rect::from_min_size(rect.min + vec2(4.0, 1.0), galley.size());
            ui.painter().galley(at.min, galley, t.faint);
            taken.push(at);
        }
        outages_ui(ui, session, transform, words_of.is_some().then_some(taken));
        let Some(mouse) = response.hover_pos() else { return };
        if !rect.contains(mouse) {
            return;
        }
        let x = transform.value_from_position(mouse).x;
        ui.painter_at(rect).vline(mouse.x, rect.y_range(), Stroke::new(1.0, t.faint));
        let at = wall(session, (x.max(0.0) * 1e9) as u64);
        let mut numbers = vec![scene.zone.clock(at)];
        let near = |lines: &[Vec<egui_plot::PlotPoint>]| {
            let points = lines.iter().flatten();
            let near = points.min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs()))?;
            let is_near = (near.x - x).abs() < transform.bounds().width() / 40.0;
            is_near.then(|| self.page.measure().text(self.cloud.scale.value(near.y)))
        };
        if let (Some(p50), Some(p95)) = (near(&self.cloud.p50), near(&self.cloud.p95)) {
            numbers.push(format!("p50 {p50}"));
            numbers.push(format!("p95 {p95}"));
        }
        let step = self.data.received.partition_point(|point| point.x < x);
        if let Some(point) = self.data.received.get(step) {
            numbers.push(format::rate(point.y));
        }
        let mut text = vec![numbers.join(" · ")];
        text.extend(outage_at(session, transform, mouse.x).map(|(lost, back)| {
            let back = back.map(|(text, _)| format!("\n{text}")).unwrap_or_default();
            format!("{}{}{back}", lost.0, lost.1)
        }));
        hover_ui(ui, rect, mouse.x, text.join("\n"));
    }
}

/// Why there is nothing to draw.
fn empty_ui(ui: &mut Ui, page: Page) {
    let (title, text) = match page {
        Page::Size => ("No sizes yet", "They are told from the first message on"),
        Page::Gaps => ("No gaps yet", "They are told from the second message on"),
        Page::Latency | Page::Rate | Page::Both => (
            "No latency yet",
            "It is told from a send time in the payload, such as ts, or from ping to pong",
        ),
    };
    Empty::new(Icon::Timer, title).line(text).show(ui);
}

/// What is under the pointer, beside it and inside the plot.
fn hover_ui(ui: &Ui, rect: Rect, x: f32, text: String) {
    let t = tokens(ui.ctx());
    let painter = ui.painter_at(rect);
    let room = (rect.width() - 20.0).max(40.0);
    let galley = painter.layout(text, mono(size::SMALL), t.text, room);
    let after = x + 8.0;
    let fits = after + galley.size().x + 8.0 <= rect.right();
    let left = if fits { after } else { (x - galley.size().x - 12.0).max(rect.left() + 6.0) };
    let top = (rect.bottom() - galley.size().y - 10.0).max(rect.top() + 4.0);
    let place = Rect::from_min_size(pos2(left, top), galley.size());
    painter.rect_filled(place.expand2(vec2(5.0, 3.0)), 4.0, t.control);
    painter.galley(place.min, galley, t.text);
}

fn number_ui(ui: &mut Ui, name: &str, value: &str) {
    let t = tokens(ui.ctx());
    ui.spacing_mut().item_spacing.x = 4.0;
    ui.label(RichText::new(name).font(words(size::DATA)).color(t.muted));
    ui.label(RichText::new(value).font(mono(size::DATA)).color(t.text));
    ui.add_space(6.0);
}

/// Seconds that the time axis spans.
pub(super) fn span(session: &SessionView) -> f64 {
    let drawn = session.series.buckets.len() as u64 * session.series.width_ns;
    let last = session.index.last().map_or(0, |entry| entry.t_ns);
    let end = if session.phase.is_over() { last } else { session.now_ns.max(last) };
    seconds(end.max(drawn.min(last))).max(1.0)
}

/// The vertical axis of a plot, and whether times stand below it.
struct Axis {
    name: &'static str,
    bounds: (f64, f64),
    height: f32,
    has_times: bool,
}

/// Room for the values at the left.
const VALUES: f32 = 52.0;

fn plot<'a>(
    ui: &Ui,
    session: &SessionView,
    scene: Scene<'_>,
    axis: &Axis,
    unit: impl Fn(f64) -> String + 'a,
) -> Plot<'a> {
    let t = tokens(ui.ctx());
    let start = session.start_wall_ns;
    let zone = scene.zone.clone();
    let wide = span(session);
    let room = (ui.available_width() - VALUES).max(1.0);
    let most = f64::from((ui.available_width() / 110.0).clamp(2.0, 12.0));
    let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&mono(size::SMALL), '0'));
    let times = AxisHints::new_x()
        .formatter(move |mark, range| {
            let at = start.saturating_add((mark.value * 1e9).round() as i64);
            let text = if mark.step_size < 1.0 { zone.clock_ms(at) } else { zone.clock(at) };
            // A time that would reach below the values, or beyond the panel, is left out.
            let share = (mark.value - range.start()) / (range.end() - range.start());
            let (x, half) = (share as f32 * room, text.chars().count() as f32 * glyph / 2.0);
            let fits = x >= half && x + half <= room + size::PAD - 2.0;
            if fits { text } else { String::new() }
        })
        .tick_label_color(t.faint)
        .tick_label_font(mono(size::SMALL))
        .label_spacing(10.0..=20.0);
    let values = AxisHints::new_y()
        .formatter(move |mark, _| unit(mark.value))
        .tick_label_color(t.faint)
        .tick_label_font(mono(size::SMALL))
        .min_thickness(VALUES)
        .label_spacing(8.0..=12.0);
    Plot::new(Id::unique(axis.name).with(session.id))
        .height(axis.height)
        .sense(Sense::CLICK | Sense::DRAG)
        .show_background(false)
        .show_axes([axis.has_times, true])
        .custom_x_axes(vec![times])
        .custom_y_axes(vec![values])
        .show_grid([false, true])
        .grid_color(t.grid)
        .grid_spacing(2.0..=3.0)
        .grid_fade(0.0)
        .x_grid_spacer(move |input| time_marks(start as f64 / 1e9, input.bounds, most))
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
        .include_y(axis.bounds.0)
        .include_y(axis.bounds.1)
        .link_axis(Id::unique("time").with(session.id), [true, false])
}
