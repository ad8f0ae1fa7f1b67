//! The Compare page driven by accessible name: lanes, lessons, scale runs, and what is asked of the
//! engine.

use std::sync::Arc;

use wirescope::engine::{RunView, ScaleView, Snapshot, Stage};

use super::fixture_compare::{lesson, run, scale, with};

/// A lesson that is over.
pub fn learned() -> Snapshot {
    let mut lesson = lesson();
    lesson.step = 2;
    lesson.elapsed_s = 60.0;
    lesson.steps[1].measured =
        Some("SSE came in bursts of 160 messages, the oldest 8.1 s late; WebSocket 0.4 ms".into());
    with(RunView { lesson: Some(lesson), stage: Stage::Done, verdict: None, ..run(&[0, 1, 4]) })
}

/// A scale run in its third step.
pub fn scaling() -> Snapshot {
    let mut snapshot = with(run(&[0]));
    let doing = Some((String::from("Opening 5,000 clients over SSE: 3,120 are open"), 0.62));
    snapshot.compare.scale = Some(Arc::new(ScaleView { doing, ..scale() }));
    snapshot
}

/// A run that came to an end of its own.
pub fn failed() -> Snapshot {
    let error = Some((
        String::from("port 4100 is taken by another program"),
        String::from("Choose another port on the Server page, or 0 for any that is free"),
    ));
    with(RunView { error, stage: Stage::Done, verdict: None, ..run(&[0, 1]) })
}
