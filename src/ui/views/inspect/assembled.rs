//! The answer of a language model that the chosen event is part of: how soon and how fast it came,
//! why it ended, and its text as far as it came.

use egui::{Align, Layout, RichText, Ui};

use crate::analysis::tokens::{Assembled, Kind};
use crate::ui::format;
use crate::ui::theme::{mono, size, tokens};
use crate::ui::widgets::{fact, link_button, muted, section};

/// Bytes of text that are shown at once.
const SHOWN: usize = 16_000;

/// Shows the answer.
pub(super) fn ui(ui: &mut Ui, assembled: &Assembled) {
    let t = tokens(ui.ctx());
    ui.horizontal(|ui| {
        section(ui, "Answer");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if link_button(ui, "Copy the answer").clicked() {
                ui.ctx().copy_text(assembled.text());
            }
        });
    });
    for (name, value) in facts(assembled) {
        fact(ui, name, &value, t.text);
    }
    if assembled.cut > 0 {
        let value = format!("{} over the limit", format::size(assembled.cut));
        fact(ui, "Left out of the answer", &value, t.bad);
    }
    let mut room = SHOWN;
    for part in &assembled.parts {
        if assembled.parts.len() > 1 || part.kind != Kind::Text {
            muted(ui, &part.title());
        }
        let shown = &part.text[..part.text.floor_char_boundary(room)];
        room -= shown.len();
        let text = RichText::new(shown).font(mono(size::DATA)).color(t.text);
        ui.add(egui::Label::new(text).wrap().selectable(true));
        if shown.len() < part.text.len() {
            let rest = format::size((part.text.len() - shown.len()) as u64);
            muted(ui, &format!("… and {rest} more; copy the answer to read all of it"));
            break;
        }
    }
}

fn facts(assembled: &Assembled) -> Vec<(&'static str, String)> {
    let speed = |per_second: Option<f64>| {
        per_second.map(|rate| format!(", {rate:.1} a second")).unwrap_or_default()
    };
    let deltas = format::thousands(assembled.deltas) + &speed(assembled.deltas_per_second());
    let usage = assembled.usage;
    let output =
        usage.output.map(|count| format::thousands(count) + &speed(assembled.tokens_per_second()));
    let end = match &assembled.end {
        Some(reason) => reason.clone(),
        None if assembled.is_over => String::from("complete"),
        None => String::from("not yet"),
    };
    let all = [
        ("Format", Some(assembled.format.label().to_owned())),
        ("First event, from the request", assembled.first_event_ms().map(format::millis)),
        ("First token, from the request", assembled.first_token_ms().map(format::millis)),
        ("Pieces of text", Some(deltas)),
        ("Tokens asked with", usage.input.map(format::thousands)),
        ("Tokens answered", output),
        ("Ended", Some(end)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
