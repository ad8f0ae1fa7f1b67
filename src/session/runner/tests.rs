//! Scripted transports: waits, ends, and what a slow disk holds up.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::*;
use crate::model::Retries;

/// What one attempt of a scripted transport does.
enum Act {
    /// Ends without having been open.
    Fail,
    /// Ends without having been open, and knows another way.
    Again,
    /// Opens, runs this, and is lost.
    OpenThen(Box<dyn Fn() + Send + Sync>),
    /// Opens, hands over that many messages, never ends, and tells when it is dropped.
    Flood(u64, Dropped),
}

struct Dropped(Arc<Notify>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

struct Scripted(VecDeque<Act>);

impl Transport for Scripted {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        let lost = || Outcome::Lost(TransportError::Ended);
        Box::pin(async move {
            match self.0.pop_front() {
                None | Some(Act::Fail) => lost(),
                Some(Act::Again) => Outcome::Again(TransportError::Ended),
                Some(Act::OpenThen(run)) => {
                    let _ = link.opened(Meta::default()).await;
                    run();
                    lost()
                }
                Some(Act::Flood(count, _dropped)) => {
                    let _ = link.opened(Meta::default()).await;
                    for t_ns in 0..count {
                        let _ = link.push(Event::new(t_ns, Dir::In, Kind::Text)).await;
                    }
                    std::future::pending().await
                }
            }
        })
    }
}

/// Keeps events as long as there are permits for their batches.
struct Kept {
    room: Semaphore,
    events: Mutex<Vec<Event>>,
    grown: Notify,
}

impl Feed for Kept {
    fn send(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), FeedError>> {
        Box::pin(async move {
            self.room.acquire().await.map_err(|_| FeedError)?.forget();
            if let Ok(mut kept) = self.events.lock() {
                kept.extend(events);
            }
            self.grown.notify_one();
            Ok(())
        })
    }
}

impl Kept {
    fn with_room(batches: usize) -> Arc<Self> {
        Arc::new(Self {
            room: Semaphore::new(batches),
            events: Mutex::default(),
            grown: Notify::new(),
        })
    }

    fn kinds(&self) -> Vec<&'static str> {
        let events = self.events.lock().map(|events| events.clone()).unwrap_or_default();
        events.iter().map(|event| event.kind.word()).collect()
    }

    async fn until_last(&self, kind: Kind) {
        while self.kinds().last() != Some(&kind.word()) {
            self.grown.notified().await;
        }
    }
}

fn session(acts: impl IntoIterator<Item = Act>, kept: &Arc<Kept>) -> Session {
    #[expect(clippy::expect_used, reason = "a constant that parses")]
    let mut endpoint = Endpoint::parse("ws://host.test/").expect("a valid URL");
    let hour = Duration::from_hours(1);
    endpoint.options.retries = Retries { most: 5, first: hour, longest: hour, jitter: 0.0 };
    let transport = Box::new(Scripted(acts.into_iter().collect()));
    let feed: Arc<dyn Feed> = kept.clone();
    Session::new(endpoint, transport, Clock::start(), feed)
}

#[tokio::test]
async fn a_hurry_counts_only_while_there_is_a_wait() {
    let kept = Kept::with_room(100);
    let (controls, said) = Session::controls(CancellationToken::new());
    let hurry = Arc::clone(&controls.hurry);
    let pressed = Act::OpenThen(Box::new(move || hurry.notify_one()));
    let mut session = session([pressed, Act::Fail], &kept);
    let steer = async {
        kept.until_last(Kind::Retrying).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(kept.kinds(), ["connecting", "open", "closed", "retrying"]);
        controls.hurry.notify_one();
        while kept.kinds().len() < 7 {
            kept.grown.notified().await;
        }
        assert_eq!(kept.kinds()[4..], ["connecting", "failed", "retrying"]);
        controls.stop.cancel();
    };
    let (end, ()) = tokio::join!(session.run(&controls, said), steer);
    assert!(matches!(end, End::Stopped), "{end:?}");
}

#[tokio::test]
async fn another_way_is_tried_without_a_wait() {
    let kept = Kept::with_room(100);
    let (controls, said) = Session::controls(CancellationToken::new());
    let stop = controls.stop.clone();
    let open = Act::OpenThen(Box::new(move || stop.cancel()));
    let mut session = session([Act::Again, Act::Again, open], &kept);
    let end = session.run(&controls, said).await;
    assert!(matches!(end, End::Stopped), "{end:?}");
    let tried = ["connecting", "failed", "connecting", "failed"];
    assert_eq!(kept.kinds()[..4], tried);
    assert_eq!(kept.kinds()[4..], ["connecting", "open", "closed"]);
}

#[tokio::test]
async fn ending_a_wait_is_told_once_and_as_closed() {
    for (act, ended) in [(Act::Fail, "failed"), (Act::OpenThen(Box::new(|| {})), "closed")] {
        let kept = Kept::with_room(100);
        let (controls, said) = Session::controls(CancellationToken::new());
        let mut session = session([act], &kept);
        let steer = async {
            kept.until_last(Kind::Retrying).await;
            controls.stop.cancel();
        };
        let (end, ()) = tokio::join!(session.run(&controls, said), steer);
        assert!(matches!(end, End::Stopped), "{end:?}");
        let kinds = kept.kinds();
        assert_eq!(kinds[kinds.len() - 3..], [ended, "retrying", "closed"]);
        let events = kept.events.lock().map(|events| events.clone()).unwrap_or_default();
        let cause = events.last().and_then(|event| event.meta().cause.clone());
        assert_eq!(cause.as_deref(), Some("disconnected by you"));
    }
}

#[tokio::test]
async fn an_attempt_lost_while_it_is_stopped_is_told_once() {
    let kept = Kept::with_room(100);
    let (controls, said) = Session::controls(CancellationToken::new());
    let stop = controls.stop.clone();
    let mut session = session([Act::OpenThen(Box::new(move || stop.cancel()))], &kept);
    let end = session.run(&controls, said).await;
    assert!(matches!(end, End::Stopped), "{end:?}");
    assert_eq!(kept.kinds(), ["connecting", "open", "closed"]);
}

#[tokio::test]
async fn what_a_slow_disk_holds_up_survives_the_goodbye() {
    // Room for `connecting` and `open`, none for the messages.
    let kept = Kept::with_room(2);
    let (controls, said) = Session::controls(CancellationToken::new());
    let dropped = Arc::new(Notify::new());
    let mut session = session([Act::Flood(1500, Dropped(Arc::clone(&dropped)))], &kept);
    session.goodbye = Duration::ZERO;
    let steer = async {
        kept.until_last(Kind::Open).await;
        controls.stop.cancel();
        dropped.notified().await;
        kept.room.add_permits(100);
    };
    let (end, ()) = tokio::join!(session.run(&controls, said), steer);
    assert!(matches!(end, End::Stopped), "{end:?}");
    let events = kept.events.lock().map(|events| events.clone()).unwrap_or_default();
    let messages: Vec<u64> =
        events.iter().filter(|e| e.kind == Kind::Text).map(|e| e.t_ns).collect();
    assert_eq!(messages, (0..1024).collect::<Vec<_>>(), "all that was pushed");
    assert_eq!(kept.kinds().last(), Some(&"closed"));
}
