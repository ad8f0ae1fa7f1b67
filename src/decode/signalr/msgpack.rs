//! SignalR's messages in MessagePack ("MsgPack encoding" and "Binary encoding"): each behind its
//! length.

use super::super::bytes::Cursor;
use super::super::line::Several;
use super::super::msgpack::Pieces;
use super::super::tuple::{self, Type};
use super::super::{Body, Builder, Read, Shape, Tree, Unreadable, Value};
use super::Said;

const fn kind(code: u8, name: &'static str, least: usize, fields: &'static [&'static str]) -> Type {
    Type { code, name, fields, least }
}

/// Names of the places are those of the members in JSON. Stream ids were added later.
const TYPES: [Type; 9] = [
    kind(1, "Invocation", 4, &["headers", "invocationId", "target", "arguments", "streamIds"]),
    kind(2, "StreamItem", 3, &["headers", "invocationId", "item"]),
    kind(3, "Completion", 3, &["headers", "invocationId", "resultKind", "result"]),
    kind(
        4,
        "StreamInvocation",
        4,
        &["headers", "invocationId", "target", "arguments", "streamIds"],
    ),
    kind(5, "CancelInvocation", 2, &["headers", "invocationId"]),
    kind(6, "Ping", 0, &[]),
    kind(7, "Close", 1, &["error", "allowReconnect"]),
    kind(8, "Ack", 1, &["sequenceId"]),
    kind(9, "Sequence", 1, &["sequenceId"]),
];

/// A result kind that says that the result is an error's text.
const ERROR: f64 = 1.0;

pub(super) fn read(data: &[u8]) -> Result<Read, Unreadable> {
    let mut cursor = Cursor::new(data);
    let mut tree = Builder::default();
    let mut names = Vec::new();
    while !cursor.is_empty() && !tree.is_full() {
        let length = cursor.varint(5)? as usize;
        let from = cursor.at();
        if length > cursor.left() {
            let what = "the message is longer than the payload, it may go on in the next";
            return Err(cursor.wrong(what));
        }
        cursor.take(length)?;
        let end = cursor.at();
        if names.is_empty() && !cursor.is_empty() {
            tree.array();
        }
        let mut pieces = Pieces::new(&data[from..end]);
        let (kind, length) = tuple::of_tokens(&mut tree, &mut pieces, from, &TYPES)?;
        if from + length < end && !tree.is_full() {
            return Err(Unreadable::new("something follows the message").at(from + length));
        }
        names.push(kind.name);
    }
    if names.is_empty() {
        return Err(Unreadable::new("it is empty"));
    }
    let tree = tree.finish()?;
    let line = line(&tree, &names);
    Ok(Read::from(Body::Tree(tree)).summary(line))
}

fn line(tree: &Tree, names: &[&'static str]) -> String {
    let mut lines = Several::default();
    let mut children = tree.root().children();
    for name in names {
        let message = if names.len() > 1 { children.next() } else { Some(tree.root()) };
        lines.add(|| message.map_or_else(String::new, |message| said(message).line(name)));
    }
    lines.line()
}

fn said(message: Value<'_>) -> Said<'_> {
    // Where there is none, it is `null`.
    let is_said = |value: &Value<'_>| value.shape() != Shape::Word;
    let text = |name| message.get(name).filter(is_said).and_then(Value::text);
    let is_error = message.get("resultKind").and_then(Value::number) == Some(ERROR);
    Said {
        target: text("target"),
        id: text("invocationId"),
        error: if is_error { text("result") } else { text("error") },
        arguments: message.get("arguments").map(Value::len),
        sequence: text("sequenceId"),
    }
}
