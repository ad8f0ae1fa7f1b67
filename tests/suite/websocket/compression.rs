//! permessage-deflate (RFC 7692): what is offered and agreed on, messages both ways, and peers that
//! break its rules.

use std::sync::Arc;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::net::TcpStream;
use wirescope::model::{Dir, Event, Kind, Say, Wire};
use wirescope::session::End;

use super::scripted::{Peer, serve};
use super::{connect, endpoint};
use crate::support::Memory;

const OFFER: &str = "permessage-deflate; client_max_window_bits";
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

fn answer(parameters: &str) -> String {
    format!("Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n")
}

/// A short frame of a server.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, payload.len() as u8], payload].concat()
}

/// Lets a server agree as `parameters` say, send `bytes`, and close once we have said goodbye.
async fn sent(parameters: &'static str, bytes: Vec<u8>, most: usize) -> (End, Arc<Memory>) {
    let bytes: Arc<[u8]> = bytes.into();
    let address = serve(move |_, mut peer| {
        let bytes = Arc::clone(&bytes);
        async move {
            peer.accept(&answer(parameters)).await;
            assert_eq!(peer.header("sec-websocket-extensions").as_deref(), Some(OFFER));
            peer.write(&bytes).await;
            peer.goodbye().await;
        }
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    endpoint.options.max_message = most;
    connect(endpoint).end().await
}

impl Peer<TcpStream> {
    /// Reads until a close frame or the end.
    async fn goodbye(&mut self) {
        while self.frame().await.is_some_and(|(first, _)| first != 0x88) {}
    }
}

fn deflated(event: &Event) -> (&str, Option<u64>, Wire) {
    let text = event.text().unwrap_or("not text");
    assert_eq!(
        event.meta().encoding.as_deref(),
        event.meta().compressed.map(|_| "permessage-deflate")
    );
    (text, event.meta().compressed, event.wire)
}

#[tokio::test]
async fn compressed_messages_are_inflated_and_tell_what_they_took() {
    let bytes = [
        frame(0xc1, HELLO),
        // From the window of the message before.
        frame(0xc1, b"\xf2\x00\x11\x00\x00"),
        frame(0x41, &HELLO[..3]),
        frame(0x89, b"between"),
        frame(0x80, &HELLO[3..]),
        frame(0x81, b"plain"),
        // A final block and the start of an empty one.
        frame(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
        frame(0xc1, b"\x00"),
        frame(0x88, b"\x03\xe8"),
    ]
    .concat();
    for window in ["", "; server_max_window_bits=8", "; server_max_window_bits=9"] {
        let (end, memory) = sent(window, bytes.clone(), 1 << 20).await;
        assert!(matches!(end, End::Finished), "{end:?} {:#?}", memory.of(Kind::Violation));
        let texts = memory.of(Kind::Text);
        let told: Vec<_> = texts.iter().map(deflated).collect();
        let expected = [
            ("Hello", Some(7), Wire::Exact(9)),
            ("Hello", Some(5), Wire::Exact(7)),
            ("Hello", Some(7), Wire::Exact(11)),
            ("plain", None, Wire::Exact(7)),
            ("Hello", Some(8), Wire::Exact(10)),
            ("", Some(1), Wire::Exact(3)),
        ];
        assert_eq!(told, expected);
        let frames = |n: usize| -> Vec<_> {
            texts[n].meta().frames.iter().map(|f| (f.opcode, f.rsv, f.fin, f.size)).collect()
        };
        assert_eq!(frames(0), [(1, 4, true, 7)]);
        assert_eq!(frames(2), [(1, 4, false, 3), (0, 0, true, 4)]);
        assert_eq!(frames(3), []);
        assert_eq!(memory.of(Kind::Ping)[0].payload, "between");
        let headers = memory.of(Kind::Open)[0].meta().headers.clone();
        let agreed = format!("permessage-deflate{window}");
        assert!(headers.contains(&("Sec-WebSocket-Extensions".into(), agreed)));
    }
}

#[tokio::test]
async fn a_server_without_context_takeover_begins_anew() {
    let bytes = [frame(0xc1, HELLO), frame(0xc1, HELLO), frame(0x88, b"\x03\xe8")].concat();
    let (end, memory) = sent("; server_no_context_takeover", bytes, 1 << 20).await;
    assert!(matches!(end, End::Finished), "{end:?}");
    assert_eq!(memory.received(), ["Hello", "Hello"]);
    let bytes = [frame(0xc1, HELLO), frame(0xc1, b"\xf2\x00\x11\x00\x00")].concat();
    let (_, memory) = sent("; server_no_context_takeover", bytes, 1 << 20).await;
    assert_eq!((memory.received(), memory.of(Kind::Violation).len()), (vec!["Hello".into()], 1));
}

#[tokio::test]
async fn what_is_said_leaves_compressed_as_agreed_and_is_told_as_it_left() {
    let table = [
        ("", true),
        ("; client_max_window_bits=15", true),
        ("; client_max_window_bits=9", true),
        ("; client_max_window_bits=8", true),
        ("; client_no_context_takeover", false),
        ("; client_no_context_takeover; server_no_context_takeover", false),
    ];
    for (parameters, keeps_context) in table {
        let (seen, mut saw) = tokio::sync::mpsc::unbounded_channel();
        let address = serve(move |_, mut peer| {
            let seen = seen.clone();
            async move {
                peer.accept(&answer(parameters)).await;
                for _ in 0..5 {
                    seen.send(peer.frame().await.unwrap()).unwrap();
                }
                peer.write(b"\x88\x02\x03\xe8").await;
                peer.goodbye().await;
            }
        })
        .await;
        let session = connect(endpoint(&format!("ws://{address}/"), 0));
        session.say(Say::Text("Hello Hello Hello".into())).await;
        session.say(Say::Text("Hello Hello Hello".into())).await;
        session.say(Say::Ping("plain".into())).await;
        let parts = vec!["Hel".into(), "lo".into()];
        session.say(Say::Fragments { is_text: false, parts }).await;
        let mut frames = Vec::new();
        while frames.len() < 5 {
            frames.push(saw.recv().await.unwrap());
        }
        let firsts: Vec<_> = frames.iter().map(|(first, _)| *first).collect();
        assert_eq!(firsts, [0xc1, 0xc1, 0x89, 0x42, 0x80], "{parameters}");
        let mut inflater = Decompress::new(false);
        let mut inflate = |payload: &[u8]| {
            if !keeps_context {
                inflater = Decompress::new(false);
            }
            let mut out = Vec::with_capacity(100);
            let all = [payload, &[0, 0, 0xff, 0xff]].concat();
            inflater.decompress_vec(&all, &mut out, FlushDecompress::Sync).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(inflate(&frames[0].1), "Hello Hello Hello", "{parameters}");
        assert_eq!(inflate(&frames[1].1), "Hello Hello Hello", "{parameters}");
        assert_eq!(frames[2].1, b"plain");
        assert_eq!(inflate(&[&frames[3].1[..], &frames[4].1].concat()), "Hello", "{parameters}");
        let (first, second) = (frames[0].1.len(), frames[1].1.len());
        assert_eq!(second < first, keeps_context, "{parameters}: {first}, {second}");
        let (_, memory) = session.end().await;
        let told = memory.of(Kind::Text);
        let size = |n: usize| frames[n].1.len() as u64;
        for (n, event) in told.iter().enumerate() {
            let expected = ("Hello Hello Hello", Some(size(n)), Wire::Exact(size(n) + 6));
            assert_eq!((event.dir, deflated(event)), (Dir::Out, expected), "{parameters}");
            let frame = event.meta().frames[0];
            assert!(frame.rsv == 4 && frame.mask.is_some() && frame.header == 6, "{frame:?}");
        }
        let fragmented = memory.of(Kind::Binary).remove(0);
        assert_eq!((&fragmented.payload[..], fragmented.meta().frames.len()), (&b"Hello"[..], 2));
    }
}

#[tokio::test]
async fn a_few_bytes_that_inflate_to_many_are_cut_and_the_rest_stays_right() {
    let mut compress = Compress::new(Compression::best(), false);
    let mut squeeze = |message: &[u8]| {
        let mut out = Vec::with_capacity(message.len() / 100 + 1000);
        compress.compress_vec(message, &mut out, FlushCompress::Sync).unwrap();
        out.truncate(out.len() - 4);
        out
    };
    let bomb = squeeze(&vec![b'a'; 20 << 20]);
    assert!((1 << 14..1 << 16).contains(&bomb.len()), "{}", bomb.len());
    let after = squeeze(&[b'a'; 40]);
    let length = (bomb.len() as u16).to_be_bytes();
    let bytes =
        [&[0xc1, 0x7e][..], &length, &bomb, &frame(0xc1, &after), &frame(0x88, b"\x03\xe8")];
    let (end, memory) = sent("", bytes.concat(), 1000).await;
    assert!(matches!(end, End::Finished), "{end:?}");
    let texts = memory.of(Kind::Text);
    let told: Vec<_> = texts.iter().map(|e| (e.payload.len(), e.meta().truncated)).collect();
    assert_eq!(told, [(1000, Some((20 << 20) - 1000)), (40, None)]);
    assert_eq!(texts[0].meta().compressed, Some(bomb.len() as u64));
    assert_eq!(texts[0].wire, Wire::Exact(bomb.len() as u64 + 4));
}

#[tokio::test]
async fn what_breaks_the_rules_of_compression_is_told_with_its_bytes() {
    let table: [(&[u8], &[u8], &str, u16); 5] = [
        (b"\xc1\x04\xff\xff\xff\xff", b"\xc1\x04\xff\xff\xff\xff", "cannot be inflated", 1007),
        (b"\xc9\x01p", b"\xc9\x01p", "RSV1 is set on a ping frame", 1002),
        (b"\x41\x03\xf2\x48\xcd\xc0\x01x", b"\xc0\x01x", "RSV1 is set on a continuation", 1002),
        (b"\xa1\x01x", b"\xa1\x01x", "(RSV2)", 1002),
        // A stored block with a byte that is no UTF-8.
        (b"\xc1\x07\x00\x01\x00\xfe\xff\xff\x00", b"\xff", "not valid UTF-8", 1007),
    ];
    for (bytes, shown, rule, code) in table {
        let bytes = [&frame(0xc1, HELLO)[..], bytes].concat();
        let (end, memory) = sent("", bytes, 1 << 20).await;
        assert!(matches!(end, End::GaveUp(_)), "{end:?}");
        assert_eq!(memory.received(), ["Hello"], "{rule}");
        let violation = memory.of(Kind::Violation).remove(0);
        assert_eq!(violation.payload, shown, "{rule}");
        let cause = violation.meta().cause.clone().unwrap();
        assert!(cause.contains(rule) && cause.contains("(RFC "), "{cause}");
        assert_eq!(memory.of(Kind::Close)[0].meta().code, Some(code), "{rule}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_the_offer_is_explained() {
    let table = [
        ("permessage-deflate; server_max_window_bits=7", "section 7.1.2)"),
        ("permessage-deflate; client_max_window_bits", "no value in the answer"),
        ("permessage-deflate; what=1", "no parameter “what” (RFC 7692"),
        ("permessage-deflate, permessage-deflate", "twice (RFC 7692"),
        ("x-webkit-deflate-frame", "“x-webkit-deflate-frame”, which was not offered"),
    ];
    for (extensions, words) in table {
        let address = serve(move |_, mut peer| async move {
            peer.accept(&format!("Sec-WebSocket-Extensions: {extensions}\r\n")).await;
            peer.rest().await;
        })
        .await;
        let (_, memory) = connect(endpoint(&format!("ws://{address}/"), 5)).end().await;
        let failed = memory.of(Kind::Failed);
        assert_eq!(failed.len(), 1, "{extensions}: it is not tried again");
        let cause = failed[0].meta().cause.clone().unwrap();
        assert!(cause.contains(words), "{cause}");
        assert!(failed[0].meta().headers.iter().any(|(_, value)| value == extensions));
    }
}

#[tokio::test]
async fn what_the_person_offers_takes_the_place_of_the_usual_offer() {
    const OWN: &str = "permessage-deflate; client_no_context_takeover; server_max_window_bits=10";
    let address = serve(async |_, mut peer| {
        peer.accept(&answer("; server_max_window_bits=10")).await;
        assert_eq!(peer.header("sec-websocket-extensions").as_deref(), Some(OWN));
        let (one, two) = (peer.frame().await.unwrap(), peer.frame().await.unwrap());
        assert_eq!(one, (0xc1, HELLO.to_vec()));
        assert_eq!(one, two, "as was offered, though the answer does not say it");
        peer.write(b"\x88\x02\x03\xe8").await;
        peer.goodbye().await;
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    endpoint.options.compression = false;
    endpoint.options.headers = vec![("Sec-WebSocket-Extensions".into(), OWN.into())];
    endpoint.options.send = vec!["Hello".into(), "Hello".into()];
    let (end, _) = connect(endpoint).end().await;
    assert!(matches!(end, End::Finished), "{end:?}");
}

#[tokio::test]
async fn nothing_is_offered_where_compression_is_off() {
    let address = serve(async |_, mut peer| {
        peer.accept("").await;
        assert_eq!(peer.header("sec-websocket-extensions"), None);
        assert_eq!(peer.frame().await, Some((0x81, b"Hello".to_vec())));
        peer.write(b"\xc1\x00").await;
        peer.goodbye().await;
    })
    .await;
    let mut endpoint = endpoint(&format!("ws://{address}/"), 0);
    endpoint.options.compression = false;
    endpoint.options.send = vec!["Hello".into()];
    let (_, memory) = connect(endpoint).end().await;
    let cause = memory.of(Kind::Violation)[0].meta().cause.clone().unwrap();
    assert!(cause.starts_with("reserved bits are set (RSV1)"), "{cause}");
}
