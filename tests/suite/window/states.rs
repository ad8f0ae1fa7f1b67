//! Further snapshots made by hand: messages in frames, certificates, what goes on by itself.

use std::sync::Arc;
use std::time::Duration;

use wirescope::engine::{Entry, Sending, SessionView};
use wirescope::model::{Certificate, Dir, Event, Frame, Kind, Meta, Say, Wire};

use super::fixture::{self, AGE};

const MS: u64 = 1_000_000;

/// The ticker with one event more, which is chosen; its number is 501.
pub fn with_event(event: Event) -> SessionView {
    let mut view = fixture::ticker(500);
    let event = Event { attempt: 3, ..event };
    view.index.push(Entry {
        n: 501,
        t_ns: event.t_ns,
        size: event.payload.len() as u32,
        latency_us: Entry::NO_LATENCY,
        attempt: 3,
        dir: event.dir,
        kind: event.kind,
    });
    let mut rows = std::collections::HashMap::clone(&view.rows);
    rows.insert(501, Arc::new(event));
    view.rows = Arc::new(rows);
    fixture::select(&mut view, 501);
    view
}

fn frame(opcode: u8, fin: bool, size: u64, late: u64) -> Frame {
    Frame { opcode, fin, size, header: 2, t_ns: AGE + late * MS, ..Frame::default() }
}

/// A message that came in nine compressed fragments.
pub fn fragmented() -> SessionView {
    let text = r#"{"type":"book","symbol":"AAPL","bids":[[228.41,100],[228.40,250]],"seq":7}"#;
    let mut frames: Vec<Frame> =
        (0..9).map(|k| frame(u8::from(k == 0), k == 8, 2 + k, 3 * k)).collect();
    frames[0].rsv = 4;
    let compressed = frames.iter().map(|frame| frame.size).sum();
    let meta = Meta {
        frames,
        encoding: Some("permessage-deflate".into()),
        compressed: Some(compressed),
        ..Meta::default()
    };
    let event = Event::new(AGE, Dir::In, Kind::Text).with_payload(text).with_meta(meta);
    with_event(event.with_wire(Wire::Exact(compressed + 18)))
}

/// A message we sent, which is masked.
pub fn masked() -> SessionView {
    let mask = Some([0x1a, 0x2b, 0x3c, 0x4d]);
    let frames = vec![Frame { mask, header: 6, ..frame(1, true, 5, 0) }];
    let meta = Meta { frames, ..Meta::default() };
    let event = Event::new(AGE, Dir::Out, Kind::Text).with_payload("hello").with_meta(meta);
    with_event(event.with_wire(Wire::Exact(11)))
}

/// A frame that broke a rule.
pub fn violation() -> SessionView {
    let cause = "opcode 0x3 is reserved (RFC 6455, section 5.2)";
    let meta = Meta { cause: Some(cause.into()), ..Meta::default() };
    let event = Event::new(AGE, Dir::In, Kind::Violation);
    with_event(event.with_payload(&b"\x83\x03abc"[..]).with_meta(meta))
}

/// A close frame of the peer.
pub fn closing() -> SessionView {
    let meta = Meta { code: Some(1012), reason: Some("deploying".into()), ..Meta::default() };
    let event = Event::new(AGE, Dir::In, Kind::Close).with_payload("deploying").with_meta(meta);
    with_event(event.with_wire(Wire::Exact(13)))
}

/// Two certificates, the second of them expired.
pub fn certificates() -> Vec<Certificate> {
    let leaf = Certificate {
        subject: "CN=stream.example.com".into(),
        issuer: "C=US, O=Example Trust, CN=Example Trust R3".into(),
        names: vec!["stream.example.com".into(), "*.stream.example.com".into()],
        not_before: "2026-10-01T00:00:00Z".into(),
        not_after: "2026-12-30T00:00:00Z".into(),
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
    };
    let issuer = Certificate {
        subject: leaf.issuer.clone(),
        issuer: leaf.issuer.clone(),
        names: Vec::new(),
        not_before: "2016-11-01T00:00:00Z".into(),
        not_after: "2026-11-01T00:00:00Z".into(),
        sha256: "67add1166b020ae61b8f5fc96813c04c2aa589960796865572a3c7e737613dfd".into(),
    };
    vec![leaf, issuer]
}

/// A connection through a proxy whose certificate nobody verified.
pub fn insecure() -> SessionView {
    let mut view = fixture::ticker(500);
    view.insecure = true;
    fixture::select(&mut view, 495);
    let mut meta = fixture::handshake_meta();
    meta.insecure = true;
    meta.certificates = certificates();
    meta.proxy = Some("socks5h://proxy.local:1080".into());
    meta.tls = Some("TLS 1.3 · TLS13_AES_256_GCM_SHA384".into());
    meta.request_headers.push(("Sec-WebSocket-Protocol".into(), "v2, v1".into()));
    meta.headers.push(("Sec-WebSocket-Protocol".into(), "v2".into()));
    if let Some(timing) = &mut meta.timing {
        timing.dns = Some(0.041);
    }
    let selected =
        view.selected.as_mut().and_then(Arc::get_mut).expect("chosen, and nobody else's");
    selected.latency_ms = Some(0.084);
    selected.handshake = Some(Event::new(0, Dir::Local, Kind::Open).with_meta(meta));
    view
}

/// A ping goes out again and again while those of the server are not answered.
pub fn repeating() -> SessionView {
    let mut view = fixture::ticker(500);
    let text = r#"{"op":"ping","id":7}"#;
    view.sending = Sending {
        repeats: Some((Say::Text(text.into()), Duration::from_secs(25))),
        withholds_pongs: true,
    };
    view
}
