//! One lane: how late its messages are, what is missing of them, and what they cost.

use egui::{Color32, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::plot_data::Lines;
use super::words::{apart, both, color, compact, is_dashed};
use crate::engine::{Lane, LaneView, ScaleView};
use crate::ui::format;
use crate::ui::theme::{medium, mono, size, tokens, words};
use crate::ui::widgets::{Line, line};

const HEAD: f32 = 38.0;
const NUMBER: f32 = 38.0;
const SPARK: f32 = 34.0;
const REASON: f32 = 34.0;
const ROW: f32 = 21.0;
const ROWS: usize = 9;
const SIDE: f32 = 14.0;

/// The height of every card.
pub(super) fn height(has_reason: bool) -> f32 {
    let reason = if has_reason { REASON } else { 0.0 };
    HEAD + 8.0 + NUMBER + reason + SPARK + 8.0 + ROWS as f32 * ROW + 10.0
}

/// What a card shows.
pub(super) struct Card<'a> {
    pub lanes: &'a [LaneView],
    pub lane: &'a LaneView,
    pub at: usize,
    pub lines: Option<&'a Lines>,
    pub scale: Option<&'a ScaleView>,
    /// Whether any lane has one: rows stand side by side.
    pub has_reason: bool,
}

/// Parts of a value with their colours.
type Value = Vec<(String, Color32)>;

impl Card<'_> {
    /// Shows it; whether the pointer is over it.
    pub(super) fn ui(&self, ui: &mut Ui, rect: Rect) -> bool {
        let t = tokens(ui.ctx());
        let whole = ui.interact(rect, ui.scope_id().with("card"), Sense::hover());
        let name = self.lane.spec.name();
        let p50 = self.lane.figures.latency_ms.map(|latency| latency.p50);
        let label = match p50 {
            Some(p50) => {
                format!("{name}: {}, {} median latency", self.lane.state, format::millis(p50))
            }
            None => format!("{name}: {}, nothing measured", self.lane.state),
        };
        whole.widget_info(|| WidgetInfo::labeled(Role::Group, true, &label));
        let painter = ui.painter();
        let stroke = Stroke::new(1.0, t.line);
        painter.rect(rect, size::CARD_RADIUS, t.panel, stroke, StrokeKind::Inside);
        let head = rect.with_max_y(rect.top() + HEAD);
        painter.hline(rect.x_range(), head.bottom(), stroke);
        self.head_ui(ui, head.shrink2(vec2(SIDE, 0.0)));
        let inner = rect.shrink2(vec2(SIDE, 0.0));
        let mut y = head.bottom() + 8.0;
        let mut take = |height: f32| {
            let part = Rect::from_min_max(pos2(inner.left(), y), pos2(inner.right(), y + height));
            y += height;
            part
        };
        number_ui(ui, take(NUMBER), p50);
        if self.lane.reason.is_some() {
            self.reason_ui(ui, take(REASON));
        }
        // Rows stand side by side, so the bars of the others have the room.
        let is_tall = self.has_reason && self.lane.reason.is_none();
        let spark = if is_tall { SPARK + REASON } else { SPARK };
        spark_ui(ui, take(spark), self.lines, color(t, self.lane.spec.way));
        take(8.0);
        for (row, (name, value, tip)) in self.rows(ui).into_iter().enumerate() {
            row_ui(ui, take(ROW), row, self.lane.spec.name(), name, &value, tip);
        }
        ui.rect_contains_pointer(rect)
    }

    fn head_ui(&self, ui: &mut Ui, rect: Rect) {
        let t = tokens(ui.ctx());
        let mark = Rect::from_center_size(rect.left_center() + vec2(5.0, 0.0), vec2(10.0, 10.0));
        mark_ui(ui, mark, color(t, self.lane.spec.way), is_dashed(self.lanes, self.at));
        let state = line(ui, &self.lane.state, words(size::DATA), t.muted, rect.width() * 0.5);
        let room = rect.width() - state.size().x - 18.0 - 8.0;
        let name = line(ui, self.lane.spec.name(), medium(size::BODY), t.text, room);
        let (is_cut, at) = (name.elided || state.elided, rect.right() - state.size().x);
        let middle = |height: f32| rect.center().y - height / 2.0;
        let place = pos2(rect.left() + 18.0, middle(name.size().y));
        ui.painter().galley(place.round(), name, t.text);
        ui.painter().galley(pos2(at, middle(state.size().y)).round(), state, t.muted);
        if is_cut {
            let head = ui.interact(rect, ui.scope_id().with("head"), Sense::hover());
            head.on_hover_text(format!("{}: {}", self.lane.spec.name(), self.lane.state));
        }
    }

    /// Why it is where it is, in two lines at most.
    fn reason_ui(&self, ui: &Ui, rect: Rect) {
        let Some(reason) = &self.lane.reason else { return };
        let t = tokens(ui.ctx());
        let mut job =
            egui::text::LayoutJob::simple(reason.clone(), words(size::DATA), t.muted, rect.width());
        job.wrap.max_rows = 2;
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        ui.painter().galley(rect.min, galley, t.muted);
        let response = ui.interact(rect, ui.scope_id().with("reason"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, reason));
        response.on_hover_text(reason);
    }

    fn rows(&self, ui: &Ui) -> [(&'static str, Value, &'static str); ROWS] {
        let t = tokens(ui.ctx());
        let lane = &self.lane.figures;
        let plain = |text: String| vec![(text, t.text)];
        let none = || vec![(String::from("–"), t.faint)];
        let about = if lane.wire_is_estimate { "≈ " } else { "" };
        let late = lane.latency_ms.map(|latency| plain(both(latency.p95, latency.p99)));
        let counts = [lane.lost, lane.duplicated, lane.reordered];
        let memory = self.scale.and_then(|scale| scale.memory(lane.transport));
        [
            ("p95 / p99", late.unwrap_or_else(none), LATENCY),
            ("Delivered", plain(delivered(lane)), "Messages that arrived, of those published"),
            ("Lost · dup · reordered", losses(counts, t.text, t.bad, t.faint), LOSSES),
            (
                "Wire per message",
                lane.wire_per_message()
                    .map_or_else(none, |wire| plain(format!("{about}{}", format::bytes(wire)))),
                if lane.wire_is_estimate { ESTIMATED } else { COUNTED },
            ),
            (
                "Overhead",
                lane.overhead.map_or_else(none, |part| {
                    plain(format!("{about}{} %", format::signed((part * 100.0).round() as i64)))
                }),
                "Bytes on the wire beyond those of the payloads, in percent of them",
            ),
            ("Requests", plain(format::thousands(lane.requests)), "Upgrades included"),
            (
                "Connections · back",
                plain(format!("{} · {}", compact(lane.connections), compact(lane.reconnects))),
                "Times the lane opened, and how many of them were after a loss",
            ),
            (
                "Time to recover",
                lane.recover_ms.map_or_else(none, |gone| plain(recovery(gone.median))),
                RECOVERY,
            ),
            (
                "Server memory",
                memory.map_or_else(none, |bytes| plain(format::size(bytes))),
                if memory.is_some() { MEMORY } else { NO_MEMORY },
            ),
        ]
    }
}

const LATENCY: &str = "95 and 99 of 100 messages came sooner, from being published to being here";
const LOSSES: &str = "Never came · came again · came after a later one";
const COUNTED: &str = "Both ways, heads included, counted at the socket; TLS and TCP apart";
const ESTIMATED: &str = "Both ways, heads included; in part computed from what was said, as the \
                         HTTP library hides the framing";
const RECOVERY: &str = "Median time from losing the connection to having it back";
const MEMORY: &str = "Of the server process a connection, as the newest scale run measured it";
const NO_MEMORY: &str = "A scale run measures it: many clients, the memory of the server process \
                         before and after";

/// A time without a connection, which from a second on nobody counts in milliseconds.
fn recovery(ms: f64) -> String {
    if ms < 1_000.0 { format::millis(ms) } else { format::seconds(ms / 1e3) }
}

fn delivered(lane: &Lane) -> String {
    // Messages that came again are no more of those sent.
    let came = lane.delivered.saturating_sub(lane.duplicated);
    format!("{} / {}", compact(came), compact(lane.sent))
}

fn losses(counts: [u64; 3], plain: Color32, bad: Color32, faint: Color32) -> Value {
    let mut value = Value::new();
    for (at, count) in counts.into_iter().enumerate() {
        if at > 0 {
            value.push((String::from(" · "), faint));
        }
        value.push((compact(count), if count > 0 { bad } else { plain }));
    }
    value
}

/// The square of a lane's colour; hollow where its line is dashed.
pub(super) fn mark_ui(ui: &Ui, rect: Rect, color: Color32, is_hollow: bool) {
    if is_hollow {
        let stroke = Stroke::new(2.0, color);
        ui.painter().rect_stroke(rect, 2.0, stroke, StrokeKind::Inside);
    } else {
        ui.painter().rect_filled(rect, 2.0, color);
    }
}

fn number_ui(ui: &Ui, rect: Rect, p50: Option<f64>) {
    let t = tokens(ui.ctx());
    let mut parts = Line::default();
    if let Some((value, unit)) = p50.map(apart) {
        parts.add(&value, medium(24.0), t.text);
        parts.add(&format!("  {unit} median latency"), words(size::BODY), t.muted);
    } else {
        parts.add("–", medium(24.0), t.faint);
        parts.add("  nothing measured yet", words(size::BODY), t.muted);
    }
    let galley = parts.fit(ui, rect.width());
    ui.painter().galley(rect.min.round(), galley, t.text);
}

/// The medians of the newest slices as bars; where nothing came since the lane was lost there is a
/// low red one.
fn spark_ui(ui: &Ui, rect: Rect, lines: Option<&Lines>, color: Color32) {
    let t = tokens(ui.ctx());
    let painter = ui.painter();
    let bars = lines.map(|lines| &lines.spark[..]).unwrap_or_default();
    let step = rect.width() / super::plot_data::SPARKS as f32;
    let top = lines.map_or(1.0, |lines| lines.spark_top);
    for (at, bar) in bars.iter().enumerate() {
        let x = rect.left() + at as f32 * step;
        let (share, color) = match bar {
            super::plot_data::Spark::Median(ms) => {
                ((ms / top).clamp(0.06, 1.0), color.gamma_multiply(0.85))
            }
            super::plot_data::Spark::Lost => (0.12, t.bad),
            super::plot_data::Spark::Nothing => continue,
        };
        let min = pos2(x, rect.bottom() - rect.height() * share);
        let bar = Rect::from_min_max(min, pos2(x + step * 0.72, rect.bottom()));
        painter.rect_filled(bar, 1.0, color);
    }
    if bars.is_empty() {
        painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, t.grid));
    }
}

fn row_ui(ui: &Ui, rect: Rect, at: usize, lane: &str, name: &str, value: &Value, tip: &str) {
    let t = tokens(ui.ctx());
    let response = ui.interact(rect, ui.scope_id().with(("row", at)), Sense::hover());
    let text: String = value.iter().map(|(part, _)| part.as_str()).collect();
    response
        .widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{lane} {name}: {text}")));
    let mut parts = Line::default();
    for (part, color) in value {
        let is_between = part.trim() == "·";
        let font = if is_between { words(size::DATA) } else { mono(size::DATA) };
        parts.add(part, font, *color);
    }
    let shown = parts.fit(ui, rect.width());
    let room = rect.width() - shown.size().x - 8.0;
    let word = line(ui, name, words(size::BODY), t.muted, room);
    let is_cut = word.elided || shown.elided;
    let middle = |height: f32| rect.center().y - height / 2.0;
    let place = pos2(rect.left(), middle(word.size().y)).round();
    ui.painter().galley(place, word, t.muted);
    let place = pos2(rect.right() - shown.size().x, middle(shown.size().y)).round();
    ui.painter().galley(place, shown, t.text);
    if is_cut {
        response.on_hover_text(format!("{name}: {text}\n{tip}"));
    } else {
        response.on_hover_text(tip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_apart_from_what_is_not() {
        let (plain, bad) = (Color32::TRANSPARENT, Color32::PLACEHOLDER);
        let value = losses([2, 0, 0], plain, bad, plain);
        let text: String = value.iter().map(|(part, _)| part.as_str()).collect();
        assert_eq!(text, "2 · 0 · 0");
        assert_eq!((value[0].1, value[2].1), (bad, plain));
    }
}
