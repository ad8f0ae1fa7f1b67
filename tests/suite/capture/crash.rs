//! `kill -9` in the middle of a recording, and what is left then.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use wirescope::capture::{CaptureFile, place};
use wirescope::model::Clock;

const ROLE: &str = "WIRESCOPE_TEST_RECORD_TO";

/// What the killed process had said: number and time of the last event handed in, and of the last
/// one its tap was told of.
#[derive(Debug, Default)]
struct Said {
    handed_in: (u64, u64),
    committed: u64,
}

struct Telling;

impl Tap for Telling {
    fn committed(&mut self, batch: Committed<'_>) {
        say(&format!("committed {} 0", batch.first_n + batch.events.len() as u64 - 1));
    }
}

/// One write a line, so that a line is either there or not.
fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Not a test by itself: what the others start in a process of its own, and kill. Records for ever
/// as fast as it can, or at a steady pace.
#[test]
fn endless() {
    let Some(path) = std::env::var_os(ROLE) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::start();
        let recorder = Recorder::create(Path::new(&path), &header(), Box::new(Telling)).unwrap();
        let feed = recorder.feed(0);
        let mut sent = 0;
        loop {
            let mut batch = messages(sent..sent + 100);
            let now = clock.now();
            for event in &mut batch {
                event.t_ns = now;
            }
            feed.send(batch).await.unwrap();
            sent += 100;
            say(&format!("handed-in {sent} {now}"));
        }
    });
}

/// Starts the endless recording and kills it as soon as it said that it handed in `enough` events.
fn record_and_kill(path: &Path, enough: u64) -> Said {
    record_and_kill_after(path, enough, || {})
}

/// The same, but does something else before it is killed.
fn record_and_kill_after(path: &Path, enough: u64, meanwhile: impl FnOnce()) -> Said {
    let mut meanwhile = Some(meanwhile);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["capture::crash::endless", "--exact", "--nocapture"])
        .env(ROLE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Said::default();
    for line in lines {
        understand(&line.unwrap(), &mut said);
        if said.handed_in.0 >= enough
            && let Some(meanwhile) = meanwhile.take()
        {
            meanwhile();
            kill(&mut child);
        }
    }
    assert!(meanwhile.is_none(), "it ended by itself: {:?}", child.wait());
    child.wait().unwrap();
    said
}

/// SIGKILL on Unix.
fn kill(child: &mut Child) {
    child.kill().unwrap();
}

fn understand(line: &str, said: &mut Said) {
    let mut words = line.split(' ');
    let what = words.next().unwrap_or_default();
    let mut number = || words.next()?.parse::<u64>().ok();
    let (Some(n), Some(t)) = (number(), number()) else { return };
    match what {
        "handed-in" => said.handed_in = (n, t),
        "committed" => said.committed = n,
        _ => {}
    }
}

#[test]
fn a_killed_recording_holds_all_that_was_committed_and_nearly_all_that_was_handed_in() {
    let (_folder, path) = place();
    let said = record_and_kill(&path, 150_000);
    let events = all(&path);
    let count = events.len() as u64;
    assert!(count >= said.committed, "{count} of {said:?}");
    // What can be on its way is bounded by the budget, and one batch is handed in but not said.
    let weight = message(1).weight() as u64;
    let on_the_way = (4 << 20) / weight;
    assert!(count + on_the_way >= said.handed_in.0, "{count} of {said:?}");
    for (n, event) in (0..).zip(&events) {
        assert_eq!(event.payload, message(n).payload);
    }
    let header = Reader::open(&path).unwrap().header().unwrap();
    assert_eq!(header.ended, RECORDING, "it shows that it was not closed");
}

#[test]
fn a_killed_recording_is_sound_for_any_sqlite_program() {
    let (_folder, path) = place();
    let said = record_and_kill(&path, 50_000);
    let conn = plain(&path);
    assert_eq!(integrity(&conn), "ok");
    let counted: i64 = conn.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
    assert!(counted.cast_unsigned() >= said.committed);
    drop(conn);
    assert_eq!(all(&path).len() as u64, counted.cast_unsigned());
}

/// What the list says of the only file in `folder`.
fn listed(folder: &Path) -> place::Content {
    let mut recents = place::recents(folder);
    assert_eq!(recents.len(), 1);
    recents.remove(0).content.unwrap()
}

#[cfg(unix)]
#[test]
fn what_another_process_records_is_neither_called_cut_off_nor_deleted_nor_replaced() {
    let (folder, path) = place();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = elsewhere.path().join("b.wirescope");
    recorder(&other);
    record_and_kill_after(&path, 1000, || {
        let content = listed(folder.path());
        assert!(content.is_recorded && !content.header.has_ended());
        assert!(matches!(place::delete(&path), Err(CaptureError::Live(_))));
        let copied = CaptureFile::open(&other).unwrap().copy_to(&path, true);
        assert!(matches!(copied, Err(CaptureError::Live(_))), "{copied:?}");
        assert!(path.exists());
    });
    let content = listed(folder.path());
    assert!(!content.is_recorded && !content.header.has_ended(), "it was cut off");
    // Somebody who only looks at it is in the way as well.
    let reader = Reader::open(&path).unwrap();
    assert!(matches!(place::delete(&path), Err(CaptureError::Locked(_))));
    assert!(path.exists());
    drop(reader);
    place::delete(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
