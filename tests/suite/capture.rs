//! Recordings: nothing is lost, whatever happens to the process, the disk or the file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use wirescope::capture::{
    CaptureError, Committed, Header, Progress, RECORDING, Reader, Recorder, Status, Tap,
};
use wirescope::model::{Dir, Endpoint, Event, Kind, Meta, Timing, TransportKind, Wire};

fn header() -> Header {
    let endpoint = Endpoint::parse("wss://me:hunter2@host.test:8443/feed?token=hunter2").unwrap();
    Header::new(&endpoint.over(TransportKind::Websocket), 1_795_351_572_123_456_789)
}

fn message(n: u64) -> Event {
    Event::new(n * 1000, Dir::In, Kind::Text).with_payload(format!("message {n}"))
}

fn messages(range: std::ops::Range<u64>) -> Vec<Event> {
    range.map(message).collect()
}

/// A folder that goes away with the test, and the place of a recording in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wirescope");
    (folder, path)
}

fn recorder(path: &Path) -> Recorder {
    Recorder::create(path, &header(), Box::new(())).unwrap()
}

fn all(path: &Path) -> Vec<Event> {
    let mut events = Vec::new();
    let reader = Reader::open(path).unwrap();
    reader
        .scan(1, |n, _, event| {
            assert_eq!(n, events.len() as u64 + 1, "numbers have no gaps");
            events.push(event.clone());
            ControlFlow::Continue(())
        })
        .unwrap();
    events
}

#[tokio::test]
async fn what_is_handed_in_is_in_the_file_in_order() {
    let (_folder, path) = place();
    let recorder = recorder(&path);
    let feed = recorder.feed(0);
    for from in (0..10_000).step_by(500) {
        feed.send(messages(from..from + 500)).await.unwrap();
    }
    let summary = recorder.finish("stopped").await.unwrap();
    assert_eq!((summary.events, &summary.path), (10_000, &path));
    assert_eq!(all(&path), messages(0..10_000));
    assert!(feed.send(messages(0..1)).await.is_err(), "a finished recording takes nothing");
}

#[tokio::test]
async fn a_recording_moves_while_it_runs() {
    let (folder, path) = place();
    let recorder = recorder(&path);
    let feed = recorder.feed(0);
    feed.send(messages(0..100)).await.unwrap();
    let to = folder.path().join("b.wirescope");
    recorder.save_as(&to, false, &Progress::new()).await.unwrap();
    feed.send(messages(100..200)).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert!(!path.exists());
    assert_eq!(all(&to), messages(0..200));
}
