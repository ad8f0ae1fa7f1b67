//! What a person may say beside messages: pongs, fragments, close frames of any kind, silence to
//! pings, and the same again and again.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use wirescope::model::{Dir, Kind, Say, Wire};
use wirescope::session::End;

use super::scripted::{once, serve};
use super::{connect, endpoint};

#[tokio::test]
async fn pongs_and_fragments_leave_as_they_were_asked_for() {
    let (address, server) = once(async |mut peer| {
        peer.accept("").await;
        let expected: [(u8, &[u8]); 7] = [
            (0x8a, b"unasked"),
            (0x01, b"\xc3"),
            (0x00, b""),
            (0x80, b"\xa9"),
            (0x82, b"one part"),
            (0x89, b"p"),
            (0x88, b""),
        ];
        for (first, payload) in expected {
            assert_eq!(peer.frame().await, Some((first, payload.to_vec())));
        }
        peer.write(b"\x88\x00").await;
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 0));
    let fragments = |is_text, parts: &[&'static [u8]]| Say::Fragments {
        is_text,
        parts: parts.iter().map(|part| (*part).into()).collect(),
    };
    session.say(Say::Pong("unasked".into())).await;
    session.say(fragments(true, &[b"\xc3", b"", b"\xa9"])).await;
    session.say(fragments(false, &[b"one part"])).await;
    session.say(fragments(false, &[])).await;
    session.say(Say::Ping("p".into())).await;
    session.say(Say::Close(None, String::new())).await;
    let (end, memory) = session.end().await;
    server.await.unwrap();
    assert!(matches!(end, End::Stopped), "{end:?}");
    let text = memory.of(Kind::Text).remove(0);
    assert_eq!((text.dir, text.text(), text.wire), (Dir::Out, Some("é"), Wire::Exact(20)));
    let frames: Vec<_> =
        text.meta().frames.iter().map(|f| (f.opcode, f.fin, f.size, f.header)).collect();
    assert_eq!(frames, [(1, false, 1, 6), (0, false, 0, 6), (0, true, 1, 6)]);
    assert_eq!(memory.of(Kind::Pong)[0].dir, Dir::Out);
}

#[tokio::test]
async fn the_mask_of_a_frame_is_told_as_it_was_on_the_wire() {
    let (seen, mut saw) = tokio::sync::mpsc::unbounded_channel();
    let address = serve(move |_, mut peer| {
        let seen = seen.clone();
        async move {
            peer.accept("").await;
            for _ in 0..2 {
                let mut frame = [0; 8];
                peer.stream.read_exact(&mut frame).await.unwrap();
                seen.send(frame).unwrap();
            }
            peer.write(b"\x88\x02\x03\xe8").await;
            peer.rest().await;
        }
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 0));
    session.say(Say::Text("hi".into())).await;
    session.say(Say::Ping("hi".into())).await;
    let (_, memory) = session.end().await;
    for kind in [Kind::Text, Kind::Ping] {
        let frame = memory.of(kind)[0].meta().frames[0];
        let raw = saw.recv().await.unwrap();
        assert_eq!(frame.mask.unwrap(), raw[2..6], "{kind:?}");
        assert_eq!(raw[6] ^ raw[2], b'h', "{kind:?}");
        assert_eq!((frame.header, frame.size, frame.opcode | 0x80), (6, 2, raw[0]));
    }
}

#[tokio::test]
async fn close_frames_leave_exactly_as_asked_for() {
    let long = "é".repeat(100);
    let table = [
        (Some(1000), "", b"\x03\xe8".to_vec()),
        (Some(1005), "", b"\x03\xed".to_vec()),
        (Some(1006), "no", b"\x03\xeeno".to_vec()),
        (Some(999), "", b"\x03\xe7".to_vec()),
        (Some(0), "", b"\x00\x00".to_vec()),
        (Some(65535), "", b"\xff\xff".to_vec()),
        (Some(1014), "bad gateway", b"\x03\xf6bad gateway".to_vec()),
        (Some(4000), &long, [b"\x0f\xa0", "é".repeat(61).as_bytes()].concat()),
        (None, "left out", b"".to_vec()),
    ];
    for (code, reason, expected) in table {
        let payload = expected.clone();
        let (address, server) = once(async move |mut peer| {
            peer.accept("").await;
            assert_eq!(peer.frame().await, Some((0x88, payload)));
            peer.write(b"\x88\x00").await;
        })
        .await;
        let session = connect(endpoint(&format!("ws://{address}/"), 3));
        session.say(Say::Close(code, reason.to_owned())).await;
        let (end, memory) = session.end().await;
        server.await.unwrap();
        assert!(matches!(end, End::Stopped), "{code:?}: {end:?}");
        let close = memory.of(Kind::Close).remove(0);
        assert_eq!(
            (close.dir, close.meta().code, close.payload.to_vec()),
            (Dir::Out, code, expected)
        );
    }
}

#[tokio::test]
async fn pings_go_unanswered_as_long_as_that_is_wanted() {
    let address = serve(async |_, mut peer| {
        peer.accept_and("", b"\x89\x01a\x89\x01b\x81\x02on").await;
        assert_eq!(peer.frame().await, Some((0x81, b"heard".to_vec())), "no pong before it");
        peer.write(b"\x89\x01c").await;
        assert_eq!(peer.frame().await, Some((0x8a, b"c".to_vec())));
        assert_eq!(peer.frame().await, Some((0x81, b"again".to_vec())));
        peer.write(b"\x89\x01d\x88\x02\x03\xe8").await;
        assert_eq!(peer.frame().await, Some((0x88, b"\x03\xe8".to_vec())));
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    endpoint.options.answer_pings = false;
    let session = connect(endpoint);
    session.memory.until_of(Kind::Ping, 2).await;
    session.memory.until_received(1).await;
    session.say(Say::AnswerPings(true)).await;
    session.say(Say::Text("heard".into())).await;
    session.memory.until_of(Kind::Pong, 1).await;
    session.say(Say::AnswerPings(false)).await;
    session.say(Say::Text("again".into())).await;
    let (end, memory) = session.end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
    let pings: Vec<_> = memory.of(Kind::Ping).iter().map(|e| e.payload.clone()).collect();
    assert_eq!(pings, ["a", "b", "c", "d"], "told all the same");
}

#[tokio::test]
async fn a_flood_of_pings_nobody_answers_is_told_and_can_be_stopped() {
    let address = serve(async |_, mut peer| {
        use tokio::io::AsyncWriteExt;
        peer.accept("").await;
        let flood = b"\x89\x02..".repeat(4096);
        while peer.stream.write_all(&flood).await.is_ok() {}
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    endpoint.options.answer_pings = false;
    let session = connect(endpoint);
    session.memory.until_of(Kind::Ping, 20_000).await;
    let (end, _) = session.stop().await;
    assert!(matches!(end, End::Stopped));
}

#[tokio::test]
async fn what_is_repeated_goes_on_after_a_reconnection_until_it_is_ended() {
    let address = serve(async |number, mut peer| {
        peer.accept("").await;
        for _ in 0..3 {
            assert_eq!(peer.frame().await, Some((0x89, b"still there?".to_vec())));
        }
        if number == 2 {
            peer.write(b"\x81\x06enough").await;
            while peer.frame().await != Some((0x81, b"last".to_vec())) {}
            peer.write(b"\x88\x02\x03\xe8").await;
            assert_eq!(peer.frame().await, Some((0x88, b"\x03\xe8".to_vec())), "nothing between");
        }
    })
    .await;
    let session = connect(endpoint(&format!("ws://{address}/"), 1));
    let ping = Box::new(Say::Ping("still there?".into()));
    session.say(Say::Repeat(Some((ping, Duration::from_millis(5))))).await;
    session.memory.until_received(1).await;
    session.say(Say::Repeat(None)).await;
    session.say(Say::Text("last".into())).await;
    let (end, memory) = session.end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
    assert_eq!(memory.of(Kind::Open).len(), 2);
}
