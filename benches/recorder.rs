//! What the recorder costs beside the bare inserts it is made of: 2,000,000 messages of 128 bytes
//! through `Recorder`'s feed, and the same rows through a plain loop over rusqlite, in one run.
//!
//! `cargo bench --no-default-features --bench recorder [-- MESSAGES]`
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::{Connection, params};
use wirescope::capture::ndjson::{Extras, Lines};
use wirescope::capture::{Committed, Header, Reader, Recorder, Tap};
use wirescope::model::{Clock, Dir, Endpoint, Event, Kind, Wire};

type Outcome<T> = Result<T, Box<dyn Error>>;

const SIZE: usize = 128;
const BATCH: u64 = 1024;
const COMMIT: u64 = 16 << 10;

fn main() -> Outcome<()> {
    // `cargo bench` passes flags of its own.
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let count: u64 = asked.unwrap_or(2_000_000);
    let folder = tempfile::tempdir_in(".")?;
    let rss_before = peak_rss_kib();

    let path = folder.path().join("recorder.wirescope");
    let (recorded, oldest) = record(&path, count)?;
    let rss = peak_rss_kib();
    check(&path, count)?;
    let lines = print_lines(&path)?;
    let bare = insert(&folder.path().join("bare.sqlite"), count)?;

    let rate = |time: Duration| count as f64 / time.as_secs_f64();
    println!("{count} messages of {SIZE} bytes");
    println!("recorder          {:>12.0} messages/s", rate(recorded));
    println!("bare rusqlite     {:>12.0} rows/s", rate(bare));
    println!("ratio             {:>12.2}", rate(recorded) / rate(bare));
    println!("as NDJSON         {:>12.0} lines/s, read from the file", rate(lines));
    println!("oldest at commit  {:>12.1} ms", oldest.as_secs_f64() * 1000.0);
    println!("peak RSS          {:>12.1} MiB, {:.1} before", mib(rss), mib(rss_before));
    Ok(())
}

/// Remembers how old an event was at most when it was committed, which is what a crash would have
/// lost.
struct Ages {
    clock: Clock,
    oldest_ns: Arc<AtomicU64>,
}

impl Tap for Ages {
    fn committed(&mut self, batch: Committed<'_>) {
        let taken = batch.events.first().map_or(0, |event| event.t_ns);
        self.oldest_ns.fetch_max(self.clock.now().saturating_sub(taken), Ordering::Relaxed);
    }
}

fn record(path: &Path, count: u64) -> Outcome<(Duration, Duration)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let clock = Clock::start();
    let oldest_ns = Arc::new(AtomicU64::new(0));
    let tap = Ages { clock, oldest_ns: Arc::clone(&oldest_ns) };
    let header = Header::new(&Endpoint::parse("ws://127.0.0.1:4100/ws")?, clock.wall_ns());
    let recorder = Recorder::create(path, &header, Box::new(tap))?;
    let feed = recorder.feed(0);
    let begun = Instant::now();
    runtime.block_on(async {
        let mut sent = 0;
        while sent < count {
            let size = BATCH.min(count - sent);
            feed.send(batch(&clock, sent, size)).await?;
            sent += size;
        }
        recorder.finish("stopped").await?;
        Ok::<(), Box<dyn Error>>(())
    })?;
    Ok((begun.elapsed(), Duration::from_nanos(oldest_ns.load(Ordering::Relaxed))))
}

/// As a transport makes them: one read of the socket holds many messages, each a slice of it.
fn batch(clock: &Clock, first: u64, size: u64) -> Vec<Event> {
    let mut read = Vec::with_capacity(size as usize * SIZE);
    for n in first..first + size {
        read.extend_from_slice(&payload(n));
    }
    let read = Bytes::from(read);
    let t_ns = clock.now();
    let event = |at: usize| {
        let payload = read.slice(at * SIZE..(at + 1) * SIZE);
        let mut event = Event::new(t_ns, Dir::In, Kind::Text).with_payload(payload);
        event.attempt = 1;
        event.with_wire(Wire::Exact(SIZE as u64 + 4))
    };
    (0..size as usize).map(event).collect()
}

fn payload(n: u64) -> [u8; SIZE] {
    let mut payload = [b'x'; SIZE];
    let number = format!("{{\"seq\":{n:>12},\"pad\":\"");
    payload[..number.len()].copy_from_slice(number.as_bytes());
    payload[SIZE - 2..].copy_from_slice(b"\"}");
    payload
}

/// Reads everything and makes lines of it.
fn print_lines(path: &Path) -> Outcome<Duration> {
    let reader = Reader::open(path)?;
    let mut lines = Lines::new(reader.header()?.start_ns);
    let mut out = Vec::new();
    let begun = Instant::now();
    reader.scan(1, |n, lane, event| {
        if out.len() > 1 << 20 {
            out.clear();
        }
        lines.write(&mut out, n, lane, event, Extras::default());
        ControlFlow::Continue(())
    })?;
    Ok(begun.elapsed())
}

/// The same rows, inserted one by one, committed as often as the recorder does under load.
fn insert(path: &Path, count: u64) -> Outcome<Duration> {
    let conn = Connection::open(path)?;
    conn.execute_batch(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         CREATE TABLE event(n INTEGER PRIMARY KEY, t_ns, attempt, dir, kind, name, id,
                            payload BLOB, wire, meta, lane INTEGER NOT NULL DEFAULT 0)",
    )?;
    let clock = Clock::start();
    let begun = Instant::now();
    {
        let mut statement =
            conn.prepare("INSERT INTO event VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)")?;
        for n in 0..count {
            if n % COMMIT == 0 {
                conn.execute_batch("BEGIN")?;
            }
            let none: Option<&str> = None;
            let t_ns = clock.now().cast_signed();
            let (n_signed, wire) = (n.cast_signed() + 1, (SIZE as u64 + 4).cast_signed());
            let body = &payload(n)[..];
            statement.execute(params![
                n_signed, t_ns, 1, "in", "text", none, none, body, wire, none, 0
            ])?;
            if n % COMMIT == COMMIT - 1 || n + 1 == count {
                conn.execute_batch("COMMIT")?;
            }
        }
    }
    conn.close().map_err(|(_, error)| error)?;
    Ok(begun.elapsed())
}

fn check(path: &Path, count: u64) -> Outcome<()> {
    let reader = Reader::open(path)?;
    for n in [1, count / 2, count] {
        let found = reader.event(n)?.ok_or("an event is missing")?;
        if found.event.payload[..] != payload(n - 1)[..] {
            return Err(format!("event {n} is not what was sent").into());
        }
    }
    if reader.count()? == count { Ok(()) } else { Err("the count is wrong".into()) }
}

/// Highest resident set so far; zero where the system does not tell.
fn peak_rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
