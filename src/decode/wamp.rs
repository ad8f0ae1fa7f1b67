//! WAMP 2 (<https://wamp-proto.org/wamp_latest_ietf.html>, "Messages" and "WebSocket Transport"):
//! arrays in JSON, MessagePack or CBOR, one in a message or a batch of them.

use std::borrow::Cow;

use super::bytes::Cursor;
use super::line::{self, Several};
use super::members;
use super::tuple::{self, Type};
use super::{Body, Builder, Context, Decoder, Fit, Read, Tree, Unreadable, Value, cbor, msgpack};

pub(super) const DECODER: Decoder = Decoder { id: "wamp", label: "WAMP", fit, read };

/// Ends each message of a batch in JSON; in the binary forms a length of four bytes precedes it.
const SEPARATOR: char = '\u{1e}';

const fn kind(code: u8, name: &'static str, least: usize, fields: &'static [&'static str]) -> Type {
    Type { code, name, fields, least }
}

const TYPES: [Type; 24] = [
    kind(1, "HELLO", 2, &["Realm", "Details"]),
    kind(2, "WELCOME", 2, &["Session", "Details"]),
    kind(3, "ABORT", 2, &["Details", "Reason", "Arguments", "ArgumentsKw"]),
    kind(4, "CHALLENGE", 2, &["AuthMethod", "Extra"]),
    kind(5, "AUTHENTICATE", 2, &["Signature", "Extra"]),
    kind(6, "GOODBYE", 2, &["Details", "Reason"]),
    kind(
        8,
        "ERROR",
        4,
        &["RequestType", "Request", "Details", "Error", "Arguments", "ArgumentsKw"],
    ),
    kind(16, "PUBLISH", 3, &["Request", "Options", "Topic", "Arguments", "ArgumentsKw"]),
    kind(17, "PUBLISHED", 2, &["Request", "Publication"]),
    kind(32, "SUBSCRIBE", 3, &["Request", "Options", "Topic"]),
    kind(33, "SUBSCRIBED", 2, &["Request", "Subscription"]),
    kind(34, "UNSUBSCRIBE", 2, &["Request", "Subscription"]),
    kind(35, "UNSUBSCRIBED", 1, &["Request", "Details"]),
    kind(36, "EVENT", 3, &["Subscription", "Publication", "Details", "Arguments", "ArgumentsKw"]),
    kind(48, "CALL", 3, &["Request", "Options", "Procedure", "Arguments", "ArgumentsKw"]),
    kind(49, "CANCEL", 2, &["Request", "Options"]),
    kind(50, "RESULT", 2, &["Request", "Details", "Arguments", "ArgumentsKw"]),
    kind(64, "REGISTER", 3, &["Request", "Options", "Procedure"]),
    kind(65, "REGISTERED", 2, &["Request", "Registration"]),
    kind(66, "UNREGISTER", 2, &["Request", "Registration"]),
    kind(67, "UNREGISTERED", 1, &["Request", "Details"]),
    kind(68, "INVOCATION", 3, &["Request", "Registration", "Details", "Arguments", "ArgumentsKw"]),
    kind(69, "INTERRUPT", 2, &["Request", "Options"]),
    kind(70, "YIELD", 2, &["Request", "Options", "Arguments", "ArgumentsKw"]),
];

/// How messages are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    MessagePack,
    Cbor,
}

/// The forms of the subprotocols, and whether they carry batches.
const SUBPROTOCOLS: [(&str, Form, bool); 6] = [
    ("wamp.2.json", Form::Json, false),
    ("wamp.2.msgpack", Form::MessagePack, false),
    ("wamp.2.cbor", Form::Cbor, false),
    ("wamp.2.json.batched", Form::Json, true),
    ("wamp.2.msgpack.batched", Form::MessagePack, true),
    ("wamp.2.cbor.batched", Form::Cbor, true),
];

fn spoken(context: &Context<'_>) -> Option<(&'static str, Form, bool)> {
    SUBPROTOCOLS.into_iter().find(|(name, _, _)| context.speaks(name))
}

fn fit(context: &Context<'_>) -> Fit {
    spoken(context).map_or(Fit::No, |(name, _, _)| Fit::subprotocol(name))
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let data = context.payload;
    // The person chose it for a connection that agreed upon something else.
    let guess = if context.text.is_some() { Form::Json } else { Form::MessagePack };
    let (form, is_batch) = spoken(context).map_or((guess, false), |(_, form, batch)| (form, batch));
    let mut tree = Builder::default();
    let mut names = Vec::new();
    if is_batch {
        tree.array();
    }
    let mut from = 0;
    while from < data.len() && !tree.is_full() {
        let (start, end, next) =
            if is_batch { bounds(data, from, form)? } else { (0, data.len(), data.len()) };
        let kind = message(&mut tree, &data[..end], start, form)?;
        names.push(kind.name);
        from = next;
    }
    if names.is_empty() {
        return Err(Unreadable::new("it is empty"));
    }
    tree.close();
    let tree = tree.finish()?;
    let line = lines(&tree, &names, is_batch);
    Ok(Read::from(Body::Tree(tree)).summary(line))
}

/// Where a message of a batch begins and ends, and where the next one begins.
fn bounds(data: &[u8], from: usize, form: Form) -> Result<(usize, usize, usize), Unreadable> {
    if form == Form::Json {
        let end = memchr::memchr(SEPARATOR as u8, &data[from..]).map(|end| from + end);
        let end = end.ok_or_else(|| Unreadable::new("the last message does not end").at(from))?;
        return Ok((from, end, end + 1));
    }
    let mut cursor = Cursor::new(data);
    cursor.take(from)?;
    let length = cursor.u32()?;
    let start = cursor.at();
    cursor.take(length as usize)?;
    Ok((start, cursor.at(), cursor.at()))
}

/// Adds the message that begins at `from` and ends with the data.
fn message(
    tree: &mut Builder,
    data: &[u8],
    from: usize,
    form: Form,
) -> Result<&'static Type, Unreadable> {
    let part = &data[from..];
    let (kind, end) = match form {
        Form::Json => {
            let level = members::array(members::utf8(part, from)?, from)?;
            (tuple::of_json(tree, &level.items, from, &TYPES)?, part.len())
        }
        Form::MessagePack => tuple::of_tokens(tree, &mut msgpack::Pieces::new(part), from, &TYPES)?,
        Form::Cbor => tuple::of_tokens(tree, &mut cbor::Pieces::new(part), from, &TYPES)?,
    };
    if end < part.len() && !tree.is_full() {
        return Err(Unreadable::new("something follows the message").at(from + end));
    }
    Ok(kind)
}

fn lines(tree: &Tree, names: &[&'static str], is_batch: bool) -> String {
    let mut lines = Several::default();
    let mut children = tree.root().children();
    for name in names {
        let value = if is_batch { children.next() } else { Some(tree.root()) };
        lines.add(|| value.map_or_else(String::new, |value| line(name, value)));
    }
    lines.line()
}

fn line(name: &str, message: Value<'_>) -> String {
    let field = |name: &str| -> Option<String> {
        message.get(name)?.start(300).map(|text: Cow<'_, str>| line::word(&text))
    };
    let mut line = String::from(name);
    if name == "ERROR" {
        let code = message.get("RequestType").and_then(Value::number);
        let of = TYPES.iter().find(|kind| Some(f64::from(kind.code)) == code);
        line.extend([" of ", of.map_or("an unknown request", |kind| kind.name)]);
    }
    // What a message is about stands bare, numbers with their noun.
    let told = [
        ("Topic", " "),
        ("Procedure", " "),
        ("Realm", " "),
        ("AuthMethod", " "),
        ("Session", ", session "),
        ("Request", ", request "),
        ("Subscription", ", subscription "),
        ("Publication", ", publication "),
        ("Registration", ", registration "),
        ("Reason", ": "),
        ("Error", ": "),
    ];
    for (name, sign) in told {
        if let Some(text) = field(name) {
            line.extend([sign, &text]);
        }
    }
    line
}
