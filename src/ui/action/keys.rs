//! The keyboard's side of the actions: what was pressed, and how keys are called.

use egui::KeyboardShortcut;

use super::Action;

impl Action {
    /// Its shortcut as the keys are called on this system.
    pub(crate) fn keys(self, ctx: &egui::Context) -> Option<String> {
        let words = ctx.format_shortcut(&self.spec().shortcut?);
        let words = words.replace('+', " ").replace("Questionmark", "?").replace("Comma", ",");
        Some(words.replace("PageDown", "Page down").replace("PageUp", "Page up"))
    }

    /// What a tooltip says: what it does, and its keys.
    pub(crate) fn tooltip(self, ctx: &egui::Context) -> String {
        match self.keys(ctx) {
            Some(keys) => format!("{} · {keys}", self.spec().tip),
            None => self.spec().tip.to_owned(),
        }
    }
}

/// The actions whose shortcuts were pressed. Keys without Ctrl belong to a field while it is typed
/// in.
pub(crate) fn pressed(ctx: &egui::Context, typing: bool) -> Vec<Action> {
    let mut actions: Vec<(Action, KeyboardShortcut)> = Action::ALL
        .into_iter()
        .filter_map(|action| Some((action, action.spec().shortcut?)))
        .filter(|(_, keys)| !typing || keys.modifiers.any())
        .collect();
    // A shortcut with more modifiers would otherwise be taken for the one with fewer.
    actions.sort_by_key(|(_, keys)| !keys.modifiers.shift);
    ctx.input_mut(|input| {
        let pressed: Vec<Action> = actions
            .into_iter()
            .filter(|(_, keys)| input.consume_shortcut(keys))
            .map(|(action, _)| action)
            .collect();
        if pressed.contains(&Action::Shortcuts) {
            input.events.retain(|event| !matches!(event, egui::Event::Text(text) if text == "?"));
        }
        pressed
    })
}
