//! The chosen event in full: read, raw, as bytes, and the handshake it came by; beneath them what is
//! known of it.

use std::sync::Arc;

use egui::{Align, Layout, Margin, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::decoded_view::DecodedView;
use super::facts::facts;
use super::frame_list::FrameList;
use super::hex::HexView;
use super::json_text::pretty;
use super::raw::RawView;
use super::words::{kind_color, warning};
use super::{assembled, body, command_line, handshake, read_as};
use crate::engine::{Origin, Selected, SessionView};
use crate::model::Kind;
use crate::ui::action::Action;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{mono, size, tokens};
use crate::ui::views::capital;
use crate::ui::widgets::{Button, Empty, fact, hline, icon_button, tab};

/// Characters of a body that are shown at once.
const BODY: usize = 16_000;

/// A way to look at the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Page {
    #[default]
    Pretty,
    Raw,
    Hex,
    Handshake,
}

const PAGES: [(Page, &str); 4] = [
    (Page::Pretty, "Pretty"),
    (Page::Raw, "Raw"),
    (Page::Hex, "Hex"),
    (Page::Handshake, "Handshake"),
];

/// What the person asked the rest of the page for.
pub(super) enum Asked {
    /// Put the event into the composer.
    Resend,
    /// Choose no event.
    Close,
}

/// The panel's state.
#[derive(Debug, Default)]
pub(super) struct Detail {
    page: Page,
    decoded: DecodedView,
    raw: RawView,
    hex: HexView,
    frames: FrameList,
}

/// Copies the whole payload of the event in the detail.
pub(super) fn copy_payload(ctx: &egui::Context, session: &SessionView) {
    if let Some(selected) = &session.selected {
        ctx.copy_text(payload_text(selected));
    }
}

fn payload_text(selected: &Selected) -> String {
    let event = &selected.event;
    event.text().map_or_else(
        || event.payload.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
        str::to_owned,
    )
}

impl Detail {
    /// Shows the panel.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        wanted: Option<u64>,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) -> Option<Asked> {
        let here = session.selected.as_ref().filter(|selected| Some(selected.n) == wanted);
        let mut asked = None;
        let bar = egui::Frame::new().inner_margin(Margin::symmetric(size::PAD as i8, 0));
        egui::Panel::top("pages").exact_size(size::SUB_BAR + 1.0).frame(bar).resizable(false).show(
            ui,
            |ui| {
                ui.horizontal_centered(|ui| {
                    ui.spacing_mut().item_spacing.x = 2.0;
                    for (page, name) in PAGES {
                        if tab(ui, self.page == page, name).clicked() {
                            self.page = page;
                        }
                    }
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.spacing_mut().item_spacing.x = size::GAP;
                        if wanted.is_some()
                            && icon_button(ui, Icon::X, "Close the detail").clicked()
                        {
                            asked = Some(Asked::Close);
                        }
                        if let Some(selected) = here {
                            read_as::ui(ui, session, selected, out);
                        }
                    });
                });
            },
        );
        match (here, wanted) {
            (Some(selected), _) => {
                let selected = Arc::clone(selected);
                asked = self.event_ui(ui, session, &selected, scene, out).or(asked);
            }
            (None, Some(_)) => {
                Empty::new(Icon::Hourglass, "Reading the event").show(ui);
            }
            (None, None) => {
                let text = "Choose a row to see its payload, or press ↑";
                Empty::new(Icon::MousePointerClick, "No event chosen").line(text).show(ui);
            }
        }
        asked
    }

    fn event_ui(
        &mut self,
        ui: &mut Ui,
        session: &SessionView,
        selected: &Arc<Selected>,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) -> Option<Asked> {
        let facts = facts(session, selected, scene, ui.available_width());
        let frames = FrameList::height(&selected.event);
        let below = facts.len() as f32 * size::ROW + 90.0 + frames;
        let room = (ui.available_height() - below).max(120.0);
        ui.spacing_mut().item_spacing.y = 0.0;
        let side = size::PAD as i8;
        egui::Frame::new()
            .inner_margin(Margin { left: side, right: 2, top: 8, bottom: 8 })
            .show(ui, |ui| self.page_ui(ui, selected, scene, room));
        hline(ui);
        if frames > 0.0 {
            let margin = Margin { left: side, right: 2, top: 6, bottom: 8 };
            let frame = egui::Frame::new().inner_margin(margin);
            frame.show(ui, |ui| self.frames.ui(ui, session, selected, scene));
            hline(ui);
        }
        let mut asked = None;
        ScrollArea::vertical().id_salt("facts").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let frame = egui::Frame::new().inner_margin(Margin::symmetric(side, 9));
            frame.show(ui, |ui| {
                let t = tokens(ui.ctx());
                for (name, value, is_bad) in &facts {
                    fact(ui, name, value, if *is_bad { t.bad } else { t.text });
                }
            });
            if let Some(answer) = &session.assembled {
                hline(ui);
                frame.show(ui, |ui| assembled::ui(ui, answer));
            }
            hline(ui);
            frame.show(ui, |ui| {
                asked = buttons_ui(ui, session, selected, out);
            });
        });
        asked
    }

    fn page_ui(&mut self, ui: &mut Ui, selected: &Arc<Selected>, scene: Scene<'_>, room: f32) {
        let event = &selected.event;
        let rule = event.meta().cause.as_deref().filter(|_| event.kind == Kind::Violation);
        let whole = (selected.n, selected.edition, 0);
        match self.page {
            Page::Handshake => {
                scrolled(ui, "handshake", room, |ui| handshake::ui(ui, selected, scene));
            }
            Page::Hex => self.hex.ui(ui, whole, &event.payload, room),
            Page::Raw => self.raw.ui(ui, whole, &event.payload, false, room),
            Page::Pretty if event.kind.is_state() => {
                scrolled(ui, "story", room, |ui| story_ui(ui, selected));
            }
            Page::Pretty if rule.is_some() => {
                handshake::sentence(ui, rule.unwrap_or_default(), tokens(ui.ctx()).bad);
                ui.add_space(6.0);
                self.hex.ui(ui, whole, &event.payload, room - 60.0);
            }
            Page::Pretty if event.payload.is_empty() => {
                let color = tokens(ui.ctx()).faint;
                ui.label(RichText::new("No payload").color(color));
            }
            Page::Pretty => self.decoded.ui(ui, selected, scene, room),
        }
    }
}

fn scrolled(ui: &mut Ui, salt: &str, room: f32, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(salt).max_height(room).auto_shrink([false, true]).show(
        ui,
        |ui| {
            ui.set_max_width(ui.available_width() - 12.0);
            add(ui);
        },
    );
}

/// A change of state told in sentences: what, why, what to try, and what came with it.
fn story_ui(ui: &mut Ui, selected: &Selected) {
    let t = tokens(ui.ctx());
    let event = &selected.event;
    let meta = event.meta();
    let color = kind_color(t, event.kind);
    let word = RichText::new(event.kind.word()).font(mono(size::DATA)).color(color);
    ui.label(word);
    handshake::origin_ui(ui, event);
    let cause = meta.cause.as_deref().filter(|_| warning(event).is_none());
    let sentences = [(cause, t.text), (meta.hint.as_deref(), t.muted)];
    for (sentence, color) in sentences {
        if let Some(sentence) = sentence {
            let text = RichText::new(capital(sentence)).color(color);
            ui.add(egui::Label::new(text).wrap().selectable(true));
        }
    }
    if !event.payload.is_empty() {
        ui.add_space(4.0);
        body::ui(ui, event, BODY);
    }
    if meta.timing.is_some() {
        ui.add_space(4.0);
        handshake::timing_ui(ui, event);
    }
}

fn buttons_ui(
    ui: &mut Ui,
    session: &SessionView,
    selected: &Selected,
    out: &mut Outbox,
) -> Option<Asked> {
    let event = &selected.event;
    let mut asked = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
        let tip = Action::CopyPayload.tooltip(ui.ctx());
        if ui.add(Button::new("Copy").icon(Icon::Copy)).on_hover_text(tip).clicked() {
            ui.ctx().copy_text(payload_text(selected));
        }
        let json = selected.decoded.decoder == "json";
        if json {
            let button = ui.add(Button::new("Copy formatted"));
            // Only now: a look at all of the payload takes its time.
            if button.on_hover_text("With one field a line").clicked()
                && let Ok(text) = std::str::from_utf8(&event.payload)
            {
                ui.ctx().copy_text(pretty(text));
            }
        }
        let is_short = event.payload.len() < 100_000;
        let is_sent =
            event.kind.is_message() || matches!(event.kind, Kind::Ping | Kind::Pong | Kind::Close);
        if session.origin == Origin::Live && is_sent && is_short {
            let button = ui.add(Button::new("Edit and resend"));
            if button.on_hover_text("Put it into the composer").clicked() {
                asked = Some(Asked::Resend);
            }
        }
        command_line::button_ui(ui, session, out);
    });
    asked
}
