//! Every frame as it was on the wire, in both directions, whatever the server sends.

use std::sync::Arc;

use bytes::Bytes;
use wirescope::model::{Dir, Event, Kind, Say, Wire};
use wirescope::session::End;
use wirescope::transport::TransportError;

use super::scripted::serve;
use super::{connect, endpoint};
use crate::support::Memory;

/// Lets a server send `bytes` and then close once we have said goodbye or gone; no retries.
async fn sent(bytes: &'static [u8], max_message: Option<usize>) -> (End, Arc<Memory>) {
    let address = serve(move |_, mut peer| async move {
        peer.accept("").await;
        peer.write(bytes).await;
        while let Some((first, _)) = peer.frame().await {
            if first == 0x88 {
                return;
            }
        }
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    if let Some(most) = max_message {
        endpoint.options.max_message = most;
    }
    connect(endpoint).end().await
}

/// What passed between the peers: direction, word, payload, bytes on the wire.
fn frames(memory: &Memory) -> Vec<(Dir, &'static str, Vec<u8>, Wire)> {
    let told = |e: &Event| (e.dir, e.kind.word(), e.payload.to_vec(), e.wire);
    memory.events().iter().filter(|e| e.dir != Dir::Local).map(told).collect()
}

fn exact(
    dir: Dir,
    word: &'static str,
    payload: &[u8],
    wire: u64,
) -> (Dir, &'static str, Vec<u8>, Wire) {
    (dir, word, payload.to_vec(), Wire::Exact(wire))
}

#[tokio::test]
async fn every_kind_of_frame_is_told_with_its_bytes_on_the_wire() {
    let (end, memory) = sent(
        b"\x81\x03one\x82\x7e\x00\xc8\
          ________________________________________________________________________________________________________________________________________________________________________________________________________\
          \x01\x02fr\x89\x02hi\x80\x04ames\x8a\x01u\x88\x05\x03\xe8bye",
        None,
    )
    .await;
    assert!(matches!(end, End::Finished));
    let told = frames(&memory);
    let expected = [
        exact(Dir::In, "text", b"one", 5),
        exact(Dir::In, "binary", &[b'_'; 200], 204),
        exact(Dir::In, "ping", b"hi", 4),
        exact(Dir::In, "text", b"frames", 10),
        exact(Dir::In, "pong", b"u", 3),
        exact(Dir::In, "close", b"\x03\xe8bye", 7),
    ];
    let received: Vec<_> = told.iter().filter(|frame| frame.0 == Dir::In).cloned().collect();
    assert_eq!(received, expected);
    let answers: Vec<_> = told.into_iter().filter(|frame| frame.0 == Dir::Out).collect();
    let expected =
        [exact(Dir::Out, "pong", b"hi", 8), exact(Dir::Out, "close", b"\x03\xe8bye", 11)];
    assert_eq!(answers, expected);
    let joined = memory.of(Kind::Text).remove(1);
    let frames = joined.meta().frames.iter().map(|frame| (frame.opcode, frame.size, frame.fin));
    assert_eq!(frames.collect::<Vec<_>>(), [(1, 2, false), (0, 4, true)]);
    assert!(memory.of(Kind::Binary)[0].meta.is_none());
}

#[tokio::test]
async fn an_answer_to_a_ping_is_told_though_nothing_follows() {
    let address = serve(async |_, mut peer| {
        peer.accept_and("", b"\x89\x01?").await;
        peer.rest().await;
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 0));
    session.memory.until_of(Kind::Pong, 1).await;
    let (_, memory) = session.stop().await;
    let expected = [exact(Dir::In, "ping", b"?", 3), exact(Dir::Out, "pong", b"?", 7)];
    assert_eq!(frames(&memory)[..2], expected);
}

#[tokio::test]
async fn times_never_run_backwards_and_belong_to_the_attempt() {
    let (_, memory) = sent(b"\x81\x01a\x81\x01b\x89\x00\x88\x02\x03\xe8", None).await;
    let events = memory.events();
    assert!(events.is_sorted_by_key(|event| event.t_ns), "{events:#?}");
    assert!(events.iter().all(|event| event.attempt == 1));
}

#[tokio::test]
async fn close_codes_and_reasons_are_told_as_sent() {
    /// Bytes, code, reason, start of the cause, code we answer with.
    type Row = (&'static [u8], Option<u16>, Option<&'static str>, &'static str, u16);
    let table: [Row; 8] = [
        (
            b"\x88\x05\x03\xf6bye",
            Some(1014),
            Some("bye"),
            "closed with 1014, bad gateway: bye",
            1014,
        ),
        (b"\x88\x02\x0f\xa7", Some(4007), None, "closed with 4007", 4007),
        (b"\x88\x02\x03\xed", Some(1005), None, "closed with 1005", 1002),
        (b"\x88\x02\x03\xee", Some(1006), None, "closed with 1006", 1002),
        (b"\x88\x02\x08\x34", Some(2100), None, "closed with 2100", 1002),
        (
            b"\x88\x01\x03",
            None,
            None,
            "the peer broke the protocol: a close frame holds a single",
            1002,
        ),
        (b"\x88\x04\x03\xe9\xc3(", Some(1001), Some("\u{fffd}("), "closed with 1001", 1007),
        (b"\x88\x00", None, None, "closed with 1005, no code was sent", 0),
    ];
    for (bytes, code, reason, cause, answer) in table {
        let (end, memory) = sent(bytes, None).await;
        assert!(matches!(end, End::GaveUp(_)), "{bytes:x?}");
        let close = memory.of(Kind::Close);
        assert_eq!(close[0].dir, Dir::In);
        assert_eq!((close[0].meta().code, close[0].meta().reason.as_deref()), (code, reason));
        assert_eq!(close[0].payload, bytes[2..]);
        assert_eq!(close[1].dir, Dir::Out, "{bytes:x?}");
        assert_eq!(close[1].meta().code.unwrap_or_default(), answer, "{bytes:x?}");
        let closed = memory.of(Kind::Closed).remove(0);
        let told = closed.meta().cause.clone().unwrap();
        assert!(told.starts_with(cause), "{told}");
    }
}

#[tokio::test]
async fn a_broken_rule_is_told_with_its_bytes_and_ends_the_connection() {
    let table: [(&[u8], &[u8], &str, u16); 12] = [
        (b"\x81\x82abcd\x00\x00", b"\x81\x82abcd\x00\x00", "section 5.1", 1002),
        (b"\x83\x02ab", b"\x83\x02ab", "opcode 0x3", 1002),
        (b"\x8b\x00", b"\x8b\x00", "opcode 0xb", 1002),
        (b"\xc1\x02ab", b"\xc1\x02ab", "RSV1", 1002),
        (b"\x81\x03a\xff!", b"\x81\x03a\xff!", "section 8.1", 1007),
        (b"\x01\x01\xe2\x80\x01\x28", b"\xe2(", "section 8.1", 1007),
        (b"\x80\x01a", b"\x80\x01a", "no message to continue", 1002),
        (b"\x01\x01a\x81\x01b", b"\x81\x01b", "inside a fragmented message", 1002),
        (b"\x09\x00", b"\x09\x00", "ping frame is fragmented", 1002),
        (b"\x89\x7e\x00\x7e", b"\x89\x7e\x00\x7e", "126 bytes of payload", 1002),
        (
            b"\x82\x7f\xff\x00\x00\x00\x00\x00\x00\x00",
            b"\x82\x7f\xff\x00\x00\x00\x00\x00\x00\x00",
            "highest bit",
            1002,
        ),
        (b"\x88\x01\x03", b"\x88\x01\x03", "single byte", 1002),
    ];
    for (bytes, shown, rule, code) in table {
        let before = [b"\x81\x02ok", bytes].concat().leak();
        let (end, memory) = sent(before, None).await;
        let End::GaveUp(error) = end else { panic!("{end:?}") };
        assert!(matches!(*error, TransportError::Protocol(_)), "{error:?}");
        assert!(!error.is_final() && error.to_string().contains(rule), "{error}");
        assert_eq!(memory.received(), ["ok"], "{rule}");
        let violation = memory.of(Kind::Violation).remove(0);
        assert_eq!((violation.dir, &violation.payload[..]), (Dir::In, shown), "{rule}");
        let cause = violation.meta().cause.clone().unwrap();
        assert!(cause.contains(rule) && cause.contains("(RFC 6455, section "), "{cause}");
        let told = memory.of(Kind::Close).pop().unwrap();
        assert_eq!((told.dir, told.meta().code), (Dir::Out, Some(code)), "{rule}");
    }
}

#[tokio::test]
async fn bad_text_is_told_before_the_rest_of_it_is_there() {
    let table: [&[u8]; 3] = [
        b"\x81\x7e\x40\x00fine so far\xf4\x90",
        b"\x81\x20ok\xff",
        b"\x01\x03\xce\xba\xe1\x00\x7f\x00\x00\x00\x00\x00\x10\x00\x00\xed\xa0",
    ];
    for bytes in table {
        // The peer sends no more and waits for the close frame.
        let (_, memory) = sent(bytes, None).await;
        let violation = memory.of(Kind::Violation).remove(0);
        assert!(violation.meta().cause.as_ref().unwrap().contains("section 8.1"));
        assert_eq!(violation.payload[violation.payload.len() - 2..], bytes[bytes.len() - 2..]);
        assert_eq!(memory.of(Kind::Close)[0].meta().code, Some(1007));
    }
}

#[tokio::test]
async fn what_does_no_harm_is_told_and_the_connection_goes_on() {
    let (end, memory) = sent(b"\x81\x7e\x00\x02ab\x81\x01c\x88\x02\x03\xe8\x81\x01d", None).await;
    assert!(matches!(end, End::Finished));
    assert_eq!(memory.received(), ["ab", "c"]);
    let causes: Vec<_> =
        memory.of(Kind::Violation).iter().map(|e| e.meta().cause.clone().unwrap()).collect();
    assert_eq!(causes.len(), 2, "{causes:?}");
    assert!(causes[0].contains("more bytes than it needs"), "{causes:?}");
    assert!(causes[1].contains("text frame came after the close frame"), "{causes:?}");
}

#[tokio::test]
async fn a_message_over_the_limit_is_cut_and_the_connection_goes_on() {
    let mut bytes = b"\x81\x7f\x00\x00\x00\x00\x00\x03\x00\x00".to_vec();
    bytes.extend(b"a".repeat(3 << 16));
    // The limit falls into a character, which must not make the text invalid.
    bytes.extend(b"\x01\x7e\x03\xe7");
    bytes.extend([b'b'; 999]);
    bytes.extend("\u{0}\u{4}éé\u{89}".as_bytes());
    let tail = bytes.pop();
    assert_eq!(tail, Some(0x89));
    bytes.pop();
    bytes.extend(b"\x80\x01c\x82\x02ok\x88\x02\x03\xe8");
    let (end, memory) = sent(bytes.leak(), Some(1000)).await;
    assert!(matches!(end, End::Finished), "{end:?}");
    let messages: Vec<_> = memory
        .events()
        .into_iter()
        .filter(Event::is_received_message)
        .map(|e| (e.kind.word(), e.payload.len(), e.meta().truncated, e.wire))
        .collect();
    let expected = [
        ("text", 1000, Some((3 << 16) - 1000), Wire::Exact((3 << 16) + 10)),
        ("text", 1000, Some(4), Wire::Exact(1003 + 6 + 3)),
        ("binary", 2, None, Wire::Exact(4)),
    ];
    assert_eq!(messages, expected);
    assert_eq!(memory.of(Kind::Violation), []);
}

#[tokio::test]
async fn a_large_message_arrives_whole() {
    let mut bytes = b"\x82\x7f\x00\x00\x00\x00\x00\x20\x00\x00".to_vec();
    bytes.extend((0..2_u32 << 20).map(|n| (n % 253) as u8));
    let payload = Bytes::copy_from_slice(&bytes[10..]);
    bytes.extend(b"\x88\x02\x03\xe8");
    let (_, memory) = sent(bytes.leak(), None).await;
    let came = memory.of(Kind::Binary).remove(0);
    assert!(came.payload == payload && came.meta.is_none());
    assert_eq!(came.wire, Wire::Exact((2 << 20) + 10));
}

#[tokio::test]
async fn what_is_said_is_sent_and_told_as_it_left() {
    let address = serve(async |_, mut peer| {
        peer.accept("").await;
        assert_eq!(peer.frame().await, Some((0x81, b"hello".to_vec())));
        assert_eq!(peer.frame().await, Some((0x82, vec![0, 255])));
        assert_eq!(peer.frame().await, Some((0x89, b"p".to_vec())));
        assert_eq!(peer.frame().await, Some((0x88, b"\x0f\xa0enough".to_vec())));
        peer.write(b"\x88\x02\x0f\xa0").await;
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 5));
    session.memory.until_of(Kind::Open, 1).await;
    session.say(Say::Text("hello".into())).await;
    session.say(Say::Binary(Bytes::from_static(&[0, 255]))).await;
    session.say(Say::Ping("p".into())).await;
    session.say(Say::Close(Some(4000), "enough".into())).await;
    let (end, memory) = session.end().await;
    assert!(matches!(end, End::Stopped), "the person closed it, so it is not tried again: {end:?}");
    let told: Vec<_> = frames(&memory).into_iter().filter(|frame| frame.0 == Dir::Out).collect();
    let expected = [
        exact(Dir::Out, "text", b"hello", 11),
        exact(Dir::Out, "binary", &[0, 255], 8),
        exact(Dir::Out, "ping", b"p", 7),
        exact(Dir::Out, "close", b"\x0f\xa0enough", 14),
    ];
    assert_eq!(told, expected);
    assert_eq!(memory.of(Kind::Close)[1].dir, Dir::In);
}

#[tokio::test]
async fn a_ping_too_long_for_a_frame_is_cut() {
    let address = serve(async |_, mut peer| {
        peer.accept("").await;
        assert_eq!(peer.frame().await, Some((0x89, vec![b'x'; 125])));
        assert_eq!(peer.frame().await.unwrap().1.len(), 2 + 122, "whole characters only");
        peer.write(b"\x88\x00").await;
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 0));
    session.say(Say::Ping(vec![b'x'; 200].into())).await;
    session.say(Say::Close(Some(4000), "é".repeat(100))).await;
    let (end, memory) = session.end().await;
    assert!(matches!(end, End::Stopped), "{end:?}");
    assert_eq!(memory.of(Kind::Ping)[0].payload.len(), 125);
}
