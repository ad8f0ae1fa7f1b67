//! A window on a stage: shown snapshots made by hand, driven like a person would, and asked what it
//! sent.

use egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use wirescope::engine::{Handle, Port, Snapshot};
use wirescope::model::Command;
use wirescope::ui::{App, Place};

use super::fixture::NOW;

/// The window and the engine's end of it.
pub struct Stage {
    pub window: Harness<'static, Option<App>>,
    port: Port,
}

impl Stage {
    /// A window of the usual size.
    pub fn new(snapshot: Snapshot) -> Self {
        Self::sized(snapshot, Vec2::new(1440.0, 900.0), egui::Theme::Dark)
    }

    /// A window of this size in this theme.
    pub fn sized(snapshot: Snapshot, size: Vec2, theme: egui::Theme) -> Self {
        let (handle, port) = Handle::pair();
        port.publish(snapshot);
        let mut engine = Some(handle);
        let show = move |ui: &mut egui::Ui, app: &mut Option<App>| {
            let ctx = ui.ctx().clone();
            // The first frame still has the fonts of another program.
            let app = app.get_or_insert_with(|| {
                let engine = engine.take().expect("made once");
                App::new(&ctx, engine, Place::utc(|| NOW), None)
            });
            let whole = egui::UiBuilder::new().max_rect(ctx.content_rect());
            let mut ui = ui.new_child(whole);
            ui.set_clip_rect(ctx.content_rect());
            app.take_in();
            app.show(&mut ui);
        };
        let mut window = Harness::builder()
            .with_size(size)
            .with_theme(theme)
            .with_max_steps(24)
            .allow_missing_glyphs()
            .build_ui_state(show, None);
        window.run();
        Self { window, port }
    }

    /// Shows this from now on.
    pub fn show(&mut self, snapshot: Snapshot) {
        self.port.publish(snapshot);
        self.window.run();
    }

    /// What was sent since the last time, without the rows on the screen.
    pub fn sent(&mut self) -> Vec<Command> {
        self.all_sent().into_iter().filter(|c| !matches!(c, Command::View(..))).collect()
    }

    /// Everything that was sent since the last time.
    pub fn all_sent(&mut self) -> Vec<Command> {
        std::iter::from_fn(|| self.port.commands.try_recv().ok()).collect()
    }

    /// Clicks what is called so.
    pub fn click(&mut self, name: &str) {
        self.window.get_by_label(name).click();
        self.window.run();
    }

    /// Clicks the first thing whose name holds this.
    pub fn click_like(&mut self, part: &str) {
        self.window.get_all_by_label_contains(part).next().expect(part).click();
        self.window.run();
    }

    /// Types into the field that is called so.
    pub fn type_into(&mut self, name: &str, text: &str) {
        let field = self.window.get_by_role_and_label(egui::accesskit::Role::TextInput, name);
        field.focus();
        field.type_text(text);
        self.window.run();
    }

    /// Presses a key.
    pub fn press(&mut self, key: Key) {
        self.window.key_press(key);
        self.window.run();
    }

    /// Presses a key with Ctrl.
    pub fn ctrl(&mut self, key: Key) {
        self.window.key_press_modifiers(Modifiers::COMMAND, key);
        self.window.run();
    }

    /// Whether something is called so.
    pub fn has(&self, name: &str) -> bool {
        self.window.query_all_by_label(name).next().is_some()
    }

    /// Whether the name of something holds this.
    pub fn has_like(&self, part: &str) -> bool {
        self.window.query_all_by_label_contains(part).next().is_some()
    }
}
