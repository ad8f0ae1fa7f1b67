//! What a JSON document of 50 MB costs: reading it, holding it, a frame of its tree, and opening a
//! list of a million values. The target is 4 ms a frame. Beside it: serde_json's own value.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]
#![allow(dead_code, unreachable_pub)]

#[path = "../tests/suite/window/fixture.rs"]
mod fixture;

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, Rect, TouchPhase, vec2};
use wirescope::decode::{Body, Context, decode};
use wirescope::engine::{Handle, Snapshot};
use wirescope::model::{Dir, Kind};
use wirescope::ui::{App, Place};

const FRAMES: u32 = 200;

fn main() {
    // A million short objects and a long list within one object.
    let mut text = String::from(r#"{"rows":["#);
    for row in 0..1_000_000 {
        let _ = write!(text, r#"{{"id":{row},"name":"row {row}","price":{}.25}},"#, row % 977);
    }
    text.pop();
    text.push_str(r#"],"list":["#);
    for number in 0..1_000_000 {
        let _ = write!(text, "{number},");
    }
    text.pop();
    text.push_str("]}");
    println!("document: {} MB", text.len() / 1_000_000);
    let start = Instant::now();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    println!("serde_json::Value:  read in {:.0?}", start.elapsed());
    drop(value);
    let event = wirescope::model::Event::new(0, Dir::In, Kind::Text).with_payload(text);
    let start = Instant::now();
    let decoded = decode(&Context::new(&event), None);
    let elapsed = start.elapsed();
    let Body::Tree(tree) = &decoded.body else { panic!("{decoded:?}") };
    let (values, weight) = (tree.values(), tree.weight() / 1_000_000);
    println!("tree:               read in {elapsed:.0?}, {values} values, {weight} MB besides");
    drop(decoded);
    let small = wirescope::model::Event::new(0, Dir::In, Kind::Text).with_payload(r#"{"a":[1,2]}"#);
    println!("a small document:   {:.2?} a frame", Show::new(small).mean(0.0));
    let mut show = Show::new(event);
    println!("first frame:        {:.2?}", show.frame(0.0, None));
    println!("resting:            {:.2?}", show.mean(0.0));
    println!("scrolling:          {:.2?}", show.mean(-400.0));
    for name in ["list array, 1000000 items", "rows array, 1000000 items"] {
        let at = show.place(name);
        // Opened and closed in turn, and left open; another program may take the core meanwhile.
        let mut times: Vec<Duration> = (0..9).map(|_| show.click(at)).collect();
        times.sort();
        println!("opening {name}: {:.2?}", times[4]);
        println!("  scrolling it:     {:.2?}", show.mean(-4000.0));
        show.mean(1e9);
    }
}

struct Show {
    ctx: egui::Context,
    app: App,
    time: f64,
    names: Vec<(String, Rect)>,
}

impl Show {
    fn new(event: wirescope::model::Event) -> Self {
        let (handle, port) = Handle::pair();
        let mut view = fixture::with_event(event);
        // Rows hold the beginning of a payload, as the engine gives it.
        let mut rows = view.rows.as_ref().clone();
        if let Some(row) = rows.get_mut(&501) {
            let mut short = wirescope::model::Event::clone(row);
            short.payload = short.payload.slice(..short.payload.len().min(2048));
            *row = Arc::new(short);
        }
        view.rows = Arc::new(rows);
        let sessions = vec![Arc::new(view)];
        port.publish(Snapshot { sessions, ..Snapshot::default() });
        let ctx = egui::Context::default();
        ctx.enable_accesskit();
        let app = App::new(&ctx, handle, Place::utc(|| fixture::NOW), None);
        let mut show = Self { ctx, app, time: 0.0, names: Vec::new() };
        for _ in 0..5 {
            show.frame(0.0, None);
        }
        let at = show.place("501 text");
        show.click(at);
        show.frame(0.0, None);
        show
    }

    /// Where what is called so is.
    fn place(&mut self, part: &str) -> Pos2 {
        self.frame(0.0, None);
        let found = self.names.iter().find(|(name, _)| name.contains(part));
        found.unwrap_or_else(|| panic!("{part}: {:?}", self.names)).1.center()
    }

    fn click(&mut self, at: Pos2) -> Duration {
        self.frame(0.0, Some((at, true)));
        let released = self.frame(0.0, Some((at, false)));
        released.max(self.frame(0.0, None))
    }

    fn mean(&mut self, wheel: f32) -> Duration {
        (0..FRAMES).map(|_| self.frame(wheel, None)).sum::<Duration>() / FRAMES
    }

    fn frame(&mut self, wheel: f32, button: Option<(Pos2, bool)>) -> Duration {
        let pointer = button.map_or(Pos2::new(1250.0, 200.0), |(at, _)| at);
        let mut events = vec![Event::PointerMoved(pointer)];
        let modifiers = Modifiers::NONE;
        if let Some((pos, pressed)) = button {
            let button = egui::PointerButton::Primary;
            events.push(Event::PointerButton { pos, button, pressed, modifiers });
        } else if wheel != 0.0 {
            events.push(Event::MouseWheel {
                unit: MouseWheelUnit::Point,
                delta: vec2(0.0, wheel),
                phase: TouchPhase::Move,
                source: MouseWheelSource::Unknown,
                modifiers,
            });
        }
        self.time += 1.0 / 60.0;
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1440.0, 900.0))),
            time: Some(self.time),
            events,
            ..egui::RawInput::default()
        };
        let start = Instant::now();
        let app = &mut self.app;
        let mut output = self.ctx.run_ui(input, |ui| {
            app.take_in();
            app.show(ui);
        });
        let shapes = std::mem::take(&mut output.shapes);
        std::hint::black_box(self.ctx.tessellate(shapes, output.pixels_per_point));
        let elapsed = start.elapsed();
        if let Some(update) = output.platform_output.accesskit_update.take() {
            self.names = names(&update);
        }
        output.drop_without_applying_deltas();
        elapsed
    }
}

fn names(update: &egui::accesskit::TreeUpdate) -> Vec<(String, Rect)> {
    let of = |(_, node): &(egui::accesskit::NodeId, egui::accesskit::Node)| {
        let bounds = node.bounds()?;
        let (min, max) = (Pos2::new(bounds.x0 as f32, bounds.y0 as f32), (bounds.x1, bounds.y1));
        let max = Pos2::new(max.0 as f32, max.1 as f32);
        Some((node.label()?.to_owned(), Rect::from_min_max(min, max)))
    };
    update.nodes.iter().filter_map(of).collect()
}
