//! Opens the window: the only place that knows both the engine's end and the window's.

use std::path::Path;

use anyhow::{Context, Result};


use super::explained;
use crate::capture::place;
use crate::engine::Engine;
use crate::model::{Command, Endpoint};
use crate::ui;

/// Runs the window until it is closed; every session and recording is closed by then.
pub(super) fn run(target: Option<&str>) -> Result<()> {
    let first = target.map(command).transpose()?;
    let folder = place::folder().map_err(|error| explained(&error, error.hint()))?;
    let mut engine = None;
    let shown = ui::run(|waker| {
        let (running, handle) = Engine::start(folder, waker)?;
        engine = Some(running);
        if let Some(command) = first {
            handle.send(command);
        }
        Ok(handle)
    });
    drop(engine);
    shown.context("the window could not be opened; is the display reachable?")
}

/// A file that is there is opened, everything else is an address.
fn command(target: &str) -> Result<Command> {
    let path = Path::new(target);
    if path.is_file() {
        return Ok(Command::Open(path.to_owned()));
    }
    if target.ends_with(".wirescope") && !target.contains("://") {
        anyhow::bail!("there is no file {target}; check the path");
    }
    Ok(Command::Connect(Box::new(Endpoint::parse(target)?)))
}
