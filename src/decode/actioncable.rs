//! Action Cable (<https://docs.anycable.io/misc/action_cable_protocol>), Rails' channels: messages
//! of the server bear a type or an identifier, those of the client a command.

use std::borrow::Cow;

use super::line;
use super::members::{self, Level, glance};
use super::{Body, Builder, Context, Decoder, Fit, Part, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "actioncable", label: "Action Cable", fit, read };

const SUBPROTOCOLS: [&str; 2] = ["actioncable-v1-json", "actioncable-unsupported"];

/// Members that hold a JSON document as a text.
const NESTED: [&str; 2] = ["identifier", "data"];

fn fit(context: &Context<'_>) -> Fit {
    if let Some(name) = SUBPROTOCOLS.into_iter().find(|name| context.speaks(name)) {
        return Fit::subprotocol(name);
    }
    let level = context.text.map(glance).unwrap_or_default();
    let identifier = level.text("identifier");
    let names_channel = identifier.is_some_and(|text| glance(&text).text("channel").is_some());
    if names_channel
        && level.has_only(&["identifier", "message", "type", "command", "data", "reason"])
    {
        return Fit::Looks("its identifier names a channel as Action Cable's do");
    }
    Fit::No
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let level = members::object(members::text(context)?, 0)?;
    let line = summary(&level)?;
    let mut tree = Builder::default();
    level.put(&mut tree, |key, item| {
        let value = item.text()?;
        match key {
            "type" => meaning(&value).map(String::from),
            "identifier" => Some(String::from("JSON in a text, see below")),
            _ => None,
        }
    })?;
    let mut read = Read::from(Body::Tree(tree.finish()?)).summary(line);
    for name in NESTED {
        let item = level.get(name).filter(|item| item.text().is_some_and(|text| is_json(&text)));
        if let Some(payload) = item.and_then(|item| item.payload(context.payload)) {
            read = read.part(Part::text(name, payload));
        }
    }
    Ok(read)
}

fn is_json(text: &str) -> bool {
    text.starts_with(['{', '['])
}

fn meaning(name: &str) -> Option<&'static str> {
    Some(match name {
        "welcome" => "the connection is accepted",
        "ping" => "keeps the connection alive; its message is the server's time in seconds",
        "confirm_subscription" => "the subscription is accepted",
        "reject_subscription" => "the subscription is refused",
        "disconnect" => "the server ends the connection",
        _ => return None,
    })
}

fn summary(level: &Level<'_>) -> Result<String, Unreadable> {
    let channel = level.text("identifier").map(|identifier| {
        let channel = glance(&identifier).text("channel").map(Cow::into_owned);
        format!(" {}", line::word(&channel.unwrap_or_else(|| identifier.into_owned())))
    });
    let is_for_channel = channel.is_some();
    let channel = channel.unwrap_or_default();
    if let Some(command) = level.text("command") {
        return Ok(format!("{}{channel}", line::word(&command)));
    }
    let Some(name) = level.text("type") else {
        let message = level.get("message").filter(|_| is_for_channel);
        let message = message.ok_or_else(|| {
            Unreadable::new("it has neither a type nor a command nor an identifier with a message")
        })?;
        return Ok(format!("message{channel}, {}", line::size(message.value.len())));
    };
    if meaning(&name).is_none() {
        let at = level.get("type").map_or(0, |item| item.at);
        return Err(Unreadable::new("no message has this type").at(at));
    }
    let reason = level.text("reason").map(|reason| format!(": {}", line::word(&reason)));
    let no_return = level.get("reconnect").filter(|item| item.value == "false");
    let no_return = no_return.map_or("", |_| ", do not reconnect");
    Ok(format!("{name}{channel}{}{no_return}", reason.unwrap_or_default()))
}
