//! Opens the window: the only place that knows both the engine's end and the window's.

use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};

use super::args::Target;
use super::explained;
use crate::capture::place;
use crate::engine::Engine;
use crate::model::Command;
use crate::ui;

/// Runs the window until it is closed; every session and recording is closed by then.
pub(super) fn run(target: Option<Target>) -> Result<()> {
    let first = target.map(|target| match target {
        Target::File(path) => Command::Open(path),
        Target::Address(endpoint) => Command::Connect(endpoint),
    });
    let folder = place::folder().map_err(|error| explained(&error, error.hint()))?;
    // The engine runs before there is a window to wake, so that what hinders it is said here.
    let window = Arc::new(OnceLock::<ui::Waker>::new());
    let wake = {
        let window = Arc::clone(&window);
        Arc::new(move || {
            if let Some(wake) = window.get() {
                wake();
            }
        })
    };
    let (engine, handle) = Engine::start(folder, wake)
        .context("the engine could not start; end other programs and try again")?;
    let shown = ui::run(
        |wake| {
            // Nobody else sets it.
            let _ = window.set(wake);
            handle
        },
        first,
    );
    drop(engine);
    shown.map_err(|error| {
        anyhow::anyhow!("the window could not be opened: {error}. Check that the display can be reached and draws OpenGL, or use `wirescope capture`")
    })
}
