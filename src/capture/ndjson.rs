//! Events as JSON, one object a line: what `--ndjson` prints and `export --to ndjson` writes.
//! A key that is absent means that it is not known.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::model::{Event, Kind, Meta, Wire, rfc3339};

const SECOND: i64 = 1_000_000_000;

/// What analysis knows of an event beyond the event itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Extras {
    /// Time from the send time in the payload to the arrival, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Sequence number in the payload.
    pub seq: Option<i64>,
}

/// Writes the lines of one session. Keeps the date between events, as most come within the same
/// second as the one before.
#[derive(Debug, Clone)]
pub struct Lines {
    start_ns: i64,
    second: Option<i64>,
    date: String,
}

impl Lines {
    /// Lines of a session that began at wall clock `start_ns`, in nanoseconds since the Unix epoch.
    pub fn new(start_ns: i64) -> Self {
        Self { start_ns, second: None, date: String::new() }
    }

    /// Appends event number `n` to `out`, with its line feed. Lane 0 is not named, so that a
    /// session that has its file to itself looks as if there were no lanes.
    pub fn write(&mut self, out: &mut Vec<u8>, n: u64, lane: u16, event: &Event, extras: Extras) {
        let _ = write!(out, "{{\"n\":{n},\"at\":\"");
        self.write_time(out, event.t_ns);
        let (seconds, rest) =
            (event.t_ns / SECOND.unsigned_abs(), event.t_ns % SECOND.unsigned_abs());
        let _ = write!(out, "\",\"t\":{seconds}.{rest:09}");
        if event.attempt > 0 {
            put(out, "attempt", &event.attempt);
        }
        put(out, "dir", event.dir.word());
        put(out, "kind", event.kind.word());
        if lane > 0 {
            put(out, "lane", &lane);
        }
        write_payload(out, event);
        match event.wire {
            Wire::Exact(bytes) => put(out, "wire", &bytes),
            Wire::Estimated(bytes) => put(out, "wire_est", &bytes),
            Wire::Unknown => {}
        }
        put_some(out, "name", event.name.as_deref());
        put_some(out, "id", event.id.as_deref());
        if let Some(meta) = &event.meta {
            write_meta(out, meta);
        }
        put_some(out, "latency_ms", extras.latency_ms.filter(|ms| ms.is_finite()).as_ref());
        put_some(out, "seq", extras.seq.as_ref());
        out.extend_from_slice(b"}\n");
    }

    fn write_time(&mut self, out: &mut Vec<u8>, t_ns: u64) {
        let wall = self.start_ns.saturating_add_unsigned(t_ns);
        let second = wall.div_euclid(SECOND);
        if self.second != Some(second) {
            self.date = rfc3339(second.saturating_mul(SECOND));
            // What comes after the second is written anew each time.
            self.date.truncate(self.date.find('.').unwrap_or(self.date.len()));
            self.second = Some(second);
        }
        let _ = write!(out, "{}.{:09}Z", self.date, wall.rem_euclid(SECOND));
    }
}

fn write_payload(out: &mut Vec<u8>, event: &Event) {
    let left_out = event.meta().truncated.unwrap_or(0);
    let carries = event.kind.is_message()
        || matches!(event.kind, Kind::Ping | Kind::Pong | Kind::Close | Kind::Comment);
    if !carries && event.payload.is_empty() && left_out == 0 {
        return;
    }
    match event.text() {
        Some(text) if event.kind != Kind::Violation => put(out, "text", text),
        _ => {
            key(out, "base64");
            out.push(b'"');
            let begin = out.len();
            out.resize(begin + event.payload.len().div_ceil(3) * 4, 0);
            let room = out.get_mut(begin..).unwrap_or_default();
            // The room is exactly what the encoding takes.
            let written = STANDARD.encode_slice(&event.payload, room).unwrap_or(0);
            out.truncate(begin + written);
            out.push(b'"');
        }
    }
    put(out, "size", &(event.payload.len() as u64 + left_out));
}

fn write_meta(out: &mut Vec<u8>, meta: &Meta) {
    put_some(out, "retry_ms", meta.retry_ms.as_ref());
    put_some(out, "code", meta.code.as_ref());
    put_some(out, "reason", meta.reason.as_deref());
    put_some(out, "status", meta.status.as_ref());
    put_some(out, "version", meta.version.as_deref());
    put_list(out, "headers", &meta.headers);
    put_some(out, "timing", meta.timing.as_ref());
    put_some(out, "cause", meta.cause.as_deref());
    put_some(out, "hint", meta.hint.as_deref());
    put_some(out, "delay_ms", meta.delay_ms.as_ref());
    put_some(out, "method", meta.method.as_deref());
    put_some(out, "url", meta.url.as_deref());
    put_list(out, "request_headers", &meta.request_headers);
    put_some(out, "remote", meta.remote.as_deref());
    put_some(out, "tls", meta.tls.as_deref());
    if meta.insecure {
        put(out, "insecure", &true);
    }
    put_some(out, "retry", meta.retry.as_ref());
    put_some(out, "resume_after", meta.resume_after.as_deref());
    put_some(out, "transport", meta.transport.as_ref());
    put_some(out, "chosen", meta.chosen.as_deref());
    put_some(out, "truncated", meta.truncated.as_ref());
    put_list(out, "frames", &meta.frames);
    put_some(out, "encoding", meta.encoding.as_deref());
    put_some(out, "compressed", meta.compressed.as_ref());
    put_list(out, "certificates", &meta.certificates);
    put_some(out, "proxy", meta.proxy.as_deref());
}

fn put_list<T: Serialize>(out: &mut Vec<u8>, name: &str, list: &[T]) {
    if !list.is_empty() {
        put(out, name, list);
    }
}

fn put_some<T: Serialize + ?Sized>(out: &mut Vec<u8>, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        put(out, name, value);
    }
}

fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, name: &str, value: &T) {
    key(out, name);
    // Writing to memory does not fail, and none of these types refuses.
    let _ = serde_json::to_writer(&mut *out, value);
}

fn key(out: &mut Vec<u8>, name: &str) {
    let _ = write!(out, ",\"{name}\":");
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Dir, Timing, TransportKind};

    const START: i64 = 1_795_351_572_123_456_789;

    fn line(event: &Event, extras: Extras) -> Value {
        let mut out = Vec::new();
        Lines::new(START).write(&mut out, 7, 0, event, extras);
        assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));
        serde_json::from_slice(&out).unwrap_or_default()
    }

    #[test]
    fn a_message_tells_only_what_is_known() {
        let mut event = Event::new(1_876_543_211, Dir::In, Kind::Text).with_payload("a\n“b”\u{1}");
        event.attempt = 2;
        let found = line(&event, Extras::default());
        let expected = json!({
            "n": 7, "at": rfc3339(START + 1_876_543_211), "t": 1.876_543_211, "attempt": 2,
            "dir": "in", "kind": "text", "text": "a\n“b”\u{1}", "size": 10,
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn times_follow_from_one_line_to_the_next() {
        let mut lines = Lines::new(START);
        for t_ns in [0, 1, 876_543_210, 876_543_211, 3_600_000_000_000, 5, u64::MAX] {
            let mut out = Vec::new();
            lines.write(&mut out, 1, 0, &Event::new(t_ns, Dir::In, Kind::Ping), Extras::default());
            let value: Value = serde_json::from_slice(&out).unwrap_or_default();
            if t_ns < u64::MAX {
                assert_eq!(value["at"], rfc3339(START + t_ns.cast_signed()));
            }
            assert!(value["t"].is_number(), "{t_ns}");
        }
    }

    #[test]
    fn what_is_no_text_is_base64() {
        let event =
            |kind, payload: &'static [u8]| Event::new(0, Dir::In, kind).with_payload(payload);
        let found = |event: &Event| line(event, Extras::default());
        let table = [
            (Kind::Text, &b"\xff"[..], "/w=="),
            (Kind::Binary, b"abcd", "YWJjZA=="),
            (Kind::Binary, b"", ""),
            (Kind::Violation, b"abc", "YWJj"),
        ];
        for (kind, payload, encoded) in table {
            let value = found(&event(kind, payload));
            if kind == Kind::Violation || kind == Kind::Binary || !payload.is_ascii() {
                assert_eq!(value["base64"], encoded, "{kind:?}");
                assert!(value.get("text").is_none());
            }
            assert_eq!(value["size"], payload.len());
        }
        let open = found(&event(Kind::Open, b""));
        assert!(open.get("text").is_none() && open.get("size").is_none(), "{open}");
        assert_eq!(found(&event(Kind::Pong, b""))["size"], 0);
    }

    #[test]
    fn details_and_extras_have_the_names_of_the_contract() {
        let meta = Meta {
            code: Some(1001),
            reason: Some("bye".into()),
            status: Some(200),
            version: Some("HTTP/1.1".into()),
            headers: vec![("A".into(), "1".into()), ("A".into(), "2".into())],
            timing: Some(Timing { dns: Some(0.5), ..Timing::default() }),
            cause: Some("c".into()),
            hint: Some("h".into()),
            delay_ms: Some(9),
            retry_ms: Some(7000),
            truncated: Some(10),
            transport: Some(TransportKind::LongPoll),
            chosen: Some("w".into()),
            ..Meta::default()
        };
        let mut event = Event::new(0, Dir::In, Kind::Event).with_payload("x").with_meta(meta);
        event.name = Some("tick".into());
        event = event.with_id("1:2").with_wire(Wire::Estimated(40));
        let found = line(&event, Extras { latency_ms: Some(1.5), seq: Some(3) });
        let expected = json!({
            "size": 11, "wire_est": 40, "name": "tick", "id": "1:2", "retry_ms": 7000,
            "code": 1001, "reason": "bye", "status": 200, "version": "HTTP/1.1",
            "headers": [["A", "1"], ["A", "2"]], "timing": {"dns": 0.5}, "cause": "c",
            "hint": "h", "delay_ms": 9, "latency_ms": 1.5, "seq": 3,
            "transport": "long-poll", "chosen": "w",
        });
        for (key, value) in expected.as_object().into_iter().flatten() {
            assert_eq!(&found[key], value, "{key}");
        }
        let silly = line(&event, Extras { latency_ms: Some(f64::NAN), seq: None });
        assert!(silly.get("latency_ms").is_none() && silly.get("seq").is_none());
    }
}
