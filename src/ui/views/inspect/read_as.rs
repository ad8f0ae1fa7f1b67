//! How payloads are read: by their own marks, by the decoder a person chose, by a descriptor set.

use egui::{Button, Popup, Role, Sense, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use crate::decode::{self, Schema};
use crate::engine::{Selected, SessionView};
use crate::model::{Command, SessionId};
use crate::ui::scene::Outbox;
use crate::ui::theme::{icon_font, size, tokens, words};

/// Messages of a descriptor set that are listed.
const MESSAGES: usize = 200;

/// A button with the name of the decoder, or, where that would touch the tabs, without it; it opens
/// the choice.
pub(super) fn ui(ui: &mut Ui, session: &SessionView, selected: &Selected, out: &mut Outbox) {
    let t = tokens(ui.ctx());
    let decoded = &selected.decoded;
    let label = decoded.label.to_owned();
    let galley = ui.painter().layout_no_wrap(label, words(size::DATA), t.muted);
    let room = ui.available_width() - size::GAP;
    let is_roomy = galley.size().x + 30.0 < room;
    let width = if is_roomy { galley.size().x + 30.0 } else { 22.0 };
    let (rect, response) = ui.allocate_exact_size(vec2(width, 22.0), Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, "Read as");
        info.current_text_value = Some(decoded.label.to_owned());
        info
    });
    let is_open = Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    if response.hovered() || response.has_focus() || is_open {
        ui.painter().rect_filled(rect, size::RADIUS, t.control_hover);
    }
    if is_roomy {
        let at = rect.left_center() + vec2(8.0, -galley.size().y / 2.0);
        ui.painter().galley(at.round(), galley, t.muted);
    }
    let at = rect.right_center() - vec2(5.0, 0.0);
    let right = egui::Align2::RIGHT_CENTER;
    let down = char::from(Icon::ChevronDown);
    ui.painter().text(at, right, down, icon_font(12.0), t.faint);
    let response = response.on_hover_text(format!("Read as {}: {}", decoded.label, decoded.why));
    Popup::menu(&response).width(190.0).gap(4.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        // The decoders are many: as much of the list as the window has room for.
        let room = ui.ctx().content_rect().height() - 130.0;
        egui::ScrollArea::vertical().max_height(room).show(ui, |ui| menu_ui(ui, session, out));
    });
}

fn menu_ui(ui: &mut Ui, session: &SessionView, out: &mut Outbox) {
    let reading = &session.reading;
    let id = session.id;
    entry(ui, "Automatic", reading.decoder.is_none(), Command::ReadAs(id, None), out);
    for decoder in decode::decoders() {
        let is_chosen = reading.decoder == Some(decoder.id);
        entry(ui, decoder.label, is_chosen, Command::ReadAs(id, Some(decoder.id)), out);
    }
    ui.separator();
    match &reading.schema {
        None => {
            let text = "Protobuf descriptor set…";
            entry(ui, text, false, Command::SchemaDialog(id), out);
        }
        Some(file) => {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            ui.label(egui::RichText::new(name).size(size::DATA).color(tokens(ui.ctx()).faint));
            messages_ui(ui, id, &file.schema, out);
            entry(ui, "Another descriptor set…", false, Command::SchemaDialog(id), out);
            entry(ui, "No descriptor set", false, Command::Schema(id, None), out);
        }
    }
}

fn messages_ui(ui: &mut Ui, id: SessionId, schema: &Schema, out: &mut Outbox) {
    let is_first = schema.message.is_none();
    entry(ui, "The first message that fits", is_first, Command::SchemaMessage(id, None), out);
    for name in schema.messages().into_iter().take(MESSAGES) {
        let is_chosen = schema.message.as_ref() == Some(&name);
        let command = Command::SchemaMessage(id, Some(name.clone()));
        entry(ui, &name, is_chosen, command, out);
    }
}

fn entry(ui: &mut Ui, text: &str, is_chosen: bool, command: Command, out: &mut Outbox) {
    let button = Button::selectable(is_chosen, text).min_size(vec2(ui.available_width(), 24.0));
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::selected(Role::MenuItemRadio, true, is_chosen, text));
    if response.clicked() {
        out.send(command);
        ui.close();
    }
}
