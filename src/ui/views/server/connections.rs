//! How the server treats its connections: what it keeps, holds and asks for. Fixed while it runs.

use std::time::Duration;

use egui::{RichText, Ui};

use super::fold::Fold;
use super::settings::{Draft, Settings, Wrong};
use crate::engine::ServerView;
use crate::ui::format;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Field, Scale, problem, slider, switch};

/// Its state.
#[derive(Debug, Default)]
pub(super) struct ConnectionsPart {
    /// What the person chose; otherwise it is open while there is something to set.
    is_open: Option<bool>,
}

impl ConnectionsPart {
    /// Shows it.
    pub(super) fn ui(&mut self, ui: &mut Ui, server: &ServerView, settings: &mut Settings) {
        let t = tokens(ui.ctx());
        let is_running = server.url.is_some() || server.is_busy;
        let draft = settings.draft(server);
        let mut is_open = self.is_open.unwrap_or(!is_running);
        let note = summary(draft);
        let fold = Fold::heading("Connections");
        let fold = if is_open { fold } else { fold.note(&note, None) };
        if fold.show(ui, &mut is_open).changed() {
            self.is_open = Some(is_open);
        }
        if !is_open {
            return;
        }
        if is_running {
            let text = "Stop the server to change these";
            ui.label(RichText::new(text).size(size::DATA).color(t.muted));
        }
        ui.add_enabled_ui(!is_running, |ui| draft_ui(ui, draft));
    }
}

/// What is set, in a few words.
fn summary(draft: &Draft) -> String {
    let options = &draft.options;
    let beats = match options.heartbeat {
        Some(beat) => format!("beat {}", short(beat)),
        None => String::from("no beat"),
    };
    format!("hold {} · {beats}", short(options.hold))
}

fn short(duration: Duration) -> String {
    format::seconds(duration.as_secs_f64()).replace(".0 s", " s")
}

fn draft_ui(ui: &mut Ui, draft: &mut Draft) {
    let t = tokens(ui.ctx());
    let wrong = draft.read().err();
    let shown = match &wrong {
        Some(Wrong::Address(why)) => Some(*why),
        _ => None,
    };
    ui.label(RichText::new("Listen on").color(t.muted));
    Field::new(&mut draft.listen, "Listen on").small().error(shown).show(ui);
    if let Some(Wrong::Other(why)) = &wrong {
        problem(ui, why);
    }
    let options = &mut draft.options;
    let mut value = options.history as f64;
    let kept = RichText::new(format::thousands(options.history as u64)).color(t.text);
    let history = slider(ui, "History", kept, &mut value, Scale::steep(0.0, 1_000_000.0));
    if history.on_hover_text("Messages kept for those who come back").changed() {
        options.history = value.round() as usize;
    }
    let tip = "How long a long poll is held when there is nothing to say";
    seconds(ui, "Hold", &mut options.hold, 120.0, tip);
    let tip = "How long an event stream is to wait before it comes back (retry:)";
    seconds(ui, "Reconnection time", &mut options.retry, 60.0, tip);
    let mut beats = options.heartbeat.is_some();
    switch(ui, &mut beats, "Heartbeats", false)
        .on_hover_text("Something small on quiet streams, so that nobody takes them for dead");
    if beats {
        seconds(ui, "Heartbeat", &mut draft.heartbeat, 120.0, "Time between two of them");
    }
    options.heartbeat = beats.then_some(draft.heartbeat);
}

fn seconds(ui: &mut Ui, name: &str, duration: &mut Duration, most: f64, tip: &str) {
    let mut value = duration.as_secs_f64();
    let shown = RichText::new(format::seconds(value)).color(tokens(ui.ctx()).text);
    let slider = slider(ui, name, shown, &mut value, Scale::even(0.5, most, 0.5));
    if slider.on_hover_text(tip).changed() {
        *duration = Duration::try_from_secs_f64((value * 2.0).round() / 2.0).unwrap_or(*duration);
    }
}
