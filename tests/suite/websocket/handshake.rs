//! The opening handshake: what is told of it, and answers that open nothing.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use wirescope::model::{Event, Kind, Say, Wire};
use wirescope::session::End;
use wirescope::transport::TransportError;

use super::scripted::serve;
use super::{connect, endpoint};

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn open_tells_both_heads_as_sent_and_how_long_each_phase_took() {
    let address = serve(async |_, mut peer| {
        peer.accept("X-oDD: 1\r\nx-odd:  2\r\nSec-WebSocket-Protocol: v2\r\n").await;
        peer.rest().await;
    })
    .await;
    let mut endpoint = endpoint(&format!("http://{address}/feed?room=1"), 0);
    endpoint.options.subprotocols = vec!["v1".into(), "v2".into()];
    endpoint.options.headers =
        vec![("Origin".into(), "https://o.example".into()), ("X-Mine".into(), "é".into())];
    let session = connect(endpoint);
    session.memory.until_of(Kind::Open, 1).await;
    let open = session.memory.of(Kind::Open).remove(0);
    let meta = open.meta();
    assert_eq!((meta.status, meta.version.as_deref()), (Some(101), Some("HTTP/1.1")));
    assert_eq!(meta.reason.as_deref(), Some("Switching Protocols"));
    assert_eq!(meta.remote.as_deref(), Some(&*address));
    assert_eq!((meta.tls.as_deref(), meta.insecure), (None, false));
    assert_eq!(header(&meta.headers, "X-oDD"), Some("1"));
    assert_eq!(header(&meta.headers, "x-odd"), Some("2"));
    assert_eq!(header(&meta.headers, "Sec-WebSocket-Protocol"), Some("v2"));
    assert_eq!(header(&meta.request_headers, "Host"), Some(&*address));
    assert_eq!(header(&meta.request_headers, "Origin"), Some("https://o.example"));
    assert_eq!(header(&meta.request_headers, "X-Mine"), Some("é"));
    assert_eq!(header(&meta.request_headers, "Sec-Websocket-Protocol"), Some("v1, v2"));
    let timing = meta.timing.unwrap();
    let (tcp, first, total) =
        (timing.tcp.unwrap(), timing.first_byte.unwrap(), timing.total.unwrap());
    assert!(tcp > 0.0 && first > 0.0 && total >= tcp + first, "{timing:?}");
    assert_eq!((timing.dns, timing.tls), (None, None), "an address needs no lookup");
    session.stop().await;
}

#[tokio::test]
async fn open_tells_what_the_handshake_took_on_the_wire() {
    let address = serve(async |_, mut peer| {
        peer.accept_and("X-Pad: 12345\r\n", b"\x81\x05early").await;
        peer.rest().await;
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/feed?room=1"), 0));
    session.memory.until_received(1).await;
    let open = session.memory.of(Kind::Open).remove(0);
    let meta = open.meta();
    let fields = |headers: &[(String, String)]| -> usize {
        headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum()
    };
    let asked = "GET /feed?room=1 HTTP/1.1\r\n\r\n".len() + fields(&meta.request_headers);
    let answered = "HTTP/1.1 101 Switching Protocols\r\n\r\n".len() + fields(&meta.headers);
    assert_eq!(open.wire, Wire::Exact((asked + answered) as u64));
    session.stop().await;
}

#[tokio::test]
async fn a_name_is_looked_up_and_the_lookup_timed() {
    let address = serve(async |_, mut peer| {
        peer.accept("").await;
        peer.rest().await;
    })
    .await;
    let port = address.rsplit(':').next().unwrap();
    let session = connect(endpoint(&format!("ws://localhost:{port}/"), 0));
    session.memory.until_of(Kind::Open, 1).await;
    let open = session.memory.of(Kind::Open).remove(0);
    assert!(open.meta().timing.unwrap().dns.is_some_and(|dns| dns > 0.0));
    session.stop().await;
}

#[tokio::test]
async fn bytes_that_come_with_the_answer_are_not_lost() {
    let address = serve(async |_, mut peer| {
        peer.accept_and("", b"\x81\x05early\x81\x04la").await;
        peer.write(b"te").await;
        peer.rest().await;
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 0));
    session.memory.until_received(2).await;
    assert_eq!(session.memory.received(), ["early", "late"]);
    session.stop().await;
}

/// Connects to a server that answers `answer` and then closes; how it ended and the last events.
async fn answered(answer: &'static [u8], most: u32) -> (End, Vec<Event>) {
    let address = serve(move |_, mut peer| async move {
        peer.request().await;
        peer.write(answer).await;
    })
    .await;
    let (end, memory) = connect(endpoint(&format!("ws://{address}/x"), most)).end().await;
    (end, memory.events())
}

fn count(events: &[Event], kind: Kind) -> usize {
    events.iter().filter(|event| event.kind == kind).count()
}

#[tokio::test]
async fn a_refusal_tells_status_head_and_body_and_is_not_tried_again() {
    let table: [(&[u8], u16, &str, &str); 5] = [
        (b"HTTP/1.1 401 No Entry\r\nWWW-Authenticate: Bearer\r\nContent-Length: 4\r\n\r\nwho?", 401, "No Entry", "who?"),
        (b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno \r\n4\r\nway!\r\n0\r\n\r\n", 403, "Forbidden", "no way!"),
        (b"HTTP/1.0 404\r\n\r\nnothing here", 404, "Not Found", "nothing here"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", 200, "OK", "<html>"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 6\r\n\r\nwhere?", 302, "Found", "where?"),
    ];
    for (answer, status, reason, body) in table {
        let (end, events) = answered(answer, 5).await;
        assert!(
            matches!(end, End::GaveUp(error) if matches!(*error, TransportError::Refused { .. }))
        );
        assert_eq!((count(&events, Kind::Failed), count(&events, Kind::Retrying)), (1, 0));
        let failed = events.last().unwrap();
        let meta = failed.meta();
        assert_eq!((meta.status, meta.reason.as_deref()), (Some(status), Some(reason)));
        assert_eq!(failed.payload, body.as_bytes());
        assert_eq!(meta.cause, Some(format!("the server answered {status} {reason}")));
        assert!(meta.hint.is_some() && meta.timing.unwrap().total.is_some());
    }
    let (_, events) = answered(table[0].0, 5).await;
    assert_eq!(header(&events.last().unwrap().meta().headers, "WWW-Authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn the_whole_body_of_a_refusal_is_kept_up_to_the_limit() {
    let body = b"x".repeat(300_000);
    let whole = body.clone();
    let address = serve(move |_, mut peer| {
        let body = body.clone();
        async move {
            peer.request().await;
            let head = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n", body.len());
            peer.write(head.as_bytes()).await;
            let (one, two) = body.split_at(100_000);
            peer.write(one).await;
            let _ = peer.stream.write_all(two).await;
            peer.rest().await;
        }
    })
    .await;
    let (_, memory) = connect(endpoint(&format!("ws://{address}/"), 0)).end().await;
    let failed = memory.of(Kind::Failed).remove(0);
    assert!(failed.payload == whole);
    assert_eq!(failed.meta().cause.as_deref(), Some("the server answered 404 Not Found"));
    let mut small = endpoint(&format!("ws://{address}/"), 0);
    small.options.max_message = 1000;
    let (_, memory) = connect(small).end().await;
    let failed = memory.of(Kind::Failed).remove(0);
    assert_eq!((failed.payload.len(), failed.meta().truncated), (1000, Some(299_000)));
    let cause = "the server answered 404 Not Found; of its body only 1000 bytes are kept";
    assert_eq!(failed.meta().cause.as_deref(), Some(cause));
}

#[tokio::test]
async fn a_body_that_does_not_come_to_its_end_is_shown_as_far_as_it_came() {
    let address = serve(async |number, mut peer| {
        peer.request().await;
        let head = "HTTP/1.1 404 Not Found\r\nContent-Encoding: x-odd\r\n";
        if number == 1 {
            peer.write(format!("{head}Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n").as_bytes())
                .await;
            peer.rest().await;
        } else {
            peer.write(format!("{head}Content-Length: 9\r\n\r\nsome").as_bytes()).await;
        }
    })
    .await;
    for words in ["; its body did not come within 2s", "; its body broke off: "] {
        let (_, memory) = connect(endpoint(&format!("ws://{address}/"), 0)).end().await;
        let failed = memory.of(Kind::Failed).remove(0);
        assert_eq!(failed.payload, "some");
        assert_eq!(header(&failed.meta().headers, "Content-Encoding"), Some("x-odd"));
        let cause = failed.meta().cause.clone().unwrap();
        assert!(cause.contains(words), "{cause}");
        let left = words.contains("broke").then_some(5);
        assert_eq!(failed.meta().truncated, left);
    }
}

#[tokio::test]
async fn a_server_in_trouble_that_asks_for_no_wait_is_not_stormed() {
    let address = serve(async |number, mut peer| {
        if number < 3 {
            peer.request().await;
            peer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n").await;
        } else {
            peer.accept("").await;
            peer.rest().await;
        }
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 5));
    session.memory.until_of(Kind::Open, 1).await;
    let failed = session.memory.of(Kind::Failed);
    assert_eq!(failed.iter().map(|e| e.meta().status).collect::<Vec<_>>(), [Some(503); 2]);
    let delays: Vec<_> =
        session.memory.of(Kind::Retrying).iter().map(|e| e.meta().delay_ms).collect();
    let own_steps = delays.iter().all(|delay| delay.is_some_and(|ms| (3..=12).contains(&ms)));
    assert!(own_steps && delays.len() == 2, "5 and 10 ms, give or take a fifth: {delays:?}");
    assert_eq!(session.memory.of(Kind::Open)[0].attempt, 3);
    session.stop().await;
}

#[tokio::test]
async fn an_answer_against_the_rfc_is_explained_with_its_head() {
    let table: [(&[u8], &str, Option<u16>); 4] = [
        (b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n", "Sec-WebSocket-Accept is “AAAA” where our key asks for", Some(101)),
        (b"HTTP/1.1 101 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "101 without “Upgrade: websocket”", Some(101)),
        (b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n", "101 without “Connection: Upgrade”", Some(101)),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP/1.1, it begins with “SSH-2.0-OpenSSH", None),
    ];
    for (answer, words, status) in table {
        let (end, events) = answered(answer, 5).await;
        assert!(matches!(end, End::GaveUp(_)), "{words}");
        assert_eq!(
            (count(&events, Kind::Failed), count(&events, Kind::Retrying)),
            (1, 0),
            "{words}"
        );
        let meta = events.last().unwrap().meta();
        let cause = meta.cause.clone().unwrap();
        assert!(cause.contains(words), "{cause}");
        assert_eq!(meta.status, status);
    }
}

#[tokio::test]
async fn a_subprotocol_nobody_asked_for_is_an_error() {
    let address = serve(async |_, mut peer| {
        peer.accept("Sec-WebSocket-Protocol: surprise\r\n").await;
        peer.rest().await;
    })
    .await;
    let (_, memory) = connect(endpoint(&format!("ws://{address}/"), 5)).end().await;
    let failed = memory.of(Kind::Failed).remove(0);
    assert!(failed.meta().cause.as_ref().unwrap().contains("subprotocol “surprise”"));
    assert_eq!(header(&failed.meta().headers, "Sec-WebSocket-Protocol"), Some("surprise"));
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_is_tried_again() {
    let address = serve(async |number, mut peer| {
        peer.request().await;
        if number == 2 {
            peer.write(b"HTTP/1.1 101 Swit").await;
        }
    })
    .await;
    let (end, memory) = connect(endpoint(&format!("ws://{address}/"), 1)).end().await;
    assert!(matches!(end, End::GaveUp(_)));
    let causes: Vec<_> = memory.of(Kind::Failed).iter().map(|e| e.meta().cause.clone()).collect();
    let cause = "the connection broke: the server ended it without an answer to the handshake";
    assert_eq!(causes, [Some(cause.to_owned()), Some(cause.to_owned())]);
}

#[tokio::test]
async fn nobody_listening_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (_, memory) = connect(endpoint(&format!("ws://{address}/"), 1)).end().await;
    let failed = memory.of(Kind::Failed);
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0].meta().cause, Some(format!("{address} refused the connection")));
}

#[tokio::test]
async fn stopping_while_the_answer_is_awaited_takes_no_time() {
    let (seen, mut asked) = tokio::sync::mpsc::channel(1);
    let address = serve(move |_, mut peer| {
        let seen = seen.clone();
        async move {
            peer.request().await;
            seen.send(()).await.unwrap();
            assert_eq!(peer.rest().await, b"", "nothing but the end of the socket");
            seen.send(()).await.unwrap();
        }
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 5));
    asked.recv().await.unwrap();
    session.say(Say::Text("too early".into())).await;
    let began = std::time::Instant::now();
    let (end, memory) = session.stop().await;
    assert!(matches!(end, End::Stopped));
    assert!(began.elapsed() < Duration::from_secs(1), "a goodbye to nobody was waited for");
    asked.recv().await.unwrap();
    assert_eq!(memory.of(Kind::Failed)[0].meta().cause.as_deref(), Some("disconnected by you"));
}
