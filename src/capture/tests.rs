//! What needs a look inside or a disk that refuses: backpressure, a full disk, copies.
#![allow(clippy::unwrap_used)]

use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;

use super::recorder::{BUDGET_KIB, Batch};
use super::writer::Knobs;
use super::*;
use crate::model::{Dir, Endpoint, Event, FeedError, Kind};

fn messages(range: Range<u64>) -> Vec<Event> {
    let message = |n| Event::new(n, Dir::In, Kind::Text).with_payload(vec![b'x'; 200]);
    range.map(message).collect()
}

fn recorder(path: &Path, tap: impl Tap + 'static, knobs: Knobs) -> Recorder {
    let header = Header::new(&Endpoint::parse("ws://host.test").unwrap(), 0);
    Recorder::create_with(path, &header, Box::new(tap), knobs).unwrap()
}

fn times(path: &Path) -> Vec<u64> {
    let events = Reader::open(path).unwrap().events(0..u64::MAX).unwrap();
    assert!((1..).zip(&events).all(|(n, event)| event.n == n), "numbers have no gaps");
    events.into_iter().map(|recorded| recorded.event.t_ns).collect()
}

/// Waits in every commit until it is let go.
struct Gate {
    entered: Sender<()>,
    go: Receiver<()>,
}

impl Tap for Gate {
    fn committed(&mut self, _batch: Committed<'_>) {
        // The test may have let go for good.
        let _ = self.entered.send(());
        let _ = self.go.recv();
    }
}

#[tokio::test]
async fn a_slow_tap_makes_those_who_hand_in_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wirescope");
    let (entered, has_entered) = mpsc::channel();
    let (let_go, go) = mpsc::channel();
    let recorder = recorder(&path, Gate { entered, go }, Knobs::default());
    let feed = recorder.feed(0);
    let weight: usize = messages(0..1000).iter().map(Event::weight).sum();
    let fit = BUDGET_KIB as usize / weight.div_ceil(1024);

    feed.send(messages(0..1000)).await.unwrap();
    has_entered.recv().unwrap();
    let mut sent = 1000;
    for _ in 1..fit {
        let granted = feed.send(messages(sent..sent + 1000)).now_or_never();
        assert_eq!(granted, Some(Ok(())), "there is room for {fit} batches");
        sent += 1000;
    }
    let mut refused = feed.send(messages(sent..sent + 1000));
    assert!((&mut refused).now_or_never().is_none(), "and for no more");
    assert_eq!(recorder.count(), 1000);
    drop(let_go);
    refused.await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert_eq!(times(&path), (0..sent + 1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_message_larger_than_the_budget_goes_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wirescope");
    let recorder = recorder(&path, (), Knobs::default());
    let large = vec![7; (BUDGET_KIB as usize + 100) << 10];
    let event = Event::new(0, Dir::In, Kind::Binary).with_payload(large);
    recorder.feed(0).send(vec![event.clone()]).await.unwrap();
    recorder.feed(0).send(messages(1..3)).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert_eq!(Reader::open(&path).unwrap().event(1).unwrap().unwrap().event, event);
}

#[tokio::test]
async fn finishing_lets_those_who_wait_go() {
    let folder = tempfile::tempdir().unwrap();
    let (entered, has_entered) = mpsc::channel();
    let (let_go, go) = mpsc::channel();
    let recorder =
        recorder(&folder.path().join("a.wirescope"), Gate { entered, go }, Knobs::default());
    let feed = recorder.feed(0);
    feed.send(messages(0..1)).await.unwrap();
    has_entered.recv().unwrap();
    let mut handed_in = 1;
    let mut waiting = loop {
        let mut next = feed.send(messages(handed_in..handed_in + 1000));
        match (&mut next).now_or_never() {
            Some(granted) => granted.unwrap(),
            None => break next,
        }
        handed_in += 1000;
        assert!(handed_in < 1_000_000, "nobody ever has to wait");
    };
    let mut finish = Box::pin(recorder.finish("stopped"));
    assert!((&mut finish).now_or_never().is_none());
    drop(let_go);
    let refused = (&mut waiting).await.is_err();
    let summary = finish.await.unwrap();
    let expected = if refused { handed_in } else { handed_in + 1000 };
    assert_eq!(summary.events, expected, "what was granted is in the file, nothing else");
}

#[tokio::test]
async fn nothing_slips_in_after_the_last_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wirescope");
    let (entered, has_entered) = mpsc::channel();
    let (let_go, go) = mpsc::channel();
    let recorder = recorder(&path, Gate { entered, go }, Knobs::default());
    let feed = recorder.feed(0);
    let room = Arc::clone(&recorder.shared.room).try_acquire_many_owned(1).unwrap();
    feed.send(messages(0..1)).await.unwrap();
    has_entered.recv().unwrap();
    let mut finish = Box::pin(recorder.finish("stopped"));
    assert!((&mut finish).now_or_never().is_none());
    // Queued behind the wish to finish, so it is written by the last look, which the tap holds up.
    feed.send(messages(1..2)).await.unwrap();
    let_go.send(()).unwrap();
    has_entered.recv().unwrap();
    let late = Batch { lane: 0, events: messages(2..3), room };
    assert_eq!(recorder.shared.hand_in(late), Err(FeedError));
    drop(let_go);
    assert_eq!(finish.await.unwrap().events, 2);
    assert_eq!(times(&path), [0, 1]);
}

/// Counts what it was told, and why it ended.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<(u64, Option<CaptureError>)>>);

impl Tap for Told {
    fn committed(&mut self, batch: Committed<'_>) {
        let mut told = self.0.lock().unwrap();
        assert_eq!(told.0 + 1, batch.first_n);
        told.0 += batch.events.len() as u64;
    }

    fn failed(&mut self, error: &CaptureError) {
        self.0.lock().unwrap().1 = Some(error.clone());
    }
}

/// Hands in batches until they are refused.
async fn fill(recorder: &Recorder) {
    let feed = recorder.feed(0);
    let mut sent = 0;
    while feed.send(messages(sent..sent + 1000)).await.is_ok() {
        sent += 1000;
        assert!(sent < 1_000_000, "the disk never got full");
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_fitted_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wirescope");
    let told = Told::default();
    let full = Knobs { max_pages: Some(40), ..Knobs::default() };
    let recorder = recorder(&path, told.clone(), full);
    fill(&recorder).await;
    assert!(matches!(recorder.flush().await, Err(CaptureError::Full(_))));
    assert!(matches!(recorder.status(), Status::Failed(CaptureError::Full(at)) if at == path));
    let count = recorder.count();
    assert!(matches!(&*told.0.lock().unwrap(), (n, Some(CaptureError::Full(_))) if *n == count));
    assert_eq!(recorder.file().count().unwrap(), count, "readable while it is still held");
    assert!(matches!(recorder.finish("stopped").await, Err(CaptureError::Full(_))));
    assert_eq!(times(&path), (0..count).collect::<Vec<_>>());
    // 40 pages of 8 KiB, of which all but a few hold events of about 227 bytes.
    assert!(count % 1000 != 0 && count * 227 > 36 * 8192, "as many as fitted: {count}");
    let ended = Reader::open(&path).unwrap().header().unwrap().ended;
    assert!(ended.contains("full"), "{ended}");
}

#[tokio::test]
async fn what_fitted_can_still_be_saved_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.wirescope"), folder.path().join("b.wirescope"));
    let full = Knobs { max_pages: Some(40), ..Knobs::default() };
    let recorder = recorder(&path, (), full);
    fill(&recorder).await;
    assert!(recorder.flush().await.is_err());
    recorder.save_as(&to, false, &Progress::new()).await.unwrap();
    let count = recorder.count();
    drop(recorder);
    assert_eq!(times(&to), (0..count).collect::<Vec<_>>());
}

const COPY: Knobs = Knobs { max_pages: None, always_copy: true };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_overtakes_a_recording_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.wirescope"), folder.path().join("b.wirescope"));
    let recorder = recorder(&path, (), COPY);
    let feed = recorder.feed(0);
    feed.send(messages(0..1000)).await.unwrap();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (stop, stopped) = mpsc::channel::<()>();
    let load = tokio::spawn(async move {
        let mut started = Some(started);
        let mut sent = 1000;
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            feed.send(messages(sent..sent + 1000)).await.unwrap();
            sent += 1000;
            started.take().map(|started| started.send(()));
        }
        sent
    });
    has_started.await.unwrap();
    let progress = Progress::new();
    recorder.save_as(&to, false, &progress).await.unwrap();
    let (done, total) = progress.get();
    assert!(done >= total && total >= 1000, "{done} of {total}");
    assert!(!path.exists());
    drop(stop);
    let sent = load.await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert_eq!(times(&to), (0..sent).collect::<Vec<_>>());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
}

#[tokio::test]
async fn a_copy_that_is_called_off_or_fails_leaves_the_recording_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.wirescope"), folder.path().join("b.wirescope"));
    let recorder = recorder(&path, (), COPY);
    let feed = recorder.feed(0);
    feed.send(messages(0..1000)).await.unwrap();
    let cancelled = Progress::new();
    cancelled.cancel();
    let refused = recorder.save_as(&to, false, &cancelled).await;
    assert!(matches!(refused, Err(CaptureError::Cancelled)));
    std::fs::write(&to, "kept").unwrap();
    let refused = recorder.save_as(&to, false, &Progress::new()).await;
    assert!(matches!(refused, Err(CaptureError::Exists(_))));
    let nowhere = folder.path().join("x".repeat(250));
    assert!(recorder.save_as(&nowhere, false, &Progress::new()).await.is_err());
    feed.send(messages(1000..2000)).await.unwrap();
    assert_eq!(recorder.finish("stopped").await.unwrap().path, path);
    assert_eq!(times(&path), (0..2000).collect::<Vec<_>>());
    assert_eq!(std::fs::read(&to).unwrap(), b"kept");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left over");
}

struct Panics;

impl Tap for Panics {
    fn committed(&mut self, _batch: Committed<'_>) {
        panic!("on purpose");
    }
}

#[tokio::test]
async fn a_tap_that_panics_ends_the_recording_and_nobody_waits_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wirescope");
    let recorder = recorder(&path, Panics, Knobs::default());
    fill(&recorder).await;
    assert!(matches!(recorder.flush().await, Err(CaptureError::Ended)));
    assert!(matches!(recorder.finish("stopped").await, Err(CaptureError::Ended)));
    assert!(matches!(recorder.status(), Status::Ended));
    drop(recorder);
    assert!(times(&path).len() >= 1000, "what was committed is kept");
}

/// Other processes are told by the journal alone, so it has to be held wherever the file goes.
#[cfg(unix)]
#[tokio::test]
async fn the_journal_is_held_in_every_place_until_the_recording_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let is_held = |name: &str| live::is_held(&error::wal_of(&path(name)));
    for knobs in [Knobs::default(), COPY] {
        let recorder = recorder(&path("a"), (), knobs);
        assert!(is_held("a"));
        recorder.feed(0).send(messages(0..10)).await.unwrap();
        recorder.save_as(&path("b"), true, &Progress::new()).await.unwrap();
        assert!(is_held("b") && !is_held("a"));
        recorder.save_as(&path("no/folder"), true, &Progress::new()).await.unwrap_err();
        assert!(is_held("b"), "it stayed where it was");
        recorder.finish("stopped").await.unwrap();
        assert!(!is_held("b"));
    }
}
