//! Engine.IO 3 and 4 (<https://github.com/socketio/engine.io-protocol>, "Protocol"), which Socket.IO
//! runs on: one packet in a WebSocket message, several in the body of a poll.

mod socketio;

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::line::{self, Several};
use super::members::{self, glance};
use super::{Body, Builder, Bytes, Context, Decoder, Fit, Part, Read, Unreadable};
use crate::model::Kind;

pub(super) const DECODER: Decoder = Decoder { id: "socketio", label: "Socket.IO", fit, read };

/// Packet types, by number.
const TYPES: [&str; 7] = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
/// Between the packets of a poll's body, since version 4.
const SEPARATOR: char = '\u{1e}';

fn fit(context: &Context<'_>) -> Fit {
    if context.kind == Kind::Binary {
        return named(context.path());
    }
    let Some(text) = context.text else { return Fit::No };
    // The answer to a poll's request is `ok`, which is no packet.
    let is_packet = matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'b'));
    if context.kind == Kind::Text || is_packet {
        let named = named(context.path());
        if named != Fit::No {
            return named;
        }
    }
    if text.strip_prefix('0').is_some_and(is_handshake) {
        return Fit::Looks("it begins as an Engine.IO handshake does");
    }
    if is_event(text) {
        return Fit::Looks("it begins as a Socket.IO event does");
    }
    Fit::No
}

fn named(path: &str) -> Fit {
    for name in ["/socket.io/", "/engine.io/"] {
        if path.contains(name) || path.ends_with(name.trim_end_matches('/')) {
            return Fit::Named(format!("path {name}"));
        }
    }
    Fit::No
}

fn is_handshake(text: &str) -> bool {
    let level = glance(text);
    level.text("sid").is_some() && level.get("pingInterval").is_some()
}

/// `42["`, perhaps with attachments, a namespace and an acknowledgement in between.
fn is_event(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("42").or_else(|| text.strip_prefix("45")) else {
        return false;
    };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = match rest[digits(rest)..].strip_prefix('-') {
        Some(after) if text.starts_with("45") => after,
        _ if text.starts_with("45") => return false,
        _ => rest,
    };
    let rest = match rest.strip_prefix('/').map(|name| name.split_once(',')) {
        Some(Some((_, after))) => after,
        Some(None) => return false,
        None => rest,
    };
    rest[digits(rest)..].starts_with("[\"") && text.trim_ascii_end().ends_with(']')
}

/// What is known of the connection.
struct Version {
    /// Version 3, whose binary packets begin with their type.
    is_3: bool,
    /// Messages are not Socket.IO's.
    is_bare: bool,
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let version = Version {
        is_3: context.query("EIO").as_deref() == Some("3"),
        is_bare: context.path().contains("/engine.io"),
    };
    if context.kind == Kind::Binary {
        return binary(context.payload, version.is_3);
    }
    let text = members::text(context)?;
    let form = if context.kind == Kind::Text { Form::One } else { form(text, version.is_3) };
    let (first, from, mut next) = next_packet(text, 0, form)?;
    let mut tree = Builder::default();
    if next.is_some() {
        tree.array();
    }
    let (mut lines, mut read) = (Several::default(), Read::from(Body::Bytes(Bytes::new())));
    let (mut text_of, mut at) = (first, from);
    loop {
        let packet = packet(&mut tree, text_of, at, &version)?;
        lines.add(|| packet.line);
        if let Some((from, length)) = packet.text {
            read = read.part(Part::text("message", context.payload.slice(from..from + length)));
        }
        if let Some(bytes) = packet.bytes {
            read = read.part(Part::bytes("data", bytes));
        }
        let Some(place) = next.filter(|_| !tree.is_full()) else { break };
        (text_of, at, next) = next_packet(text, place, form)?;
    }
    read.body = Body::Tree(tree.finish()?);
    Ok(read.summary(lines.line()))
}

/// A WebSocket message of bytes: a message as it is in version 4, behind its type in version 3.
fn binary(payload: &Bytes, is_3: bool) -> Result<Read, Unreadable> {
    let mut tree = Builder::default();
    tree.object();
    let data = if is_3 {
        let name = payload.first().and_then(|number| TYPES.get(usize::from(*number)));
        let name = *name.ok_or_else(|| Unreadable::new("no packet has this type").at(0))?;
        tree.key("type").number(payload[0]).note(name);
        payload.slice(1..)
    } else {
        tree.key("type").number(4).note("message, as all bytes are");
        payload.clone()
    };
    tree.key("data").bytes(&data);
    tree.close();
    let line = format!("message, {} of binary data", line::size(data.len()));
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(line).part(Part::bytes("data", data)))
}

/// How packets stand in a payload.
#[derive(Clone, Copy)]
enum Form {
    /// Alone.
    One,
    /// Between separators.
    Separated,
    /// Behind their lengths, as version 3 writes them: `6:4hello2:40`.
    Lengths,
}

fn form(text: &str, is_3: bool) -> Form {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let has_length = text[digits..].starts_with(':') && (is_3 || digits > 1);
    if has_length { Form::Lengths } else { Form::Separated }
}

/// The packet at a place, where it begins, and the place of the next.
fn next_packet(
    text: &str,
    at: usize,
    form: Form,
) -> Result<(&str, usize, Option<usize>), Unreadable> {
    let rest = &text[at..];
    match form {
        Form::One => Ok((rest, at, None)),
        Form::Separated => {
            let end = rest.find(SEPARATOR);
            Ok((&rest[..end.unwrap_or(rest.len())], at, end.map(|end| at + end + 1)))
        }
        Form::Lengths => {
            let wrong = |what: &str| Unreadable::new(what).at(at);
            let (digits, body) = rest
                .split_once(':')
                .ok_or_else(|| wrong("a packet's length is to end with a colon"))?;
            let length = digits.parse().map_err(|_| wrong("a packet's length is no number"))?;
            let end = end_of_units(body, length)
                .ok_or_else(|| wrong("a packet is longer than the payload"))?;
            let from = at + digits.len() + 1;
            let next = from + end;
            Ok((&body[..end], from, (next < text.len()).then_some(next)))
        }
    }
}

/// Where so many UTF-16 units end, which JavaScript counts.
fn end_of_units(text: &str, length: usize) -> Option<usize> {
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        if units >= length {
            return Some(at);
        }
        units += letter.len_utf16();
    }
    (units >= length).then_some(text.len())
}

/// What is told of a packet besides its tree.
#[derive(Default)]
struct Packet {
    line: String,
    /// Where a message that is not Socket.IO's stands, and its length.
    text: Option<(usize, usize)>,
    /// Bytes that were written as base64.
    bytes: Option<Vec<u8>>,
}

fn packet(
    tree: &mut Builder,
    text: &str,
    at: usize,
    version: &Version,
) -> Result<Packet, Unreadable> {
    if let Some(encoded) = text.strip_prefix('b') {
        return base64(tree, encoded, at, version.is_3);
    }
    let digit = text.bytes().next().ok_or_else(|| Unreadable::new("a packet is empty").at(at))?;
    let number = usize::from(digit.wrapping_sub(b'0'));
    let name =
        *TYPES.get(number).ok_or_else(|| Unreadable::new("no packet has this type").at(at))?;
    let (data, from) = (&text[1..], at + 1);
    tree.object();
    tree.key("type").number(number).note(name);
    let mut packet = Packet { line: name.to_owned(), ..Packet::default() };
    match name {
        "open" => packet.line = handshake(tree, data, from)?,
        "message" if version.is_bare => {
            tree.key("data").text(data);
            packet.line = format!("message, {}", line::size(data.len()));
            packet.text = Some((from, data.len()));
        }
        "message" => {
            tree.key("data");
            packet.line = socketio::read(tree, data, from)?;
        }
        _ if data.is_empty() => {}
        _ => {
            tree.key("data").text(data);
            packet.line = format!("{name} {}", line::word(data));
        }
    }
    tree.close();
    Ok(packet)
}

fn handshake(tree: &mut Builder, data: &str, at: usize) -> Result<String, Unreadable> {
    let level = members::object(data, at)?;
    tree.key("data");
    level.put(tree, |name, _| {
        matches!(name, "pingInterval" | "pingTimeout").then(|| String::from("milliseconds"))
    })?;
    let mut line = String::from("open");
    if let Some(sid) = level.text("sid") {
        let _ = write!(line, ", session {}", line::word(&sid));
    }
    if let Some(every) = level.get("pingInterval").and_then(|item| item.number::<u32>()) {
        let _ = write!(line, ", ping every {} s", f64::from(every) / 1000.0);
    }
    Ok(line)
}

fn base64(tree: &mut Builder, encoded: &str, at: usize, is_3: bool) -> Result<Packet, Unreadable> {
    // Version 3 writes the type between; no base64 of version 4 is read wrongly, as the version is known.
    let (encoded, at) = match encoded.strip_prefix('4').filter(|_| is_3) {
        Some(encoded) => (encoded, at + 2),
        None => (encoded, at + 1),
    };
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|error| Unreadable::new(format!("this is no base64 ({error})")).at(at))?;
    tree.object();
    tree.key("type").number(4).note("message, as base64");
    tree.key("data").bytes(&bytes);
    tree.close();
    let line = format!("message, {} of binary data", line::size(bytes.len()));
    Ok(Packet { line, bytes: Some(bytes), ..Packet::default() })
}
