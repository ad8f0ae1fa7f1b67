//! What filtering 1,000,000 events costs: a session file of 128-byte JSON messages, every query once
//! through the engine, from the command to the last match, and once as a plain loop over rusqlite
//! with the same predicate. Meanwhile the real window is painted, and its longest frame told.
//!
//! `cargo bench --bench filter [-- EVENTS]`
#![allow(clippy::print_stdout, missing_docs)]

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use egui::{Pos2, Rect, vec2};
use memchr::memmem;
use rusqlite::{Connection, OpenFlags};
use wirescope::analysis::query::Query;
use wirescope::capture::{Header, Recorder};
use wirescope::engine::{Engine, Handle, Matches};
use wirescope::model::{Command, Dir, Endpoint, Event, Filter, Kind, SessionId};
use wirescope::ui::{App, Place};

type Outcome<T> = Result<T, Box<dyn Error>>;
/// What a plain loop asks of a payload.
type Predicate = Box<dyn Fn(&[u8]) -> bool>;

const ROUNDS: usize = 5;

fn main() -> Outcome<()> {
    // `cargo bench` passes flags of its own.
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let count: u64 = asked.unwrap_or(1_000_000);
    let folder = tempfile::tempdir_in(".")?;
    let path = folder.path().join("filter.wirescope");
    record(&path, count)?;
    let mut bench = Bench::open(&path, folder.path(), count)?;

    println!("{count} events, best of {ROUNDS}; bare is a loop over rusqlite with the predicate");
    println!("{:<44} {:>9} {:>9} {:>9} {:>6}", "query", "matches", "engine", "bare", "ratio");
    for (query, predicate) in cases()? {
        let (found, took) = best(|| bench.filtered(query))?;
        let (bare_found, bare) = match &predicate {
            Some(predicate) => best(|| bare(&path, predicate))?,
            None => (found, took),
        };
        if found != bare_found {
            return Err(format!("{query}: {found} found, {bare_found} by the loop").into());
        }
        let (shown, ratio) = match predicate {
            Some(_) => (ms(bare), format!("{:.2}", bare.as_secs_f64() / took.as_secs_f64())),
            None => ("index".into(), String::from("-")),
        };
        println!("{query:<44} {found:>9} {:>9} {shown:>9} {ratio:>6}", ms(took));
    }
    // What the window itself does for a query is to read it.
    for query in [r"/\w{20}/", r"/(\w+\s*){3}/i", r"/[^a]{1,200}b/"] {
        let (_, took) = best(|| Ok(usize::from(Query::parse(query).is_ok())))?;
        println!("{query:<44} read in {}", ms(took));
    }
    let mut frames = bench.frames()?;
    let all = frames.len();
    tell("frames painted meanwhile", &mut frames);
    // What other programs took of the processor is not the window's.
    frames.retain(|frame| !frame.was_interrupted);
    tell(&format!("of them {} interrupted, the others", all - frames.len()), &mut frames);
    Ok(())
}

/// A frame of the window.
struct Frame {
    took: Duration,
    /// The system gave the processor to another thread in the middle of it.
    was_interrupted: bool,
}

fn tell(what: &str, frames: &mut [Frame]) {
    frames.sort_unstable_by_key(|frame| frame.took);
    let at = |share: usize| frames.get(frames.len() * share / 1000).or(frames.last());
    let time = |share| at(share).map_or_else(String::new, |frame| ms(frame.took));
    println!(
        "{} {what}: half within {}, 99 % within {}, all within {}",
        frames.len(),
        time(500),
        time(990),
        time(1000)
    );
}

/// How often the system took the processor from this thread; 0 where it does not say.
fn interruptions() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let count = status.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Queries, and what a plain loop would ask instead where it has to read at all.
fn cases() -> Outcome<Vec<(&'static str, Option<Predicate>)>> {
    let holds = |word: &'static str| -> Option<Predicate> {
        let finder = memmem::Finder::new(word).into_owned();
        Some(Box::new(move |payload| finder.find(payload).is_some()))
    };
    let matches = |source: &str| -> Outcome<Option<Predicate>> {
        let regex = regex::bytes::Regex::new(source)?;
        Ok(Some(Box::new(move |payload| regex.is_match(payload))))
    };
    let json = |test: fn(&serde_json::Value) -> bool| -> Option<Predicate> {
        Some(Box::new(move |payload| serde_json::from_slice(payload).is_ok_and(|v| test(&v))))
    };
    Ok(vec![
        ("aapl", holds("AAPL")),
        ("nowhere", holds("nowhere")),
        ("-aapl tick", {
            let (tick, aapl) = (memmem::Finder::new("tick"), memmem::Finder::new("AAPL"));
            let (tick, aapl) = (tick.into_owned(), aapl.into_owned());
            Some(Box::new(move |hay| tick.find(hay).is_some() && aapl.find(hay).is_none()))
        }),
        (r#"/"seq":\d*77,/"#, matches(r#""seq":\d*77,"#)?),
        (r"/a+p+l[a-z]?/i", matches(r"(?i)a+p+l[a-z]?")?),
        (r#"symbol = "AAPL" and size > 60"#, json(|v| v["symbol"] == "AAPL")),
        ("price > 229", json(|v| v["price"].as_f64().is_some_and(|price| price > 229.0))),
        ("symbol:*", json(|v| !v["symbol"].is_null())),
        ("kind:text size > 60 latency < 5", None),
    ])
}

/// The shortest of some runs, each of which finds the same.
fn best(mut run: impl FnMut() -> Outcome<usize>) -> Outcome<(usize, Duration)> {
    let mut shortest = None;
    let mut found = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        found = run()?;
        let took = start.elapsed();
        shortest = Some(shortest.map_or(took, |shortest: Duration| shortest.min(took)));
    }
    Ok((found, shortest.unwrap_or_default()))
}

fn bare(path: &Path, passes: &Predicate) -> Outcome<usize> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = conn.prepare("SELECT payload FROM event ORDER BY n")?;
    let mut rows = statement.query([])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        found += usize::from(passes(row.get_ref(0)?.as_bytes()?));
    }
    Ok(found)
}

fn record(path: &Path, count: u64) -> Outcome<()> {
    let endpoint = Endpoint::parse("ws://host.test/")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let recorder = Recorder::create(path, &Header::new(&endpoint, 0), Box::new(()))?;
        let feed = recorder.feed(0);
        for from in (0..count).step_by(1024) {
            let events = (from..count.min(from + 1024)).map(message).collect();
            feed.send(events).await.map_err(|error| format!("{error:?}"))?;
        }
        recorder.finish("done").await?;
        Ok(())
    })
}

/// A message of 128 bytes; every fourth is of AAPL.
fn message(n: u64) -> Event {
    let symbol = ["AAPL", "MSFT", "GOOG", "NVDA"][(n % 4) as usize];
    let price = 227.0 + (n % 300) as f64 / 100.0;
    let mut text = format!(
        r#"{{"type":"tick","seq":{n},"symbol":"{symbol}","price":{price:.2},"ts":1795351572123,"note":""#
    );
    let rest = 126 - text.len();
    text.extend(std::iter::repeat_n('z', rest));
    text.push_str("\"}");
    Event::new(n * 1000, Dir::In, Kind::Text).with_payload(text)
}

/// An engine with the file open.
struct Bench {
    engine: Option<Engine>,
    handle: Handle,
    woken: Arc<(Mutex<()>, Condvar)>,
    id: SessionId,
    count: usize,
}

impl Bench {
    fn open(path: &Path, folder: &Path, count: u64) -> Outcome<Self> {
        let woken = Arc::new((Mutex::new(()), Condvar::new()));
        let waker = Arc::clone(&woken);
        let (engine, handle) =
            Engine::start(folder.to_owned(), Arc::new(move || waker.1.notify_all()))?;
        handle.send(Command::Open(path.to_owned()));
        let count = usize::try_from(count)?;
        let mut bench = Self { engine: Some(engine), handle, woken, id: SessionId(0), count };
        let start = Instant::now();
        loop {
            let snapshot = bench.handle.snapshot();
            if let Some(session) = snapshot.sessions.first()
                && session.index.len() == count
            {
                bench.id = session.id;
                println!("opened in {}", ms(start.elapsed()));
                return Ok(bench);
            }
            bench.wait()?;
        }
    }

    fn wait(&self) -> Outcome<()> {
        let lock = self.woken.0.lock().map_err(|_| "a waker panicked")?;
        drop(self.woken.1.wait_timeout(lock, Duration::from_millis(1)));
        Ok(())
    }

    fn matches(&self) -> Option<Matches> {
        self.handle.snapshot().sessions.first()?.matches.clone()
    }

    /// Sets no filter, then this one, and waits until everything was searched.
    fn filtered(&mut self, query: &str) -> Outcome<usize> {
        self.handle.send(Command::Filter(self.id, Filter::default()));
        while self.matches().is_some() {
            self.wait()?;
        }
        let filter = Filter { text: query.into(), ..Filter::default() };
        self.handle.send(Command::Filter(self.id, filter));
        loop {
            match self.matches() {
                Some(matches) if matches.searched == self.count => return Ok(matches.at.len()),
                _ => self.wait()?,
            }
        }
    }

    /// Paints the window all the while that queries run, sixty times a second; how long each frame
    /// took.
    fn frames(&mut self) -> Outcome<Vec<Frame>> {
        let ctx = egui::Context::default();
        let mut app = App::new(&ctx, self.handle.clone(), Place::here(), None);
        let mut paint = |at: Duration| {
            let input = egui::RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1440.0, 900.0))),
                time: Some(at.as_secs_f64()),
                ..egui::RawInput::default()
            };
            let mut output = ctx.run_ui(input, |ui| {
                app.take_in();
                app.show(ui);
            });
            let shapes = std::mem::take(&mut output.shapes);
            let primitives = ctx.tessellate(shapes, output.pixels_per_point);
            output.drop_without_applying_deltas();
            std::hint::black_box(primitives);
        };
        let start = Instant::now();
        // The first frames lay out every glyph.
        (0..30).for_each(|_| paint(start.elapsed()));
        let done = AtomicBool::new(false);
        let queries: Vec<&'static str> = cases()?.into_iter().map(|(query, _)| query).collect();
        let mut frames = Vec::new();
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                for query in queries.iter().cycle().take(queries.len() * 3) {
                    self.filtered(query).map_err(|error| error.to_string())?;
                }
                done.store(true, Ordering::Relaxed);
                Ok::<_, String>(())
            });
            while !done.load(Ordering::Relaxed) && !asking.is_finished() {
                let before = interruptions();
                let begun = Instant::now();
                paint(start.elapsed());
                let took = begun.elapsed();
                frames.push(Frame { took, was_interrupted: interruptions() != before });
                std::thread::sleep(Duration::from_micros(16_667).saturating_sub(took));
            }
        });
        Ok(frames)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop(self.engine.take());
    }
}
