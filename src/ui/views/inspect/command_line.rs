//! Command lines of other tools: pasted into the address they fill the form, and a session is
//! copied as one.

use egui::{Context, Event, Ui};
use lucide_icons::Icon;

use crate::engine::{Origin, SessionView, Severity};
use crate::model::pasted::{self, Pasted, PastedError, Tool};
use crate::model::{Endpoint, TransportKind};
use crate::ui::action::Action;
use crate::ui::scene::Outbox;
use crate::ui::widgets::Button;

/// Every tool that a session is copied as.
const TOOLS: [Tool; 4] = [Tool::Curl, Tool::Websocat, Tool::Wscat, Tool::Wirescope];

/// What copies a session as this.
const fn action(tool: Tool) -> Action {
    match tool {
        Tool::Curl => Action::CopyCurl,
        Tool::Websocat => Action::CopyWebsocat,
        Tool::Wscat => Action::CopyWscat,
        Tool::Wirescope => Action::CopyCapture,
    }
}

/// The tool that an action copies a session as.
pub(super) fn tool(wanted: Action) -> Option<Tool> {
    TOOLS.into_iter().find(|tool| action(*tool) == wanted)
}

fn transport(session: &SessionView) -> Option<TransportKind> {
    session.transport.or(session.endpoint.resolved())
}

/// Whether the tool can do what the session does.
pub(super) fn can(tool: Tool, session: &SessionView) -> bool {
    let only_websocket = matches!(tool, Tool::Websocat | Tool::Wscat);
    !only_websocket || transport(session) == Some(TransportKind::Websocket)
}

/// Takes a command line out of what is pasted in this frame. One that cannot be read stays, so
/// that it is seen beside what is wrong with it.
pub(super) fn take_paste(ui: &Ui) -> Option<Result<Pasted, PastedError>> {
    ui.input_mut(|input| {
        let read = |event: &Event| match event {
            Event::Paste(text) => pasted::read(text),
            _ => None,
        };
        let (at, found) =
            input.events.iter().enumerate().find_map(|(at, e)| Some((at, read(e)?)))?;
        if found.is_ok() {
            input.events.remove(at);
        }
        Some(found)
    })
}

/// Says what was taken and what was not.
pub(super) fn tell(pasted: &Pasted, out: &mut Outbox) {
    let text = format!("The {} line was filled in", pasted.tool.word());
    let notes = pasted.notes.join("; ");
    let hint = (!notes.is_empty()).then(|| crate::ui::views::capital(&notes));
    out.say(Severity::Info, text, hint);
}

/// Copies the session as a command line of this tool.
pub(super) fn copy(ctx: &Context, session: &SessionView, tool: Tool, out: &mut Outbox) {
    match pasted::copy(tool, &session.endpoint, session.transport) {
        Ok(copied) => {
            ctx.copy_text(copied.line);
            let mut hint = Vec::new();
            if holds_secrets(&session.endpoint) {
                hint.push(String::from("It holds the secrets of the session"));
            } else if session.origin == Origin::File {
                hint.push(String::from("A capture holds no secrets, so neither does the line"));
            }
            if !copied.left_out.is_empty() {
                hint.push(format!("{} cannot do: {}", tool.word(), copied.left_out.join(", ")));
            }
            let text = format!("Copied as {}", name(tool));
            out.say(Severity::Info, text, (!hint.is_empty()).then(|| hint.join(". ")));
        }
        Err(error) => {
            let text = crate::ui::views::capital(&error.to_string());
            out.say(Severity::Error, text, None);
        }
    }
}

fn name(tool: Tool) -> &'static str {
    if tool == Tool::Wirescope { "wirescope capture" } else { tool.word() }
}

/// Whether anything would be taken out of the endpoint before it is stored for others: what is sent,
/// too, as that may hold anything.
fn holds_secrets(endpoint: &Endpoint) -> bool {
    let mut public = endpoint.redacted();
    if public.post_url() == endpoint.post_url() {
        public.options.post_to.clone_from(&endpoint.options.post_to);
    }
    public != *endpoint
}

/// The button for the tool that people use for such a session.
pub(super) fn button_ui(ui: &mut Ui, session: &SessionView, out: &mut Outbox) {
    let is_websocket = transport(session) == Some(TransportKind::Websocket);
    let tool = if is_websocket { Tool::Websocat } else { Tool::Curl };
    let spec = action(tool).spec();
    if ui.add(Button::new(spec.text)).on_hover_text(spec.tip).clicked() {
        copy(ui.ctx(), session, tool, out);
    }
}

/// The entries of a session's menu.
pub(super) fn menu_ui(ui: &mut Ui, session: &SessionView, out: &mut Outbox) {
    for tool in TOOLS.into_iter().filter(|tool| can(*tool, session)) {
        let spec = action(tool).spec();
        let button = Button::new(spec.text).icon(Icon::Terminal).quiet().small();
        if ui.add(button).on_hover_text(spec.tip).clicked() {
            copy(ui.ctx(), session, tool, out);
            ui.close();
        }
    }
}
