//! `wirescope compare`: lanes side by side against the built-in server or another one, as a table.

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::args::CompareArgs;
use super::capture::output;
use super::explained;
use super::interrupt::Interrupt;
use super::scale;
use super::terminal::{Terminal, print};
use crate::compare::{self, CompareError, Comparison, Target, table};
use crate::model::{LaneSpec, RunSetup, ServerOptions, Source, TransportKind};
use crate::server::Server;

/// Messages kept for lanes that come back.
const HISTORY: usize = 10_000;

/// Runs the comparison; the table or the JSON goes to stdout, the path of the capture to stderr.
pub(super) fn run(args: &CompareArgs, terminal: Terminal) -> Result<()> {
    if !args.scale.is_empty() {
        return scale::run(&args.scale, &TransportKind::ALL, args.json, terminal);
    }
    let setup = args.setup();
    let lanes: Vec<&str> = setup.lanes.iter().map(LaneSpec::name).collect();
    terminal.say(format_args!(
        "{} side by side for {}, {} messages a second of {} B",
        lanes.join(", "),
        humantime::format_duration(args.duration),
        setup.source.rate,
        setup.source.size
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let comparison = runtime.block_on(measure(args, setup))?;
    let text = if args.json {
        serde_json::to_string_pretty(&comparison)? + "\n"
    } else {
        table(&comparison)
    };
    let printed = print(text.as_bytes());
    terminal.say(format_args!("Recorded in {}", comparison.capture.display()));
    if let Some((error, hint)) = &comparison.view.error {
        anyhow::bail!("{error}. {hint}");
    }
    printed
}

/// Ctrl-C ends the run early, with the figures there are.
async fn measure(args: &CompareArgs, setup: RunSetup) -> Result<Comparison> {
    let mut interrupt = Interrupt::listen()?;
    let stop = CancellationToken::new();
    let place = |header: &_| output(args.output.as_deref(), header);
    let told = |error: CompareError| explained(&error, &error.hint());
    let (server, target) = if let Some(url) = &setup.other {
        (None, Target::Other(url.clone()))
    } else {
        let server = Server::start(options(&setup)).await.map_err(|error| told(error.into()))?;
        let target = Target::BuiltIn(server.control());
        (Some(server), target)
    };
    let running = compare::start(setup, target, place, stop.clone()).await.map_err(told)?;
    let done = running.done();
    tokio::pin!(done);
    let comparison = tokio::select! {
        comparison = &mut done => comparison,
        () = interrupt.came() => {
            stop.cancel();
            done.await
        }
    };
    if let Some(server) = server {
        server.stop().await;
    }
    Ok(comparison)
}

/// A server of the comparison's own, quiet until it begins.
fn options(setup: &RunSetup) -> ServerOptions {
    ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..setup.source.clone() },
        history: HISTORY,
        ..ServerOptions::default()
    }
}
