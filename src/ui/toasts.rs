//! Notices in the corner at the bottom right: what worked goes by itself, what did not stays until
//! it is dismissed.

use std::collections::HashMap;
use std::time::Duration;

use egui::{Align2, Area, Frame, Id, Margin, Order, RichText, Stroke, Ui, vec2};
use lucide_icons::Icon;

use super::scene::{Outbox, Scene};
use super::theme::{icon_font, size, tokens};
use super::widgets::icon_button;
use crate::engine::{Notice, Severity};
use crate::model::Command;

/// How long good news stays, in seconds.
const STAYS: f64 = 6.0;
/// Shown at once, at most; the rest waits.
const SHOWN: usize = 4;

/// When each notice was first seen (`None` once its end was asked for), and what the window itself
/// has to say.
#[derive(Debug, Default)]
pub(crate) struct Toasts {
    seen: HashMap<u64, Option<f64>>,
    own: Option<(Notice, Option<f64>)>,
}

impl Toasts {
    /// Says something of the window's own.
    pub(crate) fn say(&mut self, notice: Notice) {
        self.own = Some((notice, None));
    }

    /// Shows them, and dismisses those whose time is over.
    pub(crate) fn ui(&mut self, ui: &mut Ui, scene: Scene<'_>, out: &mut Outbox) {
        let now = ui.input(|input| input.time);
        let notices = &scene.snapshot.notices;
        self.seen.retain(|id, _| notices.iter().any(|notice| notice.id == *id));
        for notice in notices {
            let first = self.seen.entry(notice.id).or_insert(Some(now));
            let is_info = notice.severity == Severity::Info;
            if is_info && first.is_some_and(|first| !leave_later(ui, now - first)) {
                *first = None;
                out.send(Command::Dismiss(notice.id));
            }
        }
        let own = self.own.as_mut().map(|(notice, first)| {
            // What has to be read takes longer.
            let spare = if notice.hint.is_some() { STAYS } else { 0.0 };
            let shown_for = now - *first.get_or_insert(now) - spare;
            (notice.clone(), leave_later(ui, shown_for))
        });
        let shown = notices.iter().rev().take(SHOWN).collect::<Vec<_>>();
        if shown.is_empty() && own.is_none() {
            return;
        }
        let corner = vec2(-size::PAD, -(size::STATUS + size::PAD));
        Area::new(Id::unique("notices"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, corner)
            .show(ui.ctx(), |ui| {
                ui.set_max_width(400.0);
                for notice in shown.into_iter().rev() {
                    if notice_ui(ui, notice) {
                        out.send(Command::Dismiss(notice.id));
                    }
                }
                if let Some((notice, stays)) = own
                    && (notice_ui(ui, &notice) || !stays)
                {
                    self.own = None;
                }
            });
    }
}

/// Whether there is time left; if so the window is painted again when it is over.
fn leave_later(ui: &Ui, shown_for: f64) -> bool {
    let left = STAYS - shown_for;
    if left > 0.0 {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
    }
    left > 0.0
}

fn notice_ui(ui: &mut Ui, notice: &Notice) -> bool {
    let t = tokens(ui.ctx());
    let color = t.severity(notice.severity);
    let edge = if notice.severity == Severity::Error { t.bad_soft } else { t.line };
    let icon = match notice.severity {
        Severity::Info => Icon::CircleCheck,
        Severity::Error => Icon::CircleAlert,
    };
    Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, edge))
        .corner_radius(size::CARD_RADIUS)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(12, 9))
        .show(ui, |ui| {
            ui.set_width(376.0);
            ui.horizontal_top(|ui| {
                ui.label(RichText::new(char::from(icon)).font(icon_font(16.0)).color(color));
                ui.vertical(|ui| {
                    ui.set_width(316.0);
                    ui.spacing_mut().item_spacing.y = 2.0;
                    let text = RichText::new(&notice.text).color(t.text);
                    ui.add(egui::Label::new(text).wrap().selectable(true));
                    if let Some(hint) = &notice.hint {
                        let hint = RichText::new(hint).size(size::DATA).color(t.muted);
                        ui.add(egui::Label::new(hint).wrap().selectable(true));
                    }
                });
                icon_button(ui, Icon::X, "Dismiss").clicked()
            })
            .inner
        })
        .inner
}
