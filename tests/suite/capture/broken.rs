//! Files that are not what they should be: each says what it is, and none makes the reader fall.

use super::*;
use std::fs;

fn refused(path: &Path) -> CaptureError {
    let error = Reader::open(path).unwrap_err();
    assert!(!error.hint().is_empty());
    assert!(error.to_string().contains(path.file_name().unwrap().to_str().unwrap()), "{error}");
    error
}

#[test]
fn what_is_no_capture_says_what_it_is() {
    let (folder, path) = place();
    assert!(matches!(refused(&path), CaptureError::Missing(_)));
    assert!(matches!(Reader::open(folder.path()), Err(CaptureError::NotAFile(_))));
    fs::write(&path, "").unwrap();
    assert!(matches!(refused(&path), CaptureError::Empty(_)));
    for junk in [&b"{\"log\":{}}"[..], &vec![0; 70_000], b"SQLite format 3\0"] {
        fs::write(&path, junk).unwrap();
        assert!(matches!(refused(&path), CaptureError::NotACapture(_)), "{}", junk.len());
    }
}

#[tokio::test]
async fn databases_of_others_and_of_the_future_are_named() {
    let (folder, path) = place();
    let other = folder.path().join("other.sqlite");
    plain(&other).execute_batch("CREATE TABLE t(a); PRAGMA application_id = 7").unwrap();
    assert!(matches!(refused(&other), CaptureError::Foreign { id: 7, .. }));

    recording(&path, 3).await;
    plain(&path).pragma_update(None, "user_version", USER_VERSION + 1).unwrap();
    assert!(matches!(refused(&path), CaptureError::Newer { version: 2, .. }));
    plain(&path).execute_batch("PRAGMA user_version = 1; DROP TABLE session").unwrap();
    assert!(matches!(refused(&path), CaptureError::Damaged(_)));
}

#[tokio::test]
async fn a_file_that_was_cut_off_says_so_wherever_it_was_cut() {
    let (_folder, path) = place();
    recording(&path, 2000).await;
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > 3 * 16_384, "several pages");
    for keep in [512, 16_384, 16_385, whole.len() / 2, whole.len() - 16_384] {
        fs::write(&path, &whole[..keep]).unwrap();
        let error = refused(&path);
        assert!(matches!(error, CaptureError::Damaged(_)), "{keep} bytes: {error}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(all(&path).len(), 2000);
}

#[tokio::test]
async fn a_locked_file_says_so() {
    let (_folder, path) = place();
    recording(&path, 3).await;
    let other = plain(&path);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert!(matches!(refused(&path), CaptureError::Locked(_)));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(all(&path).len(), 3);
}

#[test]
fn a_place_that_takes_no_recording_says_why() {
    let (folder, path) = place();
    let refused = |path: &Path| Recorder::create(path, &header(), Box::new(())).unwrap_err();
    assert!(matches!(refused(&folder.path().join("no/a")), CaptureError::NoFolder(_)));
    assert!(matches!(refused(folder.path()), CaptureError::Exists(_)));
    fs::write(&path, "kept").unwrap();
    assert!(matches!(refused(&path), CaptureError::Exists(_)));
    assert!(matches!(refused(&path.join("b")), CaptureError::NoFolder(_)));
    assert_eq!(fs::read(&path).unwrap(), b"kept");
    // A folder that nobody may write to, whoever runs the test.
    #[cfg(target_os = "linux")]
    assert!(!refused(Path::new("/proc/a.wirescope")).hint().is_empty());
}

/// A file as it lies on a read-only disk or in somebody else's folder.
#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_takes_no_writing_can_be_read_from() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = place();
    recording(&path, 7).await;
    // Closed by a program that leaves the file asking for a journal.
    plain(&path).pragma_update(None, "journal_mode", "wal").unwrap();
    let allow =
        |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    if fs::write(folder.path().join("probe"), "").is_ok() {
        eprintln!("left out: this user may write everywhere, run the tests as another one");
        return;
    }
    let events = all(&path);
    let refused = Recorder::create(&folder.path().join("b"), &header(), Box::new(()));
    allow(0o755);
    assert_eq!(events, messages(0..7));
    assert!(matches!(refused.unwrap_err(), CaptureError::Denied(_)));
}

#[tokio::test]
async fn rows_of_other_programs_are_shown_for_what_they_are() {
    let (_folder, path) = place();
    recording(&path, 1).await;
    plain(&path)
        .execute_batch(
            "INSERT INTO event VALUES (2, 0, 1, 'in', 'frobnicate', NULL, NULL, 'p', NULL, NULL, 0);
             INSERT INTO event VALUES (3, 'x', -4, x'00', 7, 8, x'ff', 1.5, 'w', '{', 'l');
             INSERT INTO event VALUES (4, -1, 1, 'in', 'text', NULL, NULL, 'p', -1, '7', 99999);
             INSERT INTO event VALUES (5, 0, 1, 'in', 'text', NULL, NULL, NULL, NULL,
                                       '{\"new\":1,\"code\":1000}', 0);",
        )
        .unwrap();
    let events = all(&path);
    assert_eq!(events[1].kind, Kind::Violation);
    assert!(events[1].meta().cause.as_deref().unwrap().contains("frobnicate"));
    assert_eq!((events[1].payload.as_ref(), events[2].payload.as_ref()), (&b"p"[..], &b"1.5"[..]));
    assert_eq!(events[2].id.as_deref(), Some("\u{fffd}"));
    assert!(events[3].meta().cause.as_deref().unwrap().contains("unreadable"));
    assert_eq!(events[4].meta(), &Meta { code: Some(1000), ..Meta::default() });
}

#[test]
fn a_file_without_lanes_and_with_a_bare_address_opens() {
    let (_folder, path) = place();
    plain(&path)
        .execute_batch(
            "PRAGMA application_id = 0x57495245; PRAGMA user_version = 1;
             CREATE TABLE event(n INTEGER PRIMARY KEY, t_ns, attempt, dir, kind, name, id,
                                payload BLOB, wire, meta);
             CREATE TABLE session(key, value);
             INSERT INTO session VALUES ('endpoint', 'https://host.test/a'), ('transport', 'sse');
             INSERT INTO event VALUES (1, 7, 1, 'in', 'event', 'tick', '9', 'x', 3, NULL);",
        )
        .unwrap();
    let reader = Reader::open(&path).unwrap();
    let header = reader.header().unwrap();
    assert_eq!((header.transport(), header.title()), ("sse", "host.test/a"));
    assert_eq!(reader.event(1).unwrap().unwrap().event.wire, Wire::Exact(3));
}

#[tokio::test]
async fn numbers_far_apart_are_read_without_looking_in_between() {
    let (_folder, path) = place();
    recording(&path, 3000).await;
    let far = [1 << 40, 1 << 62, i64::MAX.cast_unsigned()];
    for n in far {
        let insert =
            "INSERT INTO event(n, t_ns, attempt, dir, kind) VALUES (?1, 0, 1, 'in', 'text')";
        plain(&path).execute(insert, [n.cast_signed()]).unwrap();
    }
    let expected: Vec<u64> = (1..=3000).chain(far).collect();
    let file = wirescope::capture::CaptureFile::open(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    // Whoever asks for every number between two of them is never done.
    let (done, seen) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut found = [Vec::new(), Vec::new()];
        let [of_reader, of_file] = &mut found;
        let take = |seen: &mut Vec<u64>, n| {
            seen.push(n);
            ControlFlow::Continue(())
        };
        let ends = [
            reader.scan(0, |n, _, _| take(of_reader, n)).unwrap(),
            file.scan(0, |n, _, _| take(of_file, n)).unwrap(),
        ];
        let _ = done.send((found, ends));
    });
    let (found, ends) = seen.recv_timeout(crate::support::LIMIT).expect("the scan ends");
    assert_eq!(ends, [1 << 63; 2]);
    assert!(found.iter().all(|found| *found == expected));
    let reader = Reader::open(&path).unwrap();
    let last = reader.events(i64::MAX.cast_unsigned()..u64::MAX).unwrap();
    assert_eq!(last.len(), 1);
    assert_eq!(reader.previews(1 << 62..(1 << 62) + 1, 1).unwrap().len(), 1);
    assert!(reader.events(7..7).unwrap().is_empty() && reader.events(0..0).unwrap().is_empty());
}

#[tokio::test]
async fn a_file_with_more_sessions_than_can_be_is_damaged() {
    let (_folder, path) = place();
    recording(&path, 1).await;
    let lanes = |count: usize| {
        let lane = r#"{"transport":"sse","url":"http://host.test/","title":"host.test"}"#;
        let json = format!("[{}]", vec![lane; count].join(","));
        let update = "UPDATE session SET value = ?1 WHERE key = 'lanes'";
        plain(&path).execute(update, [json]).unwrap();
        Reader::open(&path).unwrap().header()
    };
    assert_eq!(lanes(64).unwrap().lanes.len(), 64);
    assert!(matches!(lanes(5000), Err(CaptureError::Damaged(_))));
}

/// Reads all that can be read; that it returns at all is the test.
fn read_everything(path: &Path) -> bool {
    let Ok(reader) = Reader::open(path) else { return false };
    let _ = reader.header();
    let _ = reader.event(1);
    let _ = reader.events(0..u64::MAX);
    let mut seen = 0_u64;
    let mut take = |_, _, event: &Event| {
        seen += event.weight() as u64;
        if seen > 1 << 30 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let _ = reader.scan(0, &mut take);
    true
}

#[tokio::test]
async fn damage_anywhere_never_makes_the_reader_fall() {
    let (_folder, path) = place();
    let recorder = recorder(&path);
    recorder.feed(0).send(one_of_each()).await.unwrap();
    recorder.feed(0).send(vec![message(0).with_payload(vec![7; 60_000])]).await.unwrap();
    recorder.feed(0).send(messages(0..300)).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    let whole = fs::read(&path).unwrap();
    let mut opened = 0;
    for seed in 0..400 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut bytes = whole.clone();
        for _ in 0..=chance.usize(..40) {
            // The first hundred bytes are spared half the time, so that the damage lies deeper.
            let from = if chance.bool() { 100 } else { 0 };
            let at = chance.usize(from..bytes.len());
            bytes[at] = chance.u8(..);
        }
        if chance.u8(..8) == 0 {
            bytes.truncate(chance.usize(1..bytes.len()));
        }
        fs::write(&path, &bytes).unwrap();
        opened += u32::from(read_everything(&path));
    }
    assert!(opened > 50, "enough of them got past the door: {opened}");
}

#[test]
fn any_bytes_at_all_never_make_the_reader_fall() {
    let (_folder, path) = place();
    for seed in 0..100 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut bytes: Vec<u8> = (0..chance.usize(1..40_000)).map(|_| chance.u8(..)).collect();
        if chance.bool() {
            let magic = b"SQLite format 3\0";
            bytes.splice(..magic.len().min(bytes.len()), magic.iter().copied());
        }
        fs::write(&path, bytes).unwrap();
        assert!(!read_everything(&path));
    }
}
