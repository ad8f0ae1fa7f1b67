//! What one message says of itself, in JSON or as a MessagePack map: its send time, which gives its
//! latency, and its sequence number. Pings and pongs are matched by payload for the round trip.

use std::collections::VecDeque;

use bytes::Bytes;
use memchr::memmem::Finder;

use super::json::{self, Number, Path};
use super::{Numbers, packed};
use crate::model::{Dir, Event, Kind, Options};

/// Pings whose pong is still awaited, at most; older ones are forgotten.
const PINGS: usize = 64;
/// A send time further away than this is another kind of number.
const PLAUSIBLE_MS: f64 = 3_600_000.0;
/// Bytes of a payload that are looked into, at most. Measuring runs where events are recorded, and
/// a message this long carries data rather than numbers of its own; only its event's id counts.
const LONGEST: usize = 2 << 20;
/// How much earlier than sent a message may arrive before its clock counts as unrelated.
const SKEW_MS: f64 = 1_000.0;

/// What was found in one event.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measure {
    /// Milliseconds from sending to receiving, or from ping to pong.
    pub latency_ms: Option<f64>,
    /// Its place in the sender's sequence, as far as the message alone can tell; only
    /// [`Sequence::judge`](super::Sequence::judge) knows whether it is one.
    pub seq: Option<i64>,
    /// Every number it carries that may be that place.
    pub numbers: Numbers,
}

/// Measures the events of one session, in order.
#[derive(Debug, Clone)]
pub struct Measures {
    start_wall_ns: i64,
    ts: Wanted,
    seq: Wanted,
    /// `None` where the sequence number has a path of its own.
    id: Option<Wanted>,
    pings: VecDeque<(Bytes, u64)>,
}

/// A number that a payload may hold.
#[derive(Debug, Clone)]
struct Wanted {
    path: Path,
    /// Its name with its quotation marks, looked for before anything is read: searching bytes is
    /// much cheaper than reading them as JSON. Not for a path that the person gave.
    look: Option<Finder<'static>>,
}

impl Wanted {
    fn usual(name: &str) -> Self {
        let look = Finder::new(&format!("\"{name}\"")).into_owned();
        Self { path: Path::new(name), look: Some(look) }
    }

    fn or_given(name: &str, path: Option<&str>) -> Self {
        path.map_or_else(|| Self::usual(name), |path| Self { path: Path::new(path), look: None })
    }

    /// The path, if it may lead to something in these bytes.
    fn in_bytes(&self, bytes: &[u8]) -> Option<&Path> {
        self.look.as_ref().is_none_or(|look| look.find(bytes).is_some()).then_some(&self.path)
    }
}

impl Measures {
    /// For a session that began at `start_wall_ns` (nanoseconds since the Unix epoch). Without
    /// paths in the options a top-level `ts` is the send time, `seq` or `id` the sequence number.
    /// Payloads over 2 MiB are not looked into.
    pub fn new(start_wall_ns: i64, options: &Options) -> Self {
        let seq_path = options.seq_path.as_deref();
        Self {
            start_wall_ns,
            ts: Wanted::or_given("ts", options.ts_path.as_deref()),
            seq: Wanted::or_given("seq", seq_path),
            id: seq_path.is_none().then(|| Wanted::usual("id")),
            pings: VecDeque::new(),
        }
    }

    /// Measures the next event.
    pub fn observe(&mut self, event: &Event) -> Measure {
        match (event.kind, event.dir) {
            (Kind::Ping, Dir::Out) => {
                if self.pings.len() == PINGS {
                    self.pings.pop_front();
                }
                self.pings.push_back((Bytes::copy_from_slice(&event.payload), event.t_ns));
                Measure::default()
            }
            (Kind::Pong, Dir::In) => {
                Measure { latency_ms: self.round_trip(event), ..Measure::default() }
            }
            _ => self.read(event),
        }
    }

    /// What a message says of itself, whatever came before it.
    pub fn read(&self, event: &Event) -> Measure {
        match (event.kind, event.dir) {
            (Kind::Text | Kind::Event | Kind::Message, Dir::In) => {
                self.message(event, self.look_into(&event.payload))
            }
            (Kind::Binary, Dir::In) => self.message(event, self.look_into_map(&event.payload)),
            _ => Measure::default(),
        }
    }

    fn round_trip(&mut self, pong: &Event) -> Option<f64> {
        let at = self.pings.iter().position(|(payload, _)| *payload == pong.payload)?;
        let (_, sent) = self.pings.drain(..=at).next_back()?;
        Some(pong.t_ns.saturating_sub(sent) as f64 / 1e6)
    }

    fn message(&self, event: &Event, [ts, declared, id]: [Option<Number>; 3]) -> Measure {
        let received = (self.start_wall_ns as f64 + event.t_ns as f64) / 1e6;
        // Where the person said which number counts, no other does.
        let own_id = event.id.as_deref().filter(|_| self.id.is_some());
        let numbers = Numbers {
            declared: declared.and_then(Number::as_i64),
            payload_id: id.and_then(Number::as_i64),
            event_id: own_id.and_then(|id| id.parse().ok()),
        };
        Measure {
            latency_ms: ts.and_then(|sent| latency(received, sent.as_f64())),
            seq: numbers.likely(),
            numbers,
        }
    }

    /// Send time, sequence number and id at the top of a MessagePack map.
    fn look_into_map(&self, bytes: &[u8]) -> [Option<Number>; 3] {
        if bytes.len() > LONGEST {
            return [None; 3];
        }
        let wanted = [Some(&self.ts), Some(&self.seq), self.id.as_ref()];
        packed::numbers(bytes, wanted.map(|wanted| wanted.and_then(|w| w.path.at_top())))
    }

    /// Send time, sequence number and id that a payload holds.
    fn look_into(&self, bytes: &[u8]) -> [Option<Number>; 3] {
        let may_be_json =
            bytes.first().is_some_and(|first| first.is_ascii_whitespace() || *first == b'{');
        if !may_be_json || bytes.len() > LONGEST {
            return [None; 3];
        }
        let id = self.id.as_ref().and_then(|id| id.in_bytes(bytes));
        json::numbers(bytes, [self.ts.in_bytes(bytes), self.seq.in_bytes(bytes), id])
    }
}

/// Milliseconds between a send time in Unix seconds, milliseconds, microseconds or nanoseconds
/// (told apart by size) and `received` in Unix milliseconds.
fn latency(received: f64, sent: f64) -> Option<f64> {
    [1e3, 1.0, 1e-3, 1e-6]
        .into_iter()
        .map(|to_ms| received - sent * to_ms)
        .find(|late| (-SKEW_MS..PLAUSIBLE_MS).contains(late))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_795_351_572_000_000_000;

    fn message(payload: &str) -> Event {
        Event::new(3_000_000, Dir::In, Kind::Text).with_payload(payload.to_owned())
    }

    fn measure(payload: &str) -> Measure {
        Measures::new(START, &Options::default()).observe(&message(payload))
    }

    #[test]
    fn the_send_time_may_be_in_any_unit() {
        for sent in ["1795351572.001", "1795351572001", "1795351572001000", "1795351572001000000"] {
            let found = measure(&format!(r#"{{"ts":{sent}}}"#)).latency_ms;
            assert!(found.is_some_and(|ms| (ms - 2.0).abs() < 0.01), "{sent}: {found:?}");
        }
    }

    #[test]
    fn numbers_that_are_no_time_give_no_latency() {
        for payload in [r#"{"ts":5}"#, r#"{"ts":"x"}"#, r#"{"ts":1795351570999}"#, "[1]", "", "{"] {
            let found = measure(payload).latency_ms;
            assert!(found.is_none() || found == Some(1004.0), "{payload}: {found:?}");
        }
    }

    #[test]
    fn sequence_numbers_come_from_seq_id_or_the_events_own_id() {
        assert_eq!(measure(r#"{"seq":7,"id":9}"#).seq, Some(7));
        assert_eq!(measure(r#"{"id":9}"#).seq, Some(9));
        let seq_and_id = Numbers { declared: Some(7), payload_id: Some(9), event_id: None };
        assert_eq!(measure(r#"{"seq":7,"id":9}"#).numbers, seq_and_id);
        let mut measures = Measures::new(START, &Options::default());
        let both = measures.observe(&message(r#"{"id":9}"#).with_id("12")).numbers;
        assert_eq!(both, Numbers { declared: None, payload_id: Some(9), event_id: Some(12) });
        assert_eq!(measures.observe(&message("plain").with_id("12")).seq, Some(12));
        assert_eq!(measures.observe(&message("plain").with_id("a:1")).seq, None);
    }

    #[test]
    fn paths_reach_into_the_payload() {
        let options = Options {
            ts_path: Some("data.0.sent".into()),
            seq_path: Some("data.0.k".into()),
            ..Options::default()
        };
        let event = message(r#"{"data":[{"sent":1795351572002,"k":4}],"id":99}"#).with_id("9");
        let found = Measures::new(START, &options).observe(&event);
        assert_eq!(found.seq, Some(4));
        assert_eq!(found.numbers, Numbers { declared: Some(4), ..Numbers::default() });
        assert!(found.latency_ms.is_some_and(|ms| (ms - 1.0).abs() < 0.01));
    }

    #[test]
    fn binary_messages_are_read_as_maps() {
        let ts = 1_795_351_572_002.25_f64.to_be_bytes();
        let map = [b"\x83\xa2id\x0c\xa2ts\xcb".as_slice(), &ts, b"\xa4data\xc4\x01\xff"].concat();
        let read = |kind, options| {
            let event = Event::new(3_000_000, Dir::In, kind).with_payload(map.clone());
            Measures::new(START, &options).observe(&event)
        };
        let found = read(Kind::Binary, Options::default());
        let numbers = Numbers { declared: None, payload_id: Some(12), event_id: None };
        assert_eq!(found, Measure { latency_ms: Some(0.75), seq: Some(12), numbers });
        assert_eq!(read(Kind::Text, Options::default()), Measure::default());
        let at = |path: &str| Options { seq_path: Some(path.into()), ..Options::default() };
        assert_eq!(read(Kind::Binary, at("id")).numbers.declared, Some(12));
        assert_eq!(read(Kind::Binary, at("id.0")).seq, None);
    }

    #[test]
    fn a_list_beside_the_number_is_not_read() {
        // The end is missing, so reading it all would find nothing.
        let cut = format!(r#"{{"id":1,"a":[{}"#, "0,".repeat(1000));
        assert_eq!(measure(&cut).seq, Some(1));
    }

    #[test]
    fn what_is_too_long_is_not_looked_into() {
        let of = |size: usize| format!(r#"{{"id":1,"a":"{}"}}"#, "x".repeat(size));
        assert_eq!(measure(&of(LONGEST - 15)).seq, Some(1));
        assert_eq!(measure(&of(LONGEST - 14)).seq, None);
        let mut measures = Measures::new(START, &Options::default());
        assert_eq!(measures.observe(&message(&of(LONGEST)).with_id("7")).seq, Some(7));
    }

    #[test]
    fn a_pong_is_measured_from_its_own_ping() {
        let mut measures = Measures::new(START, &Options::default());
        let frame = |t_ns, dir, kind, payload: &'static str| {
            Event::new(t_ns, dir, kind).with_payload(payload)
        };
        measures.observe(&frame(1_000_000, Dir::Out, Kind::Ping, "a"));
        measures.observe(&frame(5_000_000, Dir::Out, Kind::Ping, "b"));
        let pong = measures.observe(&frame(6_500_000, Dir::In, Kind::Pong, "b"));
        assert_eq!(pong.latency_ms, Some(1.5));
        let stray = measures.observe(&frame(7_000_000, Dir::In, Kind::Pong, "a"));
        assert_eq!(stray.latency_ms, None);
    }
}
