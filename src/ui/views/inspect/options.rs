//! The options of a connection, in a sheet below their button. What is wrong is told where it was
//! typed, and as long as anything is, nothing connects.

use egui::{Align, Layout, Popup, RichText, Ui};
use lucide_icons::Icon;

use super::options_draft::{Draft, Slot};
use crate::model::{Options, TransportKind, is_secret_header};
use crate::ui::action::Action;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Button, Field, icon_button, link_button, problem, section, switch};

/// Room for the words before a field.
const LABEL: f32 = 118.0;
/// Width of the sheet.
const WIDTH: f32 = 470.0;

/// The sheet's state.
#[derive(Debug, Default)]
pub(super) struct OptionsSheet {
    /// Whether it is open.
    pub is_open: bool,
    base: Options,
    draft: Draft,
}

impl OptionsSheet {
    /// Takes over the options of a session.
    pub(super) fn load(&mut self, options: &Options) {
        self.base = options.clone();
        self.draft = Draft::from(options);
    }

    /// The options, unless a field cannot be read.
    pub(super) fn read(&self) -> Option<Options> {
        self.draft.read(&self.base).ok()
    }

    /// Shows the button, and the sheet while it is open.
    pub(super) fn button_ui(&mut self, ui: &mut Ui, transport: Option<TransportKind>) {
        let t = tokens(ui.ctx());
        let read = self.draft.read(&self.base);
        let changed = read.as_ref().map_or(0, Options::changed);
        let badge = match &read {
            Ok(_) if changed == 0 => None,
            Ok(_) => Some(changed.to_string()),
            Err(_) => Some(String::from("!")),
        };
        let mut button = Button::new("Options").badge(badge);
        if read.is_err() || self.draft.insecure {
            button = button.color(t.bad);
        }
        let tip = match (&read, self.draft.insecure) {
            (Err(_), _) => String::from("An option cannot be read"),
            (_, true) => String::from("Any certificate is accepted"),
            _ => Action::ToggleOptions.tooltip(ui.ctx()),
        };
        let button = ui.add(button).on_hover_text(tip);
        if button.clicked() {
            self.is_open = !self.is_open;
        }
        let wrong = read.err().unwrap_or_default();
        let mut is_open = self.is_open;
        Popup::from_response(&button)
            .id(button.id.with("sheet"))
            .open_bool(&mut is_open)
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
            .align(egui::RectAlign::BOTTOM_END)
            .gap(8.0)
            .show(|ui| {
                let room = ui.ctx().content_rect().height() - 130.0;
                ui.set_width(WIDTH);
                egui::ScrollArea::vertical().max_height(room).show(ui, |ui| {
                    egui::Frame::new()
                        .inner_margin(egui::Margin::symmetric(12, 10))
                        .show(ui, |ui| self.sheet_ui(ui, transport, &wrong));
                });
            });
        if !button.clicked() {
            self.is_open = is_open;
        }
    }

    fn sheet_ui(&mut self, ui: &mut Ui, kind: Option<TransportKind>, wrong: &[(Slot, String)]) {
        use TransportKind::{LongPoll, ShortPoll, Sse, Stream, Websocket};
        ui.spacing_mut().item_spacing.y = 6.0;
        ui.horizontal(|ui| {
            section(ui, "Headers");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if self.draft != Draft::default() && link_button(ui, "Reset all").clicked() {
                    self.load(&Options::default());
                }
            });
        });
        headers_ui(ui, &mut self.draft.headers, wrong);
        let draft = &mut self.draft;
        let is = |wanted: &[TransportKind]| kind.is_none_or(|kind| wanted.contains(&kind));
        if is(&[Sse, LongPoll, ShortPoll, Stream]) {
            group(ui, "Request");
            text_ui(
                ui,
                "Method",
                &mut draft.method,
                "GET, or POST with a body",
                at(wrong, Slot::Method),
            );
            let hint =
                if draft.body_is_file { "/home/me/body.json" } else { "{\"query\":\"…\"}" };
            let rows = if draft.body_is_file { 1 } else { 3 };
            labelled(ui, "Body", |ui| {
                Field::new(&mut draft.body, "Body").hint(hint).small().rows(rows).show(ui)
            });
            indented(ui, |ui| {
                switch(ui, &mut draft.body_is_file, "The body is in this file", false)
            });
            text_ui(
                ui,
                "Last-Event-ID",
                &mut draft.last_event_id,
                "where to resume: an id or a cursor",
                None,
            );
            text_ui(
                ui,
                "POST to",
                &mut draft.post_to,
                "where messages are sent, as in /publish",
                None,
            );
        }
        if is(&[LongPoll, ShortPoll, Stream]) {
            text_ui(ui, "Dialect", &mut draft.dialect, "generic, nchan, or a TOML file", None);
        }
        if is(&[ShortPoll]) {
            text_ui(ui, "Poll every", &mut draft.interval, "1s", at(wrong, Slot::Interval));
        }
        if is(&[Websocket]) {
            group(ui, "WebSocket");
            text_ui(ui, "Subprotocols", &mut draft.subprotocols, "graphql-ws, v2.chat", None);
            text_ui(ui, "Ping every", &mut draft.ping, "off", at(wrong, Slot::Ping));
        }
        group(ui, "Reconnection");
        text_ui(ui, "Attempts", &mut draft.most, "0 never connects again", at(wrong, Slot::Most));
        text_ui(ui, "First wait", &mut draft.first, "1s", at(wrong, Slot::First));
        text_ui(ui, "Longest wait", &mut draft.longest, "30s", at(wrong, Slot::Longest));
        group(ui, "TLS");
        let insecure = "Accept any certificate";
        switch(ui, &mut draft.insecure, insecure, true)
            .on_hover_text("Anyone on the way can read and change everything; only for tests");
        text_ui(
            ui,
            "CA file",
            &mut draft.ca_file,
            "a PEM file to trust besides the system's",
            None,
        );
        group(ui, "Messages");
        text_ui(ui, "Largest", &mut draft.max_message, "64MiB", at(wrong, Slot::MaxMessage));
        sends_ui(ui, &mut draft.send);
        text_ui(ui, "Repeat every", &mut draft.every, "never", at(wrong, Slot::Every));
        text_ui(ui, "Sequence path", &mut draft.seq_path, "seq or id, as in data.seq", None);
        text_ui(ui, "Time path", &mut draft.ts_path, "ts, as in meta.sent_at", None);
    }
}

fn at(wrong: &[(Slot, String)], slot: Slot) -> Option<&str> {
    wrong.iter().find(|(found, _)| *found == slot).map(|(_, why)| why.as_str())
}

fn group(ui: &mut Ui, name: &str) {
    ui.add_space(6.0);
    section(ui, name);
}

fn indented(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> egui::Response) {
    ui.horizontal(|ui| {
        ui.add_space(LABEL);
        add(ui);
    });
}

fn text_ui(ui: &mut Ui, name: &str, text: &mut String, hint: &str, error: Option<&str>) {
    labelled(ui, name, |ui| Field::new(text, name).hint(hint).small().error(error).show(ui));
}

fn labelled(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> egui::Response) {
    let t = tokens(ui.ctx());
    ui.horizontal_top(|ui| {
        let extent = egui::vec2(LABEL - size::GAP, size::CHIP);
        let (rect, _) = ui.allocate_exact_size(extent, egui::Sense::hover());
        let font = crate::ui::theme::words(size::BODY);
        ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, t.muted);
        add(ui);
    });
}

fn headers_ui(ui: &mut Ui, headers: &mut Vec<(String, String)>, wrong: &[(Slot, String)]) {
    let mut removed = None;
    for (at_row, (name, value)) in headers.iter_mut().enumerate() {
        ui.push_id(at_row, |ui| {
            ui.horizontal_top(|ui| {
                let label = format!("Header {} name", at_row + 1);
                Field::new(name, &label).hint("Authorization").small().width(150.0).show(ui);
                let label = format!("Header {} value", at_row + 1);
                let room = ui.available_width() - size::CHIP - size::GAP;
                let secret = is_secret_header(name);
                Field::new(value, &label)
                    .hint("Bearer …")
                    .small()
                    .width(room)
                    .secret(secret)
                    .show(ui);
                if icon_button(ui, Icon::X, &format!("Remove header {}", at_row + 1)).clicked() {
                    removed = Some(at_row);
                }
            });
            if let Some(error) = at(wrong, Slot::Header(at_row)) {
                problem(ui, error);
            }
        });
    }
    if let Some(removed) = removed {
        headers.remove(removed);
    }
    if ui.add(Button::new("Add header").icon(Icon::Plus).small()).clicked() {
        headers.push(Default::default());
    }
}

fn sends_ui(ui: &mut Ui, sends: &mut Vec<String>) {
    let t = tokens(ui.ctx());
    let mut removed = None;
    for (at_row, text) in sends.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let label = format!("Message {}", at_row + 1);
            let room = ui.available_width() - size::CHIP - size::GAP;
            Field::new(text, &label).hint("{\"op\":\"subscribe\"}").small().width(room).show(ui);
            if icon_button(ui, Icon::X, &format!("Remove message {}", at_row + 1)).clicked() {
                removed = Some(at_row);
            }
        });
    }
    if let Some(removed) = removed {
        sends.remove(removed);
    }
    ui.horizontal(|ui| {
        if ui.add(Button::new("Add message").icon(Icon::Plus).small()).clicked() {
            sends.push(String::new());
        }
        let text = "sent each time the connection opens";
        ui.label(RichText::new(text).size(size::DATA).color(t.faint));
    });
}
