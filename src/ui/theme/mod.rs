//! How the window looks: every colour and metric is a token here, and nowhere else. Dark and light
//! share one shape, so that a view never asks which of them is on.

mod fonts;
mod tokens_dark;
mod tokens_light;

use egui::epaint::FontColorTransferFunction;
use egui::{
    Color32, CornerRadius, FontId, Margin, Shadow, Stroke, TextStyle, Theme, Visuals, vec2,
};

use crate::engine::Severity;
use crate::model::{Dir, TransportKind};

pub(crate) use fonts::{icon, icon_font, medium, mono, semibold, words};

/// Every colour of one theme, named for what it means.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// Behind everything: the timeline, the space between cards.
    pub canvas: Color32,
    /// Bars, side panels, cards.
    pub panel: Color32,
    /// A control at rest, a field, a chip.
    pub control: Color32,
    /// A control under the pointer.
    pub control_hover: Color32,
    /// A control held down.
    pub control_down: Color32,
    /// A row under the pointer.
    pub row_hover: Color32,
    /// A row that tells of a change of state.
    pub row_state: Color32,
    /// The chosen row, session or chip.
    pub selected: Color32,
    /// Lines between panels, frames of cards.
    pub line: Color32,
    /// Lines behind a plot.
    pub grid: Color32,
    /// A span without a connection.
    pub outage: Color32,
    /// Behind what is open above the window.
    pub veil: Color32,
    /// Shadow of what floats: menus, the palette, notices.
    pub shadow: Color32,
    /// Words and data.
    pub text: Color32,
    /// What explains them.
    pub muted: Color32,
    /// What may be overlooked.
    pub faint: Color32,
    /// The one colour of what is chosen, has the focus or leads on.
    pub accent: Color32,
    /// The ground of the one thing to do next.
    pub action: Color32,
    /// The same under the pointer.
    pub action_hover: Color32,
    /// Words on it.
    pub on_action: Color32,
    /// Open, done.
    pub good: Color32,
    /// Waiting, overdue.
    pub warn: Color32,
    /// Lost, refused.
    pub bad: Color32,
    /// The frame of a notice that something failed.
    pub bad_soft: Color32,
    /// WebSocket.
    pub websocket: Color32,
    /// Server-sent events.
    pub sse: Color32,
    /// Long poll.
    pub long_poll: Color32,
    /// Short poll.
    pub short_poll: Color32,
    /// Newline-delimited and other streams.
    pub stream: Color32,
    /// Strings of JSON.
    pub json_string: Color32,
    /// Numbers of JSON.
    pub json_number: Color32,
    /// `true`, `false` and `null`.
    pub json_word: Color32,
    /// One measured message in a plot.
    pub dot: Color32,
    /// A knob of a slider or a switch.
    pub knob: Color32,
    /// The ground of a QR code, which cameras want light in any theme.
    pub code_paper: Color32,
    /// Its modules.
    pub code_ink: Color32,
}

impl Tokens {
    /// The colour of a transport; `None` is one that is not decided yet.
    pub(crate) fn transport(&self, kind: Option<TransportKind>) -> Color32 {
        match kind {
            Some(TransportKind::Websocket) => self.websocket,
            Some(TransportKind::Sse) => self.sse,
            Some(TransportKind::LongPoll) => self.long_poll,
            Some(TransportKind::ShortPoll) => self.short_poll,
            Some(TransportKind::Stream) => self.stream,
            None => self.muted,
        }
    }

    /// The colour of a direction; always beside an arrow.
    pub(crate) fn dir(&self, dir: Dir) -> Color32 {
        match dir {
            Dir::In => self.good,
            Dir::Out => self.accent,
            Dir::Local => self.faint,
        }
    }

    /// The colour of a notice; always beside its words.
    pub(crate) fn severity(&self, severity: Severity) -> Color32 {
        match severity {
            Severity::Info => self.good,
            Severity::Error => self.bad,
        }
    }
}

/// Measures in points, shared by both themes.
pub(crate) mod size {
    /// One event, one line of data.
    pub(crate) const ROW: f32 = 22.0;
    /// The bar with the tabs.
    pub(crate) const TABS: f32 = 39.0;
    /// The bar below it.
    pub(crate) const BAR: f32 = 47.0;
    /// The bar above a list.
    pub(crate) const SUB_BAR: f32 = 39.0;
    /// The bar at the bottom.
    pub(crate) const STATUS: f32 = 23.0;
    /// Buttons and fields.
    pub(crate) const CONTROL: f32 = 30.0;
    /// Chips and the controls of a sub bar.
    pub(crate) const CHIP: f32 = 24.0;
    /// From the edge of a panel to what is in it.
    pub(crate) const PAD: f32 = 12.0;
    /// Between neighbours.
    pub(crate) const GAP: f32 = 8.0;
    /// Words.
    pub(crate) const BODY: f32 = 13.0;
    /// Data, and words that explain.
    pub(crate) const DATA: f32 = 12.0;
    /// Headings of lists, the status bar.
    pub(crate) const SMALL: f32 = 11.0;
    /// Icons beside words.
    pub(crate) const ICON: f32 = 14.0;
    /// Corners of controls.
    pub(crate) const RADIUS: u8 = 6;
    /// Corners of cards.
    pub(crate) const CARD_RADIUS: u8 = 8;
}

/// The tokens of the theme that is on.
pub(crate) fn tokens(ctx: &egui::Context) -> &'static Tokens {
    of(ctx.theme())
}

fn of(theme: Theme) -> &'static Tokens {
    match theme {
        Theme::Dark => &tokens_dark::TOKENS,
        Theme::Light => &tokens_light::TOKENS,
    }
}

/// Installs fonts and both themes.
pub(crate) fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts::definitions());
    for theme in [Theme::Dark, Theme::Light] {
        let mut style = (*ctx.style_of(theme)).clone();
        dress(&mut style, theme);
        ctx.set_style_of(theme, style);
    }
}

fn dress(style: &mut egui::Style, theme: Theme) {
    use egui::FontFamily::{Monospace, Proportional};
    style.text_styles = [
        (TextStyle::Small, FontId::new(size::SMALL, Proportional)),
        (TextStyle::Body, FontId::new(size::BODY, Proportional)),
        (TextStyle::Button, FontId::new(size::BODY, Proportional)),
        (TextStyle::Heading, semibold(15.0)),
        (TextStyle::Monospace, FontId::new(size::DATA, Monospace)),
    ]
    .into();
    style.visuals = visuals(theme);
    // What moves at rest costs power and attention.
    style.animation_time = 0.0;
    style.scroll_animation = egui::style::ScrollAnimation::none();
    style.spacing.item_spacing = vec2(size::GAP, size::GAP);
    style.spacing.button_padding = vec2(12.0, 4.0);
    style.spacing.interact_size = vec2(size::CHIP, size::CHIP);
    style.spacing.menu_margin = Margin::same(4);
    style.spacing.window_margin = Margin::same(16);
    style.spacing.icon_width = 16.0;
    style.spacing.scroll = egui::style::ScrollStyle::thin();
    style.spacing.tooltip_width = 360.0;
    // Popups are as high as what is in them; the window is the only limit.
    style.spacing.default_area_size = vec2(600.0, 4000.0);
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;
    style.url_in_tooltip = true;
}

fn visuals(theme: Theme) -> Visuals {
    let t = of(theme);
    let mut v = match theme {
        Theme::Dark => Visuals::dark(),
        Theme::Light => Visuals::light(),
    };
    v.override_text_color = None;
    if theme == Theme::Dark {
        // Lighter strokes than the default: at 12 and 13 px it reads as bold.
        v.text_options.color_transfer_function = FontColorTransferFunction::Gamma(0.9);
    }
    v.weak_text_color = Some(t.faint);
    v.hyperlink_color = t.accent;
    v.faint_bg_color = t.row_hover;
    v.extreme_bg_color = t.control;
    v.text_edit_bg_color = Some(t.control);
    v.code_bg_color = t.control;
    v.warn_fg_color = t.warn;
    v.error_fg_color = t.bad;
    v.panel_fill = t.panel;
    v.window_fill = t.panel;
    v.window_stroke = Stroke::new(1.0, t.line);
    v.window_corner_radius = CornerRadius::same(size::CARD_RADIUS);
    v.menu_corner_radius = CornerRadius::same(size::CARD_RADIUS);
    let shadow = Shadow { offset: [0, 6], blur: 20, spread: 0, color: t.shadow };
    v.window_shadow = shadow;
    v.popup_shadow = shadow;
    v.selection.bg_fill = t.accent.gamma_multiply(0.35);
    v.selection.stroke = Stroke::new(1.0, t.accent);
    v.slider_trailing_fill = true;
    v.handle_shape = egui::style::HandleShape::Circle;
    v.text_cursor.stroke = Stroke::new(1.5, t.accent);
    v.text_cursor.blink = false;
    v.disabled_alpha = 0.45;
    let radius = CornerRadius::same(size::RADIUS);
    let states = [
        (&mut v.widgets.noninteractive, t.panel, t.line, t.text),
        (&mut v.widgets.inactive, t.control, Color32::TRANSPARENT, t.text),
        (&mut v.widgets.hovered, t.control_hover, Color32::TRANSPARENT, t.text),
        (&mut v.widgets.active, t.control_down, t.accent, t.text),
        (&mut v.widgets.open, t.control_hover, Color32::TRANSPARENT, t.text),
    ];
    for (state, fill, stroke, text) in states {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, stroke);
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
    v
}

/// The colour of the program's mark, on any ground.
pub(crate) fn mark() -> Color32 {
    tokens_dark::TOKENS.accent
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(color: Color32) -> f64 {
        let part = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(color.r()) + 0.7152 * part(color.g()) + 0.0722 * part(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        (a / b).max(b / a)
    }

    #[test]
    fn every_word_can_be_read_on_its_ground() {
        for theme in [Theme::Dark, Theme::Light] {
            let t = of(theme);
            let grounds = [
                ("canvas", t.canvas),
                ("panel", t.panel),
                ("control", t.control),
                ("row", t.row_state),
            ];
            let chosen = [("selected", t.selected), ("hovered", t.row_hover)];
            let words = [
                ("text", t.text),
                ("muted", t.muted),
                ("accent", t.accent),
                ("good", t.good),
                ("warn", t.warn),
                ("bad", t.bad),
                ("WebSocket", t.websocket),
                ("SSE", t.sse),
                ("long poll", t.long_poll),
                ("short poll", t.short_poll),
                ("stream", t.stream),
                ("string", t.json_string),
                ("number", t.json_number),
                ("word", t.json_word),
            ];
            let on = |words: &[(&str, Color32)], grounds: &[(&str, Color32)]| {
                for (word, color) in words {
                    for (ground, fill) in grounds {
                        let found = contrast(*color, *fill);
                        assert!(found >= 4.5, "{theme:?}: {word} on {ground} has {found:.2}");
                    }
                }
            };
            on(&words, &grounds);
            on(&words, &chosen);
            on(&[("faint", t.faint)], &grounds);
            on(&[("button", t.on_action)], &[("at rest", t.action), ("hovered", t.action_hover)]);
        }
    }
}
