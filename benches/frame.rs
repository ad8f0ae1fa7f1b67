//! What a frame of the window costs on the CPU with a million events: following the newest, and
//! scrolling through them; and of the Compare page with six lanes, while nothing changes and with
//! new figures in each frame. The target is 4 ms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]
#![allow(dead_code, unreachable_pub)]

#[path = "../tests/suite/window/fixture.rs"]
mod fixture;
#[path = "../tests/suite/window/fixture_compare.rs"]
mod fixture_compare;
#[path = "../tests/suite/window/fixture_server.rs"]
mod fixture_server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, Rect, TouchPhase, vec2};
use wirescope::engine::{Handle, Snapshot};
use wirescope::ui::action::Action;
use wirescope::ui::{App, Place};

const FRAMES: u32 = 300;

fn main() {
    println!("events      following    scrolling   (CPU a frame, tessellation included)");
    for total in [1_000, 1_000_000] {
        let sessions = vec![Arc::new(fixture::ticker(total))];
        let snapshot = || Snapshot { sessions: sessions.clone(), ..Snapshot::default() };
        let following = frames(&[snapshot()], None, 0.0);
        let scrolling = frames(&[snapshot()], None, 40.0);
        println!("{total:>9} {following:>12.2?} {scrolling:>12.2?}");
    }
    println!("compare         still          new");
    let still = frames(&[fixture_compare::comparing()], Some(Action::ShowCompare), 0.0);
    let both = [fixture_compare::comparing(), fixture_compare::comparing()];
    let new = frames(&both, Some(Action::ShowCompare), 0.0);
    println!("six lanes {still:>12.2?} {new:>12.2?}");
}

/// Mean time of a frame on a page, the wheel turned by so much in each; each shows the next of the
/// snapshots.
fn frames(snapshots: &[Snapshot], page: Option<Action>, wheel: f32) -> Duration {
    let (handle, port) = Handle::pair();
    port.publish(snapshots[0].clone());
    let ctx = egui::Context::default();
    let mut app = App::new(&ctx, handle, Place::utc(|| fixture::NOW), None);
    if let Some(page) = page {
        app.act(&ctx, page);
    }
    let mut at = 0;
    let mut frame = |time: f64| {
        if snapshots.len() > 1 {
            at += 1;
            port.publish(snapshots[at % snapshots.len()].clone());
        }
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
