//! `wirescope compare`: lanes side by side against the built-in server or another one, as a table.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::capture::output;
use super::compare_args::CompareArgs;
use super::explained;
use super::interrupt::Interrupt;
use super::scale;
use super::terminal::{Terminal, print};
use crate::compare::{self, CompareError, Comparison, LessonView, Running, Target, report, table};
use crate::engine::report_meta;
use crate::model::{LaneSpec, Network, RunSetup, ServerOptions, Source};
use crate::server::Server;

/// Messages kept for lanes that come back.
const HISTORY: usize = 10_000;
/// How often it is looked whether a lesson has gone on.
const LOOK: Duration = Duration::from_millis(200);

/// Runs the comparison; the table or the JSON goes to stdout, the path of the capture to stderr.
pub(super) fn run(args: &CompareArgs, terminal: Terminal) -> Result<()> {
    if !args.scale.is_empty() {
        return scale::run(&args.scale, &args.transports(), args.json, terminal);
    }
    let setup = args.setup();
    terminal.say(headline(&setup));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let comparison = runtime.block_on(measure(args, setup, terminal))?;
    let reported = args.report.as_deref().map(|path| write_report(path, &comparison));
    let text = if args.json {
        serde_json::to_string_pretty(&comparison)? + "\n"
    } else {
        table(&comparison) + &lesson(comparison.view.lesson.as_ref())
    };
    let printed = print(text.as_bytes());
    terminal.say(format_args!("Recorded in {}", comparison.capture.display()));
    reported.transpose()?;
    if let Some((error, hint)) = &comparison.view.error {
        anyhow::bail!("{error}. {hint}");
    }
    printed
}

/// Writes what there is to take home.
fn write_report(path: &Path, comparison: &Comparison) -> Result<()> {
    let meta = report_meta();
    let is_json = path.extension().is_some_and(|end| end == "json");
    let write = if is_json { report::json } else { report::html };
    std::fs::write(path, write(&comparison.view, None, &meta)).with_context(|| {
        let path = path.display();
        format!("{path} could not be written; choose a folder that is there and takes files")
    })
}

fn headline(setup: &RunSetup) -> String {
    let lanes: Vec<&str> = setup.lanes.iter().map(LaneSpec::name).collect();
    let time = setup.duration.map_or_else(
        || String::from("until Ctrl-C"),
        |duration| format!("for {}", humantime::format_duration(duration)),
    );
    let Source { rate, size, .. } = setup.source;
    format!("{} side by side {time}, {rate} messages a second of {size} B", lanes.join(", "))
}

/// Ctrl-C ends the run early, with the figures there are.
async fn measure(args: &CompareArgs, setup: RunSetup, terminal: Terminal) -> Result<Comparison> {
    let mut interrupt = Interrupt::listen()?;
    let stop = CancellationToken::new();
    let place = |header: &_| output(args.output.as_deref(), header);
    let told = |error: CompareError| explained(&error, &error.hint());
    if let Some(url) = setup.other.clone() {
        let run = compare::start(setup, Target::Other(url), place, stop.clone());
        return Ok(finish(run.await.map_err(told)?, &mut interrupt, &stop, terminal).await);
    }
    let mut options = options(&setup, args.network()?);
    if let Some(lesson) = args.lesson {
        options = lesson.server.applied(options);
    }
    let server = Server::start(options).await.map_err(|error| told(error.into()))?;
    let control = server.control();
    let running = match args.lesson {
        Some(lesson) => compare::start_lesson(lesson, control, place, stop.clone()).await,
        None => compare::start(setup, Target::BuiltIn(control), place, stop.clone()).await,
    };
    let comparison = finish(running.map_err(told)?, &mut interrupt, &stop, terminal).await;
    server.stop().await;
    Ok(comparison)
}

/// Follows a run to its end, which Ctrl-C may hasten.
async fn finish(
    running: Running,
    interrupt: &mut Interrupt,
    stop: &CancellationToken,
    terminal: Terminal,
) -> Comparison {
    let mut step = None;
    while !running.is_done() {
        tokio::select! {
            () = interrupt.came() => stop.cancel(),
            () = tokio::time::sleep(LOOK) => {}
        }
        if let Some(lesson) = running.lesson().filter(|lesson| step != Some(lesson.step)) {
            step = Some(lesson.step);
            if let Some(now) = lesson.steps.get(lesson.step) {
                terminal.say(format_args!("{:.0} s: {}. {}", now.at_s, now.what, now.watch));
            }
        }
    }
    running.done().await
}

/// What a lesson measured, step by step.
fn lesson(lesson: Option<&LessonView>) -> String {
    let mut text = String::new();
    for step in lesson.iter().flat_map(|lesson| &lesson.steps) {
        let measured = step.measured.as_deref().unwrap_or("not reached");
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{:.0} s  {}\n      {measured}\n", step.at_s, step.what);
    }
    text
}

/// A server of the comparison's own, quiet until it begins.
fn options(setup: &RunSetup, network: Network) -> ServerOptions {
    ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..setup.source.clone() },
        history: HISTORY,
        network,
        ..ServerOptions::default()
    }
}
