//! The options of a connection, in a sheet below their button. What is wrong is told where it was
//! typed, and as long as anything is, nothing connects.

use egui::{Align, Layout, Popup, Ui};

use super::options_auth;
use super::options_draft::{Draft, Slot};
use super::options_rows::{at, group, headers_ui, indented, labelled, query_ui, sends_ui, text_ui};
use crate::model::{Options, TransportKind};
use crate::ui::action::Action;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Button, Field, link_button, switch};

/// Width of the sheet.
const WIDTH: f32 = 852.0;
/// Between its halves.
const BETWEEN: f32 = 28.0;

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
    pub(super) fn button_ui(
        &mut self,
        ui: &mut Ui,
        transport: Option<TransportKind>,
        url: &mut String,
    ) {
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
        // A click into a menu of the sheet is none beside it.
        let has_menu = Popup::is_any_open(ui.ctx());
        Popup::from_response(&button)
            .id(button.id.with("sheet"))
            .open_bool(&mut is_open)
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
            .align(egui::RectAlign::BOTTOM_END)
            .gap(8.0)
            .show(|ui| {
                let room = ui.ctx().content_rect().height() - 130.0;
                ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 40.0));
                let area = egui::ScrollArea::vertical().max_height(room).min_scrolled_height(room);
                area.show(ui, |ui| {
                    egui::Frame::new()
                        .inner_margin(egui::Margin::symmetric(12, 10))
                        .show(ui, |ui| self.sheet_ui(ui, transport, &wrong, url));
                });
            });
        if !button.clicked() && !has_menu {
            self.is_open = is_open;
        }
    }

    fn sheet_ui(
        &mut self,
        ui: &mut Ui,
        kind: Option<TransportKind>,
        wrong: &[(Slot, String)],
        url: &mut String,
    ) {
        ui.spacing_mut().item_spacing.y = 6.0;
        let wide = (ui.available_width() - BETWEEN) / 2.0;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            column(ui, wide, |ui| request_ui(ui, &mut self.draft, kind, wrong, url));
            ui.add_space(BETWEEN);
            column(ui, wide, |ui| connection_ui(ui, &mut self.draft, kind, wrong));
        });
        if self.draft != Draft::default() {
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if link_button(ui, "Reset all").clicked() {
                        self.load(&Options::default());
                    }
                });
            });
        }
    }
}

/// One of the two halves of the sheet.
fn column(ui: &mut Ui, wide: f32, add: impl FnOnce(&mut Ui)) {
    let extent = egui::vec2(wide, 0.0);
    ui.allocate_ui_with_layout(extent, Layout::top_down(Align::Min), |ui| {
        ui.set_width(wide);
        ui.spacing_mut().item_spacing = egui::vec2(size::GAP, 6.0);
        add(ui);
    });
}

/// What is asked for.
fn request_ui(
    ui: &mut Ui,
    draft: &mut Draft,
    kind: Option<TransportKind>,
    wrong: &[(Slot, String)],
    url: &mut String,
) {
    use TransportKind::{LongPoll, ShortPoll, Stream, Websocket};
    let is = |wanted: &[TransportKind]| kind.is_none_or(|kind| wanted.contains(&kind));
    group(ui, "Headers");
    options_auth::ui(ui, &mut draft.headers);
    headers_ui(ui, &mut draft.headers, wrong);
    group(ui, "Query");
    query_ui(ui, url);
    if kind != Some(Websocket) {
        group(ui, "Request");
        let hint = "GET, or POST with a body";
        text_ui(ui, "Method", &mut draft.method, hint, at(wrong, Slot::Method));
        body_ui(ui, draft);
        let hint = "where to resume: an id or a cursor";
        text_ui(ui, "Last-Event-ID", &mut draft.last_event_id, hint, None);
        let hint = "where messages are sent, as in /publish";
        text_ui(ui, "POST to", &mut draft.post_to, hint, None);
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
        switch(ui, &mut draft.answer_pings, "Answer pings", false)
            .on_hover_text("The protocol asks for it; see how the server takes it without");
    }
}

fn body_ui(ui: &mut Ui, draft: &mut Draft) {
    let (hint, rows) =
        if draft.body_is_file { ("/home/me/body.json", 1) } else { ("{\"query\":\"…\"}", 3) };
    labelled(ui, "Body", |ui| {
        Field::new(&mut draft.body, "Body").hint(hint).small().rows(rows).show(ui)
    });
    indented(ui, |ui| switch(ui, &mut draft.body_is_file, "The body is in this file", false));
}

/// How to get there, and what becomes of what comes.
fn connection_ui(
    ui: &mut Ui,
    draft: &mut Draft,
    kind: Option<TransportKind>,
    wrong: &[(Slot, String)],
) {
    group(ui, "Reconnection");
    text_ui(ui, "Attempts", &mut draft.most, "0 never connects again", at(wrong, Slot::Most));
    text_ui(ui, "First wait", &mut draft.first, "1s", at(wrong, Slot::First));
    text_ui(ui, "Longest wait", &mut draft.longest, "30s", at(wrong, Slot::Longest));
    group(ui, "Network");
    let hint = "the system's, off, or http://host:3128";
    text_ui(ui, "Proxy", &mut draft.proxy, hint, at(wrong, Slot::Proxy));
    group(ui, "TLS");
    let insecure = "Accept any certificate";
    switch(ui, &mut draft.insecure, insecure, true)
        .on_hover_text("Anyone on the way can read and change everything; only for tests");
    let hint = "PEM file to trust besides the system's";
    text_ui(ui, "CA file", &mut draft.ca_file, hint, None);
    text_ui(ui, "Certificate", &mut draft.cert_file, "our own, a PEM file", None);
    let hint = "PEM file, if it is not with the certificate";
    text_ui(ui, "Key", &mut draft.key_file, hint, at(wrong, Slot::Key));
    group(ui, "Messages");
    switch(ui, &mut draft.compression, "Offer compression", false)
        .on_hover_text("permessage-deflate over a WebSocket, content codings over HTTP");
    if kind.is_none_or(|kind| kind == TransportKind::Websocket) {
        switch(ui, &mut draft.echo, "Echo", false)
            .on_hover_text("Send every received message back, to test peers");
    }
    text_ui(ui, "Largest", &mut draft.max_message, "64MiB", at(wrong, Slot::MaxMessage));
    sends_ui(ui, &mut draft.send);
    text_ui(ui, "Repeat every", &mut draft.every, "never", at(wrong, Slot::Every));
    text_ui(ui, "Sequence path", &mut draft.seq_path, "seq or id, as in data.seq", None);
    text_ui(ui, "Time path", &mut draft.ts_path, "ts, as in meta.sent_at", None);
}
