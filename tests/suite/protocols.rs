//! Decoders of application protocols: packets as their specifications show them, lookalikes that are
//! none, and bytes that no peer should send. The tables are in `tests/fixtures/decode`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use wirescope::decode::{Body, Bytes, Context, Decoded, Tree, Value, decode, decoder, decoders};
use wirescope::model::{Dir, Event, Kind};

/// A table: packets of one decoder.
#[derive(Deserialize)]
struct Table {
    /// The decoder that reads them where a case names no other.
    decoder: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    text: Option<String>,
    /// Bytes in hexadecimal; what stands between `'` is as it is.
    hex: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    out: bool,
    subprotocol: Option<String>,
    url: Option<String>,
    /// The first message this side sent, as `hex`.
    opening: Option<String>,
    /// The person chose the decoder.
    #[serde(default)]
    chosen: bool,

    /// What shows it, where that is not the table's decoder; of bytes that could not be read any.
    decoder: Option<String>,
    why: Option<String>,
    summary: Option<String>,
    /// A part of what is said where it could not be read.
    fell_back: Option<String>,
    /// The whole document.
    json: Option<String>,
    /// Values by their path, as `0.topic_name`.
    #[serde(default)]
    at: BTreeMap<String, String>,
    #[serde(default)]
    notes: BTreeMap<String, String>,
    /// Name, decoder and text of each part.
    parts: Option<Vec<(String, String, String)>>,
}

impl Case {
    fn payload(&self) -> Bytes {
        match (&self.text, &self.hex) {
            (Some(text), None) => Bytes::copy_from_slice(text.as_bytes()),
            (None, Some(hex)) => bytes(hex),
            _ => panic!("a case has either text or hex"),
        }
    }

    fn kind(&self) -> Kind {
        match self.kind.as_deref() {
            Some(word) => Kind::from_word(word).unwrap(),
            None if self.text.is_some() => Kind::Text,
            None => Kind::Binary,
        }
    }

    /// Calls with the case's context and this payload.
    fn with<T>(&self, payload: Bytes, call: impl FnOnce(&Context<'_>) -> T) -> T {
        let dir = if self.out { Dir::Out } else { Dir::In };
        let event = Event::new(0, dir, self.kind()).with_payload(payload);
        let url = self.url.as_deref().map(|url| url.parse().unwrap());
        let opening = self.opening.as_deref().map(bytes);
        call(&Context {
            subprotocol: self.subprotocol.as_deref(),
            url: url.as_ref(),
            opening: opening.as_ref(),
            ..Context::new(&event)
        })
    }
}

fn bytes(hex: &str) -> Bytes {
    let mut out = Vec::new();
    for (place, piece) in hex.split('\'').enumerate() {
        if place % 2 == 1 {
            out.extend_from_slice(piece.as_bytes());
            continue;
        }
        let digits: Vec<u8> = piece.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        out.extend(pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()));
    }
    out.into()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/decode")
}

fn tables() -> Vec<Table> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    let read = |path: &Path| {
        let table = toml::from_str(&std::fs::read_to_string(path).unwrap());
        table.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files.iter().map(|path| read(path)).collect()
}

fn tree(decoded: &Decoded) -> Option<&Tree> {
    match &decoded.body {
        Body::Tree(tree) => Some(tree),
        _ => None,
    }
}

fn value<'t>(tree: &'t Tree, path: &str) -> Option<Value<'t>> {
    let mut parts = path.split('.').filter(|part| !part.is_empty());
    parts.try_fold(tree.root(), |value, part| match part.parse() {
        Ok(place) => value.child(place),
        Err(_) => value.get(part),
    })
}

fn check(table: &Table, case: &Case) -> Result<(), String> {
    let wanted = case.decoder.as_ref().unwrap_or(&table.decoder);
    let chosen = case.chosen.then_some(table.decoder.as_str());
    let decoded = case.with(case.payload(), |context| decode(context, chosen));
    let mut wrong = Vec::new();
    let mut same = |what: &str, found: &str, wanted: &str| {
        if found != wanted {
            wrong.push(format!("{what}\n    is     {found}\n    should {wanted}"));
        }
    };
    match &case.decoder {
        None if case.fell_back.is_some() => {
            same("read", &(decoded.decoder == table.decoder).to_string(), "false");
        }
        _ => same("decoder", decoded.decoder, wanted),
    }
    if let Some(why) = &case.why {
        same("why", &decoded.why, why);
    }
    if let Some(summary) = &case.summary {
        same("summary", decoded.summary.as_deref().unwrap_or_default(), summary);
    }
    let fell_back = decoded.fell_back.clone().unwrap_or_default();
    match &case.fell_back {
        Some(part) if fell_back.contains(part) => {}
        part => same("fell back", &fell_back, part.as_deref().unwrap_or_default()),
    }
    let json = tree(&decoded).map(|tree| tree.root().to_json()).unwrap_or_default();
    if let Some(wanted) = &case.json {
        same("document", &json, wanted);
    }
    let found = |path: &str| tree(&decoded).and_then(|tree| value(tree, path));
    for (path, wanted) in &case.at {
        let found =
            found(path).map(|value| value.text().map_or_else(|| value.to_json(), Into::into));
        same(path, &found.unwrap_or_default(), wanted);
    }
    for (path, wanted) in &case.notes {
        let note = found(path).and_then(Value::note);
        same(&format!("note of {path}"), note.unwrap_or_default(), wanted);
    }
    if let Some(wanted) = &case.parts {
        let part = |inner: &wirescope::decode::Inner| {
            let text = String::from_utf8_lossy(&inner.payload).into_owned();
            (inner.name.clone(), inner.decoded.decoder.to_owned(), text)
        };
        let found: Vec<_> = decoded.inner.iter().map(part).collect();
        same("parts", &format!("{found:?}"), &format!("{wanted:?}"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{}\n  {}\n  document {json}",
            case.payload().escape_ascii(),
            wrong.join("\n  ")
        ))
    }
}

#[test]
fn packets_are_read_as_their_specifications_mean_them() {
    let wrong: Vec<String> = tables()
        .iter()
        .flat_map(|table| table.case.iter().filter_map(|case| check(table, case).err()))
        .collect();
    assert!(wrong.is_empty(), "{} cases\n{}", wrong.len(), wrong.join("\n"));
}

/// Payloads that resemble a protocol's and must stay what they are.
#[derive(Deserialize)]
struct Lookalikes {
    case: Vec<Case>,
}

#[test]
fn what_only_resembles_a_protocol_stays_what_it_is() {
    let protocols: Vec<String> = tables().into_iter().map(|table| table.decoder).collect();
    let text = std::fs::read_to_string(folder().join("lookalikes/table.toml")).unwrap();
    let lookalikes: Lookalikes = toml::from_str(&text).unwrap();
    assert!(lookalikes.case.len() > 40, "{}", lookalikes.case.len());
    for case in &lookalikes.case {
        let decoded = case.with(case.payload(), |context| decode(context, None));
        let shown = case.payload().escape_ascii().to_string();
        assert!(
            !protocols.iter().any(|name| name == decoded.decoder),
            "{}: {shown}",
            decoded.decoder
        );
        // Nor is a person told that it should have been one.
        let fell_back = decoded.fell_back.unwrap_or_default();
        assert!(
            fell_back.is_empty() || fell_back.starts_with("Not JSON, "),
            "{fell_back}: {shown}"
        );
    }
}

#[test]
fn every_decoder_of_a_table_is_known() {
    for table in tables() {
        assert!(decoder(&table.decoder).is_some(), "{}", table.decoder);
        assert!(!table.case.is_empty());
    }
}

/// What holds for anything that is read, whoever sent it.
fn holds(decoded: &Decoded, size: usize) {
    if let Some(tree) = tree(decoded) {
        // A value takes a byte of the payload at least, but for what a packet is made of; an entry
        // of a tree takes 16 bytes and its name.
        assert!(tree.weight() <= 4096 + 512 * size, "{} for {size} B", tree.weight());
        assert!(tree.root().to_json().len() <= 4096 + 512 * size);
    }
    if let Some(summary) = &decoded.summary {
        assert!(summary.chars().count() <= 1000 && !summary.contains(['\n', '\r']), "{summary}");
    }
    assert!(decoded.inner.len() <= 64);
    for inner in &decoded.inner {
        assert!(inner.payload.len() <= 64 << 20);
        holds(&inner.decoded, inner.payload.len());
    }
}

#[test]
fn no_bytes_do_harm_to_any_decoder() {
    let mut random = fastrand::Rng::with_seed(20_261_122);
    for table in tables() {
        for case in &table.case {
            let payload = case.payload();
            for round in 0..24 {
                let mutated = mutated(&mut random, &payload, round);
                for known in decoders() {
                    let decoded =
                        case.with(mutated.clone(), |context| decode(context, Some(known.id)));
                    holds(&decoded, mutated.len());
                }
            }
        }
    }
}

#[test]
fn every_beginning_of_a_packet_is_read_or_refused() {
    for table in tables() {
        for case in &table.case {
            let payload = case.payload();
            for end in 0..payload.len().min(400) {
                let decoded = case.with(payload.slice(..end), |context| decode(context, None));
                holds(&decoded, end);
            }
        }
    }
}

#[test]
fn bytes_without_sense_do_no_harm() {
    let mut random = fastrand::Rng::with_seed(4);
    let kinds = [Kind::Text, Kind::Binary, Kind::Message, Kind::Event];
    for round in 0..3000_usize {
        let length = random.usize(..if round % 50 == 0 { 4096 } else { 48 });
        // Half of them are of the letters these protocols are made of.
        let letters = b"{}[]\",:0123456789.4aobcm\\\n\r\x00\x1e\x10\x30\x82\xff/-";
        let payload: Vec<u8> = (0..length)
            .map(|_| {
                if round % 2 == 0 { random.u8(..) } else { letters[random.usize(..letters.len())] }
            })
            .collect();
        let event = Event::new(0, Dir::In, kinds[round % 4]).with_payload(payload);
        for known in decoders() {
            holds(&decode(&Context::new(&event), Some(known.id)), length);
        }
        holds(&decode(&Context::new(&event), None), length);
    }
}

/// The payload with some of its bytes changed, cut, doubled or put elsewhere.
fn mutated(random: &mut fastrand::Rng, payload: &[u8], round: usize) -> Bytes {
    let mut out = payload.to_vec();
    for _ in 0..=round % 4 {
        if out.is_empty() {
            break;
        }
        let at = random.usize(..out.len());
        match random.u8(..7) {
            0 => out[at] = random.u8(..),
            1 => out[at] ^= 1 << random.u8(..8),
            2 => out.truncate(at),
            3 => out.insert(at, *random.choice(b"\"\\{}[]\0\x1e\n:,0\xff").unwrap()),
            4 => drop(out.remove(at)),
            5 => out.extend_from_within(at..),
            _ => {
                let other = random.usize(..out.len());
                out.swap(at, other);
            }
        }
    }
    out.into()
}

/// Payloads that are small to send and would be large to read.
#[test]
fn what_repeats_without_end_stays_within_bounds() {
    let socket = Some("ws://host/socket.io/?EIO=4");
    let table: [(&str, Kind, Option<&str>, Vec<u8>); 9] = [
        (
            "sockjs",
            Kind::Text,
            None,
            [b"a[".to_vec(), b"\"\",".repeat(50_000), b"\"\"]".to_vec()].concat(),
        ),
        ("mqtt", Kind::Binary, None, [0xc0, 0].repeat(50_000)),
        ("stomp", Kind::Binary, None, b"ACK\n\n\0".repeat(20_000)),
        ("stomp", Kind::Binary, None, b"\n".repeat(100_000)),
        ("signalr", Kind::Text, None, b"{\"type\":6}\x1e".repeat(20_000)),
        ("socketio", Kind::Message, socket, b"2\x1e".repeat(50_000)),
        (
            "jsonrpc",
            Kind::Text,
            None,
            [
                b"[".to_vec(),
                b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1},".repeat(10_000),
                b"{\"jsonrpc\":\"2.0\",\"method\":\"a\"}]".to_vec(),
            ]
            .concat(),
        ),
        (
            "graphql",
            Kind::Text,
            None,
            [b"{\"type\":\"next\",\"id\":\"1\",\"payload\":".to_vec(), b"[".repeat(100_000)]
                .concat(),
        ),
        (
            "mqtt",
            Kind::Binary,
            None,
            [vec![0x10, 0xff, 0xff, 0x7f, 0, 4], b"MQTT\x05".to_vec(), vec![0; 90_000]].concat(),
        ),
    ];
    for (id, kind, url, payload) in table {
        let size = payload.len();
        let url = url.map(|url| url.parse().unwrap());
        let event = Event::new(0, Dir::In, kind).with_payload(payload);
        let context = Context { url: url.as_ref(), ..Context::new(&event) };
        holds(&decode(&context, Some(id)), size);
        holds(&decode(&context, None), size);
    }
}
