//! `wirescope capture`: record an endpoint without a window.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Result;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::args::CaptureArgs;
use super::explained;
use super::interrupt::Interrupt;
use super::terminal::{Terminal, Tint, stdout_failed};
use crate::analysis::Measures;
use crate::analysis::query::{Facts, Query, Row};
use crate::capture::ndjson::{Extras, Lines};
use crate::capture::{CaptureError, Committed, Header, Recorder, Tap, place};
use crate::model::{Clock, Endpoint, Event, Feed, FeedError, Kind};
use crate::session::{End, Session};
use crate::transport::{self, TransportError};

/// Records until the peer, `--for`, `--count` or the person ends it.
pub(super) fn run(args: &CaptureArgs, terminal: Terminal) -> Result<()> {
    let endpoint = args.endpoint()?;
    // One thread for the socket, one for the file: more would only take turns.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(record(args, endpoint, terminal))
}

async fn record(args: &CaptureArgs, endpoint: Endpoint, terminal: Terminal) -> Result<()> {
    let mut interrupt = Interrupt::listen()?;
    let transport = transport::build(&endpoint)
        .map_err(|error| explained(&error, &error.hint().unwrap_or_default()))?;
    let clock = Clock::start();
    let header = Header::new(&endpoint, clock.wall_ns());
    let path =
        output(args.output.as_deref(), &header).map_err(|error| explained(&error, error.hint()))?;
    let stop = CancellationToken::new();
    let broken = Arc::new(OnceLock::new());
    let tap = Report {
        terminal,
        stdout: args.ndjson.then(|| BufWriter::new(io::stdout())),
        broken: Arc::clone(&broken),
        measures: Measures::new(clock.wall_ns(), &endpoint.options),
        lines: Lines::new(clock.wall_ns()),
        line: Vec::new(),
        filter: args.filter.clone(),
        before_ns: None,
        stop: stop.clone(),
    };
    let recorder = Recorder::create(&path, &header, Box::new(tap))
        .map_err(|error| explained(&error, error.hint()))?;
    terminal.say(format_args!("Recording {} into {}", endpoint.redacted().url, path.display()));

    let count = Arc::new(Count {
        feed: recorder.feed(0),
        left: AtomicU64::new(args.count.unwrap_or(u64::MAX)),
        received: AtomicU64::new(0),
        stop: stop.clone(),
    });
    let (controls, said) = Session::controls(stop.clone());
    let feed: Arc<dyn Feed> = count.clone();
    let mut session = Session::new(endpoint, transport, clock, feed);
    let (end, why) = {
        let run = session.run(&controls, said);
        tokio::pin!(run);
        tokio::select! {
            end = &mut run => (end, count.why()),
            () = time_is_up(args.duration) => { stop.cancel(); (run.await, "its time was over") }
            () = interrupt.came() => { stop.cancel(); (run.await, "disconnected by you") }
        }
    };
    let ended = finish(recorder, &end, why).await;
    let received = count.received.load(Ordering::Relaxed);
    match ended {
        Ok(summary) => {
            terminal.say(format_args!(
                "{received} messages received, {} events in {}",
                summary.events,
                summary.path.display()
            ));
        }
        // Unless the session's own end says why, in which case that is the news.
        Err(error) => return Err(explained(&error, error.hint())),
    }
    if let Some(error) = broken.get() {
        return Err(stdout_failed(error));
    }
    match end {
        End::Stopped | End::Finished => Ok(()),
        End::Unrecorded => {
            let error = TransportError::Feed(FeedError);
            Err(explained(&error, &error.hint().unwrap_or_default()))
        }
        End::GaveUp(error) => Err(explained(&error, &error.hint().unwrap_or_default())),
    }
}

/// Closes the recording. `why` it was stopped, if it was that.
async fn finish(
    recorder: Recorder,
    end: &End,
    why: &str,
) -> Result<crate::capture::Summary, CaptureError> {
    let status = recorder.status();
    let how = match end {
        End::Stopped => why.to_owned(),
        End::Finished => String::from("the peer was done"),
        End::Unrecorded => String::from("recording stopped"),
        End::GaveUp(error) => error.to_string(),
    };
    let finished = recorder.finish(&how).await;
    match status {
        crate::capture::Status::Failed(error) => Err(error),
        _ => finished,
    }
}

async fn time_is_up(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// The file to record into: the one asked for, or a new one in the usual place.
pub(super) fn output(asked: Option<&Path>, header: &Header) -> Result<PathBuf, CaptureError> {
    match asked {
        Some(path) => Ok(path.to_owned()),
        None => place::new_file(&place::folder()?, header),
    }
}

/// Lets through what still counts, and ends the session when `--count` is reached.
struct Count {
    feed: Arc<dyn Feed>,
    left: AtomicU64,
    received: AtomicU64,
    stop: CancellationToken,
}

impl Count {
    /// Why a run that nobody ended from outside was stopped.
    fn why(&self) -> &'static str {
        match self.left.load(Ordering::Relaxed) {
            0 => "as many messages as wanted came",
            _ => "its events could not be written out any more",
        }
    }
}

impl Feed for Count {
    fn send(&self, mut events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
        let left = self.left.load(Ordering::Relaxed);
        let mut received = 0;
        let end = events.iter().position(|event| {
            received += u64::from(event.is_received_message());
            received > left
        });
        if let Some(end) = end {
            // What came after the last message that counts is not part of the capture, but how the
            // connection ended is.
            let rest = events.split_off(end);
            events.extend(rest.into_iter().filter(|event| event.kind.is_state()));
            received = left;
        }
        self.left.store(left - received, Ordering::Relaxed);
        self.received.fetch_add(received, Ordering::Relaxed);
        if left == received {
            self.stop.cancel();
        }
        self.feed.send(events)
    }
}

/// Tells what was recorded: every event on stdout where that is wanted, changes of state on stderr.
struct Report {
    terminal: Terminal,
    stdout: Option<BufWriter<io::Stdout>>,
    /// Why stdout takes no more, where that is a failure.
    broken: Arc<OnceLock<io::Error>>,
    measures: Measures,
    lines: Lines,
    line: Vec<u8>,
    /// What of it goes to stdout.
    filter: Option<Query>,
    /// When the last event was.
    before_ns: Option<u64>,
    stop: CancellationToken,
}

impl Tap for Report {
    fn committed(&mut self, batch: Committed<'_>) {
        for (n, event) in (batch.first_n..).zip(batch.events) {
            if event.kind.is_state() {
                self.tell(event);
            }
            if self.stdout.is_some() {
                let found = self.measures.observe(event);
                if !self.passes(n, event, found.latency_ms) {
                    continue;
                }
                self.line.clear();
                let extras = Extras { latency_ms: found.latency_ms, seq: found.seq };
                self.lines.write(&mut self.line, n, batch.lane, event, extras);
                self.print();
            }
        }
        if let Some(stdout) = &mut self.stdout
            && let Err(error) = stdout.flush()
        {
            self.end_stdout(error);
        }
    }

    fn failed(&mut self, error: &CaptureError) {
        self.terminal.say(format_args!(
            "{} {error}. {}",
            self.terminal.tint(Tint::Bad, "recording stopped:"),
            error.hint()
        ));
        self.stop.cancel();
    }
}

impl Report {
    fn passes(&mut self, n: u64, event: &Event, latency_ms: Option<f64>) -> bool {
        let before = self.before_ns.replace(event.t_ns);
        let Some(filter) = &self.filter else { return true };
        let facts = Facts::of(n, event, before, latency_ms);
        filter.by_index(&facts).unwrap_or_else(|| filter.passes(&facts, &Row::from(event)))
    }

    fn print(&mut self) {
        if let Some(stdout) = &mut self.stdout
            && let Err(error) = stdout.write_all(&self.line)
        {
            self.end_stdout(error);
        }
    }

    /// `head` and the like close the pipe when they have enough; that is an end, not a failure.
    fn end_stdout(&mut self, error: io::Error) {
        // What it still holds cannot be written either.
        if let Some(stdout) = self.stdout.take() {
            drop(stdout.into_parts());
        }
        if error.kind() != io::ErrorKind::BrokenPipe {
            // The first one says it all.
            let _ = self.broken.set(error);
        }
        self.stop.cancel();
    }

    fn tell(&self, event: &Event) {
        let meta = event.meta();
        let (tint, text) = match event.kind {
            Kind::Connecting => (Tint::Faint, format!("attempt {}", event.attempt)),
            Kind::Open => (Tint::Good, opened_words(event)),
            Kind::Retrying => {
                let seconds = meta.delay_ms.unwrap_or_default() as f64 / 1e3;
                let (which, most) = meta.retry.unwrap_or_default();
                (Tint::Warning, format!("retry {which} of {most} in {seconds:.1} s"))
            }
            _ => (Tint::Bad, meta.cause.clone().unwrap_or_default()),
        };
        let seconds = event.t_ns as f64 / 1e9;
        let kind = self.terminal.tint(tint, format_args!("{:<10}", event.kind.word()));
        self.terminal.say(format_args!("{seconds:9.3} s  {kind}  {text}"));
    }
}

fn opened_words(event: &Event) -> String {
    let meta = event.meta();
    let status = meta.status.map(|status| format!("{status} ")).unwrap_or_default();
    let total = meta.timing.and_then(|timing| timing.total);
    let total = total.map(|ms| format!("in {ms:.1} ms")).unwrap_or_default();
    let insecure = if meta.insecure { ", certificate NOT verified" } else { "" };
    let chosen = meta.chosen.as_ref().map(|why| format!(", {why}")).unwrap_or_default();
    format!("{status}{total}{insecure}{chosen}")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::model::Dir;

    #[derive(Default)]
    struct Kept(Mutex<Vec<Event>>);

    impl Feed for Kept {
        fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
            if let Ok(mut kept) = self.0.lock() {
                kept.extend(events);
            }
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn exactly_as_many_messages_are_kept_as_were_asked_for() -> Result<()> {
        let kept = Arc::new(Kept::default());
        let stop = CancellationToken::new();
        let count = Count {
            feed: kept.clone(),
            left: AtomicU64::new(3),
            received: AtomicU64::new(0),
            stop: stop.clone(),
        };
        let event = |kind| Event::new(0, Dir::In, kind);
        count.send(vec![event(Kind::Open), event(Kind::Text), event(Kind::Text)]).await?;
        assert!(!stop.is_cancelled());
        count.send(vec![event(Kind::Text), event(Kind::Text), event(Kind::Ping)]).await?;
        assert!(stop.is_cancelled());
        count.send(vec![event(Kind::Text), event(Kind::Closed)]).await?;
        let kinds: Vec<Kind> = kept
            .0
            .lock()
            .map(|kept| kept.iter().map(|event| event.kind).collect())
            .unwrap_or_default();
        assert_eq!(kinds, [Kind::Open, Kind::Text, Kind::Text, Kind::Text, Kind::Closed]);
        Ok(())
    }
}
