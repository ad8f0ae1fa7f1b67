//! Every message back: in its place among the answers, never faster than the peer takes them, and
//! from the command line.

use std::process::Stdio;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirescope::model::{Dir, Event, Kind};
use wirescope::session::End;

use super::scripted::{once, serve};
use super::{connect, endpoint};
use crate::support::LIMIT;

#[tokio::test]
async fn each_message_goes_back_between_the_answers_to_what_came_around_it() {
    let (address, server) = once(async |mut peer| {
        let mut bytes =
            b"\x81\x01a\x89\x01p\x82\x01\xff\x01\x01c\x89\x01q\x80\x01d\x81\x00".to_vec();
        bytes.extend(b"\x81\x7e\x00\xc8");
        bytes.extend([b'x'; 200]);
        bytes.extend(b"\x81\x04last\x88\x02\x03\xe8");
        peer.accept_and("", &bytes).await;
        let expected: [(u8, &[u8]); 8] = [
            (0x81, b"a"),
            (0x8a, b"p"),
            (0x82, b"\xff"),
            (0x8a, b"q"),
            (0x81, b"cd"),
            (0x81, b""),
            (0x81, b"last"),
            (0x88, b"\x03\xe8"),
        ];
        for (first, payload) in expected {
            assert_eq!(peer.frame().await, Some((first, payload.to_vec())));
        }
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    endpoint.options.echo = true;
    endpoint.options.max_message = 150;
    let (end, memory) = connect(endpoint).end().await;
    server.await.unwrap();
    assert!(matches!(end, End::Finished), "{end:?}");
    let came = memory.events().into_iter().filter(Event::is_received_message);
    let causes: Vec<_> = came.map(|e| e.meta().cause.clone()).collect();
    let cause = Some(String::from("not sent back, because not all of it was kept"));
    assert_eq!(causes, [None, None, None, None, cause, None]);
}

#[tokio::test]
async fn a_message_at_the_end_of_a_long_run_of_frames_goes_back_too() {
    for before in 1018..1028 {
        let (address, server) = once(async move |mut peer| {
            let mut bytes = b"\x8a\x00".repeat(before);
            bytes.extend(b"\x81\x02hi");
            peer.accept_and("", &bytes).await;
            assert_eq!(peer.frame().await, Some((0x81, b"hi".to_vec())));
            peer.write(b"\x88\x02\x03\xe8").await;
            peer.rest().await;
        })
        .await;
        let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
        endpoint.options.echo = true;
        endpoint.options.heartbeat = None;
        let (end, _) = connect(endpoint).end().await;
        server.await.unwrap();
        assert!(matches!(end, End::Finished), "{before}: {end:?}");
    }
}

#[tokio::test]
async fn compressed_messages_go_back_compressed() {
    let address = serve(async |_, mut peer| {
        peer.accept("Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
        let hello = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
        peer.write(hello).await;
        assert_eq!(peer.frame().await, Some((0xc1, hello[2..].to_vec())));
        peer.write(b"\x88\x02\x03\xe8").await;
        peer.rest().await;
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    endpoint.options.echo = true;
    let (end, _) = connect(endpoint).end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
}

#[tokio::test]
async fn a_peer_that_takes_nothing_back_is_not_read_from_any_more() {
    const MESSAGES: u32 = 4096;
    const SIZE: usize = 16 << 10;
    let (seen, mut saw) = tokio::sync::mpsc::unbounded_channel();
    let address = serve(move |_, mut peer| {
        let seen = seen.clone();
        async move {
            peer.accept("").await;
            let (mut reading, mut writing) = peer.stream.into_split();
            let writer = tokio::spawn(async move {
                for number in 0..MESSAGES {
                    let mut frame = b"\x82\x7e\x40\x00".to_vec();
                    frame.extend(number.to_be_bytes().repeat(SIZE / 4));
                    writing.write_all(&frame).await.unwrap();
                    seen.send(number).unwrap();
                }
                writing
            });
            // Slow machines come here early, which makes the test weaker, but not wrong.
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            assert!(!writer.is_finished(), "64 MiB were read, and none of them came back");
            let mut payload = vec![0; SIZE];
            for number in 0..MESSAGES {
                let mut head = [0; 8];
                reading.read_exact(&mut head).await.unwrap();
                assert_eq!(head[..4], [0x82, 0xfe, 0x40, 0x00]);
                reading.read_exact(&mut payload).await.unwrap();
                let first: Vec<u8> =
                    payload.iter().zip(&head[4..]).map(|(byte, key)| byte ^ key).collect();
                assert_eq!(first, number.to_be_bytes(), "in order");
            }
            let mut writing = writer.await.unwrap();
            writing.write_all(b"\x88\x02\x03\xe8").await.unwrap();
            let _ = reading.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    endpoint.options.echo = true;
    let (end, memory) = connect(endpoint).end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
    let mut sent = 0;
    while saw.try_recv().is_ok() {
        sent += 1;
    }
    assert_eq!(sent, MESSAGES);
    let count = |dir| memory.of(Kind::Binary).iter().filter(|e: &&Event| e.dir == dir).count();
    assert_eq!((count(Dir::In), count(Dir::Out)), (MESSAGES as usize, MESSAGES as usize));
}

#[tokio::test]
async fn the_command_line_echoes() {
    let payload = Bytes::from_static(b"\x00\xff");
    let address = serve(move |_, mut peer| {
        let payload = payload.clone();
        async move {
            peer.accept("").await;
            peer.write(b"\x81\x05hello\x82\x02\x00\xff").await;
            assert_eq!(peer.frame().await, Some((0x81, b"hello".to_vec())));
            assert_eq!(peer.frame().await, Some((0x82, payload.to_vec())));
            peer.write(b"\x88\x02\x03\xe8").await;
            peer.rest().await;
        }
    })
    .await;
    let captures = tempfile::tempdir().unwrap();
    let capture = |url: String| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_wirescope"));
        command
            .env("WIRESCOPE_CAPTURES", captures.path())
            .args(["capture", &url, "--echo", "--ndjson", "--max-retries", "0"])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        async move { tokio::time::timeout(LIMIT, command.output()).await.unwrap().unwrap() }
    };
    let done = capture(format!("ws://{address}/")).await;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(0), "{said}");
    let lines = String::from_utf8(done.stdout).unwrap();
    let events: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |dir: &str, kind: &str| -> Vec<&Value> {
        events.iter().filter(|e| e["dir"] == dir && e["kind"] == kind).collect()
    };
    for dir in ["in", "out"] {
        assert_eq!(of(dir, "text")[0]["text"], "hello", "{dir}");
        assert_eq!(of(dir, "binary")[0]["base64"], "AP8=", "{dir}");
    }
    assert_eq!(of("out", "text")[0]["frames"][0]["header"], 6, "masked");
    let refused = capture(format!("http://{address}/")).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("only a WebSocket can send"), "{said}");
}
