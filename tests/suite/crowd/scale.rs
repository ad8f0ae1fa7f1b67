//! The scale run, and that its server never stays behind.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wirescope::compare::{ScaleRow, ScaleView, scale};
use wirescope::model::TransportKind;

use crate::support::LIMIT;
use crate::support::peer::soon;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wirescope");

async fn run(clients: &[usize], ways: &[TransportKind], program: &Path) -> ScaleView {
    let (tell, _told) = watch::channel(ScaleView::default());
    scale(clients, ways, program, tell, CancellationToken::new()).await
}

fn is_whole(row: &ScaleRow, clients: usize) {
    assert_eq!((row.clients, row.held, row.lost), (clients, clients, 0), "{row:?}");
    assert!(row.setup_ms > 0.0 && row.fan_out_per_s > 0.0, "{row:?}");
    assert!(row.memory_per_connection.is_some_and(|bytes| bytes > 0), "{row:?}");
    assert!(row.p50_ms.is_some() && row.p50_ms <= row.p99_ms, "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_transport_holds_fifty_clients_and_loses_nothing() {
    let program = Path::new(PROGRAM);
    let each =
        TransportKind::ALL.map(|kind| async move { (kind, run(&[50], &[kind], program).await) });
    for (kind, view) in futures_util::future::join_all(each).await {
        assert_eq!((view.error.as_ref(), view.doing.as_ref()), (None, None));
        assert!(view.file_limit.is_some_and(|(now, before)| now >= before && now >= 256));
        let [row] = &view.rows[..] else { panic!("one row: {view:?}") };
        assert_eq!(row.transport, kind.word());
        is_whole(row, 50);
        assert_eq!(row.note.is_some(), kind == TransportKind::ShortPoll, "{row:?}");
    }
}

/// Takes minutes, and all of a machine.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "5,000 clients of each transport: run it alone, in release"]
async fn each_transport_holds_five_thousand_clients() {
    let view = run(&[5000], &TransportKind::ALL, Path::new(PROGRAM)).await;
    assert_eq!((view.error.as_ref(), view.rows.len()), (None, 5), "{view:?}");
    view.rows.iter().for_each(|row| is_whole(row, 5000));
}

#[tokio::test]
async fn a_program_that_is_no_server_is_told_with_its_own_words() {
    let view = run(&[1], &[TransportKind::Sse], Path::new("/nowhere/at/all")).await;
    let (what, hint) = view.error.unwrap();
    assert!(what.contains("/nowhere/at/all could not be run") && !hint.is_empty(), "{what}");
    let folder = tempfile::tempdir().unwrap();
    let program = script(&folder, "echo first >&2; echo 'no such thing here' >&2");
    let view = run(&[1], &[TransportKind::Sse], &program).await;
    let (what, _) = view.error.unwrap();
    assert!(what.ends_with("did not say where it listens: no such thing here"), "{what}");
    assert!(view.rows.is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn cancelled_at_any_moment_it_leaves_no_server_behind() {
    for word in ["opening", "memory", "one message", "as many"] {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let program =
            script(&folder, &format!("echo $$ > '{}'; exec '{PROGRAM}' \"$@\"", pid.display()));
        let (tell, mut told) = watch::channel(ScaleView::default());
        let stop = CancellationToken::new();
        let ends = stop.clone();
        let until = tokio::spawn(async move {
            let is_there = |view: &ScaleView| {
                view.doing.as_ref().is_some_and(|(doing, _)| doing.contains(word))
            };
            told.wait_for(is_there).await.map(|_| ends.cancel()).is_ok()
        });
        let run = scale(&[20], &[TransportKind::Websocket], &program, tell, stop);
        let view = soon("the end", run).await;
        assert!(until.await.unwrap(), "{word} never was");
        assert_eq!((view.rows.len(), view.error), (0, None), "{word}");
        let pid = std::fs::read_to_string(pid).unwrap();
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "{word}: {pid} is still there");
    }
}

#[test]
fn serve_ends_with_its_standard_input_where_it_is_told_to() {
    let mut child = Command::new(PROGRAM)
        .args(["serve", "--quiet", "--listen", "127.0.0.1:0", "--rate", "0", "--while-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("http://127.0.0.1:"), "{line}");
    assert!(child.try_wait().unwrap().is_none(), "not before");
    drop(child.stdin.take());
    let (tell, told) = std::sync::mpsc::channel();
    let pid = child.id();
    std::thread::spawn(move || tell.send(child.wait()));
    let status = told.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{pid} never ended"));
    assert!(status.unwrap().success());
}

#[test]
fn numbers_of_clients_are_checked_before_anything_starts() {
    let many = ["5"; 17].join(",");
    let table: [(&[&str], &str); 3] = [
        (&["5,0"], "use numbers of clients from 1 to 100000"),
        (&[&many], "at most 16 numbers of clients"),
        (&["5", "--lanes", "fallback"], "a scale run is of transports"),
    ];
    for (arguments, wanted) in table {
        let command = ["compare", "--scale"].iter().chain(arguments);
        let output = Command::new(PROGRAM).args(command).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(wanted), "{said}");
    }
}

/// A program of one line of shell. Written by another process: a file that this one had open for
/// writing could not be run as long as a child that was forked meanwhile holds it, too.
fn script(folder: &tempfile::TempDir, line: &str) -> PathBuf {
    let path = folder.path().join("program");
    let write = "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\" && chmod 700 \"$1\"";
    let done = Command::new("sh").args(["-c", write, "sh"]).arg(&path).arg(line).status().unwrap();
    assert!(done.success());
    path
}
