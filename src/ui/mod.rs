//! The window: paints snapshots of the engine, sends it commands, and does no IO of its own.
//!
//! [`run`] opens it. [`App`] holds one small state a view; [`action`] is the one table of what can
//! be done, `theme` the one place for colours and measures.

pub mod action;
mod app;
mod format;
mod palette;
mod saving;
mod scene;
mod shortcuts;
mod theme;
mod toasts;
mod views;
mod widgets;

use std::sync::Arc;

use egui::{ViewportBuilder, vec2};

pub use app::{App, Place};

use crate::engine::Handle;
use crate::model::Command;

/// Tells the window that there is a new snapshot. It may be called from any thread, as often as one
/// likes: calls before the next frame count as one.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Opens the window and returns when it is closed. `start` begins the engine once there is
/// something to wake; `first` is carried out at once: a URL or a file of the command line.
///
/// # Errors
/// When there is no display, or it cannot draw.
pub fn run(start: impl FnOnce(Waker) -> Handle, first: Option<Command>) -> eframe::Result {
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("Wirescope")
            .with_app_id("wirescope")
            .with_icon(icon())
            .with_inner_size(vec2(1440.0, 900.0))
            .with_min_inner_size(vec2(900.0, 600.0)),
        renderer: eframe::Renderer::Glow,
        ..eframe::NativeOptions::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(move |creation| {
        let ctx = creation.egui_ctx.clone();
        let handle = start(Arc::new(move || ctx.request_repaint()));
        Ok(Box::new(App::new(&creation.egui_ctx, handle, Place::here(), first)))
    });
    eframe::run_native("Wirescope", options, create)
}

/// The mark of the program: a pulse, drawn rather than stored.
fn icon() -> egui::IconData {
    const SIDE: usize = 64;
    const PULSE: [(f32, f32); 7] = [
        (6.0, 34.0),
        (18.0, 34.0),
        (25.0, 14.0),
        (36.0, 52.0),
        (43.0, 28.0),
        (47.0, 34.0),
        (58.0, 34.0),
    ];
    let mut rgba = Vec::with_capacity(SIDE * SIDE * 4);
    let color = theme::mark();
    for at in 0..SIDE * SIDE {
        let point = ((at % SIDE) as f32 + 0.5, (at / SIDE) as f32 + 0.5);
        let near = PULSE.windows(2).map(|line| distance(point, line[0], line[1]));
        let cover = (4.0 - near.fold(f32::MAX, f32::min)).clamp(0.0, 1.0);
        rgba.extend([color.r(), color.g(), color.b(), (cover * 255.0) as u8]);
    }
    egui::IconData { rgba, width: SIDE as u32, height: SIDE as u32 }
}

fn distance(point: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let along = ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / (dx * dx + dy * dy);
    let along = along.clamp(0.0, 1.0);
    (point.0 - from.0 - along * dx).hypot(point.1 - from.1 - along * dy)
}
