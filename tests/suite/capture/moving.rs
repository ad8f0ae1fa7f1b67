//! Saving: the file moves while the recording goes on.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};
use wirescope::capture::{CaptureFile, Progress, is_live};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_it_moves_under_load() {
    let (folder, path) = place();
    let recorder = recorder(&path);
    let (feed, file) = (recorder.feed(0), recorder.file());
    let enough = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&enough);
    let load = tokio::spawn(async move {
        let mut sent = 0;
        while !stop.load(Ordering::Relaxed) {
            feed.send(messages(sent..sent + 100)).await.unwrap();
            sent += 100;
        }
        sent
    });
    let mut at = path;
    for name in ["b", "c", "d"] {
        recorder.flush().await.unwrap();
        let seen = file.count().unwrap();
        let to = folder.path().join(name).with_extension("wirescope");
        recorder.save_as(&to, false, &Progress::new()).await.unwrap();
        assert!(!at.exists() && is_live(&to) && !is_live(&at));
        assert_eq!(file.path(), to);
        while recorder.count() <= seen {
            recorder.flush().await.unwrap();
        }
        assert!(file.count().unwrap() > seen, "readers go on in the new place");
        at = to;
    }
    enough.store(true, Ordering::Relaxed);
    let sent = load.await.unwrap();
    assert_eq!(recorder.finish("stopped").await.unwrap().path, at);
    assert_eq!(all(&at), messages(0..sent));
    assert!(!is_live(&at));
}

#[tokio::test]
async fn an_existing_file_is_replaced_only_when_allowed() {
    let (folder, path) = place();
    let to = folder.path().join("b.wirescope");
    recording(&to, 5).await;
    let recorder = recorder(&path);
    recorder.feed(0).send(messages(0..10)).await.unwrap();
    let refused = recorder.save_as(&to, false, &Progress::new()).await;
    assert!(matches!(refused, Err(CaptureError::Exists(at)) if at == to));
    assert_eq!(all(&to), messages(0..5), "it was not touched");
    recorder.feed(0).send(messages(10..20)).await.unwrap();
    recorder.save_as(&to, true, &Progress::new()).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert_eq!(all(&to), messages(0..20));
}

#[tokio::test]
async fn saving_where_it_is_already_changes_nothing() {
    let (_folder, path) = place();
    let recorder = recorder(&path);
    recorder.feed(0).send(messages(0..10)).await.unwrap();
    recorder.save_as(&path, false, &Progress::new()).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert_eq!(all(&path), messages(0..10));
}

#[tokio::test]
async fn a_file_that_is_being_recorded_is_never_replaced() {
    let (folder, path) = place();
    let other = folder.path().join("b.wirescope");
    let (first, second) = (recorder(&path), recorder(&other));
    second.feed(0).send(messages(0..10)).await.unwrap();
    let refused = first.save_as(&other, true, &Progress::new()).await;
    assert!(matches!(refused, Err(CaptureError::Live(_))), "{refused:?}");
    second.finish("stopped").await.unwrap();
    assert_eq!(all(&other), messages(0..10));
}

#[tokio::test]
async fn when_saving_fails_the_recording_goes_on() {
    let (folder, path) = place();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "x").unwrap();
    let is_folder = folder.path().join("folder.wirescope");
    std::fs::create_dir(&is_folder).unwrap();
    let recorder = recorder(&path);
    let feed = recorder.feed(0);
    let mut sent = 0;
    let places = [
        folder.path().join("nowhere/b.wirescope"),
        in_the_way.join("b.wirescope"),
        is_folder,
        folder.path().join("n".repeat(300)),
        PathBuf::from("/proc/b.wirescope"),
    ];
    for to in places {
        feed.send(messages(sent..sent + 10)).await.unwrap();
        sent += 10;
        let error = recorder.save_as(&to, true, &Progress::new()).await.unwrap_err();
        assert!(!error.hint().is_empty());
        assert!(matches!(recorder.status(), Status::Recording), "{error}");
        assert_eq!(recorder.file().path(), path);
    }
    recorder.finish("stopped").await.unwrap();
    assert_eq!(all(&path), messages(0..sent));
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 3, "no parts of copies are left behind");
}

#[tokio::test]
async fn a_journal_left_behind_by_another_file_is_not_taken_for_its_own() {
    let (folder, path) = place();
    let to = folder.path().join("b.wirescope");
    // A real journal with other events in it, whose file is gone.
    let other = recorder(&to);
    other.feed(0).send(messages(500..900)).await.unwrap();
    other.flush().await.unwrap();
    let wal = folder.path().join("b.wirescope-wal");
    let stale = std::fs::read(&wal).unwrap();
    drop(other);
    std::fs::remove_file(&to).unwrap();
    std::fs::write(&wal, stale).unwrap();

    let recorder = recorder(&path);
    recorder.feed(0).send(messages(0..10)).await.unwrap();
    recorder.save_as(&to, false, &Progress::new()).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert_eq!(all(&to), messages(0..10));
}

/// Another program that holds the file open keeps it from standing alone, so it is copied.
#[tokio::test]
async fn a_file_that_another_program_reads_moves_as_well() {
    let (folder, path) = place();
    let recorder = recorder(&path);
    recorder.feed(0).send(messages(0..50_000)).await.unwrap();
    recorder.flush().await.unwrap();
    let other = plain(&path);
    other.execute_batch("BEGIN; SELECT count(*) FROM event").unwrap();
    let to = folder.path().join("b.wirescope");
    recorder.save_as(&to, false, &Progress::new()).await.unwrap();
    recorder.feed(0).send(messages(50_000..50_010)).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    drop(other);
    assert_eq!(all(&to), messages(0..50_010));
}

/// The copy onto another file system, where this machine has one.
#[tokio::test]
async fn a_recording_moves_to_another_file_system() {
    let (_folder, path) = place();
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("left out: there is no /dev/shm to move to");
        return;
    };
    let to = elsewhere.path().join("b.wirescope");
    let recorder = recorder(&path);
    recorder.feed(0).send(messages(0..100_000)).await.unwrap();
    let progress = Progress::new();
    recorder.save_as(&to, false, &progress).await.unwrap();
    recorder.feed(0).send(messages(100_000..100_010)).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert!(!path.exists());
    assert_eq!(all(&to), messages(0..100_010));
    let expected = Header { ended: "stopped".into(), ..header() };
    assert_eq!(CaptureFile::open(&to).unwrap().header().unwrap(), expected);
}

#[tokio::test]
async fn a_file_is_copied_while_others_read_it() {
    let (folder, path) = place();
    recording(&path, 100).await;
    let to = folder.path().join("copy.wirescope");
    let file = CaptureFile::open(&path).unwrap();
    let (done, copied) = std::sync::mpsc::channel();
    let (copier, target) = (Arc::clone(&file), to.clone());
    file.read(|_| {
        std::thread::spawn(move || drop(done.send(copier.copy_to(&target, false))));
        let copied = copied.recv_timeout(crate::support::LIMIT);
        copied.expect("the copy waits for nobody").unwrap();
        Ok(())
    })
    .unwrap();
    assert_eq!(all(&to), messages(0..100));
}
