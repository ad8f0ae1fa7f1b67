//! Phoenix channels (<https://hexdocs.pm/phoenix/writing_a_channels_client.html>, "Message
//! structure"): objects in version 1, arrays in version 2, and its binary form
//! (`Phoenix.Socket.V2.JSONSerializer`).

use super::bytes::Cursor;
use super::line;
use super::members::{self, Item, glance};
use super::{Body, Builder, Context, Decoder, Fit, Part, Read, Unreadable};
use crate::model::{Dir, Kind};

pub(super) const DECODER: Decoder = Decoder { id: "phoenix", label: "Phoenix", fit, read };

/// Members of a message, in the order of version 2.
const MEMBERS: [&str; 5] = ["join_ref", "ref", "topic", "event", "payload"];

/// Events of the protocol itself.
const EVENTS: [(&str, &str); 8] = [
    ("phx_join", "asks to join the topic"),
    ("phx_leave", "leaves the topic"),
    ("phx_reply", "the reply to the message of this ref"),
    ("phx_close", "the channel ended"),
    ("phx_error", "the channel crashed"),
    ("heartbeat", "keeps the connection alive"),
    ("presence_state", "who is there"),
    ("presence_diff", "who came and went"),
];

fn fit(context: &Context<'_>) -> Fit {
    let path = context.path();
    let is_channel = path.ends_with("/websocket") || path.ends_with("/longpoll");
    let is_channel = is_channel && context.kind.is_message();
    let version = if is_channel { context.query("vsn") } else { None };
    if context.kind == Kind::Binary {
        return version.map_or(Fit::No, |version| Fit::Named(format!("address vsn={version}")));
    }
    let Some(text) = context.text else { return Fit::No };
    let begins = |open| text.trim_ascii_start().starts_with(open);
    match version {
        Some(version) if version.starts_with('1') && begins('{') => {
            return Fit::Named(format!("address vsn={version}"));
        }
        Some(version) if version.starts_with('2') && begins('[') => {
            return Fit::Named(format!("address vsn={version}"));
        }
        _ => {}
    }
    let level = glance(text);
    let is_message = if begins('{') {
        ["topic", "event", "ref"].iter().all(|name| level.get(name).is_some())
            && level.has_only(&MEMBERS)
    } else {
        level.items.len() == 5
    };
    let event = if begins('{') { level.get("event") } else { level.items.get(3).copied() };
    let event = event.and_then(|item| item.text());
    let is_own = EVENTS.iter().any(|(name, _)| event.as_deref() == Some(*name));
    if is_message && is_own {
        return Fit::Looks("its event is one of Phoenix's own");
    }
    Fit::No
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    if context.kind == Kind::Binary {
        return binary(context);
    }
    let text = members::text(context)?;
    let items = if text.trim_ascii_start().starts_with('[') {
        let level = members::array(text, 0)?;
        let items: [Item<'_>; 5] = level.items[..]
            .try_into()
            .map_err(|_| Unreadable::new(format!("it has {} elements, not five", level.count)))?;
        items.map(Some)
    } else {
        let level = members::object(text, 0)?;
        MEMBERS.map(|name| level.get(name))
    };
    let mut tree = Builder::default();
    tree.object();
    for (name, item) in MEMBERS.iter().zip(&items) {
        let Some(item) = item else { continue };
        tree.key(name).json(item.value)?;
        let own = item.text().filter(|_| *name == "event").and_then(|event| meaning(&event));
        if let Some(own) = own {
            tree.note(own);
        }
    }
    tree.close();
    let line = summary(&items)?;
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(line))
}

fn meaning(event: &str) -> Option<&'static str> {
    EVENTS.iter().find(|(name, _)| *name == event).map(|(_, note)| *note)
}

fn summary(items: &[Option<Item<'_>>; 5]) -> Result<String, Unreadable> {
    let text = |place: usize| {
        let item =
            items[place].ok_or_else(|| Unreadable::new(format!("it has no {}", MEMBERS[place])))?;
        let wrong = || Unreadable::new(format!("its {} is no text", MEMBERS[place])).at(item.at);
        item.text().ok_or_else(wrong)
    };
    let (topic, event) = (text(2)?, text(3)?);
    let payload = items[4].ok_or_else(|| Unreadable::new("it has no payload"))?;
    let reference = items[1].filter(|item| !item.is_null());
    let reference = reference.map(|item| item.text().unwrap_or(item.value.into()));
    let mut name = event.clone().into_owned();
    if event == "phx_reply" {
        let reply = members::object(payload.value, payload.at).ok();
        let status = reply.and_then(|reply| reply.text("status"));
        name = format!("reply {}", status.as_deref().unwrap_or("without a status"));
    }
    Ok(told(&name, &topic, reference.as_deref()))
}

fn told(event: &str, topic: &str, reference: Option<&str>) -> String {
    let reference =
        reference.map_or_else(String::new, |text| format!(", ref {}", line::word(text)));
    format!("{} {}{reference}", line::word(event), line::word(topic))
}

/// A message of bytes: a kind, the lengths of its texts, the texts, and the data.
fn binary(context: &Context<'_>) -> Result<Read, Unreadable> {
    let mut cursor = Cursor::new(context.payload);
    let (number, kind) = match cursor.u8()? {
        0 => (0, "push"),
        1 => (1, "reply"),
        2 => (2, "broadcast"),
        _ => return Err(Unreadable::new("no message has this kind").at(0)),
    };
    // A server's push answers nothing, and so has no ref.
    let names: &[&str] = match (kind, context.dir) {
        ("push", Dir::In) => &["join_ref", "topic", "event"],
        ("push", _) => &["join_ref", "ref", "topic", "event"],
        ("reply", _) => &["join_ref", "ref", "topic", "status"],
        _ => &["topic", "event"],
    };
    let lengths = cursor.take(names.len())?;
    let mut tree = Builder::default();
    tree.object();
    tree.key("kind").number(number).note(kind);
    let mut texts = Vec::with_capacity(names.len());
    for (name, length) in names.iter().zip(lengths) {
        let text = cursor.text(usize::from(*length))?;
        tree.key(name).text(text);
        texts.push((*name, text));
    }
    let data = cursor.rest();
    tree.key("payload").bytes(data);
    tree.close();
    let text = |name: &str| texts.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let event = match text("status") {
        Some(status) => format!("reply {status}"),
        None => format!("{kind} {}", text("event").unwrap_or_default()),
    };
    let reference = text("ref").filter(|text| !text.is_empty());
    let line = told(&event, text("topic").unwrap_or_default(), reference);
    let line = format!("{line}, {}", line::size(data.len()));
    let part = Part::bytes("payload", context.payload.slice_ref(data));
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(line).part(part))
}
