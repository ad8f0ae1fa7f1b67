//! SockJS frames (<https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html>,
//! "Protocol and framing"): a letter, and behind it messages as a JSON array of texts.

use super::line;
use super::members::{self, Item};
use super::{Body, Builder, Context, Decoder, Fit, Part, Read, Unreadable};
use crate::model::{Dir, Kind};

pub(super) const DECODER: Decoder = Decoder { id: "sockjs", label: "SockJS", fit, read };

/// Endings of a session's address: `/echo/000/abcdefgh/websocket`.
const ENDINGS: [&str; 7] =
    ["websocket", "xhr", "xhr_streaming", "eventsource", "htmlfile", "jsonp", "xhr_send"];

fn fit(context: &Context<'_>) -> Fit {
    let Some(text) = context.text else { return Fit::No };
    let text = text.trim_ascii_end();
    let is_frame = match context.dir {
        Dir::Out => text.starts_with(['[', '"']),
        _ => {
            matches!(text, "o" | "h")
                || text.starts_with("a[")
                || text.starts_with("c[")
                || text.starts_with("m\"")
        }
    };
    let is_carried = matches!(context.kind, Kind::Text | Kind::Event | Kind::Message);
    if is_carried && is_frame && is_session(context.path()) {
        return Fit::Named(String::from("the path of a SockJS session"));
    }
    if text.starts_with("a[\"") && text.ends_with("\"]") {
        return Fit::Looks("it is an a with an array of texts, as SockJS writes messages");
    }
    let code = text.strip_prefix("c[").and_then(|rest| rest.split_once(",\""));
    if code.is_some_and(|(code, _)| code.len() == 4 && code.parse::<u16>().is_ok())
        && text.ends_with("\"]")
    {
        return Fit::Looks("it is a c with a code and a reason, as SockJS closes");
    }
    Fit::No
}

/// A server of three digits, a session and the transport.
fn is_session(path: &str) -> bool {
    let mut parts = path.trim_end_matches('/').rsplit('/');
    let (ending, session, server) = (parts.next(), parts.next(), parts.next());
    ending.is_some_and(|ending| ENDINGS.contains(&ending))
        && session.is_some_and(|session| !session.is_empty())
        && server.is_some_and(|server| {
            server.len() == 3 && server.bytes().all(|byte| byte.is_ascii_digit())
        })
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let text = members::text(context)?;
    let body = text.get(1..).unwrap_or_default();
    match text.as_bytes().first() {
        Some(b'o') if body.trim_ascii().is_empty() => frame("o", "open", "open"),
        Some(b'h') if body.trim_ascii().is_empty() => frame("h", "heartbeat", "heartbeat"),
        Some(b'a') => messages(context, body, 1, "a"),
        Some(b'm') => message(context, Item::new(body.trim_ascii_end(), 1), "m"),
        Some(b'c') => close(body),
        // What the client sends has no letter.
        Some(b'[') => messages(context, text, 0, ""),
        Some(b'"') => message(context, Item::new(text.trim_ascii_end(), 0), ""),
        _ => Err(Unreadable::new("no frame begins so").at(0)),
    }
}

fn frame(letter: &str, note: &str, line: &str) -> Result<Read, Unreadable> {
    let mut tree = Builder::default();
    tree.object();
    tree.key("frame").text(letter).note(note);
    tree.close();
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(line))
}

fn begin(letter: &str) -> Builder {
    let mut tree = Builder::default();
    tree.object();
    if !letter.is_empty() {
        tree.key("frame").text(letter).note("messages");
    }
    tree
}

fn messages(
    context: &Context<'_>,
    text: &str,
    at: usize,
    letter: &str,
) -> Result<Read, Unreadable> {
    let mut tree = begin(letter);
    members::put(tree.key("messages"), text, at)?;
    tree.close();
    let mut read = Read::from(Body::Tree(tree.finish()?));
    let mut count = 0;
    for (number, item) in members::elements(text, at)?.enumerate() {
        let payload = item.payload(context.payload);
        let payload = payload.ok_or_else(|| Unreadable::new("a message is no text").at(item.at))?;
        read = read.part(Part::text(format!("message {}", number + 1), payload));
        count += 1;
    }
    Ok(read.summary(line::count(count, "message")))
}

fn message(context: &Context<'_>, item: Item<'_>, letter: &str) -> Result<Read, Unreadable> {
    let mut tree = begin(letter);
    members::put(tree.key("message"), item.value, item.at)?;
    tree.close();
    let payload = item.payload(context.payload);
    let payload = payload.ok_or_else(|| Unreadable::new("the message is no text").at(item.at))?;
    let read = Read::from(Body::Tree(tree.finish()?)).summary("1 message");
    Ok(read.part(Part::text("message", payload)))
}

fn close(body: &str) -> Result<Read, Unreadable> {
    let level = members::array(body, 1)?;
    let [code, reason] = level.items[..] else {
        return Err(Unreadable::new("a close is to have a code and a reason").at(1));
    };
    let number: u16 =
        code.number().ok_or_else(|| Unreadable::new("the code is no number").at(code.at))?;
    let text = reason.text();
    let text = text.ok_or_else(|| Unreadable::new("the reason is no text").at(reason.at))?;
    let mut tree = Builder::default();
    tree.object();
    tree.key("frame").text("c").note("close");
    tree.key("code").number(number);
    if let Some(note) = code_note(number) {
        tree.note(note);
    }
    tree.key("reason").json(reason.value)?;
    tree.close();
    let line = format!("close {number}: {}", line::word(&text));
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(line))
}

/// Codes that the protocol itself uses.
fn code_note(code: u16) -> Option<&'static str> {
    Some(match code {
        1002 => "the connection was interrupted",
        2010 => "another connection still reads this session",
        3000 => "the server said goodbye",
        _ => return None,
    })
}
