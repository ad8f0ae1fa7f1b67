//! Who is connected, oldest first: a list of which only the rows on the screen are written. It is
//! one stop of Tab; arrows choose a client, Delete cuts it.

use std::sync::Arc;

use egui::{
    Align2, Color32, Event, EventFilter, Id, Key, Modifiers, Rect, Role, Sense, Stroke, StrokeKind,
    Ui, WidgetInfo, pos2, vec2,
};
use lucide_icons::Icon;

use super::told::{lost, reported, who};
use crate::engine::{ClientView, ServerView};
use crate::model::Command;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::scene::{Outbox, Scene};
use crate::ui::theme::{medium, mono, size, tokens, words};
use crate::ui::widgets::{BAR, Empty, Line, RowScroll, line};

/// Height of a client.
const ROW: f32 = 27.0;
/// Height of the title, and of the headings below it.
const TITLE: f32 = 38.0;
const HEADINGS: f32 = 28.0;
/// From the edge of the card to what is in it.
const SIDE: f32 = 14.0;
/// Narrower than this there is no room for every column.
const WIDE: f32 = 700.0;
/// From here on they can be wider.
const ROOMY: f32 = 1100.0;

/// Where the list stands.
#[derive(Debug, Default)]
pub(super) struct Clients {
    scroll: RowScroll,
    chosen: Option<u64>,
}

/// Edges of the columns: left ones of words, right ones of numbers.
struct Columns {
    transport: f32,
    address: f32,
    agent: f32,
    agent_end: f32,
    since: Option<f32>,
    delivered: f32,
    wire: f32,
    behind: f32,
    median: f32,
    cut: f32,
}

impl Columns {
    fn new(rect: Rect) -> Self {
        let is_wide = rect.width() >= WIDE;
        let (left, right) = (rect.left() + SIDE, rect.right() - SIDE);
        let [number, small, address] = match rect.width() {
            // Room for any address of version 6.
            ROOMY.. => [90.0, 76.0, 300.0],
            WIDE.. => [82.0, 68.0, 120.0],
            _ => [68.0, 58.0, 106.0],
        };
        let cut = right;
        let median = cut - 48.0;
        let behind = median - number;
        let wire = behind - small;
        let delivered = wire - number;
        let since = is_wide.then_some(delivered - number);
        let first = since.unwrap_or(delivered) - 60.0;
        let transport = left;
        let address_at = left + if is_wide { 104.0 } else { 80.0 };
        let agent = address_at + address;
        let agent_end = first.max(agent);
        Self {
            transport,
            address: address_at,
            agent,
            agent_end,
            since,
            delivered,
            wire,
            behind,
            median,
            cut,
        }
    }
}

impl Clients {
    /// Shows the card in this place.
    pub(super) fn ui(&mut self, ui: &mut Ui, place: Rect, scene: Scene<'_>, out: &mut Outbox) {
        let t = tokens(ui.ctx());
        let server = &scene.snapshot.server;
        let stroke = Stroke::new(1.0, t.line);
        ui.painter().rect(place, size::CARD_RADIUS, t.panel, stroke, StrokeKind::Inside);
        let title = place.with_max_y(place.top() + TITLE);
        title_ui(ui, title, server);
        let edge = Rect::from_min_max(title.left_bottom(), title.right_bottom() + vec2(0.0, 1.0));
        ui.painter().rect_filled(edge.shrink2(vec2(1.0, 0.0)), 0.0, t.line);
        let below = place.with_min_y(title.bottom() + 1.0);
        if server.clients.is_empty() {
            return empty_ui(ui, below.shrink(SIDE), server, out);
        }
        let columns = Columns::new(place);
        headings_ui(ui, below.with_max_y(below.top() + HEADINGS), &columns);
        let rows = below.with_min_y(below.top() + HEADINGS);
        let rows = rows.with_max_y(rows.bottom() - 6.0);
        self.rows_ui(ui, rows, &columns, scene, out);
    }

    fn rows_ui(
        &mut self,
        ui: &mut Ui,
        rect: Rect,
        columns: &Columns,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) {
        let t = tokens(ui.ctx());
        let clients = &scene.snapshot.server.clients;
        let id = Id::unique("clients");
        let list = ui.interact(rect, id, Sense::click());
        list.widget_info(|| WidgetInfo::labeled(Role::List, true, "Clients"));
        if list.clicked() {
            list.request_focus();
        }
        let page = f64::from(rect.height() / ROW);
        if list.has_focus() {
            self.keys(ui, id, clients, page, out);
        }
        let shown = self.scroll.show(ui, id, rect, clients.len(), ROW);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect));
        child.set_clip_rect(rect.intersect(ui.clip_rect()));
        let pressed = list.interact_pointer_pos().filter(|_| list.clicked());
        for (at, client) in clients[shown.first..shown.end].iter().enumerate() {
            let top = shown.y + at as f32 * ROW;
            let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), ROW));
            if pressed.is_some_and(|pointer| row.contains(pointer)) {
                self.chosen = Some(client.id);
            }
            let is_chosen = self.chosen == Some(client.id);
            row_ui(&mut child, row, columns, (client, is_chosen), scene, out);
        }
        if list.has_focus() {
            let stroke = Stroke::new(1.0, t.accent);
            let around = rect.shrink2(vec2(3.0, 0.0));
            ui.painter().rect_stroke(around, size::RADIUS, stroke, StrokeKind::Inside);
        }
    }

    fn keys(&mut self, ui: &Ui, id: Id, clients: &Arc<[ClientView]>, page: f64, out: &mut Outbox) {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let at = clients.iter().position(|client| Some(client.id) == self.chosen);
        let last = clients.len().saturating_sub(1);
        let mut next = at;
        ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            if pressed(Key::ArrowDown) {
                next = Some(at.map_or(0, |at| (at + 1).min(last)));
            }
            if pressed(Key::ArrowUp) {
                next = Some(at.map_or(last, |at| at.saturating_sub(1)));
            }
            if pressed(Key::Home) {
                next = Some(0);
            }
            if pressed(Key::End) {
                next = Some(last);
            }
            if pressed(Key::Delete)
                && let Some(client) = at.and_then(|at| clients.get(at))
            {
                out.send(Command::CutClient(client.id));
                // The one that comes up in its place.
                next = Some(if at == Some(last) {
                    last.saturating_sub(1)
                } else {
                    at.unwrap_or(0) + 1
                });
            }
            input.events.retain(|event| !matches!(event, Event::Key { key: Key::Delete, .. }));
        });
        if let Some(next) = next.filter(|_| next != at) {
            self.scroll.reveal(next, page);
            self.chosen = clients.get(next).map(|client| client.id);
        }
    }
}

/// How many there are, how many of them are listed, and how many are behind.
fn title_ui(ui: &mut Ui, rect: Rect, server: &ServerView) {
    let t = tokens(ui.ctx());
    let behind = behind(server);
    let listed = server.clients.len() as u64;
    let mut parts =
        vec![(format!("{} connected", format::thousands(server.client_count)), t.muted)];
    let is_part = server.client_count > listed && listed > 0;
    let listed = format::thousands(listed);
    if behind > 0 {
        let of = if is_part { format!(" · of the first {listed},") } else { ",".into() };
        let verb = if behind == 1 { "has" } else { "have" };
        parts.push((of, t.muted));
        parts.push((format!(" {} {verb} fallen behind", format::thousands(behind)), t.warn));
    } else if is_part {
        parts.push((format!(" · the first {listed} are listed"), t.muted));
    }
    let said: String = parts.iter().map(|(text, _)| text.as_str()).collect();
    let response = ui.interact(rect, Id::unique("clients title"), Sense::hover());
    let said = format!("Clients · {said}");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
    let mut text = Line::default();
    text.add("Clients", medium(size::BODY), t.text);
    text.add("   ", words(size::BODY), t.muted);
    for (part, color) in &parts {
        text.add(part, words(size::BODY), *color);
    }
    let text = text.fit(ui, rect.width() - 2.0 * SIDE);
    let at = pos2(rect.left() + SIDE, rect.center().y - text.size().y / 2.0);
    ui.painter().galley(at.round(), text, t.text);
}

/// Clients that messages wait for.
pub(super) fn behind(server: &ServerView) -> u64 {
    server.clients.iter().filter(|client| client.behind > 0).count() as u64
}

fn empty_ui(ui: &mut Ui, rect: Rect, server: &ServerView, out: &mut Outbox) {
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    let url = server.url.as_deref().unwrap_or_default();
    let line = match &server.join {
        Some(_) => {
            "Scan the code with a phone in this network, or open the address in a browser".into()
        }
        None => format!("Open {url} in a browser on this machine, or connect from here"),
    };
    let face = Empty::new(Icon::Users, "Nobody is connected").line(&line);
    let face = face.action("Connect over every transport").show(&mut child);
    if face.is_some_and(|button| button.clicked()) {
        out.act(Action::StartDemo);
    }
}

/// The headings, each with what it means.
fn headings_ui(ui: &Ui, rect: Rect, columns: &Columns) {
    let t = tokens(ui.ctx());
    let put = |x: f32, align: Align2, text: &str, tip: &str| {
        let at = pos2(x, rect.center().y);
        let shown = ui.painter().text(at, align, text, words(size::SMALL), t.faint);
        let response = ui.interact(shown.expand(4.0), Id::unique(("clients", text)), Sense::HOVER);
        response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, text));
        response.on_hover_text(tip);
    };
    let (left, right) = (Align2::LEFT_CENTER, Align2::RIGHT_CENTER);
    put(columns.transport, left, "Transport", "How it is connected");
    put(columns.address, left, "Address", "Where it comes from");
    put(
        columns.agent,
        left,
        "Client",
        "Its name where it says one, what it reports lost, what it is in short",
    );
    if let Some(since) = columns.since {
        put(since, right, "Since", "When it came");
    }
    put(columns.delivered, right, "Delivered", "Messages handed to it");
    put(columns.wire, right, "Wire", "Bytes at its socket, both ways");
    put(columns.behind, right, "Behind", "Messages that wait for it");
    put(columns.median, right, "Median", "Median latency, as it measured itself and told");
}

fn row_ui(
    ui: &mut Ui,
    row: Rect,
    columns: &Columns,
    (client, is_chosen): (&ClientView, bool),
    scene: Scene<'_>,
    out: &mut Outbox,
) {
    let t = tokens(ui.ctx());
    let id = Id::unique(("client", client.id));
    let inside = row.with_max_x(row.right() - BAR);
    let response = ui.interact(inside.with_max_x(columns.cut - 40.0), id, Sense::HOVER);
    let median = client.reported.and_then(|told| told.median_ms).map(format::millis);
    let name = || spoken(client, scene);
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, is_chosen, name()));
    let is_over = ui.rect_contains_pointer(row);
    if is_chosen || is_over {
        let fill = if is_chosen { t.selected } else { t.row_state };
        ui.painter().rect_filled(row.shrink2(vec2(1.0, 0.0)), 0.0, fill);
    }
    let middle = row.center().y;
    let put = |ui: &Ui, x: f32, text: &str, font, color, room: f32| {
        let galley = line(ui, text, font, color, room);
        ui.painter().galley(pos2(x, middle - galley.size().y / 2.0).round(), galley, color);
    };
    let gap = size::GAP;
    let ink = t.transport(Some(client.kind));
    let room = columns.address - columns.transport - gap;
    put(ui, columns.transport, client.kind.label(), words(size::BODY), ink, room);
    let room = columns.agent - columns.address - gap;
    put(ui, columns.address, &client.address, mono(size::DATA), t.text, room);
    let room = columns.agent_end - columns.agent - gap;
    let galley = who(ui, client).fit(ui, room);
    let at = pos2(columns.agent, middle - galley.size().y / 2.0);
    ui.painter().galley(at.round(), galley, t.text);
    let number = |x: f32, text: &str, color: Color32| {
        let at = pos2(x, middle);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, mono(size::DATA), color);
    };
    if let Some(since) = columns.since {
        number(since, &scene.zone.minute(client.since_wall_ns), t.muted);
    }
    number(columns.delivered, &format::thousands(client.delivered), t.text);
    number(columns.wire, &format::size(client.wire), t.text);
    let behind = if client.behind > 0 { t.warn } else { t.faint };
    number(columns.behind, &format::thousands(client.behind), behind);
    let color = if median.is_some() { t.text } else { t.faint };
    number(columns.median, median.as_deref().unwrap_or("–"), color);
    cut_ui(ui, row, columns.cut, (client, is_over || is_chosen), out);
    response.on_hover_ui(|ui| tip_ui(ui, client, scene));
}

/// Everything that is known of a client in one line, whichever columns there is room for.
fn spoken(client: &ClientView, scene: Scene<'_>) -> String {
    let mut name = format!(
        "{} {} {}, since {}, {} delivered, {} on the wire, {} behind, {}",
        client.kind.label(),
        client.address,
        client.agent,
        scene.zone.minute(client.since_wall_ns),
        format::thousands(client.delivered),
        format::size(client.wire),
        format::thousands(client.behind),
        client.user_agent,
    );
    name.extend(client.name.iter().map(|own| format!(", {own}")));
    name.extend(client.reported.iter().map(|told| format!(", it reports {}", reported(told))));
    name
}

/// The word that cuts a client off. Not a stop of Tab: the list it is in is one.
fn cut_ui(
    ui: &mut Ui,
    row: Rect,
    right: f32,
    (client, is_lit): (&ClientView, bool),
    out: &mut Outbox,
) {
    let t = tokens(ui.ctx());
    let place = Rect::from_min_max(pos2(right - 30.0, row.top()), pos2(right + 6.0, row.bottom()));
    let id = Id::unique(("cut", client.id));
    let response = ui.interact(place, id, Sense::CLICK);
    let name = format!("Cut {} {}, client {}", client.kind.label(), client.address, client.id);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let color = match (response.hovered(), is_lit) {
        (true, _) => t.bad,
        (false, true) => t.text,
        (false, false) => t.faint,
    };
    let at = pos2(right, row.center().y);
    ui.painter().text(at, Align2::RIGHT_CENTER, "Cut", words(size::BODY), color);
    if response.on_hover_text("End this connection · Delete").clicked() {
        out.send(Command::CutClient(client.id));
    }
}

/// What the columns do not say.
fn tip_ui(ui: &mut Ui, client: &ClientView, scene: Scene<'_>) {
    let t = tokens(ui.ctx());
    ui.label(&client.user_agent);
    let since = scene.zone.clock_zoned(client.since_wall_ns);
    let known = client.name.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    let mut lines = vec![format!("Client {}{known}, connected since {since}", client.id)];
    if client.behind > 0 {
        lines.push(format!("{} wait for it", format::count(client.behind, "message")));
    }
    let text = lines.join("\n");
    ui.label(egui::RichText::new(text).color(t.muted));
    let told = client.reported.as_ref().map_or_else(|| "nothing".into(), reported);
    let text = format!("It reports {told}");
    let color = if lost(client).is_some() { t.warn } else { t.muted };
    ui.label(egui::RichText::new(text).color(color));
}
