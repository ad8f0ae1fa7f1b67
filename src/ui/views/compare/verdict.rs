//! What follows from the run: a sentence, and opened, the reasons and what would change it.

use egui::{Align, Color32, Layout, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use super::words::is_on;
use crate::engine::{RunView, Verdict};
use crate::ui::theme::{medium, size, tokens, words};
use crate::ui::views::capital;
use crate::ui::widgets::{Button, hline, muted, section};

/// Shows it below the plot.
pub(super) fn ui(ui: &mut Ui, run: &RunView, is_open: &mut bool) {
    let t = tokens(ui.ctx());
    hline(ui);
    ui.add_space(2.0);
    let Some(verdict) = &run.verdict else {
        let text = if is_on(run) {
            "A verdict follows as soon as there is enough to say something"
        } else {
            "Too little was measured for a verdict"
        };
        ground_ui(ui, "For this workload");
        muted(ui, text);
        return;
    };
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        let (icon, text) = if *is_open {
            (Icon::ChevronUp, "Hide the reasons")
        } else {
            (Icon::ChevronDown, "Why")
        };
        let button = Button::new("").icon(icon).name(text).quiet().small();
        if ui.add(button).on_hover_text(text).clicked() {
            *is_open = !*is_open;
        }
        ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
            ground_ui(ui, "For this workload");
            ui.add_space(2.0);
            summary_ui(ui, verdict);
        });
    });
    if *is_open {
        ui.add_space(2.0);
        ui.spacing_mut().item_spacing = vec2(28.0, 4.0);
        ui.columns_const(|[left, right]| {
            list_ui(left, "Why", &verdict.reasons, t.good);
            list_ui(right, "What would change it", &verdict.would_change, t.warn);
        });
    }
}

fn summary_ui(ui: &mut Ui, verdict: &Verdict) {
    let t = tokens(ui.ctx());
    // The name stands first, whether or not the sentence says it again.
    let summary = capital(verdict.summary.trim());
    let rest = summary
        .strip_prefix(verdict.label.as_str())
        .filter(|rest| rest.starts_with(['.', ':', ',']))
        .map_or(summary.as_str(), |rest| rest.trim_start_matches(['.', ':', ',']).trim_start());
    let mut job = egui::text::LayoutJob::default();
    let format = |font, color| egui::TextFormat::simple(font, color);
    let name = format!("{}. ", verdict.label);
    job.append(&name, 0.0, format(medium(size::BODY), t.text));
    job.append(rest, 0.0, format(words(size::BODY), t.muted));
    ui.add(egui::Label::new(job).wrap().selectable(true));
}

fn list_ui(ui: &mut Ui, head: &str, lines: &[String], color: Color32) {
    let t = tokens(ui.ctx());
    section(ui, head);
    if lines.is_empty() {
        ui.label(RichText::new("–").color(t.faint));
    }
    for text in lines {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let (rect, _) = ui.allocate_exact_size(vec2(6.0, 17.0), Sense::hover());
            ui.painter().circle_filled(rect.center(), 2.5, color);
            let text = RichText::new(capital(text)).color(t.text);
            ui.add(egui::Label::new(text).wrap().selectable(true));
        });
    }
}

/// Words on a rounded ground.
fn ground_ui(ui: &mut Ui, text: &str) {
    let t = tokens(ui.ctx());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), words(size::DATA), t.text);
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x + 18.0, 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter().rect_filled(rect, 11.0, t.selected);
    let at = rect.center() - galley.size() / 2.0;
    ui.painter().galley(at.round(), galley, t.text);
}
