//! The Pusher Channels protocol 7
//! (<https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/>), which
//! Soketi and Laravel Reverb speak, too: events whose data is JSON in a text.

use std::fmt::Write as _;

use super::line;
use super::members::{self, Item, Level, glance};
use super::{Body, Builder, Context, Decoder, Fit, Part, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "pusher", label: "Pusher", fit, read };

/// Errors ("Error Codes"), in ascending order.
const CODES: [(u16, &str); 14] = [
    (4000, "the application accepts TLS only, connect by wss"),
    (4001, "the application does not exist"),
    (4003, "the application is disabled"),
    (4004, "the application is over its number of connections"),
    (4005, "the path was not found"),
    (4006, "the version is no version"),
    (4007, "this version of the protocol is not supported"),
    (4008, "no version of the protocol was given"),
    (4009, "the connection is not authorized"),
    (4100, "the server is over capacity"),
    (4200, "connect again"),
    (4201, "no pong came in time"),
    (4202, "closed for want of activity"),
    (4301, "too many client events, one was dropped"),
];

/// What a range of codes asks of the client.
const RANGES: [(u16, u16, &str); 4] = [
    (4000, 4099, "do not reconnect as before"),
    (4100, 4199, "reconnect after a second or more"),
    (4200, 4299, "reconnect at once"),
    (4300, 4399, "the connection stays open"),
];

fn fit(context: &Context<'_>) -> Fit {
    let Some(text) = context.text else { return Fit::No };
    let level = glance(text);
    let event = level.text("event");
    if event.is_some() && context.kind.is_message() && context.path().contains("/app/") {
        let version = context.query("protocol").filter(|version| version.parse::<u8>().is_ok());
        if let Some(version) = version {
            return Fit::Named(format!("address protocol={version}"));
        }
    }
    let is_own = event
        .is_some_and(|name| name.starts_with("pusher:") || name.starts_with("pusher_internal:"));
    if is_own { Fit::Looks("its event is one of Pusher's own") } else { Fit::No }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let level = members::object(members::text(context)?, 0)?;
    let item = level.get("event").ok_or_else(|| Unreadable::new("it names no event"))?;
    let event = item.text().ok_or_else(|| Unreadable::new("its event is no text").at(item.at))?;
    let data = level.get("data");
    let inside = data.and_then(|data| data.text());
    // Errors come as an object, or as one in a text.
    let detail = match (&inside, data) {
        (Some(text), _) => members::object(text, 0).ok(),
        (None, Some(data)) => members::object(data.value, data.at).ok(),
        (None, None) => None,
    };
    let mut tree = Builder::default();
    put(&mut tree, &level, &event, detail.as_ref())?;
    let line = summary(&level, &event, data, detail.as_ref());
    let read = Read::from(Body::Tree(tree.finish()?)).summary(line);
    let nested = data.filter(|_| inside.is_some_and(|text| text.starts_with(['{', '['])));
    Ok(match nested.and_then(|data| data.payload(context.payload)) {
        Some(payload) => read.part(Part::text("data", payload)),
        None => read,
    })
}

/// The event as it is, with what an error's code means.
fn put(
    tree: &mut Builder,
    level: &Level<'_>,
    event: &str,
    detail: Option<&Level<'_>>,
) -> Result<(), Unreadable> {
    let code = detail.and_then(|detail| detail.get("code")).filter(|_| event == "pusher:error");
    let meaning = code.and_then(|code| code.number()).map(meaning);
    tree.object();
    for item in &level.items {
        let key = item.key();
        if key == "data"
            && item.is_object()
            && let (Some(detail), Some(meaning)) = (detail, &meaning)
        {
            tree.key("data");
            detail.put(tree, |name, _| (name == "code").then(|| meaning.clone()))?;
            continue;
        }
        tree.key(&key).json(item.value)?;
        if key == "data"
            && let Some(meaning) = &meaning
        {
            tree.note(meaning.as_str());
        }
    }
    tree.close();
    Ok(())
}

/// What an error's code means and asks for.
fn meaning(code: u16) -> String {
    let known = CODES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text);
    let range = RANGES.iter().find(|(from, to, _)| (*from..=*to).contains(&code));
    match (known, range) {
        (Some(known), Some((_, _, range))) => format!("{known}; {range}"),
        (None, Some((_, _, range))) => String::from(*range),
        _ => String::from("a code that the protocol does not define"),
    }
}

fn summary(
    level: &Level<'_>,
    event: &str,
    data: Option<Item<'_>>,
    detail: Option<&Level<'_>>,
) -> String {
    let mut line = line::word(event);
    let of_detail = |name| detail.and_then(|detail| detail.text(name));
    let channel = level
        .text("channel")
        .or_else(|| event.ends_with("subscribe").then(|| of_detail("channel")).flatten());
    if let Some(channel) = channel {
        let _ = write!(line, " {}", line::word(&channel));
    }
    match event {
        "pusher:error" => {
            let code = detail.and_then(|detail| detail.get("code"));
            if let Some(code) = code.and_then(|code| code.number()) {
                let _ = write!(line, " {code}: {}", meaning(code));
            } else if let Some(message) = of_detail("message") {
                let _ = write!(line, ": {}", line::word(&message));
            }
        }
        "pusher:connection_established" => {
            if let Some(id) = of_detail("socket_id") {
                let _ = write!(line, ", socket {}", line::word(&id));
            }
            let wait = detail.and_then(|detail| detail.get("activity_timeout"));
            if let Some(wait) = wait.and_then(|wait| wait.number::<u32>()) {
                let _ = write!(line, ", ping after {wait} s of silence");
            }
        }
        _ if event.starts_with("pusher") => {}
        _ => {
            if let Some(data) = data {
                let _ = write!(line, ", {}", line::size(data.value.len()));
            }
        }
    }
    line
}
