//! What the next comparison is about: needs, lanes, how long, and where.

use std::time::Duration;

use egui::{RichText, Ui, vec2};

use super::setup::Setup;
use super::words::{color, duration, is_on};
use crate::engine::{RunView, Stage};
use crate::model::{Command, LaneSpec, Way};
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Field, chip, section, switch};

/// How long messages may be sent.
const DURATIONS: [Option<Duration>; 4] = [
    None,
    Some(Duration::from_secs(10)),
    Some(Duration::from_mins(1)),
    Some(Duration::from_mins(5)),
];

/// What the person needs: of the run that is on, otherwise of the next. The verdict on what is
/// there already follows at once.
pub(super) fn needs_ui(ui: &mut Ui, setup: &mut Setup, run: Option<&RunView>, out: &mut Outbox) {
    section(ui, "Needs");
    let on = run.filter(|run| is_on(run));
    let judged_by = on.map(|run| run.setup.needs);
    setup.asked_needs = setup.asked_needs.filter(|asked| judged_by.is_some_and(|by| by != *asked));
    let before = setup.asked_needs.or(judged_by).unwrap_or(setup.run.needs);
    let mut needs = before;
    let rows = [
        (&mut needs.two_way, "Two ways", "The client sends often, too"),
        (&mut needs.binary, "Binary payloads", "Bytes that text would have to wrap"),
        (&mut needs.proxies, "Proxies in the way", "Such as nobody here controls"),
        (&mut needs.browser, "Browsers only", "No library of one's own on the client"),
        (&mut needs.resume, "Nothing may be missed", "Over a reconnect, either"),
    ];
    // A run that is being prepared takes nothing yet.
    let can = on.is_none_or(|run| run.stage != Stage::Opening);
    ui.add_enabled_ui(can, |ui| {
        for (is_on, name, tip) in rows {
            switch(ui, is_on, name, false).on_hover_text(tip);
        }
    });
    if needs == before {
        return;
    }
    setup.run.needs = needs;
    setup.asked_needs = on.map(|_| needs);
    if run.is_some() {
        out.send(Command::SetNeeds(needs));
    }
}

/// Lanes, duration and server of the next run.
pub(super) fn lanes_ui(ui: &mut Ui, setup: &mut Setup, run: Option<&RunView>) {
    section(ui, "Lanes");
    ways_ui(ui, &mut setup.run.lanes);
    ui.add_space(4.0);
    section(ui, "Messages are sent");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for choice in DURATIONS {
            let text = duration(choice);
            let name = format!("Sent: {}", text.to_lowercase());
            if chip(ui, setup.run.duration == choice, &text, &name).clicked() {
                setup.run.duration = choice;
            }
        }
    });
    ui.add_space(4.0);
    section(ui, "Another server");
    let error = setup.other_error();
    Field::new(&mut setup.other, "Another server")
        .hint("This one; or http://192.168.1.5:4100/?join=…")
        .small()
        .error(error.as_deref())
        .show(ui);
    let t = tokens(ui.ctx());
    let say = |ui: &mut Ui, text: &str| {
        let text = RichText::new(text).size(size::DATA).color(t.muted);
        ui.add(egui::Label::new(text).wrap());
    };
    if error.is_none() {
        say(ui, "A Wirescope elsewhere, so that a real network lies between");
    }
    let differs = |run: &RunView| {
        let next = setup.read();
        next.is_ok_and(|next| {
            let is = &run.setup;
            next.lanes != is.lanes || next.duration != is.duration || next.other != is.other
        })
    };
    if run.is_some_and(|run| run.lesson.is_none() && is_on(run) && differs(run)) {
        say(ui, "These count from the next run on; Restart run begins it");
    }
}

fn ways_ui(ui: &mut Ui, lanes: &mut Vec<LaneSpec>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for way in Way::ALL {
            let is_on = lanes.iter().any(|lane| lane.way == way);
            let name = format!("{} lane", way.label());
            let chip = chip(ui, is_on, way.label(), &name);
            let t = tokens(ui.ctx());
            let mark = chip.rect.left_bottom() + vec2(8.0, -3.0);
            let line = egui::Rect::from_min_max(mark, chip.rect.right_bottom() - vec2(8.0, 1.0));
            if is_on {
                ui.painter().rect_filled(line, 1.0, color(t, way));
            }
            let chip = match way {
                Way::Fallback => chip.on_hover_text(
                    "WebSocket, otherwise SSE, otherwise long poll; and up again later",
                ),
                Way::Over(_) => chip,
            };
            if chip.clicked() {
                toggle(lanes, way);
            }
        }
    });
}

/// Adds the lane in its place, or takes it away.
fn toggle(lanes: &mut Vec<LaneSpec>, way: Way) {
    let had = lanes.len();
    lanes.retain(|lane| lane.way != way);
    if lanes.len() == had {
        lanes.push(LaneSpec::over(way));
        let place = |way: Way| Way::ALL.iter().position(|other| *other == way);
        lanes.sort_by_key(|lane| place(lane.way));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_stay_in_their_order() {
        let mut lanes: Vec<LaneSpec> = Way::ALL.map(LaneSpec::over).into();
        toggle(&mut lanes, Way::ALL[1]);
        assert_eq!(lanes.len(), 5);
        toggle(&mut lanes, Way::ALL[1]);
        let ways: Vec<Way> = lanes.iter().map(|lane| lane.way).collect();
        assert_eq!(ways, Way::ALL);
    }
}
