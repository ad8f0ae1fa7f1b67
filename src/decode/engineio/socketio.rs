//! Socket.IO packets of protocol 4 and 5 (<https://github.com/socketio/socket.io-protocol>,
//! "Packet encoding") inside Engine.IO messages.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::super::line;
use super::super::members::{self, Item, Level};
use super::super::{Builder, Unreadable};

/// Packet types, by number.
const TYPES: [&str; 7] =
    ["CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK"];

/// The head of a packet: what stands before its data.
struct Head<'a> {
    number: usize,
    name: &'static str,
    attachments: Option<usize>,
    namespace: Option<&'a str>,
    id: Option<&'a str>,
    data: &'a str,
    /// Where the data stands.
    at: usize,
}

/// Adds the packet that begins at `at` in the payload, and returns its line.
pub(super) fn read(tree: &mut Builder, text: &str, at: usize) -> Result<String, Unreadable> {
    let head = head(text, at)?;
    tree.object();
    tree.key("type").number(head.number).note(head.name);
    if let Some(count) = head.attachments {
        tree.key("attachments").number(count);
    }
    if let Some(namespace) = head.namespace {
        tree.key("nsp").text(namespace);
    }
    if let Some(id) = head.id {
        tree.key("id").number(id).note("asks for, or is, an acknowledgement");
    }
    if !head.data.is_empty() {
        members::put(tree.key("data"), head.data, head.at)?;
    }
    tree.close();
    line(&head)
}

fn head(text: &str, at: usize) -> Result<Head<'_>, Unreadable> {
    let wrong = |what: &str, rest: &str| Unreadable::new(what).at(at + text.len() - rest.len());
    let digit = text.bytes().next().ok_or_else(|| wrong("the packet has no type", text))?;
    let number = usize::from(digit.wrapping_sub(b'0'));
    let name = *TYPES.get(number).ok_or_else(|| wrong("no packet has this type", text))?;
    let mut rest = &text[1..];
    let mut attachments = None;
    if name.starts_with("BINARY") {
        let (count, after) = digits(rest);
        let dash = after.strip_prefix('-').filter(|_| !count.is_empty());
        let what = "the number of attachments and a dash are to stand here";
        attachments = Some(count.parse().map_err(|_| wrong(what, rest))?);
        rest = dash.ok_or_else(|| wrong(what, rest))?;
    }
    let mut namespace = None;
    if rest.starts_with('/') {
        // A namespace that nothing follows may end without its comma.
        let (name, after) = rest.split_once(',').unwrap_or((rest, ""));
        (namespace, rest) = (Some(name), after);
    }
    let (id, data) = digits(rest);
    let id = (!id.is_empty()).then_some(id);
    Ok(Head { number, name, attachments, namespace, id, data, at: at + text.len() - data.len() })
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn line(head: &Head<'_>) -> Result<String, Unreadable> {
    let mut line = String::from(head.name);
    let wrong = |what: &str| Unreadable::new(format!("{} {what}", head.name)).at(head.at);
    let mut said = String::new();
    match head.name {
        "EVENT" | "BINARY_EVENT" => {
            let level = arguments(head)?;
            let event = level.items.first().and_then(event_name);
            let event = event.ok_or_else(|| wrong("is to name its event first"))?;
            let _ = write!(line, " {}", line::word(&event));
            said = format!(", {}", line::count(level.count - 1, "argument"));
        }
        "ACK" | "BINARY_ACK" => {
            let id = head.id.ok_or_else(|| wrong("is to say what it acknowledges"))?;
            let _ = write!(line, " {}", line::word(id));
            said = format!(", {}", line::count(arguments(head)?.count, "argument"));
        }
        "DISCONNECT" if !head.data.is_empty() => return Err(wrong("carries no data")),
        _ if head.data.is_empty() => {}
        _ => said = connection(head),
    }
    if let Some(namespace) = head.namespace {
        let _ = write!(line, " in {}", line::word(namespace));
    }
    line += &said;
    if let Some(id) = head.id.filter(|_| head.name.ends_with("EVENT")) {
        let _ = write!(line, ", ack {}", line::word(id));
    }
    if let Some(count) = head.attachments {
        let _ = write!(line, ", {} to follow", line::count(count, "attachment"));
        let placeholders = placeholders(head.data);
        if placeholders != count {
            let _ = write!(line, " but {}", line::count(placeholders, "placeholder"));
        }
    }
    Ok(line)
}

/// How many values stand for attachments. In a text the quotation marks would be escaped.
fn placeholders(data: &str) -> usize {
    const NAME: &str = "\"_placeholder\"";
    let is_set = |at: usize| {
        let value = data[at + NAME.len()..].trim_ascii_start().strip_prefix(':');
        value.is_some_and(|value| value.trim_ascii_start().starts_with("true"))
    };
    data.match_indices(NAME).filter(|(at, _)| is_set(*at)).count()
}

/// Of a connection that was made or refused: what is said of it.
fn connection(head: &Head<'_>) -> String {
    let Ok(level) = members::object(head.data, head.at) else {
        // Protocol 4 refuses with a text.
        let item = Item::new(head.data, head.at);
        return item.text().map_or_else(String::new, |text| format!(": {}", line::word(&text)));
    };
    let told = |name, sign| level.text(name).map(|text| format!("{sign}{}", line::word(&text)));
    told("message", ": ").or_else(|| told("sid", ", session ")).unwrap_or_default()
}

fn arguments<'a>(head: &Head<'a>) -> Result<Level<'a>, Unreadable> {
    members::array(head.data, head.at)
}

/// Events are named by texts; the reference parser allows numbers.
fn event_name<'a>(item: &Item<'a>) -> Option<Cow<'a, str>> {
    item.text().or_else(|| item.number::<f64>().map(|_| Cow::Borrowed(item.value)))
}
