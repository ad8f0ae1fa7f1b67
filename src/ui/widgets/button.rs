//! Buttons: plain, primary, quiet and dangerous, with or without an icon. None has a stroke at
//! rest.

use egui::{
    Color32, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, Widget, WidgetInfo, vec2,
};
use lucide_icons::Icon;

use crate::ui::theme::{Tokens, icon_font, size, tokens, words};

#[derive(Clone, Copy, PartialEq)]
enum Look {
    Plain,
    Primary,
    Quiet,
    Danger,
}

/// A button under construction.
#[must_use = "it is shown by `ui.add`"]
pub(crate) struct Button<'a> {
    text: &'a str,
    icon: Option<Icon>,
    badge: Option<String>,
    name: Option<&'a str>,
    look: Look,
    height: f32,
    color: Option<Color32>,
    wide: Option<f32>,
}

impl<'a> Button<'a> {
    /// A plain button.
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            icon: None,
            badge: None,
            name: None,
            look: Look::Plain,
            height: size::CONTROL,
            color: None,
            wide: None,
        }
    }

    /// The one thing to do next.
    pub(crate) fn primary(mut self) -> Self {
        self.look = Look::Primary;
        self
    }

    /// Without a ground until pointed at.
    pub(crate) fn quiet(mut self) -> Self {
        self.look = Look::Quiet;
        self
    }

    /// What cannot be taken back.
    pub(crate) fn danger(mut self) -> Self {
        self.look = Look::Danger;
        self
    }

    /// As high as a chip.
    pub(crate) fn small(mut self) -> Self {
        self.height = size::CHIP;
        self
    }

    /// With an icon before the text.
    pub(crate) fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// With a number behind the text.
    pub(crate) fn badge(mut self, badge: Option<String>) -> Self {
        self.badge = badge;
        self
    }

    /// Called so by screen readers, where the text does not say it.
    pub(crate) fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// In this colour instead of that of its look.
    pub(crate) fn color(mut self, color: Color32) -> Self {
        self.color = Some(color);
        self
    }

    /// At least this wide.
    pub(crate) fn wide(mut self, width: f32) -> Self {
        self.wide = Some(width);
        self
    }

    fn colors(&self, t: &Tokens, response: &Response) -> (Color32, Color32) {
        let (down, hovered) = (response.is_pointer_button_down_on(), response.hovered());
        match self.look {
            Look::Primary if hovered || down => (t.action_hover, t.on_action),
            Look::Primary => (t.action, t.on_action),
            Look::Danger if hovered || down => (t.bad_soft, t.bad),
            Look::Danger => (t.control, t.bad),
            Look::Plain | Look::Quiet if down => (t.control_down, t.text),
            Look::Plain | Look::Quiet if hovered => (t.control_hover, t.text),
            Look::Plain => (t.control, t.text),
            Look::Quiet => (Color32::TRANSPARENT, t.muted),
        }
    }
}

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let t = tokens(ui.ctx());
        let small = self.height < size::CONTROL;
        let painter = ui.painter().clone();
        let layout = |text: String, font| painter.layout_no_wrap(text, font, Color32::PLACEHOLDER);
        let font = words(if small { size::DATA } else { size::BODY });
        let text = (!self.text.is_empty()).then(|| layout(self.text.to_owned(), font));
        let icon = self.icon.map(|icon| layout(icon.to_string_char(), icon_font(size::ICON)));
        let badge = self.badge.clone().map(|badge| layout(badge, words(size::SMALL)));

        let pad = if small { 8.0 } else { 12.0 };
        let gap = 6.0;
        let badge_width = badge.as_ref().map_or(0.0, |badge| badge.size().x.max(8.0) + 14.0);
        let parts = [
            icon.as_ref().map(|icon| icon.size().x),
            text.as_ref().map(|text| text.size().x),
            badge.as_ref().map(|_| badge_width),
        ];
        let count = parts.iter().flatten().count();
        let inner = parts.iter().flatten().sum::<f32>() + gap * count.saturating_sub(1) as f32;
        let width = if text.is_none() { self.height } else { inner + 2.0 * pad };
        let width = width.max(self.wide.unwrap_or_default());
        let (rect, response) =
            ui.allocate_exact_size(Vec2::new(width, self.height), Sense::click());
        let enabled = ui.is_enabled();
        let name = self.name.unwrap_or(self.text).to_owned();
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &name));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let (fill, color) = self.colors(t, &response);
        let color = self.color.unwrap_or(color);
        let focus = if response.has_focus() { t.accent } else { Color32::TRANSPARENT };
        let stroke = Stroke::new(1.0, focus);
        ui.painter().rect(rect, size::RADIUS, fill, stroke, StrokeKind::Inside);
        let mut at = rect.center() - vec2(inner / 2.0, 0.0);
        if let Some(icon) = icon {
            let size = icon.size();
            ui.painter().galley(at - vec2(0.0, (size.y / 2.0).round()), icon, color);
            at.x += size.x + gap;
        }
        if let Some(text) = text {
            let size = text.size();
            ui.painter().galley(at - vec2(0.0, (size.y / 2.0).round()), text, color);
            at.x += size.x + gap;
        }
        if let Some(badge) = badge {
            let ground = egui::Rect::from_min_size(at - vec2(0.0, 9.0), vec2(badge_width, 18.0));
            ui.painter().rect_filled(ground, 9.0, t.control_down);
            let offset = badge.size() / 2.0;
            ui.painter().galley(ground.center() - offset, badge, color);
        }
        response
    }
}

trait IconText {
    fn to_string_char(self) -> String;
}

impl IconText for Icon {
    fn to_string_char(self) -> String {
        char::from(self).to_string()
    }
}

/// A quiet square button with an icon, whose name is also its tooltip.
pub(crate) fn icon_button(ui: &mut Ui, icon: Icon, name: &str) -> Response {
    ui.add(Button::new("").icon(icon).name(name).quiet().small()).on_hover_text(name)
}

/// Words in the colour of action, without ground.
pub(crate) fn link_button(ui: &mut Ui, text: &str) -> Response {
    let color = tokens(ui.ctx()).accent;
    ui.add(Button::new(text).quiet().small().color(color))
}
