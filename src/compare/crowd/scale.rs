//! The scale run: so many clients of each transport, and what they cost.
//!
//! Each transport and number of clients gets a server of its own, in a process of its own with the
//! settings of `wirescope serve`: its heartbeats are on. On one machine the clients take their share
//! of the processors, so that the figures are those of both.
//! - *Memory*: resident memory of the server's process once it has come to rest, with all clients
//!   open and one message sent to each, less what it was after a few clients had come and gone; over
//!   the number of clients. What the system keeps for sockets is not in it.
//! - *Setup*: from the first connection until the last client is open: 101, the head of a stream, or
//!   the first poll answered. 128 clients are being opened at a time.
//! - *Delivery*: one message at a time for three seconds; the next one is published when all clients
//!   have it and as much time again has passed. From the time the server puts into it to the moment
//!   a client has its bytes, one clock.
//! - *Fan-out*: for three seconds messages are published as fast as they are delivered, with 16 on
//!   the way: messages delivered, over the time until the last has come.
//! - Who polls once a second gets many messages at once, so that there is no such thing as a most:
//!   40 messages are published at 10 a second, delivery and fan-out are of those.
//!
//! A message has about 170 bytes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::base::{Base, BaseError};
use super::child::{ChildError, ServerProcess};
use super::client::INTERVAL;
use super::files;
use super::held::Held;
use super::publisher::Publisher;
use super::response::Trouble;
use super::tally::Tally;
use crate::compare::view::{ScaleRow, ScaleView};
use crate::model::TransportKind;

/// Clients that come and go before anything is measured.
const FIRST: usize = 4;
/// How long each of the two measurements lasts.
const SPELL: Duration = Duration::from_secs(3);
/// Messages of the first, at most and at least.
const SINGLE: std::ops::Range<u64> = 3..200;
/// Messages on the way in the second.
const WINDOW: u64 = 16;
/// Messages of the second, at most.
const MOST: u64 = 9_000;
/// Messages for those who poll at intervals, and how many a second.
const PACED: (u64, f64) = (40, 10.0);
/// How long messages may take to reach all clients.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bounds of the rest between two single messages.
const REST: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
enum ScaleError {
    #[error(transparent)]
    Child(#[from] ChildError),
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error("publishing failed: {0}")]
    Publish(Trouble),
}

/// Opens so many clients of each of these transports, one after the other, against `program serve`,
/// where `program` is Wirescope itself, and measures what they cost. Tells in `progress` how far it
/// is. Cancelled, it ends at once, its server too, with the rows that are done.
pub async fn scale(
    clients: &[usize],
    ways: &[TransportKind],
    program: &Path,
    progress: watch::Sender<ScaleView>,
    stop: CancellationToken,
) -> ScaleView {
    let view = ScaleView { file_limit: files::raise(), ..ScaleView::default() };
    let mut run = Run { view, progress, steps: clients.len() * ways.len() };
    let failed = tokio::select! {
        biased;
        () = stop.cancelled() => None,
        done = run.all(clients, ways, program) => done.err(),
    };
    run.view.error = failed.map(|error| {
        let hint = "Run it again; where it fails each time, try fewer clients";
        (error.to_string(), String::from(hint))
    });
    run.view.doing = None;
    run.progress.send_replace(run.view.clone());
    run.view
}

struct Run {
    view: ScaleView,
    progress: watch::Sender<ScaleView>,
    /// Rows there will be.
    steps: usize,
}

/// What is being measured, for each row in this order.
#[derive(Clone, Copy)]
enum Part {
    Starting,
    Opening,
    Memory,
    Delivery,
    FanOut,
}

impl Part {
    const fn words(self) -> &'static str {
        match self {
            Self::Starting => "starting a server",
            Self::Opening => "opening",
            Self::Memory => "memory",
            Self::Delivery => "one message at a time",
            Self::FanOut => "as many messages as it can",
        }
    }
}

/// What messages came to.
#[derive(Default)]
struct Came {
    expected: u64,
    delivered: u64,
    took: Duration,
}

impl Run {
    async fn all(
        &mut self,
        clients: &[usize],
        ways: &[TransportKind],
        program: &Path,
    ) -> Result<(), ScaleError> {
        for &clients in clients {
            for &kind in ways {
                let row = self.row(kind, clients, program).await?;
                self.view.rows.push(row);
            }
        }
        Ok(())
    }

    fn tell(&mut self, kind: TransportKind, clients: usize, part: Part) {
        let done = self.view.rows.len() as f32 + f32::from(part as u8) / 5.0;
        let words = format!("{}, {} clients: {}", kind.label(), grouped(clients), part.words());
        self.view.doing = Some((words, done / self.steps.max(1) as f32));
        self.progress.send_replace(self.view.clone());
    }

    async fn row(
        &mut self,
        kind: TransportKind,
        clients: usize,
        program: &Path,
    ) -> Result<ScaleRow, ScaleError> {
        self.tell(kind, clients, Part::Starting);
        let mut notes = Vec::new();
        let fit = self.fitting(clients, &mut notes);
        let mut server = ServerProcess::start(program).await?;
        let base = Arc::new(Base::look_up(&server.url).await?);
        let before = warmed_up(&base, kind, &mut server).await?;

        self.tell(kind, clients, Part::Opening);
        let crowd = Held::open(&base, kind, fit).await;
        let tally = Arc::clone(&crowd.tally);
        let held = tally.open();
        if let (Some(trouble), true) = (tally.trouble(), held < fit) {
            notes.push(format!("{} could not be opened: {trouble}", grouped(fit - held)));
        }

        self.tell(kind, clients, Part::Memory);
        let mut publisher = connect(&base).await?;
        let last = to_all(&tally, &mut publisher).await?;
        let after = server.settled_memory().await;
        let memory = before.zip(after).map(|(before, after)| after.saturating_sub(before));

        let (came, fan_out_per_s) =
            self.messages(kind, clients, &tally, &mut publisher, last).await?;
        if came.delivered < came.expected {
            let missing = grouped(usize::try_from(came.expected - came.delivered).unwrap_or(0));
            let why = tally.trouble().map(|trouble| format!("; {trouble}")).unwrap_or_default();
            notes.push(format!("{missing} messages did not come in time{why}"));
        }
        if kind == TransportKind::ShortPoll {
            notes.push(String::from("asks once a second; 10 messages a second were published"));
        }
        let latencies = tally.latencies();
        let ms =
            |quantile| latencies.as_ref().map(|all| all.value_at_quantile(quantile) as f64 / 1e3);
        let row = ScaleRow {
            transport: kind.word(),
            clients,
            held,
            setup_ms: tally.setup().as_secs_f64() * 1e3,
            memory_per_connection: memory.and_then(|bytes| bytes.checked_div(held as u64)),
            fan_out_per_s,
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            lost: came.expected - came.delivered,
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        };
        crowd.end().await;
        Ok(row)
    }

    /// Clients that fit into the limit of files, of those that are to be opened.
    fn fitting(&self, clients: usize, notes: &mut Vec<String>) -> usize {
        let Some((limit, _)) = self.view.file_limit else { return clients };
        let room = files::room(limit);
        if room < clients {
            let limit = grouped(usize::try_from(limit).unwrap_or(usize::MAX));
            notes.push(format!("no more fit into the limit of {limit} open files"));
        }
        clients.min(room)
    }

    /// Both measurements of messages: what came of them, and how many a second.
    async fn messages(
        &mut self,
        kind: TransportKind,
        clients: usize,
        tally: &Tally,
        publisher: &mut Publisher,
        last: u64,
    ) -> Result<(Came, f64), ScaleError> {
        self.tell(kind, clients, Part::Delivery);
        if kind == TransportKind::ShortPoll {
            let came = paced(tally, publisher, last).await?;
            let published = PACED.0 as f64 / PACED.1;
            // In the last interval nothing was published any more.
            let took = came.took.saturating_sub(INTERVAL).as_secs_f64().max(published);
            let per_s = came.delivered as f64 / took;
            return Ok((came, per_s));
        }
        let (single, last) = one_at_a_time(tally, publisher, last).await?;
        self.tell(kind, clients, Part::FanOut);
        let many = as_many_as_it_can(tally, publisher, last).await?;
        let per_s = many.delivered as f64 / many.took.as_secs_f64().max(1e-3);
        let came = Came {
            expected: single.expected + many.expected,
            delivered: single.delivered + many.delivered,
            took: single.took + many.took,
        };
        Ok((came, per_s))
    }
}

/// The server's memory after a few clients came, were sent something, and went.
async fn warmed_up(
    base: &Arc<Base>,
    kind: TransportKind,
    server: &mut ServerProcess,
) -> Result<Option<u64>, ScaleError> {
    let few = Held::open(base, kind, FIRST).await;
    to_all(&few.tally, &mut connect(base).await?).await?;
    few.end().await;
    Ok(server.settled_memory().await)
}

/// Sends one message to all clients that are open, and waits until they have it; its id.
async fn to_all(tally: &Tally, publisher: &mut Publisher) -> Result<u64, ScaleError> {
    tally.count_from(0);
    let id = publish(publisher).await?;
    in_time(tally, 1).await;
    Ok(id)
}

async fn connect(base: &Base) -> Result<Publisher, ScaleError> {
    Publisher::connect(base).await.map_err(ScaleError::Publish)
}

async fn publish(publisher: &mut Publisher) -> Result<u64, ScaleError> {
    publisher.publish().await.map_err(ScaleError::Publish)
}

/// Whether so many messages came to each client that is still open in time.
async fn in_time(tally: &Tally, each: u64) -> bool {
    tokio::time::timeout(PATIENCE, tally.reaches(each)).await.is_ok()
}

/// What came, until the last one did: waiting for those that never come is no part of it.
fn came(tally: &Tally, sent: u64, held: u64, start: Instant) -> Came {
    let expected = sent * held;
    Came { expected, delivered: tally.delivered().min(expected), took: tally.took(start) }
}

async fn one_at_a_time(
    tally: &Tally,
    publisher: &mut Publisher,
    mut last: u64,
) -> Result<(Came, u64), ScaleError> {
    let held = tally.open() as u64;
    tally.count_from(last + 1);
    tally.take_times(true);
    let (start, mut sent) = (Instant::now(), 0);
    while sent < SINGLE.start || (start.elapsed() < SPELL && sent < SINGLE.end) {
        let published = Instant::now();
        last = publish(publisher).await?;
        sent += 1;
        if !in_time(tally, sent).await {
            break;
        }
        tokio::time::sleep(published.elapsed().clamp(REST.0, REST.1)).await;
    }
    tally.take_times(false);
    Ok((came(tally, sent, held, start), last))
}

async fn as_many_as_it_can(
    tally: &Tally,
    publisher: &mut Publisher,
    last: u64,
) -> Result<Came, ScaleError> {
    let held = tally.open() as u64;
    tally.count_from(last + 1);
    let (start, mut sent) = (Instant::now(), 0_u64);
    while start.elapsed() < SPELL && sent < MOST {
        if !in_time(tally, (sent + 1).saturating_sub(WINDOW)).await {
            break;
        }
        publish(publisher).await?;
        sent += 1;
    }
    in_time(tally, sent).await;
    Ok(came(tally, sent, held, start))
}

async fn paced(tally: &Tally, publisher: &mut Publisher, last: u64) -> Result<Came, ScaleError> {
    let held = tally.open() as u64;
    tally.count_from(last + 1);
    tally.take_times(true);
    let mut turns = tokio::time::interval(Duration::from_secs_f64(PACED.1.recip()));
    let start = Instant::now();
    for _ in 0..PACED.0 {
        turns.tick().await;
        publish(publisher).await?;
    }
    in_time(tally, PACED.0).await;
    Ok(came(tally, PACED.0, held, start))
}

/// A number with a comma between thousands.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
