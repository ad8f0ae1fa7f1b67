//! ASP.NET Core SignalR's hub protocol
//! (<https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md>): a
//! handshake, then messages as JSON records or in MessagePack, as the handshake chose.

mod msgpack;

use std::borrow::Cow;
use std::fmt::Write as _;

use super::line::{self, Several};
use super::members::{self, Level, glance};
use super::{Body, Builder, Context, Decoder, Fit, Read, Unreadable};
use crate::model::Kind;

pub(super) const DECODER: Decoder = Decoder { id: "signalr", label: "SignalR", fit, read };

/// Ends each record ("JSON Encoding").
const SEPARATOR: char = '\u{1e}';

/// Message types, from 1.
const TYPES: [&str; 9] = [
    "Invocation",
    "StreamItem",
    "Completion",
    "StreamInvocation",
    "CancelInvocation",
    "Ping",
    "Close",
    "Ack",
    "Sequence",
];

fn fit(context: &Context<'_>) -> Fit {
    let chosen = context.opening.and_then(|opening| chosen(opening));
    let is_fitting = match chosen.as_deref() {
        Some("json") => context.kind == Kind::Text,
        Some("messagepack") => context.kind == Kind::Binary,
        _ => false,
    };
    if let Some(name) = chosen.filter(|_| is_fitting) {
        return Fit::Named(format!("the handshake of SignalR for {}", line::word(&name)));
    }
    let Some(text) = record_text(context.payload) else { return Fit::No };
    let level = glance(text);
    let is_message = level.get("type").is_some_and(|item| item.number::<u8>().is_some())
        || level.get("protocol").is_some()
        || level.get("error").is_some()
        || text.starts_with("{}\u{1e}");
    if is_message { Fit::Looks("it is a record of SignalR with its separator") } else { Fit::No }
}

/// The protocol that the first message of a connection asks for.
fn chosen(opening: &[u8]) -> Option<String> {
    let level = glance(record_text(opening)?);
    let is_handshake = level.get("version").is_some() && level.has_only(&["protocol", "version"]);
    level.text("protocol").filter(|_| is_handshake).map(Cow::into_owned)
}

/// A payload that begins and ends as JSON records do.
fn record_text(payload: &[u8]) -> Option<&str> {
    let has_ends = payload.first() == Some(&b'{') && payload.last() == Some(&(SEPARATOR as u8));
    if has_ends { std::str::from_utf8(payload).ok() } else { None }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    // The handshake is JSON in any case.
    if context.kind == Kind::Binary && record_text(context.payload).is_none() {
        return msgpack::read(context.payload);
    }
    let text = members::text(context)?;
    let mut tree = Builder::default();
    let mut lines = Several::default();
    let mut at = 0;
    while at < text.len() && !tree.is_full() {
        let end = text[at..].find(SEPARATOR).map(|end| at + end);
        let end = end.ok_or_else(|| {
            Unreadable::new("the last record does not end, it may go on in the next message").at(at)
        })?;
        if at == 0 && end + 1 < text.len() {
            tree.array();
        }
        let line = record(&mut tree, &text[at..end], at)?;
        lines.add(|| line);
        at = end + 1;
    }
    if lines.count() == 0 {
        return Err(Unreadable::new("it is empty"));
    }
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(lines.line()))
}

fn record(tree: &mut Builder, text: &str, at: usize) -> Result<String, Unreadable> {
    let level = members::object(text, at)?;
    let Some(item) = level.get("type") else {
        level.put(tree, |_, _| None)?;
        return handshake(&level, at);
    };
    let name = item.number::<usize>().and_then(name);
    let name = name.ok_or_else(|| Unreadable::new("no message has this type").at(item.at))?;
    level.put(tree, |key, _| (key == "type").then(|| String::from(name)))?;
    let said = Said {
        target: level.text("target"),
        id: level.text("invocationId"),
        error: level.text("error"),
        arguments: level.get("arguments").and_then(|item| {
            members::array(item.value, item.at).ok().map(|arguments| arguments.count)
        }),
        sequence: level.get("sequenceId").map(|item| Cow::Borrowed(item.value)),
    };
    Ok(said.line(name))
}

/// The name of a message type.
fn name(number: usize) -> Option<&'static str> {
    TYPES.get(number.checked_sub(1)?).copied()
}

/// The first message of either side, which has no type.
fn handshake(level: &Level<'_>, at: usize) -> Result<String, Unreadable> {
    if let Some(protocol) = level.text("protocol") {
        let version = level.get("version").map_or("", |item| item.value);
        return Ok(format!("handshake, {} {}", line::word(&protocol), line::word(version)));
    }
    if let Some(error) = level.text("error") {
        return Ok(format!("handshake refused: {}", line::word(&error)));
    }
    if level.items.is_empty() {
        return Ok(String::from("handshake accepted"));
    }
    Err(Unreadable::new("it has neither a type nor is it a handshake").at(at))
}

/// What a message says, as far as it is told in one line.
#[derive(Default)]
struct Said<'a> {
    target: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
    arguments: Option<usize>,
    sequence: Option<Cow<'a, str>>,
}

impl Said<'_> {
    fn line(&self, name: &str) -> String {
        let mut line = String::from(name);
        // Of what names a message the first stands bare.
        let mut sign = " ";
        for (noun, text) in [("", &self.target), ("", &self.sequence), ("invocation ", &self.id)] {
            if let Some(text) = text {
                let noun = if sign == " " { "" } else { noun };
                let _ = write!(line, "{sign}{noun}{}", line::word(text));
                sign = ", ";
            }
        }
        if let Some(count) = self.arguments {
            let _ = write!(line, ", {}", line::count(count, "argument"));
        }
        if let Some(error) = &self.error {
            let _ = write!(line, ": {}", line::word(error));
        }
        line
    }
}
