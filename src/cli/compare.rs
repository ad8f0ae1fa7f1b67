//! `wirescope compare`: every transport side by side against the built-in server, as a table.

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::args::CompareArgs;
use super::capture::output;
use super::explained;
use super::interrupt::Interrupt;
use super::scale;
use super::terminal::{Terminal, print};
use crate::compare::{self, Comparison, Settings, table};
use crate::model::TransportKind;

/// Runs the comparison; the table or the JSON goes to stdout, the path of the capture to stderr.
pub(super) fn run(args: &CompareArgs, terminal: Terminal) -> Result<()> {
    if !args.scale.is_empty() {
        return scale::run(&args.scale, &TransportKind::ALL, args.json, terminal);
    }
    terminal.say(format_args!(
        "WebSocket, SSE, long poll and short poll side by side for {}, {} messages a second of {} B",
        humantime::format_duration(args.duration),
        args.rate,
        args.size
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let comparison = runtime.block_on(measure(args))?;
    let text = if args.json {
        serde_json::to_string_pretty(&comparison)? + "\n"
    } else {
        table(&comparison)
    };
    let printed = print(text.as_bytes());
    terminal.say(format_args!("Recorded in {}", comparison.capture.display()));
    printed
}

/// Ctrl-C ends the run early, with the figures there are.
async fn measure(args: &CompareArgs) -> Result<Comparison> {
    let settings = Settings { duration: args.duration, rate: args.rate, size: args.size };
    let mut interrupt = Interrupt::listen()?;
    let stop = CancellationToken::new();
    let place = |header: &_| output(args.output.as_deref(), header);
    let run = compare::run(settings, place, stop.clone());
    tokio::pin!(run);
    let done = tokio::select! {
        done = &mut run => done,
        () = interrupt.came() => {
            stop.cancel();
            run.await
        }
    };
    done.map_err(|error| explained(&error, &error.hint()))
}
