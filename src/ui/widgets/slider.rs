//! A slider with its name and its value above it.

use egui::{Align, Layout, Response, RichText, Slider, Stroke, StrokeKind, Ui, vec2};

use crate::ui::theme::{mono, size, tokens};

/// What a slider goes over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    least: f64,
    most: f64,
    step: f64,
    is_steep: bool,
}

impl Scale {
    /// In even steps.
    pub(crate) const fn even(least: f64, most: f64, step: f64) -> Self {
        Self { least, most, step, is_steep: false }
    }

    /// In whole numbers, each as far from its double as any other from its own.
    pub(crate) const fn steep(least: f64, most: f64) -> Self {
        Self { least, most, step: 1.0, is_steep: true }
    }
}

/// Whether what was slid is to count: not while it is being dragged.
pub(crate) fn is_set(slider: &Response) -> bool {
    slider.drag_stopped() || (slider.changed() && !slider.dragged())
}

/// A name, its value, and a slider below them both.
pub(crate) fn slider(
    ui: &mut Ui,
    name: &str,
    shown: RichText,
    value: &mut f64,
    scale: Scale,
) -> Response {
    let t = tokens(ui.ctx());
    ui.scope(|ui| {
        let width = ui.available_width();
        let spacing = ui.spacing_mut();
        spacing.item_spacing.y = 1.0;
        spacing.interact_size.y = 16.0;
        spacing.slider_rail_height = 4.0;
        spacing.slider_width = width;
        ui.horizontal(|ui| {
            ui.label(RichText::new(name).color(t.muted));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(shown.font(mono(size::DATA)));
            });
        });
        let visuals = ui.visuals_mut();
        visuals.selection.bg_fill = t.accent;
        for state in [
            &mut visuals.widgets.inactive,
            &mut visuals.widgets.hovered,
            &mut visuals.widgets.active,
        ] {
            state.bg_fill = t.control_down;
            state.fg_stroke = Stroke::new(1.5, t.accent);
        }
        let slider = Slider::new(value, scale.least..=scale.most)
            .logarithmic(scale.is_steep)
            .smallest_positive(1.0)
            .step_by(scale.step)
            // Showing a value that lies outside is no reason to change it.
            .clamping(egui::SliderClamping::Edits)
            .show_value(false);
        let slider = ui.add(slider).accessible_name(name);
        if slider.has_focus() {
            let stroke = Stroke::new(1.0, t.accent);
            let around = slider.rect.expand2(vec2(4.0, 1.0));
            ui.painter().rect_stroke(around, 4.0, stroke, StrokeKind::Inside);
        }
        slider
    })
    .inner
}
