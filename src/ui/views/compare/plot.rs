//! Latencies, wire bytes and connections of every lane in one plot, with one legend and one line
//! under the pointer that reads all of them.

use egui::{Align, Color32, Layout, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use egui_plot::{Line, LineStyle, PlotPoint, PlotPoints, PlotUi, Span};

use super::card::mark_ui;
use super::plot_axis::{Page, Ranges, plot};
use super::plot_data::Lines;
use super::plot_hover;
use super::words::{color, is_dashed};
use crate::engine::{LaneView, RunView};
use crate::ui::theme::{medium, size, tokens, words};
use crate::ui::widgets::{muted, tab};

/// The plot's state.
#[derive(Debug, Default)]
pub(super) struct Plots {
    pub(super) page: Page,
    /// What is drawn of each lane.
    pub(super) lines: Vec<Lines>,
    /// Names of the lanes that are not.
    hidden: Vec<String>,
}

/// A lane to be drawn.
pub(super) struct Drawn<'a> {
    pub lane: &'a LaneView,
    pub lines: &'a Lines,
    pub color: Color32,
    is_dashed: bool,
    is_hot: bool,
}

impl Plots {
    /// Brings the lines up to date, which is free while the run is the same.
    pub(super) fn update(&mut self, run: &RunView) {
        self.lines.resize_with(run.lanes.len(), Lines::default);
        for (lines, lane) in self.lines.iter_mut().zip(&run.lanes) {
            lines.update(lane);
        }
    }

    /// Shows title, legend and plot in so much height. `hot` is the lane that is pointed at
    /// elsewhere.
    pub(super) fn ui(&mut self, ui: &mut Ui, run: &RunView, hot: Option<usize>, height: f32) {
        let top = ui.cursor().top();
        self.head_ui(ui);
        let hot = self.legend_ui(ui, run).or(hot);
        let t = tokens(ui.ctx());
        let drawn: Vec<Drawn<'_>> = run
            .lanes
            .iter()
            .zip(&self.lines)
            .enumerate()
            .filter(|(_, (lane, _))| !self.is_hidden(lane))
            .map(|(at, (lane, lines))| {
                let full = color(t, lane.spec.way);
                let is_dim = hot.is_some_and(|hot| hot != at);
                Drawn {
                    lane,
                    lines,
                    color: if is_dim { full.gamma_multiply(0.22) } else { full },
                    is_dashed: is_dashed(&run.lanes, at),
                    is_hot: hot == Some(at),
                }
            })
            .collect();
        let left = (height - (ui.cursor().top() - top)).max(120.0);
        let page = self.page;
        let end = end(run);
        let ranges = Ranges::of(page, drawn.iter().map(|drawn| drawn.lines), end);
        let shown = plot(ui, page, ranges, left).show(ui, |plot| {
            if matches!(page, Page::Time | Page::Connections) {
                shade(plot, &drawn, end, t.outage);
            }
            for drawn in &drawn {
                line_ui(plot, page, drawn, end);
            }
        });
        let (title, subtitle) = page.title();
        shown
            .response
            .widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{title}, {subtitle}")));
        plot_hover::ui(ui, page, &drawn, &shown.transform, &shown.response);
    }

    fn is_hidden(&self, lane: &LaneView) -> bool {
        self.hidden.iter().any(|name| name == lane.spec.name())
    }

    fn head_ui(&mut self, ui: &mut Ui) {
        let t = tokens(ui.ctx());
        ui.horizontal(|ui| {
            const TABS: f32 = 360.0;
            let (title, subtitle) = self.page.title();
            let room = ui.available_width() - TABS;
            if room > 130.0 {
                ui.label(RichText::new(title).font(medium(size::DATA)).color(t.text));
            }
            if room > 360.0 {
                ui.add_space(4.0);
                ui.label(RichText::new(subtitle).size(size::DATA).color(t.muted));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                for (page, name) in Page::ALL.into_iter().rev() {
                    if tab(ui, self.page == page, name).clicked() {
                        self.page = page;
                    }
                }
            });
        });
    }

    /// Names of the lanes, each of which hides its line; answers the one under the pointer, or else
    /// with the focus.
    fn legend_ui(&mut self, ui: &mut Ui, run: &RunView) -> Option<usize> {
        let mut hot = None;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(4.0, 2.0);
            for (at, lane) in run.lanes.iter().enumerate() {
                let is_shown = !self.is_hidden(lane);
                let response = item_ui(ui, &run.lanes, at, is_shown);
                if response.hovered() && is_shown {
                    hot = Some(at);
                } else if response.has_focus() && is_shown {
                    hot = hot.or(Some(at));
                }
                if response.clicked() {
                    let name = lane.spec.name();
                    if is_shown {
                        self.hidden.push(name.to_owned());
                    } else {
                        self.hidden.retain(|hidden| hidden != name);
                    }
                }
            }
            if self.lines.iter().all(|lines| lines.share.is_empty()) {
                muted(ui, "Nothing measured yet");
            }
        });
        hot
    }
}

/// The last second there is anything of.
fn end(run: &RunView) -> f64 {
    let lanes = run.lanes.iter().map(|lane| {
        let series = &lane.series;
        let drawn = (series.buckets.len() as u64).saturating_mul(series.width_ns) as f64 / 1e9;
        let wire = lane.wire.last().map_or(0.0, |point| f64::from(point.0));
        drawn.max(wire)
    });
    lanes.fold(run.elapsed_s, f64::max)
}

/// One name of the legend.
fn item_ui(ui: &mut Ui, lanes: &[LaneView], at: usize, is_shown: bool) -> egui::Response {
    let t = tokens(ui.ctx());
    let Some(lane) = lanes.get(at) else { return ui.label("") };
    let name = lane.spec.name();
    let ink = if is_shown { t.text } else { t.faint };
    let galley = ui.painter().layout_no_wrap(name.to_owned(), words(size::DATA), ink);
    let desired = vec2(galley.size().x + 28.0, 20.0);
    let (rect, response) = ui.allocate_exact_size(desired, Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::CheckBox, true, is_shown, format!("{name} in the plot"))
    });
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, size::RADIUS, t.control);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(1.0, t.accent);
        ui.painter().rect_stroke(rect, size::RADIUS, stroke, egui::StrokeKind::Inside);
    }
    let center = rect.left_center() + vec2(11.0, 0.0);
    let mark = egui::Rect::from_center_size(center, vec2(8.0, 8.0));
    let ground = if is_shown { color(t, lane.spec.way) } else { t.control_down };
    mark_ui(ui, mark, ground, is_dashed(lanes, at));
    let place = rect.left_center() + vec2(20.0, -galley.size().y / 2.0);
    ui.painter().galley(place.round(), galley, ink);
    let tip = if is_shown { "Hide its line" } else { "Show its line" };
    response.on_hover_text(tip)
}

/// Shades the spans in which a lane was lost: of the one that is pointed at, otherwise of all.
fn shade(plot: &mut PlotUi<'_>, drawn: &[Drawn<'_>], end: f64, color: Color32) {
    let has_hot = drawn.iter().any(|drawn| drawn.is_hot);
    for drawn in drawn.iter().filter(|drawn| drawn.is_hot || !has_hot) {
        for (from, to) in &drawn.lines.outages {
            let span = Span::new("", *from..=to.unwrap_or(end).max(*from));
            plot.span(span.fill(color).border_color(Color32::TRANSPARENT));
        }
    }
}

fn line_ui<'a>(plot: &mut PlotUi<'a>, page: Page, drawn: &Drawn<'a>, end: f64) {
    let mut one = |points: PlotPoints<'a>| {
        let width = if drawn.is_hot { 2.4 } else { 1.6 };
        let line = Line::new("", points).color(drawn.color).width(width).allow_hover(false);
        let style = if drawn.is_dashed { LineStyle::dashed_dense() } else { LineStyle::Solid };
        // Lines are short enough as they are, and steps would become one broad band.
        plot.line(line.style(style).allow_band(false));
    };
    let lines = drawn.lines;
    match page {
        Page::Distribution => one(PlotPoints::Borrowed(&lines.share)),
        Page::Time => {
            for line in &lines.medians {
                one(PlotPoints::Borrowed(line));
            }
        }
        Page::Wire => one(PlotPoints::Borrowed(&lines.wire)),
        Page::Connections => {
            one(PlotPoints::Borrowed(&lines.connections));
            if let Some(last) = lines.connections.last().filter(|last| last.x < end) {
                one(PlotPoints::Owned(vec![*last, PlotPoint::new(end, last.y)]));
            }
        }
    }
}
