//! GraphQL over WebSocket: `graphql-transport-ws` (<https://github.com/enisdenjo/graphql-ws>,
//! PROTOCOL.md, "Message types") and the older `graphql-ws`
//! (<https://github.com/apollographql/subscriptions-transport-ws>, PROTOCOL.md).

use std::fmt::Write as _;

use super::line;
use super::members::{self, Item, Level, glance};
use super::{Body, Builder, Context, Decoder, Fit, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "graphql", label: "GraphQL", fit, read };

/// Subprotocols; the name of the older one is that of the library that speaks the newer.
const NEWER: &str = "graphql-transport-ws";
const OLDER: &str = "graphql-ws";

/// A message type.
struct Type {
    name: &'static str,
    /// The members its protocol asks for besides the type.
    needs: &'static [&'static str],
    /// What it means, where the name does not say so.
    note: &'static str,
    newer: bool,
    older: bool,
}

const fn both(name: &'static str, needs: &'static [&'static str], note: &'static str) -> Type {
    Type { name, needs, note, newer: true, older: true }
}

const fn newer(name: &'static str, needs: &'static [&'static str], note: &'static str) -> Type {
    Type { name, needs, note, newer: true, older: false }
}

const fn older(name: &'static str, needs: &'static [&'static str], note: &'static str) -> Type {
    Type { name, needs, note, newer: false, older: true }
}

const TYPES: [Type; 14] = [
    both("connection_init", &[], "the client asks to be let in"),
    both("connection_ack", &[], "the client is let in"),
    both("error", &["id", "payload"], "the operation was refused before it ran"),
    both("complete", &["id"], "the operation is over"),
    newer("ping", &[], ""),
    newer("pong", &[], ""),
    newer("subscribe", &["id", "payload"], "an operation is asked for"),
    newer("next", &["id", "payload"], "a result"),
    older("connection_error", &[], "the client is not let in"),
    older("connection_terminate", &[], "the client leaves"),
    older("ka", &[], "keep alive"),
    older("start", &["id", "payload"], "an operation is asked for"),
    older("stop", &["id"], "the client wants no more results"),
    older("data", &["id", "payload"], "a result"),
];

fn fit(context: &Context<'_>) -> Fit {
    let named = [NEWER, OLDER].into_iter().find(|name| context.speaks(name));
    if let Some(name) = named {
        return Fit::subprotocol(name);
    }
    let level = context.text.map(glance).unwrap_or_default();
    let begins =
        matches!(level.text("type").as_deref(), Some("connection_init" | "connection_ack"));
    if begins && level.has_only(&["type", "id", "payload"]) {
        return Fit::Looks("it begins a connection as GraphQL does");
    }
    Fit::No
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let level = members::object(members::text(context)?, 0)?;
    let item = level.get("type").ok_or_else(|| Unreadable::new("it has no type"))?;
    let name = item.text().ok_or_else(|| Unreadable::new("its type is no text").at(item.at))?;
    let known = TYPES.iter().find(|known| known.name == name);
    let known = known.ok_or_else(|| Unreadable::new("no message has this type").at(item.at))?;
    let missing = known.needs.iter().find(|need| level.get(need).is_none());
    if let Some(missing) = missing {
        return Err(Unreadable::new(format!("{name} is to have the member {missing}")));
    }
    let mut tree = Builder::default();
    level.put(&mut tree, |key, _| (key == "type").then(|| note(known, context)).flatten())?;
    Ok(Read::from(Body::Tree(tree.finish()?)).summary(summary(known.name, &level)))
}

/// What a type means, and where the subprotocol that was agreed upon does not know it.
fn note(known: &Type, context: &Context<'_>) -> Option<String> {
    let foreign = if context.speaks(NEWER) && !known.newer {
        Some(OLDER)
    } else if context.speaks(OLDER) && !known.older {
        Some(NEWER)
    } else {
        None
    };
    match foreign {
        Some(other) => Some(format!("a message of {other}, which was not agreed upon")),
        None => (!known.note.is_empty()).then(|| known.note.to_owned()),
    }
}

fn summary(name: &str, level: &Level<'_>) -> String {
    let mut line = String::from(name);
    if let Some(id) = level.get("id") {
        // Ids are texts; some old servers send numbers.
        let _ = write!(line, " {}", line::word(&id.text().unwrap_or(id.value.into())));
    }
    let Some(payload) = level.get("payload") else { return line };
    match name {
        "subscribe" | "start" => line += &operation(&payload).unwrap_or_default(),
        "error" | "connection_error" => line += &failure(&payload),
        "next" | "data" => {
            let errors = members::object(payload.value, payload.at).ok();
            let errors = errors.and_then(|result| result.get("errors"));
            line += &errors.map_or_else(String::new, |errors| failure(&errors));
        }
        _ => {}
    }
    line
}

/// How many errors there are, and what the first one says.
fn failure(item: &Item<'_>) -> String {
    let (count, first) = match members::array(item.value, item.at) {
        Ok(errors) => (errors.count, errors.items.first().copied()),
        Err(_) => (1, Some(*item)),
    };
    let object = first.and_then(|first| members::object(first.value, first.at).ok());
    let message = object.and_then(|error| error.text("message").map(|text| line::word(&text)));
    let message = message.map_or_else(String::new, |message| format!(": {message}"));
    if count == 0 { String::new() } else { format!(", {}{message}", line::count(count, "error")) }
}

/// Kind and name of the operation that a payload asks for.
fn operation(payload: &Item<'_>) -> Option<String> {
    let request = members::object(payload.value, payload.at).ok()?;
    let query = request.text("query")?;
    let mut words = Words(&query);
    let (kind, name) = match words.next() {
        Some(kind @ ("query" | "mutation" | "subscription")) => {
            (kind, words.next().filter(|word| word.starts_with(is_name)))
        }
        // The short form, and a document that begins with a fragment.
        Some("{") => ("query", None),
        _ => ("operation", None),
    };
    let said = request.text("operationName");
    let name =
        said.as_deref().or(name).map_or_else(String::new, |name| format!(" {}", line::word(name)));
    Some(format!(", {kind}{name}"))
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Names and marks of a GraphQL document (specification, section 2.1), without what is ignored.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let ignored =
            |letter: char| letter.is_whitespace() || letter == ',' || letter == '\u{feff}';
        self.0 = self.0.trim_start_matches(ignored);
        while self.0.starts_with('#') {
            let line = self.0.find(['\n', '\r']).unwrap_or(self.0.len());
            self.0 = self.0[line..].trim_start_matches(ignored);
        }
        let first = self.0.chars().next()?;
        let name = self.0.find(|letter| !is_name(letter)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(name.max(first.len_utf8()));
        self.0 = rest;
        Some(word)
    }
}
