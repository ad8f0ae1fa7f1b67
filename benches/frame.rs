//! What a frame of the window costs on the CPU with a million events: following the newest, and
//! scrolling through them. The target is 4 ms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]
#![allow(dead_code, unreachable_pub)]

#[path = "../tests/suite/window/fixture.rs"]
mod fixture;

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, Rect, TouchPhase, vec2};
use wirescope::engine::{Handle, Snapshot};
use wirescope::ui::{App, Place};

const FRAMES: u32 = 300;

fn main() {
    println!("events      following    scrolling   (CPU a frame, tessellation included)");
    for total in [1_000, 1_000_000] {
        let following = frames(total, 0.0);
        let scrolling = frames(total, 40.0);
        println!("{total:>9} {following:>12.2?} {scrolling:>12.2?}");
    }
}

/// Mean time of a frame, the wheel turned by so much in each.
fn frames(total: u64, wheel: f32) -> Duration {
    let (handle, port) = Handle::pair();
    let sessions = vec![Arc::new(fixture::ticker(total))];
    port.publish(Snapshot { sessions, ..Snapshot::default() });
    let ctx = egui::Context::default();
    let mut app = App::new(&ctx, handle, Place::utc(|| fixture::NOW), None);
    let mut frame = |time: f64| {
        let turned = Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, wheel),
            phase: TouchPhase::Move,
            source: MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        };
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1440.0, 900.0))),
            time: Some(time),
            events: vec![Event::PointerMoved(Pos2::new(600.0, 400.0)), turned],
            ..egui::RawInput::default()
        };
        let mut output = ctx.run_ui(input, |ui| {
            app.take_in();
            app.show(ui);
        });
        let shapes = std::mem::take(&mut output.shapes);
        let primitives = ctx.tessellate(shapes, output.pixels_per_point);
        output.drop_without_applying_deltas();
        primitives.len()
    };
    for k in 0..10 {
        std::hint::black_box(frame(f64::from(k) / 60.0));
    }
    let start = Instant::now();
    for k in 10..FRAMES + 10 {
        std::hint::black_box(frame(f64::from(k) / 60.0));
    }
    start.elapsed() / FRAMES
}
