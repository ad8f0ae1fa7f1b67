//! The folder of recordings that were not saved, and the list made of it.

use super::*;
use std::collections::HashSet;
use std::fs;
use wirescope::capture::place;

#[test]
fn names_tell_when_what_and_where_and_are_never_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = std::thread::scope(|scope| {
        let make = || place::new_file(folder.path(), &header()).unwrap();
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(move || [make(), make(), make()])).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(paths.iter().collect::<HashSet<_>>().len(), 12);
    let name = paths[0].file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("2026-11-2") && name.contains("-websocket-host.test"), "{name}");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(&paths[0]).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
    recorder(&paths[0]);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(&paths[0]).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "also once there is something in it");
    }
}

#[tokio::test]
async fn the_list_tells_what_is_in_each_file_and_which_do_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.wirescope");
    recording(&good, 7).await;
    fs::write(folder.path().join("bad.wirescope"), "junk").unwrap();
    fs::write(folder.path().join("notes.txt"), "not listed").unwrap();
    let saved = elsewhere.path().join("saved.wirescope");
    recording(&saved, 3).await;
    let live = folder.path().join("live.wirescope");
    let recorder = recorder(&live);
    recorder.feed(0).send(messages(0..5)).await.unwrap();
    recorder.flush().await.unwrap();
    for path in [&saved, &saved, &good, &elsewhere.path().join("gone.wirescope")] {
        place::remember(folder.path(), path).unwrap();
    }

    let recents = place::recents(folder.path());
    let of = |path: &Path| recents.iter().find(|recent| recent.path == path).unwrap();
    assert_eq!(recents.len(), 4, "{recents:#?}");
    let content = of(&good).content.as_ref().unwrap();
    assert_eq!((content.events, content.header.ended.as_str()), (7, "stopped"));
    assert_eq!(content.header.transport(), "websocket");
    assert!(of(&good).bytes >= 16_384);
    assert_eq!(of(&saved).content.as_ref().unwrap().events, 3);
    assert_eq!(of(&live).content.as_ref().unwrap().header.ended, RECORDING);
    let bad = &of(&folder.path().join("bad.wirescope")).content;
    assert!(matches!(bad, Err(CaptureError::NotACapture(_))));
    assert!(recents.windows(2).all(|pair| pair[0].modified >= pair[1].modified));
}

#[test]
fn a_damaged_list_is_an_empty_one_and_a_long_one_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("elsewhere.json"), "[\"/a\", 7").unwrap();
    assert!(place::recents(folder.path()).is_empty());
    for n in 0..50 {
        place::remember(folder.path(), Path::new(&format!("/nowhere/{n}.wirescope"))).unwrap();
    }
    let list = fs::read_to_string(folder.path().join("elsewhere.json")).unwrap();
    let list: Vec<PathBuf> = serde_json::from_str(&list).unwrap();
    assert_eq!((list.len(), list[0].as_path()), (32, Path::new("/nowhere/49.wirescope")));
}

const ROLE: &str = "WIRESCOPE_TEST_TELL_FOLDER";

/// Not a test by itself: makes the folder that its environment names.
#[test]
fn makes_the_folder() {
    if std::env::var_os(ROLE).is_some() {
        place::folder().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn the_folder_is_the_one_that_was_named_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let outer = tempfile::tempdir().unwrap();
    let named = outer.path().join("deep/captures");
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["capture::places::makes_the_folder", "--exact"])
        .env(ROLE, "1")
        .env(place::VARIABLE, &named)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(child.success());
    let mode = fs::metadata(&named).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_session_is_filed_under_the_transport_that_was_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let auto = Endpoint::parse("http://host.test/p").unwrap();
    let sse = auto.clone().over(TransportKind::Sse);
    let header = Header::new(&auto, 0).beside(&sse).beside(&auto);
    let path = place::new_file(folder.path(), &Header::new(&auto, 0)).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(!name.contains("auto") && name.ends_with("-host.test.wirescope"), "{name}");
    let recorder = Recorder::create(&path, &header, Box::new(())).unwrap();
    let open = |transport| {
        let meta = Meta { transport: Some(transport), ..Meta::default() };
        vec![Event::new(0, Dir::Local, Kind::Open).with_meta(meta)]
    };
    let filed = || {
        let lanes = recorder.file().header().unwrap().lanes;
        lanes.into_iter().map(|lane| lane.transport).collect::<Vec<_>>()
    };
    assert_eq!(filed(), ["auto", "sse", "auto"]);
    recorder.feed(2).send(open(TransportKind::Stream)).await.unwrap();
    recorder.flush().await.unwrap();
    assert_eq!(filed(), ["auto", "sse", "stream"]);
    // What was named, or chosen once, stays.
    recorder.feed(1).send(open(TransportKind::LongPoll)).await.unwrap();
    recorder.feed(2).send(open(TransportKind::LongPoll)).await.unwrap();
    recorder.feed(0).send(open(TransportKind::LongPoll)).await.unwrap();
    recorder.finish("stopped").await.unwrap();
    assert_eq!(filed(), ["long-poll", "sse", "stream"]);
    assert_eq!(Reader::open(&path).unwrap().header().unwrap().transport(), "long-poll");
}
