//! Bodies that are compressed: what is asked for, what is shown of it, and what is held back.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use wirescope::model::{Kind, TransportKind};

use super::run;
use crate::support::Running;
use crate::support::peer::{Peer, Server};

const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Each part flushed, so that it can be read when it has come.
fn flushed(parts: &[&str]) -> Vec<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let parts = parts.iter().map(|part| {
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.flush().unwrap();
        std::mem::take(encoder.get_mut())
    });
    parts.collect()
}

async fn answer(peer: &mut Peer, head: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: {}\r\n\r\n", body.len());
    peer.send(head).await;
    peer.send(body).await;
}

#[tokio::test]
async fn what_can_be_read_is_asked_for_unless_it_is_not_wanted() {
    for (compression, typed, sent) in [
        (true, None, Some("gzip, deflate, br, zstd")),
        (true, Some("identity"), Some("identity")),
        (false, None, None),
    ] {
        for kind in [TransportKind::Sse, TransportKind::LongPoll, TransportKind::Stream] {
            let server = Server::start().await;
            let mut endpoint = server.endpoint("/").over(kind);
            endpoint.options.compression = compression;
            let header = |value: &str| ("Accept-Encoding".to_owned(), value.to_owned());
            endpoint.options.headers.extend(typed.map(header));
            let running = run(endpoint);
            let (_peer, request) = server.asked().await;
            assert_eq!(request.header("accept-encoding"), sent, "{kind:?}");
            running.stop().await;
        }
    }
}

#[tokio::test]
async fn a_compressed_event_comes_as_soon_as_it_can() {
    let server = Server::start().await;
    let running = run(server.endpoint("/").over(TransportKind::Sse));
    let (mut peer, _) = server.asked().await;
    peer.send(HEAD).await;
    let parts = flushed(&["data: one\n\n", "data: two\n\n", "data: three\n\n"]);
    let bytes: usize = parts.iter().map(Vec::len).sum();
    for (number, part) in parts.iter().enumerate() {
        for byte in part {
            peer.send([*byte]).await;
        }
        running.memory.until_received(number + 1).await;
    }
    let (_, memory) = running.stop().await;
    assert_eq!(memory.received(), ["one", "two", "three"]);
    let open = memory.of(Kind::Open)[0].meta().clone();
    assert_eq!(open.encoding.as_deref(), Some("gzip"));
    assert!(open.headers.contains(&(String::from("content-encoding"), String::from("gzip"))));
    let wire: u64 = memory.of(Kind::Event).iter().filter_map(|event| event.wire.bytes()).sum();
    // What each took is estimated.
    assert!(wire > 0 && wire <= 2 * bytes as u64, "{wire} of {bytes}");
}

#[tokio::test]
async fn a_polls_answer_shows_both_sizes() {
    let text = format!(r#"{{"messages":["{}"],"lastId":1}}"#, "x".repeat(5000));
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(text.as_bytes()).unwrap();
    for (coding, body) in [("gzip", gzip(&text)), ("deflate", zlib.finish().unwrap())] {
        let server = Server::start().await;
        let running = run(server.endpoint("/").over(TransportKind::LongPoll));
        let (mut peer, _) = server.asked().await;
        let head = format!("Content-Type: application/json\r\nContent-Encoding: {coding}");
        answer(&mut peer, &head, &body).await;
        running.memory.until_received(1).await;
        let (_, memory) = running.stop().await;
        let response = &memory.of(Kind::Response)[0];
        assert_eq!(response.meta().encoding.as_deref(), Some(coding));
        assert_eq!(response.meta().compressed, Some(body.len() as u64));
        let message = &memory.of(Kind::Message)[0];
        assert_eq!(message.payload.len(), 5002);
        assert!(message.wire.bytes().unwrap() <= body.len() as u64, "{:?}", message.wire);
    }
}

#[tokio::test]
async fn a_body_that_is_one_message_says_how_it_was_compressed() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/").over(TransportKind::LongPoll);
    endpoint.options.dialect = Some("nchan".into());
    let running = run(endpoint);
    let (mut peer, _) = server.asked().await;
    let body = gzip(&"y".repeat(900));
    let head = "Content-Type: text/plain\r\nLast-Modified: Thu, 01 Jan 1970 00:00:01 GMT\r\n\
                Etag: 0\r\nContent-Encoding: gzip";
    answer(&mut peer, head, &body).await;
    running.memory.until_received(1).await;
    let (_, memory) = running.stop().await;
    let message = memory.of(Kind::Message).remove(0);
    assert_eq!(message.payload.len(), 900);
    let meta = message.meta();
    assert_eq!(
        (meta.encoding.as_deref(), meta.compressed),
        (Some("gzip"), Some(body.len() as u64))
    );
}

#[tokio::test]
async fn what_is_no_gzip_or_half_of_it_is_said() {
    let whole = gzip("{\"messages\":[\"a\"],\"lastId\":1}");
    let followed = [whole.as_slice(), b"<!-- -->"].concat();
    let cases: [(&[u8], &str); 3] = [
        (b"{\"messages\":[]}", "the body is not the gzip it says it is: "),
        (
            &whole[..whole.len() - 3],
            "the connection broke: the answer ended before its gzip encoding did",
        ),
        (&followed, "the gzip body is followed by something else"),
    ];
    for (body, words) in cases {
        let server = Server::start().await;
        let mut endpoint = server.endpoint("/").over(TransportKind::LongPoll);
        endpoint.options.retries.most = 0;
        let running = run(endpoint);
        let (mut peer, _) = server.asked().await;
        answer(&mut peer, "Content-Type: application/json\r\nContent-Encoding: gzip", body).await;
        let (_, memory) = running.end().await;
        let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
        assert!(cause.starts_with(words), "{cause}");
    }
}

#[tokio::test]
async fn a_bomb_is_cut_at_the_limit() {
    let server = Server::start().await;
    let mut endpoint = server.endpoint("/").over(TransportKind::LongPoll);
    endpoint.options.retries.most = 0;
    endpoint.options.max_message = 1 << 16;
    let running = run(endpoint);
    let (mut peer, _) = server.asked().await;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..64 {
        bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    answer(&mut peer, "Content-Type: application/json\r\nContent-Encoding: gzip", &bomb).await;
    let (_, memory) = running.end().await;
    let cause = memory.of(Kind::Failed)[0].meta().cause.clone().unwrap();
    assert!(cause.contains("67108864 bytes is longer than the limit"), "{cause}");
    let most = memory.events().iter().map(|event| event.payload.len()).max().unwrap_or_default();
    assert!(most <= 1 << 16, "{most}");
}

/// A compressed event stream that has brought one event, and of the next all but `left_out` bytes.
async fn half_told(left_out: usize) -> (Running, Peer) {
    let server = Server::start().await;
    let running = run(server.endpoint("/").over(TransportKind::Sse));
    let (mut peer, _) = server.asked().await;
    peer.send(HEAD).await;
    let text = "data: one\n\ndata: and the rest of it\n\n";
    peer.send(flushed(&[&text[..text.len() - left_out]]).remove(0)).await;
    running.memory.until_received(1).await;
    (running, peer)
}

#[tokio::test]
async fn a_stream_that_compression_holds_back_is_seen_as_such() {
    let (flushed, _one) = half_told(0).await;
    let (held, _other) = half_told(7).await;
    held.memory.until_of(Kind::Note, 1).await;
    let note = held.memory.of(Kind::Note).remove(0);
    let words = "the stream, compressed as gzip, stopped within a line 5 s ago";
    assert_eq!(note.meta().cause.as_deref(), Some(words));
    assert!(note.meta().hint.as_ref().unwrap().contains("flush after each message"));
    assert!(flushed.memory.of(Kind::Note).is_empty(), "it has waited for longer");
    held.stop().await;
    flushed.stop().await;
}
