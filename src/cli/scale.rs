//! `wirescope compare --scale`: what many clients of each transport cost, as a table.

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::interrupt::Interrupt;
use super::terminal::{Terminal, print};
use crate::compare::{self, ScaleView, scale_table};
use crate::model::TransportKind;

/// Clients a transport, at most: more than a machine has ports towards one address.
const MOST: usize = 100_000;
/// Numbers of clients in one run, at most.
pub(super) const STEPS: usize = 16;

/// Reads one number of clients.
pub(super) fn clients(text: &str) -> Result<usize, String> {
    let clients = text.trim().parse().ok().filter(|clients| (1..=MOST).contains(clients));
    clients.ok_or_else(|| format!("use numbers of clients from 1 to {MOST}, as in 100,1000"))
}

/// Runs it for these transports; the table or the JSON goes to stdout, what is being done to stderr.
/// Ctrl-C ends it with the rows that are done.
pub(super) fn run(
    clients: &[usize],
    ways: &[TransportKind],
    json: bool,
    terminal: Terminal,
) -> Result<()> {
    let program = std::env::current_exe().context("this program's own file was not found")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let view = runtime.block_on(async {
        let mut interrupt = Interrupt::listen()?;
        let stop = CancellationToken::new();
        let (tell, told) = watch::channel(ScaleView::default());
        let run = compare::scale(clients, ways, &program, tell, stop.clone());
        tokio::pin!(run);
        let report = report(told, terminal);
        tokio::pin!(report);
        loop {
            tokio::select! {
                view = &mut run => return anyhow::Ok(view),
                () = interrupt.came() => stop.cancel(),
                () = &mut report => {}
            }
        }
    })?;
    let text = if json { serde_json::to_string_pretty(&view)? + "\n" } else { scale_table(&view) };
    print(text.as_bytes())?;
    match view.error {
        Some((what, hint)) => Err(anyhow::anyhow!("{what}. {hint}")),
        None => Ok(()),
    }
}

/// Says what is being done each time that changes.
async fn report(mut told: watch::Receiver<ScaleView>, terminal: Terminal) {
    while told.changed().await.is_ok() {
        let doing = told.borrow_and_update().doing.clone();
        if let Some((words, share)) = doing {
            terminal.say(format_args!("{:3.0} %  {words}", share * 100.0));
        }
    }
    std::future::pending::<()>().await;
}
