//! The connect bar: transport, address, options, and the one button that fits the moment.

use egui::{Id, Key, Response, Ui, vec2};
use lucide_icons::Icon;

use super::command_line;
use super::options::OptionsSheet;
use super::words::{is_insecure, state_words};
use crate::analysis::Phase;
use crate::engine::{Origin, SessionView};
use crate::model::pasted::{self, Pasted, PastedError};
use crate::model::{Command, Endpoint, TransportKind};
use crate::ui::action::Action;
use crate::ui::scene::{Outbox, Scene, now_ns};
use crate::ui::theme::{size, tokens};
use crate::ui::views::capital;
use crate::ui::widgets::{Button, Field, pill, select};

const ADDRESS: &str = "address";

/// What is being typed.
#[derive(Debug, Default)]
pub(super) struct ConnectBar {
    url: String,
    transport: Option<TransportKind>,
    options: OptionsSheet,
    error: Option<String>,
    /// Width of what stands to the right of the address.
    right: f32,
}

/// What the button does.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Connect,
    Cancel,
    Disconnect,
    Again,
}

impl ConnectBar {
    /// Takes over the endpoint of a session.
    pub(super) fn load(&mut self, endpoint: &Endpoint) {
        self.url = endpoint.url.to_string();
        self.transport = endpoint.transport;
        self.options.load(&endpoint.options);
        self.error = None;
    }

    /// Gives the focus to the address, and selects all of it.
    pub(super) fn focus(&mut self, ctx: &egui::Context) {
        let id = Id::unique(ADDRESS);
        ctx.memory_mut(|memory| memory.request_focus(id));
        let mut state = egui::TextEdit::load_state(ctx, id).unwrap_or_default();
        let all = egui::text::CCursorRange::select_all_str(&self.url);
        state.cursor.set_char_range(Some(all));
        egui::TextEdit::store_state(ctx, id, state);
    }

    /// Whether the focus is on the address, with nothing typed yet.
    pub(super) fn awaits(&self, ctx: &egui::Context) -> bool {
        self.url.is_empty() && ctx.memory(|memory| memory.has_focus(Id::unique(ADDRESS)))
    }

    /// Opens the options, or closes them.
    pub(super) fn toggle_options(&mut self) {
        self.options.is_open = !self.options.is_open;
    }

    fn endpoint(&mut self) -> Option<Endpoint> {
        let parsed = Endpoint::parse(&self.url).map_err(|error| error.to_string());
        match (parsed, self.options.read()) {
            (Ok(endpoint), Some(options)) => {
                Some(Endpoint { transport: self.transport, options, ..endpoint })
            }
            (Ok(_), None) => {
                self.options.is_open = true;
                None
            }
            (Err(error), _) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// Fills the form with a command line; answers what is wrong with it.
    fn take(&mut self, line: Result<Pasted, PastedError>, out: &mut Outbox) -> Option<String> {
        match line {
            Ok(pasted) => {
                self.load(&pasted.endpoint);
                command_line::tell(&pasted, out);
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }

    /// Whether the bar still says what the session does.
    fn shows(&self, session: &SessionView) -> bool {
        session.origin == Origin::Live
            && self.transport == session.endpoint.transport
            && (self.url == session.endpoint.url.as_str()
                || Endpoint::parse(&self.url).is_ok_and(|typed| typed.url == session.endpoint.url))
            && self.options.read().as_ref() == Some(&session.endpoint.options)
    }

    fn next(&self, session: Option<&SessionView>) -> Next {
        match session.filter(|session| self.shows(session)).map(|session| &session.phase) {
            None => Next::Connect,
            Some(Phase::Open { .. }) => Next::Disconnect,
            Some(Phase::Ended { .. }) => Next::Again,
            Some(_) => Next::Cancel,
        }
    }

    /// Shows the bar.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        session: Option<&SessionView>,
        scene: Scene<'_>,
        out: &mut Outbox,
    ) {
        let is_mine = ui
            .memory(|memory| memory.focused().is_none_or(|focused| focused == Id::unique(ADDRESS)));
        let line = is_mine.then(|| command_line::take_paste(ui)).flatten();
        let wrong = line.and_then(|line| self.take(line, out));
        let next = self.next(session);
        let shown = session.filter(|_| next != Next::Connect);
        // Laid out from the left, in the order in which Tab goes; what is on the right is as wide
        // as it was.
        let clicked = ui
            .horizontal_centered(|ui| {
                self.transport_ui(ui, shown);
                let room = self.right + ui.spacing().item_spacing.x;
                let entered = self.address_ui(ui, next, ui.available_width() - room, wrong);
                let from = ui.cursor().left();
                self.options.button_ui(ui, self.transport, &mut self.url);
                let clicked = next_ui(ui, next).clicked();
                if let Some(session) = session {
                    state_ui(ui, session, scene);
                }
                let wide = ui.min_rect().right() - from;
                if (wide - self.right).abs() > 0.1 {
                    self.right = wide;
                    ui.ctx().request_discard("the right of the bar has another width");
                }
                clicked | entered
            })
            .inner;
        if clicked {
            self.go(next, session, out);
        }
    }

    fn go(&mut self, next: Next, session: Option<&SessionView>, out: &mut Outbox) {
        match (next, session) {
            (Next::Connect, _) => {
                // What it became is to be seen before it is connected with.
                if let Some(line) = pasted::read(&self.url) {
                    self.error = self.take(line, out);
                } else if let Some(endpoint) = self.endpoint() {
                    out.send(Command::Connect(Box::new(endpoint)));
                }
            }
            (Next::Again, Some(session)) => out.send(Command::Reconnect(session.id)),
            (_, Some(session)) => out.send(Command::Disconnect(session.id)),
            (_, None) => {}
        }
    }

    fn transport_ui(&mut self, ui: &mut Ui, shown: Option<&SessionView>) {
        let t = tokens(ui.ctx());
        let found =
            shown.and_then(|session| session.transport).filter(|_| self.transport.is_none());
        let auto = found.map_or_else(|| "Auto".into(), |kind| format!("Auto · {}", kind.label()));
        let mut entries = vec![(
            auto.as_str(),
            found.map(|kind| t.transport(Some(kind))),
            "Find out by asking: ws addresses are WebSocket, others tell by their answer",
        )];
        for kind in TransportKind::ALL {
            entries.push((kind.label(), Some(t.transport(Some(kind))), ""));
        }
        let chosen = TransportKind::ALL.iter().position(|kind| Some(*kind) == self.transport);
        let chosen = chosen.map_or(0, |at| at + 1);
        let extent = vec2(if found.is_some() { 160.0 } else { 132.0 }, size::CONTROL);
        if let Some(picked) = select(ui, "Transport", chosen, &entries, extent) {
            self.transport = picked.checked_sub(1).map(|at| TransportKind::ALL[at]);
        }
    }

    fn address_ui(&mut self, ui: &mut Ui, next: Next, width: f32, wrong: Option<String>) -> bool {
        let field = Field::new(&mut self.url, "Address")
            .id(Id::unique(ADDRESS))
            .hint("wss://…, https://…, localhost:3000/events, or paste a curl line")
            .width(width)
            .show(ui);
        if field.changed() {
            self.error = None;
        }
        self.error = wrong.or(self.error.take());
        if let Some(error) = self.error.clone() {
            error_ui(ui, &field, &error);
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        // Enter never ends a connection; a second one to the same address is what it asks for then.
        entered && matches!(next, Next::Connect | Next::Again)
    }
}

/// The error hangs below the address, over what is there.
fn error_ui(ui: &Ui, field: &Response, error: &str) {
    let t = tokens(ui.ctx());
    let stroke = egui::Stroke::new(1.0, t.bad);
    ui.painter().rect_stroke(field.rect, size::RADIUS, stroke, egui::StrokeKind::Inside);
    egui::Popup::from_response(field)
        .id(field.id.with("error"))
        .open(true)
        .gap(6.0)
        .interactable(false)
        .show(|ui| {
            ui.set_max_width(520.0);
            ui.horizontal_top(|ui| {
                ui.label(crate::ui::theme::icon(Icon::CircleAlert).color(t.bad));
                ui.add(egui::Label::new(egui::RichText::new(capital(error)).color(t.bad)).wrap());
            });
        });
}

fn next_ui(ui: &mut Ui, next: Next) -> Response {
    let (button, action) = match next {
        Next::Connect => {
            let tip = "Open a new session to this address · Enter";
            return ui.add(Button::new("Connect").primary()).on_hover_text(tip);
        }
        Next::Cancel => (Button::new("Cancel"), Action::Disconnect),
        Next::Disconnect => (Button::new("Disconnect"), Action::Disconnect),
        Next::Again => (Button::new("Connect again"), Action::Reconnect),
    };
    let tip = action.tooltip(ui.ctx());
    ui.add(button).on_hover_text(tip)
}

fn state_ui(ui: &mut Ui, session: &SessionView, scene: Scene<'_>) {
    let t = tokens(ui.ctx());
    let (words, color) = state_words(session, t, scene.zone);
    pill(ui, color, &words).on_hover_text(format!(
        "{} connections, {} of them after a break",
        u64::from(session.stats.reconnects) + 1,
        session.stats.reconnects
    ));
    if is_insecure(session) {
        let tip = "Anyone on the way can read and change everything";
        pill(ui, t.bad, "Not verified").on_hover_text(tip);
    }
    tick(ui, session);
}

/// Paints again when a running time shows another number.
pub(super) fn tick(ui: &Ui, session: &SessionView) {
    use std::time::Duration;
    if session.clock.is_none() {
        return;
    }
    match &session.phase {
        Phase::Open { since_ns, .. } => {
            let into = now_ns(session).saturating_sub(*since_ns) % 1_000_000_000;
            ui.ctx().request_repaint_after(Duration::from_nanos(1_000_000_000 - into));
        }
        Phase::Waiting { .. } => ui.ctx().request_repaint_after(Duration::from_millis(100)),
        _ => {}
    }
}
