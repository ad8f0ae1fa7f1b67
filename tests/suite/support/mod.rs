//! What several tests need: a feed that keeps events in memory and can be waited on, and sessions
//! that retry within milliseconds.

pub mod chromium;
pub mod nginx;
pub mod peer;
pub mod proxy;
pub mod relay;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wirescope::model::{Clock, Endpoint, Event, Feed, FeedError, Kind, Retries, Say};
use wirescope::session::{Controls, End, Session};
use wirescope::transport::Transport;

/// Nothing in a test takes this long unless it hangs.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Says once, on the real standard error, which the test runner does not swallow, what is left out
/// for want of something that can be installed.
///
/// # Panics
/// Where `WIRESCOPE_LEAVE_NOTHING_OUT` is set: there everything was installed.
pub fn left_out(what: &'static str, packages: &str) {
    static SAID: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let sentence = format!("left out: {what}; apt-get install {packages}");
    let all = std::env::var_os("WIRESCOPE_LEAVE_NOTHING_OUT").is_some_and(|set| !set.is_empty());
    assert!(!all, "{sentence}");
    let mut said = SAID.lock().unwrap();
    if !said.contains(&what) {
        said.push(what);
        let _ = writeln!(std::io::stderr(), "{sentence}");
    }
}

/// Keeps every event and lets a test wait for what it expects.
#[derive(Default)]
pub struct Memory {
    events: Mutex<Vec<Event>>,
    grown: Notify,
}

impl Feed for Memory {
    fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
        self.events.lock().unwrap().extend(events);
        self.grown.notify_waiters();
        Box::pin(async { Ok(()) })
    }
}

impl Memory {
    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// Events of this kind so far.
    pub fn of(&self, kind: Kind) -> Vec<Event> {
        self.events().into_iter().filter(|event| event.kind == kind).collect()
    }

    /// Payloads of the messages received so far.
    pub fn received(&self) -> Vec<String> {
        let received = |event: &Event| {
            event.is_received_message().then(|| String::from_utf8_lossy(&event.payload).into())
        };
        self.events().iter().filter_map(received).collect()
    }

    /// Waits until `enough` holds of the events; panics with all of them when it never does.
    pub async fn until(&self, what: &str, enough: impl Fn(&[Event]) -> bool) {
        let wait = async {
            loop {
                let grown = self.grown.notified();
                tokio::pin!(grown);
                grown.as_mut().enable();
                if enough(&self.events.lock().unwrap()) {
                    return;
                }
                grown.await;
            }
        };
        let came = tokio::time::timeout(LIMIT, wait).await.is_ok();
        assert!(came, "never came: {what}\n{:#?}", self.events());
    }

    /// Waits until `count` events of this kind came.
    pub async fn until_of(&self, kind: Kind, count: usize) {
        let enough = |events: &[Event]| events.iter().filter(|e| e.kind == kind).count() >= count;
        self.until(&format!("{count} × {}", kind.word()), enough).await;
    }

    /// Waits until `count` messages were received.
    pub async fn until_received(&self, count: usize) {
        let enough =
            |events: &[Event]| events.iter().filter(|e| e.is_received_message()).count() >= count;
        self.until(&format!("{count} messages"), enough).await;
    }
}

/// A session under test.
pub struct Running {
    pub memory: Arc<Memory>,
    pub controls: Controls,
    task: tokio::task::JoinHandle<End>,
}

impl Running {
    /// Sends something over the session.
    pub async fn say(&self, say: Say) {
        self.controls.say.send(say).await.unwrap();
    }

    /// Ends the session as a person would and waits until it is gone.
    pub async fn stop(self) -> (End, Arc<Memory>) {
        self.controls.stop.cancel();
        self.end().await
    }

    /// Waits until the session is over by itself.
    pub async fn end(self) -> (End, Arc<Memory>) {
        let end = tokio::time::timeout(LIMIT, self.task).await.expect("the session never ended");
        (end.unwrap(), self.memory)
    }
}

/// Retries within milliseconds, `most` times.
pub fn quick_retries(most: u32) -> Retries {
    let millis = Duration::from_millis;
    Retries { most, first: millis(5), longest: millis(20), jitter: 0.2 }
}

/// Starts a session of `transport` against `endpoint`.
pub fn start(endpoint: Endpoint, transport: Box<dyn Transport>) -> Running {
    let memory = Arc::new(Memory::default());
    let feed: Arc<dyn Feed> = memory.clone();
    let (controls, said) = Session::controls(CancellationToken::new());
    let mut session = Session::new(endpoint, transport, Clock::start(), feed);
    let steer = controls.clone();
    let task = tokio::spawn(async move { session.run(&steer, said).await });
    Running { memory, controls, task }
}

const ROLE: &str = "WIRESCOPE_TEST_LEAVE_OUT";

/// Not a test by itself: leaves something out where its environment asks for it.
#[test]
fn leaves_out() {
    if std::env::var_os(ROLE).is_some() {
        left_out("nothing at all", "nothing");
    }
}

#[test]
fn leaving_out_fails_where_everything_was_installed() {
    let run = |nothing: &str| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["support::leaves_out", "--exact"])
            .env(ROLE, "1")
            .env("WIRESCOPE_LEAVE_NOTHING_OUT", nothing)
            .output()
            .unwrap()
    };
    let tolerant = run("");
    let said = String::from_utf8_lossy(&tolerant.stderr);
    assert!(tolerant.status.success() && said.contains("apt-get install nothing"), "{said}");
    assert!(!run("1").status.success());
}
