//! The network, made bad on purpose: what is done to the connections of all transports or of one,
//! from the moment it is set.

use egui::{Color32, RichText, Ui, vec2};
use lucide_icons::Icon;

use super::fold::Fold;
use super::scoped::Scoped;
use super::settings::Settings;
use super::troubles::trouble_ui;
use crate::engine::ServerView;
use crate::model::{Command, Network, TransportKind, Trouble};
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Button, card, dot, tab};

/// What belongs together.
const GROUPS: [(&str, &[Trouble]); 6] = [
    (
        "Delay and bandwidth",
        &[Trouble::Delay, Trouble::Jitter, Trouble::Bandwidth, Trouble::SlowAccept],
    ),
    ("Connections end", &[Trouble::Cut, Trouble::Idle]),
    ("Messages", &[Trouble::Drop, Trouble::Duplicate, Trouble::Reorder]),
    ("Errors", &[Trouble::Fail, Trouble::RetryAfter]),
    ("Proxies", &[Trouble::Buffer, Trouble::Compression, Trouble::Upgrade]),
    ("Heartbeats and headers", &[Trouble::Pongs, Trouble::Heartbeats, Trouble::Cors]),
];

/// The card's state.
#[derive(Debug)]
pub(super) struct NetworkCard {
    is_open: bool,
    /// One transport, or all of them.
    scope: Option<TransportKind>,
    groups: [bool; GROUPS.len()],
}

impl Default for NetworkCard {
    fn default() -> Self {
        Self { is_open: true, scope: None, groups: [false; GROUPS.len()] }
    }
}

/// The transports of a scope.
fn kinds(scope: Option<TransportKind>) -> Vec<TransportKind> {
    scope.map_or_else(|| TransportKind::ALL.to_vec(), |kind| vec![kind])
}

/// What any of these transports feels. That errors say when to come back is part of them.
pub(super) fn present(network: &Network, kinds: &[TransportKind]) -> Vec<Trouble> {
    let is_on = |trouble: &Trouble| {
        let mut felt = kinds.iter().filter(|kind| trouble.applies_to(**kind));
        felt.any(|kind| network.of(*kind).get(*trouble).is_some())
    };
    let counted = Trouble::ALL.into_iter().filter(|trouble| *trouble != Trouble::RetryAfter);
    counted.filter(is_on).collect()
}

/// What is done to whom, a line each.
pub(super) fn details(network: &Network) -> String {
    let mut lines = Vec::new();
    for trouble in present(network, &TransportKind::ALL) {
        let felt = TransportKind::ALL.into_iter().filter(|kind| trouble.applies_to(*kind));
        let values: Vec<_> = felt.map(|kind| (kind, network.of(kind).get(trouble))).collect();
        let same = values.iter().all(|(_, value)| *value == values[0].1);
        let on = values.iter().filter(|(_, value)| value.is_some()).map(|(kind, _)| kind.label());
        let whom = if same { "all that feel it".into() } else { on.collect::<Vec<_>>().join(", ") };
        lines.push(format!("{}: {whom}", trouble.title()));
    }
    lines.join("\n")
}

impl NetworkCard {
    /// Shows the card, and asks for what was set.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        server: &ServerView,
        settings: &mut Settings,
        out: &mut Outbox,
    ) {
        let t = tokens(ui.ctx());
        let before = settings.draft(server).options.network.clone();
        let mut network = before.clone();
        let mut is_complete = false;
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 4.0;
            let on = present(&network, &TransportKind::ALL).len();
            let note = match on {
                0 => String::from("made bad on purpose"),
                on => format!("{on} on"),
            };
            let color = (on > 0).then_some(t.warn);
            Fold::heading("Network").note(&note, color).show(ui, &mut self.is_open);
            if self.is_open {
                let can = !server.is_busy;
                ui.add_enabled_ui(can, |ui| is_complete = self.inside_ui(ui, &mut network));
            }
        });
        settings.draft(server).options.network = network.clone();
        if server.url.is_none() || network == server.options.network {
            return;
        }
        if network != before {
            settings.ask_network(network.clone());
        }
        if is_complete {
            out.send(Command::SetNetwork(Box::new(network)));
        }
    }

    /// Whether a new setting is complete, which it is not while a slider is being dragged.
    fn inside_ui(&mut self, ui: &mut Ui, network: &mut Network) -> bool {
        self.scope_ui(ui, network);
        ui.add_space(2.0);
        let mut is_complete = false;
        for (at, (name, troubles)) in GROUPS.iter().enumerate() {
            ui.spacing_mut().item_spacing.y = 0.0;
            is_complete |= self.group_ui(ui, at, name, troubles, network);
        }
        if !network.is_good() {
            ui.add_space(4.0);
            let wide = ui.available_width();
            let button = Button::new("Back to a good network").icon(Icon::Undo2).small().wide(wide);
            if ui.add(button).on_hover_text("Nothing is done to anybody any more").clicked() {
                *network = Network::default();
                is_complete = true;
            }
        }
        is_complete
    }

    /// Whom it concerns; a dot marks those something is done to.
    fn scope_ui(&mut self, ui: &mut Ui, network: &Network) {
        let t = tokens(ui.ctx());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
            let scopes = TransportKind::ALL.map(Some);
            for scope in std::iter::once(None).chain(scopes) {
                let name = scope.map_or("All", TransportKind::label);
                let choice = tab(ui, self.scope == scope, name);
                if choice.clicked() {
                    self.scope = scope;
                }
                if scope.is_some() && !present(network, &kinds(scope)).is_empty() {
                    dot(ui, choice.rect.right_top() + vec2(-4.0, 5.0), t.warn);
                }
            }
        });
    }

    fn group_ui(
        &mut self,
        ui: &mut Ui,
        at: usize,
        name: &str,
        troubles: &[Trouble],
        network: &mut Network,
    ) -> bool {
        let t = tokens(ui.ctx());
        let scope = kinds(self.scope);
        let on = present(network, &scope).into_iter().filter(|on| troubles.contains(on));
        let on: Vec<_> = on.collect();
        let note = match on[..] {
            [] => String::new(),
            [one] if one.title() == name => String::from("on"),
            [one] => one.title().to_owned(),
            _ => format!("{} on", on.len()),
        };
        let is_open = &mut self.groups[at];
        Fold::group(name).note(&note, Some(t.warn)).show(ui, is_open);
        if !*is_open {
            return false;
        }
        let mut is_complete = false;
        let mut unfelt = Vec::new();
        indented(ui, |ui| {
            for trouble in troubles {
                let felt: Vec<_> =
                    scope.iter().copied().filter(|kind| trouble.applies_to(*kind)).collect();
                if felt.is_empty() {
                    unfelt.push(trouble.title());
                } else {
                    let scoped = &mut Scoped::new(network, &felt);
                    is_complete |= ui.push_id(trouble, |ui| trouble_ui(ui, *trouble, scoped)).inner;
                }
            }
            if let (Some(kind), false) = (self.scope, unfelt.is_empty()) {
                let text = format!("{} does not feel: {}", kind.label(), unfelt.join(", "));
                note_ui(ui, &text, t.faint);
            }
        });
        is_complete
    }
}

/// What is in a group, with a line on its left.
fn indented(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    const INDENT: i8 = 10;
    let margin = egui::Margin { left: INDENT, right: 0, top: 4, bottom: 6 };
    let shown = egui::Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 4.0;
        add(ui);
    });
    let place = shown.response.rect;
    let edge = egui::Rect::from_min_size(place.min, vec2(2.0, place.height() - 6.0));
    ui.painter().rect_filled(edge, 1.0, tokens(ui.ctx()).line);
}

/// Small words that explain.
pub(super) fn note_ui(ui: &mut Ui, text: &str, color: Color32) {
    let text = RichText::new(text).size(size::SMALL).color(color);
    ui.add(egui::Label::new(text).wrap());
}
