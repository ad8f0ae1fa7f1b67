//! What the server sends by itself: how often, how many at once, how much, what it looks like and
//! to whom. All of it can be set while the server runs.

use egui::{Align, Layout, RichText, Ui, vec2};

use super::fold::Fold;
use super::settings::Settings;
use crate::engine::ServerView;
use crate::model::{Command, DEFAULT_TOPIC, Shape, Source};
use crate::ui::format;
use crate::ui::scene::Outbox;
use crate::ui::theme::{size, tokens};
use crate::ui::widgets::{Field, Scale, is_set, select, slider};

/// What each shape is, in the order of [`Shape::ALL`].
const SHAPES: [(&str, &str); Shape::ALL.len()] = [
    ("Ticks", "Prices that move"),
    ("Chat", "People who talk"),
    ("Orders", "Orders that change their state"),
    ("Tokens", "The answer of a language model, token by token"),
    ("Binary", "Bytes: binary messages over WebSocket, Base64 in JSON over the others"),
];

/// Its state.
#[derive(Debug)]
pub(super) struct SourcePart {
    is_open: bool,
    /// The topics while they are typed.
    topics: Option<String>,
}

impl Default for SourcePart {
    fn default() -> Self {
        Self { is_open: true, topics: None }
    }
}

/// A rate without needless digits.
fn rate(rate: f64) -> String {
    if rate < 10.0 && rate.fract() > 0.0 {
        format!("{rate:.1} /s")
    } else {
        format!("{} /s", format::thousands(rate.round().max(0.0) as u64))
    }
}

/// The topics of a list with commas between them.
fn topics(text: &str) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if name.chars().any(char::is_control) || name.chars().count() > 64 {
            return Err("the name of a topic has at most 64 characters".into());
        }
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        names.push(DEFAULT_TOPIC.to_owned());
    }
    let source = Source { topics: names, ..Source::default() };
    source.checked().map(|source| source.topics).map_err(|error| error.to_string())
}

impl SourcePart {
    /// Shows it, and asks for what was set.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        server: &ServerView,
        settings: &mut Settings,
        out: &mut Outbox,
    ) {
        let before = settings.draft(server).options.source.clone();
        let mut source = before.clone();
        let note = format!("{} · {}", rate(source.rate), format::size(source.size as u64));
        let mut is_complete = false;
        let fold = Fold::heading("Source");
        let fold = if self.is_open { fold } else { fold.note(&note, None) };
        fold.show(ui, &mut self.is_open);
        if self.is_open {
            ui.add_enabled_ui(!server.is_busy, |ui| {
                is_complete = sliders_ui(ui, &mut source);
                is_complete |= shape_ui(ui, &mut source.shape);
                is_complete |= self.topics_ui(ui, &mut source.topics);
            });
        }
        settings.draft(server).options.source = source.clone();
        if server.url.is_some() && source != server.options.source && source != before {
            settings.ask_source(source.clone());
        }
        if server.url.is_some() && source != server.options.source && is_complete {
            out.send(Command::SetSource(source));
        }
    }

    fn topics_ui(&mut self, ui: &mut Ui, shown: &mut Vec<String>) -> bool {
        let mut text = self.topics.clone().unwrap_or_else(|| shown.join(", "));
        let error = topics(&text).err();
        let mut is_complete = false;
        labelled(ui, "Topics", |ui| {
            let tip = "Each message goes to the next of these; commas between them";
            let field = Field::new(&mut text, "Topics").hint(DEFAULT_TOPIC).small();
            let field = field.error(error.as_deref()).show(ui).on_hover_text(tip);
            if field.changed() {
                self.topics = Some(text.clone());
            }
            if field.lost_focus()
                && let (Some(typed), Ok(names)) = (&self.topics, topics(&text))
            {
                is_complete = !typed.is_empty() || names != *shown;
                *shown = names;
                self.topics = None;
            }
        });
        is_complete
    }
}

/// Numbers. Whether a new one is complete, which it is not while a slider is being dragged.
fn sliders_ui(ui: &mut Ui, source: &mut Source) -> bool {
    let ink = tokens(ui.ctx()).text;
    let shown = |text: String| RichText::new(text).color(ink);
    let scale = Scale::steep(0.0, 10_000.0);
    let rate = slider(ui, "Messages", shown(rate(source.rate)), &mut source.rate, scale)
        .on_hover_text("Messages a second; 0 sends only what is published");

    let mut value = f64::from(source.burst);
    let words = match source.burst {
        1 => String::from("one at a time"),
        burst => format!("{} together", format::thousands(u64::from(burst))),
    };
    let burst = slider(ui, "Burst", shown(words), &mut value, Scale::steep(1.0, 1_000.0))
        .on_hover_text("Messages that go out together, with longer breaks between them");
    if burst.changed() {
        source.burst = value.round().max(1.0) as u32;
    }

    let mut value = source.size as f64;
    let words = format::size(source.size as u64);
    let size = slider(ui, "Payload", shown(words), &mut value, Scale::steep(10.0, 1_000_000.0))
        .on_hover_text("Bytes of payload in a message");
    if size.changed() {
        source.size = (value.round() as usize).max(1);
    }
    [rate, burst, size].iter().any(is_set)
}

fn shape_ui(ui: &mut Ui, shape: &mut Shape) -> bool {
    labelled(ui, "Shape", |ui| {
        let entries = SHAPES.map(|(name, tip)| (name, None, tip));
        let chosen = Shape::ALL.iter().position(|other| other == shape).unwrap_or_default();
        let extent = vec2(ui.available_width(), size::CHIP);
        let picked = select(ui, "Shape", chosen, &entries, extent);
        if let Some(picked) = picked.and_then(|picked| Shape::ALL.get(picked)) {
            *shape = *picked;
        }
        picked.is_some()
    })
}

/// A word, and what is set there to its right.
pub(super) fn labelled<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    const NAME: f32 = 72.0;
    let t = tokens(ui.ctx());
    let row = ui.horizontal_top(|ui| {
        let extent = vec2(NAME, size::CHIP);
        let layout = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(extent, layout, |ui| {
            ui.set_min_size(extent);
            ui.label(RichText::new(name).color(t.muted));
        });
        add(ui)
    });
    row.inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_from_a_list() {
        assert_eq!(topics(" a, b ,, a"), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(topics(""), Ok(vec![DEFAULT_TOPIC.into()]));
        assert!(topics(&"x".repeat(65)).is_err());
        let many: Vec<String> = (0..17).map(|n| n.to_string()).collect();
        assert!(topics(&many.join(",")).is_err());
    }

    #[test]
    fn rates_have_no_needless_digits() {
        assert_eq!([rate(0.5), rate(12.0), rate(9_999.7)], ["0.5 /s", "12 /s", "10,000 /s"]);
    }
}
